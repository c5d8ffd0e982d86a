#!/bin/sh
# ThreadSanitizer over four Lua states in four threads.
#
#     spec/sanitize/threads.sh [COUNT]      rounds of each thread
set -eu

cd "$(dirname "$0")/../.."
make="${MAKE:-make} -s --no-print-directory BUILD=build/tsan LUA=lua5.4"
$make build CC=clang CFLAGS='-O1 -g -fsanitize=thread'
# shellcheck disable=SC2046 # lists of words
clang -std=c11 -g -O1 -D_GNU_SOURCE -fsanitize=thread -o build/tsan/threads spec/sanitize/threads.c \
  $($make objects) $(pkg-config --cflags --libs lua5.4 libcurl libssl libcrypto) -lpthread
LUA_PATH="$PWD/lua/?.lua;$PWD/lua/?/init.lua;$PWD/?.lua;;" luajit spec/sanitize/threads.lua build/tsan/threads "${1:-200}"
