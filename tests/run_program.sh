# shellcheck shell=bash
# For tests of programs that come to different ends: source it. What each writes is in out and err of a folder of its own,
# $out: what a program that was aborted has started may write for a while.
all=$(mktemp -d)
shared=$(mktemp -d -p /dev/shm)
# What mpirun and its ranks leave behind that were killed: their names come again, since they are made of process numbers.
export OMPI_MCA_orte_tmpdir_base=$all OMPI_MCA_btl_vader_backing_directory=$shared
at_end() { :; }
trap 'at_end; rm -rf "$all" "$shared"' EXIT
ulimit -c 0
runs=0
fail() {
    echo "$1"
    cat "$out/out" "$out/err"
    exit 1
}
# run END COMMAND...: END is the status, "bad" for any but 0 and 124, which is that of item_timeout, or "any". 137 is also
# what mpirun ends with where it has noticed first one of those that it has killed itself, so that only the time tells a hang.
run() {
    local wanted=$1 status=0 begun=$SECONDS
    shift
    out=$all/$((++runs))
    mkdir "$out"
    # mpirun reads what a loop around this would.
    timeout --signal=KILL 120 "$@" </dev/null >"$out/out" 2>"$out/err" || status=$?
    [[ $status != 137 || $((SECONDS - begun)) -lt 119 ]] || fail "$*: hangs"
    if [[ $wanted == any ]]; then
        :
    elif [[ $wanted == bad ]]; then
        [[ $status != 0 && $status != 124 ]] || fail "$*: ended with $status"
    else
        [[ $status == "$wanted" ]] || fail "$*: ended with $status"
    fi
}
