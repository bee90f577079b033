# Builds a static OpenSSL >= 3.5 into a private prefix, from the source package of the next Debian
# release, unpacked by dpkg-source so that the distribution's security patches are in it.
# Cached by source version, flags and compiler. Sourced by setup.sh; sets RON_OPENSSL_PREFIX.
# shellcheck shell=bash

OPENSSL_OPTIONS=(no-shared no-tests no-docs no-legacy no-comp no-ssl3 no-weak-ssl-ciphers
  enable-ec_nistp_64_gcc_128)

# The system's own OpenSSL, when it is new enough and has static libraries.
openssl_system() {
  have pkg-config && pkg-config --atleast-version=3.5 openssl 2>/dev/null || return 1
  local libdir
  libdir="$(pkg-config --variable=libdir openssl)"
  [ -f "$libdir/libssl.a" ] && [ -f "$libdir/libcrypto.a" ] || return 1
  RON_OPENSSL_PREFIX="$(pkg-config --variable=prefix openssl)"
  RON_OPENSSL_LIBDIR="$libdir"
}

# The newest finished build in the cache that was made with today's options.
openssl_cached() {
  local key found
  key="$(openssl_key)"
  found="$(find "$RON_CACHE" -maxdepth 1 -type d -name "openssl-*-$key" 2>/dev/null | sort -V | tail -n 1)"
  [ -n "$found" ] && [ -f "$found/.complete" ] || return 1
  RON_OPENSSL_PREFIX="$found" RON_OPENSSL_LIBDIR="$found/lib"
}

openssl_key() {
  printf '%s %s %s' "${OPENSSL_OPTIONS[*]}" "$(uname -m)" "clang-19" | sha256sum | cut -c1-8
}

openssl_target() {
  case "$(uname -m)" in
    x86_64) echo linux-x86_64 ;;
    aarch64) echo linux-aarch64 ;;
    *) die "no OpenSSL target known for $(uname -m); install OpenSSL >= 3.5 with static libraries" ;;
  esac
}

# apt-get over a private set of lists: nothing of the system's apt state is read or changed.
private_apt() {
  local dir="$1" tool="$2"
  shift 2
  "$tool" -q -o Dir::Etc::sourcelist=/dev/null -o Dir::Etc::sourceparts="$dir/parts" \
    -o Dir::State::lists="$dir/lists" -o Dir::Cache="$dir/cache" -o APT::Sandbox::User="$(id -un)" \
    -o Acquire::Languages=none "$@"
}

openssl_fetch() {
  local work="$1" version
  mkdir -p "$work/parts" "$work/lists/partial" "$work/cache/archives/partial" "$work/src"
  "$RON_PYTHON" "$RON_ROOT/tools/dev/next_sources.py" "$work/parts/next.sources" || return 1
  private_apt "$work" apt-get update || return 1
  cd "$work/src" || return 1
  # Newest first: an index can name a version whose files have not reached the mirror.
  for version in $(private_apt "$work" apt-cache showsrc openssl | sed -n 's/^Version: //p' |
    sort -rV | uniq); do
    dpkg --compare-versions "$version" ge 3.5 || continue
    if private_apt "$work" apt-get source "openssl=$version"; then
      echo "$version" >"$work/version"
      break
    fi
    echo "openssl $version could not be fetched, trying the one before" >&2
  done
  [ -s "$work/version" ] || { echo "no source package of OpenSSL >= 3.5 found" >&2; return 1; }
  mv "$work"/src/openssl-*/ "$work/tree"
  # The guard against an unpatched tree: a fix that only the distribution's patches carry.
  if [ -f "$work/tree/debian/patches/series" ] && ! [ -s "$work/tree/.pc/applied-patches" ]; then
    echo "the distribution's patches were not applied" >&2
    return 1
  fi
  grep -q MAX_PENDING "$work/tree/ssl/quic/quic_port.c" ||
    { echo "the tree lacks the fix for unbounded QUIC channels: it is unpatched" >&2; return 1; }
}

openssl_configure() {
  cd "$1/tree" || return 1
  CC=clang-19 ./Configure "$(openssl_target)" --prefix="$2" --libdir=lib --openssldir="$2/etc" \
    "${OPENSSL_OPTIONS[@]}"
}

openssl_make() { cd "$1/tree" && make -j"$RON_JOBS" build_sw; }
openssl_install() { cd "$1/tree" && make install_sw; }

openssl_setup() {
  if openssl_system; then
    note "OpenSSL: the system's $(pkg-config --modversion openssl)"
    return
  fi
  openssl_cached && return
  local work prefix version
  work="$RON_CACHE/work-openssl.$$"
  mkdir -p "$work"
  step "openssl: fetch the next release's source" openssl_fetch "$work" ||
    die "OpenSSL >= 3.5 could not be fetched. It needs the network once; or install OpenSSL >= 3.5 with static libraries and pkg-config."
  version="$(cat "$work/version")"
  prefix="$RON_CACHE/openssl-$(printf '%s' "$version" | tr -c 'A-Za-z0-9.+~-' '_')-$(openssl_key)"
  step "openssl: configure $version" openssl_configure "$work" "$prefix" || exit 1
  step "openssl: build (a few minutes)" openssl_make "$work" || exit 1
  step "openssl: install" openssl_install "$work" || exit 1
  printf '%s\n' "$version" >"$prefix/.complete"
  rm -rf "$work"
  RON_OPENSSL_PREFIX="$prefix" RON_OPENSSL_LIBDIR="$prefix/lib"
}
