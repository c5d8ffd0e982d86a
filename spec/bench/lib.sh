# shellcheck shell=sh
# What the benchmarks share; each of them sources it first. From then on it is in the root of the tree, with a
# folder $work; what was started ends with it.

set -eu

root=$(cd "$(dirname "$0")/../.." && pwd)
work=$(mktemp -d)
servers=
stop_servers() {
  for pid in $servers; do kill "$pid" 2>/dev/null || true; done
  servers=
}
cleanup() {
  stop_servers
  rm -rf "$work"
}
trap cleanup EXIT
trap 'exit 130' INT TERM
cd "$root"

# Servers have a processor, and what is measured another one, where there are two.
on_server='' on_client=''
if command -v taskset >/dev/null && taskset -c 0,1 true 2>/dev/null && [ "$(nproc)" -gt 1 ]; then
  on_server='taskset -c 0' on_client='taskset -c 1'
fi

use_lua() {
  eval "$(make -s env LUA="$1")"
  export LUA_PATH LUA_CPATH
}

# Compiles a program into $work: its name, further files and flags.
compile() {
  name=$1
  shift
  ${CC:-cc} -std=c11 -O2 -D_GNU_SOURCE -o "$work/$name" "spec/bench/$name.c" "$@"
}

# The instructions of a command, or of that child which needs most.
instructions() {
  valgrind --tool=callgrind --callgrind-out-file=/dev/null --trace-children=yes "$@" 2>&1 >/dev/null \
    | awk '/refs:/ { gsub(",", ""); if ($NF > count + 0) count = $NF + 0 } END { printf "%.0f", count }'
}

# Two commands in turn: see versus.lua.
versus() {
  # shellcheck disable=SC2086
  $on_client luajit spec/bench/versus.lua "$@"
}

# A certificate for the servers, in $work/cert.pem.
make_certificate() {
  openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=localhost \
    -addext subjectAltName=IP:127.0.0.1 -keyout "$work/key.pem" -out "$work/cert.pem" 2>/dev/null
  tls="ssl_certificate $work/cert.pem; ssl_certificate_key $work/key.pem;"
}
tls=

# For servers that run Lua: Debian loads modules from files, OpenResty has them built in.
modules=
load_lua() {
  for module in ndk_http_module ngx_http_lua_module; do
    file=/usr/lib/nginx/modules/$module.so
    [ ! -f "$file" ] || modules="$modules load_module $file;"
  done
}

# Starts an nginx, and waits until it answers: its name, a port, the processor, and the text of its http block.
serve() {
  mkdir -p "$work/$1"
  cat >"$work/$1/nginx.conf" <<CONF
$modules
daemon off; master_process off; pid $work/$1/nginx.pid; error_log $work/$1/error.log;
events { worker_connections 4096; }
http {
  access_log off; keepalive_requests 100000000; http2_max_concurrent_streams 128;
  client_body_temp_path $work/a; proxy_temp_path $work/b; fastcgi_temp_path $work/c;
  uwsgi_temp_path $work/d; scgi_temp_path $work/e;
  $tls
  $4
}
CONF
  $3 nginx -p "$work/$1" -e "$work/$1/error.log" -c "$work/$1/nginx.conf" >/dev/null 2>&1 &
  started=$!
  servers="$servers $started"
  for _ in 1 2 3 4 5 6 7 8 9 10; do
    if curl -s --noproxy '*' -o "$work/answer" "http://127.0.0.1:$2/ready"; then return 0; fi
    kill -0 "$started" 2>/dev/null || break
    sleep 0.2
  done
  return 1
}

# Calls a function with the first of a few ports that are likely to be free, with others where it fails.
on_free_ports() {
  for try in 1 2 3 4 5 6 7 8 9 10; do
    if "$1" $((20000 + ($$ + try * 97) % 20000)); then return 0; fi
    stop_servers
  done
  echo "bench: nginx does not start: $(cat "$work"/*/error.log | tail -n 1)" >&2
  exit 1
}

# shellcheck disable=SC2034
listen_all() {
  http=http://127.0.0.1:$1 https=https://127.0.0.1:$(($1 + 1)) h2=https://127.0.0.1:$(($1 + 2))
  serve server "$1" "$on_server" "server {
    listen 127.0.0.1:$1 backlog=2048; listen 127.0.0.1:$(($1 + 1)) ssl backlog=2048;
    listen 127.0.0.1:$(($1 + 2)) ssl http2 backlog=2048;
    location / { $location }
  }"
}

# One server for HTTP/1.1, TLS and HTTP/2: what it does with a request. Its addresses are in $http, $https and $h2.
serve_all() {
  location=$1
  make_certificate
  on_free_ports listen_all
}
