#!/bin/sh
# Every check of `make lint`, one line each; the output of those that fail.
set -eu

cd "$(dirname "$0")/../.."
MAKE=${MAKE:-make}
passed=0 failed=0
log=$(mktemp)
trap 'rm -f "$log"' EXIT

check() {
  title=$1
  shift
  if "$@" >"$log" 2>&1 </dev/null; then
    passed=$((passed + 1))
    printf 'ok    %s\n' "$title"
  else
    failed=$((failed + 1))
    printf 'FAIL  %s\n' "$title"
    sed 's/^/      /' "$log"
  fi
}

# The checks themselves first: one that cannot fail proves nothing.
own_check() {
  check "self-test of $1" "$2" "$3" --self-test
  check "$@"
}

strict_build() {
  $MAKE -s --no-print-directory -j"$(getconf _NPROCESSORS_ONLN)" build BUILD="build/lint-$1" CC="$1" LUA="$2" WERROR=1
}

json_file() {
  lua5.4 -e 'require("cjson").decode(io.open(arg[1]):read("a"))' /dev/null "$1"
}

c_style() {
  find csrc spec -name '*.[ch]' -exec clang-format --dry-run -Werror {} +
}

shell_style() {
  find spec examples -name '*.sh' -exec shellcheck -x {} + && shellcheck .ci/run
}

own_check "rooms" lua5.4 spec/lint/rooms.lua
own_check "house" lua5.4 spec/lint/house.lua
check "luacheck" luacheck --formatter plain lua spec examples .busted
check "clang-format" c_style
check "shellcheck" shell_style
check "rockspecs" lua5.4 spec/support/rockspec.lua --check
check "types and reference" lua5.4 spec/support/doc/run.lua --check
for rockspec in aom-scm-1.rockspec lua/aom/simulator/aom-simulator-scm-1.rockspec; do
  check "luarocks lint ${rockspec##*/}" luarocks lint "$rockspec"
done
check ".luarc.json" json_file .luarc.json
for compiler in gcc clang; do
  for lua in lua5.4 luajit; do
    check "no warning from $compiler for $lua" strict_build "$compiler" "$lua"
  done
done
own_check "exports" sh spec/lint/exports.sh build/lint-gcc/lua5.4/aom/core.so \
  build/lint-clang/luajit/aom/core.so
if command -v lua-language-server >/dev/null; then
  own_check "types of documents and examples" lua5.4 spec/lint/types.lua
else
  echo "skip  types of documents and examples: lua-language-server is not installed"
fi

printf 'lint: %d passed, %d failed\n' "$passed" "$failed"
[ "$failed" = 0 ]
