#!/bin/sh
# The specs under tools that see what a passing spec does not: AddressSanitizer,
# UndefinedBehaviorSanitizer and LeakSanitizer of gcc and of clang with Lua 5.4, then Valgrind with
# LuaJIT. Valgrind is some twenty times slower, so it takes the unit specs, luv's and the
# integration specs that hold no time limits it would break. SPEC replaces all of them.
#
#     spec/sanitize/run.sh [gcc] [clang] [valgrind]
set -eu

valgrind_set="spec/unit spec/integration/trigger_spec.lua spec/integration/concurrency_spec.lua spec/luv"

cd "$(dirname "$0")/../.."
MAKE=${MAKE:-make}

runtime() {
  case $1 in
  gcc) gcc -print-file-name=libasan.so ;;
  clang) clang -print-file-name="libclang_rt.asan-$(uname -m).so" ;;
  esac
}

# The interpreter is not instrumented, so the runtime has to be loaded before it.
# What the specs start must not inherit that: curl and openssl hang or report
# leaks of their own under it. Only a Lua that the specs start comes here again,
# by way of PATH; what a spec preloads itself comes after the runtime.
wrap_lua() {
  mkdir -p "$out/bin"
  printf '%s\n' '#include <stdlib.h>' \
    '__attribute__((constructor)) static void forget(void) { unsetenv("LD_PRELOAD"); }' |
    gcc -shared -fPIC -x c -o "$out/forget.so" -
  cat >"$out/bin/lua5.4" <<WRAPPER
#!/bin/bash
LD_PRELOAD="$(runtime "$1") $out/forget.so \${LD_PRELOAD:-}" exec -a lua5.4 '$(command -v lua5.4)' "\$@"
WRAPPER
  chmod +x "$out/bin/lua5.4"
}

asan_specs() {
  out=$PWD/build/asan-$1 shared=
  [ "$1" != clang ] || shared=-shared-libasan
  wrap_lua "$1"
  # glibc loses the list that it makes of LOCPATH.
  echo leak:argz_add_sep >"$out/leaks"
  # The command that is installed names the Lua that it was built with.
  PATH="$out/bin:$PATH" $MAKE -s --no-print-directory build BUILD="build/asan-$1" LUA=lua5.4 CC="$1" WERROR=1 \
    CFLAGS="-O1 -g -fno-omit-frame-pointer -fsanitize=address,undefined -fno-sanitize-recover=undefined $shared"
  BUILD=build/asan-$1 PATH="$out/bin:$PATH" LIMIT=600 SPEC=${SPEC:-spec/unit spec/integration spec/luv} \
    ASAN_OPTIONS=detect_leaks=1:detect_stack_use_after_return=1 \
    LSAN_OPTIONS="suppressions=$out/leaks:print_suppressions=0" UBSAN_OPTIONS=print_stacktrace=1 \
    sh spec/support/suite.sh lua5.4
}

valgrind_specs() {
  $MAKE -s --no-print-directory build BUILD=build/valgrind LUA=luajit CC=gcc CFLAGS='-O1 -g'
  BUILD=build/valgrind LIMIT=1200 SPEC=${SPEC:-$valgrind_set} \
    WRAP="valgrind -q --error-exitcode=99 --leak-check=full --show-leak-kinds=definite
      --errors-for-leak-kinds=definite --num-callers=25" \
    sh spec/support/suite.sh luajit
}

# Some specs start a LuaJIT of their own, which takes the usual build.
$MAKE -s --no-print-directory build LUA=luajit

status=0
[ $# != 0 ] || set -- gcc clang valgrind
for tool; do
  case $tool in
  valgrind)
    echo "== Valgrind: luajit"
    valgrind_specs || status=1
    ;;
  *)
    echo "== AddressSanitizer, UBSan, LeakSanitizer of $tool: lua5.4"
    asan_specs "$tool" || status=1
    ;;
  esac
done
exit $status
