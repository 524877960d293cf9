#!/bin/sh
# What stands on a node that keeps connections (keepConnections), whoever has the VIP: the tunnel between the two nodes, and
# the rules by which packets take it. Which of them are in force, and until when, is the content of three sets, which
# keepalived-vip.service fills (agent/vip/kept.py); each element has an end of its own, so that nothing outlives the service.
#   connections.sh up     set up what is missing; changes nothing that is right already
#   connections.sh check  change nothing; print what is missing, exit 1 if anything is
#   connections.sh down   take all of it back, whatever vip.json says by now
#   connections.sh try    whether kernel and nft can do it, tried in a network namespace of its own; the reason, exit 1
set -u
umask 022
PATH=/usr/sbin:/usr/bin:/sbin:/bin
export PATH
config=${VIP_JSON:-/etc/keepalived/vip.json}
loaded=${LOADED:-/run/keepalived-vip/connections.loaded} # what nft was given, and how it lists that

die() {
  printf 'connections.sh: %s\n' "$*" >&2
  exit 1
}

link="vip-kept"
vni=112
# Assigned to nothing, and below 1024: of the peer only root can send from it (see peer.py).
port=34
# Beside nic.sh's 101 and 1010. The mark is of bits that Kubernetes, Calico, Cilium and Tailscale leave alone.
table=102
preference=1009
mark=0x33
# A packet of 1500 bytes less the tunnel's own 50; and of the VIP's connections less the headers, with room for options.
mtu=1450
mss=1400

# As nic.sh reads it.
configured() {
  node='' interface='' address='' peerAddress='' vip='' gateway='' keepConnectionsS=''
  eval "$(sed -n 's/^  "\([a-zA-Z]*\)": "\{0,1\}\([0-9a-zA-Z.:/-]*\)"\{0,1\},\{0,1\}$/\1=\2/p' "$config" |
    grep -E '^(node|interface|address|peerAddress|vip|gateway|keepConnectionsS)=')"
  for value in "$node" "$interface" "$address" "$peerAddress" "$vip" "$gateway" "$keepConnectionsS"; do
    [ -n "$value" ] || die "$config is missing or has not all of what keeping connections needs"
  done
  last=$([ "$node" = a ] && echo 1 || echo 2)
  here=169.254.112.$last
  there=169.254.112.$((3 - last))
  here_mac=02:76:69:70:00:0$last
  there_mac=02:76:69:70:00:0$((3 - last))
}

