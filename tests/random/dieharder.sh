#!/usr/bin/env bash
# dieharder.sh PROGRAM STREAMS: some of dieharder's tests on what the program writes. One fails where dieharder
# says FAILED: of WEAK ones there is one in a hundred with the best of numbers.
set -u

if ! command -v dieharder >/dev/null; then
    echo "skipped: dieharder is not installed (Debian's package dieharder)"
    exit 77
fi

failed=
# Birthdays, ranks of matrices, bit stream, ones, minimum distance, runs, craps, serial, lagged sums, bytes, monobit.
for test in 0 2 4 8 11 15 16 102 203 205 209; do
    report=$("$1" "$2" | dieharder -g 200 -S 1 -d "$test")
    echo "$report"
    if grep -q FAILED <<<"$report" || ! grep -qE 'PASSED|WEAK' <<<"$report"; then failed+=" $test"; fi
done
if [[ -n $failed ]]; then
    echo "streams of $2: tests that failed, or did not run:$failed"
    exit 1
fi
