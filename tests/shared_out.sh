# shellcheck shell=bash
# For scripts TIMES ARGUMENT... that mostly wait: source it, and call shared_out "$@" first. With SHARES=N in the environment
# the script runs N times at once, each with its share of the times and a seed of its own, and that is all.
shared_out() {
    local shares=${SHARES:-1} times=$1 verdict=0 running=() i
    [[ $shares -gt 1 ]] || return 0
    shift
    for ((i = 1; i <= shares; ++i)); do
        SHARES=1 SEED=$((${SEED:-0} + i)) bash "$0" $((times / shares)) "$@" &
        running+=($!)
    done
    for i in "${running[@]}"; do wait "$i" || verdict=$?; done
    exit $verdict
}
