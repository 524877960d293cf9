#!/bin/sh
# keepalived's hook: notify_action.sh MASTER|BACKUP|FAULT|STOP|MASTER_RX_LOWER_PRI
# It only wakes keepalived-vip.service: what that does as MASTER is in keepalived_vip/agent/watch.py. keepalived starts hooks
# in no order and kills them a second after it stops, so nothing that takes time happens here; calls to the cloud live in the
# service's own unit.
set -u
umask 077 # keepalived's own, 0177, makes unusable directories
fifo=/run/keepalived-vip/keepalived.fifo

case "${1:-}" in
MASTER | BACKUP | FAULT | STOP | MASTER_RX_LOWER_PRI) ;;
*)
  echo "usage: notify_action.sh MASTER|BACKUP|FAULT|STOP|MASTER_RX_LOWER_PRI" >&2
  exit 3
  ;;
esac

# Never waits: with nobody to read, or a full pipe, the word is dropped, for the service sees the NIC as well. A time limit on
# a waiting write would drop it on a busy machine too: at load 39 a shell took longer than 50 ms to start.
[ ! -p "$fifo" ] || printf 'NOTIFY "VI_1" %s 0\n' "$1" | dd of="$fifo" oflag=nonblock conv=nocreat,notrunc 2>/dev/null

if ! systemctl is-active --quiet keepalived-vip.service && ! systemctl start --no-block keepalived-vip.service; then
  if [ "$1" = MASTER ]; then
    setsid /etc/keepalived/vip.py migrate </dev/null >/dev/null 2>&1 &
  fi
fi
exit 0
