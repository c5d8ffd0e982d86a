#!/bin/sh
# Measures signing over the hashes that it cannot spare: in C with a key that is kept, and aom.sign from
# tables to a table, as a ratio of times and of instructions (with valgrind, by the difference of two counts
# of calls; its processor has no instructions for SHA-256, so the hashes weigh more there).
#
#     spec/bench/sign.sh [ROUNDS]
set -eu

rounds=${1:-31}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$(dirname "$0")/../.."

# shellcheck disable=SC2046
${CC:-cc} -std=c11 -O2 -D_GNU_SOURCE -Icsrc -o "$work/sign_floor" spec/bench/sign_floor.c csrc/sign*.c csrc/text.c \
  csrc/uri.c csrc/buffer.c csrc/mask*.c $(pkg-config --cflags --libs libcrypto)

instructions() {
  valgrind --tool=callgrind --callgrind-out-file=/dev/null "$@" 2>&1 >/dev/null | awk '/refs:/ { gsub(",", ""); print $NF }'
}

# Of one call: the last argument is the count.
a_call() {
  few=$(instructions "$@" 200)
  echo $((($(instructions "$@" 1200) - few) / 1000))
}

echo "a signature in C, over the same SHA-256 and HMAC with fetched OpenSSL objects (aim: 2.00 or less)"
"$work/sign_floor"

echo "aom.sign, over the same (aim: 8.00 or less)"
floor=$(a_call "$work/sign_floor" hashes)
for lua in lua5.4 luajit; do
  eval "$(make -s env LUA=$lua)"
  export LUA_PATH LUA_CPATH
  "$lua" spec/bench/sign.lua "$work/sign_floor" "$rounds" "$lua"
  ours=$(a_call "$lua" spec/bench/sign.lua)
  echo "  $lua, instructions            $ours over $floor"
done
