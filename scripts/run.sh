#!/usr/bin/env bash
# Builds the program and runs it. Arguments go to the program; without any it runs configs/fiducial.yml.
#
#   scripts/run.sh
#   scripts/run.sh configs/fiducial.yml --outdir out/hot --override radiation.TM_K=4500
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
[[ $# -gt 0 ]] || set -- "$root/configs/fiducial.yml"
"$root/scripts/install.sh"
exec cargo run --release --manifest-path "$root/Cargo.toml" -- "$@"
