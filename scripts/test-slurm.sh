#!/usr/bin/env bash
# Submits the scripts of slurm/ to a SLURM that it starts for itself on this machine, as a user would, and compares the
# results with those of one process. Leaves nothing behind. Needs no root.
#
#   scripts/test-slurm.sh [PROGRAM]    target/release/marsdisk-mpi, unless another is named
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
source "$root/scripts/slurm/cluster.sh"
PATH=$PATH:/usr/sbin:/sbin

fail() {
    printf 'error: %s\n' "$*" >&2
    exit 1
}

missing=()
for tool in munge munged slurmctld slurmd sbatch srun squeue scontrol mpirun setpriv python3; do
    command -v "$tool" >/dev/null || missing+=("$tool")
done
[[ ${#missing[@]} -eq 0 ]] ||
    fail "missing: ${missing[*]}. On Debian: apt-get install slurm-wlm munge openmpi-bin util-linux python3"
program=$(realpath "${1:-${CARGO_TARGET_DIR:-$root/target}/release/marsdisk-mpi}")
[[ -x $program ]] || fail "there is no program $program: cargo build --release"

work=$(mktemp --directory /tmp/marsdisk-slurm.XXXXXX)
clean_up() {
    local status=$?
    trap '' INT TERM HUP
    if [[ $status -ne 0 ]]; then
        tail --verbose --lines 10 "$work"/slurm/log/* "$work"/*.log 2>/dev/null || true
    fi
    # Not in the folder that goes.
    cd /
    cluster_stop
    rm -rf "$work"
    exit "$status"
}
trap clean_up EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP

# More processes than cores, on a machine that may be a container: they must not wait busily, and may be root's.
export OMPI_MCA_mpi_yield_when_idle=1 OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1
cd "$work"
# The user calls sbatch elsewhere than in the repository, which has a site.sh and the program in an odd place.
export MARSDISK_HOME=$work/home
unset MARSDISK_PROGRAM MARSDISK_LAUNCH MARSDISK_OUT
mkdir -p home/slurm
cp "$root"/slurm/*.sbatch home/slurm
echo "MARSDISK_PROGRAM=$program" >home/slurm/site.sh
cluster_start "$work" 16
[[ $(srun --mpi=list 2>&1) == *pmix* ]] || fail "the PMIx plugin of SLURM is missing, without which srun starts no MPI"

# Eight cells: two for each of four processes, the least that is worth it to the program.
cp "$root/configs/quick.yml" run.yml
sed -i "s|Nr: 4|Nr: 8|" run.yml
sed 's/tau0_target/tau_target/' run.yml >broken.yml
cat >scan.txt <<'LIST'
# Comments and blank lines are not counted.
radiation.TM_K=3500

  # Two keys, and a value with a blank.
radiation.TM_K=4500 "disk.geometry={ r_in_RM: 1.2, r_out_RM: 2.0 }"
   optical_depth.tau0_target=0.02
LIST

# Runs the program as one process of one thread.
alone() {
    "$program" run.yml --quiet --threads 1 --outdir "out/alone/$1" "${@:2}"
}
alone run
alone 1 --override radiation.TM_K=3500
alone 2 --override radiation.TM_K=4500 "disk.geometry={ r_in_RM: 1.2, r_out_RM: 2.0 }"
alone 3 --override optical_depth.tau0_target=0.02
# Mars becomes too cold for the model in the middle of the run.
too_cold=(--override radiation.mars_temperature_driver.mode=hyodo radiation.TM_K=1002)
! alone cold "${too_cold[@]}" 2>/dev/null || fail "a run that must fail has not"

# Some ten seconds, in which it can be stopped.
long=(--override numerics.t_end_years=0.3 numerics.dt_max=3000 io.output.times=every_step)
alone long "${long[@]}"

run=home/slurm/run.sbatch array=home/slurm/array.sbatch
two=$(sbatch --parsable --ntasks=2 "$run" run.yml --outdir out/two)
four=$(sbatch --parsable --ntasks=4 --cpus-per-task=2 "$run" run.yml --outdir out/four)
mpirun=$(MARSDISK_LAUNCH="mpirun --bind-to none" sbatch --parsable --ntasks=2 "$run" run.yml --outdir out/mpirun)
scan=$(sbatch --parsable --array=1-4 "$array" run.yml scan.txt --quiet)
cold=$(sbatch --parsable --ntasks=4 "$run" run.yml --outdir out/cold "${too_cold[@]}")
broken=$(sbatch --parsable --ntasks=2 "$run" broken.yml --outdir out/broken)
again=$(sbatch --parsable --ntasks=2 --dependency="afterok:$two" "$run" run.yml --outdir out/two)
nothing=$(sbatch --parsable "$run")
stopped=$(sbatch --parsable --ntasks=2 "$run" run.yml --outdir out/stopped "${long[@]}")

# Launchers that say that all is well although it is not. The first starts nothing when it is called first; the run of
# other numbers that is in the folder must not be taken for the result.
cat >late <<'LAUNCHER'
#!/bin/bash
mkdir late.once 2>/dev/null || exec mpirun --bind-to none "$@"
LAUNCHER
# The second ends in the middle of the run, the third starts nothing ever.
cat >half <<'LAUNCHER'
#!/bin/bash
mkdir half.once 2>/dev/null || exec "$@"
"$@" &
until [[ -s out/half/checks/mass_budget.csv.part ]]; do sleep 0.1; done
kill -KILL $!
LAUNCHER
chmod +x late half
cp -r out/alone/1 out/late
late=$(MARSDISK_LAUNCH=$work/late sbatch --parsable --ntasks=2 "$run" run.yml --outdir out/late --overwrite)
half=$(MARSDISK_LAUNCH=$work/half sbatch --parsable --ntasks=1 "$run" run.yml --outdir out/half "${long[@]}")
never=$(MARSDISK_LAUNCH=true sbatch --parsable --ntasks=2 "$run" run.yml --outdir out/never)

# A job that is stopped under way goes into the queue again; SLURM would wait two minutes before it starts once more. Within
# the second in which it was requeued the node refuses the job ("Job credential revoked"), and SLURM gives it up.
requeued=
has_begun() {
    [[ -s out/stopped/checks/mass_budget.csv.part ]]
}
all_are_over() {
    if [[ -z $requeued && $(squeue --noheader --job "$stopped" --format=%T) == PENDING ]]; then
        scontrol update "JobId=$stopped" StartTime=now+3 && requeued=yes
    fi
    cluster_is_empty
}
wait_until 120 "the long job to begin" has_begun || { squeue; exit 1; }
scancel --batch --signal=USR1 "$stopped"
wait_until 240 "the jobs to end" all_are_over || { squeue; exit 1; }

# JOB STATUS: how it must have ended.
ended() {
    local wanted="JobState=COMPLETED" facts
    [[ $2 -eq 0 ]] || wanted="JobState=FAILED"
    facts=$(scontrol --oneliner show job "$1")
    [[ $facts == *"$wanted "*" ExitCode=$2:0 "* ]] || fail "job $1 did not end with status $2: $facts"
}
# FOLDER SERIAL: they hold the same results.
same() {
    "$root/scripts/slurm/same_results.py" "out/alone/$2" "$1" || fail "$1 differs from the run of one process"
}
# FOLDER PROCESSES THREADS: who worked.
workers() {
    python3 -c 'import json, sys
found = json.load(open(sys.argv[1]))["performance"]
sys.exit([found["ranks"], found["threads"]] != [int(number) for number in sys.argv[2:]])' "$1/summary.json" "${@:2}" ||
        fail "not $2 processes of $3 threads worked in $1"
}
# LOG TEXT: what it must say.
says() {
    grep --quiet --fixed-strings -- "$2" "$1" || fail "$1 does not say: $2"
}

ended "$two" 0
workers out/two 2 1
same out/two run
ended "$four" 0
workers out/four 4 2
same out/four run
ended "$mpirun" 0
workers out/mpirun 2 1
same out/mpirun run
for task in 1 2 3; do
    ended "${scan}_$task" 0
    workers "out/scan/000$task" 1 4
    same "out/scan/000$task" "$task"
done
ended "${scan}_4" 2
says "marsdisk-array-$scan-4.log" "scan.txt has 3 lines, so there is no line 4"
ended "$cold" 3
says "marsdisk-$cold.log" "outside 1000"
same out/cold cold
ended "$broken" 2
says "marsdisk-$broken.log" "tau0_target"
[[ ! -e out/broken && ! -e out/scan/0004 ]] || fail "a job that could not start has made a folder"
ended "$again" 5
says "marsdisk-$again.log" "out/two"
ended "$nothing" 2
says "marsdisk-$nothing.log" "no configuration"
ended "$stopped" 0
same out/stopped long
says "marsdisk-$stopped.log" "go on with --resume"
says "marsdisk-$stopped.log" "goes into the queue again"
[[ $(scontrol --oneliner show job "$stopped") == *" Restarts=1 "* ]] || fail "job $stopped was not started twice"
ended "$late" 0
workers out/late 2 1
same out/late run
says "marsdisk-$late.log" "launcher ended with status 0, but the program did not come to its end"
ended "$half" 0
same out/half long
says "marsdisk-$half.log" "launcher ended with status 0, but the program did not come to its end"
ended "$never" 1
[[ $(grep --count "did not come to its end" "marsdisk-$never.log") -eq 3 ]] || fail "job $never was not tried three times"
left=$(find . -maxdepth 1 -name '.marsdisk-job-*')
[[ -z $left ]] || fail "jobs that are over have left $left"

printf '15 jobs under SLURM ended as they should, with the results of one process\n'
