#!/bin/sh
# Packs both rocks of a release into build/rock, as `luarocks pack` does for one that is
# published, and installs them for each Lua into a fresh folder, where nothing else is found.
#
#   spec/support/rock.sh lua5.4 lua5.1
set -eu
# The make that LuaRocks starts must not inherit the outer make's settings.
unset MAKELEVEL
MAKEFLAGS=-j$(getconf _NPROCESSORS_ONLN || echo 1)
export MAKEFLAGS

cd "$(dirname "$0")/../.."
rocks=$PWD/build/rock
source=$rocks/source
log=$rocks/log

quietly() {
  "$@" >"$log" 2>&1 || {
    cat "$log" >&2
    exit 1
  }
}

# A repository that holds the checkout as it is, under the release's tag. LuaRocks clones it
# where the rockspec names the public one.
publish() {
  mkdir -p "$source"
  cp -r ./*.rockspec Makefile bin csrc lua LICENSE "$source"
  git -C "$source" init -q
  git -C "$source" add -A
  git -C "$source" -c user.name=lua-aom -c user.email=lua-aom -c commit.gpgsign=false commit -q -m "$1"
  git -C "$source" -c tag.gpgsign=false tag "$1"
  export GIT_CONFIG_COUNT=1 GIT_CONFIG_KEY_0="url.file://$source.insteadOf"
  export GIT_CONFIG_VALUE_0=https://github.com/lua-aom/lua-aom.git
}

pack() {
  rm -rf "$rocks"
  mkdir -p "$rocks"
  tag=$(lua5.4 spec/support/release.lua "$rocks")
  publish "$tag"
  cd "$rocks"
  for rockspec in ./*.rockspec; do
    quietly luarocks --lua-version 5.1 pack "$rockspec"
  done
}

# Without optimisation, which would take most of the time.
place() {
  quietly luarocks --lua-version "$version" "$@" CFLAGS="-O0 -fPIC"
}

# Not for the simulator, which LuaJIT and Lua 5.1 alone can load.
install() {
  for rock in "$rocks"/*.src.rock; do
    case $rock in
    *simulator*) [ "$version" = 5.1 ] || continue ;;
    esac
    place install --deps-mode=none --tree "$1" "$rock"
  done
}

# As a user does in a checkout, which must hold one rockspec at its top.
make_rocks() {
  cd "$source"
  place make --deps-mode=none --tree "$1"
  place make --deps-mode=none --tree "$1" lua/aom/simulator/aom-simulator-scm-1.rockspec
}

check() {
  core=$1/lib/lua/$version/aom/core.so
  if nm -D --defined-only "$core" | grep -v ' luaopen_'; then
    echo "rock: the core exports more than luaopen_*" >&2
    exit 1
  fi
  cd /
  LUA_PATH="$1/share/lua/$version/?.lua;$1/share/lua/$version/?/init.lua;;"
  LUA_CPATH="$1/lib/lua/$version/?.so;;"
  export LUA_PATH LUA_CPATH
  "lua$version" -e '
    local aom = require "aom"
    local signed = aom.sign({ method = "GET", scheme = "https", host = "example.com", path = "/" },
      { ak = "key", sk = "secret", date = "20260102T030405Z" })
    assert(signed.headers.Authorization:find("^SDK%-HMAC%-SHA256 "), "no signature")
    print("rock: " .. _VERSION .. " loads it and signs")'
  "$1/bin/aom" --version
  if [ "$version" = 5.1 ]; then
    luajit -e 'require "aom.simulator".new {} print("rock: LuaJIT loads the simulator")'
  elif [ -e "$1/share/lua/$version/aom/simulator" ]; then
    echo "rock: the main rock installs the simulator" >&2
    exit 1
  fi
  unset LUA_PATH LUA_CPATH
}

pack
for lua; do
  version=${lua#lua}
  [ "$lua" != luajit ] || version=5.1
  install "$rocks/tree-$version"
  check "$rocks/tree-$version"
  if [ "$version" = 5.1 ]; then
    make_rocks "$rocks/made"
    check "$rocks/made"
  fi
done
rm -rf "$source" "$rocks/made" "$log"
ls "$rocks"
