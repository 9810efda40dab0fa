#!/usr/bin/env bash
# Measures kernels and runs, prints the tables and what they say about the targets, and keeps both in benches/results/.
# Takes some three minutes after building; on a machine that is busy otherwise its numbers mean little.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

cargo build --release --quiet
cargo bench --quiet --no-run
commit=$(git rev-parse --short HEAD)
git diff --quiet HEAD || commit=$commit-changed
mkdir -p benches/results
result=benches/results/$(date --utc +%F)-$(hostname)-$commit.txt
{
    printf 'date: %s\nhost: %s\ncommit: %s\n' "$(date --utc +%FT%TZ)" "$(hostname)" "$commit"
    printf 'processor: %s, %s cores\nload: %s\ncompiler: %s\n\n' \
        "$(sed -n 's/^model name\s*: //p' /proc/cpuinfo | head -n 1)" "$(nproc)" "$(cut -d ' ' -f 1 /proc/loadavg)" \
        "$(rustc --version)"
    cargo bench --quiet --bench kernels -- --max-time 0.4
    cargo bench --quiet --bench runs -- --max-time 3
} | tee "$result"
scripts/python.sh scripts/bench_targets.py "$result" | tee -a "$result"
printf '\nkept in %s\n' "$result"
