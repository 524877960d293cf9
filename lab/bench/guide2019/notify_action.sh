#!/bin/sh
# The guide's step 5: the state file first, then vip.py in the background.
log() { echo "[$(date '+%Y-%m-%d %T')] $1" >>/var/log/keepalived.log; }

[ -d /var/keepalived ] || mkdir -p /var/keepalived

case "$1" in
MASTER)
  printf %s "$1" >/var/keepalived/state
  log " notify_master"
  printf 0 >/var/keepalived/vip_check_failed_count
  python3 /etc/keepalived/vip.py migrate &
  ;;
BACKUP | FAULT | STOP)
  printf %s "$1" >/var/keepalived/state
  log " notify_$1"
  ;;
*)
  log "notify_action.sh: STATE ERROR!!!"
  ;;
esac
