#!/usr/bin/env bash
# compare_bench.sh SOURCE: scripts/compare-bench on before.tsv and after.tsv, and on what it cannot compare.
set -euo pipefail
compare=$1/scripts/compare-bench
directory=$(mktemp -d)
trap 'rm -rf "$directory"' EXIT
cd "$1/tests/scripts"

# exits CODE ARGUMENT...: what it says is in $directory/said
exits() {
    local expected=$1 code=0
    shift
    "$compare" "$@" >"$directory/said" 2>&1 || code=$?
    if [[ $code == "$expected" ]]; then return; fi
    cat "$directory/said"
    echo "compare-bench $*: exit code $code instead of $expected"
    exit 1
}
says() { grep -qF -- "$1" "$directory/said" || { cat "$directory/said" && echo "not said: $1" && exit 1; }; }

exits 1 before.tsv after.tsv
diff comparison.txt "$directory/said"
exits 0 before.tsv before.tsv
says "0 of 15 rows became worse"
# The other way round, what was better is worse: one row.
exits 1 after.tsv before.tsv
says "1 of 14 rows became worse"

# One run each: a tenth of both figures is not enough, a third more is.
one_run() { # one_run FACTOR
    printf '# quick: yes\n# runs: 1\nrun\trow\twhat\tfigure\tdirection\tgoal\tmet\tmedians\n'
    awk -v factor="$1" 'BEGIN { printf "1\tB2\ta time\t%.3f\t<=\t2\tmet\t\n1\tB9\ta rate\t%.3f\t>=\t2\tmet\t\n", factor, 5 }'
}
one_run 1 >"$directory/one"
one_run 1.1 >"$directory/tenth_more"
one_run 1.33 >"$directory/third_more"
exits 0 "$directory/one" "$directory/tenth_more"
exits 1 "$directory/one" "$directory/third_more"
says "worse |   1.330 | B2  | a time"
says "1 of 2 rows became worse"

# Names with a path, a blank and an equals sign, from somewhere else.
mkdir "$directory/of = today"
cp before.tsv "$directory/of = today/a=1.tsv"
(cd "$directory" && exits 0 "of = today/a=1.tsv" "$directory/of = today/a=1.tsv")

for arguments in "" before.tsv --help "before.tsv after.tsv after.tsv"; do
    # shellcheck disable=SC2086  # several words
    exits 2 $arguments
    says "usage: scripts/compare-bench A B"
done
exits 2 before.tsv absent.tsv
says "cannot read absent.tsv"
exits 2 before.tsv table.txt
says "table.txt is no results.tsv of scripts/bench"
exits 2 "$directory/one" before.tsv
says "no row is in both files"
