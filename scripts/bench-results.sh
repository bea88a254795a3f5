# shellcheck shell=bash
# What scripts/bench measures, from the programs' lines to the tables. scripts/bench and scripts/compare-bench source it
# behind common.sh. The files are described in scripts/bench.

# Numbers with points, for awk and sort.
export LC_ALL=C

result_columns=$'run\trow\twhat\tfigure\tdirection\tgoal\tmet\tmedians'

# keep_records RUN RESULTS POINTS: passes on what a program prints, appends its rows to RESULTS and its points of the
# picture to POINTS: the panel as the row, series and number of the point as what, y as the figure, x as its medians. Fails
# if a figure is not a number.
keep_records() {
    awk -F ' *[|] *' -v OFS='\t' -v run="$1" -v results="$2" -v points="$3" '
        /^# data / {
            split($0, word, " ")
            print run, word[3], word[4] " " ++count[word[3], word[4]], word[6], "", "", "", word[5] >>points
            next
        }
        { print; fflush() }
        NF == 6 && $3 !~ /^(-?[0-9]+[.][0-9]+|inf)$/ {
            print "the figure of \"" $1 " | " $2 "\" is not a number" | "cat >&2"
            wrong = 1
            next
        }
        NF == 6 {
            split($4, goal, " ")
            print run, $1, $2, $3, goal[1], goal[2], $5, $6 >>results
            fflush(results)
        }
        END { exit wrong }'
}

# summarize FILE: a line for each row of such a file. Its columns are row, what, then figure, direction, goal, met and
# medians of the run with the median figure (of two figures the worse), the smallest and the largest figure, the number of
# runs that have one, these three as a text, and the runs that have none.
summarize() {
    awk -F '\t' -v OFS='\t' -v file="$1" -v columns="$result_columns" '
        function refuse(reason) {
            print file ", line " FNR ": " reason | "cat >&2"
            refused = 1
            exit 2
        }
        function number(text) { return text == "inf" ? 1e99 : text + 0 }
        # Whether the i-th figure of a row comes before the j-th. Of two that are printed alike, the verdict knows more.
        function before(r, i, j,    a, b) {
            a = number(figure[r, i])
            b = number(figure[r, j])
            if (a != b) return a < b
            a = verdict[met[r, i]]
            b = verdict[met[r, j]]
            if (a != b) return direction[r] == ">=" ? a > b : a < b
            return i < j
        }
        BEGIN { verdict["met"] = -1; verdict["MISS"] = 1 }
        /^# runs: [1-9]/ { runs = substr($0, 9) + 0 }
        /^#/ { next }
        !begun {
            if ($0 != columns) refuse("the names of the columns should be here, run to medians")
            if (!runs) refuse("no line \"# runs: N\" before this one")
            begun = 1
            next
        }
        NF != 8 { refuse(NF " columns instead of 8") }
        $1 !~ /^[1-9][0-9]*$/ || $1 + 0 > runs { refuse("there is no run " $1) }
        $4 !~ /^(-?[0-9]+([.][0-9]+)?(e[-+][0-9]+)?|inf)$/ { refuse("the figure \"" $4 "\" is not a number") }
        $5 !~ /^([<>]=)?$/ { refuse("the direction \"" $5 "\" is neither <= nor >=") }
        {
            if (!(($2, $3) in place)) {
                place[$2, $3] = ++rows
                row[rows] = $2
                what[rows] = $3
            }
            r = place[$2, $3]
            if ((r, $1) in seen) refuse("run " $1 " has \"" $2 " | " $3 "\" twice: what is measured needs texts of its own")
            seen[r, $1] = 1
            i = ++count[r]
            figure[r, i] = $4
            if ($5 != "") direction[r] = $5
            met[r, i] = $7
            rest[r, i] = $5 OFS $6 OFS $7 OFS $8
        }
        END {
            if (!refused && !rows) refuse("no row")
            if (refused) exit 2
            for (r = 1; r <= rows; ++r) {
                n = count[r]
                middle = direction[r] == ">=" ? int((n + 1) / 2) : int(n / 2) + 1
                for (i = 1; i <= n; ++i) {
                    position = 1
                    for (j = 1; j <= n; ++j) position += before(r, j, i)
                    if (position == 1) smallest = figure[r, i]
                    if (position == n) largest = figure[r, i]
                    if (position == middle) median = i
                }
                spread = n > 1 ? smallest " to " largest : ""
                if (n < runs) spread = spread (n > 1 ? ", " : "") n " of " runs " runs"
                missing = ""
                for (k = 1; k <= runs; ++k) if (!((r, k) in seen)) missing = missing (missing == "" ? "" : ", ") k
                print row[r], what[r], figure[r, median], rest[r, median], smallest, largest, n, spread, missing
            }
        }' <"$1"
}

# print_table RESULTS SUMMARY
print_table() {
    sed -n '/^# failed: /!s/^# //p' "$1"
    echo
    awk -F '\t' '
        function line(row, what, figure, spread, goal, met, medians) {
            printf "%-4s| %-70s| %8s | %-19s | %-9s| %-4s| %s\n", row, what, figure, spread, goal, met, medians
        }
        BEGIN { line("row", "what", "figure", "runs", "goal", "", "medians") }
        { line($1, $2, $3, $11, $4 " " $5, $6, $7) }
        $6 != "" { ++goals }
        $6 == "met" { ++met }
        $12 != "" { missing = missing "missing in run " $12 ": " $1 " | " $2 "\n" }
        END { printf "\n%s%d of %d goals met\n", missing, met, goals }' "$2"
    sed -n 's/^# failed: /failed: /p' "$1"
}

# print_markdown SUMMARY: the table as docs/benchmarks.md has it.
print_markdown() {
    awk -F '\t' '
        BEGIN {
            print "| row | what | figure | runs | goal | | medians |"
            print "|---|---|---|---|---|---|---|"
            sign["<="] = "≤ "
            sign[">="] = "≥ "
        }
        {
            met = $6 == "MISS" ? "**missed**" : $6
            printf "| %s | %s | %s | %s | %s | %s | %s |\n", $1, $2, $3, $11, sign[$4] $5, met, $7
        }' "$1"
}
