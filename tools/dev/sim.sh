#!/usr/bin/env bash
# ./dev sim [--seed N] [--seeds N] [--shards K] [--nodes N] [--steps N]: the node in the deterministic
#                          simulator; with --nodes a mesh of whole nodes (--nodes 24 --steps 1500).
# ./dev sim --scenario NAME [--nodes N] [--seed S] [--seeds K] [--plot] [--set 'KEY = VALUE']...:
#                          a mesh of up to 10 000 nodes (sim/mesh/scenarios), a line of JSON a seed;
#                          --plot draws it beside its baselines into build/sim, of several seeds the
#                          first that failed, or else the first; --shrink makes a failing run smaller.
# ./dev sim --table [--seeds K] [--rows NAME,...]: all scenarios, judged; kept in sim/mesh/results.
#
# Every seed is a world of its own: clients, nodes, faults on the links, virtual time. A failure
# prints its seed; the same seed gives the same trace.
# Arguments go to ron-sim or ron-mesh-sim; an unknown one makes them list what they take.
set -euo pipefail
# shellcheck source=tools/dev/common.sh
. "$RON_ROOT/tools/dev/common.sh"

program=ron-sim
mode=run
args=()
for arg in "$@"; do
  case "$arg" in
    --scenario) program=ron-mesh-sim ;;
    --table) program=ron-mesh-sim mode=table; continue ;;
    --plot) mode=plot; continue ;;
  esac
  args+=("$arg")
done

# A large world is walked at random: huge pages save a tenth and more of its time.
export GLIBC_TUNABLES="${GLIBC_TUNABLES:-glibc.malloc.hugetlb=1}"

bash tools/dev/setup.sh --quiet
build_preset release "$program" || exit 1
case "$mode" in
  table) exec "$RON_PYTHON" sim/mesh/table.py ${args[@]+"${args[@]}"} ;;
  plot) exec "$RON_PYTHON" sim/mesh/plot.py ${args[@]+"${args[@]}"} ;;
  run) exec "build/bin/$program" ${args[@]+"${args[@]}"} ;;
esac
