#!/usr/bin/env bash
# ./dev run [--tls | --nodes N] [SVC-OVERLAY ARGS]: build and start a node, or several, until Ctrl-C.
#
#   ./dev run             on this machine's loopback, without TLS
#   ./dev run --tls       with quantum-safe TLS: makes a development CA and certificates first
#   ./dev run --nodes 5   a mesh of 5 nodes (2 to 32) with quantum-safe TLS between them
#
# It prints the commands to type in a second terminal. Other arguments go to svc-overlay.
set -euo pipefail
# shellcheck source=tools/dev/common.sh
. "$RON_ROOT/tools/dev/common.sh"

nodes=
if [ "${1:-}" = --nodes ]; then
  nodes="${2:-}"
  case "$nodes" in
    [2-9] | [12][0-9] | 3[0-2]) shift 2 ;;
    *) echo "./dev run --nodes: write a number from 2 to 32" >&2; exit 2 ;;
  esac
fi

bash tools/dev/setup.sh --quiet
build_preset release svc-overlay ronctl || exit 1
tls_dir="$RON_BUILD/dev-tls"
make_certificates() {
  [ -f "$tls_dir/client.pem" ] || build/bin/ronctl tls init "$tls_dir" >/dev/null
}
if [ -n "$nodes" ]; then
  make_certificates
  exec bash tools/dev/run_mesh.sh "$nodes" "$tls_dir" "$@"
fi

listen=127.0.0.1:9500
socket="$RON_BUILD/run/svc-overlay.sock"
args=(--bind "$listen" --uds "$socket")
exports="export RON_NODE_URL=ron://$listen"
if [ "${1:-}" = --tls ]; then
  shift
  make_certificates
  args+=(--tls --tls-require-client-cert --tls-cert "$tls_dir/node.pem"
    --tls-key "$tls_dir/node.key" --tls-client-ca "$tls_dir/ca.pem")
  exports="export RON_NODE_URL=rons://$listen RON_CA=$tls_dir/ca.pem
  export RON_CERT=$tls_dir/client.pem RON_KEY=$tls_dir/client.key"
fi
cat >&2 <<TEXT

A node for this machine; Ctrl-C ends it. In a second terminal, from this directory:

  $exports
  build/bin/ronctl sub 'hello/*' &
  build/bin/ronctl pub hello/world 'first light'
  build/bin/ronctl --url unix:$socket status

TEXT
exec build/bin/svc-overlay "${args[@]}" "$@"