tuples="type ipv4_addr . inet_service . inet_service; size 262144; flags dynamic,timeout;"
asked="ip saddr . tcp sport . tcp dport"    # the connection, in a packet of its client's
answered="ip daddr . tcp dport . tcp sport" # and in one of this node's
rules() {
  cat <<RULES
table ip keepalived_vip {
  # Of each the VIP is the one element, while that is so.
  set recording { type ipv4_addr; flags timeout; } # what is opened from now on is known
  set forward { type ipv4_addr; flags timeout; } # what is not known is the peer's, which keeps connections
  set alone { type ipv4_addr; flags timeout; } # what is not known was the peer's, which has died
  # Answers go out through the peer. What a packet takes out holds its place for a second or two, and while the cloud changes the
  # way packets of several clients come by both: after eight changes in a set of 8 answers went out by the wrong one. (Before
  # Linux 6.6 for good: see "own_ended".)
  set through { type ipv4_addr; size 65536; flags dynamic,timeout; timeout 5s; }
  # Connections of this node's own, by what their clients send: by each packet for longer than the peer may keep any and this node
  # is alone then. One of which only a SYN was seen counts for a minute, so that a flood leaves room; one that has ended for two
  # after its last packet, for there may be thousands of short ones. It has ended once both sides have said so: the other half
  # may go on for long.
  set known { $tuples timeout 25h; }
  set asked_all { $tuples timeout 2m; } # the client sends no more
  set answered_all { $tuples timeout 2m; } # this node does not
  set ended { $tuples timeout 2m; }
  # What went to the peer, and of that what has something to say, which whoever has the connection answers. Counted in sets: of
  # those nft reads the one that it is asked for, and for a counter every element of all others (0.9 s of CPU for 65,000).
  set forwarded { type ipv4_addr; size 8; flags dynamic; }
  set owed { type ipv4_addr; size 8; flags dynamic; }
  # The peer's, as far as they are in use: see agent/node/resets.py.
  set asking { $tuples timeout 2m; }

  # Before conntrack, which a node may be without, and before any other firewall.
  chain arrived {
    type filter hook prerouting priority -300; policy accept;
    iifname "$interface" udp dport $port udp sport $port ip saddr $peerAddress ip daddr $address accept
    udp dport $port fib daddr type { local, broadcast, multicast } drop
    ip daddr $vip jump to_vip
  }
  chain to_vip {
    tcp flags & syn == syn tcp option maxseg size > $mss tcp option maxseg size set $mss
    # The way of the last packet shows where the cloud delivers: its word comes later, and what was answered meanwhile by
    # the other way is lost.
    meta l4proto tcp iifname "$link" update @through { ip daddr } accept
    meta l4proto tcp iifname "$interface" ip daddr @through delete @through { ip daddr }
    iifname != "$interface" accept
    tcp flags & (syn | ack) == syn jump opened
    ip daddr != @forward ip daddr != @alone accept
    ip daddr @forward icmp type destination-unreachable dup to 127.0.0.1 device "lo" accept
    meta l4proto != tcp accept
    $asked @ended update @ended { $asked } accept
    $asked @known jump own
    update @asking { $asked }
    ip daddr @alone accept # nobody has it: to "orphaned"
    tcp flags & (psh | rst | ack) == psh | ack update @owed { ip daddr counter }
    update @forwarded { ip daddr counter }
    # As it is, past the routing table, which would deliver it here; and round by the loopback, where "looped" sends it into the
    # tunnel. "dup" by itself leaves on it the time at which it came, once any program of the node asks for such times, as
    # chrony does and the service: fq, the queue that goes with BBR, takes that for a time of departure, some 50 years ahead, and
    # drops it (sch_fq.c; seen on Linux 6.18 with a filter of the same condition: 10 of 10). And where a packet is too large for
    # the tunnel it would say so by the main table, from the first NIC, and no client on the Internet hears that; this way the
    # tunnel makes fragments.
    dup to 127.0.0.1 device "lo"
    drop
  }
  # Of what leaves by the loopback for the VIP that alone is from elsewhere. After whatever else sets marks.
  chain looping {
    type filter hook postrouting priority 400; policy accept;
    oifname "lo" ip daddr $vip fib saddr type != local meta mark set $mark
  }
  chain opened {
    ip daddr @recording update @known { $asked timeout 1m } delete @ended { $asked }
    ip daddr @recording delete @asked_all { $asked } delete @answered_all { $asked }
    delete @asking { $asked }
    accept
  }
  chain own {
    tcp flags & rst == rst goto own_ended
    tcp flags & fin == fin $asked @answered_all goto own_ended
    tcp flags & fin == fin update @asked_all { $asked }
    $asked @asked_all $asked @answered_all goto own_ended
    update @known { $asked timeout $((keepConnectionsS + 180))s }
    accept
  }
  # By two rules, here and below: an "update" of a set that is full ends its rule. And not by "delete": before Linux 6.6 (c92db3030492,
  # by reading) that gives the place of an element back never, and at 500 connections a second all are taken in nine minutes.
  chain own_ended {
    update @known { $asked timeout 1s }
    update @ended { $asked }
    accept
  }
  # Before a firewall: to conntrack a connection may be invalid whose client has used its port here before, and what is
  # invalid firewalls drop, without a word to the client.
  chain orphaned {
    type filter hook input priority -200; policy accept;
    ip daddr $vip ip daddr != @forward $asked @asking reject with tcp reset
  }
  chain answered {
    # After one that gives packets the mark of their connection, which there are for several uplinks: it would take this one away.
    type route hook output priority -149; policy accept;
    ip saddr $vip oifname "$interface" jump from_vip
  }
  chain from_vip {
    tcp flags & syn == syn tcp option maxseg size > $mss tcp option maxseg size set $mss
    tcp flags & (fin | rst) != 0 $answered @known jump closed
    meta l4proto tcp ip saddr @through meta mark set $mark
  }
  chain closed {
    tcp flags & rst == rst goto answered_ended
    update @answered_all { $answered }
    $answered @asked_all goto answered_ended
  }
  chain answered_ended {
    update @known { $answered timeout 1s }
    update @ended { $answered }
  }
  # What is opened from here by the VIP, or by an address that is rewritten to it: its answers are this node's own.
  chain sent {
    type filter hook postrouting priority 150; policy accept;
    ip saddr @recording oifname "$interface" tcp flags & (syn | ack) == syn jump to_others
  }
  chain to_others {
    update @known { $answered timeout 1m } delete @ended { $answered }
    delete @asked_all { $answered } delete @answered_all { $answered }
  }
}
table netdev keepalived_vip {
  chain looped {
    type filter hook ingress device "lo" priority 0; policy accept;
    meta mark $mark ip daddr $vip fwd ip to $there device "$link"
  }
  set answers { type ipv4_addr; size 8; flags dynamic; }
  # Nothing but the VIP's connections is let out of the tunnel, and the question whether it works. (To nft 0.9 "tunnel" is no
  # name but a keyword.)
  chain from_tunnel {
    type filter hook ingress device "$link" priority 0; policy drop;
    ip saddr $vip meta l4proto tcp update @answers { ip saddr counter }
    ip saddr $vip meta l4proto tcp fwd ip to $gateway device "$interface"
    ip daddr $vip meta l4proto tcp accept
    ip daddr $vip icmp type destination-unreachable accept
    arp saddr ip $there arp daddr ip $here accept # see passage.py
  }
}
RULES
}
# Takes the rules away and leaves the sets as they are, with what is in use; nft refuses it where a set is to be another one. So
# no set depends on a setting. Chain by chain: nft 0.9.8 (Debian 11) crashes on one that was flushed and is named again.
no_rules() {
  for family in ip netdev; do
    echo "flush table $family keepalived_vip"
    nft -t list table $family keepalived_vip 2>/dev/null | sed -n "s/^.chain \([a-z_]*\) {.*/delete chain $family keepalived_vip \1/p"
  done
}
no_tables() {
  for family in ip netdev; do
    echo "table $family keepalived_vip"
    echo "delete table $family keepalived_vip"
  done
}
# Rules that are gone again are never those that were.
listed() { nft -s -t list table ip keepalived_vip && nft -s -t list table netdev keepalived_vip || echo "none, $$"; }
# nft 1.1.7 says of each set how many elements it has, whatever it is told to leave out.
sums() { { rules && listed; } 2>/dev/null | sed 's/[[:space:]]*# count [0-9]*//' | cksum; }

