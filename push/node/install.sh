#!/bin/sh
# Puts a node's files in place and makes them take effect. The same program for first install, change and retry.
# Runs as root: sh install.sh DIR, DIR being the unpacked bundle:
#   root/<path>   the files            files   lines "mode owner path"         sums  sha256sum -c, run in root/
#   id            what this bundle is  owner   who may remove it again         mask  texts that no message may show
#   activate healthy labels deactivate see there
#   existing      only for a machine that was there before the pair, and will be afterwards; see machine.sh
# The caller holds the lock. Whatever happens, the node ends with the whole new set in force or the whole old one.
# On the node: /var/lib/keepalived-cluster/state (what is installed; `vip.py self-test` holds the node against it), txn (the
# old set, while a swap is under way), original (files that were there before the first install), folders (those it made),
# found (see machine.sh).
set -u
cd "$1" || exit 70
trap '' PIPE HUP # finish even if the connection goes away
umask 077
PATH=$PATH:/usr/sbin:/sbin
export PATH
name=keepalived-cluster
lib=/var/lib/$name
suffix=$name-new

say() { printf '%s\n' "$*" 2>/dev/null || :; }
masked() {
  awk 'BEGIN { while ((getline text < "mask") > 0) if (length(text) > 3) texts[++n] = text }
    { for (i = 1; i <= n; i++)
        while (at = index($0, texts[i])) $0 = substr($0, 1, at - 1) "***" substr($0, at + length(texts[i]))
      print }'
}
# die MESSAGE: and the end of what the last step printed
die() {
  { printf '%s: %s\n' "$name" "$1"; tail -n 15 log 2>/dev/null; } | masked >&2 2>/dev/null || :
  exit 1
}
: >log
# shellcheck disable=SC1091 # beside this
. ./machine.sh

# --- the swap: every target is written beside its place first, then renamed -------------------------------------------

# Where modules lie elsewhere in the new set, vip.py can be started at every moment, as the old one or as the new: what is
# added comes first, what is removed goes last, and vip.py is replaced after the modules it imports. (Those that change
# where they lie are of both sets until the last is in place.) LC_ALL=C puts a folder's __init__.py, which makes a Python
# package of it, before its modules; so it is the last to come and the first to go.

