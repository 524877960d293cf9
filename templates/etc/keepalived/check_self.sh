#!/bin/sh
# keepalived's check, every 2 s: quick and local. The cloud's API being down must never demote a healthy MASTER, and both
# nodes would fail together. What is wrong here is put back, not failed over, so it always exits 0: a NIC that is gone and
# a VIP that was removed keepalived sees itself, and nothing else here would be better on the other node.
set -u
umask 022
run=/run/keepalived-vip

# Hooks and checks share keepalived's confinement: a heartbeat that is written proves that hooks can run.
touch "$run/heartbeat" 2>/dev/null || :

if ! /etc/keepalived/nic.sh check >/dev/null 2>&1; then
  # In a session of its own, for keepalived ends what outlasts the check; one at a time, for it waits for an absent NIC.
  mkdir -m 700 "$run/locks" 2>/dev/null
  setsid flock -n "$run/locks/nic" /etc/keepalived/nic.sh up </dev/null >/dev/null 2>&1 &
fi

# On a NIC that was taken out and put in again keepalived opens no socket: deaf and mute it stays BACKUP, also when its peer
# dies, and looks healthy. Nothing is lost by a restart, for it gave the VIP up when the NIC went.
if read -r nic index <"$run/started-on" && now=$(cat "/sys/class/net/$nic/ifindex") && [ "$now" != "$index" ]; then
  systemctl restart --no-block keepalived.service
fi 2>/dev/null
exit 0
