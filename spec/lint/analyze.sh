#!/bin/sh
# What looks deeper into the C than a compiler's warnings: gcc's -fanalyzer, cppcheck and
# clang-tidy. One line for each, and the findings of those that have some.
# shellcheck disable=SC2317 # the functions are called by way of check
set -eu

cd "$(dirname "$0")/../.."
failed=0
log=$(mktemp)
trap 'rm -f "$log"' EXIT
# shellcheck disable=SC2046 # a list of words
set -- -std=c11 -D_GNU_SOURCE $(pkg-config --cflags lua5.4 libcurl libssl libcrypto)

check() {
  title=$1
  shift
  status=0
  "$@" >"$log" 2>&1 || status=$?
  if [ "$status" = 0 ] && ! grep -qE 'warning:|error:' "$log"; then
    printf 'ok    %s\n' "$title"
  else
    failed=1
    printf 'FAIL  %s\n' "$title"
    sed 's/^/      /' "$log"
  fi
}

# Its idea of leaks does not follow memory that a structure owns; LeakSanitizer and `make torture` do.
analyzer() {
  printf '%s\n' csrc/*.c | xargs -P 2 -I '{}' gcc "$@" -O1 -fanalyzer -Wno-analyzer-malloc-leak -c -o /dev/null '{}'
}

# What it does not find are declarations of other libraries.
cpp_check() {
  cppcheck --quiet --std=c11 --enable=warning,performance,portability --inline-suppr --error-exitcode=1 \
    --suppress=missingIncludeSystem -D__GNUC__ -D_GNU_SOURCE -Icsrc csrc
}

# bugprone-easily-swappable-parameters and the narrowing of checked values are matters of taste here.
tidy() {
  clang-tidy --quiet --warnings-as-errors='*' \
    --checks='-*,bugprone-*,clang-analyzer-*,-bugprone-easily-swappable-parameters,-bugprone-narrowing-conversions,-clang-analyzer-security.insecureAPI.DeprecatedOrUnsafeBufferHandling' \
    csrc/*.c -- "$@" -Icsrc
}

check "gcc -fanalyzer" analyzer "$@"
check "cppcheck" cpp_check
check "clang-tidy" tidy "$@"
exit $failed
