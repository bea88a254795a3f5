# shellcheck shell=bash disable=SC2034  # for the scripts that source it
# What the scripts of this folder have in common: source it behind $program and $mpiexec are set.
# shellcheck source-path=SCRIPTDIR source=../run_program.sh
source "$(dirname "$0")/../run_program.sh"
# shellcheck disable=SC2154  # run_program.sh's
journal=$all/a.mpimap
# shellcheck disable=SC2154
several=("$mpiexec" -n 3)
value() { sed -n "s/^$1 //p" "$out/out" | sort -u; } # of what the last program printed
says() { grep -qE -- "$1" "$out/out" "$out/err" || fail "nothing says \"$1\""; }
silent() { ! grep -qE -- "$1" "$out/out" "$out/err" || fail "something says \"$1\""; }
same() { [[ $(value result) == "$wanted" ]] || fail "another result than undisturbed: $wanted"; }
closed() { [[ ! -e $journal.lock ]] || fail "the journal is still locked"; }
fresh() { rm -f "$journal" "$journal".* "$all"/log.*; }
lines() { cat "$all"/log.* 2>/dev/null | grep -c -- "$1" || true; } # of the logs
now() { date +%s%N; }

# begin COMMAND...: in the background, as $job; its logs are $all/log.*
begin() {
    out=$all/$((++runs))
    mkdir "$out"
    rm -f "$all"/log.*
    timeout --signal=KILL 120 setsid "$@" log="$all/log" </dev/null >"$out/out" 2>"$out/err" &
    timer=$!
    while ! job=$(pgrep -P "$timer"); do sleep 0.01; done
}
# Until so many lines of the logs are like that.
wait_for() {
    local begun=$SECONDS
    while [[ $(lines "$1") -lt ${2:-1} ]]; do
        [[ $((SECONDS - begun)) -lt 60 ]] || fail "\"$1\" does not come"
        sleep 0.02
    done
}
# ends STATUS: of what was begun, or "bad", or "any".
ends() {
    local status=0 begun=$SECONDS
    wait "$timer" 2>/dev/null || status=$?
    ended=$(now)
    [[ $status != 137 || $((SECONDS - begun)) -lt 100 ]] || fail "it hangs"
    case $1 in
        any) ;;
        bad) [[ $status != 0 ]] || fail "ended with 0" ;;
        *) [[ $status == "$1" ]] || fail "ended with $status, not $1" ;;
    esac
}
# The processes that are in main, by rank: those of the logs.
ranks() { for f in "$all"/log.*; do echo "${f##*.}"; done; }
