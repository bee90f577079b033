#!/usr/bin/env bash
# ./dev setup [PACKAGE...]: installs or builds what the project needs, and Debian packages that only
# some command needs (which asks for them itself). Touches nothing when all is there.
#
#   Debian packages     through apt-get (as root, or with sudo)
#   OpenSSL >= 3.5      the system's, else built once from the next release's source package
#   BLAKE3              the official C sources
#   promtool            from Debian's prometheus package, which is not installed
#
# Built things are kept in $XDG_CACHE_HOME/ron-deps (or $RON_DEPS_DIR), cached by version and flags.
set -euo pipefail
# shellcheck source=tools/dev/common.sh
. "$RON_ROOT/tools/dev/common.sh"
. "$RON_ROOT/tools/dev/openssl.sh"
. "$RON_ROOT/tools/dev/blake3.sh"
. "$RON_ROOT/tools/dev/promtool.sh"

PACKAGES=(cmake ninja-build clang-19 lld-19 llvm-19 libclang-rt-19-dev clang-tidy-19 clang-format-19
  g++-12 git make pkg-config dpkg-dev python3 python3-cbor2 universal-ctags shellcheck systemd zstd b3sum openssl
  zsh fish mandoc groff-base
  libboost1.81-dev libzstd-dev libtomlplusplus-dev nlohmann-json3-dev libspdlog-dev libfmt-dev
  libcli11-dev libgtest-dev libgmock-dev librapidcheck-dev libbenchmark-dev)

missing_packages() {
  local name
  for name in "${PACKAGES[@]}"; do
    [ "$(dpkg-query -W -f='${db:Status-Status}' "$name" 2>/dev/null)" = installed ] || echo "$name"
  done
}

# root_for WHAT: sets `as_root` to the words that turn a command into one of root's.
root_for() {
  as_root=()
  [ "$(id -u)" -ne 0 ] || return 0
  have sudo || die "neither root nor sudo is at hand to $1"
  sudo -v || die "sudo was refused; needed to $1"
  as_root=(sudo)
}

apt_refresh() {
  local as_root
  root_for "refresh the package lists"
  step "apt: refresh the package lists" "${as_root[@]}" apt-get update -q
}

apt_install() {
  local as_root
  root_for "install: $*"
  apt_refresh || note "the package lists could not be refreshed; trying with those at hand"
  step "apt: install $# packages" "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive \
    apt-get install -y -q --no-install-recommends "$@" || exit 1
}

main() {
  local quiet=''
  if [ "${1:-}" = --quiet ]; then
    quiet=1
    shift
  fi
  PACKAGES+=("$@")
  if ! have apt-get || ! have dpkg-query; then
    die "this is not a Debian system. Install the equivalents of:
  ${PACKAGES[*]}
and OpenSSL >= 3.5 with static libraries, put BLAKE3's C sources into $RON_CACHE/blake3-VERSION,
then build with: cmake --preset release && cmake --build --preset release"
  fi
  local missing
  mapfile -t missing < <(missing_packages)
  if [ "${#missing[@]}" -gt 0 ]; then
    say "to install: ${missing[*]}"
    apt_install "${missing[@]}"
  fi
  mkdir -p "$RON_CACHE" "$RON_BUILD"
  blake3_setup
  promtool_setup
  openssl_setup
  local record="# Written by ./dev setup; read by cmake/RonDependencies.cmake.
set(RON_OPENSSL_PREFIX \"$RON_OPENSSL_PREFIX\")
set(RON_OPENSSL_LIBDIR \"$RON_OPENSSL_LIBDIR\")
set(RON_BLAKE3_DIR \"$RON_BLAKE3_DIR\")"
  for file in "$RON_CACHE/deps.cmake" "$RON_BUILD/deps.cmake"; do
    [ "$(cat "$file" 2>/dev/null)" = "$record" ] || printf '%s\n' "$record" >"$file"
  done
  [ -n "$quiet" ] || say "everything is there: OpenSSL in $RON_OPENSSL_PREFIX, BLAKE3 in $RON_BLAKE3_DIR"
}

main "$@"
