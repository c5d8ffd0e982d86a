#!/bin/sh
# Installs what this machine lacks of the packages that a group of targets needs:
#
#   spec/support/deps.sh GROUP...      build, demo, test, lint, sanitize, fuzz, analyze, bench
#
# Silent, and done at once, when nothing is missing. Asks nothing, removes
# nothing, and neither starts a service nor has one start at the next boot.
set -eu

# Where nginx lives, even for users whose PATH lacks it.
PATH=$PATH:/usr/sbin:/sbin

# Debian's package name, and how to see that the thing is there where it came
# from somewhere else: cmd:COMMAND, pc:PKG-CONFIG-MODULE, lua:MODULE (in each Lua
# given after it), nginx:MODULE, clang:RUNTIME, file:PATH.
packages() {
  case $1 in
  build) cat <<'LIST' ;;
gcc cmd:gcc
libc6-dev file:/usr/include/stdio.h
make cmd:make
pkg-config cmd:pkg-config
lua5.4 cmd:lua5.4
liblua5.4-dev pc:lua5.4
libcurl4-openssl-dev pc:libcurl
libssl-dev pc:libcrypto
LIST
  demo) packages build && cat <<'LIST' ;;
lua-cjson lua:cjson:lua5.4:luajit
lua-argparse lua:argparse:lua5.4
luajit2 cmd:luajit
lua-http lua:http.server:luajit
lua-luaossl lua:openssl:luajit
LIST
  test) packages demo && cat <<'LIST' ;;
lua5.1 cmd:lua5.1
lua5.2 cmd:lua5.2
lua5.3 cmd:lua5.3
liblua5.1-0-dev pc:lua5.1
liblua5.2-dev pc:lua5.2
liblua5.3-dev pc:lua5.3
libluajit2-5.1-dev pc:luajit
lua-busted lua:busted.core:lua5.1:lua5.2:lua5.3:lua5.4:luajit
procps cmd:ps
lua-luv lua:luv:lua5.1:lua5.2:lua5.3:lua5.4:luajit
curl cmd:curl
openssl cmd:openssl
nginx-light cmd:nginx
libnginx-mod-http-lua nginx:http_lua
neovim cmd:nvim
git cmd:git
tmux cmd:tmux
ca-certificates file:/etc/ssl/certs/ca-certificates.crt
luarocks cmd:luarocks
locales file:/usr/share/i18n/locales/de_DE
faketime cmd:faketime
LIST
  lint) packages build && cat <<'LIST' ;;
libluajit2-5.1-dev pc:luajit
lua-cjson lua:cjson:lua5.4
lua-check cmd:luacheck
clang cmd:clang
clang-format cmd:clang-format
luarocks cmd:luarocks
shellcheck cmd:shellcheck
LIST
  sanitize) packages test && cat <<'LIST' ;;
valgrind cmd:valgrind
clang cmd:clang
libclang-rt-dev clang:asan
LIST
  fuzz) packages demo && cat <<'LIST' ;;
clang cmd:clang
libclang-rt-dev clang:fuzzer
LIST
  analyze) packages build && cat <<'LIST' ;;
cppcheck cmd:cppcheck
clang-tidy cmd:clang-tidy
LIST
  bench) packages demo && cat <<'LIST' ;;
valgrind cmd:valgrind
libluajit2-5.1-dev pc:luajit
curl cmd:curl
openssl cmd:openssl
nginx-light cmd:nginx
libnginx-mod-http-lua nginx:http_lua
LIST
  *)
    echo "deps: no such group: $1" >&2
    return 2
    ;;
  esac
}

lua_module() {
  module=${1%%:*} luas=$(printf '%s' "${1#*:}" | tr : ' ')
  for lua in $luas; do
    "$lua" -e "require '$module'" >/dev/null 2>&1 || return 1
  done
}

nginx_module() {
  nginx -V 2>&1 | grep -q "$1" || [ -f "/usr/lib/nginx/modules/ngx_${1}_module.so" ]
}

probe() {
  case $1 in
  cmd:*) command -v "${1#cmd:}" ;;
  pc:*) pkg-config --exists "${1#pc:}" ;;
  lua:*) lua_module "${1#lua:}" ;;
  nginx:*) nginx_module "${1#nginx:}" ;;
  clang:*) ls "$(clang -print-runtime-dir)/libclang_rt.${1#clang:}"* ;;
  file:*) [ -e "${1#file:}" ] ;;
  esac >/dev/null 2>&1
}

