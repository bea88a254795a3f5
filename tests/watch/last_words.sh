#!/usr/bin/env bash
# What is said of an item that a rank dies in, or that runs for too long: last_words.sh [busy] PROGRAM MPIRUN-COMMAND..., on one
# rank and on several; with "busy" that nothing is said of 10,000 items of a machine that is busy with something else.
set -euo pipefail
machine=idle
if [[ $1 == busy ]]; then
    machine=busy
    shift
fi
program=$1
shift
several=("$@")
# shellcheck source-path=SCRIPTDIR source=../run_program.sh
source "$(dirname "$0")/../run_program.sh"
others=()
at_end() { kill "${others[@]}" 2>/dev/null || true; }
# A sanitizer's own handlers would be there first.
export ASAN_OPTIONS=${ASAN_OPTIONS:-}:handle_segv=0:handle_sigbus=0:handle_sigfpe=0:handle_sigill=0
export UBSAN_OPTIONS=${UBSAN_OPTIONS:-}:handle_segv=0:handle_sigbus=0:handle_sigfpe=0:handle_sigill=0
export TSAN_OPTIONS=${TSAN_OPTIONS:-}:handle_segv=0:handle_sigbus=0:handle_sigfpe=0:handle_sigill=0
# How often a line begins so: others may write between lines.
times() { grep -cE -- "^mpimap: rank [0-9]+ \([^)]+\) $1" "$out/err" || true; }
says() { [[ $(times "$1") == 1 ]] || fail "not one line like \"mpimap: rank R (HOST) $1\""; }
says_nothing() { ! grep -q "^mpimap: rank" "$out/err" || fail "last words of nobody"; }

if [[ $machine == busy ]]; then
    for _ in 1 2 3 4; do
        timeout 120 bash -c 'while :; do :; done' &
        others+=("$!")
    done
    run 0 "${several[@]}" "$program" uneven
    says_nothing
    exit 0
fi

for launch in "" "${several[*]}"; do
    read -ra launcher <<<"$launch"
    for death in segv:"dies by SIGSEGV" overflow:"dies by SIGSEGV" fpe:"dies by SIGFPE" abort:"dies by SIGABRT" \
        in_thread:"dies by SIGSEGV" nested:"dies by SIGSEGV" exit:"calls exit\(3\)" terminate:"comes to std::terminate" static:"dies by SIGSEGV" \
        pool:"dies by SIGSEGV"; do
        # How each is told does not depend on the launcher.
        if [[ -n $launch && ${death%%:*} =~ ^(overflow|fpe|abort|in_thread|nested|terminate)$ ]]; then continue; fi
        run bad "${launcher[@]}" "$program" "${death%%:*}"
        says "${death#*:} in item 17 of call 2$"
        grep -qx "Its arguments: 17, 8.5" "$out/err" || fail "no arguments"
        line=$(grep -F "MPIMAP_ONLY=17 MPIMAP_CALL=2" "$out/err") || fail "no line to run item 17 again"
    done
    run bad "${launcher[@]}" "$program" submit
    says "dies by SIGSEGV in item 0$"
    # Whoever is told to end has nothing to say; nor where the program has a handler of its own, or runs no item.
    run bad "${launcher[@]}" "$program" kill
    says_nothing
    run 7 "${launcher[@]}" "$program" handled
    says_nothing
    run bad "${launcher[@]}" "$program" outside
    says_nothing
    # What an item forks is no rank.
    run 0 "${launcher[@]}" "$program" forked
    says_nothing

    for endless in endless endless_static endless_in_pool; do
        run 124 "${launcher[@]}" "$program" "$endless"
        says "has spent more than its item_timeout, 0.5 s, in item 17 of call 2$"
        grep -F "MPIMAP_ONLY=17 MPIMAP_CALL=2" "$out/err" >/dev/null || fail "no line to run item 17 again"
    done
    run 0 "${launcher[@]}" "$program" many_in_a_chunk
    says_nothing
done
# Its own time has no end where it is run by itself.
run 0 env MPIMAP_ONLY=17 MPIMAP_CALL=2 "$program" slow
says_nothing
# A rank that a pool has made: the program ends as where one dies.
run 1 "$program" endless_spawned
says "has spent more than its item_timeout, 0.5 s, in item 17 of call 2$"

run bad bash -c "$line"
says "dies by SIGSEGV in item 17 of call 2$"
! grep -F MPIMAP_ONLY "$out/err" >/dev/null || fail "what is run by itself is told to be"
