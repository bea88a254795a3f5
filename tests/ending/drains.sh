#!/usr/bin/env bash
# Jobs that are told to end at any time: drains.sh TIMES PROGRAM MPIEXEC. Each goes on to the bytes of an undisturbed one. How
# long it took from the signal to the last item that begins, and to the end, is printed.
set -euo pipefail
# shellcheck source-path=SCRIPTDIR source=../shared_out.sh
source "$(dirname "$0")/../shared_out.sh"
shared_out "$@"
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
declare -A last_begun=([USR]=0 [mpirun]=0)
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
    # The last item that began, in milliseconds after the signal. A tenth of a second is promised of a machine that is not busy.
    begun=$(awk -v told="$told" '$1 == "item" && $4 > last { last = $4 } END { printf "%d", (last - told) / 1e6 }' "$all"/log.*)
    # mpirun itself waits for a second until it passes these on.
    case $signal in TERM | INT) kind=mpirun ;; *) kind=USR ;; esac
    [[ $begun -le ${last_begun[$kind]} ]] || last_begun[$kind]=$begun
    [[ $begun -le 4000 ]] || fail "$n: $way, SIG$signal: an item began $begun ms behind the signal"
    closed
    run 0 "${several[@]}" "$program" "$way" $items journal="$journal"
    [[ $(value result) == "${wanted[$way]}" ]] || fail "$n: $way, SIG$signal: other bytes than undisturbed"
done
echo "$times drains: the same bytes each time; the last item to begin did so ${last_begun[USR]} ms behind SIGUSR1 or SIGUSR2," \
    "${last_begun[mpirun]} ms behind what mpirun passes on after a second; the last job to end took $longest ms"
