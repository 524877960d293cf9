#!/bin/sh
# What the npm packages are made of: of the provider's SDK, which is compiled when it is installed, the lock file knows only the
# folder. npm runs this after it has installed, and run.sh compares: whoever installs first, nobody installs twice.
#   installed.sh wanted   prints the sum        installed.sh record   keeps it beside the packages
set -eu
unset CDPATH
cd "$(dirname "$0")/.."
case $1 in
  wanted) cat package-lock.json sdks/tencentcloud/package.json | cksum ;;
  record) sh scripts/installed.sh wanted >node_modules/.installed-lock ;;
esac
