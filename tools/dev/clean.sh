#!/usr/bin/env bash
# ./dev clean [--deps]: removes build/; with --deps also the dependencies built by ./dev setup.
set -euo pipefail
# shellcheck source=tools/dev/common.sh
. "$RON_ROOT/tools/dev/common.sh"

rm -rf "$RON_BUILD"
if [ "${1:-}" = --deps ]; then
  rm -rf "$RON_CACHE"
fi
