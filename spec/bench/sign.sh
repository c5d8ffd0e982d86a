#!/bin/sh
# Measures signing over the hashes that it cannot spare: in C with a key that is kept, and aom.sign from
# tables to a table, as a ratio of times and of instructions (with valgrind, by the difference of two counts
# of calls; its processor has no instructions for SHA-256, so the hashes weigh more there).
#
#     spec/bench/sign.sh [ROUNDS]
set -eu
# shellcheck source=spec/bench/lib.sh
. "$(dirname "$0")/lib.sh"

rounds=${1:-31}
# shellcheck disable=SC2046
compile sign_floor -Icsrc csrc/sign*.c csrc/text.c csrc/uri.c csrc/buffer.c csrc/mask*.c \
  $(pkg-config --cflags --libs libcrypto)

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
  use_lua $lua
  versus "$rounds" sign "$lua" 8.00 ns "$lua spec/bench/sign.lua" "$work/sign_floor hashes"
  ours=$(a_call "$lua" spec/bench/sign.lua)
  echo "  $lua, instructions           $ours over $floor"
done
