#!/usr/bin/env bash
# Builds the program with MPICH in a target folder of its own and compares a run on two processes with one on one.
# Everything else is tested with Open MPI; this shows that nothing depends on it.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

target=${CARGO_TARGET_DIR:-target}/mpich
work=$(mktemp --directory /tmp/marsdisk-mpich.XXXXXX)
trap 'rm -rf "$work"' EXIT

# Unoptimised: the point is that it builds and that its processes talk.
MPICC=mpicc.mpich cargo build --target-dir "$target"
program=$target/debug/marsdisk-mpi
libraries=$(ldd "$program")
[[ $libraries == *libmpich* ]] || {
    printf 'error: %s is not linked with MPICH\n' "$program" >&2
    exit 1
}

run() {
    local folder=$1
    shift
    "$@" "$program" configs/quick.yml --quiet --threads 1 --outdir "$work/$folder" \
        --override geometry.Nr=8 numerics.t_end_years=0.003
}
run one
run two mpiexec.mpich -n 2
grep --quiet '"ranks": 2' "$work/two/summary.json" || {
    printf 'error: mpiexec.mpich did not make a run of two processes\n' >&2
    exit 1
}
scripts/slurm/same_results.py "$work/one" "$work/two"
printf 'MPICH: two processes write what one writes\n'
