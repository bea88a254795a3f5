#!/usr/bin/env bash
# A Slurm cluster of several nodes on one Linux machine, and the same hosts for mpirun without Slurm.
#
# Each host has namespaces of its own: network (an address and a TCP stack), host name, mounts (/dev/shm, /tmp,
# /etc/hosts), IPC and, on compute nodes, processes. The hosts hang on a bridge in a namespace of its own. The machine's
# own network stays as it is, and no file outside $LAB_DIR is written. It takes root.
#
#   lab.sh install           install the packages that it needs
#   lab.sh up [N]            bring up the login host and N compute nodes n1 ... nN (default 4)
#   lab.sh run CMD ARG...    run CMD on the login host: srun, sbatch, mpirun, a test
#   lab.sh on HOST CMD...    run CMD on that host (login, n1, n2, ...)
#   lab.sh status            what is up; exit code 0 if everything is
#   lab.sh down              end everything, keep only $LAB_DIR/log
#   lab.sh env               print the environment that `run` sets
#
# Faults:
#
#   lab.sh cut HOST [carrier|blackhole]                    pull the cable, or drop all frames in silence
#   lab.sh shape HOST DELAY_MS [RATE_MBIT [LOSS_PERCENT]]  a slow or lossy cable, in each direction
#   lab.sh heal HOST                                       undo cut and shape
#   lab.sh kill-node HOST [cut]                            power off (cut: the cable first)
#   lab.sh start-node HOST                                 power on again
#   lab.sh kill-slurmd HOST, lab.sh start-slurmd HOST      the node's Slurm daemon alone
#
# Settings, from the environment:
#
#   LAB_DIR          where everything lives (default /tmp/mpimap-lab; short, since names of sockets have a limit)
#   LAB_CPUS         CPUs that each node claims to have (default 4; more than the machine has is fine)
#   LAB_SHARE        directories below /tmp, separated by ':', that all hosts share like a home file system. $LAB_DIR
#                    and the directory where `up` was called are shared; all else below /tmp is private to each node.
#   LAB_NET          the first three bytes of the network (default 10.77.0)
#   LAB_TCP_RETRIES  net.ipv4.tcp_retries2 of all hosts. With the kernel's 15 a peer behind a cut cable is given up after
#                    15 minutes, and mpirun hangs that long; with 5 it takes about 10 s.
#   LAB_CONF         a file with more lines for slurm.conf
set -euo pipefail

LAB=$(realpath -m "${LAB_DIR:-/tmp/mpimap-lab}")
CPUS=${LAB_CPUS:-4}
NET=${LAB_NET:-10.77.0}
SELF=$(readlink -f "$0")
PATH=$PATH:/usr/sbin:/sbin

die() {
    echo "lab.sh: $*" >&2
    exit 1
}
say() { [[ -n ${LAB_QUIET:-} ]] || echo "lab.sh: $*"; }

# retry TIMES SECONDS CMD...: until CMD succeeds.
retry() {
    local times=$1 pause=$2 i
    shift 2
    for ((i = 0; i < times; ++i)); do
        if "$@"; then return 0; fi
        sleep "$pause"
    done
    return 1
}

# ---------------------------------------------------------------- hosts: processes that hold namespaces
#
# $LAB/hosts/NAME/pid has the holder's process id and start time: the id alone might be somebody else's by now.
# $LAB/hosts/NAME/node is there for compute nodes, which have a process namespace.

start_time() {
    local stat
    stat=$(cat "/proc/$1/stat" 2>/dev/null) || return 1
    # The second field is the command in parentheses and may contain anything.
    awk '{ print $20 }' <<<"${stat##*) }"
}

# Prints the process id of the host's holder if that is alive.
holder() {
    local pid started
    [[ -r $LAB/hosts/$1/pid ]] || return 1
    read -r pid started <"$LAB/hosts/$1/pid" || return 1
    [[ $(start_time "$pid") == "$started" ]] || return 1
    echo "$pid"
}
is_up() { holder "$1" >/dev/null; }

