#!/bin/sh
# Fuzzes, under AddressSanitizer and UBSan, the signer, what collects answers, and all that
# reads what a server, a file or a caller says. Prints for each target how many inputs it
# took, how many of them it keeps, and how much of the code it has seen.
#
#     spec/fuzz/run.sh [SECONDS [TARGET...]]     SECONDS for each target
set -eu

seconds=${1:-30}
[ $# = 0 ] || shift
cd "$(dirname "$0")/../.."
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

instruments="-O1 -g -fsanitize=address,undefined -fno-sanitize-recover=undefined"
make="${MAKE:-make} -s --no-print-directory BUILD=build/fuzz LUA=lua5.4"
$make build CC=clang CFLAGS="$instruments -fsanitize=fuzzer-no-link"
objects=$($make objects)
for source in sign answer lua; do
  # shellcheck disable=SC2046,SC2086 # lists of words
  clang -std=c11 -D_GNU_SOURCE $instruments -fsanitize=fuzzer -Icsrc -o "$work/$source" "spec/fuzz/${source}_fuzz.c" \
    $objects $(pkg-config --cflags --libs lua5.4 libcurl libssl libcrypto)
done
mkdir "$work/seeds"
export LUA_PATH="$PWD/lua/?.lua;$PWD/lua/?/init.lua;$PWD/?.lua;;" HOME="$work"
lua5.4 spec/fuzz/seeds.lua "$work/seeds"

lua_targets=$(sed -n 's/^function targets\.\([a-z0-9_]*\).*/\1/p' spec/fuzz/targets.lua)
# shellcheck disable=SC2086 # a list of words
[ $# != 0 ] || set -- sign_c answer_c $lua_targets

# Prints the line of a target; the inputs that it found stay in its place.
fuzz_target() {
  place=$work/target-$1 program=lua failed=0
  case $1 in *_c) program=${1%_c} ;; esac
  mkdir -p "$place/corpus"
  if ! FUZZ_TARGET=$1 ASAN_OPTIONS=detect_leaks=0 "$work/$program" -max_total_time="$seconds" -max_len=4096 \
    -timeout=20 -rss_limit_mb=1024 -artifact_prefix="$place/found-" -print_final_stats=1 \
    "$place/corpus" "$work/seeds" >"$place/log" 2>&1; then
    echo "$1: FAILED"
    grep -E '^fuzz: |ERROR|runtime error|^ +#[0-9]+ .*(csrc|lua)/' "$place/log" | head -n 30
    failed=1
  fi
  inputs=$(sed -n 's/^stat::number_of_executed_units: *//p' "$place/log")
  seen=$(sed -n 's/^#.* ft: \([0-9]*\).*/\1/p' "$place/log" | tail -n 1)
  printf '%-12s %10s %8s %8s\n' "$1" "${inputs:-0}" "$(find "$place/corpus" -type f | wc -l)" "${seen:-0}"
  return $failed
}

status=0 running=''
wait_for_all() {
  for pid in $running; do wait "$pid" || status=1; done
  running=''
}

# As many at once as there are cores: all take the same time.
cores=$(nproc) begun=0
printf '%-12s %10s %8s %8s\n' target inputs kept seen
for target; do
  fuzz_target "$target" &
  running="$running $!" begun=$((begun + 1))
  [ $((begun % cores)) != 0 ] || wait_for_all
done
wait_for_all
for found in "$work"/target-*/found-*; do
  [ ! -f "$found" ] || { echo "input:" && od -c "$found" | head -n 40; }
done
exit $status
