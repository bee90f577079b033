#!/usr/bin/env bash
# ./dev sim [--seed N] [--seeds N] [--shards K]: the node in the deterministic simulator.
#
# Every seed is a world of its own: clients, a node, faults on the links, virtual time. A failure
# prints its seed; the same seed gives the same trace.
# Arguments go to ron-sim; an unknown one makes it list what it takes.
set -euo pipefail
# shellcheck source=tools/dev/common.sh
. "$RON_ROOT/tools/dev/common.sh"

bash tools/dev/setup.sh --quiet
build_preset release ron-sim || exit 1
exec build/bin/ron-sim "$@"
