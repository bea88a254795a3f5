#!/usr/bin/env bash
# What MPIMAP_TRACE writes: trace.sh PROGRAM READER MPIRUN-COMMAND...
set -euo pipefail
program=$1
reader=$2
shift 2
several=("$@" "$program")
out=$(mktemp -d)
trap 'rm -rf "$out"' EXIT
fail() {
    echo "$1. What was said:"
    cat "$out/said"
    exit 1
}
# traced STATUS FILE COMMAND...
traced() {
    local wanted=$1 file=$2 status=0
    shift 2
    MPIMAP_TRACE=$file timeout --signal=KILL 100 "$@" >"$out/said" 2>&1 || status=$?
    [[ $status == "$wanted" ]] || fail "$*: ended with $status"
}

# Each rank does one thing at a time, all items are there once, and take as long as they say.
for command in "${several[*]}" "$program"; do
    # shellcheck disable=SC2086  # several words
    traced 0 "$out/calls.json" $command calls
    "$reader" "$out/calls.json" filled <"$out/said"
    # shellcheck disable=SC2086
    traced 0 "$out/pools.json" $command pools
    "$reader" "$out/pools.json" <"$out/said"
done

# Two roots have a file each; what items call is their own business.
traced 0 "$out/halves.json" "${several[@]}" halves
for file in halves.json halves.1.json; do "$reader" "$out/$file" </dev/null; done
[[ ! -e $out/halves.2.json ]] || fail "an item has written a trace"

# A million events at most.
traced 0 "$out/many.json" "$program" many
events=$(grep -c '"ph": "X"' "$out/many.json")
[[ $events -gt 400000 && $events -le 1000000 ]] || fail "$events events"
grep -q '"shown": "one of ' "$out/many.json" || fail "nothing says that events are left out"
for kind in run wait; do
    [[ $(grep -c "\"cat\": \"$kind\"" "$out/many.json") -gt 1000 ]] || fail "not of each kind"
done

# What a job has done that is killed is there, as far as it was written: every two seconds.
status=0
MPIMAP_TRACE=$out/killed.json timeout 100 "${several[@]}" killed >"$out/said" 2>&1 || status=$?
[[ $status != 0 ]] || fail "nobody was killed"
"$reader" "$out/killed.json" </dev/null

# A file that cannot be written is told before anything runs, on every rank.
traced 0 "$out/nowhere/run.json" "${several[@]}" calls
[[ $(grep -c "^rank [0-2]: .*MPIMAP_TRACE=.*cannot be written: No such file" "$out/said") == 3 ]] || fail "no error"
traced 0 "" "${several[@]}" calls
