#!/bin/sh
# keepalived's check, every 2 s. It always exits 0, so all that can fail here is time: three runs that each take longer than
# 2 s would demote a node that serves, for being busy, and the traffic would then do the same to its peer. So no process is
# started while all is well. A NIC that is gone and a VIP that was removed keepalived sees itself; what a network manager has
# removed keepalived-vip.service puts back. The cloud's API being down must never demote a healthy MASTER.
set -u
umask 022
run=/run/keepalived-vip

# Hooks and checks share keepalived's confinement: a heartbeat that is written proves that hooks can run.
{ echo >"$run/heartbeat"; } 2>/dev/null

# On a NIC that was taken out and put in again keepalived opens no socket: deaf and mute it stays BACKUP, also when its peer
# dies, and looks healthy. Nothing is lost by a restart, for it gave the VIP up when the NIC went.
if read -r nic index <"$run/started-on" && read -r now <"/sys/class/net/$nic/ifindex" && [ "$now" != "$index" ]; then
  systemctl restart --no-block keepalived.service
fi 2>/dev/null
exit 0