tunnel_is() { ip -d -o link show dev "$link" 2>/dev/null | grep -q -- "$1"; }
tunnel_is_right() {
  for word in "vxlan id $vni " "remote $peerAddress " "local $address " "srcport $port $((port + 1)) " "dstport $port " \
    "[<,]UP[,>]" "mtu $mtu "; do
    tunnel_is "$word" || return 1
  done
}
has_address() { ip -4 -o addr show dev "$link" | grep -qF " $here peer $there/32 "; }
has_neighbour() { ip neigh show to "$there" dev "$link" | grep -q "$there_mac PERMANENT"; }
has_route() { ip -N -4 route show table "$table" 2>/dev/null | grep -q "^default via $there dev $link "; }
# From the VIP: the tunnel's own packets, which carry it, have the mark as well.
has_rule() { ip -N -4 rule show | grep -Eq "^$preference:[[:space:]]+from $vip fwmark $mark lookup $table *$"; }
# 2: loose, for what comes by the tunnel is from clients, to which no route leads back by it.
filters_loosely() { [ "$(cat "/proc/sys/net/ipv4/conf/$link/rp_filter" 2>/dev/null)" = 2 ]; }

up() {
  if ! tunnel_is_right; then
    ip link del "$link" 2>/dev/null
    # From one port: it is the sender's proof. No learning: there are two ends, and both are known.
    ip link add "$link" address "$here_mac" mtu $mtu type vxlan id $vni local "$address" remote "$peerAddress" \
      srcport $port $((port + 1)) dstport $port nolearning || die "cannot make the tunnel $link"
    ip link set "$link" addrgenmode none
    ip link set "$link" up || die "cannot set $link up"
    rm -f "$loaded" # its rules name the one that is gone
  fi
  has_address || ip addr replace "$here" peer "$there" dev "$link" || die "cannot set the address of $link"
  has_neighbour || ip neigh replace "$there" lladdr "$there_mac" dev "$link" nud permanent || die "cannot set the neighbour of $link"
  filters_loosely || echo 2 >"/proc/sys/net/ipv4/conf/$link/rp_filter" || die "cannot set rp_filter of $link"
  has_route || ip route replace default via "$there" dev "$link" onlink table $table || die "cannot set the route of table $table"
  if ! has_rule; then
    no_rule
    ip -4 rule add pref $preference from "$vip" fwmark $mark lookup $table || die "cannot set the rule of mark $mark"
  fi
  if [ "$(sums)" != "$(cat "$loaded" 2>/dev/null)" ]; then
    { no_rules && rules; } | nft -f - 2>/dev/null || { no_tables && rules; } | nft -f - || die "nft refuses the rules"
    mkdir -p "${loaded%/*}" && sums >"$loaded"
  fi
}

