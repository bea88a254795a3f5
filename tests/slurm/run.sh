#!/usr/bin/env bash
# run.sh SOURCE BUILD PERIODOGRAM ADD HOSTS: four nodes of Slurm; on them the demo by the batch script, with each of
# its launchers, and two maps by srun. Exits with 77 where the machine cannot do that.
set -euo pipefail
source=$1 build=$2 periodogram=$3 add=$4 hosts=$5
# shellcheck source-path=SCRIPTDIR source=common.sh
source "$(dirname "$0")/common.sh"
start_lab 4 "$build/tests/slurm/run"

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
