#!/usr/bin/env bash
# What is shown of calls while they run, and when they are over: progress.sh [long] PROGRAM MPIRUN-COMMAND..., on a terminal and elsewhere, on one
# rank and on several.
set -euo pipefail
long=no
if [[ $1 == long ]]; then
    long=yes
    shift
fi
program=$1
shift
several=("$@" "$program")
out=$(mktemp -d)
trap 'rm -rf "$out"' EXIT
fail() {
    echo "$1. What was shown:"
    tr '\r' '\n' <"$out/shown"
    exit 1
}
# on_terminal COLUMNS COMMAND...: its standard output and error are one.
on_terminal() {
    local columns=$1
    shift
    timeout 60 script --quiet --return --echo never --command "stty -opost cols $columns; exec $*" /dev/null \
        >"$out/shown" </dev/null || fail "$*: ended with $?"
}
# in_log COMMAND...: they are files.
in_log() {
    timeout 300 "$@" >"$out/said" 2>"$out/shown" || fail "$*: ended with $?"
}
states() { tr '\r' '\n' <"$out/shown" | sed '/^$/d'; } # one line each
has() { states | grep -E -- "$1" >/dev/null || fail "nothing like \"$1\""; }
has_not() { ! states | grep -E -- "$1" >/dev/null || fail "something like \"$1\""; }
says_nothing() { [[ ! -s $out/shown ]] || fail "something is shown"; }
# is_bar COLUMNS: all states fill the line up to the last column, and have only their returns to the beginning for control
# characters; the last one ends the line.
is_bar() {
    local lines
    states | awk -v wide="$(($1 - 1))" 'length($0) != wide { bad = 1 } END { exit bad || NR == 0 }' ||
        fail "lines of other widths than $(($1 - 1))"
    [[ $(tail -c 1 "$out/shown") == "" ]] || fail "the last line has no end"
    lines=$(wc -l <"$out/shown")
    [[ $lines == 1 ]] || fail "$lines ends of lines"
    [[ $(tr -d '\r\n' <"$out/shown" | tr -d '[:print:]' | wc -c) == 0 ]] || fail "control characters"
}
is_plain() { # for a log
    [[ $(tr -d '\n' <"$out/shown" | tr -d '[:print:]' | wc -c) == 0 ]] || fail "control characters"
}

if [[ $long == yes ]]; then
    in_log "${several[@]}" takes_minutes
    is_plain
    has '^mpimap: call 1: [0-9]+ of [0-9]+ items \([0-9]+ %\), .* items/s, [0-9]+ of [0-9]+ ranks? at work, [0-9]+ s left$'
    has '^mpimap: call 1: .* \(100 %\) in 1 min'
    [[ $(states | wc -l) == 2 ]] || fail "other than two lines"
    exit 0
fi

for columns in 40 200; do
    on_terminal "$columns" "$program" asked_for
    is_bar "$columns"
    has "^\[#+\] 60/60 6 failed in [0-9]+ s *$"
    has "^\[#+\.+\] [1-5]?[0-9]/60 .* s left *$"
    seconds=$(states | sed -n 's/.* in \([0-9]*\) s *$/\1/p')
    [[ $(states | wc -l) -le $((10 * (seconds + 1) + 1)) ]] || fail "more than ten times a second"
done
has "1/1 ranks"
on_terminal 80 "$program" fails
is_bar 80
has " 1 failed in [0-9]+ s"
on_terminal 80 "$program" endless
is_bar 80
has "^ [1-9][0-9] "
has_not "^ [0-9]+/|\[" # neither of how many nor how much of it
on_terminal 80 "$program" lazy
has " 60/60 in"
on_terminal 80 "$program" two_in_flight
is_bar 80
has " 2 calls [0-9]+/60"
on_terminal 80 "$program" with_costs
is_bar 80
has " 100/100 in"
for silent in not_asked_for many_short_ones of_items; do
    on_terminal 80 "$program" "$silent"
    says_nothing
done
on_terminal 80 env MPIMAP_PROGRESS=1 "$program" submitted
says_nothing
on_terminal 80 env MPIMAP_PROGRESS=0 "$program" asked_for
says_nothing
on_terminal 80 env MPIMAP_PROGRESS=1 "$program" not_asked_for
is_bar 80
has " 30/30 "

for ranks in 1 3; do
    launcher=()
    if [[ $ranks == 3 ]]; then launcher=("${several[@]:0:${#several[@]}-1}"); fi
    in_log "${launcher[@]}" "$program" asked_for # less than a minute
    says_nothing
    in_log env MPIMAP_PROGRESS=bar "${launcher[@]}" "$program" takes_seconds
    is_bar 80
    has " 300/300 in"
    has " $ranks/$ranks ranks"
    in_log env MPIMAP_PROGRESS=maybe "${launcher[@]}" "$program" not_asked_for
    says_nothing
    [[ $(grep -c "MPIMAP_PROGRESS=maybe: give bar, lines, 1 or 0" "$out/said") == "$ranks" ]] ||
        fail "not an error on each of $ranks ranks"

    # The report of a call, from the root alone.
    in_log env MPIMAP_REPORT=1 "${launcher[@]}" "$program" asked_for
    is_plain
    has "^mpimap: call 1: 54 items in [0-9.]+ m?s, 60 runs, 6 failed, efficiency [0-9.]+ %, .* sent, .* received$"
    has "^  slowest +time +rank +arguments$"
    [[ $(states | wc -l) == $((1 + 1 + ranks + 1 + 5)) ]] || fail "other than a line for each of $ranks ranks and 5 items"
    in_log env MPIMAP_REPORT=0 "${launcher[@]}" "$program" asked_for
    says_nothing
done
