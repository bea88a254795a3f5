#!/usr/bin/env bash
# run.sh SOURCE BUILD PERIODOGRAM ADD HOSTS: four nodes of Slurm; on them the demo by the batch script, with each of
# its launchers, and two maps by srun. Exits with 77 where the machine cannot do that.
set -euo pipefail
source=$1 build=$2 periodogram=$3 add=$4 hosts=$5
lab=$source/scripts/slurm/lab.sh
PATH=$PATH:/usr/sbin:/sbin

skip() {
    echo "skipped: $*"
    exit 77
}
[[ $(id -u) == 0 ]] || skip "not root, which it takes to make namespaces"
for command in slurmctld slurmd munged srun ip nsenter unshare setsid pgrep; do
    command -v "$command" >/dev/null || skip "there is no $command (scripts/install-dependencies --slurm)"
done
probe='hostname lab && mount -t tmpfs tmpfs /dev/shm && ip link add lab0 type bridge &&
    ip link add lab1 type veth peer name lab2'
refusal=$(unshare --net --uts --ipc --mount --pid --fork --mount-proc sh -c "$probe" 2>&1) ||
    skip "no namespaces, mounts or bridges here: $refusal"
# Root by name only, in a user namespace: slurmd would not start.
if grep -qs deny /proc/self/setgroups; then skip "setgroups is denied here"; fi

# Directories of its own, so that it meets no lab that is up already. Short: there will be sockets below.
LAB_DIR=$(mktemp -d /tmp/mpimap-lab.XXXXXX)
export LAB_DIR LAB_SHARE=$source:$build
cleanup() {
    local code=$?
    if [[ $code != 0 ]]; then tail -n 20 "$LAB_DIR"/log/*.log || true; fi
    "$lab" down || true
    rm -rf "$LAB_DIR"
}
trap cleanup EXIT
trap 'exit 1' INT TERM

mkdir -p "$build/tests/slurm"
cd "$build/tests/slurm"
rm -f ./*.out
"$lab" up 4

# expect PATTERN FILE
expect() {
    if ! grep -Eq -- "$1" "$2"; then
        echo "not found: $1"
        return 1
    fi
}

for launcher in srun mpirun; do
    echo "== the demo by sbatch and $launcher"
    said=demo-$launcher.out
    code=0
    LAUNCHER=$launcher timeout 120 "$lab" run sbatch --wait --partition=lab --nodes=4 --ntasks-per-node=2 \
        --output="$said" "$source/scripts/slurm/job.sbatch" "$periodogram" \
        "$source/examples/data/sunspots_yearly.csv" --no-picture --expect 10 12 || code=$?
    cat "$said"
    [[ $code == 0 ]]
    expect "8 ranks on 4 node\(s\), n\[1-4\], by $launcher" "$said"
done

echo "== maps by srun"
timeout 60 "$lab" run srun --nodes=4 --ntasks=8 --mpi=pmix "$add"
timeout 60 "$lab" run srun --nodes=4 --ntasks=4 --mpi=pmix "$hosts" 4

echo "== a map by mpirun without Slurm"
timeout 60 "$lab" run mpirun --hostfile "$LAB_DIR/etc/hostfile" --map-by node -n 4 "$hosts" 4
