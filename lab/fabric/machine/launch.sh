#!/bin/sh
# Starts a machine inside cgroups of its own: `launch.sh <cgroup folder>... -- <command>...`. The launcher moves itself
# before it becomes the command, so no process of the machine is ever outside.
set -eu
while [ "$1" != -- ]; do
  echo $$ > "$1/cgroup.procs"
  shift
done
shift
exec "$@"
