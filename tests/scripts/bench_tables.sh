#!/usr/bin/env bash
# bench_tables.sh SOURCE: before.tsv as a table, and as docs/benchmarks.md has it.
set -euo pipefail
# shellcheck source=../../scripts/bench-results.sh
source "$1/scripts/bench-results.sh"
cd "$1/tests/scripts"
directory=$(mktemp -d)
trap 'rm -rf "$directory"' EXIT

summarize before.tsv >"$directory/summary.tsv"
diff table.txt <(print_table before.tsv "$directory/summary.tsv")
diff table.md <(print_markdown "$directory/summary.tsv")

# In whatever order the runs were, the summary is the same but for the order of rows and for which runs have none.
in_any_order() { summarize "$1" | cut -f 1-11 | sort; }
for order in 132 213 231 312 321; do
    {
        grep -v '^[1-3]' before.tsv
        awk -F '\t' -v OFS='\t' -v order="$order" '/^[1-3]/ { $1 = substr(order, $1, 1); print }' before.tsv | sort -s -n -k 1,1
    } >"$directory/reordered.tsv"
    diff <(in_any_order before.tsv) <(in_any_order "$directory/reordered.tsv")
done

# One run, as with --quick, has no spread.
{ grep -v '^[1-3]' before.tsv && grep '^1' before.tsv; } | sed 's/^# runs: 3/# runs: 1/' >"$directory/one_run.tsv"
summarize "$directory/one_run.tsv" >"$directory/summary.tsv"
[[ $(grep -c $'\t1\t\t$' "$directory/summary.tsv") == 13 ]]

# What cannot be read is refused, with the reason.
refused() { # refused REASON: the results on stdin
    if summarize /dev/stdin >"$directory/summary.tsv" 2>"$directory/said"; then
        echo "taken, though $1"
        exit 1
    fi
    grep -F "$1" "$directory/said"
    [[ ! -s $directory/summary.tsv ]]
}
refused "the names of the columns should be here" <table.txt
refused "the names of the columns should be here" < <(sed 's/\tmedians$//' before.tsv)
refused 'no line "# runs: N"' < <(grep -v '^# runs' before.tsv)
refused "7 columns instead of 8" < <(sed 's/\t[^\t]*$//; s/\tmet$/&\tmedians/' before.tsv)
refused "there is no run 4" < <(sed 's/^3\t/4\t/' before.tsv)
refused 'the figure "nan" is not a number' < <(sed 's/\tinf\t/\tnan\t/' before.tsv)
refused 'the direction "<" is neither <= nor >=' < <(sed 's/\t<=\t/\t<\t/' before.tsv)
refused "run 1 has \"B8 | strings: write, time / Boost packed\" twice" < <(sed '/^1\tB8/p' before.tsv)
refused "no row" < <(grep -v '^[1-3]' before.tsv)
