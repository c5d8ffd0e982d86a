#!/bin/sh
# Measures calls in a worker of nginx over libcurl: what is added to the latency that the
# same call has in plain Lua, and the worker's CPU time a call. And over lua-resty-http, if
# AOM_SPEC_RESTY names its folder: the CPU time over that of lua-resty-http itself. Needs
# nginx with its Lua module.
#
#     spec/bench/nginx.sh [ROUNDS [ROWS_THAT_CONTAIN]]
set -eu

rounds=${1:-5} rows=${2:-}
root=$(cd "$(dirname "$0")/../.." && pwd)
work=$(mktemp -d)
server_pid='' host_pid=''
cleanup() {
  for pid in $server_pid $host_pid; do kill "$pid" 2>/dev/null || true; done
  rm -rf "$work"
}
trap cleanup EXIT
trap 'exit 130' INT TERM
cd "$root"

# Debian loads modules from files, OpenResty has them built in.
modules=
for module in ndk_http_module ngx_http_lua_module; do
  file=/usr/lib/nginx/modules/$module.so
  [ ! -f "$file" ] || modules="$modules load_module $file;"
done

# Writes a configuration: its name, its port, the location, and how many addresses it has.
configure() {
  mkdir -p "$work/$1"
  addresses=
  for address in $(seq "${4:-1}"); do addresses="$addresses listen 127.0.0.$address:$2 backlog=2048;"; done
  cat >"$work/$1/nginx.conf" <<CONF
$modules
daemon off; master_process off; pid $work/$1/nginx.pid; error_log $work/$1/error.log;
events { worker_connections 4096; }
http {
  access_log off; keepalive_requests 100000000;
  client_body_temp_path $work/a; proxy_temp_path $work/b; fastcgi_temp_path $work/c;
  uwsgi_temp_path $work/d; scgi_temp_path $work/e;
  lua_package_path "$root/lua/?.lua;$root/?.lua;${AOM_SPEC_RESTY:-$root}/?.lua;;";
  lua_package_cpath "$root/${BUILD:-build}/luajit/?.so;;";
  server {
    $addresses
    location = /ready { return 204; }
    $3
  }
}
CONF
}

# Starts an nginx, and waits until it answers; its process id is in $started.
start() {
  nginx -p "$work/$1" -e "$work/$1/error.log" -c "$work/$1/nginx.conf" >/dev/null 2>&1 &
  started=$!
  for _ in 1 2 3 4 5 6 7 8 9 10; do
    if curl -s --noproxy '*' -o "$work/answer" "http://127.0.0.1:$2/ready"; then return 0; fi
    kill -0 "$started" 2>/dev/null || break
    sleep 0.2
  done
  kill "$started" 2>/dev/null || true
  return 1
}

service_location='location ~ /takes-(\d+)/ {
  content_by_lua_block {
    if ngx.var[1] ~= "0" then ngx.sleep(ngx.var[1] / 1000) end
    ngx.print("{\"success\"}")
  }
}'
for try in 1 2 3 4 5 6 7 8 9 10; do
  port=$((20000 + ($$ + try * 97) % 20000))
  configure server $port "$service_location" 20
  configure host $((port + 1)) "location = /measure {
    content_by_lua_block { require('spec.bench.nginx').serve('http://127.0.0.1:$port') }
  }"
  start server $port || continue
  server_pid=$started
  if start host $((port + 1)); then host_pid=$started; break; fi
  kill "$server_pid"
done
[ -n "$host_pid" ] || { echo "bench: nginx does not start: $(tail -n 1 "$work/host/error.log")" >&2; exit 1; }

eval "$(make -s env LUA=luajit)"
export LUA_PATH LUA_CPATH
measure() {
  luajit spec/bench/nginx.lua "http://127.0.0.1:$port" "http://127.0.0.1:$((port + 1))" "$rounds" "$1" "$rows" \
    "${AOM_SPEC_RESTY:-}"
}
echo "calls in nginx over libcurl (aim: at most 10 % or 2 ms added; CPU of 150 us a call of 100 at once, 800 us alone;"
echo "30 at once: at most 6 % added, and 1.6 times the CPU of a bare call of lua-resty-http);"
echo "of $rounds rounds the median of latencies, and the least CPU"
measure curl
[ -n "${AOM_SPEC_RESTY:-}" ] || exit 0
echo "CPU of a call over lua-resty-http, over the same request by lua-resty-http itself (aim: 2.00 or less, 30 at once 1.25)"
measure resty
