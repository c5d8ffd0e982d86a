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

# Calls a function for each server, with its address and name.
each_server() {
  "$1" "$http" "HTTP/1.1"
  "$1" "$https" "HTTP/1.1 over TLS"
  "$1" "$h2" "HTTP/2 over TLS"
}

each_lua() {
  what=$1
  # shellcheck disable=SC2086
  measure() { $on_client $lua spec/bench/bulk.lua "$1" "$work/cert.pem" "$rounds" "$lua, $2" "$what" "$work/curl_crowd"; }
  for lua in lua5.4 luajit; do
    use_lua $lua
    each_server measure
  done
}

# shellcheck disable=SC2086
in_neovim() {
  URL=$1 CA_FILE=$work/cert.pem ROUNDS=$rounds LABEL=$2 \
    $on_client nvim --headless -n -i NONE -u NORC -c 'luafile spec/bench/gap.lua'
}

echo "1,000 ids, 50 at a time, 50 ms each, over the ideal second (aim: 1.05, a new client's first 1.10); $rounds rounds"
each_lua time
echo "memory for each call in flight (aim: 30 KB or less; over TLS without HTTP/2 each has a connection of OpenSSL's)"
each_lua memory
if command -v nvim >/dev/null; then
  use_lua luajit
  echo "the largest gap of a timer of 10 ms in Neovim, while 50 calls are in flight (aim: 25 ms or less); median of"
  echo "$rounds; in brackets while none is"
  each_server in_neovim
fi
echo "a list of 10,000 workflows, over lua-cjson alone on its pages (aim: 1.50 or less)"
for lua in lua5.4 luajit; do
  use_lua $lua
  versus 21 list "$lua" 1.50 ms "$lua spec/bench/list.lua ours" "$lua spec/bench/list.lua cjson"
done
