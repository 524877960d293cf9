#!/bin/sh
# Whether keepalived would run /etc/keepalived/keepalived.conf as it is meant. Prints why not, exit 1.
# `keepalived -t` alone is a weak gate: it exits 0 for a missing file and for a hook that is missing or not executable.
set -u
config=/etc/keepalived/keepalived.conf
status=0
complain() {
  printf '%s\n' "$*"
  status=1
}

[ -s "$config" ] || complain "$config is missing or empty"
# By intention any output is a refusal: what keepalived only warns about, it then leaves out.
output=$(keepalived -t -f "$config" 2>&1)
code=$?
if [ "$code" -ne 0 ] || [ -n "$output" ]; then
  complain "keepalived refuses $config (exit $code)"
  [ -z "$output" ] || printf '%s\n' "$output"
fi

# Script security disables a hook, at run time and with a log line only, when anybody but root could change it.
scripts() { awk -F'"' '/^ *(script|notify_[a-z_]+) "/ { split($2, words, " "); print words[1] }' "$config" | sort -u; }
bad_scripts() {
  scripts | while read -r script; do
    [ -f "$script" ] || { echo "$script is missing"; continue; }
    [ -x "$script" ] || echo "$script is not executable"
    path=$script
    while :; do
      find "$path" -maxdepth 0 \( ! -user root -o -perm -002 -o \( -perm -020 ! -group root \) \) \
        -printf "$script: %p can be changed by others than root\n"
      [ "$path" != / ] || break
      path=$(dirname "$path")
    done
  done
}
bad=$(bad_scripts)
[ -z "$bad" ] || complain "$bad"

source_address=$(awk '$1 == "unicast_src_ip" { print $2 }' "$config")
interface=$(awk '$1 == "interface" { print $2 }' "$config")
ip -4 -o addr show dev "$interface" 2>/dev/null | grep -qF " $source_address/" ||
  complain "unicast_src_ip $source_address is not an address of $interface"
exit "$status"
