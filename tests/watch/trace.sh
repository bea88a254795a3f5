#!/usr/bin/env bash
# What MPIMAP_TRACE writes: trace.sh PROGRAM READER MPIRUN-COMMAND...
set -euo pipefail
program=$1
reader=$2
shift 2
several=("$@" "$program")
# shellcheck source-path=SCRIPTDIR source=../run_program.sh
source "$(dirname "$0")/../run_program.sh"
# traced END FILE COMMAND...
traced() {
    local wanted=$1
    trace=$all/$2
    shift 2
    run "$wanted" env MPIMAP_TRACE="$trace" "$@"
}

# Each rank does one thing at a time, all items are there once, and take as long as they say.
for command in "${several[*]}" "$program"; do
    # shellcheck disable=SC2086  # several words
    traced 0 calls.json $command calls
    "$reader" "$trace" filled <"$out/out"
    # shellcheck disable=SC2086
    traced 0 pools.json $command pools
    "$reader" "$trace" <"$out/out"
done

# Two roots have a file each; what items call is their own business.
traced 0 halves.json "${several[@]}" halves
for file in halves.json halves.1.json; do "$reader" "$all/$file" </dev/null; done
[[ ! -e $all/halves.2.json ]] || fail "an item has written a trace"

# A million events at most.
traced 0 many.json "$program" many
events=$(grep -c '"ph": "X"' "$trace")
[[ $events -gt 400000 && $events -le 1000000 ]] || fail "$events events"
grep -q '"shown": "one of ' "$trace" || fail "nothing says that events are left out"
for kind in run wait; do
    [[ $(grep -c "\"cat\": \"$kind\"" "$trace") -gt 1000 ]] || fail "not of each kind"
done

# What a job has done that is killed is there, as far as it was written: every two seconds.
traced bad killed.json "${several[@]}" killed
"$reader" "$trace" </dev/null

# A file that cannot be written is told before anything runs, on every rank.
traced 0 nowhere/run.json "${several[@]}" calls
[[ $(grep -c "^rank [0-2]: .*MPIMAP_TRACE=.*cannot be written: No such file" "$out/out") == 3 ]] || fail "no error"
run 0 env MPIMAP_TRACE= "${several[@]}" calls
