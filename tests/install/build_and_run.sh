#!/bin/sh
# build_and_run.sh VERSION MPIEXEC BUILD CMAKE ARGUMENTS...: build a user's project in BUILD and run its program.
set -eu
version=$1 mpiexec=$2 build=$3 cmake=$4
shift 4

rm -rf "$build"
"$cmake" -B "$build" "$@"
"$cmake" --build "$build" --parallel 2

expect() {
    ranks=$1
    shift
    said=$("$@")
    echo "$said"
    [ "$said" = "mpimap $version, $ranks rank(s): right" ]
}
expect 2 timeout 60 "$mpiexec" -n 2 "$build/consumer"
expect 1 timeout 60 "$build/consumer"
