#!/usr/bin/env bash
# jobs.sh PART SOURCE BUILD REQUEUED COMMAND: what job.sbatch makes of jobs that do not come to their end in one go, with the
# program requeued and the directory of mpimap-journal. Exits with 77 where the machine cannot do that.
set -euo pipefail
part=$1 source=$2 build=$3 program=$4
PATH=$5:$PATH
# shellcheck source-path=SCRIPTDIR source=common.sh
source "$(dirname "$0")/common.sh"

fail() {
    echo "$*"
    tail -n +1 ./*.out
    "$lab" run squeue || true
    exit 1
}
# submit NAME SECONDS ITEMS MILLISECONDS [OPTION...]: a job of job.sbatch, of two nodes and four ranks. Its number goes into
# $number; what it prints into NAME.out; its journal is NAME.mpimap, its results are NAME.results. With SECONDS other than 0
# each of its runs has that many. $launcher starts it.
declare -A number
submit() {
    local name=$1 seconds=$2 items=$3 milliseconds=$4
    shift 4
    number[$name]=$(
        if [[ $seconds != 0 ]]; then export MPIMAP_DEADLINE=+$seconds; fi
        LAUNCHER=$launcher JOURNAL=${journal-$name.mpimap} MPIMAP_MARGIN=${margin:-3} "$lab" run \
            sbatch --parsable --partition=lab --nodes=2 --ntasks-per-node=2 --job-name="$name" --output="$name.out" "$@" \
            "$source/scripts/slurm/job.sbatch" "$program" "$name.results" "$items" "$milliseconds"
    )
}
# submit_wrapped NAME COMMAND: one without job.sbatch.
submit_wrapped() {
    number[$1]=$(JOURNAL=$1.mpimap "$lab" run sbatch --parsable --nodes=2 --ntasks-per-node=2 --output="$1.out" --wrap="$2")
}
# what NAME FIELD: what Slurm knows of the job.
what() { "$lab" run scontrol show job --oneliner "${number[$1]}" | tr ' ' '\n' | sed -n "s/^$2=//p" | tail -n 1; }
# until_says NAME PATTERN SECONDS [TIMES]
until_says() {
    local begun=$SECONDS
    until [[ $(grep -cE -- "$2" "$1.out" 2>/dev/null) -ge ${4:-1} ]]; do
        [[ $((SECONDS - begun)) -lt $3 ]] || fail "$1: nothing says \"$2\" within $3 s"
        sleep 0.5
    done
}
# until_ended NAME STATE SECONDS
until_ended() {
    local state begun=$SECONDS
    while state=$(what "$1" JobState) && [[ $state =~ ^(PENDING|RUNNING|COMPLETING)$ ]]; do
        [[ $((SECONDS - begun)) -lt $3 ]] || fail "$1: does not end within $3 s"
        sleep 1
    done
    [[ $state == "$2" ]] || fail "$1: is $state, not $2"
}
says() { expect "$2" "$1.out" || fail "$1: nothing says so"; }
says_not() { if grep -E -- "$2" "$1.out"; then fail "$1: says so"; fi; }
whole() { mpimap-journal verify "$1" || fail "$1: is damaged"; }
results_in() { mpimap-journal list "$1" | awk '$1 == "call" { calls = 1 } calls && $1 == 1 { print $3 }'; }
# same NAME ITEMS: its results are the bytes of a run that nothing disturbed, and all are in its journal.
same() {
    if [[ ! -e undisturbed.$2 ]]; then
        "$lab" run env -u JOURNAL srun --nodes=1 --ntasks=2 --mpi=pmix "$program" "undisturbed.$2" "$2" 0 >/dev/null
    fi
    cmp "$1.results" "undisturbed.$2" || fail "$1: other bytes than those of an undisturbed run"
    whole "$1.mpimap"
    [[ $(results_in "$1.mpimap") == "$2" ]] || fail "$1: not all is in the journal"
}
# The host and the process of a rank, in the last run that has said so.
rank_of() { sed -n "s/^rank $2 \([^ ]*\) \([0-9]*\)$/\1 \2/p" "$1.out" | tail -n 1; }
kill_rank() {
    local host process
    read -r host process < <(rank_of "$1" "$2")
    "$lab" on "$host" kill -KILL "$process"
}

case $part in
    requeued)
        start_lab 6 "$build/tests/slurm/$part"
        # Each run begins items for 7 s, on four ranks: 280 items at most, so there are three runs, or more.
        for launcher in srun mpirun; do submit $launcher 10 560 100; done
        # Items that take longer than a run can; no journal.
        launcher=srun submit stuck 6 8 100000 --nodes=1
        journal='' launcher=srun submit unnamed 6 8 100000 --nodes=1
        RESTARTS=0 launcher=srun submit once 6 300 100 --nodes=1
        # Two journals, and two jobs that would share one.
        journal=%a.mpimap launcher=srun submit array 9 160 100 --array=1-2 --nodes=1 --output=%a.out
        journal=shared.mpimap launcher=srun submit shared 9 160 100 --array=1-2 --nodes=1 --output=shared-%a.out

        until_ended stuck FAILED 60
        says stuck 'has added nothing'
        says_not stuck 'start number'
        until_ended unnamed FAILED 60
        says unnamed 'names no journal'
        says_not unnamed 'start number'
        until_ended once FAILED 60
        says once 'which is what RESTARTS allows'
        for name in 1 2; do
            number[$name]=${number[array]}_$name
            until_says "$name" 'start number 2' 90
            until_ended "$name" COMPLETED 60
            whole $name.mpimap
            [[ $(results_in $name.mpimap) == 160 ]] || fail "$name: not all is in the journal"
            says shared-$name 'there should be a %a in it'
        done
        for name in srun mpirun; do
            until_ended "$name" COMPLETED 200
            says "$name" 'start number 3'
            same "$name" 560
        done
        ;;
    limit)
        # A limit of one minute, at which Slurm looks every 30 s: the signal comes after 20 to 50 s, or never, where only the
        # clock tells.
        start_lab 6 "$build/tests/slurm/$part"
        for launcher in srun mpirun; do submit $launcher 0 4400 100 --time=1 --signal=B:USR1@10; done
        margin=20 launcher=srun submit clock 0 4400 100 --time=1 --signal=B:CONT@10
        for name in srun mpirun clock; do
            until_ended "$name" COMPLETED 600
            says "$name" 'start number 3'
            same "$name" 4400
        done
        ;;
    signalled)
        start_lab 8 "$build/tests/slurm/$part"
        # Told to stop, by way of the batch shell or past it.
        for launcher in srun mpirun; do
            submit $launcher 0 300 100
            submit steps-$launcher 0 300 100
        done
        # Cancelled: never to come back.
        for launcher in srun mpirun; do submit gone-$launcher 0 3000 100; done
        for name in {,steps-,gone-}{srun,mpirun}; do until_says "$name" '^rank 3' 60; done
        sleep 2
        "$lab" run scancel --batch --signal=USR1 "${number[srun]}"
        "$lab" run scancel --batch --signal=TERM "${number[mpirun]}"
        # Of mpirun's only the ranks on other nodes are told, which is enough.
        for name in steps-{srun,mpirun}; do "$lab" run scancel --signal=USR1 "${number[$name]}"; done
        for name in gone-srun gone-mpirun; do "$lab" run scancel "${number[$name]}"; done
        for name in gone-srun gone-mpirun; do
            until_ended "$name" CANCELLED 30
            whole $name.mpimap
            [[ $(results_in $name.mpimap) -gt 0 ]] || fail "$name: has kept nothing"
        done
        for name in {,steps-}{srun,mpirun}; do
            until_says "$name" 'start number 2' 60
            until_ended "$name" COMPLETED 60
            same "$name" 300
        done
        says gone-srun 'is COMPLETING, so it is not started again here'
        for name in gone-srun gone-mpirun; do
            says_not "$name" 'start number'
            [[ $(what $name JobState) == CANCELLED ]] || fail "$name: has come back"
        done
        ;;
    preempted)
        conf=$(mktemp)
        cat >"$conf" <<END
PreemptType=preempt/partition_prio
PreemptMode=REQUEUE
PartitionName=high Nodes=ALL MaxTime=INFINITE PriorityTier=10 PreemptMode=OFF
PartitionName=low Nodes=ALL MaxTime=INFINITE PriorityTier=1 GraceTime=20
END
        LAB_CONF=$conf start_lab 4 "$build/tests/slurm/$part"
        rm "$conf"
        # Slurm tells the ranks of srun, but of mpirun the daemons, which then are gone.
        for launcher in srun mpirun; do submit $launcher 0 300 100 --partition=low; done
        journal='' launcher=srun submit unnamed 0 300 100 --partition=low
        for name in srun mpirun unnamed; do until_says "$name" '^rank 3' 60; done
        sleep 2
        "$lab" run sbatch --partition=high --nodes=4 --ntasks-per-node=4 --output=high.out --wrap='sleep 2'
        for name in srun mpirun; do
            until_says "$name" 'start number 2' 90
            until_ended "$name" COMPLETED 60
            same "$name" 300
        done
        until_ended unnamed COMPLETED 60
        says unnamed 'start number 2'
        cmp unnamed.results undisturbed.300
        ;;
    died)
        # A killed rank. --kill-on-bad-exit, which job.sbatch asks for, tells the others to stop, and kills them when KillWait
        # is over, 5 s here; those that have given up before can go on in another run. Without it they are killed at once.
        start_lab 8 "$build/tests/slurm/$part"
        for launcher in srun mpirun; do margin=40 submit $launcher 0 30000 100; done
        launcher=srun margin=2 submit told 0 30000 100
        submit_wrapped without "srun --mpi=pmix --kill-on-bad-exit=0 $program without.results 30000 100"
        for name in srun mpirun told without; do until_says "$name" '^rank 3' 60; done
        sleep 2
        for name in srun mpirun told without; do kill_rank $name 3; done
        for name in srun mpirun without; do
            until_ended "$name" FAILED 60
            says_not "$name" 'start number'
            echo "$name: exit code $(what $name ExitCode)"
        done
        until_says told 'start number 2' 60
        "$lab" run scancel "${number[told]}"
        until_ended told CANCELLED 60
        for name in srun mpirun told without; do
            whole $name.mpimap
            [[ $(results_in $name.mpimap) -gt 0 ]] || fail "$name: has kept nothing"
        done
        ;;
    cut)
        # A node whose cable is pulled, and one that loses its power, too, and is the one of the batch shell and the root. Slurm
        # puts the jobs into the queue again.
        LAB_TCP_RETRIES=5 start_lab 8 "$build/tests/slurm/$part"
        for launcher in srun mpirun; do submit $launcher 0 300 100 --exclusive; done
        launcher=srun submit off 0 300 100 --exclusive
        for name in srun mpirun off; do until_says "$name" '^rank 3' 60; done
        sleep 2
        for name in srun mpirun; do
            read -r host _ < <(rank_of $name 3)
            "$lab" cut "$host"
        done
        read -r host _ < <(rank_of off 0)
        "$lab" kill-node "$host" cut
        for name in srun mpirun off; do
            until_says "$name" 'start number 2' 150
            until_ended "$name" COMPLETED 60
            same "$name" 300
        done
        ;;
    *) fail "there is no part $part" ;;
esac
