#!/usr/bin/env bash
# bench.sh SOURCE: scripts/bench from a copy of the scripts, with a build, an mpirun and a gnuplot that only pretend.
set -euo pipefail
source=$1
directory=$(mktemp -d)
trap 'rm -rf "$directory"' EXIT
mkdir -p "$directory"/{scripts,bin}
cp "$source"/scripts/{bench,bench-results.sh,compare-bench,common.sh} "$directory/scripts"
cp "$source/README.md" "$directory"
cd "$directory"
export PATH=$directory/bin:$PATH

program() { # program FILE: a script, from stdin
    { printf '#!/usr/bin/env bash\n' && cat; } >"$1"
    chmod +x "$1"
}
program scripts/install-dependencies </dev/null
program bin/cmake <<END
mkdir -p build
printf '%s\n' "MPIEXEC_EXECUTABLE:FILEPATH=$directory/bin/mpirun" "MPI_CXX_COMPILER:FILEPATH=$directory/bin/compiler" \
    "CMAKE_CXX_COMPILER:FILEPATH=$directory/bin/compiler" >build/CMakeCache.txt
END
program bin/compiler <<'END'
if [[ $1 == --version ]]; then echo "compiler 1.0"; else sleep 0.01; fi # what takes no time has no ratio
END
program bin/gnuplot <<'END'
cat >commands
END
# Prints some rows and points by how often a program has been run. bench_idle fails the second time.
program bin/mpirun <<'END'
if [[ $1 == --version ]]; then
    echo "mpirun 4.1.4"
    exit
fi
while [[ $1 != -n ]]; do shift; done
echo "$*" >>calls
run=$(grep -cxF -- "$*" calls)
row() { # row ROW WHAT VERDICT FIGURE
    printf '%-4s| %-70s| %8.3f | <= %-6.3g| %-4s| run %s\n' "$1" "$2" "$4" 0.5 "$3" "$run"
}
choose() { echo "${!run}"; } # choose FIRST SECOND THIRD
case $* in
    *bench_codec*) row B7 codec $(choose "MISS 0.7" "met 0.3" "met 0.5") ;;
    *bench_idle*)
        if [[ $run == 2 ]]; then exit 1; fi
        row B15 idle met 0.1
        ;;
    *bench_metg\ computing*) echo "# data efficiency mpimap $(choose "1e-06 0.9" "2e-06 0.7" "3e-06 0.8")" ;;
    "-n 16 "*bench_workloads*)
        echo "# data workload ideal 2_uniform $(choose 0.98 0.97 0.99)"
        echo "# data workload automatic 2_uniform $(choose 0.9 0.7 0.8)"
        ;;
    "-n 64 "*bench_workloads*) echo "# data workload ideal 2_uniform 0.1" ;;
esac
END

code=0
scripts/bench >printed 2>said || code=$?
cat said
[[ $code == 1 ]]
grep -qF "bench: some programs failed" said
cd build/bench

# All programs in turn, three times.
count=$(($(wc -l <../../calls) / 3))
for run in 2 3; do
    diff <(head -n "$count" ../../calls) <(tail -n "+$((count * (run - 1) + 1))" ../../calls | head -n "$count")
done

diff - <(sed -n '/^row/,$p' table.txt | grep -v -e 'compile time' -e 'goals met') <<'END'
row | what                                                                  |   figure | runs                | goal     |     | medians
B7  | codec                                                                 |    0.500 | 0.300 to 0.700      | <= 0.5   | met | run 3
B15 | idle                                                                  |    0.100 | 0.100 to 0.100, 2 of 3 runs | <= 0.5   | met | run 3

missing in run 2: B15 | idle
failed: bench_idle 2 11 with 2 ranks, run 2
END
# Two compilations that take the same time, or not.
grep -qxE '[23] of 3 goals met' table.txt
grep -qE '^-   \| compile time .* (met |MISS)\| ' table.txt
diff table.txt <(sed -n '/^date: /,/^failed: /p' ../../printed)
grep -qxF '| B7 | codec | 0.500 | 0.300 to 0.700 | ≤ 0.5 | met | run 3 |' table.md
for line in "MPI: mpirun 4.1.4" "compiler: compiler 1.0" "cores: $(nproc)" "quick: no" "runs: 3"; do
    grep -qxF "# $line" results.tsv
done
grep -qE '^# date: 2[0-9]{3}-[0-9]{2}-[0-9]{2} ' results.tsv
grep -qE '^# commit: .' results.tsv

# The picture: the point with the median efficiency, and the workloads of 16 ranks alone.
[[ $(cat mpimap.txt) == "3 0.8" ]]
[[ $(cat workloads.txt) == '"2 uniform" 0.98 0.8 - - - -' ]]
grep -qF 'set output "build/bench/efficiency.png"' ../../commands

# Its own results can be compared.
cp results.tsv ../../full.tsv
../../scripts/compare-bench results.tsv ../../full.tsv >/dev/null

# Once, and without a failure.
cd ../..
rm calls
scripts/bench --quick >printed
grep -qxE '[12] of 3 goals met' build/bench/table.txt
grep -qxF "# runs: 1" build/bench/results.tsv
[[ $(cut -f 1 build/bench/results.tsv | grep -cx '[1-9]') == 3 ]]

# What it does not know, it refuses, before it does anything.
rm -r build
if scripts/bench --fast 2>said; then exit 1; fi
grep -qF 'usage: scripts/bench [--quick]' said
[[ ! -e build ]]
