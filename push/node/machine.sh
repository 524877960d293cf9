# What on an existing machine is somebody else's: looked at before the first installation, kept in $found, put back by the
# removal. Read by install.sh and uninstall.sh. The bundle of a machine that was made for the pair has no file `existing`: on
# that one there is nobody else.
lib=/var/lib/keepalived-cluster
found=$lib/found

remove_folders() { # those that install.sh has made
  sort -r "$lib/folders" 2>/dev/null | while read -r folder; do
    rm -rf "$folder/__pycache__"
    rmdir "$folder" 2>/dev/null
  done
}
unit_is() { systemctl "is-$1" -q keepalived 2>/dev/null; }
# Installed packages, and those of which only the configuration is left, which is somebody's as well: lines "name state".
packages() {
  if command -v dpkg-query >/dev/null 2>&1; then
    dpkg-query -W -f '${binary:Package} ${db:Status-Status}\n' 2>/dev/null
  elif command -v rpm >/dev/null 2>&1; then
    rpm -qa --qf '%{NAME} installed\n' 2>/dev/null
  fi | LC_ALL=C sort -u
}
# foreign: what keeps the pair off this machine, one line for each; nothing when it may come. Changes nothing.
foreign() {
  [ ! -d "$found" ] || return # what is seen now an interrupted installation has made
  conf=/etc/keepalived/keepalived.conf
  if [ -s $conf ] && { unit_is active || unit_is enabled; }; then
    echo "keepalived already runs here with somebody else's $conf, which is never overwritten. Take the VIPs in it elsewhere" \
      "and switch it off (systemctl disable --now keepalived); the file is then kept, and put back by the removal"
  fi
  json=root/etc/keepalived/vip.json
  value() { sed -n "s/^  \"$1\": \"\{0,1\}\([0-9a-zA-Z.:/-]*\)\"\{0,1\},\{0,1\}$/\1/p" $json; }
  table=$(value routeTable) interface=$(value interface) mac=$(value mac | tr A-F a-f)
  if [ -n "$(ip -N -4 route show table "$table" 2>/dev/null)" ]; then
    echo "routing table $table is in use here; the pair's second NIC needs it: move those routes to another table"
  fi
  for preference in 1010 1011; do
    ip -4 rule show | grep -q "^$preference:" || continue
    echo "an ip rule has preference $preference, which the pair's second NIC needs: give that one another preference"
  done
  if [ -e "/sys/class/net/$interface" ] && [ "$(cat "/sys/class/net/$interface/address")" != "$mac" ]; then
    echo "a NIC of this machine is called $interface already, which the pair's own has to be called: rename that one"
  fi
}
# remember: once, before anything is changed.
remember() {
  [ -d "$found" ] && return
  rm -rf "$found.new"
  mkdir -p "$found.new" && packages >"$found.new/packages" && cat /proc/sys/net/ipv4/ip_nonlocal_bind >"$found.new/bind" || return 1
  ! unit_is enabled || : >"$found.new/enabled"
  ! unit_is active || : >"$found.new/active"
  [ "$(systemctl is-enabled keepalived 2>/dev/null)" != masked ] || : >"$found.new/masked"
  [ ! -e /var/log/keepalived.log ] || cp -p /var/log/keepalived.log "$found.new/log" || return 1
  mv "$found.new" "$found"
}
# remember_packages: what came with ours, as soon as it has: later ones are somebody else's again.
remember_packages() {
  [ -d "$found" ] && [ ! -e "$found/came" ] || return 0
  packages | awk 'NR == FNR { before[$1] = $2; next }
    $2 == "installed" && before[$1] != "installed" { print $1, before[$1] == "" ? "new" : "known" }' \
    "$found/packages" - >"$found/came"
}
# restore: once our files are gone and those from before are back. Says what it could not put back.
restore() {
  [ -d "$found" ] || return 0
  remember_packages
  VIP_JSON=root/etc/keepalived/vip.json sh root/etc/keepalived/nic.sh down
  cat "$found/bind" >/proc/sys/net/ipv4/ip_nonlocal_bind
  systemctl daemon-reload
  ! systemctl is-active -q systemd-networkd || systemctl restart systemd-networkd
  ! systemctl is-active -q NetworkManager || systemctl reload NetworkManager
  # By a tool that takes nothing away that something else has come to need since. Of a package that had left its
  # configuration here, that stays.
  if command -v dpkg-query >/dev/null 2>&1; then
    take_away "dpkg --purge" new
    take_away "dpkg --remove" known
  else
    take_away "rpm -e" new
  fi
  [ ! -e "$found/masked" ] || systemctl mask -q keepalived
  [ ! -e "$found/enabled" ] || systemctl enable -q keepalived
  [ ! -e "$found/active" ] || systemctl start keepalived
  [ ! -e "$found/log" ] || cp -p "$found/log" /var/log/keepalived.log
}
take_away() { # take_away COMMAND STATE
  list=$(awk -v state="$2" '$2 == state { printf "%s ", $1 }' "$found/came" 2>/dev/null)
  # shellcheck disable=SC2086 # lists
  [ -z "$list" ] || $1 $list >/dev/null 2>&1 9>&- || say "left installed, for something else needs it now: $list"
}
