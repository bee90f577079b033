# Unpacks promtool from Debian's prometheus package into the cache, for tools/lint/check_deploy.py.
# Installing that package would start a Prometheus here, now and at every boot, and bring its
# fonts and scripts along; unpacking it starts and brings nothing.
# Sourced by setup.sh.
# shellcheck shell=bash

promtool_fetch() {
  local work="$1"
  cd "$work" || return 1
  apt-get -o APT::Sandbox::User="$(id -un)" download prometheus || return 1
  dpkg --fsys-tarfile prometheus_*.deb | tar -x ./usr/bin/promtool || return 1
  mkdir -p "$RON_CACHE/promtool" && mv usr/bin/promtool "$RON_CACHE/promtool/promtool"
}

promtool_setup() {
  have promtool || [ -x "$RON_CACHE/promtool/promtool" ] && return
  local work="$RON_CACHE/work-promtool.$$"
  mkdir -p "$work"
  step "promtool: unpack it from prometheus" promtool_fetch "$work" ||
    { apt_refresh && step "promtool: unpack it from prometheus" promtool_fetch "$work"; } ||
    die "promtool could not be fetched (apt-get download prometheus)."
  rm -rf "$work"
}
