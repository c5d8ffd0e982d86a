#!/bin/sh
# Measures trigger_all: 1,000 ids, 50 at a time, at a server that takes 50 ms for each.
# The ideal is 20 rounds of 50 ms, for a new client 21. Needs nginx with its Lua module.
#
#     spec/bench/bulk.sh [ROUNDS]
set -eu

rounds=${1:-3}
root=$(cd "$(dirname "$0")/../.." && pwd)
work=$(mktemp -d)
nginx_pid=
cleanup() {
  [ -z "$nginx_pid" ] || kill "$nginx_pid" 2>/dev/null || true
  rm -rf "$work"
}
trap cleanup EXIT
trap 'exit 130' INT TERM
cd "$root"

# shellcheck disable=SC2046
"${CC:-cc}" -std=c11 -O2 -D_GNU_SOURCE -o "$work/curl_crowd" spec/bench/curl_crowd.c \
  $(pkg-config --cflags --libs libcurl)

openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=localhost \
  -addext subjectAltName=IP:127.0.0.1 -keyout "$work/key.pem" -out "$work/cert.pem" 2>/dev/null

# Debian loads modules from files, OpenResty has them built in.
modules=
for module in ndk_http_module ngx_http_lua_module; do
  file=/usr/lib/nginx/modules/$module.so
  [ ! -f "$file" ] || modules="$modules load_module $file;"
done

start_nginx() {
  for try in 1 2 3 4 5 6 7 8 9 10; do
    http_port=$((20000 + ($$ + try * 97) % 20000))
    https_port=$((http_port + 1)) h2_port=$((http_port + 2))
    cat >"$work/nginx.conf" <<CONF
$modules
daemon off; master_process off; pid $work/nginx.pid; error_log $work/error.log;
events { worker_connections 4096; }
http {
  access_log off; keepalive_requests 100000000; http2_max_concurrent_streams 128;
  client_body_temp_path $work/a; proxy_temp_path $work/b; fastcgi_temp_path $work/c;
  uwsgi_temp_path $work/d; scgi_temp_path $work/e;
  ssl_certificate $work/cert.pem; ssl_certificate_key $work/key.pem;
  server {
    listen 127.0.0.1:$http_port backlog=2048;
    listen 127.0.0.1:$https_port ssl backlog=2048;
    listen 127.0.0.1:$h2_port ssl http2 backlog=2048;
    location / { content_by_lua_block { ngx.sleep(0.05) ngx.print('{"success"}') } }
  }
}
CONF
    nginx -p "$work" -e "$work/error.log" -c "$work/nginx.conf" >/dev/null 2>&1 &
    nginx_pid=$!
    for _ in 1 2 3 4 5 6 7 8 9 10; do
      if curl -s --noproxy '*' -o "$work/answer" "http://127.0.0.1:$http_port/"; then return 0; fi
      kill -0 "$nginx_pid" 2>/dev/null || break
      sleep 0.2
    done
    kill "$nginx_pid" 2>/dev/null || true
  done
  echo "bench: nginx does not start: $(tail -n 1 "$work/error.log")" >&2
  return 1
}
start_nginx

each_server() {
  for lua in lua5.4 luajit; do
    eval "$(make -s env LUA=$lua)"
    export LUA_PATH LUA_CPATH
    measure() { "$lua" spec/bench/bulk.lua "$2" "$3" "$rounds" "$lua, $4" "$1" "$work/curl_crowd"; }
    measure "$1" "http://127.0.0.1:$http_port" "" "HTTP/1.1"
    measure "$1" "https://127.0.0.1:$https_port" "$work/cert.pem" "HTTP/1.1 over TLS"
    measure "$1" "https://127.0.0.1:$h2_port" "$work/cert.pem" "HTTP/2 over TLS"
  done
}

echo "1,000 ids, 50 at a time, 50 ms each, over the ideal second (aim: 1.05 or less; of a new client 1.10); median of"
echo "$rounds bulks; in brackets bare libcurl"
each_server time
echo "memory for each call in flight (aim: 30 KB or less; over TLS without HTTP/2 each has a connection of OpenSSL's)"
each_server memory
echo "a list of 10,000 workflows, over lua-cjson alone on its pages (aim: 1.50 or less)"
for lua in lua5.4 luajit; do
  eval "$(make -s env LUA=$lua)"
  export LUA_PATH LUA_CPATH
  "$lua" spec/bench/list.lua 21 "$lua"
done
