#!/bin/sh
# Which lines of the C and of the Lua the specs run under Lua 5.4, and the torture of the core's
# allocations: the percentage of each file, and the lines that are not run, with the reason.
#
#     spec/coverage/run.sh [SPEC...]
set -eu

cd "$(dirname "$0")/../.."
out=$PWD/build/coverage
[ $# != 0 ] || set -- spec/unit spec/integration spec/luv
mkdir -p "$out/bin"
rm -f "$out/lines" "$out"/obj/*.gcda "$out"/lua5.4/obj/*.gcda

${MAKE:-make} -s --no-print-directory build BUILD=build/coverage LUA=lua5.4 CC=gcc CFLAGS='-O0 -g --coverage'
# Some specs start a LuaJIT of their own, which takes the usual build.
${MAKE:-make} -s --no-print-directory build LUA=luajit
# shellcheck disable=SC2046 # a list of words
gcc -shared -fPIC -O2 -D_GNU_SOURCE $(pkg-config --cflags lua5.4) -o "$out/lines.so" spec/coverage/lines.c

cat >"$out/bin/lua5.4" <<WRAPPER
#!/bin/bash
export LUA_INIT_5_4='package.loadlib("$out/lines.so", "luaopen_lines")()' AOM_LINES="$out/lines"
exec -a lua5.4 '$(command -v lua5.4)' "\$@"
WRAPPER
chmod +x "$out/bin/lua5.4"

status=0
BUILD=build/coverage PATH="$out/bin:$PATH" SPEC="$*" LIMIT=600 sh spec/support/suite.sh lua5.4 || status=$?
# What the core does where an allocation of its own fails.
BUILD=build/coverage PATH="$out/bin:$PATH" LUA_PATH="$PWD/lua/?.lua;$PWD/lua/?/init.lua;$PWD/?.lua;;" \
  luajit spec/torture/run.lua --luas lua5.4 --party core >"$out/torture.log" || { status=$?; cat "$out/torture.log"; }
for data in "$out"/obj/*.gcda "$out"/lua5.4/obj/*.gcda; do
  name=$(basename "$data" .gcda)
  gcov -t "$data" 2>/dev/null |
    awk -v wanted="Source:csrc/$name.c" '/:Source:/ { ours = $0 ~ wanted "$" } ours' >"$out/lua5.4/obj/$name.c.gcov"
done
LUA_PATH="$PWD/?.lua;;" lua5.4 spec/coverage/report.lua "$out" || status=$?
exit $status
