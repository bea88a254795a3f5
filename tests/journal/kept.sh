#!/usr/bin/env bash
# Calls with a journal: what a program finds of an earlier one. kept.sh PART PROGRAM MPIEXEC PROGRAM-OF-SHIM
#
#   resumed   a rank is killed, and the next program, on another number of ranks, has the same bytes
#   changed   other arguments, more of them, another function, failures
#   died      items that end their rank
#   refused   what cannot be used, with what is said
set -euo pipefail
part=$1
program=$2
mpiexec=$3
# shellcheck source-path=SCRIPTDIR source=common.sh
source "$(dirname "$0")/common.sh"
# ranks N WHAT...: the program on so many ranks; END is what it ends with.
END=0
ranks() {
    local n=$1
    shift
    if [[ $n == 1 ]]; then run "$END" "$program" "$@"; else run "$END" "$mpiexec" -n "$n" "$program" "$@"; fi
}
ran_less_than() { [[ $(value ran) -lt $1 ]] || fail "not less than $1 items have run"; }
says_nothing() { ! grep -q 'mpimap:' "$out/err" || fail "something is said"; }

case $part in
resumed)
    # program, items, and how many calls it makes of all of them
    while read -r name items calls schedules; do
        ranks 2 "$name" "$items"
        wanted=$(value result)
        first=yes
        for schedule in $schedules; do
            fresh
            options=(schedule="${schedule#automatic}" journal="$journal")
            END=bad
            ranks 3 "$name" "$items" kill=$((items * 2 / 3)) nap=200 "${options[@]}"
            END=0
            ranks 2 "$name" "$items" "${options[@]}"
            same
            ran_less_than $((items * calls))
            says "journal $journal, call 1: [0-9,]+ results? (is|are) there"
            closed
            # Nothing is run again, on any number of ranks.
            for n in 1 3; do
                [[ $first == yes || $n == 3 ]] || continue
                ranks $n "$name" "$items" journal="$journal"
                same
                ran 0
            done
            first=no
        done
    done <<'LIST'
map 3000 1 automatic static dynamic
pointer 300 1 automatic
strings 300 1 automatic static
vectors 300 1 automatic static
into 300 2 automatic
everywhere 300 1 static
for_each 300 1 automatic
try_map 300 1 guided
reduce 3000 1 automatic static
texts_reduced 3000 1 automatic
vectors_reduced 1000 1 automatic static
streams 300 1 factoring
grid 300 3 automatic
broadcasted 300 1 automatic
pool 300 2 automatic
imap 300 1 automatic
imap_texts 300 1 automatic
uimap 300 1 automatic
generations 300 5 automatic
LIST
    # What has been done before a call that is new is taken over; from a generation whose input is another one on, all is
    # computed anew.
    fresh
    ranks 2 generations 100 journal="$journal"
    wanted=$(value result)
    ranks 2 generations 100 journal="$journal"
    same
    ran 0
    ranks 2 generations 100 change=7
    wanted=$(value result)
    ranks 2 generations 100 change=7 journal="$journal"
    same
    ran 500
    says 'call 5: 0 results are there, 100 items are run: arguments in 1 block of 4,096 are not those of before'
    # A file that is synced with each record; nothing is said of one that is new.
    fresh
    ranks 2 map 300 sync=record journal="$journal"
    says_nothing
    ranks 2 map 300 sync=record journal="$journal"
    ran 0
    # One that is not named costs nothing, and is not there.
    ranks 2 map 30 journal=
    [[ ! -e $journal.lock ]] || fail "a lock"
    ;;
