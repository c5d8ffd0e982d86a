#!/bin/sh
# Fuzzes the signer (libFuzzer, under ASan and UBSan) and the readers of foreign text.
#
#     spec/fuzz/run.sh [SECONDS]
set -eu

seconds=${1:-30}
cd "$(dirname "$0")/../.."
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir "$work/corpus"
printf 'PUT\0aom.example.com\0/v1/p/w\00020260102T030405Z\0body\0X-Project-Id\0p\0action\0enable' >"$work/corpus/headline"

# shellcheck disable=SC2046
clang -std=c11 -g -O1 -D_GNU_SOURCE -fsanitize=fuzzer,address,undefined -fno-sanitize-recover=undefined -Icsrc \
  -o "$work/sign_fuzz" spec/fuzz/sign_fuzz.c csrc/sign*.c csrc/mask*.c csrc/text.c csrc/uri.c csrc/buffer.c $(pkg-config --cflags --libs libcrypto)
"$work/sign_fuzz" -max_total_time="$seconds" -max_len=4096 -artifact_prefix="$work/" -print_final_stats=1 \
  "$work/corpus" 2>"$work/log" || {
  cat "$work/log" >&2
  exit 1
}
grep -E 'stat::number_of_executed_units' "$work/log"

eval "$(make -s env LUA=lua5.4)"
export LUA_PATH LUA_CPATH
lua5.4 spec/fuzz/decode.lua
