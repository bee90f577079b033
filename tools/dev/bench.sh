#!/usr/bin/env bash
# ./dev bench [NAME|all] [ARGS]: benchmarks, built as people run it (release).
#
#   ./dev bench                               every micro benchmark
#   ./dev bench topic --benchmark_filter=X    one; arguments go to the program
#   ./dev bench sessions --tls                what idle sessions cost a node
#   ./dev bench admin                         how fast the admin listener answers under full load
#   ./dev bench shards                        two shards against one: CPU time and messages a second (root)
#   ./dev bench --check [NAME...]             instructions of fixed work against the committed baseline
#   ./dev bench --check --update              makes what is now the baseline
#   ./dev bench peers --quick                 against nats, redis, mosquitto, zmq and a bare relay (root)
#   ./dev bench mesh                          20 nodes as a mesh, beside nats clusters and gossipsub (js)
#   ./dev bench flame w1                      where the node's cycles go under that workload (root)
#   ./dev bench --list                        what there is
set -euo pipefail
# shellcheck source=tools/dev/common.sh
. "$RON_ROOT/tools/dev/common.sh"

names() { find bench -name '*_bench.cpp' -printf '%f\n' | sed 's/_bench\.cpp$//' | sort; }
if [ "${1:-}" = --list ]; then
  names
  echo sessions
  echo admin
  echo shards
  echo peers
  echo flame
  echo mesh
  exit 0
fi
name="${1:-all}"
[ $# -eq 0 ] || shift
if [ "$name" = --check ]; then
  extra=()
  have valgrind || extra=(valgrind)
  bash tools/dev/setup.sh --quiet "${extra[@]}"
  build_preset release bench_check || exit 1
  exec "$RON_PYTHON" bench/check/run.py "$@"
fi
bash tools/dev/setup.sh --quiet
case "$name" in all | micro)
  build_preset release benchmarks || exit 1
  failed=0
  while read -r each; do
    say "-- $each"
    "build/release/bench/bench_$each" "$@" || failed=1
  done < <(names)
  exit "$failed" ;;
esac
if [ "$name" = admin ]; then
  build_preset release svc-overlay ronctl || exit 1
  exec "$RON_PYTHON" bench/admin/run.py "$@"
fi
if [ "$name" = shards ]; then
  build_preset release svc-overlay peers_generator || exit 1
  exec bash bench/peers/run.sh ../shards/run.py "$@"
fi
if [ "$name" = peers ]; then
  . "$RON_ROOT/tools/dev/peers.sh"
  case " $* " in *" --help "* | *" -h "*) exec "$RON_PYTHON" bench/peers/run.py --help ;; esac
  peers_packages "$@"
  build_preset release svc-overlay peers || exit 1
  exec bash bench/peers/run.sh run.py "$@"
fi
if [ "$name" = mesh ]; then
  case " $* " in *" --help "* | *" -h "*) exec "$RON_PYTHON" bench/mesh/run.py --help ;; esac
  case " $* " in *" --systems "*) ;; *)
    . "$RON_ROOT/tools/dev/peers.sh"
    peers_packages --servers nats ;;
  esac
  build_preset release svc-overlay ronctl || exit 1
  exec bash bench/mesh/run.sh "$@"
fi
if [ "$name" = flame ]; then
  case " $* " in *" --help "* | *" -h "*) exec "$RON_PYTHON" bench/peers/flame.py --help ;; esac
  have perf || bash tools/dev/setup.sh --quiet linux-perf
  build_preset release svc-overlay peers || exit 1
  exec bash bench/peers/run.sh flame.py "$@"
fi
[ "$name" = sessions ] || names | grep -qx -- "$name" || die "no benchmark '$name'; there are: $(names | tr '\n' ' ')"
build_preset release "bench_$name" || exit 1
exec "build/release/bench/bench_$name" "$@"
