#!/usr/bin/env bash
# The whole system in a few seconds, from the binaries in build/bin: a node with TLS and client
# certificates, a subscriber and a publisher, byte for byte, and an orderly end. Used by .ci/run.
set -euo pipefail
# shellcheck source=tools/dev/common.sh
. "$RON_ROOT/tools/dev/common.sh"

dir="$(mktemp -d)"
node='' sub=''
finish() {
  local rc=$?
  for pid in $sub $node; do kill -KILL "$pid" 2>/dev/null || true; done
  if [ "$rc" -ne 0 ]; then tail -n 20 "$dir"/*.log >&2 || true; fi
  rm -rf "$dir"
}
trap finish EXIT

# until_true SECONDS COMMAND...: polls a condition against a deadline.
until_true() {
  local end=$((SECONDS + $1))
  shift
  until "$@"; do
    [ "$SECONDS" -lt "$end" ] || { echo "waited in vain for: $*" >&2; return 1; }
    read -r -t 0.05 <> <(:) || true
  done
}

build/bin/ronctl tls init "$dir/tls" >/dev/null
build/bin/svc-overlay --bind 127.0.0.1:0 --metrics 127.0.0.1:0 --log-format json --shards 2 --tls \
  --tls-require-client-cert --tls-cert "$dir/tls/node.pem" --tls-key "$dir/tls/node.key" \
  --tls-client-ca "$dir/tls/ca.pem" >"$dir/node.log" 2>&1 &
node=$!
listening() { grep -qE '"(listen|bind|overlay|addr)[a-z_]*": ?"127\.0\.0\.1:[0-9]+"' "$dir/node.log"; }
until_true 10 listening
port="$(grep -oE '"(listen|bind|overlay|addr)[a-z_]*": ?"127\.0\.0\.1:[0-9]+"' "$dir/node.log" |
  head -n 1 | grep -oE '[0-9]+"$' | tr -d '"')"
export RON_NODE_URL="rons://127.0.0.1:$port" RON_CA="$dir/tls/ca.pem" \
  RON_CERT="$dir/tls/client.pem" RON_KEY="$dir/tls/client.key"
build/bin/ronctl ping --count 1 >/dev/null

lines=20000
seq -f 'line %.0f' "$lines" >"$dir/in"
build/bin/ronctl sub 'smoke/*' --count "$lines" --timeout 30s --format raw >"$dir/out" 2>"$dir/sub.log" &
sub=$!
until_true 10 grep -q subscribed "$dir/sub.log"
build/bin/ronctl pub smoke/lines - --lines <"$dir/in" 2>"$dir/pub.log"
wait "$sub"
sub=''
cmp "$dir/in" "$dir/out" || { echo "what arrived is not what was sent" >&2; exit 1; }
kill -TERM "$node"
wait "$node" || { echo "the node did not end in order: exit $?" >&2; exit 1; }
node=''
echo "smoke: $lines lines over TLS, byte for byte; orderly end"
