# shellcheck shell=bash
# What the scripts of this folder have in common, besides run: source it behind $program is set.
# shellcheck source-path=SCRIPTDIR source=../run_program.sh
source "$(dirname "$0")/../run_program.sh"
# shellcheck disable=SC2154  # run_program.sh's
journal=$all/a.mpimap
value() { sed -n "s/^$1 //p" "$out/out"; } # of what the last program printed
says() { grep -qE -- "$1" "$out/out" "$out/err" || fail "nothing says \"$1\""; }
same() { [[ $(value result) == "$wanted" ]] || fail "another result than without a journal: $wanted"; }
ran() { [[ $(value ran) == "$1" ]] || fail "not $1 items have run"; }
fresh() { rm -f "$journal" "$journal".*; }
closed() { [[ ! -e $journal.lock ]] || fail "the journal is still locked"; }
