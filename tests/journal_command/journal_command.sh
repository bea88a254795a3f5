#!/usr/bin/env bash
# What mpimap-journal says of journals: journal_command.sh COMMAND WRITER VERSION
set -euo pipefail
command=$1
writer=$2
version=$3
# shellcheck source-path=SCRIPTDIR source=../run_program.sh
source "$(dirname "$0")/../run_program.sh"
export TZ=UTC
journals=$all/journals
mkdir "$journals"
"$writer" "$journals" >"$all/places"
cd "$journals"

# says WHERE: what the last command has written there, out or err, is what comes from the standard input.
says() {
    diff - "$out/$1" >"$all/difference" || fail "another text: $(cat "$all/difference")"
}
says_nothing() {
    [[ ! -s $out/$1 ]] || fail "there is something on std$1"
}
# refused WHY: with the first line on the standard error, and nothing else.
refused() {
    says_nothing out
    [[ $(head -n 1 "$out/err") == "mpimap-journal: $1" ]] || fail "refused for another reason"
}

# ---------------------------------------------------------------- the command line

run 0 "$command" --version
says out <<<"mpimap-journal $version"
run 0 "$command" --help
for subcommand in list verify failed missing csv html; do
    grep -q "^  $subcommand  " "$out/out" || fail "no $subcommand"
done
for subcommand in list verify failed missing csv html; do
    run 0 "$command" "$subcommand" --help
    grep -q "FILE" "$out/out" || fail "no FILE"
    run 2 "$command" "$subcommand"
    refused "FILE is required"
    run 2 "$command" "$subcommand" table.txt
    refused "table.txt is no journal, or its beginning is lost"
    run 2 "$command" "$subcommand" nowhere.mpimap
    refused "there is no journal nowhere.mpimap"
    run 2 "$command" "$subcommand" .
    refused ". is no file"
done
run 2 "$command"
refused "A subcommand is required"
run 2 "$command" list closed.mpimap --call 1
run 2 "$command" csv closed.mpimap --call first
run 2 "$command" csv closed.mpimap
refused "closed.mpimap has 2 calls: say which, --call 1; mpimap-journal list shows them"
for subcommand in failed missing csv html; do
    run 2 "$command" "$subcommand" --call 3 closed.mpimap
    refused "closed.mpimap has no call 3: it has 2 calls, see mpimap-journal list"
done

# ---------------------------------------------------------------- list

run 0 "$command" list closed.mpimap
says out <<'END'
closed.mpimap: 1.73 kB in 1 file

run  began                host      job   ranks
  1  2023-11-14 22:13:20  login<1>  4711      3
The last run has closed the journal.

call  items  done  failed  missing  suspects  bytes  ended  seed  result       function
   1     10    10       0        0         0    800  yes    42    double       double model::energy(double)
   2      5     5       0        0         0    560  yes    -     std::string  name(int)
END
says_nothing err
run 0 "$command" list killed.mpimap
says out <<'END'
killed.mpimap: 3.01 kB in 1 file

run  began                host      job   ranks
  1  2023-11-14 22:13:20  login<1>  4711      3
  2  2023-11-15 22:13:20  login<1>  4711      2
The last run has not closed the journal: it was killed, or goes on.

call  items  done  failed  missing  suspects  bytes  ended  seed  result  function
   1    100    30       1       69        20   2336  no     -     int     int <lambda(int)>::operator()(int) const
Suspects were being run when the program ended, or are now.
END
run 0 "$command" list growing.mpimap
sed -n '/^call/,$p' "$out/out" >"$out/calls"
says calls <<'END'
call  items  done  failed  missing  suspects  bytes  ended  seed  result       function
   1      9     4       1        4         3   1824  no     -     std::string  text of(int)
   2      2     2       0        0         0    312  no     -     double       double g(int)
   3      2     2       0        0         0    352  yes    -     void         void h(int)
