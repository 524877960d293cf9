#!/bin/sh
# What has to be so before keepalived starts. `before_start.sh identity` only prints what a reload cannot change.
set -u
umask 022
run=/run/keepalived-vip
config=/etc/keepalived/keepalived.conf
drop_in=/etc/systemd/system/keepalived.service.d/keepalived-vip.conf

interface=$(awk '$1 == "interface" { print $2; exit }' "$config")
vip=$(awk '$1 == "virtual_ipaddress" { getline; print $1; exit }' "$config")

# The NIC and its number in the kernel: another number, another NIC, which a running keepalived is deaf on.
nic() {
  echo "$interface $(cat "/sys/class/net/$interface/ifindex" 2>/dev/null)"
}
identity() {
  awk '$1 == "interface" || $1 == "virtual_router_id" || $1 == "unicast_src_ip" { print $1, $2 }' "$config"
  cksum <"$drop_in"
  nic
}
if [ "${1:-}" = identity ]; then
  identity
  exit 0
fi

# Without the pid file of the keepalived that was killed, a VIP that it left behind looks like a MASTER's: should this start
# fail, the service would take the VIP from a healthy peer. Nor is it removed, for the cloud delivers here until it has moved
# it: with a lifetime it is nobody's claim, and answers as long as after any demotion (LINGER_S in vip_on_nic.py).
# And the service hears first what a killed one could not say: its last word would have the address made endless again.
if [ -n "$(ip -4 -o addr show dev "$interface" to "$vip" permanent 2>/dev/null)" ]; then
  # Waits for no reader, as notify_action.sh: a pipe that nobody empties must not keep keepalived from starting.
  printf 'INSTANCE "VI_1" STOP 0\n' | dd of="$run/keepalived.fifo" oflag=nonblock conv=nocreat,notrunc 2>/dev/null
  ip addr change "$vip" dev "$interface" valid_lft 25 preferred_lft 0
fi

# Before 2.3.2 a pid file whose number belongs to any living process keeps keepalived from starting. systemd runs this
# only when no keepalived of the unit is alive.
rm -f /run/keepalived.pid /run/vrrp.pid /run/checkers.pid /run/bfd.pid \
  /run/keepalived/keepalived.pid /run/keepalived/vrrp.pid

mkdir -p "$run/applied"
[ -p "$run/keepalived.fifo" ] || { rm -f "$run/keepalived.fifo"; mkfifo -m 600 "$run/keepalived.fifo"; }
# Maintenance outlives a reboot: keepalived must not take the VIP before it knows.
/etc/keepalived/vip.py drain apply || [ -s "$run/drain" ] || echo 0 >"$run/drain"
[ -s "$run/rank" ] || echo 0 >"$run/rank"

/etc/keepalived/nic.sh up || exit 1

# A node that has just booted may send before it can receive, takes a silent peer for a dead one and, with the higher
# address, wins against it: nopreempt does not help, for a running MASTER compares. vrrp_startup_delay is broken from
# 2.2.0 to 2.2.7. So the first start since boot waits for the peer's voice, 3 s at most; any later one starts at once.
[ -e "$run/started-with" ] || /etc/keepalived/hear.py peer 3

# What keepalived is about to hold: another folder or pipe of that name later on, and it hears nobody and nobody hears it.
stat -c '%d:%i %n' "$run" "$run/keepalived.fifo" >"$run/held"
nic >"$run/started-on"
identity >"$run/started-with"
sha256sum <"$config" >"$run/applied/keepalived"