# Sets ENTER to the command in front of what is to run in the host's namespaces.
door() {
    local pid
    pid=$(holder "$1") || die "host $1 is not up"
    ENTER=(nsenter --target "$pid" --net --uts --ipc --mount)
    if [[ -e $LAB/hosts/$1/node ]]; then ENTER+=(--pid); fi
}
inside() {
    door "$1"
    shift
    "${ENTER[@]}" -- "$@"
}
# The switch has a network namespace only.
on_switch() {
    local pid
    pid=$(holder switch) || die "the lab is not up"
    nsenter --target "$pid" --net -- "$@"
}
slurm() { inside login env SLURM_CONF="$LAB/etc/slurm.conf" "$@"; }

address() {
    case $1 in
        login) echo "$NET.1" ;;
        *) echo "$NET.$((10 + ${1#n}))" ;;
    esac
}
nodes() {
    local i
    for ((i = 1; i <= $(cat "$LAB/etc/count" 2>/dev/null || echo 0); ++i)); do echo "n$i"; done
}
processes_of() {
    local pid space process
    pid=$(holder "$1") || return 0
    space=$(readlink "/proc/$pid/ns/net") || return 0
    for process in /proc/[0-9]*; do
        if [[ $(readlink "$process/ns/net" 2>/dev/null) == "$space" ]]; then echo "${process#/proc/}"; fi
    done
}

# start_holder NAME [node]
start_holder() {
    local name=$1 kind=${2:-} host=$LAB/hosts/$1 spaces=(--net --uts --ipc --mount --propagation private) pid
    mkdir -p "$host"
    rm -f "$host"/{pid,ready,node}
    if [[ $kind == node ]]; then
        touch "$host/node"
        # A reboot empties /tmp: what a killed step left there would stop it when it is started again.
        rm -rf --one-file-system "$host/tmp"
        spaces+=(--pid --fork --mount-proc --kill-child)
    fi
    # 9 is the lock of this script: whoever keeps it open keeps the lock.
    setsid unshare "${spaces[@]}" bash "$SELF" __hold "$name" </dev/null >>"$LAB/log/holder.$name.log" 2>&1 9>&- &
    pid=$!
    retry 100 0.05 test -e "$host/ready" ||
        die "cannot make host $name: $(tail -n 3 "$LAB/log/holder.$name.log")"
    # With --fork, the holder is the child of unshare.
    if [[ $kind == node ]]; then pid=$(pgrep -P "$pid" | head -n 1); fi
    echo "$pid $(start_time "$pid")" >"$host/pid"
    disown
}

# What a holder does, inside its namespaces.
hold() {
    local name=$1 host=$LAB/hosts/$1 directory
    if [[ $name != switch ]]; then
        hostname "$name"
        mount --bind "$LAB/etc/hosts" /etc/hosts
        if [[ -e /etc/resolv.conf ]]; then mount --bind "$LAB/etc/resolv.conf" /etc/resolv.conf; fi
        if [[ -e /etc/hostname ]]; then
            echo "$name" >"$host/hostname"
            mount --bind "$host/hostname" /etc/hostname
        fi
        if [[ -d /etc/slurm ]]; then mount --bind "$LAB/etc" /etc/slurm; fi
        mount -t tmpfs -o mode=1777 tmpfs /dev/shm
        # So that /sys/class/net shows this host's interfaces; not every container allows it, and little needs it.
        mount -t sysfs sysfs /sys 2>/dev/null || true
        if [[ -e $host/node ]]; then
            mkdir -p "$host/tmp"
            chmod 1777 "$host/tmp"
            while read -r directory; do
                mkdir -p "$host/tmp/${directory#/tmp/}"
                mount --bind "$directory" "$host/tmp/${directory#/tmp/}"
            done <"$LAB/etc/shares"
            mount --rbind "$host/tmp" /tmp
        fi
    fi
    ip link set lo up
    if [[ -n ${LAB_TCP_RETRIES:-} ]]; then echo "$LAB_TCP_RETRIES" >/proc/sys/net/ipv4/tcp_retries2; fi
    cd /
    touch "$host/ready"
    trap 'exit 0' TERM
    # On a node this is process 1, which inherits orphans: bash reaps them while it waits.
    while :; do
        sleep 86400 &
        wait $! || true
    done
}

