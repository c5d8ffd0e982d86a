#!/bin/sh
# Runs the specs on each Lua named and ends with the totals of all of them. The Luas share the jobs, so that what
# waits in one leaves the processor to the others.
#
#   spec/support/suite.sh lua5.4 luajit
#
# Every spec file runs in a process of its own, so that a crash or a hang costs
# one file and module state never passes from one file to the next. Variables:
#   SPEC     files or folders to run instead of all
#   JOBS     how many files run at once (3 for each processor)
#   BUILD    the folder that holds <lua>/aom/core.so (build)
#   WRAP     a command in front of each Lua, such as valgrind
#   LIMIT    seconds one file may take (600)
#   TIMES    how many of the files that cost most to name for each Lua (0)
#   WHOLE    not empty: each Lua runs all files, and not only those that depend on it
#   BUSTED   more options for busted, such as --filter=NAME
set -eu

cd "${0%/*}/../.."
root=$PWD
SPEC=${SPEC:-spec/unit spec/integration spec/luv spec/nginx spec/neovim}
BUILD=${BUILD:-build}
LIMIT=${LIMIT:-600}
TIMES=${TIMES:-0}
results=$root/$BUILD/results

# Whether a file is worth running under this Lua. nginx, Neovim and the simulator are LuaJIT's, and make nobody's,
# whichever Lua looks at them from outside. The newest Lua and LuaJIT run all the rest. The others run what is about
# values, calls, coroutines and memory, though not what the core does with files, which is C; the oldest one also what
# depends on how it ends and starts processes.
runs_on() {
  case $2 in
  spec/nginx/* | spec/neovim/* | spec/integration/simulator_*spec.lua | spec/integration/make_spec.lua)
    [ "$1" = luajit ]
    return
    ;;
  esac
  [ -z "${WHOLE:-}" ] || return 0
  case $1 in
  lua5.2 | lua5.3) depends_on_lua "$2" ;;
  lua5.1) depends_on_lua "$2" || depends_on_exits "$2" ;;
  esac
}

depends_on_exits() {
  case ${1#spec/} in
  luv/exit_spec.lua | integration/cli_spec.lua | integration/process_spec.lua) ;;
  *) return 1 ;;
  esac
}

depends_on_lua() {
  case ${1#spec/} in
  unit/core/file_spec.lua) return 1 ;;
  unit/* | luv/uv_spec.lua | luv/lifetime_spec.lua | luv/request_spec.lua | integration/adapter_spec.lua | \
    integration/concurrency_spec.lua | integration/finalisers_spec.lua | integration/hosts_spec.lua | \
    integration/interrupted_spec.lua | integration/memory_spec.lua | integration/metatable_spec.lua | \
    integration/no_json_spec.lua | integration/operations_spec.lua | integration/request_spec.lua | \
    integration/trigger_spec.lua) ;;
  *) return 1 ;;
  esac
}

spec_files() {
  for place in $SPEC; do
    if [ -d "$place" ]; then
      find "$place" -name '*_spec.lua'
    elif [ -f "$place" ]; then
      printf '%s\n' "$place"
    fi
  done | sed 's,^\./,,' | sort
}

limited() {
  if command -v timeout >/dev/null; then
    timeout -k 10 "$LIMIT" "$@"
  else
    "$@"
  fi
}

# One file under one Lua, with a folder of its own for temporary files. Leaves $1.events, $1.log, and in $1.ended the exit
# status and the time of the processor.
run_file() {
  status=0
  # The options in WRAP and BUSTED are meant to be split.
  # shellcheck disable=SC2086
  limited ${WRAP:-} "$2" spec/support/busted.lua --run suite -o spec/support/report.lua \
    -Xoutput "$1.events" ${BUSTED:-} "$3" >"$1.log" 2>&1 </dev/null || status=$?
  { echo "$status" && times; } >"$1.ended"
}

# What each Lua runs. What mostly waits comes before the units.
list_files() {
  for lua; do
    command -v "$lua" >/dev/null || continue
    spec_files | while read -r file; do
      if runs_on "$lua" "$file"; then printf '%s %s\n' "$lua" "$file"; fi
    done
  done | sort -k 2 | awk '{ print ($2 ~ "^spec/unit/"), NR, $0 }' | sort -s -k 1,1n | cut -d ' ' -f 2-
}

processors() { getconf _NPROCESSORS_ONLN 2>/dev/null || echo 1; }

# The specs see neither the proxy, the authorities, the profile nor the credentials
# of whoever runs them.
isolate() {
  for variable in $(env | sed -n 's/^\(HUAWEICLOUD_[A-Za-z0-9_]*\)=.*/\1/p'); do
    unset "$variable"
  done
  unset http_proxy https_proxy all_proxy no_proxy HTTP_PROXY HTTPS_PROXY ALL_PROXY NO_PROXY
  unset SSL_CERT_FILE SSL_CERT_DIR CURL_CA_BUNDLE
  unset LUA_INIT LUA_INIT_5_2 LUA_INIT_5_3 LUA_INIT_5_4
  unset LUA_PATH_5_2 LUA_PATH_5_3 LUA_PATH_5_4 LUA_CPATH_5_2 LUA_CPATH_5_3 LUA_CPATH_5_4
  HOME=$results/home
  rm -rf "$HOME"
  mkdir -p "$HOME"
  LUA_PATH="$root/lua/?.lua;$root/lua/?/init.lua;$root/?.lua;;"
  export HOME LUA_PATH
}

if [ "${1:-}" = --file ]; then
  TMPDIR=$scratch/$2 LUA_CPATH="$root/$BUILD/$3/?.so;;"
  export TMPDIR LUA_CPATH
  run_file "$results/$2" "$3" "$4"
  exit
fi

rm -rf "$results"
isolate
scratch=$(mktemp -d "${TMPDIR:-/tmp}/aom_XXXXXX")
trap 'rm -rf "$scratch"' EXIT
trap 'exit 130' INT TERM
export BUILD LIMIT scratch
start=$(date +%s)
list_files "$@" >"$results/all"
(cd "$scratch" && cut -d ' ' -f 1 | xargs mkdir -p) <"$results/all"
xargs -P "${JOBS:-$((3 * $(processors)))}" -n 3 sh "$root/spec/support/suite.sh" --file <"$results/all" || true
(cd "$scratch" && find . -mindepth 2) >"$results/left"
luajit spec/support/totals.lua "$results" "$start" "$TIMES" "$@"
