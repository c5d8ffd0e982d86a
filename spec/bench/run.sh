#!/bin/sh
# Measures a keep-alive trigger over bare libcurl that sends the same request to the same nginx: both sides in
# turn, as processes of their own, and the instructions of a call with valgrind.
#
#     spec/bench/run.sh [ROUNDS [REQUESTS]]
set -eu
# shellcheck source=spec/bench/lib.sh
. "$(dirname "$0")/lib.sh"

rounds=${1:-31} requests=${2:-1500}
# shellcheck disable=SC2046
compile curl_floor $(pkg-config --cflags --libs libcurl)
serve_all "return 200 '{\"success\"}';"

# Of one call, in thousands: its last argument is the count.
a_call() {
  few=$(instructions sh -c "$1 200")
  echo $((($(instructions sh -c "$1 1200") - few) / 1000000))
}

# A line: its name, the address and the aim.
measure() {
  ours="$lua spec/bench/trigger.lua $2 $work/cert.pem"
  theirs="sh $work/floor.sh"
  $lua spec/bench/trigger.lua "$2" "$work/cert.pem" floor "$work/curl_floor" >"$work/floor.sh"
  versus "$rounds" trigger "$lua, $1" "$3" us "$ours $requests" "$theirs $requests"
  echo "  $lua, instructions           $(a_call "$ours") over $(a_call "$theirs") thousand a call"
}

echo "keep-alive trigger, over bare libcurl (aim: 1.00, HTTP/2 1.03); $rounds rounds of $requests requests a side"
for lua in lua5.4 luajit; do
  use_lua $lua
  measure "HTTP/1.1" "$http" 1.00
  measure "HTTP/1.1 over TLS" "$https" 1.00
  measure "HTTP/2 over TLS" "$h2" 1.03
done
