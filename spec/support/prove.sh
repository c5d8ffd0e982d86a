#!/bin/sh
# Runs every proof in its long form, which takes hours, and goes on where one fails. Ends with a line for each
# and their count.
#
#   spec/support/prove.sh [PROOF...]
set -eu

cd "$(dirname "$0")/../.."
MAKE=${MAKE:-make}
lines='' passed=0 failed=0

proof() {
  case $1 in
  test) $MAKE --no-print-directory test WHOLE=1 ;;
  fuzz) $MAKE --no-print-directory fuzz ARGS=300 ;;
  threads) $MAKE --no-print-directory threads ARGS=2000 ;;
  rock) sh spec/support/rock.sh lua5.4 lua5.3 lua5.2 lua5.1 ;;
  *) $MAKE --no-print-directory "$1" ARGS= ;;
  esac
}

[ $# != 0 ] || set -- lint test rock analyze torture fuzz threads sanitize coverage matrix soak
for name; do
  echo "== $name"
  started=$(date +%s)
  # Not in a condition, where sh would not stop at the first command that fails.
  set +e
  (set -e && proof "$name")
  status=$?
  set -e
  if [ $status = 0 ]; then passed=$((passed + 1)) word=ok; else failed=$((failed + 1)) word=FAILED; fi
  lines=$lines$(printf '%-9s %-6s %6d s' "$name" $word $(($(date +%s) - started)))'
'
done
printf '%sprove: %d passed, %d failed\n' "$lines" $passed $failed
[ $failed = 0 ]
