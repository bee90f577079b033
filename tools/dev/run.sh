#!/usr/bin/env bash
# ./dev run [--tls] [SVC-OVERLAY ARGS]: build and start a node in the foreground, until Ctrl-C.
#
#   ./dev run          on this machine's loopback, without TLS
#   ./dev run --tls    with quantum-safe TLS: makes a development CA and certificates first
#
# It prints the commands to type in a second terminal. Other arguments go to svc-overlay.
set -euo pipefail
# shellcheck source=tools/dev/common.sh
. "$RON_ROOT/tools/dev/common.sh"

bash tools/dev/setup.sh --quiet
build_preset release svc-overlay ronctl || exit 1
listen=127.0.0.1:9500
socket="$RON_BUILD/run/svc-overlay.sock"
args=(--bind "$listen" --uds "$socket")
exports="export RON_NODE_URL=ron://$listen"
if [ "${1:-}" = --tls ]; then
  shift
  dir="$RON_BUILD/dev-tls"
  [ -f "$dir/client.pem" ] || build/bin/ronctl tls init "$dir" >/dev/null
  args+=(--tls --tls-require-client-cert --tls-cert "$dir/node.pem" --tls-key "$dir/node.key"
    --tls-client-ca "$dir/ca.pem")
  exports="export RON_NODE_URL=rons://$listen RON_CA=$dir/ca.pem
  export RON_CERT=$dir/client.pem RON_KEY=$dir/client.key"
fi
cat >&2 <<TEXT

A node for this machine; Ctrl-C ends it. In a second terminal, from this directory:

  $exports
  build/bin/ronctl sub 'hello/*' &
  build/bin/ronctl pub hello/world 'first light'
  build/bin/ronctl --url unix:$socket status

TEXT
exec build/bin/svc-overlay "${args[@]}" "$@"
