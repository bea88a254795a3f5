#!/usr/bin/env bash
# A job that is killed, whole, at any time: kills.sh TIMES PROGRAM MPIEXEC. The next job has the same bytes. How old that was
# which it runs again is printed: a second is promised, three make it fail, since the machine may be busy.
set -euo pipefail
# shellcheck source-path=SCRIPTDIR source=../shared_out.sh
source "$(dirname "$0")/../shared_out.sh"
shared_out "$@"
times=$1
program=$2
mpiexec=$3
# shellcheck source-path=SCRIPTDIR source=common.sh
source "$(dirname "$0")/common.sh"
items=4000
now() { date +%s%N; }
declare -A wanted
RANDOM=${SEED:-1}
again=0
lost_most=0
n=0
while [[ $n -lt $times ]]; do
    name=$(printf '%s\n' map reduce imap strings | sed -n "$((RANDOM % 4 + 1))p")
    what=("$name" "$items" nap=500)
    if [[ -z ${wanted[$name]:-} ]]; then
        run 0 "$mpiexec" -n 2 "$program" "$name" $items
        wanted[$name]=$(value result)
    fi
    sync=$((RANDOM % 2))
    [[ $sync == 0 ]] || what+=(sync=record)
    fresh
    rm -f "$all"/log.*
    setsid "$mpiexec" -n 2 "$program" "${what[@]}" journal="$journal" log="$all/log" >/dev/null 2>&1 &
    job=$!
    while [[ ! -s $journal ]]; do sleep 0.02; done
    sleep "0.$(printf '%03d' $((RANDOM % 1000)))"
    killed=$(now)
    pkill -KILL -s "$job" || true
    status=0
    wait "$job" 2>/dev/null || status=$?
    [[ $status != 0 ]] || continue # it had come to its end
    n=$((n + 1))
    while pgrep -s "$job" >/dev/null; do sleep 0.01; done
    cat "$all"/log.* >"$all/before" 2>/dev/null || true
    rm -f "$all"/log.*
    run 0 "$mpiexec" -n 2 "$program" "${what[@]}" nap=0 journal="$journal" log="$all/log"
    [[ $(value result) == "${wanted[$name]}" ]] || fail "$n: ${what[*]}: other bytes than without a journal"
    # Of each item when it ended, in nanoseconds; which of them have run again, and how old they were.
    lost=$({ cat "$all"/log.* 2>/dev/null || true; } | awk -v killed="$killed" 'NR == FNR { ended[$1] = $2; next }
        $1 in ended { age = (killed - ended[$1]) / 1e9; if (age > most) most = age; ++again }
        END { printf "%d %.3f\n", again, most }' "$all/before" -)
    read -r count most <<<"$lost"
    again=$((again + count))
    awk -v a="$most" -v b="$lost_most" 'BEGIN { exit !(a > b) }' && lost_most=$most
    awk -v a="$most" 'BEGIN { exit !(a > 3) }' && fail "$n: ${what[*]}: an item ran again that had ended $most s before"
    rm -f "$journal.lock"
done
echo "$times kills: the same bytes each time; $again items ran again, the oldest had ended $lost_most s before the kill"
