#!/usr/bin/env bash
# ./dev demo [ARGS]: the main job on real input, in under a minute.
#
# A node with TLS and hybrid key exchange; real files of this machine streamed through it to fast and
# slow subscribers; then the proof that every byte arrived, and that losses equal what was announced.
set -euo pipefail
# shellcheck source=tools/dev/common.sh
. "$RON_ROOT/tools/dev/common.sh"

bash tools/dev/setup.sh --quiet
build_preset release ron-demo svc-overlay ronctl || exit 1
exec build/bin/ron-demo "$@"
