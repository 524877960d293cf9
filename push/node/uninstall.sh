#!/bin/sh
# Takes back what install.sh has done. Runs as root: sh uninstall.sh DIR, DIR being the unpacked bundle.
# Does nothing once somebody else's bundle is installed: after a rename the new resource installs first and the old one
# is removed last.
set -u
cd "$1" || exit 70
trap '' PIPE HUP
umask 077
PATH=$PATH:/usr/sbin:/sbin
export PATH
lib=/var/lib/keepalived-cluster

say() { printf '%s\n' "$*" 2>/dev/null || :; }
# shellcheck disable=SC1091 # beside this
. ./machine.sh

if [ ! -d "$lib" ]; then
  say "not installed"
  exit 0
fi
if [ -f "$lib/state/owner" ] && ! cmp -s owner "$lib/state/owner"; then
  say "now installed by $(cat "$lib/state/owner"); leaving it"
  exit 0
fi

say "stopping keepalived"
# An interrupted first installation has no account of its own yet.
deactivate=$lib/state/deactivate
[ -f "$deactivate" ] || deactivate=./deactivate
sh "$deactivate" >/dev/null 2>&1 9>&-

{
  awk '{ print $3 }' "$lib/state/files"
  cat "$lib/txn/paths"
} 2>/dev/null | sort -u | while read -r path; do
  say "remove $path"
  rm -f "$path" "$path.keepalived-cluster-new"
  [ ! -e "$lib/original$path" ] || cp -a "$lib/original$path" "$path"
done
remove_folders
systemctl daemon-reload >/dev/null 2>&1 9>&-
restore 2>/dev/null 9>&-
rm -rf "$lib"
say "uninstalled"