# Debian's own list first: one look at it answers for every package that is there.
missing() {
  have=
  if command -v dpkg-query >/dev/null; then
    # shellcheck disable=SC2016 # the braces are dpkg-query's
    have=$(printf '%s\n' "$1" | sed 's/ .*//' |
      xargs dpkg-query -W -f '${db:Status-Status} ${Package}\n' 2>/dev/null || true)
  fi
  printf '%s\n' "$1" | while read -r package how; do
    if ! printf '%s\n' "$have" | grep -qx "installed $package" && ! probe "$how"; then
      printf '%s ' "$package"
    fi
  done
}

advise() {
  cat >&2 <<ADVICE
deps: there is no apt-get here, so please install these yourself (Debian's names):
  $1
Fedora  dnf install gcc make pkgconf lua lua-devel libcurl-devel openssl-devel luajit luajit-devel luarocks
Alpine  apk add build-base pkgconf lua5.4 lua5.4-dev curl-dev openssl-dev luajit luajit-dev luarocks lua5.4-cjson
Arch    pacman -S base-devel lua lua53 lua52 lua51 luajit curl openssl luarocks
macOS   brew install pkg-config lua luajit curl openssl@3 luarocks
Lua modules a system does not package: luarocks install lua-cjson, argparse, http, luaossl, busted, luv, luacheck
ADVICE
}

# dpkg asks this program before it starts a service; 101 means no. A machine that
# has one keeps its own.
forbid_services() {
  [ ! -e /usr/sbin/policy-rc.d ] || return 0
  policy=/usr/sbin/policy-rc.d
  printf '#!/bin/sh\nexit 101\n' >"$policy"
  chmod 755 "$policy"
}

leave() {
  [ -z "$policy" ] || rm -f "$policy"
  rm -f "$log"
}

apt() {
  apt-get -o DPkg::Lock::Timeout=600 -o Dpkg::Use-Pty=0 -o Acquire::Retries=3 "$@" \
    >"$log" 2>&1 </dev/null
}

# The lists are fetched only when they are missing or turn out to be out of date.
# A broken third-party source must not stop the rest, so `update` may fail.
install_packages() {
  forbid_services
  set -- install -y --no-install-recommends --no-remove "$@"
  if ! apt "$@"; then
    apt update || true
    if ! apt "$@"; then
      cat "$log" >&2
      echo "deps: apt-get could not install them" >&2
      exit 1
    fi
  fi
}

# Runs as root. The lock keeps a second installer from removing the policy that
# the first still needs.
install_as_root() {
  export DEBIAN_FRONTEND=noninteractive NEEDRESTART_SUSPEND=1
  policy='' log=$(mktemp)
  exec 9>/run/lock/lua-aom-deps
  flock 9
  trap leave EXIT
  trap 'exit 130' INT
  trap 'exit 143' TERM HUP
  install_packages "$@"
  case " $* " in
  *" nginx-light "*)
    deb-systemd-helper disable nginx.service >/dev/null 2>&1 || true
    update-rc.d nginx disable >/dev/null 2>&1 || true
    ;;
  esac
}

if [ "${1:-}" = --install ]; then
  shift
  install_as_root "$@"
  exit
fi

wanted=$(for group; do packages "$group" || exit; done)
wanted=$(printf '%s\n' "$wanted" | sort -u -k 1,1)
lacking=$(missing "$wanted")
[ -n "$lacking" ] || exit 0

if ! command -v apt-get >/dev/null; then
  advise "$lacking"
  exit 1
fi
echo "deps: installing $lacking" >&2
if [ "$(id -u)" != 0 ]; then
  if ! command -v sudo >/dev/null; then
    echo "deps: not root, and there is no sudo; as root: sh $0 $*" >&2
    exit 1
  fi
  # Without a terminal a password prompt could only hang.
  set -- sudo
  [ -t 0 ] || set -- sudo -n
else
  set --
fi
# shellcheck disable=SC2086 # a list of package names
"$@" sh "$0" --install $lacking || {
  echo "deps: failed; as root: apt-get install --no-install-recommends $lacking" >&2
  exit 1
}
