# Unpacks BLAKE3's official C sources, which Debian ships inside librust-blake3-dev, into the cache.
# Installing that package would bring dozens of others along; unpacking it brings none.
# Sourced by setup.sh; sets RON_BLAKE3_DIR.
# shellcheck shell=bash

blake3_cached() {
  RON_BLAKE3_DIR="$(find "$RON_CACHE" -maxdepth 1 -type d -name 'blake3-*' 2>/dev/null | sort -V | tail -n 1)"
  [ -n "$RON_BLAKE3_DIR" ] && [ -f "$RON_BLAKE3_DIR/blake3.c" ]
}

blake3_fetch() {
  local work="$1" found version
  mkdir -p "$work/out" || return 1
  cd "$work" || return 1
  apt-get -o APT::Sandbox::User="$(id -un)" download librust-blake3-dev || return 1
  dpkg -x librust-blake3-dev_*.deb out
  found="$(find out -type d -path '*/blake3-*/c' | head -n 1)"
  [ -n "$found" ] || return 1
  version="$(basename "$(dirname "$found")")"
  rm -rf "${RON_CACHE:?}/$version"
  mv "$found" "$RON_CACHE/$version"
}

blake3_setup() {
  blake3_cached && return
  local work="$RON_CACHE/work-blake3.$$"
  mkdir -p "$work"
  step "blake3: unpack the official C sources" blake3_fetch "$work" ||
    { apt_refresh && step "blake3: unpack the official C sources" blake3_fetch "$work"; } ||
    die "BLAKE3's C sources could not be fetched (apt-get download librust-blake3-dev)."
  rm -rf "$work"
  blake3_cached || die "BLAKE3's C sources are not where they should be under $RON_CACHE"
}
