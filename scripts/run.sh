#!/bin/sh
# Runs one of the project's TypeScript programs on the project's own pinned Node, so that every npm script behaves the
# same whatever Node the machine has. Installs the npm packages first when they are missing or others than those wanted.
set -eu
# With CDPATH in the environment cd might go elsewhere, and prints where it went among what the program prints.
unset CDPATH
cd "$(dirname "$0")/.."

missing() {
  [ "$(sh scripts/installed.sh wanted)" != "$(cat node_modules/.installed-lock 2>/dev/null)" ]
}

# Two at once would take the packages away from under each other. A link is made by one of them only, and says whose it is.
alone() {
  echo $$ >".installing.$$"
  trap 'rm -f ".installing.$$"' EXIT
  trap 'exit 130' INT TERM HUP
  told=
  until ln ".installing.$$" .installing 2>/dev/null; do
    holder=$(cat .installing 2>/dev/null) || continue
    # Of one that was killed.
    kill -0 "$holder" 2>/dev/null || { rm -f .installing && continue; }
    [ -n "$told" ] || echo "Process $holder installs the npm packages; waiting for it ..." >&2
    told=yes
    sleep 1
  done
  trap 'rm -f ".installing.$$" .installing' EXIT
}

if missing; then
  alone
  if missing; then
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
  rm -f ".installing.$$" .installing
  trap - EXIT INT TERM HUP
fi

PATH="$PWD/node_modules/.bin:$PATH"
# What Node has compiled once it need not compile for each of the lab's and the tests' many short commands.
NODE_COMPILE_CACHE="${NODE_COMPILE_CACHE:-$PWD/node_modules/.cache/node}"
export PATH NODE_COMPILE_CACHE
exec node --disable-warning=ExperimentalWarning "$@"
