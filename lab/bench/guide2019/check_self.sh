#!/bin/sh
# The guide's step 7, every 5 s: a MASTER asks the cloud for the VIP and migrates it again when it is not there; any other
# node that has the VIP on its NIC removes it and restarts keepalived.
vip=@VIP@
interface=@INTERFACE@
state_file=/var/keepalived/state
result_file=/var/keepalived/vip_last_check_result

log() { echo "[$(date '+%Y-%m-%d %T')] $1" >>/var/log/keepalived.log; }
count() { ip addr show dev "$interface" | grep "$vip" | awk '{print $2}' | awk -F/ '{print $1}' | wc -l; }

[ -d /var/keepalived ] || mkdir -p /var/keepalived
[ -f "$result_file" ] || touch "$result_file"
[ -f "$state_file" ] || printf FAULT >"$state_file"
state=$(cat "$state_file")

case $state in
MASTER)
  if [ "$(count)" -ne 1 ]; then
    log "it is detected no vip on nic in cvm in MASTER state, add vip on this nic"
    ip addr add "$vip" dev "$interface"
    printf false >"$result_file"
  else
    here=$(timeout 3 python3 /etc/keepalived/vip.py query)
    case $here in
    false)
      printf false >"$result_file"
      python3 /etc/keepalived/vip.py migrate &
      ;;
    true)
      [ "$(cat "$result_file")" != false ] || log " vip_check pass"
      printf true >"$result_file"
      ;;
    *)
      log "vip.py check vip time out"
      ;;
    esac
  fi
  exit 0
  ;;
*)
  if [ "$(count)" -ne 0 ]; then
    sleep 2
    if [ "$(count)" -ne 0 ]; then
      log "detect vip in non-MASTER status, so systemctl restart keepalived"
      ip addr del "$vip" dev "$interface"
      systemctl restart keepalived &
      exit 1
    fi
  fi
  exit 0
  ;;
esac
