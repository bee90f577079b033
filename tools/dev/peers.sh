# The packages of the servers that ./dev bench peers compares with. Sourced by bench.sh.
# shellcheck shell=bash

# Nothing is kept running: what a package starts or enables of itself is stopped again.
peers_quiet() {
  have systemctl && [ -d /run/systemd/system ] || return 0
  systemctl disable --now nats-server redis-server mosquitto >/dev/null 2>&1 || true
}

# peers_packages ARGS...: installs what the servers of `--servers` need (default: all of them); one
# that cannot be installed is skipped by the benchmark, which says so.
peers_packages() {
  local wanted="ours,frame,nats,redis,mqtt,zmq" previous='' argument package missing=()
  for argument in "$@"; do
    [ "$previous" != --servers ] || wanted="$argument"
    previous="$argument"
  done
  declare -A package_of=([nats]=nats-server [redis]=redis-server [redis-noreply]=redis-server
    [mqtt]=mosquitto [zmq]=libzmq3-dev)
  for argument in ${wanted//,/ }; do
    package="${package_of[$argument]:-}"
    [ -n "$package" ] || continue
    [ "$(dpkg-query -W -f='${db:Status-Status}' "$package" 2>/dev/null)" = installed ] ||
      missing+=("$package")
  done
  [ "${#missing[@]}" -gt 0 ] || return 0
  say "to install: ${missing[*]}"
  if [ "$(id -u)" -ne 0 ] || ! have apt-get; then
    note "not installed, for want of root or of apt-get; their servers are skipped"
    return 0
  fi
  step "apt: refresh the package lists" apt-get update -q || true
  for package in "${missing[@]}"; do
    step "apt: $package" env DEBIAN_FRONTEND=noninteractive \
      apt-get install -y -q --no-install-recommends "$package" || note "$package is skipped"
  done
  peers_quiet
  rm -f "$RON_BUILD/release/build.ninja"  # configure again: libzmq may have come
}