# Gives the host an interface and plugs it into the switch.
plug_in() {
    local host=$1 port=p-$1 pid
    pid=$(holder "$host")
    on_switch ip link del "$port" 2>/dev/null || true
    on_switch ip link add "$port" type veth peer name eth0 netns "$pid"
    # No IPv6 addresses: nobody needs them here.
    on_switch ip link set "$port" addrgenmode none master br0 up
    inside "$host" ip link set eth0 addrgenmode none
    inside "$host" ip addr add "$(address "$host")/24" broadcast + dev eth0
    inside "$host" ip link set eth0 up
}

# ---------------------------------------------------------------- configuration

shared_directories() {
    local directory
    { printf '%s\n' "$LAB" "$PWD" && tr ':' '\n' <<<"${LAB_SHARE:-}"; } | while read -r directory; do
        directory=$(realpath -m "${directory:-/}")
        if [[ -d $directory && $directory == /tmp/?* ]]; then echo "$directory"; fi
    done | sort -u | awk '{ for (i in seen) if (index($0 "/", seen[i] "/") == 1) next; seen[NR] = $0; print }'
}

write_configuration() {
    local count=$1 node addresses version
    mkdir -p "$LAB"/{etc,run,log,state,spool,hosts,bin,munge}
    chmod 755 "$LAB" "$LAB/etc" "$LAB/run"
    chmod 700 "$LAB/munge"
    echo "$count" >"$LAB/etc/count"
    {
        echo "127.0.0.1 localhost"
        for node in login $(nodes); do echo "$(address "$node") $node"; done
    } >"$LAB/etc/hosts"
    : >"$LAB/etc/resolv.conf"
    shared_directories >"$LAB/etc/shares"
    for node in $(nodes); do echo "$node slots=$CPUS"; done >"$LAB/etc/hostfile"

    addresses="$NET.[11-$((10 + count))]"
    if [[ $count == 1 ]]; then addresses=$(address n1); fi
    cat >"$LAB/etc/slurm.conf" <<END
ClusterName=lab
SlurmctldHost=login($(address login))
SlurmUser=root
SlurmdUser=root
AuthType=auth/munge
CredType=cred/munge
# cred_expire is also how long a requeued job waits before it may start again (default 120 s).
AuthInfo=socket=$LAB/run/munge.sock,cred_expire=15
StateSaveLocation=$LAB/state
SlurmdSpoolDir=$LAB/spool/%n
SlurmctldPidFile=$LAB/run/slurmctld.pid
SlurmdPidFile=$LAB/run/slurmd.%n.pid
SlurmctldLogFile=$LAB/log/slurmctld.log
SlurmdLogFile=$LAB/log/slurmd.%n.log
JobCompType=jobcomp/filetxt
JobCompLoc=$LAB/log/jobcomp.log
MailProg=/bin/true
# No cgroups and no affinity: the machine has fewer cores than the cluster claims.
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
JobAcctGatherType=jobacct_gather/none
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU
SlurmdParameters=config_overrides
MpiDefault=pmix
ReturnToService=2
# Quick reactions.
SchedulerParameters=batch_sched_delay=0,sched_interval=2,sched_min_interval=0,bf_interval=2
KillWait=5
SlurmdTimeout=15
MessageTimeout=10
MinJobAge=3600
NodeName=n[1-$count] NodeAddr=$addresses CPUs=$CPUS RealMemory=64000 State=UNKNOWN
PartitionName=lab Nodes=ALL Default=YES MaxTime=INFINITE State=UP
END
    # Up to 22.05 Slurm starts a cgroup plugin even if nothing uses it, and cannot find out which where there is neither
    # /sys/fs/cgroup nor systemd. v1 does no harm. Later versions know "disabled".
    version=$(slurmd -V | awk '{ print int($2) }')
    if [[ $version -le 22 ]]; then
        echo "CgroupPlugin=cgroup/v1" >"$LAB/etc/cgroup.conf"
    else
        echo "CgroupPlugin=disabled" >"$LAB/etc/cgroup.conf"
    fi
    # The default fence (tree) of 22.05's pmix plugin lets ranks leave MPI_Init before the others are in: up to one launch
    # in ten of Open MPI 4.1 over TCP died there. The ring fence did so never.
    echo "PMIxCollFence=ring" >"$LAB/etc/mpi.conf"
    if [[ -n ${LAB_CONF:-} ]]; then cat "$LAB_CONF" >>"$LAB/etc/slurm.conf"; fi
    if [[ ! -s $LAB/munge/key ]]; then (umask 077 && head -c 128 /dev/urandom >"$LAB/munge/key"); fi
    write_remote_shell
}

