#!/bin/sh
# keepalived's hook: notify_action.sh MASTER|BACKUP|FAULT|STOP|MASTER_RX_LOWER_PRI
# It only wakes keepalived-vip.service: what that does as MASTER is in keepalived_vip/agent/watch.py. keepalived starts hooks in no order and kills them a second after it stops, so
# nothing that takes time happens here; calls to the cloud live in the service's own unit.
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

# Opened for both directions a pipe never waits for a reader; full, the word is dropped: the service sees the NIC as well.
[ ! -p "$fifo" ] || timeout 0.05 sh -c "printf 'NOTIFY \"VI_1\" %s 0\n' '$1' 1<>'$fifo'"

if ! systemctl is-active --quiet keepalived-vip.service && ! systemctl start --no-block keepalived-vip.service; then
  if [ "$1" = MASTER ]; then
    setsid /etc/keepalived/vip.py migrate </dev/null >/dev/null 2>&1 &
  fi
fi
exit 0
