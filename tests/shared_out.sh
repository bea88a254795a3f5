# shellcheck shell=bash
# For scripts TIMES ARGUMENT... that mostly wait: source it, and call shared_out "$@" first. With SHARES=N in the environment
# the script runs N times at once, each with its share of the times and a seed of its own, and that is all. For scripts that know
# themselves what is the SHARE-th of N shares, from 0: shared_out each "$@".
shared_out() {
    local shares=${SHARES:-1} verdict=0 running=() i each=no
    [[ $shares -gt 1 ]] || return 0
    if [[ $1 == each ]]; then
        each=yes
        shift
    fi
    local times=$1
    [[ $each == yes ]] || times=$((times / shares))
    shift
    for ((i = 1; i <= shares; ++i)); do
        SHARES=1 SHARE=$((i - 1)) OF=$shares SEED=$((${SEED:-0} + i)) bash "$0" "$times" "$@" &
        running+=($!)
    done
    for i in "${running[@]}"; do wait "$i" || verdict=$?; done
    exit $verdict
}