# What mpirun uses in place of ssh: a fresh environment and the home directory, as ssh would give.
write_remote_shell() {
    cat >"$LAB/bin/lab-rsh" <<END
#!/bin/sh
while :; do
    case \$1 in
        -l | -p | -o) shift 2 ;;
        -*) shift ;;
        *) break ;;
    esac
done
host=\$1
shift
read -r pid started <"$LAB/hosts/\$host/pid" || { echo "lab-rsh: no host \$host" >&2; exit 255; }
[ -d "/proc/\$pid" ] || { echo "lab-rsh: host \$host is down" >&2; exit 255; }
space=
if [ -e "$LAB/hosts/\$host/node" ]; then space=--pid; fi
exec nsenter --target "\$pid" --net --uts --ipc --mount \$space -- env -i \\
    HOME="\${HOME:-/root}" USER="\${USER:-root}" SHELL=/bin/sh \\
    PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin $(remote_environment | paste -s -d ' ') \\
    sh -c 'cd "\$HOME" 2>/dev/null || cd /; eval "\$1"' sh "\$*"
END
    chmod 755 "$LAB/bin/lab-rsh"
}

remote_environment() {
    printf '%s\n' "SLURM_CONF=$LAB/etc/slurm.conf" OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1
}
environment() {
    remote_environment
    # More ranks than the machine has cores: waiting ranks give way, none is pinned. ob1 over TCP is what there is
    # between these hosts; the launcher's threads and tree would only slow down a small number of hosts.
    printf '%s\n' \
        OMPI_MCA_mpi_yield_when_idle=1 \
        OMPI_MCA_hwloc_base_binding_policy=none \
        OMPI_MCA_rmaps_base_oversubscribe=1 \
        OMPI_MCA_odls_base_num_threads=0 \
        OMPI_MCA_pml=ob1 \
        "OMPI_MCA_plm_rsh_agent=$LAB/bin/lab-rsh" \
        OMPI_MCA_plm_rsh_no_tree_spawn=1 \
        "LAB_DIR=$LAB" \
        "LAB_HOSTFILE=$LAB/etc/hostfile"
}

# ---------------------------------------------------------------- daemons

# is_alive PIDFILE
is_alive() {
    local pid
    pid=$(cat "$1" 2>/dev/null) || return 1
    [[ -n $pid ]] && kill -0 "$pid" 2>/dev/null
}

