#!/usr/bin/env bash
# ./dev build [PRESET] [TARGET...]: set up, configure and build.
#
#   release    -O2, hardened; binaries in build/bin (default)
#   debug      no optimisation
#   asan       AddressSanitizer and UndefinedBehaviorSanitizer, with the fuzz targets
#   tsan       ThreadSanitizer
#   coverage   instrumented for line coverage
#   gcc-core   the core folders with gcc 12
#
# RON_JOBS limits the parallel jobs, RON_VERBOSE=1 streams the compiler's output.
set -euo pipefail
# shellcheck source=tools/dev/common.sh
. "$RON_ROOT/tools/dev/common.sh"

bash tools/dev/setup.sh --quiet
build_preset "${1:-release}" "${@:2}"