Suspects were being run when the program ended, or are now.
END
run 0 "$command" list large.mpimap
grep -q '^ *3  *100  *50  *0  *50  .*  reduction of double  plus$' "$out/out" || fail "no reduction"
run 0 "$command" list two.mpimap
grep -q '^two.mpimap: 1.34 kB in 2 files$' "$out/out" || fail "not two files"
grep -q '^ *1  *4  *4  *0  *0  *0 ' "$out/out" || fail "not all of both files"
for file in empty fresh; do
    run 0 "$command" list $file.mpimap
    says out <<<"$file.mpimap: nothing has been written to this journal yet"
    run 0 "$command" failed $file.mpimap
    run 0 "$command" missing $file.mpimap
    run 0 "$command" html $file.mpimap
    run 2 "$command" csv $file.mpimap
    refused "$file.mpimap has no calls"
done

# ---------------------------------------------------------------- verify

run 0 "$command" verify closed.mpimap
says out <<<"closed.mpimap: whole: 1728 bytes, 14 records, 1 run, 2 calls"
for file in empty large growing two shown; do run 0 "$command" verify $file.mpimap; done
run 0 "$command" verify killed.mpimap
says out <<'END'
killed.mpimap: bytes 2944 to 3013 were being written when the program ended, or are now: no damage
killed.mpimap: whole: 3014 bytes, 22 records, 2 runs, 1 call
END
run 0 "$command" verify fresh.mpimap
says out <<'END'
fresh.mpimap: bytes 0 to 59 were being written when the program ended, or are now: no damage
fresh.mpimap: whole: 60 bytes, 0 records, 0 runs, 0 calls
END
read -r _ from to < <(grep '^damaged ' "$all/places")
run 1 "$command" verify damaged.mpimap
says out <<END
damaged.mpimap: bytes $from to $to are damaged
damaged.mpimap: damaged: 984 bytes, 6 records, 1 run, 1 call
END
read -r _ first second third < <(grep '^strange ' "$all/places")
run 1 "$command" verify strange.mpimap
says out <<END
strange.mpimap: a record of results of call 7, item 0, at byte $first, is strange: the call has not begun
strange.mpimap: a record of results of call 1, items 10 to 19, at byte $second, is strange: its results are not what \
their type says
strange.mpimap: a record of no known kind of call 1, item 0, at byte $third, is strange: there is no such kind
strange.mpimap: damaged: 1168 bytes, 9 records, 1 run, 1 call
END
run 1 "$command" verify half.mpimap
grep -q '^half.mpimap.1 is no journal' "$out/out" || fail "the second file is not named"
# All others say so, and show the rest.
for subcommand in list failed csv html; do
    run 0 "$command" "$subcommand" damaged.mpimap
    says err <<<"mpimap-journal: 200 bytes of damaged.mpimap cannot be read: mpimap-journal verify says which"
done
run 1 "$command" missing damaged.mpimap
says out <<<"call 1: 0-9"

# ---------------------------------------------------------------- failed

