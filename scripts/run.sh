#!/bin/sh
# Runs one of the project's TypeScript programs on the project's own pinned Node, so that every npm script behaves the
# same whatever Node the machine has. Installs the npm packages first when they are missing or others than those wanted.
set -eu
cd "$(dirname "$0")/.."

if [ "$(sh scripts/installed.sh wanted)" != "$(cat node_modules/.installed-lock 2>/dev/null)" ]; then
  echo "Installing npm packages (once; about a minute) ..." >&2
  log=$(mktemp)
  if ! npm ci --engine-strict=false >"$log" 2>&1; then
    cat "$log" >&2
    rm -f "$log"
    echo "npm could not install the packages. Check that the npm registry can be reached, then run the command again." >&2
    exit 1
  fi
  rm -f "$log"
fi

PATH="$PWD/node_modules/.bin:$PATH"
# What Node has compiled once it need not compile for each of the lab's and the tests' many short commands.
NODE_COMPILE_CACHE="${NODE_COMPILE_CACHE:-$PWD/node_modules/.cache/node}"
export PATH NODE_COMPILE_CACHE
exec node --disable-warning=ExperimentalWarning "$@"
