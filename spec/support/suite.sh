#!/bin/sh
# Runs the specs on each Lua named and ends with the totals of all of them.
#
#   spec/support/suite.sh lua5.4 luajit
#
# Every spec file runs in a process of its own, so that a crash or a hang costs
# one file and module state never passes from one file to the next. Variables:
#   SPEC     files or folders to run instead of all
#   JOBS     how many files run at once (3)
#   BUILD    the folder that holds <lua>/aom/core.so (build)
#   WRAP     a command in front of each Lua, such as valgrind
#   LIMIT    seconds one file may take (600)
#   BUSTED   more options for busted, such as --filter=NAME
set -eu

cd "$(dirname "$0")/../.."
root=$PWD
SPEC=${SPEC:-spec/unit spec/integration spec/luv spec/nginx spec/neovim}
BUILD=${BUILD:-build}
LIMIT=${LIMIT:-600}
results=$root/$BUILD/results

# Whether a file is worth running under this Lua. nginx, Neovim and the simulator are
# LuaJIT's, whichever Lua looks at them from outside. The newest Lua and LuaJIT run all the
# rest. What mostly waits for processes, sockets and clocks runs on no other; what depends on
# the interpreter, as Ctrl-C and exit statuses do, on the oldest one too. The Luas in between
# run what is about values, calls, coroutines and memory.
runs_on() {
  case $2 in
  spec/nginx/* | spec/neovim/* | spec/integration/simulator_*spec.lua) [ "$1" = luajit ]; return ;;
  esac
  case $1 in
  lua5.2 | lua5.3) runs_between "$2" ;;
  lua5.1) ! waits "$2" ;;
  esac
}

waits() {
  case $1 in
  spec/integration/window_*_spec.lua | spec/integration/deadlines_spec.lua | spec/integration/handshake_spec.lua | \
    spec/integration/lockout_spec.lua | spec/integration/reuse_spec.lua | spec/integration/documents_spec.lua | \
    spec/integration/install_spec.lua) ;;
  *) return 1 ;;
  esac
}

runs_between() {
  case ${1#spec/} in
  unit/* | luv/uv_spec.lua | luv/lifetime_spec.lua | luv/request_spec.lua | integration/adapter_spec.lua | \
    integration/concurrency_spec.lua | integration/failures_spec.lua | integration/hosts_spec.lua | \
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

# One file under one Lua. Leaves <name>.events, <name>.log and <name>.status.
run_file() {
  lua=$1 file=$2
  name=$results/$lua/$(printf '%s' "$file" | tr / .)
  rm -f "$name.events"
  status=0
  # The options in WRAP and BUSTED are meant to be split.
  # shellcheck disable=SC2086
  limited ${WRAP:-} "$lua" spec/support/busted.lua --run suite -o spec/support/report.lua \
    -Xoutput "$name.events" ${BUSTED:-} "$file" >"$name.log" 2>&1 </dev/null || status=$?
  echo "$status" >"$name.status"
}

count() {
  grep -c "^$1" "$2" || true
}

# Adds one file's result to the totals and prints its failures.
collect() {
  lua=$1 file=$2
  name=$results/$lua/$(printf '%s' "$file" | tr / .)
  [ -f "$name.events" ] || : >"$name.events"
  status=$(cat "$name.status")
  bad=$(count failed "$name.events")
  why=
  if ! grep -q '^done' "$name.events"; then
    last=$(sed -n '$s/^start //p' "$name.events")
    why="ended early with status $status${last:+ in: $last}"
    [ "$status" != 124 ] || why="took longer than $LIMIT seconds${last:+ in: $last}"
  elif [ "$bad" = 0 ] && [ "$status" != 0 ]; then
    why="every spec passed, but the process ended with status $status"
  fi
  [ -z "$why" ] || bad=$((bad + 1))
  passed=$((passed + $(count passed "$name.events")))
  failed=$((failed + bad))
  skipped=$((skipped + $(count skipped "$name.events")))
  if [ "$bad" != 0 ]; then
    printf '%s FAILED %s\n' "$lua" "$file${why:+: $why}"
    # Without the places where Lua looked for a module that is not there.
    sed "/^[[:space:]]*no f[a-z]* /d; s/^/  /" "$name.log"
  fi
  sed -n "s/^skipped /$lua skipped /p" "$name.events"
}

totals() {
  printf '%d passed, %d failed' "$1" "$2"
  if [ "$3" != 0 ]; then
    printf ', %d skipped' "$3"
  fi
}

run_lua() {
  lua=$1
  passed=0 failed=0 skipped=0 start=$(date +%s)
  rm -rf "${results:?}/$lua"
  mkdir -p "$results/$lua"
  if ! command -v "$lua" >/dev/null; then
    echo "$lua FAILED: not installed (make deps-test)"
    failed=1
  else
    list=$results/$lua/files
    spec_files | while read -r file; do
      if runs_on "$lua" "$file"; then printf '%s\n' "$file"; fi
    done >"$list"
    if [ -s "$list" ]; then
      xargs -P "${JOBS:-3}" -n 1 sh "$root/spec/support/suite.sh" --file "$lua" <"$list"
    else
      echo "$lua runs none of these files: see runs_on in spec/support/suite.sh"
    fi
    while read -r file; do
      collect "$lua" "$file"
    done <"$list"
  fi
  printf '%-8s %s (%d s)\n' "$lua" "$(totals $passed $failed $skipped)" $(($(date +%s) - start))
  all_passed=$((all_passed + passed))
  all_failed=$((all_failed + failed))
  all_skipped=$((all_skipped + skipped))
}

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
  LUA_CPATH="$root/$BUILD/$2/?.so;;"
  export LUA_CPATH
  run_file "$2" "$3"
  exit
fi

isolate
export BUILD LIMIT
all_passed=0 all_failed=0 all_skipped=0
for lua; do
  run_lua "$lua"
done
printf '%s\n' "$(totals $all_passed $all_failed $all_skipped)"
[ "$all_failed" = 0 ] && [ "$all_passed" != 0 ]