missing() {
  tunnel_is_right || { echo "$link is no tunnel to $peerAddress"; return; }
  has_address || echo "$link has not the address $here"
  has_neighbour || echo "$link does not know its other end"
  filters_loosely || echo "rp_filter of $link is not 2"
  has_route || echo "table $table has no route by $link"
  has_rule || echo "no rule sends mark $mark to table $table"
  [ "$(sums)" = "$(cat "$loaded" 2>/dev/null)" ] || echo "the rules of nft's tables keepalived_vip are others"
}

check() {
  problems=$(missing)
  [ -n "$problems" ] || return 0
  printf '%s\n' "$problems"
  return 1
}

down() {
  no_rule
  ip link del "$link" 2>/dev/null # its routes go with it
  for family in ip netdev; do nft delete table $family keepalived_vip 2>/dev/null; done
  rm -f "$loaded"
  return 0
}

# Of whatever VIP. To a rule that is made without a preference the kernel gives the one before the lowest: at boot, after nic.sh's
# and before this script's, that is this one. So it may be somebody else's as well.
ours() { ip -N -4 rule show 2>/dev/null | grep -Eq "^$preference:.* fwmark $mark lookup $table *$"; }
no_rule() { while ours; do ip -4 rule del pref $preference fwmark $mark table $table || break; done; }

knows() { # knows FAMILY HOOK STATEMENT: whether this kernel and nft do; each line of it alone, for the reason
  rule="table $1 probe { chain ${2%% *} { type filter hook $2 priority 0; $3; }; }"
  said=$(echo "$rule" | nft -f - 2>&1) ||
    die "kernel $(uname -r) or $(nft --version) does not know \"${3%% *}\": $(printf %s "$said" | head -n 1)"
}

# A mark of another kernel, or an nft that spells a line otherwise, shows here and not in a switch.
probe() {
  LOADED=$(mktemp) || exit 1
  loaded=$LOADED
  trap 'rm -f "$loaded"' EXIT
  said=$(ip link add "$interface" type vxlan id 1 remote 127.0.0.1 dstport 9 2>&1) ||
    die "kernel $(uname -r) has no vxlan: $said"
  knows ip prerouting 'dup to 127.0.0.1 device "lo"'
  knows ip input 'meta l4proto tcp reject with tcp reset'
  knows netdev 'ingress device "lo"' 'fwd ip to 127.0.0.1 device "lo"'
  up || exit 1
  for set in recording forward alone through; do
    echo "add element ip keepalived_vip $set { $vip timeout 2900ms }" | nft -f - || exit 1
    printf '%s\n' "flush set ip keepalived_vip $set" "add element ip keepalived_vip $set { $vip timeout 2900ms }" |
      nft -f - || exit 1
  done
  check
}

try() {
  command -v nft >/dev/null 2>&1 || die "keepConnections needs nft: install the package nftables on this node"
  if ! ip link show dev "$link" >/dev/null 2>&1; then
    [ -z "$(ip -N -4 route show table $table 2>/dev/null)" ] || die "routing table $table is in use here; keepConnections needs it"
    ours || ! ip -4 rule show | grep -q "^$preference:" ||
      die "an ip rule has preference $preference, which keepConnections needs"
  fi
  said=$(unshare -n "$0" probe 2>&1) ||
    die "this node can't keep connections: ${said#connections.sh: }
Give it a kernel and an nft that can, or set keepConnections to off."
}

case ${1:-} in
  up | check | try | probe) configured && "$1" ;;
  down) down ;;
  *) die "usage: connections.sh up|check|down|try" ;;
esac
