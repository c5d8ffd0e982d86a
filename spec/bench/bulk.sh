#!/bin/sh
# Measures trigger_all: 1,000 ids, 50 at a time, at a server that takes 50 ms for each.
# The ideal is 20 rounds of 50 ms, for a new client 21. Needs nginx with its Lua module. And a list of 10,000.
#
#     spec/bench/bulk.sh [ROUNDS]
set -eu
# shellcheck source=spec/bench/lib.sh
. "$(dirname "$0")/lib.sh"

rounds=${1:-3}
# shellcheck disable=SC2046
compile curl_crowd $(pkg-config --cflags --libs libcurl)
load_lua
serve_all "content_by_lua_block { ngx.sleep(0.05) ngx.print('{\"success\"}') }"

each_server() {
  for lua in lua5.4 luajit; do
    use_lua $lua
    # shellcheck disable=SC2086
    for row in "$http HTTP/1.1" "$https HTTP/1.1 over TLS" "$h2 HTTP/2 over TLS"; do
      $on_client $lua spec/bench/bulk.lua "${row%% *}" "$work/cert.pem" "$rounds" "$lua, ${row#* }" "$1" \
        "$work/curl_crowd"
    done
  done
}

echo "1,000 ids, 50 at a time, 50 ms each, over the ideal second (aim: 1.05, a new client's first 1.10); $rounds rounds"
each_server time
echo "memory for each call in flight (aim: 30 KB or less; over TLS without HTTP/2 each has a connection of OpenSSL's)"
each_server memory
echo "a list of 10,000 workflows, over lua-cjson alone on its pages (aim: 1.50 or less)"
for lua in lua5.4 luajit; do
  use_lua $lua
  versus 21 list "$lua" 1.50 ms "$lua spec/bench/list.lua ours" "$lua spec/bench/list.lua cjson"
done
