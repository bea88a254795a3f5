# shellcheck shell=bash
# What the tests of this folder have in common: source it behind $source and $build are set, then call start_lab. Exits with
# 77 where the machine cannot do that.
# shellcheck disable=SC2154  # set by those that source it
lab=$source/scripts/slurm/lab.sh
PATH=$PATH:/usr/sbin:/sbin

skip() {
    echo "skipped: $*"
    exit 77
}

# start_lab N FOLDER: N nodes, and a folder for what jobs write.
start_lab() {
    local command probe refusal
    [[ $(id -u) == 0 ]] || skip "not root, which it takes to make namespaces"
    for command in slurmctld slurmd munged srun ip nsenter unshare setsid pgrep; do
        command -v "$command" >/dev/null || skip "there is no $command (scripts/install-dependencies --slurm)"
    done
    probe='hostname lab && mount -t tmpfs tmpfs /dev/shm && ip link add lab0 type bridge &&
        ip link add lab1 type veth peer name lab2'
    refusal=$(unshare --net --uts --ipc --mount --pid --fork --mount-proc sh -c "$probe" 2>&1) ||
        skip "no namespaces, mounts or bridges here: $refusal"
    # Root by name only, in a user namespace: slurmd would not start.
    if grep -qs deny /proc/self/setgroups; then skip "setgroups is denied here"; fi

    # Directories of its own, so that it meets no lab that is up already. Short: there will be sockets below.
    LAB_DIR=$(mktemp -d /tmp/mpimap-lab.XXXXXX)
    export LAB_DIR LAB_SHARE=$source:$build
    trap stop_lab EXIT
    trap 'exit 1' INT TERM

    mkdir -p "$2"
    cd "$2" || return
    rm -f ./*
    "$lab" up "$1"
}
stop_lab() {
    local code=$?
    if [[ $code != 0 ]]; then tail -n 20 "$LAB_DIR"/log/*.log || true; fi
    "$lab" down || true
    rm -rf "$LAB_DIR"
}

# expect PATTERN FILE
expect() {
    if ! grep -Eq -- "$1" "$2"; then
        echo "not found: $1"
        return 1
    fi
}
