#!/usr/bin/env bash
# A program whose n-th call of the system for its journal ends it, or fails: calls.sh EVERY PROGRAM SHIM. EVERY: 1 for each n,
# 20 for one in twenty.
set -euo pipefail
# shellcheck source-path=SCRIPTDIR source=../shared_out.sh
source "$(dirname "$0")/../shared_out.sh"
shared_out each "$@"
every=$1
program=$2
shim=$3
# shellcheck source-path=SCRIPTDIR source=common.sh
source "$(dirname "$0")/common.sh"
shimmed() { # END DOES CALL WHAT...
    run "$1" env LD_PRELOAD="$shim" SHIM_FILES="$journal" SHIM_DOES="$2" SHIM_CALL="$3" SHIM_FROM="${FROM:-0}" \
        SHIM_COUNT="$all/count" "$program" "${@:4}"
}
# Nothing that the first program has written is computed again, nothing of the second.
resumed() {
    run 0 "$program" "${what[@]}" journal="$journal"
    same
    run 0 "$program" "${what[@]}" journal="$journal"
    same
    ran 0
    closed
}

declare -A tried
step() { # the first n, a different one in each kind
    echo $((every == 1 ? 1 + ${SHARE:-0} : 1 + RANDOM % every))
}
by=$((every == 1 ? ${OF:-1} : every))
RANDOM=${SEED:-1}
for what in "map 120 chunk=20" "reduce 1024" "imap 60 chunk=20" "map 60 chunk=20 sync=record"; do
    # shellcheck disable=SC2206  # several words
    what=($what)
    run 0 "$program" "${what[@]}"
    wanted=$(value result)
    fresh
    shimmed 0 '' 0 "${what[@]}" journal="$journal"
    same
    calls=$(cat "$all/count")
    [[ $calls -gt 10 ]] || fail "only $calls calls"
    for does in kill torn after; do
        for ((n = $(step); n <= calls; n += by)); do
            fresh
            shimmed any $does "$n" "${what[@]}" journal="$journal"
            resumed
            tried[$does]=$((${tried[$does]:-0} + 1))
        done
    done
    # The call goes on, or ends: results are right, or there are none; what is in the file is whole.
    for does in EIO ENOSPC unsynced; do
        for ((n = $(step); n <= calls; n += by)); do
            for FROM in 0 1; do
                [[ $every == 1 || $((n % 2)) == "$FROM" ]] || continue
                fresh
                shimmed any $does "$n" "${what[@]}" journal="$journal"
                case $(value result) in
                "$wanted") ;;
                *) says 'mpimap: .*(cannot be|is not)' ;;
                esac
                resumed
                fresh
                shimmed any $does "$n" "${what[@]}" full=stop journal="$journal"
                [[ $(value result) == "$wanted" ]] || says '(map_error|rank 0: mpimap): .*'
                resumed
                tried[$does]=$((${tried[$does]:-0} + 2))
            done
            FROM=0
        done
    done
done
for does in "${!tried[@]}"; do echo "$does: ${tried[$does]}"; done

# A disk that is full is told once, whose journal it is and from when on.
what=(map 120 chunk=20)
run 0 "$program" "${what[@]}"
wanted=$(value result)
fresh
FROM=1 shimmed 0 ENOSPC 12 "${what[@]}" journal="$journal"
same
[[ $(grep -c 'mpimap:' "$out/err") == 1 ]] || fail "not told once"
says "^mpimap: the journal $journal cannot be written: No space left on device: results of call 1 from then on are not in"
fresh
FROM=1 shimmed 0 ENOSPC 12 "${what[@]}" full=stop journal="$journal"
says '^map_error: 1 failed'
says "the journal $journal cannot be written: No space left on device"
resumed
# So is a quota.
fresh
run 0 "$program" "${what[@]}" quota=2000 journal="$journal"
same
says "^mpimap: the journal $journal cannot be written: File too large"
[[ $(stat -c %s "$journal") -le 2000 ]] || fail "the quota has no effect"
resumed
# A file that could not be synced is never written again.
fresh
for n in 6 7 8 9 10; do # one of them syncs
    shimmed 0 unsynced $n "${what[@]}" sync=record journal="$journal"
    same
    [[ ! -s $journal.1 ]] || break
    fresh
done
[[ -s $journal.1 ]] || fail "it has not gone on in another file"
resumed
# Nor is anything lost that came while it failed.
what=(map 300 nap=5000)
run 0 "$program" map 300
wanted=$(value result)
fresh
shimmed 0 unsynced_late 0 "${what[@]}" journal="$journal"
same
[[ -s $journal.1 ]] || fail "it has not gone on in another file"
run 0 "$program" "${what[@]}" journal="$journal"
same
ran 0
# A slow disk holds up nothing: 120 items of 10 ms.
fresh
shimmed 0 slow 0 map 120 nap=10000 journal="$journal"
