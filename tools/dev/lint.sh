#!/usr/bin/env bash
# ./dev lint [--all | --since COMMIT] [CHECK...]: the linters.
#
#   ./dev lint           the checks of tools/lint, formatting, and clang-tidy on what changed since the
#                        merge base with main (on main: in the last commit), uncommitted work included
#   ./dev lint --all     clang-tidy on everything
#   ./dev lint sizes     named checks of tools/lint only (arrows, banned, sizes, spec_ids, ...)
set -euo pipefail
# shellcheck source=tools/dev/common.sh
. "$RON_ROOT/tools/dev/common.sh"

all='' since='' checks=()
while [ $# -gt 0 ]; do
  case "$1" in
    --all) all=1 ;;
    --since) since="${2:?--since needs a commit}"; shift ;;
    -*) die "unknown option: $1" ;;
    *) checks+=("$1") ;;
  esac
  shift
done
bash tools/dev/setup.sh --quiet
failed=0
"$RON_PYTHON" tools/lint/run.py ${all:+--all} "${checks[@]}" || failed=1
[ "${#checks[@]}" -eq 0 ] || exit "$failed"

step "lint: formatting (./dev fmt mends it)" bash tools/dev/fmt.sh --check || failed=1

# clang-tidy needs the compile commands and the generated headers, not a whole build.
changed_sources() {
  local base="$since"
  if [ -n "$all" ] || ! git rev-parse -q --verify HEAD~1 >/dev/null; then
    git ls-files '*.cpp'
    return
  fi
  if [ -z "$base" ]; then
    base="$(git merge-base HEAD origin/main 2>/dev/null || git merge-base HEAD main 2>/dev/null || true)"
    if [ -z "$base" ] || [ "$base" = "$(git rev-parse HEAD)" ]; then base=HEAD~1; fi
  fi
  { git diff --name-only --diff-filter=d "$base" -- '*.cpp' '*.hpp'
    git ls-files --others --exclude-standard -- '*.cpp' '*.hpp'; } | sort -u | while read -r file; do
    case "$file" in
      *.cpp) echo "$file" ;;
      # A changed header is read through its own source or test.
      *) for twin in "${file%.hpp}.cpp" "${file%.hpp}_test.cpp"; do
           if [ -f "$twin" ]; then echo "$twin"; break; fi
         done ;;
    esac
  done | sort -u
}
build_preset release ron_version_source || exit 1
# The compile commands name precompiled headers, which nothing but a build makes.
mapfile -t headers < <(grep -oE '[^ "]+cmake_pch\.hxx\.pch' build/release/compile_commands.json |
  sed "s#^$RON_ROOT/build/release/##" | sort -u)
[ "${#headers[@]}" -eq 0 ] ||
  step "lint: precompiled headers" ninja -C build/release "${headers[@]}" || exit 1
mapfile -t sources < <(changed_sources | while read -r file; do
  grep -qF "/$file\"" build/release/compile_commands.json && echo "$file"; done)
# Tests go without the path-sensitive analyzer: slow on the test framework's macros, and blind to them.
tidy() {
  local product=() tests=() file rc=0
  for file in "${sources[@]}"; do
    case "$file" in *_test.cpp | test/* | bench/*) tests+=("$file") ;; *) product+=("$file") ;; esac
  done
  [ "${#product[@]}" -eq 0 ] || printf '%s\0' "${product[@]}" |
    xargs -0 -n 1 -P "$RON_JOBS" clang-tidy-19 -p build/release --quiet || rc=1
  [ "${#tests[@]}" -eq 0 ] || printf '%s\0' "${tests[@]}" |
    xargs -0 -n 1 -P "$RON_JOBS" clang-tidy-19 -p build/release --quiet --checks='-clang-analyzer-*' || rc=1
  return "$rc"
}
if [ "${#sources[@]}" -gt 0 ]; then
  step "lint: clang-tidy on ${#sources[@]} files" tidy || failed=1
fi
exit "$failed"
