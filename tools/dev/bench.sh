#!/usr/bin/env bash
# ./dev bench [micro|NAME] [ARGS]: benchmarks, built as people run it (release).
#
#   ./dev bench micro                        Google Benchmark over the core
#   ./dev bench micro --benchmark_filter=X   arguments go to the program
#   ./dev bench NAME                         build/bin/bench-NAME or bench/NAME.py
set -euo pipefail
# shellcheck source=tools/dev/common.sh
. "$RON_ROOT/tools/dev/common.sh"

name="${1:-micro}"
[ $# -eq 0 ] || shift
bash tools/dev/setup.sh --quiet
build_preset release || exit 1
if [ -x "build/bin/bench-$name" ]; then
  exec "build/bin/bench-$name" "$@"
elif [ -f "bench/$name.py" ]; then
  exec "$RON_PYTHON" "bench/$name.py" "$@"
fi
die "no benchmark '$name'; there are: $(find build/bin bench -maxdepth 1 \( -name 'bench-*' -o -name '*.py' \) -printf '%f ' | sed 's/bench-//g')"
