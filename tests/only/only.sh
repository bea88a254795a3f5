#!/usr/bin/env bash
# MPIMAP_ONLY: only.sh PROGRAM MPIRUN-COMMAND... runs one item of a program by itself, on one rank, among several, copied
# from an error's text, and under a debugger where there is one.
set -euo pipefail
program=$1
shift
several=("$@")
# shellcheck source-path=SCRIPTDIR source=../run_program.sh
source "$(dirname "$0")/../run_program.sh"
has() { grep -qF -- "$1" "$out/$2" || fail "there is no \"$1\" in its $2"; }
has_lines() { [[ $(grep -c "$2" "$out/out" || true) == "$1" ]] || fail "not $1 times \"$2\""; }

run 0 "${several[@]}" "$program" three_calls
whole=$out/sorted
sort "$out/out" >"$whole"
[[ $(wc -l <"$whole") == 40 ]] || fail "not all items ran"
line=$(grep -F MPIMAP_ONLY=7 "$out/err") || fail "no line to run item 7 again"

for launch in "" "${several[*]}"; do
    read -ra launcher <<<"$launch"
    # Item 5 draws what it drew, and nothing else of the call runs.
    for call in 2:second 3:third; do
        run 0 env MPIMAP_ONLY=5 MPIMAP_CALL="${call%:*}" "${launcher[@]}" "$program" three_calls unwanted
        has_lines 1 "${call#*:}"
        grep -qxF -- "$(grep "${call#*:}" "$out/out")" "$whole" || fail "it drew another number"
        has "${call#*:} 5 drew" out
        has "item 5 of call ${call%:*} has run" err
    done
    run 0 env MPIMAP_ONLY=3,8-10 MPIMAP_CALL=3 "${launcher[@]}" "$program" three_calls unwanted
    has "items 8 to 10 of call 3 have run" err
    has_lines 4 third
    # Nobody catches what item 7 throws.
    run bad env MPIMAP_ONLY=5-9 MPIMAP_CALL=2 "${launcher[@]}" "$program" three_calls unwanted
    has "one of the items 5 to 9 of call 2 threw std::domain_error: seven is no good" err
    has_lines 3 second
    # Not in the call, which is the first if nothing else is said; no such call.
    run bad env MPIMAP_ONLY=10 "${launcher[@]}" "$program" three_calls
    has "call 1 has 10 items" err
    run 0 env MPIMAP_ONLY=5 MPIMAP_CALL=9 "${launcher[@]}" "$program" three_calls
    has "has made 3 calls, and MPIMAP_CALL=9 is none of them" err
    # Kinds of calls.
    run 0 env MPIMAP_ONLY=5,300-301 "${launcher[@]}" "$program" reduce unwanted
    has_lines 3 second
    run bad env MPIMAP_ONLY=7 MPIMAP_CALL=2 "${launcher[@]}" "$program" lazy unwanted
    has "item 7 of call 2 threw" err
    run 0 env MPIMAP_ONLY=9 MPIMAP_CALL=2 "${launcher[@]}" "$program" lazy unwanted
    has_lines 1 second
    run bad env MPIMAP_ONLY=10 MPIMAP_CALL=2 "${launcher[@]}" "$program" lazy
    has "call 2 has 10 items" err
    run bad env MPIMAP_ONLY=0 "${launcher[@]}" "$program" submitted
    has "is what is given to submit" err
    run 0 env MPIMAP_ONLY=5 "${launcher[@]}" "$program" halves unwanted
    # What an item catches itself it catches here, too; what it may not do it may not here.
    run 0 env MPIMAP_ONLY=5 "${launcher[@]}" "$program" nested unwanted
    has "caught 5" out
    run bad env MPIMAP_ONLY=7 "${launcher[@]}" "$program" nested unwanted
    has "seven is no good" err
    run bad env MPIMAP_ONLY=1 "${launcher[@]}" "$program" calls_back unwanted
    has "item 1 of call 1 threw mpimap::nested_call" err
done

run 0 env MPIMAP_ONLY=5 MPIMAP_CALL=2 "$program" spawned unwanted
has_lines 1 second
[[ $(wc -l <"$out/err") == 1 ]] || fail "more is said than that"
run bad env MPIMAP_ONLY=7 MPIMAP_CALL=2 "$program" spawned unwanted
has "item 7 of call 2 threw" err

# The line, in another folder.
cd /
run bad bash -c "$line"
has "seven is no good" err
has "second 7 drew" out
for other in lazy reduce last_root; do
    run 0 "${several[@]}" "$program" "$other"
    line=$(grep -F MPIMAP_ONLY=7 "$out/err") || fail "no line to run item 7 again"
    run bad bash -c "$line"
    has "threw std::domain_error: seven is no good" err
done

if command -v gdb >/dev/null; then
    run 0 env MPIMAP_ONLY=7 MPIMAP_CALL=2 gdb -batch -nx -ex run -ex bt --args "$program" three_calls
    grep -q "give_up_at_seven" "$out/out" || fail "the debugger does not stop where the item throws"
else
    echo "there is no gdb to try"
fi