state_files='files sums owner id deactivate'
targets() { # source, mode, owner, path: the node's files, then our own account of them
  awk '{ print "root" $3, $1, $2, $3 }' files
  for file in $state_files; do echo "$file 0600 root:root $lib/state/$file"; done
}
make_folder() { # remembers what it made, for uninstall.sh
  [ -d "$1" ] && return
  make_folder "${1%/*}" && (umask 022 && mkdir "$1") && echo "$1" >>"$lib/folders"
}
remove() { # with what Python has compiled of it
  module=${1##*/}
  rm -f "${1%/*}/__pycache__/${module%.py}".*.pyc "$1"
}
discard() { [ ! -e "$1.$suffix" ] || rm -f "$1.$suffix"; }
discard_new() { targets | while read -r _ _ _ path; do discard "$path"; done; }
keep() { # keep FROM TO: a second name where possible, so that it needs no space
  [ -d "${2%/*}" ] || (umask 022 && mkdir -p "${2%/*}") || return 1
  ln "$1" "$2" 2>/dev/null || cp -a "$1" "$2"
}
put() { # put SOURCE MODE OWNER TARGET: one program for copy, owner and mode, for there are many files
  install -m "$2" -o "${3%:*}" -g "${3#*:}" "$1" "$4"
}
put_in_place() {
  targets | while read -r _ _ _ path; do [ -e "$path" ] || echo "$path"; done | LC_ALL=C sort -r >order
  targets | while read -r _ _ _ path; do [ ! -e "$path" ] || echo "$path"; done >>order
  while read -r path; do mv -f "$path.$suffix" "$path" || return 1; done <order
}
write_new() {
  targets | while read -r source mode owner path; do
    if ! { make_folder "${path%/*}" && put "$source" "$mode" "$owner" "$path.$suffix"; }; then
      echo "cannot write $path"
      exit 1
    fi
  done || return 1
  # shellcheck disable=SC2046 # a list
  sync $(targets | awk -v suffix=".$suffix" '{ print $4 suffix }')
}
keep_old() {
  rm -rf "$lib/txn.new" && mkdir -p "$lib/txn.new/root" || return 1
  { targets | awk '{ print $4 }'; cat stale; } | LC_ALL=C sort -u >"$lib/txn.new/paths" || return 1
  while read -r path; do
    [ ! -e "$path" ] || keep "$path" "$lib/txn.new/root$path" || { echo "cannot keep $path"; return 1; }
  done <"$lib/txn.new/paths"
  sync "$lib/txn.new/paths" && mv "$lib/txn.new" "$lib/txn"
}
keep_originals() { # what somebody else had put there before us
  while read -r _ _ path; do
    if [ -e "$path" ] && [ ! -e "$lib/original$path" ] && ! grep -qs " $path\$" "$lib/state/files"; then
      keep "$path" "$lib/original$path" || return 1
    fi
  done <files
}
restore_old() {
  while read -r path; do
    [ -e "$lib/txn/root$path" ] || continue
    keep "$lib/txn/root$path" "$path.$suffix" && mv -f "$path.$suffix" "$path"
    discard "$path" # mv leaves a second name of the very same file
  done <"$lib/txn/paths"
  while read -r path; do [ -e "$lib/txn/root$path" ] || remove "$path"; done <"$lib/txn/paths"
}
end_transaction() { mv "$lib/txn" "$lib/txn.done" && rm -rf "$lib/txn.done"; }

# --- an end that leaves the machine as it was -------------------------------------------------------------------------

had=no
[ ! -f "$lib/state/id" ] || had=yes
leave_nothing() {
  remove_folders
  restore 2>/dev/null 9>&-
  rm -rf "$lib"
}
# give_up_unchanged MESSAGE [WHAT TO DO]
give_up_unchanged() {
  discard_new
  rm -rf "$lib/stage" "$lib/txn.new"
  [ $had = yes ] || leave_nothing
  die "$1; nothing was changed${2:-}"
}

# --- keepalived itself ------------------------------------------------------------------------------------------------

at_least() { [ "$(printf '%s\n' "$1" "$2" | sort -V | head -n 1)" = "$2" ]; }
apt() {
  DEBIAN_FRONTEND=noninteractive apt-get -q -y -o DPkg::Lock::Timeout=300 -o Acquire::Retries=2 \
    -o Acquire::http::Timeout=20 -o Acquire::https::Timeout=20 "$@" >>log 2>&1 9>&-
}
unreachable() { sed -n 's/^\(E\|Err\|W\|Error\)[:0-9]* *//p; /^Error: /p' log | sort -u | head -n 4; }
# A package that is there with files missing; `install` would find nothing to do.
verb_for() { if rpm -q "$@" >/dev/null 2>&1; then echo reinstall; else echo install; fi; }
install_packages() {
  say "installing $*"
  : >log
  if command -v apt-get >/dev/null 2>&1; then
    # The package would start keepalived with whatever configuration it finds.
    policy=/usr/sbin/policy-rc.d
    ours=no
    # One of ours that a run which was killed left behind would keep every later package from starting its service.
    mark='# for the installation of keepalived'
    if [ ! -e "$policy" ] || grep -qxF "$mark" "$policy"; then
      ours=yes
      (umask 022 && printf '#!/bin/sh\n%s\nexit 101\n' "$mark" >"$policy" && chmod 755 "$policy")
    fi
    add() { apt install --reinstall --no-install-recommends -o DPkg::Options::=--force-confmiss "$@"; }
    add "$@" || { say "fetching the package index"; apt update; add "$@"; }
    code=$?
    [ $ours = no ] || rm -f "$policy"
  elif command -v dnf >/dev/null 2>&1; then
    dnf -y -q --setopt=timeout=20 --setopt=retries=2 "$(verb_for "$@")" "$@" >>log 2>&1 9>&-
    code=$?
  elif command -v yum >/dev/null 2>&1; then
    yum -y -q --setopt=timeout=20 --setopt=retries=2 "$(verb_for "$@")" "$@" >>log 2>&1 9>&-
    code=$?
  else
    give_up_unchanged "$* missing, and this system has neither apt-get nor dnf nor yum: install it and run again"
  fi
  [ "$code" -eq 0 ] && return
  why=$(unreachable)
  [ -z "$why" ] || printf '%s\n' "$why" >log
  give_up_unchanged "cannot install $*" ". Can this machine reach its package mirror?"
}
# Whether nothing was removed of keepalived's files. Documentation counts for nothing: many images leave it out.
whole() {
  { if command -v dpkg >/dev/null 2>&1; then dpkg -V keepalived; else rpm -V keepalived; fi; } 2>/dev/null |
    awk '$1 == "missing" && $NF !~ "^/usr/share/" { lacks = 1 } END { exit lacks }'
}
require_software() {
  [ -d /run/systemd/system ] || die "this machine does not run systemd"
  wanted=
  command -v keepalived >/dev/null 2>&1 || wanted=keepalived
  # By name, as the node's files do: a PATH may begin with a Python of somebody's own.
  [ -x /usr/bin/python3 ] || wanted="$wanted python3"
  [ -n "$wanted" ] || whole || wanted=keepalived
  [ ! -e root/etc/keepalived/connections.sh ] || command -v nft >/dev/null 2>&1 || wanted="$wanted nftables"
  # shellcheck disable=SC2086 # a list
  [ -z "$wanted" ] || install_packages $wanted
  : >log
  version=$(keepalived --version 2>&1 | sed -n 's/^Keepalived v\([0-9.]*\).*/\1/p')
  at_least "${version:-0}" 2.0.14 ||
    give_up_unchanged "keepalived ${version:-of an unknown version} is too old: 2.0.14 or newer is needed"
  /usr/bin/python3 -Ec 'import sys; sys.exit(sys.version_info < (3, 6))' ||
    give_up_unchanged "$(/usr/bin/python3 --version 2>&1) is too old: 3.6 or newer is needed"
}

# --- before anything is changed ---------------------------------------------------------------------------------------

# The new /etc/keepalived is checked as it will be, under its own paths, while everybody else still sees the old one.
# Not from DIR: /run may be mounted noexec. What is not ours stays in sight: keepalived 2.3.3 of Debian 13 refuses every
# configuration without the keepalived.config-opts of its package.
check_new() {
  rm -rf "$lib/stage"
  (umask 022 && mkdir -p /etc/keepalived /run/keepalived-vip "$lib/stage/etc") &&
    cp -a /etc/keepalived "$lib/stage/etc/" || return 1
  while read -r path; do rm -f "$lib/stage$path"; done <stale
  awk '$3 ~ "^/etc/keepalived/"' files | while read -r mode owner path; do
    [ -d "$lib/stage${path%/*}" ] || (umask 022 && mkdir -p "$lib/stage${path%/*}") || exit 1
    put "root$path" "$mode" "$owner" "$lib/stage$path" || exit 1
  done || return 1
  sh ./labels try "$lib/stage/etc/keepalived" || return 1
  # A stranger's adverts are looked for once, for as long as keepalived's default interval and half of it.
  # shellcheck disable=SC2016 # $1 and $2 are the inner shell's
  unshare -m sh -c 'mount --bind "$1" /etc/keepalived && /etc/keepalived/nic.sh up && /etc/keepalived/check_config.sh &&
    { [ ! -e /etc/keepalived/connections.sh ] || /etc/keepalived/connections.sh try; } &&
    PYTHONDONTWRITEBYTECODE=1 /etc/keepalived/vip.py health try &&
    { [ "$2" = yes ] || /etc/keepalived/hear.py others 1.5; }' \
    sh "$lib/stage/etc/keepalived" "$had" 9>&-
}
recorded() { # whether our own account is that of this bundle
  for file in $state_files; do cmp -s "$file" "$lib/state/$file" || return 1; done
}
enabled() { # whether all of it comes back after a reboot
  for unit in keepalived-vip-nic keepalived-vip keepalived; do systemctl is-enabled -q $unit || return 1; done
}
# Lists in `changed` and `stale` what is not as the bundle wants it.
compare() {
  while read -r mode owner path; do
    if [ ! -f "$path" ] || ! cmp -s "root$path" "$path" || [ "$(stat -c '%04a %U:%G' "$path")" != "$mode $owner" ]; then
      echo "$path"
    fi
  done <files >changed
  awk 'NR == FNR { wanted[$3] = 1; next } !($3 in wanted) { print $3 }' files "$lib/state/files" >stale 2>/dev/null || :
}
activate_and_verify() { { sh ./activate && sh ./healthy; } >>log 2>&1 9>&-; }

mkdir -p "$lib" || die "cannot write $lib"
rm -rf "$lib/txn.done"
discard_new
recovered=no
if [ -d "$lib/txn" ]; then
  say "recovering from an interrupted installation"
  restore_old
  end_transaction
  recovered=yes # what keepalived has in memory may still be the other set
fi
if command -v cloud-init >/dev/null 2>&1; then
  say "waiting for cloud-init"
  timeout 600 cloud-init status --wait >/dev/null 2>&1
fi
(cd root && sha256sum -c --quiet ../sums) >/dev/null 2>&1 || die "the bundle is damaged (checksum); nothing was changed"
if [ -e existing ] && [ $had = no ]; then
  foreign >log 2>&1
  [ ! -s log ] || give_up_unchanged "this machine can't be a node of the pair"
  remember >log 2>&1 || give_up_unchanged "cannot write $lib"
fi
require_software
remember_packages

compare
if [ $recovered = no ] && [ ! -s changed ] && [ ! -s stale ] && recorded && enabled &&
  sh ./healthy >/dev/null 2>&1 9>&-; then
  say "up to date"
  exit 0
fi

say "checking the new files"
check_new >log 2>&1 || give_up_unchanged "the new configuration is refused"
rm -rf "$lib/stage"
{ keep_originals && write_new && keep_old; } >log 2>&1 || give_up_unchanged "cannot write the new files"

# --- from here on the old set is safe in txn --------------------------------------------------------------------------

if [ $had = no ]; then
  say "writing $(wc -l <changed) files"
else
  while read -r path; do say "write $path"; done <changed
fi
failure=
put_in_place >log 2>&1 || failure="the new files could not be put in place"
while read -r path; do
  say "remove $path"
  remove "$path"
  [ ! -e "$lib/original$path" ] || cp -a "$lib/original$path" "$path"
done <stale
if [ -z "$failure" ]; then
  say "activating"
  activate_and_verify || failure="activation failed"
fi
if [ -z "$failure" ]; then
  end_transaction
  say "done"
  exit 0
fi

cp log why
if [ $had = yes ]; then
  discard_new
  restore_old
  : >changed
  if activate_and_verify; then
    outcome="the old configuration is active again"
  else
    outcome="THE OLD CONFIGURATION IS BACK BUT COULD NOT BE ACTIVATED"
  fi
  end_transaction
else
  sh ./deactivate >/dev/null 2>&1 9>&-
  restore_old
  systemctl daemon-reload >/dev/null 2>&1 9>&-
  leave_nothing
  outcome="nothing stays installed"
fi
mv why log
die "$failure; $outcome"
