# Shared by ./dev and its commands: where things are, and how a step is run and shown.
# Sourced, never run. Expects RON_ROOT; sets RON_CACHE (built dependencies) and RON_LOGS.
# shellcheck shell=bash

RON_CACHE="${RON_DEPS_DIR:-${XDG_CACHE_HOME:-${HOME:-/tmp}/.cache}/ron-deps}"
export PATH="$PATH:$RON_CACHE/promtool"  # where setup puts it when the machine has none
RON_BUILD="$RON_ROOT/build"
RON_LOGS="$RON_BUILD/logs"
# Debian's own interpreter: the Python packages come from Debian too.
RON_PYTHON="$(test -x /usr/bin/python3 && echo /usr/bin/python3 || echo python3)"
RON_JOBS="${RON_JOBS:-$(nproc 2>/dev/null || echo 2)}"

if [ -t 2 ] && [ -z "${NO_COLOR:-}" ] && [ "${TERM:-dumb}" != dumb ]; then
  C_OK=$'\e[32m' C_BAD=$'\e[31m' C_DIM=$'\e[2m' C_OFF=$'\e[0m' RON_TTY=1
else
  C_OK='' C_BAD='' C_DIM='' C_OFF='' RON_TTY=''
fi

say()  { printf '%s\n' "$*" >&2; }
note() { printf '%s%s%s\n' "$C_DIM" "$*" "$C_OFF" >&2; }
die()  { printf '%serror:%s %s\n' "$C_BAD" "$C_OFF" "$*" >&2; exit 1; }
have() { command -v "$1" >/dev/null 2>&1; }

# Prints the comment block at the head of a command's script: its help text.
help_of() { sed -n '2,/^[^#]/{s/^# \{0,1\}//p}' "$1"; }

# step NAME COMMAND...: runs the command with its output in a log file, one line with the elapsed
# time when it ends; the end of the log is shown when it fails. RON_VERBOSE=1 streams the output.
step() {
  local name="$1" log rc=0 start=$SECONDS ticker=''
  shift
  mkdir -p "$RON_LOGS"
  log="$RON_LOGS/$(printf '%s' "$name" | tr -c 'A-Za-z0-9._-' '_').log"
  if [ -n "${RON_VERBOSE:-}" ]; then
    say "-- $name"
    ("$@") > >(tee "$log" >&2) 2>&1 </dev/null || rc=$?
  elif [ -n "$RON_TTY" ]; then
    # The command stays in the foreground, so that Ctrl-C reaches it; the ticker ends with us.
    (
      while kill -0 $$ 2>/dev/null; do
        printf '\r\e[K   %s %s(%d s) %s%s' "$name" "$C_DIM" $((SECONDS - start)) \
          "$(tail -c 300 "$log" 2>/dev/null | tr '\r' '\n' | tail -n 1 | cut -c1-60)" "$C_OFF" >&2
        sleep 0.5
      done
    ) &
    ticker=$!
    ("$@") >"$log" 2>&1 </dev/null || rc=$?
    kill "$ticker" 2>/dev/null || true
    wait "$ticker" 2>/dev/null || true
    printf '\r\e[K' >&2
  else
    ("$@") >"$log" 2>&1 </dev/null || rc=$?
  fi
  if [ "$rc" -eq 0 ]; then
    printf '%sok%s %-44s %4d s\n' "$C_OK" "$C_OFF" "$name" $((SECONDS - start)) >&2
  else
    printf '%sfailed%s %s after %d s (exit %d)\n' "$C_BAD" "$C_OFF" "$name" $((SECONDS - start)) "$rc" >&2
    [ -n "${RON_VERBOSE:-}" ] || tail -n 40 "$log" >&2
    say "the whole log: ${log#"$RON_ROOT"/}"
  fi
  return "$rc"
}

# build_preset PRESET [TARGET...]: configures when needed and builds. ccache is used when present.
build_preset() {
  local preset="$1" launcher=() targets=()
  shift
  if have ccache; then
    launcher=(-DCMAKE_C_COMPILER_LAUNCHER=ccache -DCMAKE_CXX_COMPILER_LAUNCHER=ccache)
  fi
  # ninja notices a changed CMakeLists.txt by itself, changed presets and dependencies it does not.
  if [ ! -f "$RON_BUILD/$preset/build.ninja" ] ||
    [ CMakePresets.json -nt "$RON_BUILD/$preset/build.ninja" ] ||
    [ "$RON_BUILD/deps.cmake" -nt "$RON_BUILD/$preset/build.ninja" ]; then
    step "$preset: configure" cmake --preset "$preset" "${launcher[@]}" || return 1
  fi
  [ $# -eq 0 ] || targets=(--target "$@")
  step "$preset: build${1:+ $*}" cmake --build "$RON_BUILD/$preset" -j "$RON_JOBS" "${targets[@]}"
}

# has_target PRESET TARGET: whether the configured build knows the target.
has_target() {
  ninja -C "$RON_BUILD/$1" -t query "$2" >/dev/null 2>&1
}
