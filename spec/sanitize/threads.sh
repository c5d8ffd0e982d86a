#!/bin/sh
# ThreadSanitizer over four Lua states in four threads.
#
#     spec/sanitize/threads.sh [COUNT]      rounds of each thread
set -eu

cd "$(dirname "$0")/../.."
${MAKE:-make} -s --no-print-directory build BUILD=build/tsan LUA=lua5.4 CC=clang CFLAGS='-O1 -g -fsanitize=thread'
# shellcheck disable=SC2046 # a list of words
clang -std=c11 -g -O1 -D_GNU_SOURCE -fsanitize=thread -o build/tsan/threads spec/sanitize/threads.c \
  build/tsan/obj/*.o build/tsan/lua5.4/obj/*.o $(pkg-config --cflags --libs lua5.4 libcurl libssl libcrypto) -lpthread
LUA_PATH="$PWD/lua/?.lua;$PWD/lua/?/init.lua;$PWD/?.lua;;" luajit spec/sanitize/threads.lua build/tsan/threads "${1:-200}"
