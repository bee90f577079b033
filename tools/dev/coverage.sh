#!/usr/bin/env bash
# ./dev coverage [--html]: line coverage of all tests, by folder; fails under the thresholds.
#
# Core folders need 90 % each, all sources together 85 %. --html writes build/coverage/html.
set -euo pipefail
# shellcheck source=tools/dev/common.sh
. "$RON_ROOT/tools/dev/common.sh"

bash tools/dev/setup.sh --quiet
build_preset coverage || exit 1
out="$RON_BUILD/coverage/report"
rm -rf "$out"
mkdir -p "$out/raw"
run_tests() {
  LLVM_PROFILE_FILE="$out/raw/%4m.profraw" ctest --test-dir build/coverage -j "$RON_JOBS" \
    --output-on-failure --no-tests=error
}
failed=0
step "coverage: tests" run_tests || failed=1
step "coverage: merge" llvm-profdata-19 merge -sparse -o "$out/all.profdata" "$out"/raw/*.profraw
objects=()
while read -r program; do objects+=(-object "$program"); done < <(
  find build/coverage -type f -executable -size +20k \( -path '*/tests/*' -o -path '*/bin/*' -o -path '*/fuzz/fuzz_*' \))
llvm-cov-19 export -summary-only -instr-profile "$out/all.profdata" "${objects[@]}" >"$out/summary.json"
if [ "${1:-}" = --html ]; then
  step "coverage: html" llvm-cov-19 show -format=html -output-dir "$RON_BUILD/coverage/html" \
    -instr-profile "$out/all.profdata" "${objects[@]}" -ignore-filename-regex='(_test|_model)\.[ch]pp|/usr/|/test/'
fi
"$RON_PYTHON" tools/dev/coverage_report.py "$out/summary.json" || failed=1
exit "$failed"
