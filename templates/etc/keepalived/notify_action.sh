#!/bin/sh
# keepalived's hook: notify_action.sh MASTER|BACKUP|FAULT|STOP
# It only wakes keepalived-vip.service, which logs and acts: what it does as MASTER is in keepalived_vip/agent/watch.py.
# keepalived starts hooks in no order and kills them a second after it stops, so nothing that takes time happens here. It
# can do without: keepalived's pipe and the kernel tell the same, and systemd starts a service anew that has ended or hangs.
set -u
umask 077 # keepalived's own, 0177, makes unusable directories
fifo=/run/keepalived-vip/keepalived.fifo

case "${1:-}" in
MASTER | BACKUP | FAULT | STOP) ;;
*)
  echo "usage: notify_action.sh MASTER|BACKUP|FAULT|STOP" >&2
  exit 3
  ;;
esac

# Never waits: with nobody to read, or a full pipe, the word is dropped, for the service sees the NIC as well. A time limit on
# a waiting write would drop it on a busy machine too: at load 39 a shell took longer than 50 ms to start.
[ ! -p "$fifo" ] || printf 'NOTIFY "VI_1" %s 0\n' "$1" | dd of="$fifo" oflag=nonblock conv=nocreat,notrunc 2>/dev/null

# One that somebody has stopped, too.
systemctl start --no-block keepalived-vip.service
exit 0
