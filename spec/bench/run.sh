#!/bin/sh
# Measures a keep-alive trigger over bare libcurl that sends the same request to the same
# nginx. Both sides take turns in short rounds, and the median of the rounds' ratios
# counts, since the machine is not ours alone.
#
#     spec/bench/run.sh [ROUNDS [REQUESTS]]
set -eu

rounds=${1:-31} requests=${2:-1500}
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

cc=${CC:-cc}
flags="-std=c11 -O2 -D_GNU_SOURCE"
# shellcheck disable=SC2046,SC2086
$cc $flags -o "$work/curl_floor" spec/bench/curl_floor.c $(pkg-config --cflags --libs libcurl)

openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=localhost \
  -addext subjectAltName=IP:127.0.0.1 -keyout "$work/key.pem" -out "$work/cert.pem" 2>/dev/null

start_nginx() {
  for try in 1 2 3 4 5 6 7 8 9 10; do
    http_port=$((20000 + ($$ + try * 97) % 20000))
    https_port=$((http_port + 1)) h2_port=$((http_port + 2))
    cat >"$work/nginx.conf" <<CONF
daemon off; master_process off; pid $work/nginx.pid; error_log $work/error.log;
events { worker_connections 64; }
http {
  access_log off; keepalive_requests 100000000;
  client_body_temp_path $work/a; proxy_temp_path $work/b; fastcgi_temp_path $work/c;
  uwsgi_temp_path $work/d; scgi_temp_path $work/e;
  ssl_certificate $work/cert.pem; ssl_certificate_key $work/key.pem;
  server {
    listen 127.0.0.1:$http_port; listen 127.0.0.1:$https_port ssl; listen 127.0.0.1:$h2_port ssl http2;
    location / { return 200 '{"success"}'; }
  }
}
CONF
    nginx -p "$work" -e "$work/error.log" -c "$work/nginx.conf" >/dev/null 2>&1 &
    nginx_pid=$!
    sleep 0.5
    if kill -0 "$nginx_pid" 2>/dev/null; then return 0; fi
  done
  echo "bench: nginx does not start: $(tail -n 1 "$work/error.log")" >&2
  return 1
}
start_nginx

echo "keep-alive trigger, over bare libcurl (aim: 1.05 or less); $rounds rounds of $requests requests a side"
for lua in lua5.4 luajit; do
  eval "$(make -s env LUA=$lua)"
  export LUA_PATH LUA_CPATH
  for url in "http://127.0.0.1:$http_port" "https://127.0.0.1:$https_port" "https://127.0.0.1:$h2_port"; do
    case $url in
      *:"$http_port") name="HTTP/1.1" ;;
      *:"$https_port") name="HTTP/1.1 over TLS" ;;
      *) name="HTTP/2 over TLS" ;;
    esac
    "$lua" spec/bench/trigger.lua "$work/curl_floor" "$url" "$work/cert.pem" "$rounds" "$requests" "$lua, $name"
  done
done
