#!/bin/sh
# Only luaopen_* may leave a core: any other name could meet a namesake in the
# program that loads it.
#
#   spec/lint/exports.sh core.so... | --self-test
set -eu

check() {
  names=$(nm -D --defined-only "$1" | awk '{ print $NF }' | grep -v '^_\(init\|fini\)$') || true
  case $names in
  *luaopen_aom_core*) ;;
  *)
    echo "exports: $1 does not export luaopen_aom_core" >&2
    return 1
    ;;
  esac
  if printf '%s\n' "$names" | grep -v '^luaopen_' >&2; then
    echo "exports: $1 exports the names above" >&2
    return 1
  fi
}

sample() {
  printf '%s\n' "$1" | ${CC:-cc} -shared -fPIC -x c -o "$scratch/core.so" -
  check "$scratch/core.so" 2>/dev/null
}

self_test() {
  scratch=$(mktemp -d)
  trap 'rm -rf "$scratch"' EXIT
  sample 'int luaopen_aom_core(void) { return 0; }' || return 1
  ! sample 'int luaopen_aom_core(void) { return 0; } int leaked(void) { return 0; }' || return 1
  ! sample 'int other(void) { return 0; }' || return 1
}

if [ "${1:-}" = --self-test ]; then
  self_test
  exit
fi
for core; do
  check "$core"
done
