#!/usr/bin/env bash
# started_again.sh killed|requeued REFERENCE PROGRAM JOURNAL ARG... -- MPIRUN...
#
# killed: the program is killed when it has something in its journal, and started again on another number of ranks.
# requeued: it is told of an end that comes before its own, and started again as long as it asks for that. In the end it
# must have printed what the reference prints.
set -euo pipefail
mode=$1 reference=$2 program=$3 journal=$4
shift 4
arguments=()
while [[ $1 != -- ]]; do
    arguments+=("$1")
    shift
done
shift
launch=("$@") # up to the option that the number of ranks follows
mkdir -p "$(dirname "$journal")"
rm -f "$journal"*
export JOURNAL=$journal

die() {
    echo "$*"
    exit 1
}

if [[ $mode == killed ]]; then
    "${launch[@]}" 3 "$program" "${arguments[@]}" >"$journal.out" &
    launcher=$!
    until [[ -e $journal && $(stat -c %s "$journal") -gt 4000 ]]; do
        kill -0 "$launcher" || die "it came to its end before it could be killed"
        sleep 0.02
    done
    mapfile -t ranks < <(pgrep -P "$launcher")
    kill -KILL "$launcher" "${ranks[@]}"
    wait "$launcher" || true
    "${launch[@]}" 2 "$program" "${arguments[@]}" >"$journal.out" 2>"$journal.said"
    cat "$journal.said"
    grep -q "results are there" "$journal.said" || die "it has begun anew"
else
    export MPIMAP_MARGIN=0.5
    starts=0 code=75
    while [[ $code == 75 ]]; do
        starts=$((starts + 1))
        # Longer each time, for machines that are slow or busy.
        code=0
        MPIMAP_DEADLINE=+$starts "${launch[@]}" 3 "$program" "${arguments[@]}" >"$journal.out" || code=$?
        echo "start $starts: exit code $code"
    done
    [[ $code == 0 ]] || die "it has failed"
    [[ $starts -gt 1 ]] || die "it was not interrupted"
fi
"${launch[@]}" 2 "$reference" "${arguments[@]}" >"$journal.expected"
cmp "$journal.expected" "$journal.out"