start_login_daemons() {
    if ! is_alive "$LAB/run/munged.pid"; then
        rm -f "$LAB"/run/munge.sock*
        inside login munged --force --key-file="$LAB/munge/key" --socket="$LAB/run/munge.sock" \
            --pid-file="$LAB/run/munged.pid" --log-file="$LAB/log/munged.log" --seed-file="$LAB/munge/seed" \
            --num-threads=2 </dev/null >>"$LAB/log/munged.out" 2>&1 9>&- || die "munged: $(cat "$LAB/log/munged.out")"
    fi
    if ! is_alive "$LAB/run/slurmctld.pid"; then
        slurm slurmctld </dev/null >>"$LAB/log/slurmctld.out" 2>&1 9>&- ||
            die "slurmctld: $(tail -n 2 "$LAB/log/slurmctld.out" "$LAB/log/slurmctld.log" 2>/dev/null)"
    fi
}

# The pid file of a node's slurmd has the number that counts inside the node; this prints the one outside.
slurmd_pid() {
    local inner pid
    inner=$(cat "$LAB/run/slurmd.$1.pid" 2>/dev/null) || return 1
    for pid in $(processes_of "$1"); do
        if [[ $(cat "/proc/$pid/comm" 2>/dev/null) == slurmd &&
            $(awk '/^NSpid/ { print $NF }' "/proc/$pid/status") == "$inner" ]]; then
            echo "$pid"
            return 0
        fi
    done
    return 1
}
start_slurmd() {
    mkdir -p "$LAB/spool/$1"
    inside "$1" env SLURM_CONF="$LAB/etc/slurm.conf" slurmd -N "$1" </dev/null >>"$LAB/log/slurmd.$1.out" 2>&1 9>&- ||
        die "slurmd on $1: $(tail -n 2 "$LAB/log/slurmd.$1.out" "$LAB/log/slurmd.$1.log" 2>/dev/null)"
}
start_node() {
    if ! is_up "$1"; then
        start_holder "$1" node
        plug_in "$1"
    fi
    slurmd_pid "$1" >/dev/null || start_slurmd "$1"
}

are_usable() {
    # A node has a line for each of its partitions.
    [[ $(slurm timeout 5 sinfo -h -N -o '%N %T' 2>/dev/null | sort -u |
        grep -Ec ' (idle|mixed|allocated|completing)$') == "$1" ]]
}
wait_until_usable() {
    retry 150 0.1 are_usable "$1" || {
        slurm sinfo -R -N -l || true
        die "not all of the $1 nodes came up; see $LAB/log"
    }
}

# ---------------------------------------------------------------- up and down

up() {
    local count=${1:-} began=$EPOCHREALTIME command node
    [[ $(id -u) == 0 ]] || die "it takes root"
    for command in slurmctld slurmd munged srun ip nsenter unshare setsid pgrep; do
        command -v "$command" >/dev/null || die "there is no $command: run '$0 install'"
    done
    if is_up switch && is_up login && [[ -z $count || $count == "$(cat "$LAB/etc/count")" ]]; then
        count=$(cat "$LAB/etc/count")
        start_login_daemons
    else
        if [[ -d $LAB/hosts ]]; then down; fi
        count=${count:-4}
        [[ $count =~ ^[1-9][0-9]*$ && $count -le 200 ]] || die "up [N]: N is 1 to 200"
        write_configuration "$count"
        start_holder switch
        on_switch ip link add br0 type bridge forward_delay 0 stp_state 0
        on_switch ip link set br0 addrgenmode none up
        start_holder login
        plug_in login
        start_login_daemons
    fi
    for node in $(nodes); do start_node "$node"; done
    wait_until_usable "$count"
    say "up: login and $count nodes in $(awk -v a="$began" -v b="$EPOCHREALTIME" 'BEGIN { printf "%.1f s", b - a }')"
}

is_gone() { ! is_alive "$1"; }
no_host_is_up() {
    local host
    for host in "$LAB"/hosts/*; do
        if is_up "${host##*/}"; then return 1; fi
    done
}

