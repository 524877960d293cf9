#!/bin/sh
# Stands in for systemctl on a test machine. Runs what a unit would run; a unit is active while /stub/active/<unit>
# exists, and enabled while /stub/enabled/<unit> does; /stub/masked/<unit> has what is-enabled says of one that is masked.
# Every call is a line in /stub/calls. /stub/fail/<unit> makes its next start fail.
verb='' units=''
for word in "$@"; do
  case $word in
    -*) ;;
    *) [ -n "$verb" ] && units="$units ${word%.service}" || verb=$word ;;
  esac
done
case $verb in is-* | reset-failed) ;; *) echo "$verb$units" >>/stub/calls ;; esac
mkdir -p /stub/active /stub/enabled /stub/masked /stub/fail

stop() { rm -f "/stub/active/$1"; }
start() {
  if [ -e "/stub/fail/$1" ]; then
    cat "/stub/fail/$1"
    rm "/stub/fail/$1"
    exit 1
  fi
  case $1 in
    keepalived-vip-nic) /etc/keepalived/nic.sh up || exit 1 ;;
    keepalived)
      /etc/keepalived/before_start.sh >/dev/null || exit 1
      echo "drain $(cat /run/keepalived-vip/drain)" >>/stub/calls
      echo '{"state": "BACKUP", "since": 0}' >/run/keepalived-vip/state
      ;;
  esac
  touch "/stub/active/$1"
}

for unit in $units; do
  case $verb in
    is-active) [ -e "/stub/active/$unit" ] || exit 3 ;;
    is-enabled)
      cat "/stub/masked/$unit" 2>/dev/null && exit 1
      [ -e "/stub/enabled/$unit" ] || exit 1
      ;;
    enable)
      [ ! -e "/stub/masked/$unit" ] || exit 1
      touch "/stub/enabled/$unit"
      ;;
    mask) echo masked >"/stub/masked/$unit" ;;
    unmask) rm -f "/stub/masked/$unit" ;;
    start) [ -e "/stub/active/$unit" ] || start "$unit" ;;
    restart) stop "$unit"; start "$unit" ;;
    disable)
      rm -f "/stub/enabled/$unit"
      stop "$unit"
      ;;
    reload) /etc/keepalived/check_config.sh || exit 1 ;;
  esac
done
