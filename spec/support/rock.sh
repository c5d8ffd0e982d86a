#!/bin/sh
# Builds the rock the way `luarocks make` would for a user, and loads it from a
# folder where nothing but the rock can be found. Works on a copy, as a user's checkout.
set -eu
# The make that LuaRocks starts must not inherit the outer make's settings.
unset MAKEFLAGS MAKELEVEL

cd "$(dirname "$0")/../.."
version=${1#lua}
lua=lua$version
tree=$PWD/build/rock/$version

rm -rf "$tree"
mkdir -p "$tree/source"
cp -r ./*.rockspec Makefile bin csrc lua LICENSE "$tree/source"
cd "$tree/source"

make_rock() {
  luarocks --lua-version "$version" make --deps-mode=none --tree "$tree" "$@" >"$tree/log" 2>&1 || {
    cat "$tree/log" >&2
    exit 1
  }
}

make_rock
if [ -e "$tree/share/lua/$version/aom/simulator" ]; then
  echo "rock: the main rock installs the simulator" >&2
  exit 1
fi
if [ "$version" = 5.1 ]; then
  make_rock lua/aom/simulator/aom-simulator-scm-1.rockspec
fi

if nm -D --defined-only "$tree/lib/lua/$version/aom/core.so" | grep -v ' luaopen_'; then
  echo "rock: the core exports more than luaopen_*" >&2
  exit 1
fi

cd /
LUA_PATH="$tree/share/lua/$version/?.lua;$tree/share/lua/$version/?/init.lua;;"
LUA_CPATH="$tree/lib/lua/$version/?.so;;"
export LUA_PATH LUA_CPATH
"$lua" -e '
  local aom = require "aom"
  local signed = aom.sign({ method = "GET", scheme = "https", host = "example.com", path = "/" },
    { ak = "key", sk = "secret", date = "20260102T030405Z" })
  assert(signed.headers.Authorization:find("^SDK%-HMAC%-SHA256 "), "no signature")
  print("rock: " .. _VERSION .. " loads it and signs")'
"$tree/bin/aom" --version
if [ "$version" = 5.1 ]; then
  luajit -e 'require "aom.simulator".new {} print("rock: LuaJIT loads the simulator")'
fi
