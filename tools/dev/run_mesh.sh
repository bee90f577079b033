#!/usr/bin/env bash
# For ./dev run --nodes N: N nodes on loopback, each with a key of its own, until Ctrl-C.
#
# run_mesh.sh N TLS_DIR [SVC-OVERLAY ARGS]. A node lives in build/run/mesh/I: node.key (kept, so that
# ids stay), node.toml, log, run.sock. It listens on 127.0.0.1:9510+I, its admin page on 9610+I.
set -euo pipefail
# shellcheck source=tools/dev/common.sh
. "$RON_ROOT/tools/dev/common.sh"
count="$1" tls="$2"
shift 2
bin="${RON_BIN_DIR:-build/bin}"
home="$RON_BUILD/run/mesh"
seeds=3
mkdir -p "$home"

ids=()
for i in $(seq "$count"); do
  mkdir -p "$home/$i"
  chmod 700 "$home/$i"
  key="$home/$i/node.key"
  if [ -f "$key" ]; then ids+=("$("$bin/ronctl" identity "$key")")
  else ids+=("$("$bin/ronctl" identity "$key" --new)"); fi
done

config() {
  local i="$1"
  cat <<TOML
transport.name = "node$i"
overlay.listen = "127.0.0.1:$((9510 + i))"
observability.metrics_addr = "127.0.0.1:$((9610 + i))"
overlay.shards = 1
uds.path = "$home/$i/run.sock"
identity.key_file = "$home/$i/node.key"
mesh.allow = [$(printf '"%s", ' "${ids[@]}")]
[tls]
enabled = true
require_client_cert = true
cert_path = "$tls/node.pem"
key_path = "$tls/node.key"
client_ca_path = "$tls/ca.pem"
TOML
  for seed in $(seq "$((count < seeds ? count : seeds))"); do
    [ "$seed" = "$i" ] && continue
    printf '[[peers]]\naddr = "127.0.0.1:%s"\nid = "%s"\n' "$((9510 + seed))" "${ids[seed - 1]}"
  done
}

pids=()
told=    # the terminal tells the nodes of Ctrl-C itself; a second signal would end them at once
finish() {
  trap - EXIT INT TERM
  [ -n "$told" ] || [ ${#pids[@]} -eq 0 ] || kill -TERM "${pids[@]}" 2>/dev/null || true
  wait
}
trap finish EXIT
trap 'told=1; exit 0' INT
trap 'exit 0' TERM
for i in $(seq "$count"); do
  config "$i" >"$home/$i/node.toml"
  "$bin/svc-overlay" --config "$home/$i/node.toml" "$@" 2>"$home/$i/log" &
  pids+=($!)
done

cat >&2 <<TEXT

A mesh of $count nodes; Ctrl-C ends them. Their logs: build/run/mesh/1/log to $count/log. In a second
terminal, from this directory:

  M=$home
  build/bin/ronctl --url unix:\$M/$count/run.sock sub 'hello/*' &
  build/bin/ronctl --url unix:\$M/1/run.sock pub hello/world 'through the mesh'
  build/bin/ronctl --url unix:\$M/1/run.sock mesh
  build/bin/ronctl --url unix:\$M/1/run.sock peers list
  curl -s localhost:9611/metrics | grep overlay_mesh

A picture (with Graphviz):
  build/bin/ronctl --url unix:\$M/1/run.sock mesh --dot \$M/[2-$count]/run.sock | dot -Tsvg >mesh.svg

TEXT

# One that ends by itself is a fault: say so, and end the others.
code=0
wait -n "${pids[@]}" || code=$?
echo "a node ended with exit code $code:" >&2
for i in $(seq "$count"); do
  kill -0 "${pids[i - 1]}" 2>/dev/null || tail -n 3 "$home/$i/log" >&2
done
exit 1