run 0 "$command" failed closed.mpimap
says_nothing out
run 1 "$command" failed killed.mpimap
says out <<'END'
call 1, item 13: std::domain_error
  text:      thirteen, "unlucky" <b>\x1b[31m\x1b[0m
             caused by std::invalid_argument: no
             more
  arguments: 13, 0.5
  where:     rank 1 on node1
  when:      2023-11-14 22:13:38, after 1.25 s
  attempt:   2 of 3
  seed:      42
END
run 1 "$command" failed growing.mpimap --call 1
grep -q '^call 1, item 3: std::bad_alloc$' "$out/out" || fail "no failure of an item whose argument has changed"
run 0 "$command" failed growing.mpimap --call 2

# ---------------------------------------------------------------- missing

run 0 "$command" missing closed.mpimap
says_nothing out
run 1 "$command" missing killed.mpimap
says out <<'END'
call 1: 20-29,40-98
  of these, being run when the program ended, or now: 20-29,40-49
END
run 1 "$command" missing --call 1 killed.mpimap
says out <<<"20-29,40-98"
says err <<<"mpimap-journal: of these, being run when the program ended, or now: 20-29,40-49"
run 1 "$command" missing growing.mpimap
says out <<'END'
call 1: 4-7
  of these, being run when the program ended, or now: 4-5,7
END
run 0 "$command" missing --call 2 growing.mpimap

# ---------------------------------------------------------------- csv

run 0 "$command" csv closed.mpimap --call 1
says out <<'END'
index,status,seconds,rank,value,error
0,done,0.25,1,0,
1,done,0.25,1,0.1,
2,done,2,1,2.5,
3,done,0.25,1,1e+22,
4,done,0.25,1,5e-324,
5,done,0.4,2,1e+300,
6,done,0.4,2,-0,
7,done,0.4,2,0.3333333333333333,
8,done,0.4,2,1e-07,
9,done,0.4,2,123456789,
END
run 0 "$command" csv --call 2 closed.mpimap
says out <<'END'
index,status,seconds,rank,value,error
0,done,0.2,0,plain,
1,done,0.2,0,"with, comma",
2,done,0.2,0,"with ""quotes""",
3,done,0.2,0,"two
lines",
4,done,0.2,0,"",
END
# Failed, run again, missing; to a file.
run 0 "$command" csv killed.mpimap -o "$all/killed.csv"
says_nothing out
sed -n '1p;14,21p;22p;102,$p' "$all/killed.csv" >"$out/some"
says some <<END
index,status,seconds,rank,value,error
12,done,0.8,1,12,
13,failed,1.25,1,,"std::domain_error: thirteen, ""unlucky"" <b>$(printf '\033[31m\033[0m'); caused by \
std::invalid_argument: no
more"
14,done,0.8,1,14,
15,done,0.8,1,15,
16,done,0.8,1,16,
17,done,0.5,0,17,
18,done,0.8,1,18,
19,done,0.8,1,19,
99,done,1,1,99,
END
[[ $(grep -c '^[0-9]*,missing,,,,$' "$all/killed.csv") == 69 ]] || fail "not all that are missing"
run 0 "$command" csv growing.mpimap --call 1
says out <<'END'
index,status,seconds,rank,value,error
0,done,0.5,1,zero,
1,done,2.5,1,one,
2,done,0.25,1,new two,
3,failed,1.25,2,,std::bad_alloc: std::bad_alloc
4,missing,,,,
5,missing,,,,
6,missing,,,,
7,missing,,,,
8,done,0.25,1,eight,
END
# values FILE NUMBER VALUES: of the done items of that call.
values() {
    run 0 "$command" csv --call "$2" "$1"
    [[ $(awk -F, '$2 == "done" { print $5 }' "$out/out" | paste -s -d ' ') == "$3" ]] || fail "$1, call $2: other values"
}
values growing.mpimap 2 "0.5 1.5"
values growing.mpimap 3 " " # of void
values large.mpimap 4 "true false"
values large.mpimap 5 "255 7"
values large.mpimap 6 "18446744073709551615"
values large.mpimap 7 " " # of a type that nobody knows here
values two.mpimap 1 "-1 -2 -3 -4"
values strange.mpimap 1 "5 5 5 5 5 5 5 5 5 5          "
grep -q '^mpimap-journal: 1 record of strange.mpimap cannot be read' "$out/err" || fail "no word of what cannot be read"
# Arrays and texts that lie by themselves.
run 0 "$command" csv --call 1 large.mpimap
awk -F, 'NR > 1 && $5 != (NR - 2) / 8 { exit 1 } END { exit NR == 10001 ? 0 : 1 }' OFMT=%.17g CONVFMT=%.17g "$out/out" ||
    fail "other values of a large array"
run 0 "$command" csv --call 2 large.mpimap
[[ $(awk -F, 'NR > 1 { print length($5) substr($5, 1, 1) }' "$out/out" | paste -s -d ' ') == "1a 70000b 1c 65536d" ]] ||
    fail "other texts"
run 0 "$command" csv --call 3 large.mpimap
[[ $(grep -c ',done,0.02,0,,$' "$out/out") == 50 ]] || fail "other items of a reduction"

# What cannot be written is told, and no journal is written over.
before=$(cksum two.mpimap two.mpimap.1)
for place in two.mpimap ./two.mpimap.1; do
    run 2 "$command" csv two.mpimap -o $place
    refused "$place is the journal itself"
    run 2 "$command" html two.mpimap --output $place
done
[[ $(cksum two.mpimap two.mpimap.1) == "$before" ]] || fail "a journal was written over"
run 2 "$command" csv two.mpimap -o nowhere/table.csv
refused "nowhere/table.csv cannot be written: No such file or directory"
if [[ -w /dev/full ]]; then
    for subcommand in list csv html; do
        run 2 bash -c "\"\$@\" >/dev/full" bash "$command" $subcommand two.mpimap
        refused "the standard output cannot be written: No space left on device"
    done
fi

# ---------------------------------------------------------------- while it grows

"$writer" growing now.mpimap &
growing=$!
# shellcheck disable=SC2317  # run by the trap
at_end() { kill "$growing" 2>/dev/null || true; }
until [[ -s now.mpimap ]]; do sleep 0.01; done
items=0
for _ in {1..30}; do
    run 0 "$command" verify now.mpimap
    run 0 "$command" list now.mpimap
    run 0 "$command" csv now.mpimap -o "$all/now.csv"
    now=$(awk -F, '$2 == "done" { if ($1 != $5) exit 1; ++n } END { print n + 0 }' "$all/now.csv") ||
        fail "a value of another item"
    [[ $now -ge $items ]] || fail "there were more before"
    items=$now
done
[[ $items -gt 10 ]] || fail "nothing has been added"
kill "$growing"
wait "$growing" 2>/dev/null || true
at_end() { :; }

# Many records: some seconds, on a machine that does other things too.
"$writer" many many.mpimap 200000
run 0 "$command" csv many.mpimap -o "$all/many.csv"
awk -F, 'NR > 1 && ($1 != NR - 2 || $2 != "done") { exit 1 } END { exit NR == 200001 ? 0 : 1 }' "$all/many.csv" ||
    fail "not each item once"

# ---------------------------------------------------------------- html

pages=(closed killed growing large shown empty damaged)
for page in "${pages[@]}"; do
    run 0 "$command" html "$page.mpimap" -o "$all/$page.html"
    if grep -qiE '<script|<link|(src|href)="?[a-z]+:|@import|url\(' "$all/$page.html"; then
        fail "$page: something from outside"
    fi
done
grep -q '&lt;b&gt;' "$all/killed.html" || fail "a text that is not escaped"
if grep -q '<b>.*thirteen\|<lambda' "$all/killed.html"; then fail "a text that is not escaped"; fi
run 0 "$command" html closed.mpimap --call 2
if grep -q 'model::energy' "$out/out"; then fail "a call that was not asked for"; fi

if ! command -v chromium >/dev/null; then
    echo "There is no chromium: the pages are not looked at."
    exit 0
fi
browse() {
    run 0 env HOME="$all/home" timeout 60 chromium --headless --no-sandbox --disable-gpu --disable-dev-shm-usage \
        --user-data-dir="$all/home" --virtual-time-budget=1000 --window-size=1000,1600 "$@"
}
# tags NAME: how many of them the browser has made of the page.
tags() { grep -o "<$1[ >]" "$out/out" | wc -l; }
browse --dump-dom "file://$all/shown.html"
[[ $(tags svg) == 3 ]] || fail "not three pictures"
[[ $(tags rect) -ge 43 ]] || fail "not a bar for each of 40 ranks"
[[ $(tags tr) -ge 30 ]] || fail "no tables"
grep -q 'model::diverged' "$out/out" || fail "no failures"
browse --dump-dom "file://$all/killed.html"
[[ $(grep -c 'int &lt;lambda(int)&gt;::operator()(int) const' "$out/out") == 1 ]] || fail "another function"
browse --screenshot="$all/shown.png" "file://$all/shown.html"
[[ $(wc -c <"$all/shown.png") -gt 20000 ]] || fail "there is little to be seen"
