#!/usr/bin/env bash
# ./dev mc [ARGS]: small worlds of the simulator, every choice enumerated within bounds.
set -euo pipefail
# shellcheck source=tools/dev/common.sh
. "$RON_ROOT/tools/dev/common.sh"

bash tools/dev/setup.sh --quiet
build_preset release || exit 1
for program in build/bin/ron-mc build/release/tests/mc_test; do
  if [ -x "$program" ]; then
    exec "$program" "$@"
  fi
done
exec build/bin/ron-sim --enumerate "$@"
