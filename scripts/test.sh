#!/usr/bin/env bash
# Everything that must hold before a change is merged. Stops at the first failure; nothing is skipped.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

step() {
    printf '\n== %s\n' "$*"
    "$@"
}

scripts/install.sh --tests
step shellcheck scripts/*.sh scripts/slurm/*.sh slurm/*.sbatch .ci/run
step cargo fmt --check
step cargo clippy --release --all-targets -- -D warnings
step cargo clippy --release --no-default-features --lib --bins -- -D warnings
# With private items, for whoever changes the program; so links may lead to them.
step env RUSTDOCFLAGS="-D warnings -A rustdoc::private_intra_doc_links" cargo doc --no-deps --document-private-items
step cargo test --release
step cargo test --release --no-default-features --lib
step cargo build --release --bins --examples
step scripts/python.sh scripts/check_cost.py "${CARGO_TARGET_DIR:-target}/release"
step scripts/test-slurm.sh
step scripts/test-mpich.sh
step scripts/python.sh scripts/check_outputs.py "${CARGO_TARGET_DIR:-target}/release/marsdisk-mpi"
printf '\nall tests passed\n'
