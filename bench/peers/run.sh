#!/usr/bin/env bash
# run.sh SCRIPT ARGS: one of the Python programs here in a private network namespace: loopback only,
# one congestion control, no port taken, and above other work of the machine. Called by ./dev bench
# from the root of the tree.
set -euo pipefail
[ "$(id -u)" -eq 0 ] || { echo "error: the peer benchmarks need root, for a private network namespace" >&2; exit 1; }
export CONGESTION="${CONGESTION:-cubic}"
here="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)"
script="$1"
shift
# A session of its own is an autogroup of its own for the scheduler.
# shellcheck disable=SC2016
exec setsid -w unshare -n bash -c '
  set -eu
  ip link set lo up
  for net in 127.0.0.1 127.0.0.0/8; do
    ip route replace local "$net" dev lo table local proto kernel scope host src 127.0.0.1 \
      congctl "$CONGESTION"
  done
  [ ! -w /proc/self/autogroup ] || echo -14 >/proc/self/autogroup
  exec nice -n -14 /usr/bin/python3 "$@"' run "$here/$script" "$@"
