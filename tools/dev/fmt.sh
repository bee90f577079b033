#!/usr/bin/env bash
# ./dev fmt [--check] [FILE...]: formats the C++ sources (clang-format 19).
set -euo pipefail
# shellcheck source=tools/dev/common.sh
. "$RON_ROOT/tools/dev/common.sh"

mode=(-i)
if [ "${1:-}" = --check ]; then
  mode=(--dry-run --Werror)
  shift
fi
have clang-format-19 || bash tools/dev/setup.sh --quiet
if [ $# -gt 0 ]; then
  printf '%s\0' "$@"
else
  git ls-files -z --cached --others --exclude-standard -- '*.cpp' '*.hpp'
fi | xargs -0 -r -n 32 -P "$RON_JOBS" clang-format-19 --style=file "${mode[@]}"
