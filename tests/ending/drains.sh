#!/usr/bin/env bash
# Jobs that are told to end at any time: drains.sh TIMES PROGRAM MPIEXEC. Each goes on to the bytes of an undisturbed one. How
# long it took from the signal to the last item that begins, and to the end, is printed.
set -euo pipefail
times=$1
program=$2
mpiexec=$3
# shellcheck source-path=SCRIPTDIR source=common.sh
source "$(dirname "$0")/common.sh"
several=("$mpiexec" -n 2)
items=400
declare -A wanted
RANDOM=${SEED:-1}
longest=0
n=0
while [[ $n -lt $times ]]; do
    way=$(printf '%s\n' map pool imap everywhere | sed -n "$((RANDOM % 4 + 1))p")
    signal=$(printf '%s\n' USR1 USR2 TERM INT | sed -n "$((RANDOM % 4 + 1))p")
    if [[ -z ${wanted[$way]:-} ]]; then
        run 0 "${several[@]}" "$program" "$way" $items
        wanted[$way]=$(value result)
    fi
    fresh
    begin "${several[@]}" "$program" "$way" $items nap=5 journal="$journal"
    wait_for item
    sleep "0.$(printf '%03d' $((RANDOM % 800)))"
    told=$(now)
    kill "-$signal" "$job"
    ends any
    if grep -q '^result' "$out/out"; then continue; fi # it had come to its end
    n=$((n + 1))
    took=$(((ended - told) / 1000000))
    [[ $took -le $longest ]] || longest=$took
    closed
    run 0 "${several[@]}" "$program" "$way" $items journal="$journal"
    [[ $(value result) == "${wanted[$way]}" ]] || fail "$n: $way, SIG$signal: other bytes than undisturbed"
done
echo "$times drains: the same bytes each time; the last to end took $longest ms from the signal on"
