#!/bin/sh
# Measures calls in a worker of nginx over libcurl: what is added to the latency that the
# same call has in plain Lua, and the worker's CPU time a call. And over lua-resty-http, if
# AOM_SPEC_RESTY names its folder: the CPU time over that of lua-resty-http itself. Needs
# nginx with its Lua module.
#
#     spec/bench/nginx.sh [ROUNDS [ROWS_THAT_CONTAIN]]
set -eu
# shellcheck source=spec/bench/lib.sh
. "$(dirname "$0")/lib.sh"

rounds=${1:-5} rows=${2:-}
load_lua

# Each row has an address of its own.
addresses() { for address in $(seq 20); do printf ' listen 127.0.0.%s:%s backlog=2048;' "$address" "$1"; done; }

listen_both() {
  port=$1
  serve service "$port" "$on_server" "server { $(addresses "$port")
    location ~ /takes-(\\d+)/ {
      content_by_lua_block {
        if ngx.var[1] ~= \"0\" then ngx.sleep(ngx.var[1] / 1000) end
        ngx.print('{\"success\"}')
      }
    }
  }" && serve host $((port + 1)) "$on_client" "
    lua_package_path \"$root/lua/?.lua;$root/?.lua;${AOM_SPEC_RESTY:-$root}/?.lua;;\";
    lua_package_cpath \"$root/${BUILD:-build}/luajit/?.so;;\";
    server {
      listen 127.0.0.1:$((port + 1));
      location = /measure {
        content_by_lua_block { require('spec.bench.nginx').serve('http://127.0.0.1:$port') }
      }
    }"
}
on_free_ports listen_both

use_lua luajit
measure() {
  # shellcheck disable=SC2086
  $on_client luajit spec/bench/nginx.lua "http://127.0.0.1:$port" "http://127.0.0.1:$((port + 1))" "$rounds" "$1" "$rows" \
    "${AOM_SPEC_RESTY:-}"
}
echo "calls in nginx over libcurl (aim: at most 10 % or 2 ms added; CPU of 150 us a call of 100 at once, 800 us alone;"
echo "30 at once: at most 6 % added, and 1.6 times the CPU of a bare call of lua-resty-http);"
echo "of $rounds rounds the median of latencies, and the least CPU"
measure curl
[ -n "${AOM_SPEC_RESTY:-}" ] || exit 0
echo "CPU of a call over lua-resty-http, over the same request by lua-resty-http itself (aim: 2.00 or less, 30 at once 1.25)"
measure resty
