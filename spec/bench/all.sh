#!/bin/sh
# All benchmarks, and at the end the table of what is aimed at.
#
#     spec/bench/all.sh [ROUNDS [REQUESTS]]    of the trigger
set -eu
cd "$(dirname "$0")/../.."

AOM_BENCH_TABLE=$(mktemp)
export AOM_BENCH_TABLE
trap 'rm -f "$AOM_BENCH_TABLE"' EXIT
trap 'exit 130' INT TERM

sh spec/bench/sign.sh
sh spec/bench/run.sh "$@"
sh spec/bench/cold.sh
sh spec/bench/bulk.sh
sh spec/bench/nginx.sh

echo
echo "load of the machine: $(cut -d' ' -f1-3 /proc/loadavg), processors: $(nproc)"
printf '%-12s %-44s %9s   %-16s %6s\n' what where median 'half of rounds' aim
cat "$AOM_BENCH_TABLE"
