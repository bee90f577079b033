#!/usr/bin/env bash
# ./dev test [--preset PRESET] [FILTER] [CTEST ARGS]: build and run the tests, in parallel.
#
#   ./dev test                 everything: unit, property, vectors, integration
#   ./dev test gossip          tests whose name contains "gossip"
#   ./dev test -L integration  whatever ctest understands
#   ./dev test --preset asan   with the sanitizers
set -euo pipefail
# shellcheck source=tools/dev/common.sh
. "$RON_ROOT/tools/dev/common.sh"

preset=release
filter=()
while [ $# -gt 0 ]; do
  case "$1" in
    --preset) preset="${2:?--preset needs a name}"; shift 2 ;;
    -*) break ;;
    *) filter=(-R "$1"); shift ;;
  esac
done
bash tools/dev/setup.sh --quiet
build_preset "$preset" || exit 1
# Sanitized programs are slower; every deadline of the integration tests stretches with this.
case "$preset" in asan | tsan) export RON_TIME_SCALE="${RON_TIME_SCALE:-4}" ;; esac
exec ctest --test-dir "build/$preset" -j "$RON_JOBS" --output-on-failure --no-tests=error \
  "${filter[@]}" "$@"
