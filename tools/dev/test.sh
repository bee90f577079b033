#!/usr/bin/env bash
# ./dev test [--preset PRESET] [FILTER] [CTEST ARGS]: build and run the tests, in parallel.
#
#   ./dev test                 everything: unit, property, vectors, integration
#   ./dev test gossip          tests whose name contains "gossip"
#   ./dev test -L integration  whatever ctest understands
#   ./dev test --preset asan   with the sanitizers
#   ./dev test --chaos         meshes of real processes, badly treated (test/chaos); some minutes
#
# What follows --chaos goes to test/chaos/run.py.
set -euo pipefail
# shellcheck source=tools/dev/common.sh
. "$RON_ROOT/tools/dev/common.sh"

preset=release
filter=()
chaos=
while [ $# -gt 0 ]; do
  case "$1" in
    --preset) preset="${2:?--preset needs a name}"; shift 2 ;;
    --chaos) chaos=1; shift; break ;;
    -*) break ;;
    *) filter=(-R "$1"); shift ;;
  esac
done
bash tools/dev/setup.sh --quiet
targets=()
[ -z "$chaos" ] || targets=(svc-overlay ronctl)
build_preset "$preset" "${targets[@]}" || exit 1
# Sanitized programs are slower; every deadline of the integration tests stretches with this.
case "$preset" in asan | tsan) export RON_TIME_SCALE="${RON_TIME_SCALE:-4}" ;; esac
if [ -n "$chaos" ]; then
  [ "$preset" = release ] || export RON_BIN_DIR="$RON_BUILD/$preset/bin"
  exec "$RON_PYTHON" test/chaos/run.py "$@"
fi
exec ctest --test-dir "build/$preset" -j "$RON_JOBS" --output-on-failure --no-tests=error \
  "${filter[@]}" "$@"
