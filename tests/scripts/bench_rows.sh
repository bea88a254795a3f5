#!/usr/bin/env bash
# bench_rows.sh SOURCE ROWS: the lines that ROWS prints by benchmarks/comparison.hpp become records.
set -euo pipefail
source=$1 rows=$2
# shellcheck source=../../scripts/bench-results.sh
source "$source/scripts/bench-results.sh"
directory=$(mktemp -d)
trap 'rm -rf "$directory"' EXIT
cd "$directory"

# Runs follow each other, and what is no row is passed on.
{ "$rows" && echo "a | remark"; } | keep_records 1 results points >printed
"$rows" | keep_records 2 results points >/dev/null
diff - results <<'END'
1	B7	1000 structs: time / 2 memcpy	1.060	<=	1.3	met	1.63 us / 1.54 us
1	B10	static map of 2 x 4000000 doubles, 2 ranks, in a text of more than 70 characters	4.000	>=	4	MISS	114.54 ms / 22.99 ms
1	-	pool.map: mpi4py.futures / time	12345.678				a; b
1	B3	METG(95 %), 2 ranks: us	inf	<=	20	MISS	
2	B7	1000 structs: time / 2 memcpy	1.060	<=	1.3	met	1.63 us / 1.54 us
2	B10	static map of 2 x 4000000 doubles, 2 ranks, in a text of more than 70 characters	4.000	>=	4	MISS	114.54 ms / 22.99 ms
2	-	pool.map: mpi4py.futures / time	12345.678				a; b
2	B3	METG(95 %), 2 ranks: us	inf	<=	20	MISS	
END
diff - points <<'END'
1	efficiency	mpimap 1	0.97				1e-06
1	efficiency	plain_MPI 1	0.99				1e-06
1	efficiency	mpimap 2	1e-05				2e-06
2	efficiency	mpimap 1	0.97				1e-06
2	efficiency	plain_MPI 1	0.99				1e-06
2	efficiency	mpimap 2	1e-05				2e-06
END
"$rows" | grep -v '^# data ' | diff - <(grep -v '^a | remark$' printed)
grep -q '^a | remark$' printed

# The figures of a program with a figure that is none are kept, but it has failed.
if "$rows" nan | keep_records 3 results points >printed 2>said; then
    echo "a figure that is not a number was taken"
    exit 1
fi
grep -F 'the figure of "B1 | no number" is not a number' said
[[ $(grep -c '^3' results) == 4 ]]

# The summary can read all of these.
{ printf '# runs: 3\n%s\n' "$result_columns" && cat results; } >results.tsv
{ printf '# runs: 3\n%s\n' "$result_columns" && cat points; } >points.tsv
[[ $(summarize results.tsv | wc -l) == 4 ]]
[[ $(summarize points.tsv | wc -l) == 3 ]]
