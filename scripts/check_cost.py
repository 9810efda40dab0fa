#!/usr/bin/env python3
"""Compares what kernels and runs cost with stored numbers, without a clock: instructions under valgrind, and inner steps.

usage: check_cost.py FOLDER [--store]     FOLDER: target/release, with the program and examples/kernel_loop
"""

import json
import re
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
STORED = ROOT / "tests/data/cost.json"
ALLOWED = 0.05
KERNELS = ["right_hand_side", "jacobian", "lu_factorisation", "rodas4_step"]
RUNS = {"quick.yml": [], "fiducial.yml": ["geometry.Nr=8", "numerics.t_end_years=0.1"]}


def output_of(command):
    done = subprocess.run([str(part) for part in command], capture_output=True, text=True)
    if done.returncode != 0:
        sys.exit(f"error: {command} failed:\n{done.stdout}{done.stderr}")
    return done


def instructions(program, kernel, times):
    """All of the program's instructions; valgrind 3.19 has no AVX-512, so the program takes AVX2 wherever it runs."""
    command = ["valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null", program, kernel, times]
    done = output_of(command)
    if "AVX2" not in done.stdout:
        sys.exit(f"error: the counts are those of AVX2, but the program uses {done.stdout.strip()}")
    return int(re.search(r"Collected : (\d+)", done.stderr).group(1))


def cost_of_kernel(folder, kernel):
    """Instructions of one call: what 100 more of them add."""
    program = folder / "examples/kernel_loop"
    return (instructions(program, kernel, 120) - instructions(program, kernel, 20)) / 100


def cost_of_run(folder, name, keys):
    """Inner steps of a whole run, rejected ones included."""
    with tempfile.TemporaryDirectory() as out:
        command = [folder / "marsdisk-mpi", ROOT / "configs" / name, "--quiet", "--overwrite", "--outdir", out]
        output_of(command + (["--override", *keys] if keys else []))
        steps = json.loads((Path(out) / "summary.json").read_text())["steps"]
    return steps["inner_accepted"] + steps["inner_rejected"]


def main():
    folder = Path(sys.argv[1]).resolve()
    found = {f"instructions of {kernel}": cost_of_kernel(folder, kernel) for kernel in KERNELS}
    found |= {f"inner steps of {name}": cost_of_run(folder, name, keys) for name, keys in RUNS.items()}
    if "--store" in sys.argv[2:]:
        STORED.write_text(json.dumps(found, indent=2) + "\n")
        return
    stored = json.loads(STORED.read_text())
    failed = False
    for name, cost in found.items():
        change = cost / stored[name] - 1
        failed |= abs(change) > ALLOWED
        print(f"{name}: {cost:.0f}, stored {stored[name]:.0f} ({change:+.1%})")
    if failed:
        sys.exit(f"error: a cost has changed by more than {ALLOWED:.0%}. If it should: {sys.argv[0]} FOLDER --store")


if __name__ == "__main__":
    main()
