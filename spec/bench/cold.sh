#!/bin/sh
# Measures a script that loads the library, makes one call over plain HTTP and ends, over the curl command with the
# same request: processor time, wall time, and instructions with valgrind.
#
#     spec/bench/cold.sh [ROUNDS]
set -eu
# shellcheck source=spec/bench/lib.sh
. "$(dirname "$0")/lib.sh"

rounds=${1:-31}
# Neither side needs certificates: no variable of the machine that names some is to be looked at.
unset CURL_CA_BUNDLE SSL_CERT_FILE SSL_CERT_DIR
compile cost
serve_all "return 200 '{\"success\"}';"

use_lua lua5.4
path=/v1/0123456789abcdef0123456789abcdef/cms/workflow/8f4b1c2e-6a1d-4e35-9d5b-0c7f3a9e1b42/trigger/action
{
  printf "exec curl -s --noproxy '*' -o /dev/null -X PUT -d ''"
  lua5.4 spec/bench/cold.lua "$http" headers | sed "s/.*/ -H '&'/" | tr -d '\n'
  echo " '$http$path?action=enable'"
} >"$work/curl.sh"

echo "a cold script, over the curl command (aim: 1.35 or less); $rounds rounds of 10 runs"
theirs=$(instructions sh "$work/curl.sh")
# A line: its name, and the shell's words before the script.
measure() {
  echo "$2 spec/bench/cold.lua $http" >"$work/ours.sh"
  versus "$rounds" cold "$1" 1.35 "ms of CPU time,ms of wall time" "$work/cost 10 sh $work/ours.sh" \
    "$work/cost 10 sh $work/curl.sh"
  echo "  $1, instructions           $(instructions sh "$work/ours.sh") over $theirs"
}
for lua in lua5.4 luajit; do
  use_lua $lua
  measure $lua "exec $lua"
  make -s install LUA=$lua PREFIX="$work/$lua" COMPILED=1 >/dev/null
  measure "$lua, COMPILED=1" "LUA_PATH='$(echo "$work/$lua"/share/lua/*)/?.lua' exec $lua"
done
