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
#   TIMES    how many of the slowest files to name for each Lua (0)
#   WHOLE    not empty: each Lua runs all files, and not only those that depend on it
#   BUSTED   more options for busted, such as --filter=NAME
set -eu

cd "$(dirname "$0")/../.."
root=$PWD
SPEC=${SPEC:-spec/unit spec/integration spec/luv spec/nginx spec/neovim}
BUILD=${BUILD:-build}
LIMIT=${LIMIT:-600}
TIMES=${TIMES:-0}
results=$root/$BUILD/results

# Whether a file is worth running under this Lua. nginx, Neovim and the simulator are
# LuaJIT's, whichever Lua looks at them from outside. The newest Lua and LuaJIT run all the
# rest. The others run what is about values, calls, coroutines and memory; the oldest one also
# what depends on how it ends and starts processes.
runs_on() {
  case $2 in
  spec/nginx/* | spec/neovim/* | spec/integration/simulator_*spec.lua) [ "$1" = luajit ]; return ;;
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
  unit/* | luv/uv_spec.lua | luv/lifetime_spec.lua | luv/request_spec.lua | integration/adapter_spec.lua | \
    integration/concurrency_spec.lua | integration/hosts_spec.lua | \
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

# Writes to $2 the seconds since $1, and those of the processor for this shell's children.
note_times() {
  times >"$2"
  spent=$(sed -n '2s/[ms]/ /gp' "$2" | awk '{ printf "%.1f", $1 * 60 + $2 + $3 * 60 + $4 }')
  echo "$(($(date +%s) - $1)) $spent" >"$2"
}

# One file under one Lua, with a folder of its own for temporary files. Leaves <name>.events, <name>.log, <name>.status,
# <name>.left (what is in that folder afterwards) and <name>.took.
run_file() {
  lua=$1 file=$2
  name=$results/$lua/$(printf '%s' "$file" | tr / .)
  rm -f "$name.events"
  status=0 start=$(date +%s)
  TMPDIR=$(mktemp -d "$scratch/XXXXXX")
  export TMPDIR
  # The options in WRAP and BUSTED are meant to be split.
  # shellcheck disable=SC2086
  limited ${WRAP:-} "$lua" spec/support/busted.lua --run suite -o spec/support/report.lua \
    -Xoutput "$name.events" ${BUSTED:-} "$file" >"$name.log" 2>&1 </dev/null || status=$?
  note_times "$start" "$name.took"
  find "$TMPDIR" -mindepth 1 >"$name.left" 2>&1 || true
  rm -rf "$TMPDIR"
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
  status=$(cat "$name.status" 2>/dev/null || echo unknown)
  bad=$(count failed "$name.events")
  why=
  if ! grep -q '^done' "$name.events"; then
    last=$(sed -n '$s/^start //p' "$name.events")
    why="ended early with status $status${last:+ in: $last}"
    [ "$status" != 124 ] || why="took longer than $LIMIT seconds${last:+ in: $last}"
  elif [ "$bad" = 0 ] && [ "$status" != 0 ]; then
    why="every spec passed, but the process ended with status $status"
  elif [ "$bad" = 0 ] && [ -s "$name.left" ]; then
    why="temporary files are left: $(head -n 5 "$name.left" | tr '\n' ' ')"
  fi
  [ -z "$why" ] || bad=$((bad + 1))
  passed=$((passed + $(count passed "$name.events")))
  failed=$((failed + bad))
  skipped=$((skipped + $(count skipped "$name.events")))
  if [ "$bad" != 0 ]; then
    printf '%s FAILED %s\n' "$lua" "$file${why:+: $why}"
    { [ -z "$why" ] || printf 'failed %s\n' "$why"; sed -n '/^failed /p' "$name.events"; } |
      sed "s,^failed ,$lua $file: ," >>"$scratch/failed"
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

# The slowest files of a Lua: how long each took, and how long of that the processor.
slowest() {
  while read -r file; do
    printf '%s %s\n' "$(cat "$results/$1/$(printf '%s' "$file" | tr / .).took")" "$file"
  done <"$results/$1/files" | sort -rn | awk -v lua="$1" -v most="$TIMES" \
    'NR <= most { printf "%-8s %4d s, CPU %5.1f s  %s\n", lua, $1, $2, $3 } { all += $1; busy += $2 }
    END { printf "%-8s %4d s, CPU %5.1f s  all of them\n", lua, all, busy }'
}

# Makes the folder of a Lua, and the list of what it runs there.
list_files() {
  rm -rf "${results:?}/$1"
  mkdir -p "$results/$1"
  spec_files | while read -r file; do
    if runs_on "$1" "$file"; then printf '%s\n' "$file"; fi
  done >"$results/$1/files"
}

# What mostly waits comes before the units.
run_files() {
  for lua; do
    if command -v "$lua" >/dev/null; then sed "s/^/$lua /" "$results/$lua/files"; fi
  done | awk '{ print ($2 ~ "^spec/unit/"), $2, $1 }' | sort | while read -r _ file lua; do
    printf '%s %s\n' "$lua" "$file"
  done >"$results/all"
  [ ! -s "$results/all" ] || xargs -P "${JOBS:-$((3 * $(processors)))}" -n 2 sh "$root/spec/support/suite.sh" --file \
    <"$results/all" || true
}

processors() { getconf _NPROCESSORS_ONLN 2>/dev/null || echo 1; }

report_lua() {
  lua=$1
  passed=0 failed=0 skipped=0
  if ! command -v "$lua" >/dev/null; then
    echo "$lua FAILED: not installed (make deps-test)"
    failed=1
  else
    [ -s "$results/$lua/files" ] || echo "$lua runs none of these files: see runs_on in spec/support/suite.sh"
    while read -r file; do
      collect "$lua" "$file"
    done <"$results/$lua/files"
    [ "$TIMES" = 0 ] || slowest "$lua"
  fi
  printf '%-8s %s\n' "$lua" "$(totals $passed $failed $skipped)"
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
scratch=$(mktemp -d "${TMPDIR:-/tmp}/aom_XXXXXX")
trap 'rm -rf "$scratch"' EXIT
trap 'exit 130' INT TERM
export BUILD LIMIT scratch
all_passed=0 all_failed=0 all_skipped=0 start=$(date +%s)
for lua; do
  list_files "$lua"
done
run_files "$@"
for lua; do
  report_lua "$lua"
done
# Once more in the end, since of a long log often only that is kept.
[ ! -f "$scratch/failed" ] || { echo "What failed:" && sed 's/^/  /' "$scratch/failed"; }
printf '%s (%d s)\n' "$(totals $all_passed $all_failed $all_skipped)" $(($(date +%s) - start))
[ "$all_failed" = 0 ] && [ "$all_passed" != 0 ]