changed)
    fresh
    ranks 3 map 10000 journal="$journal"
    ran 10000
    # Ten places in two of the three blocks.
    change=1,2,3,4,5,8200,8300,8400,8500,9999
    ranks 3 map 10000 change=$change
    wanted=$(value result)
    ranks 2 map 10000 change=$change journal="$journal"
    same
    ran $((4096 + 10000 - 8192))
    says '4,096 results are there, 5,904 items are run: arguments in 2 blocks of 4,096 are not those of before$'
    ranks 2 map 10000 change=$change journal="$journal"
    ran 0
    # More items, and fewer.
    ranks 3 map 11000 change=$change
    wanted=$(value result)
    ranks 3 map 11000 change=$change journal="$journal"
    same
    ran $((11000 - 8192))
    ranks 2 map 8192 change=1,2,3,4,5
    wanted=$(value result)
    ranks 2 map 8192 change=1,2,3,4,5 journal="$journal"
    same
    ran 0
    # A reduction: its parts of 256.
    fresh
    ranks 3 reduce 10000 journal="$journal"
    ranks 2 reduce 11000
    wanted=$(value result)
    ranks 2 reduce 11000 journal="$journal"
    same
    ran $((11000 - 8192))
    # One of whose items has failed: what was folded without it is no part of the sum.
    for collect in '' 1; do
        for throw in 5 255 2000,2001; do
            fresh
            ranks 2 reduce 3000 throw=$throw collect=$collect journal="$journal"
            says '^map_error: '
            ranks 2 reduce 3000
            wanted=$(value result)
            ranks 2 reduce 3000 journal="$journal"
            same
            fresh
            ranks 1 reduce 3000 throw=$throw collect=$collect journal="$journal"
            ranks 3 reduce 3000 journal="$journal"
            same
        done
    done
    # A value that all items have, where an index begins, an axis.
    fresh
    ranks 2 broadcasted 100 holds=2 journal="$journal"
    ranks 2 broadcasted 100 holds=3
    wanted=$(value result)
    ranks 2 broadcasted 100 holds=3 journal="$journal"
    same
    ran 100
    # Of lazy maps each item counts.
    for lazy in imap uimap imap_texts; do
        fresh
        ranks 2 $lazy 300 journal="$journal"
        ranks 2 $lazy 350 change=5,6,299
        wanted=$(value result)
        ranks 3 $lazy 350 change=5,6,299 journal="$journal"
        same
        ran 53
        ranks 2 $lazy 350 change=5,6,299 journal="$journal"
        same
        ran 0
    done
    # Items that failed run again, or not. So do those that never ran.
    for schedule in '' static; do
        fresh
        ranks 2 map 300 throw=7,150 collect=1 schedule=$schedule journal="$journal"
        says '^map_error: 2 failed, 298 done'
        ranks 2 map 300 collect=1 failures=keep schedule=$schedule journal="$journal"
        says '^map_error: 2 failed, 298 done'
        says 'no such luck'
        ran 0
        says 'call 1: 298 results are there, 2 items failed$'
        ranks 2 map 300
        wanted=$(value result)
        ranks 3 map 300 collect=1 schedule=$schedule journal="$journal"
        same
        ran 2
    done
    fresh
    ranks 2 try_map 300 throw=7,150 attempts=3 journal="$journal"
    [[ $(value failed) == 2 ]] || fail "not two failed"
    ran 304
    ranks 3 try_map 300 failures=keep journal="$journal"
    [[ $(value failed) == 2 ]] || fail "not two failed"
    ran 0
    ranks 2 try_map 300
    wanted=$(value result)
    ranks 3 try_map 300 journal="$journal"
    same
    ran 2
    fresh
    ranks 2 imap 300 throw=7,150 collect=1 journal="$journal"
    says '^map_error: 2 failed'
    ranks 2 imap 300 collect=1 failures=keep journal="$journal"
    says '^map_error: 2 failed'
    ran 0
    ranks 2 imap 300
    wanted=$(value result)
    ranks 2 imap 300 collect=1 journal="$journal"
    same
    ran 2
    # The first failure ends the call; what had been done is not done again.
    fresh
    ranks 2 map 3000 throw=2000 nap=100 journal="$journal"
    says '^map_error: 1 failed'
    before=$(value ran)
    ranks 2 map 3000
    wanted=$(value result)
    ranks 3 map 3000 journal="$journal"
    same
    [[ $(value ran) -le $((3000 - before + 1)) ]] || fail "what was there has run again"
    # Two calls, the first of which is whole; three, of which one is new.
    fresh
    ranks 2 map 200 calls=1 journal="$journal"
    ranks 2 map 200 calls=2
    wanted=$(value result)
    ranks 2 map 200 calls=2 journal="$journal"
    same
    ran 200
    ;;
died)
    ranks 2 map 300
    wanted=$(value result)
    for schedule in '' static; do
        fresh
        # Among others at first, as a rule, then by itself, three times.
        END=bad
        for ((n = 1; n <= 5; ++n)); do
            END=any
            ranks 3 map 300 crash=200 nap=200 schedule=$schedule journal="$journal"
            if grep -q '^map_error:' "$out/out"; then break; fi
            says '^mpimap: rank [0-2] .* dies by SIGABRT in item 200 of call 1'
            [[ $(grep -c ' 200 [0-2] .* dies by SIGABRT$' "$journal.died") == "$n" ]] || fail "not $n deaths"
        done
        END=0
        says '^map_error: 1 failed, 299 done'
        says 'death of the rank: dies by SIGABRT, [34] times'
        # Behind a program that came to its end it would have another three.
        ranks 3 map 300 crash=200 failures=keep journal="$journal"
        says '^map_error: 1 failed, 299 done'
        says 'death of the rank: dies by SIGABRT, [34] times'
        ran 0
        # Who has mended it goes on.
        ranks 2 map 300 collect=1 journal="$journal"
        same
        ran 1
    done
    # A job that is killed from outside blames nobody.
    fresh
    END=bad
    for ((n = 1; n <= 4; ++n)); do ranks 3 map 300 kill=200 journal="$journal"; done
    END=0
    ranks 2 map 300 journal="$journal"
    same
    [[ ! -e $journal.died ]] || fail "somebody is blamed"
    # An item that takes too long.
    fresh
    END=124
    ranks 3 map 300 hang=17 timeout=1 journal="$journal"
    END=0
    ranks 3 map 300 hang=17 timeout=1 collect=1 failures=keep journal="$journal"
    says '^map_error: 1 failed, 299 done'
    says 'death of the rank: has spent more than its item_timeout, 1 s,, 1 time'
    ranks 2 map 300 collect=1 journal="$journal"
    same
    # Of a rank alone that ends the job there is no lock left.
    fresh
    END=124
    ranks 1 map 300 hang=17 timeout=1 journal="$journal"
    closed
    # With other arguments an item that has ended its rank has a new beginning.
    fresh
    END=bad
    for ((n = 1; n <= 3; ++n)); do ranks 2 map 300 crash=200 chunk=1 journal="$journal"; done
    END=0
    ranks 2 map 300 change=7
    wanted=$(value result)
    ranks 2 map 300 change=7 journal="$journal"
    same
    # Of a lazy map, whose items have an order.
    fresh
    ranks 2 imap 300
    wanted=$(value result)
    END=bad
    for ((n = 1; n <= 3; ++n)); do ranks 3 imap 300 crash=200 collect=1 journal="$journal"; done
    END=0
    ranks 3 imap 300 crash=200 collect=1 journal="$journal"
    says '^map_error: 1 failed'
    says 'death of the rank: dies by SIGABRT, 3 times'
    ;;
