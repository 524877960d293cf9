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

# Active is not alive: a service that a signal has stopped, or that hangs, stays active until systemd's watchdog ends it. It
# pings every 5 s. Where the time of that is not to be learned, active has to do.
silent() {
  pinged=$(systemctl show -p WatchdogTimestampMonotonic keepalived-vip.service 2>/dev/null) || return 1
  pinged=${pinged#*=}
  case $pinged in
  '' | 0 | *[!0-9]*) return 1 ;;
  esac
  read -r now _ </proc/uptime
  [ $((${now%.*} - pinged / 1000000)) -ge 12 ]
}

if ! systemctl is-active --quiet keepalived-vip.service; then
  if ! systemctl start --no-block keepalived-vip.service && [ "$1" = MASTER ]; then
    setsid /etc/keepalived/vip.py migrate </dev/null >/dev/null 2>&1 &
  fi
elif [ "$1" = MASTER ] && silent; then
  # systemd starts it again, and it takes up what it finds.
  systemctl kill -s KILL keepalived-vip.service
fi
exit 0
