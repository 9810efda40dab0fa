# shellcheck shell=bash
# A SLURM for tests: controller and one node on this machine, as the user who asks for it, with all its files in one
# folder. Neither root nor systemd, cgroups or a database are needed. To be sourced:
#
#   cluster_start FOLDER CPUS    the node claims CPUS cores, whatever the machine has; sets SLURM_CONF
#   cluster_stop                 ends the jobs and every process of this cluster, by its number
#
# Submit jobs from within FOLDER: by their working folder cluster_stop knows processes that outlive everything else.
# Keep its name short: it holds sockets, whose names may have 107 letters.

# Numbers of the daemons, which are children of this shell: until it waits for them, nobody else gets these numbers.
cluster_daemons=()
cluster_folder=

# Waits until a command succeeds: SECONDS WHAT COMMAND…
wait_until() {
    local deadline=$((SECONDS + $1)) what=$2
    shift 2
    until "$@" &>/dev/null; do
        if ((SECONDS > deadline)); then
            printf 'error: waited too long for %s\n' "$what" >&2
            return 1
        fi
        sleep 0.1
    done
}

cluster_start() {
    local folder=$1/slurm cpus=$2 user host memory ports
    cluster_folder=$1
    user=$(id -un) host=$(hostname -s)
    memory=$(awk '/^MemTotal/ { print int($2 / 1024) }' /proc/meminfo)
    # Two free ports, outside the range from which connections take theirs.
    ports=$(python3 -c '
import random, socket
sockets = []
while len(sockets) < 2:
    one = socket.socket()
    try:
        one.bind(("127.0.0.1", random.randrange(15000, 30000)))
        sockets.append(one)
    except OSError:
        pass
print(*(one.getsockname()[1] for one in sockets))')
    mkdir -p "$folder"/{state,spool,log,munge,tmp}
    chmod 700 "$folder/munge"
    head -c 1024 /dev/urandom >"$folder/munge/key"
    chmod 400 "$folder/munge/key"

    # These are read because they lie beside slurm.conf. Without cgroups: the old versions do not know `disabled`, but
    # do not touch groups of version 1 unless asked. The default way in which the PMIx plugin collects, a tree,
    # sometimes makes processes of Open MPI 4 crash in MPI_Init.
    local plugin=disabled
    [[ $(slurmd -V) != *" 2"[0-2].* ]] || plugin=cgroup/v1
    echo "CgroupPlugin=$plugin" >"$folder/cgroup.conf"
    echo 'PMIxCollFence=ring' >"$folder/mpi.conf"
    : >"$folder/plugstack.conf"
    cat >"$folder/slurm.conf" <<CONF
ClusterName=test
SlurmctldHost=$host(127.0.0.1)
SlurmctldPort=${ports% *}
SlurmUser=$user
SlurmdUser=$user
AuthType=auth/munge
CredType=cred/munge
AuthInfo=socket=$folder/munge/socket
CommunicationParameters=NoInAddrAny,NoCtldInAddrAny
PlugStackConfig=$folder/plugstack.conf
MailProg=/bin/true
StateSaveLocation=$folder/state
SlurmdSpoolDir=$folder/spool
TmpFS=$folder/tmp
SlurmctldPidFile=$folder/slurmctld.pid
SlurmdPidFile=$folder/slurmd.pid
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
JobAcctGatherType=jobacct_gather/none
AccountingStorageType=accounting_storage/none
SwitchType=switch/none
# The node may claim more cores than there are; memory is not shared out.
SlurmdParameters=config_overrides
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU
SchedulerParameters=batch_sched_delay=0,sched_min_interval=0
# The end of a job can be looked up for an hour.
MinJobAge=3600
# Seconds between asking a job to end and killing it.
KillWait=2
NodeName=node NodeHostname=$host NodeAddr=127.0.0.1 Port=${ports#* } CPUs=$cpus RealMemory=$memory
PartitionName=test Nodes=node Default=YES MaxTime=120
CONF
    export SLURM_CONF=$folder/slurm.conf

    cluster_daemon munged --foreground --force --key-file="$folder/munge/key" --socket="$folder/munge/socket" \
        --pid-file="$folder/munge/pid" --seed-file="$folder/munge/seed" --log-file="$folder/munge/log"
    wait_until 20 munged munge --no-input --socket="$folder/munge/socket" || return
    cluster_daemon slurmctld -D
    cluster_daemon slurmd -D -N node
    wait_until 60 "the node to be idle" cluster_is_idle || return
}

# Starts a daemon in the background, which ends with this shell at the latest.
cluster_daemon() {
    (cd "$cluster_folder" && exec setpriv --pdeathsig TERM "$@" </dev/null &>"slurm/log/$1") &
    cluster_daemons+=($!)
}

cluster_is_idle() {
    [[ $(sinfo --noheader --format=%T) == idle ]]
}

cluster_is_empty() {
    [[ -z $(squeue --noheader) ]]
}

cluster_stop() {
    [[ -n $cluster_folder ]] || return 0
    # The usual way first: without jobs only the daemons are left.
    if timeout 5 scontrol ping &>/dev/null; then
        timeout 10 scancel --user="$(id -un)" --full || true
        wait_until 15 "the end of the jobs" cluster_is_empty || true
    fi
    local daemon
    for daemon in "${cluster_daemons[@]}"; do
        kill "$daemon" 2>/dev/null || true
    done
    cluster_kill_rest
    for daemon in "${cluster_daemons[@]}"; do
        wait "$daemon" 2>/dev/null || true
    done
    cluster_daemons=()
    cluster_folder=
    unset SLURM_CONF
}

# What is left after 10 s, such as the processes of a job that could not be told to end, is killed.
cluster_kill_rest() {
    local number
    for _ in {1..100}; do
        [[ -n $(cluster_processes) ]] || return 0
        sleep 0.1
    done
    for number in $(cluster_processes); do
        printf 'killing process %s: %s\n' "$number" "$(tr '\0' ' ' 2>/dev/null <"/proc/$number/cmdline")" >&2
        kill -KILL "$number" 2>/dev/null || true
    done
}

# Numbers of the living processes that work in the folder of this cluster, but for this shell.
cluster_processes() {
    local process number
    for process in /proc/[0-9]*; do
        number=${process#/proc/}
        if [[ $number != "$$" && $number != "$BASHPID" && $(readlink "$process/cwd")/ == "$cluster_folder"/* ]]; then
            echo "$number"
        fi
    done 2>/dev/null
}
