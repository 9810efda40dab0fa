#!/usr/bin/env bash
# Everything that must hold before a change is merged. Stops at the first failure; nothing is skipped.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

step() {
    printf '\n== %s\n' "$*"
    "$@"
}

scripts/install.sh
step cargo fmt --check
step cargo clippy --release --all-targets -- -D warnings
step env RUSTDOCFLAGS="-D warnings" cargo doc --no-deps
step cargo test --release
step cargo build --release
step scripts/python.sh scripts/check_outputs.py "${CARGO_TARGET_DIR:-target}/release/marsdisk-mpi"
printf '\nall tests passed\n'