refused)
    fresh
    ranks 2 map 100 journal="$journal"
    both='Name another file, or remove this one'
    END=4
    refused() { # WHAT... TEXT: every rank says so, nobody runs anything
        local text=${*: -1}
        ranks 2 "${@:1:$#-1}" journal="$journal"
        [[ $(grep -cE "^rank [01]: mpimap: .*$text" "$out/out") == 2 ]] || fail "not on both ranks: $text"
        ran 0
        closed
    }
    refused strings 100 \
        "the function is .*scale in the journal, and .*strings.* now\\. $both; where its results are right all the same, options::"
    refused map 100 holds=2 "what the function .*scale holds is something else than in the journal\\. $both"
    refused map 100 seed=3 "the seed is none in the journal, and 3 now\\. $both"
    END=0
    fresh
    ranks 2 streams 100 journal="$journal"
    END=4
    refused streams 100 before=1 'the random streams begin with besides the seed is .call 1. in the journal, and .call 2. now'
    END=0
    fresh
    ranks 2 map 100 journal="$journal"
    END=4
    refused map 100 key=a "options::journal_key is .*scale in the journal, and a now\\. $both"
    ranks 2 imap_texts 100 journal="$journal" # its root alone makes the call
    says '^rank 0: mpimap: .* the function is .*scale in the journal, and .*imap_texts'
    refused reduce 100 'the function is .*scale in the journal, and .*mapped_reduction'
    END=0
    ranks 3 map 100 journal="$journal" # it is as it was
    ran 0
    # A name is of whatever function, but not of whatever results.
    fresh
    ranks 2 map 100 key=energies journal="$journal"
    ranks 2 map 100 key=energies holds=3 journal="$journal"
    ran 0
    END=4
    refused strings 100 key=energies 'the type of results is double in the journal, and std::.*string.* now'
    # A pointer is known by the function's name.
    fresh
    END=0
    ranks 2 pointer 100 journal="$journal"
    ranks 2 pointer 100 journal="$journal"
    ran 0
    END=4
    refused pointer 100 other=1 \
        'the function is .*half\(double\) as double \(\*\)\(double\) in the journal, and .*third\(double\) as'
    # No journal, of another version, in use, in no folder.
    echo 'x,y' >"$journal"
    refused map 100 "$journal is no journal, or its beginning is lost"
    [[ $(cat "$journal") == x,y ]] || fail "the file was changed"
    mv "$journal" "$journal.1"
    refused map 100 "$journal is not there, but $journal\\.1 is"
    fresh
    journal=$all/no/such/folder.mpimap
    refused map 100 "$journal.* No such file or directory"
    journal=/proc/nothing.mpimap
    refused map 100 "$journal.*(No such file or directory|Permission denied)"
    journal=$all/a.mpimap
    fresh
    END=0
    (
        runs=1000 # its folder is its own
        ranks 2 map 400 nap=20000 journal="$journal"
    ) &
    while [[ ! -s $journal.lock || ! -s $journal ]]; do sleep 0.05; done
    END=4
    ranks 2 map 100 journal="$journal"
    says "^rank [01]: mpimap: .*$journal.*process [0-9]+"
    END=0
    wait $!
    # Of an owner that is gone it is taken over.
    printf 'host %s\nprocess 999999999\nbegan 1\n' "$(hostname)" >"$journal.lock"
    ranks 2 map 400 journal="$journal"
    ran 0
    closed
    printf 'host elsewhere\nprocess 1\nbegan 1\n' >"$journal.lock"
    END=4
    ranks 2 map 400 journal="$journal"
    says 'elsewhere'
    rm "$journal.lock"
    END=0
    # What is damaged is computed again.
    size=$(stat -c %s "$journal")
    printf 'xxxx' | dd of="$journal" bs=1 seek=$((size / 2)) conv=notrunc status=none
    ranks 2 map 400
    wanted=$(value result)
    ranks 2 map 400 journal="$journal"
    same
    says "of the journal $journal, [0-9]+ bytes are damaged: what they said is computed again"
    ;;
*) fail "what is $part?" ;;
esac