down() {
    local host pid daemon
    [[ -z ${LAB_INSIDE:-} ]] || die "down: call it from outside"
    if [[ ! -d $LAB/hosts ]]; then
        say "nothing is up in $LAB"
        return
    fi
    # Process 1 of a node takes with it all that runs there.
    for host in "$LAB"/hosts/n*; do
        if pid=$(holder "${host##*/}"); then kill -KILL "$pid"; fi
    done
    # The controller first: it writes its state while munged is there.
    for daemon in slurmctld munged; do
        if is_alive "$LAB/run/$daemon.pid"; then
            pid=$(cat "$LAB/run/$daemon.pid")
            if processes_of login | grep -qx "$pid"; then
                kill "$pid"
                retry 30 0.1 is_gone "$LAB/run/$daemon.pid" || true
            fi
        fi
    done
    for host in login switch; do
        for pid in $(processes_of "$host"); do kill -KILL "$pid" 2>/dev/null || true; done
    done
    retry 50 0.1 no_host_is_up || die "down: some hosts do not end"
    rm -rf --one-file-system "${LAB:?}"/{hosts,run,state,spool,etc,munge,bin}
    say "down (logs are in $LAB/log)"
}

status() {
    local host pid daemon verdict=0
    if [[ ! -d $LAB/hosts ]]; then
        echo "down ($LAB)"
        return 1
    fi
    for host in switch login $(nodes); do
        if ! pid=$(holder "$host"); then
            echo "$host is down"
            verdict=1
            continue
        fi
        case $host in
            switch) echo "$host is up, process $pid" ;;
            login) echo "$host is up, process $pid, $(address "$host")" ;;
            *)
                echo "$host is up, process $pid, $(address "$host"), slurmd $(slurmd_pid "$host" || echo is down)"
                slurmd_pid "$host" >/dev/null || verdict=1
                ;;
        esac
    done
    for daemon in munged slurmctld; do
        if is_alive "$LAB/run/$daemon.pid"; then
            echo "$daemon is up, process $(cat "$LAB/run/$daemon.pid")"
        else
            echo "$daemon is down"
            verdict=1
        fi
    done
    if is_up login; then slurm timeout 10 sinfo || verdict=1; fi
    return "$verdict"
}

# on HOST CMD...: in the caller's directory if the host has it.
on() {
    local variables
    door "$1"
    shift
    mapfile -t variables < <(environment)
    # exec: whoever signals this script means the command.
    # shellcheck disable=SC2016  # for the inner shell
    exec "${ENTER[@]}" -- env LAB_INSIDE=1 "${variables[@]}" PATH="$LAB/bin:$PATH" \
        sh -c 'cd "$0" 2>/dev/null || cd /; exec "$@"' "$PWD" "$@"
}

# ---------------------------------------------------------------- faults

unplug_wire() {
    local file=$LAB/run/wire.$1.pid
    if [[ -s $file ]] && processes_of switch | grep -qx "$(cat "$file")"; then kill "$(cat "$file")"; fi
    rm -f "$file"
}

heal() {
    local port=p-$1
    unplug_wire "$1"
    # A node that is powered off has no cable; start-node plugs it in.
    on_switch ip link show "$port" >/dev/null 2>&1 || return 0
    on_switch tc qdisc del dev "$port" root 2>/dev/null || true
    inside "$1" tc qdisc del dev eth0 root 2>/dev/null || true
    on_switch ip link set "$port" master br0 up
    # The controller asks a node that was down again only now and then (5 s to 3 min): tell it.
    case $(slurm timeout 5 sinfo -h -n "$1" -o %T 2>/dev/null) in
        down* | *\*) slurm timeout 5 scontrol update NodeName="$1" State=RESUME 2>/dev/null || true ;;
    esac
}

