#!/bin/sh
# Run by `make demo`: starts a simulated AOM on this machine, switches one workflow on, and
# makes one call that the service refuses. It uses the loopback interface only.
#
# Exit status: 0 both calls went as expected, 1 they did not.
set -eu

cd "$(dirname "$0")/.."
AK=AKDEMO00000000000000 SK=demo-secret-key PROJECT=0a1b2c3d4e5f60718293a4b5c6d7e8f9
# the id of nightly-report in the simulated account
WORKFLOW=894d30f0-d944-5efd-babd-aa9ca25bdac7

# A proxy or a configured account would change where these calls go.
unset http_proxy https_proxy all_proxy HTTP_PROXY HTTPS_PROXY ALL_PROXY
for variable in $(env | sed -n 's/^\(HUAWEICLOUD_[A-Za-z0-9_]*\)=.*/\1/p'); do
  unset "$variable"
done

scratch=$(mktemp -d)
simulator=
cleanup() {
  if [ -n "$simulator" ]; then
    kill "$simulator" 2>/dev/null || true
    wait "$simulator" 2>/dev/null || true
  fi
  rm -rf "$scratch"
}
trap cleanup EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

# --lifetime ends the simulator even if this script is killed.
start_simulator() {
  (
    eval "$(make -s --no-print-directory env LUA=luajit)"
    exec luajit examples/simulator.lua --json --port 0 --lifetime 60 \
      --ak "$AK" --sk "$SK" --project "$PROJECT"
  ) >"$scratch/ready" 2>"$scratch/log" </dev/null &
  simulator=$!
}

# The simulator's first line of output holds its URL.
wait_for_simulator() {
  tries=0
  until grep -q '"url"' "$scratch/ready"; do
    tries=$((tries + 1))
    if [ "$tries" -gt 100 ] || ! kill -0 "$simulator" 2>/dev/null; then
      echo "demo: the simulator did not start" >&2
      cat "$scratch/log" >&2
      exit 1
    fi
    sleep 0.1
  done
}

field() {
  lua5.4 -e 'local line = io.read("l")
    print(require("cjson").decode(line)[arg[1]] or "")' /dev/null "$1" <"$scratch/ready"
}

show() {
  printf '\n$ %s\n' "$*"
  "$@"
}

start_simulator
wait_for_simulator
eval "$(make -s --no-print-directory env LUA=lua5.4)"
HUAWEICLOUD_SDK_AK=$AK
HUAWEICLOUD_SDK_SK=$SK
HUAWEICLOUD_SDK_PROJECT_ID=$PROJECT
HUAWEICLOUD_SDK_AOM_ENDPOINT=$(field url)
export HUAWEICLOUD_SDK_AK HUAWEICLOUD_SDK_SK HUAWEICLOUD_SDK_PROJECT_ID HUAWEICLOUD_SDK_AOM_ENDPOINT
echo "The simulated AOM listens on $HUAWEICLOUD_SDK_AOM_ENDPOINT"

show lua5.4 examples/trigger.lua "$WORKFLOW" enable

# The service knows no such workflow: the script prints the error and exits 1.
status=0
show lua5.4 examples/trigger.lua no-such-workflow enable || status=$?
if [ "$status" != 1 ]; then
  echo "demo: the wrong call should have failed with status 1, but its status was $status" >&2
  exit 1
fi

printf '\ndemo: both calls went as expected\n'
