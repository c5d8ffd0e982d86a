#!/bin/sh
# Measures a script that loads the library, makes one call over plain HTTP and ends, over the curl command with the
# same request: processor time and wall time, in turn, and instructions with valgrind.
#
#     spec/bench/cold.sh [ROUNDS]
set -eu

rounds=${1:-31}
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

start_nginx() {
  for try in 1 2 3 4 5 6 7 8 9 10; do
    port=$((20000 + ($$ + try * 97) % 20000))
    cat >"$work/nginx.conf" <<CONF
daemon off; master_process off; pid $work/nginx.pid; error_log $work/error.log;
events { worker_connections 64; }
http {
  access_log off;
  client_body_temp_path $work/a; proxy_temp_path $work/b; fastcgi_temp_path $work/c;
  uwsgi_temp_path $work/d; scgi_temp_path $work/e;
  server { listen 127.0.0.1:$port; location / { return 200 '{"success"}'; } }
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
url=http://127.0.0.1:$port

eval "$(make -s env LUA=lua5.4)"
export LUA_PATH LUA_CPATH
path=/v1/0123456789abcdef0123456789abcdef/cms/workflow/8f4b1c2e-6a1d-4e35-9d5b-0c7f3a9e1b42/trigger/action
{
  printf "exec curl -s --noproxy '*' -o /dev/null -X PUT -d ''"
  lua5.4 spec/bench/cold.lua "$url" headers | sed "s/.*/ -H '&'/" | tr -d '\n'
  echo " '$url$path?action=enable'"
} >"$work/curl.sh"

instructions() {
  valgrind --tool=callgrind --callgrind-out-file=/dev/null --trace-children=yes "$@" 2>&1 >/dev/null \
    | awk '/refs:/ { gsub(",", ""); count = $NF } END { print count }'
}

echo "a cold script, over the curl command (aim: 1.35 or less); $rounds rounds"
theirs=$(instructions sh "$work/curl.sh")
for lua in lua5.4 luajit; do
  eval "$(make -s env LUA=$lua)"
  export LUA_PATH LUA_CPATH
  echo "exec $lua spec/bench/cold.lua $url" >"$work/ours.sh"
  "$lua" spec/bench/pairs.lua "$rounds" "$lua" "$work/ours.sh" "$work/curl.sh"
  echo "  $lua, instructions            $(instructions sh "$work/ours.sh") over $theirs"
done
