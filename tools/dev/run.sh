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
listen=127.0.0.1:9440
args=()
if [ "${1:-}" = --tls ]; then
  shift
  dir="$RON_BUILD/dev-tls"
  [ -f "$dir/ca.pem" ] || build/bin/ronctl tls init "$dir" >&2
  args=(--listen "tls://$listen" --tls-cert "$dir/node.pem" --tls-key "$dir/node.key" --tls-client-ca "$dir/ca.pem")
  url="tls://$listen"
  client="--ca $dir/ca.pem --cert $dir/client.pem --key $dir/client.key"
else
  args=(--listen "tcp://$listen")
  url="tcp://$listen" client=''
fi
cat >&2 <<TEXT

In a second terminal, from this directory:
  export RON_NODE_URL=$url
  build/bin/ronctl ${client:+$client }sub 'hello/*'
and in a third:
  export RON_NODE_URL=$url
  build/bin/ronctl ${client:+$client }pub hello/world 'first light'

TEXT
exec build/bin/svc-overlay "${args[@]}" "$@"
