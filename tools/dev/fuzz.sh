#!/usr/bin/env bash
# ./dev fuzz [TARGET|all] [SECONDS] [LIBFUZZER ARGS]: the fuzz targets, with the sanitizers.
#
#   ./dev fuzz                     60 s a target, two at a time
#   ./dev fuzz pattern_match 600   one target for ten minutes
#   ./dev fuzz --list              what there is
#
# New inputs go to build/fuzz-corpus/TARGET; findings to build/fuzz-findings/TARGET. Worthwhile inputs
# belong into test/fuzz/corpus/TARGET, where every test run replays them.
set -euo pipefail
# shellcheck source=tools/dev/common.sh
. "$RON_ROOT/tools/dev/common.sh"

targets() { for file in test/fuzz/*.cpp; do basename "$file" .cpp; done | grep -vx replay; }

run_target() {
  local name="$1" seconds="$2" program="build/asan/fuzz/fuzz_$1"
  shift 2
  mkdir -p "build/fuzz-corpus/$name" "build/fuzz-findings/$name" "test/fuzz/corpus/$name"
  "$program" -max_total_time="$seconds" -timeout=10 -rss_limit_mb=2048 -print_final_stats=1 \
    -artifact_prefix="build/fuzz-findings/$name/" "$@" \
    "build/fuzz-corpus/$name" "test/fuzz/corpus/$name"
}

if [ "${1:-}" = --list ]; then
  targets
  exit 0
fi
which="${1:-all}" seconds="${2:-60}"
shift $(($# > 2 ? 2 : $#))
[[ "$seconds" =~ ^[0-9]+$ ]] || die "not a number of seconds: $seconds"
mapfile -t names < <(targets)
if [ "$which" != all ]; then
  [ -f "test/fuzz/$which.cpp" ] || die "no fuzz target '$which'; there are: ${names[*]}"
  names=("$which")
fi
bash tools/dev/setup.sh --quiet
build_preset asan "${names[@]/#/fuzz_}" || exit 1
if [ "${#names[@]}" -eq 1 ]; then
  run_target "${names[0]}" "$seconds" "$@"
  exit
fi
failed=0
for ((i = 0; i < ${#names[@]}; i += 2)); do
  pids=() pair=("${names[@]:i:2}")
  for name in "${pair[@]}"; do
    step "fuzz $name, $seconds s" run_target "$name" "$seconds" "$@" &
    pids+=($!)
  done
  for pid in "${pids[@]}"; do wait "$pid" || failed=$((failed + 1)); done
done
echo "$((${#names[@]} - failed)) passed, $failed failed"
[ "$failed" -eq 0 ]
