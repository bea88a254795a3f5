#!/usr/bin/env bash
# What MPIMAP_WATCHDOG says of a call that stands still, and what is said without: watchdog.sh [long] PROGRAM MPIRUN-COMMAND...
set -euo pipefail
long=no
if [[ $1 == long ]]; then
    long=yes
    shift
fi
program=$1
shift
several=("$@" "$program")
# shellcheck source-path=SCRIPTDIR source=../run_program.sh
source "$(dirname "$0")/../run_program.sh"
says() { [[ $(cat "$out/out" "$out/err" | grep -cE -- "$1" || true) == "${2:-1}" ]] || fail "not ${2:-1} times \"$1\""; }
not_there='in a collective call on a communicator of 3 ranks, and waits on: rank'
if [[ $long == yes ]]; then
    run 0 "${several[@]}" without_one_for_a_minute
    says "^mpimap: rank 0 has waited for 1 min ([0-9]+ s )?$not_there 1 has not made it\$"
    says 'mpimap:' 1
    run 0 env MPIMAP_WATCHDOG=0 "${several[@]}" without_one_for_a_minute
    says 'mpimap:' 0
    exit
fi

# An item that does not end, at one rank of several, and where there is nobody else to look.
for stuck in stuck stuck_in_pool; do
    run 124 env MPIMAP_WATCHDOG=1,end "${several[@]}" "$stuck"
    says '^mpimap: call [12]: nothing has been settled for [1-9] s, 19 of 20 items have run$'
    says '^  rank [0-2] has had item 5 for [1-9] s$'
    says '^  ranks (0, 1|0, 2|1, 2) have none$'
done
for stuck in stuck stuck_in_pool; do
    run 124 env MPIMAP_WATCHDOG=1,end "$program" "$stuck"
    says '^mpimap: call [12]: nothing has been settled for [1-9] s, [0-5] of 20 items have run$'
    says '^  rank 0 has had items? ([0-5] to [0-9]+|5) for [1-9] s$'
done
# Among the first of many, which ranks have got before they have said that they take part.
run 124 env MPIMAP_WATCHDOG=1,end "${several[@]}" stuck_early
says '^  rank [0-2] has had items? [0-9]+.* for [1-9] s$'
says 'not read' 0
# One of many submissions, while others are settled; and when they are.
run 0 env MPIMAP_WATCHDOG=1 "${several[@]}" one_long_of_many
says '^mpimap: nothing has been settled for [1-9] s, 0 items have run$'
says '^  rank [0-2] has had item [0-9]+ for [3-9] s$'
# A rank that stands still itself.
run 0 env MPIMAP_WATCHDOG=1 "${several[@]}" stopped
says '^mpimap: call 1: nothing has been settled for [1-9] s, 19 of 20 items have run$'
says '^  rank 1 has had item [0-9]+ for [1-9] s$'
# It is not the others that stood still meanwhile.
run 0 env MPIMAP_WATCHDOG=1 "${several[@]}" stopped_root
says mpimap: 0
run 0 env MPIMAP_WATCHDOG=1 "$program" stopped_root
says mpimap: 0

# Ranks that do not make a call.
run 0 env MPIMAP_WATCHDOG=1 "${several[@]}" without_one
says "^mpimap: rank [02] has waited for [1-9] s $not_there 1 has not made it\$"
says 'mpimap:' 1
run 0 env MPIMAP_WATCHDOG=1 "${several[@]}" without_root
says "^mpimap: rank [12] has waited for [1-9] s $not_there 0 has not made it\$"
says 'mpimap:' 1
run 0 env MPIMAP_WATCHDOG=1 "${several[@]}" without_one_at_last
says 'mpimap:' 1
run 124 env MPIMAP_WATCHDOG=1,end "${several[@]}" without_one
says "$not_there 1 has not"
run 0 env MPIMAP_WATCHDOG=1 "${several[@]}" without_one_at_first
says '^mpimap: rank [02] has waited for [1-9] s in the first call on a communicator of 3 ranks' 2

# Nothing is said of nothing.
run 0 env MPIMAP_WATCHDOG=1 "${several[@]}" idle
says mpimap: 0
for quiet in without_one without_one_at_first; do
    run 0 env MPIMAP_WATCHDOG=0 "${several[@]}" "$quiet"
    says mpimap: 0
    run 0 "${several[@]}" "$quiet"
    says mpimap: 0
done
run 0 env MPIMAP_WATCHDOG=soon "${several[@]}" without_one
says "^rank [0-2]: mpimap: MPIMAP_WATCHDOG=soon: give seconds, such as 60" 3
