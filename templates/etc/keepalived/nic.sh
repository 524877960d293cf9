#!/bin/sh
# The second NIC: it carries VRRP and the VIP, and replies must leave by it.
#   nic.sh up     set up what is missing; changes nothing that is right already
#   nic.sh check  change nothing; print what is missing, exit 1 if anything is
#   nic.sh down   take back what up has done, and a VIP that keepalived has left
# Both NICs are in one subnet, so without the source rules a reply from the VIP leaves by the first NIC and the cloud
# drops it. VRRP does not notice: it binds to the device.
set -u
umask 022
# Whoever calls it: without sbin, as from cron, nothing that ip shows would be found, and all of it be missing.
PATH=/usr/sbin:/usr/bin:/sbin:/bin
export PATH
config=${VIP_JSON:-/etc/keepalived/vip.json}
wait_s=${NIC_WAIT_S:-10} # an ENI may be attached after boot

die() {
  printf 'nic.sh: %s\n' "$*" >&2
  exit 1
}

# Read by sed: this is needed before Python is. vip.json has one key per line.
interface='' mac='' address='' vip='' subnetCidr='' gateway='' routeTable=''
eval "$(sed -n 's/^  "\([a-zA-Z]*\)": "\{0,1\}\([0-9a-zA-Z.:/-]*\)"\{0,1\},\{0,1\}$/\1=\2/p' "$config" |
  grep -E '^(interface|mac|address|vip|subnetCidr|gateway|routeTable)=')"
for value in "$interface" "$mac" "$address" "$vip" "$subnetCidr" "$gateway" "$routeTable"; do
  [ -n "$value" ] || die "$config is missing or has not all of what the second NIC needs"
done
prefix=${subnetCidr#*/}
mac=$(printf %s "$mac" | tr 'A-F' 'a-f')
address_preference=1010
vip_preference=1011

mac_of() { cat "/sys/class/net/$1/address" 2>/dev/null; }

# The name that the NIC has now. Its MAC is the one thing that both the cloud and the guest know.
find_nic() {
  if [ "$(mac_of "$interface")" = "$mac" ]; then
    echo "$interface"
    return 0
  fi
  for path in /sys/class/net/*; do
    if [ "$(mac_of "${path##*/}")" = "$mac" ]; then
      echo "${path##*/}"
      return 0
    fi
  done
  return 1
}

sysctls() {
  # rp_filter 2: loose, for strict filtering drops what arrives while a rule is being put back.
  # arp_ignore, arp_announce: neither NIC speaks for the other's addresses.
  printf '%s\n' 'rp_filter 2' 'arp_ignore 1' 'arp_announce 2'
}

rules() { printf '%s\n' "$address_preference $address" "$vip_preference $vip"; }
rule_now() { ip -N -4 rule show | awk -v p="$1:" '$1 == p { $1 = $1; print }'; }
rule_wanted() { echo "$1: from $2 lookup $routeTable"; }
has_address() { ip -4 -o addr show dev "$interface" 2>/dev/null | grep -qF " $address/$prefix "; }
has_route() { ip -N -4 route show table "$routeTable" dev "$interface" 2>/dev/null | grep -q "^$1"; }
# Routes by this NIC in the main table. A DHCP client leaves them, and what the node itself says, to the cloud's API or in
# an answer to SSH, would then leave by the wrong NIC.
strays() { for to in default "$subnetCidr"; do ip -N -4 route show "$to" dev "$interface" table main; done; }
set_route() { ip route replace "$@" dev "$interface" table "$routeTable" || die "cannot set the route $1 of table $routeTable"; }

up() {
  tenths=$((wait_s * 10))
  until nic=$(find_nic); do
    [ "$tenths" -gt 0 ] || die "no NIC has the address $mac: is the network interface attached to this machine?"
    tenths=$((tenths - 1))
    sleep 0.1
  done
  if [ "$nic" != "$interface" ]; then
    [ ! -e "/sys/class/net/$interface" ] || die "$nic should be called $interface, but another NIC has that name"
    ip link set dev "$nic" down
    ip link set dev "$nic" name "$interface" || die "cannot rename $nic to $interface"
  fi
  sysctls | while read -r key value; do
    [ "$(cat "/proc/sys/net/ipv4/conf/$interface/$key")" = "$value" ] ||
      echo "$value" >"/proc/sys/net/ipv4/conf/$interface/$key" || exit 1
  done || die "cannot set the sysctls of $interface"
  ip link set dev "$interface" up || die "cannot set $interface up"
  # noprefixroute: a second route to the subnet in the main table would change which NIC the node itself speaks from.
  has_address || ip addr replace "$address/$prefix" dev "$interface" noprefixroute || die "cannot set $address"
  set_route "$subnetCidr" scope link src "$address"
  set_route default via "$gateway"
  strays | while read -r to rest; do
    # shellcheck disable=SC2086 # words, as ip has printed them
    ip -4 route del "$to" $rest dev "$interface" table main || exit 1
  done || die "cannot remove a route by $interface from the main table"
  rules | while read -r preference source; do
    [ "$(rule_now "$preference")" != "$(rule_wanted "$preference" "$source")" ] || continue
    while ip -4 rule del pref "$preference" 2>/dev/null; do :; done
    ip -4 rule add pref "$preference" from "$source" lookup "$routeTable" || exit 1
  done || die "cannot set the source rules"
}

missing() {
  nic=$(find_nic) || {
    echo "no NIC has the address $mac"
    return
  }
  [ "$nic" = "$interface" ] || echo "the NIC $mac is called $nic instead of $interface"
  case $(ip -o link show dev "$interface" 2>/dev/null) in
    *[\<,]UP[,\>]*) ;;
    *) echo "$interface is down" ;;
  esac
  has_address || echo "$interface has no address $address/$prefix"
  has_route "$subnetCidr " || echo "table $routeTable has no route to $subnetCidr"
  has_route "default via $gateway " || echo "table $routeTable has no default route via $gateway"
  strays | while read -r to _; do echo "the main table has a route to $to by $interface"; done
  rules | while read -r preference source; do
    [ "$(rule_now "$preference")" = "$(rule_wanted "$preference" "$source")" ] ||
      echo "no rule sends packets from $source to table $routeTable"
  done
  sysctls | while read -r key value; do
    [ "$(cat "/proc/sys/net/ipv4/conf/$interface/$key" 2>/dev/null)" = "$value" ] || echo "$key of $interface is not $value"
  done
}

check() {
  problems=$(missing)
  [ -n "$problems" ] || return 0
  printf '%s\n' "$problems"
  return 1
}

down() {
  rules | while read -r preference source; do
    [ "$(rule_now "$preference")" != "$(rule_wanted "$preference" "$source")" ] || ip -4 rule del pref "$preference"
  done
  ip -4 route flush table "$routeTable" 2>/dev/null
  ip addr del "$vip/32" dev "$interface" 2>/dev/null
  ip addr del "$address/$prefix" dev "$interface" 2>/dev/null
  ip link set dev "$interface" down 2>/dev/null
  return 0
}

case ${1:-} in
  up | check | down) "$1" ;;
  *) die "usage: nic.sh up|check|down" ;;
esac
