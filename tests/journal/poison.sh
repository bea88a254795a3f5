#!/usr/bin/env bash
# An item that ends its rank whenever it runs: poison.sh TIMES PROGRAM MPIEXEC. It fails by the fifth job, whichever it is, all
# others are done, and nobody else is blamed, though the jobs are also killed from outside.
set -euo pipefail
# shellcheck source-path=SCRIPTDIR source=../shared_out.sh
source "$(dirname "$0")/../shared_out.sh"
shared_out "$@"
times=$1
program=$2
mpiexec=$3
# shellcheck source-path=SCRIPTDIR source=common.sh
source "$(dirname "$0")/common.sh"
items=60
RANDOM=${SEED:-1}
most=0
for ((n = 0; n < times; ++n)); do
    poison=$((RANDOM % items))
    fresh
    what=(map "$items" crash="$poison" nap=$((RANDOM % 3 * 200)) collect=1 journal="$journal")
    [[ $((RANDOM % 2)) == 0 ]] || what+=(schedule=static)
    # From outside, in another item, which nobody is to be blamed for.
    if [[ $((RANDOM % 2)) == 0 ]]; then
        killed=$(((poison + 1 + RANDOM % (items - 1)) % items))
        run bad "$mpiexec" -n 2 "$program" "${what[@]}" kill=$killed
    fi
    for ((jobs = 1; jobs <= 5; ++jobs)); do
        run any "$mpiexec" -n 2 "$program" "${what[@]}"
        if grep -q '^map_error:' "$out/out"; then break; fi
    done
    grep -q "^map_error: 1 failed, $((items - 1)) done" "$out/out" || fail "$n: ${what[*]}: not one that failed"
    grep -q "^  item $poison on .*: death of the rank: dies by SIGABRT, " "$out/out" || fail "$n: ${what[*]}: another is blamed"
    [[ $jobs -le $most ]] || most=$jobs
done
echo "$times items that end their ranks: each has failed by itself, in job $most at the latest; nobody else was blamed"
