#!/usr/bin/env bash
# ./dev mc [ARGS]: small worlds of the simulator, every choice enumerated within bounds.
#
# Arguments go to ron-mc; `./dev mc -- --help` shows them.
set -euo pipefail
# shellcheck source=tools/dev/common.sh
. "$RON_ROOT/tools/dev/common.sh"

[ "${1:-}" != -- ] || shift
bash tools/dev/setup.sh --quiet
build_preset release ron-mc || exit 1
exec build/bin/ron-mc "$@"