cut_cable() {
    local port=p-$1
    case ${2:-carrier} in
        carrier) on_switch ip link set "$port" down ;;
        blackhole)
            unplug_wire "$1"
            on_switch ip link set "$port" nomaster
            ;;
        *) die "cut HOST carrier|blackhole" ;;
    esac
}

shape() {
    local host=$1 delay=$2 rate=${3:-0} loss=${4:-0} port=p-$1 netem
    heal "$host"
    netem=(netem delay "${delay}ms" loss "$loss%" limit 20000)
    if [[ $rate != 0 ]]; then netem+=(rate "${rate}mbit"); fi
    if on_switch tc qdisc add dev "$port" root "${netem[@]}" 2>/dev/null; then
        inside "$host" tc qdisc add dev eth0 root "${netem[@]}"
        say "$host: netem"
        return
    fi
    # Not every kernel has netem: a token bucket for the rate, a program as the cable for delay and loss.
    if [[ $rate != 0 ]]; then
        on_switch tc qdisc add dev "$port" root tbf rate "${rate}mbit" burst 128kb latency 200ms
        inside "$host" tc qdisc add dev eth0 root tbf rate "${rate}mbit" burst 128kb latency 200ms
    fi
    if [[ $delay != 0 || $loss != 0 ]]; then
        [[ -c /dev/net/tun ]] || die "the kernel has no netem, and there is no /dev/net/tun"
        if [[ ! -x $LAB/bin/wire ]]; then cc -O2 -o "$LAB/bin/wire" "${SELF%/*}/wire.c"; fi
        on_switch ip link set "$port" nomaster up
        on_switch setsid "$LAB/bin/wire" "$port" "t-$host" "$(awk -v d="$delay" 'BEGIN { printf "%d", d * 1000 }')" \
            "$(awk -v l="$loss" 'BEGIN { printf "%d", l * 10000 }')" "$LAB/run/wire.$host.pid" \
            </dev/null >>"$LAB/log/wire.$host.log" 2>&1 9>&- &
        retry 50 0.02 test -s "$LAB/run/wire.$host.pid" || die "wire: $(tail -n 1 "$LAB/log/wire.$host.log")"
        on_switch ip link set "t-$host" addrgenmode none master br0 up
    fi
    say "$host: token bucket and wire"
}

kill_node() {
    local pid
    [[ $1 == n* ]] || die "kill-node: $1 is no compute node"
    pid=$(holder "$1") || die "$1 is not up"
    if [[ ${2:-} == cut ]]; then cut_cable "$1"; fi
    kill -KILL "$pid"
    rm -f "$LAB/run/slurmd.$1.pid"
}

kill_slurmd() {
    local pid
    pid=$(slurmd_pid "$1") || die "there is no slurmd on $1"
    kill -KILL "$pid"
    rm -f "$LAB/run/slurmd.$1.pid"
}

# ----------------------------------------------------------------

lock() {
    mkdir -p "$LAB"
    exec 9>"$LAB/.lock"
    flock -w 120 9 || die "another lab.sh is at work in $LAB"
}

usage() { sed -n '2,/^set -/{ /^set -/d; s/^# \{0,1\}//; p }' "$SELF"; }

command=${1:-}
if [[ $# -gt 0 ]]; then shift; fi
case $command in
    __hold) hold "$@" ;;
    install) exec "${SELF%/*}/../install-dependencies" --slurm ;;
    up)
        lock
        up "$@"
        ;;
    down)
        lock
        down
        ;;
    status) status ;;
    run) on login "$@" ;;
    on) on "$@" ;;
    env) environment ;;
    cut) cut_cable "$@" ;;
    shape) shape "$@" ;;
    heal) heal "$@" ;;
    kill-node) kill_node "$@" ;;
    start-node) start_node "$@" ;;
    kill-slurmd) kill_slurmd "$@" ;;
    start-slurmd) slurmd_pid "$1" >/dev/null || start_slurmd "$1" ;;
    *)
        usage
        exit 2
        ;;
esac
