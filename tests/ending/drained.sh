#!/usr/bin/env bash
# Programs that are told to end before they are done, and those whose time is over: drained.sh PART PROGRAM MPIEXEC
set -euo pipefail
part=$1
program=$2
mpiexec=$3
# shellcheck source-path=SCRIPTDIR source=common.sh
source "$(dirname "$0")/common.sh"
items=300

# drained WAY SIGNAL STATUS: with a journal, by a signal to mpirun once items run; then it goes on.
drained() {
    local way=$1 signal=$2 status=$3
    begin "${several[@]}" "$program" "$way" $items nap=20 journal="$journal"
    wait_for ended 20
    kill "-$signal" "$job"
    ends "$status"
    closed
}
resumed() {
    local way=$1
    run 0 "${several[@]}" "$program" "$way" $items journal="$journal" log="$all/again"
    same
    [[ $(cat "$all"/again.* | grep -c ended) -le $((items - 20)) ]] || fail "all was computed again"
    rm -f "$all"/again.*
}

case $part in
    signals)
        run 0 "${several[@]}" "$program" map $items
        wanted=$(value result)
        for signal in USR1 USR2; do
            fresh
            drained map $signal 75
            says "^mpimap: SIG$signal: no more items are started, and those that run are given up in 10 s"
            says "^mpimap: the call was interrupted by SIG$signal: [0-9]+ of $items items had run"
            [[ $(grep -c 'was interrupted by' "$out/err") == 1 ]] || fail "more than one rank says so"
            [[ $(grep -c '^interrupted on rank' "$out/out") == 3 ]] || fail "not every rank throws"
            resumed map
        done
        # What mpirun does with these is its own; the journal is closed.
        for signal in TERM INT; do
            fresh
            drained map $signal bad
            resumed map
        done
        # Each form of a call gives what it can, and goes on.
        for way in everywhere try pool imap uimap try_imap amap submit; do
            fresh
            case $way in
                submit) # has no journal
                    begin "${several[@]}" "$program" submit $items nap=20
                    wait_for ended 20
                    kill -USR1 "$job"
                    ends 75
                    says 'interrupted by SIGUSR1'
                    continue
                    ;;
            esac
            drained $way USR1 75
            case $way in
                imap | uimap) [[ $(value got) -ge 10 ]] || fail "nothing of what was there was given" ;;
                try) [[ $(($(value "done") + $(value not_run))) == "$items" ]] || fail "items are missing" ;;
                try_imap) [[ $(value gaps) -gt 0 ]] || fail "no gaps" ;;
            esac
            if [[ $way == try ]]; then
                run 0 "${several[@]}" "$program" try $items journal="$journal"
                [[ $(value "done") == "$items" ]] || fail "not all is done"
            elif [[ $way == uimap ]]; then
                run 0 "${several[@]}" "$program" uimap $items
                wanted_sorted=$(value result)
                run 0 "${several[@]}" "$program" uimap $items journal="$journal"
                [[ $(value result) == "$wanted_sorted" ]] || fail "other results"
            else
                resumed $way
            fi
        done
        # An item has failed, and all others are to be run: that it was interrupted is what counts.
        fresh
        begin "${several[@]}" "$program" map $items nap=20 fails=3 collect=1 journal="$journal"
        wait_for ended 40
        kill -USR1 "$job"
        ends 75
        says 'was interrupted by SIGUSR1: [0-9]+ of [0-9]+ items had run, 1 has failed'
        # Attempts are not charged for what was cut off.
        fresh
        begin "${several[@]}" "$program" map $items nap=20 throws=1 attempts=3 collect=1 keep=1 journal="$journal"
        wait_for ended 20
        kill -USR1 "$job"
        ends 75
        run 0 "${several[@]}" "$program" map $items keep=1 journal="$journal"
        same
        # What an item calls is a part of it.
        fresh
        begin "${several[@]}" "$program" map $items nap=40 nested=1 journal="$journal"
        wait_for 'item ' 20
        kill -USR1 "$job"
        ends 75
        silent 'failed'
        run 0 "${several[@]}" "$program" map $items journal="$journal"
        same
        # Nobody has asked for what was not run.
        begin "${several[@]}" "$program" dropped $items nap=20
        wait_for ended 20
        kill -USR1 "$job"
        ends 75
        ;;
    phases)
        run 0 "${several[@]}" "$program" map $items
        wanted=$(value result)
        # At any time from the first moment on: while MPI starts, too. Before there are handlers the signal ends the program.
        for delay in 0.00 0.05 0.1 0.15 0.2 0.25 0.3 0.4 0.5; do
            fresh
            begin "${several[@]}" "$program" map $items nap=20 journal="$journal"
            wait_for begin 3 # before MPI begins
            sleep $delay
            kill -USR1 "$job"
            ends bad
            run 0 "${several[@]}" "$program" map $items journal="$journal"
            same
        done
        # While the others wait for a rank that has not come to the call.
        fresh
        begin "${several[@]}" "$program" map $items late=3000 journal="$journal"
        wait_for main 3
        sleep 0.3
        kill -USR1 "$job"
        ends 75
        says 'the program is to end, because of SIGUSR1: no call begins any more|was interrupted by SIGUSR1'
        # Between two calls, and after one that does not throw.
        begin "${several[@]}" "$program" twice 20 lag=1500
        wait_for between 3
        kill -USR1 "$job"
        ends 75
        says '^result '
        says 'the program is to end, because of SIGUSR1: no call begins any more'
        begin "${several[@]}" "$program" try $items nap=20 lag=1
        wait_for ended 20
        kill -USR1 "$job"
        ends 75
        says '^not_run '
        says 'no call begins any more'
        # When all is done: the program ends as it would.
        begin "${several[@]}" "$program" map 20 late=3000
        wait_for '^end at' 3
        kill -USR1 "$job"
        ends 0
        begin "${several[@]}" "$program" served 20 lag=1500
        wait_for between
        kill -USR1 "$job"
        ends 0
        says '^result '
        # One rank alone.
        for n in 1 2 3; do
            fresh
            begin "${several[@]}" "$program" map $items nap=20 journal="$journal"
            wait_for ended 20
            kill -USR1 "$(ranks | sed -n "${n}p")"
            ends 75
            [[ $(grep -c '^interrupted on rank' "$out/out") == 3 ]] || fail "not every rank throws"
            run 0 "${several[@]}" "$program" map $items journal="$journal"
            same
        done
        # Two signals.
        fresh
        begin "${several[@]}" "$program" map $items nap=20 journal="$journal"
        wait_for ended 20
        kill -USR1 "$job"
        sleep 0.01
        kill -USR2 "$job"
        ends 75
        # Caught by the program, which then ends as it likes, though not all is done: 0 would say that it is.
        begin "${several[@]}" "$program" caught $items nap=20
        wait_for ended 20
        kill -USR1 "$job"
        ends 75
        # Without run_main, where it leaves main.
        begin "${several[@]}" "$program" environment $items nap=20
        wait_for ended 20
        kill -USR1 "$job"
        ends 75
        says 'uncaught exception: mpimap: the call was interrupted by SIGUSR1'
        # A program with a handler of its own, which stays; and one that did not ask.
        begin "${several[@]}" "$program" own 60 nap=100
        wait_for ended 10
        kill -USR1 "$job"
        ends 0
        says '^heard 1'
        begin "${several[@]}" "$program" deaf $items nap=20
        wait_for ended 20
        kill -USR1 "$job"
        ends bad
        silent 'interrupted'
        ;;
    deadlines)
        run 0 "${several[@]}" "$program" map $items
        wanted=$(value result)
        # Of the call, of the program, of the Slurm job.
        for by in call variable slurm; do
            fresh
            end=$(($(date +%s) + 4))
            case $by in
                call) with=(env "${several[@]}" "$program" map $"$items" nap=60 journal="$journal" deadline=3 margin=1) ;;
                variable)
                    with=(env MPIMAP_DEADLINE=+3 MPIMAP_MARGIN=1
                        "${several[@]}" "$program" map $"$items" nap=60 journal="$journal")
                    ;;
                slurm)
                    with=(env SLURM_JOB_END_TIME="$end" MPIMAP_MARGIN=1
                        "${several[@]}" "$program" map $"$items" nap=60 journal="$journal")
                    ;;
            esac
            run 75 "${with[@]}"
            says 'the call was interrupted by the end of the time: [0-9]+ of '
            closed
            run 0 "${several[@]}" "$program" map $items journal="$journal"
            same
        done
        # Divided beforehand; where nobody throws; with another root; of an item's own call.
        fresh
        run 75 env MPIMAP_DEADLINE=+4 MPIMAP_MARGIN=1 "${several[@]}" "$program" map $items nap=60 schedule=static \
            journal="$journal" log="$all/log"
        [[ $(lines item) == $(lines ended) ]] || fail "items were started that did not end"
        run 0 "${several[@]}" "$program" map $items journal="$journal"
        same
        fresh
        run 75 env MPIMAP_DEADLINE=+6 MPIMAP_MARGIN=1 "${several[@]}" "$program" try 40 nap=1200
        says '^not_run '
        fresh
        run 75 env MPIMAP_DEADLINE=+3 MPIMAP_MARGIN=1 "${several[@]}" "$program" map $items nap=60 root=1 journal="$journal"
        run 0 "${several[@]}" "$program" map $items root=1 journal="$journal"
        same
        fresh
        run 75 env MPIMAP_DEADLINE=+4 MPIMAP_MARGIN=2 "${several[@]}" "$program" map $items nap=200 nested=1 journal="$journal"
        silent 'failed'
        # A call that is over, though nobody has taken what it gave, is not given up; nor is one that has nothing to do.
        run 0 "${several[@]}" "$program" idle 20 nap=20 deadline=2 margin=0.1 lag=4000
        says '^result '
        # An item that ends its rank is to blame, though mpirun tells the others to end.
        fresh
        for n in 1 2 3 4; do
            run bad "${several[@]}" "$program" map 60 nap=5 crash=7 collect=1 journal="$journal"
            if grep -q 'map_error\|1 of 60 items failed' "$out/err"; then break; fi
        done
        says '1 of 60 items failed'
        # Too late from the beginning: nothing is started, also where nobody throws.
        run 75 "${several[@]}" "$program" map $items deadline=-1
        says ": 0 of $items items had run"
        run 0 "${several[@]}" "$program" try $items deadline=-1
        says "^not_run $items"
        run 75 env MPIMAP_DEADLINE=1 "${several[@]}" "$program" map $items
        says 'the program is to end, because of the end of the time: no call begins any more'
        # Items that would not end in time are not started: those of a second, of which each rank has run some.
        run 75 "${several[@]}" "$program" map 60 nap=1000 deadline=5 margin=0.8 log="$all/log"
        [[ $(lines item) == $(lines ended) ]] || fail "items were started that did not end"
        [[ $(lines ended) -ge 6 ]] || fail "nothing was run"
        # By their costs: the longest are not, shorter ones are.
        fresh
        run 75 "${several[@]}" "$program" map 40 nap=50 costs=1 deadline=5 margin=1 log="$all/log"
        [[ $(lines item) == $(lines ended) ]] || fail "items were started that did not end"
        # One that never ends is given up.
        for by in deadline=2 nothing; do
            fresh
            begin "${several[@]}" "$program" map $items nap=20 endless=17 margin=1 journal="$journal" $by
            wait_for 'item 17 at'
            [[ $by != nothing ]] || kill -USR1 "$job"
            ends 75
            says 'mpimap: items that still run are given up, since '
            closed
            [[ ! -e $journal.died ]] || fail "somebody is blamed"
            run 0 "${several[@]}" "$program" map $items journal="$journal"
            same
            silent 'come last'
        done
        # Values that make no sense.
        run bad env MPIMAP_DEADLINE=soon "${several[@]}" "$program" map 10
        says 'MPIMAP_DEADLINE is "soon", but should be seconds since 1970, or \+seconds'
        run bad env MPIMAP_MARGIN=-1 "${several[@]}" "$program" map 10
        says 'MPIMAP_MARGIN is "-1", but should be seconds'
        run bad "${several[@]}" "$program" map 10 margin=-1
        says 'options::margin is negative, infinite or no number'
        ;;
    alone)
        several=(env)
        run 0 "$program" map $items
        wanted=$(value result)
        for signal in USR1 USR2 TERM INT; do
            fresh
            drained map $signal 75
            if [[ $signal == INT ]]; then says 'once more ends the program at once'; fi
            resumed map
        done
        for way in pool imap; do
            fresh
            drained $way INT 75
            resumed $way
        done
        # With ranks that the pool has made, of which a terminal tells all.
        for signal in INT USR1; do
            fresh
            begin "$program" spawn $items nap=20 journal="$journal"
            wait_for ended 20
            kill "-$signal" -- "-$job"
            ends 75
            closed
            run 0 "$program" spawn $items journal="$journal"
            same
        done
        # Ctrl-C, twice: an item that never ends is not waited for.
        fresh
        begin "$program" map $items nap=20 endless=17 margin=60 journal="$journal"
        wait_for 'item 17 at'
        kill -INT "$job"
        sleep 0.5
        before=$(now)
        kill -INT "$job"
        ends 75
        [[ $(((ended - before) / 1000000)) -lt 5000 ]] || fail "it took its time"
        run 0 "$program" map $items journal="$journal"
        same
        ;;
    *) exit 2 ;;
esac
