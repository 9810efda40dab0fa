#!/usr/bin/env python3
"""Measures how the program scales over processes and threads on this machine, and prints the tables of docs/scaling.md.

    scripts/scaling.py                        on 1 and 2 cores, five times each
    scripts/scaling.py --cores 1 2 4 8 16     on more; the machine should have nothing else to do
    scripts/scaling.py --program target/release/marsdisk-mpi --years 0.5 --repeats 3

Every number is a median. The runs of a table take turns, so that a slow minute of the machine falls on all of them.
"""

import argparse
import json
import os
import platform
import statistics
import subprocess
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
LAUNCH = ["mpirun", "--allow-run-as-root", "--oversubscribe", "--bind-to"]


def run(options, cells, ranks=1, threads=1, launched=None, overrides=()):
    """Runs the default disk once; returns its summary, with the wall time from outside as `outside_s`."""
    launched = ranks > 1 if launched is None else launched
    cores = os.cpu_count()
    bind = "core" if ranks * threads <= cores and threads == 1 else "none"
    launch = [*LAUNCH, bind, "-n", str(ranks)] if launched else []
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "out"
        command = [*launch, options.program, "configs/fiducial.yml", "--quiet", "--threads", str(threads), "--outdir", out]
        command += ["--override", f"geometry.Nr={cells}", f"numerics.t_end_years={options.years}", *overrides]
        start = time.perf_counter()
        subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        outside = time.perf_counter() - start
        summary = json.loads((out / "summary.json").read_text())
        summary["bytes_on_disk"] = sum(file.stat().st_size for file in out.rglob("*") if file.is_file())
    summary["outside_s"] = outside
    return summary


def in_turns(options, cases):
    """Runs every case `repeats` times, in turns; the summaries of each."""
    found = [[] for _ in cases]
    for _ in range(options.repeats):
        for case, summaries in zip(cases, found):
            summaries.append(run(options, **case))
    return found


def median(summaries, value):
    return statistics.median(value(summary) for summary in summaries)


def performance(key):
    return lambda summary: summary["performance"][key]


def table(head, rows):
    print("| " + " | ".join(head) + " |")
    print("|" + "---|" * len(head))
    for row in rows:
        print("| " + " | ".join(row) + " |")
    print()


def teams(cores):
    """All cores as threads, and all cores as processes."""
    return [(1, 1)] if cores == 1 else [(1, cores), (cores, 1)]


def scaling_table(options, cells_on):
    """Runs `cells_on(cores)` cells on each number of cores."""
    cases = [
        {"cells": cells_on(cores), "ranks": ranks, "threads": threads}
        for cores in options.cores
        for ranks, threads in teams(cores)
    ]
    found = in_turns(options, cases)
    alone = median(found[0], lambda summary: summary["outside_s"])
    rows = []
    for case, summaries in zip(cases, found):
        cores = case["ranks"] * case["threads"]
        wall = median(summaries, lambda summary: summary["outside_s"])
        ideal = alone * case["cells"] / (cases[0]["cells"] * cores)
        cell_steps = summaries[0]["steps"]["coupling"] * case["cells"]
        write = median(summaries, lambda one: one["performance"]["writer_s"] / one["performance"]["wall_s"])
        rows.append([
            f"{case['ranks']} × {case['threads']}",
            str(case["cells"]),
            f"{wall:.2f}",
            f"{1e6 * wall / cell_steps:.1f}",
            f"{alone / wall * case['cells'] / cases[0]['cells']:.2f}",
            f"{100 * ideal / wall:.0f} %",
            f"{median(summaries, performance('imbalance')):.3f}",
            f"{100 * write:.1f} %",
        ])
    head = ["processes × threads", "cells", "wall [s]", "µs per cell-step", "speed-up", "efficiency", "imbalance", "writing"]
    table(head, rows)
    return found


def traffic_table(options):
    """How much is sent, with a record of every step."""
    cells, overrides = 64, ["io.output.times=every_step", "numerics.t_end_years=0.02"]
    rows = []
    for ranks in [2, 4, 8]:
        summary = run(options, cells, ranks=ranks, overrides=overrides)
        steps = summary["steps"]["coupling"]
        others = summary["performance"]["per_rank"][1:]
        records = sum(one["bytes"] - one["moved_bytes"] for one in others)
        reported = sum(one["cells"] for one in others) * steps
        mean = sum(one["bytes"] for one in others) / len(others) / steps
        rows.append([
            str(ranks),
            f"{summary['performance']['messages_per_step']:.2f}",
            f"{mean:.0f}",
            f"{records / reported:.0f}",
            f"{sum(one['moved_bytes'] for one in others) / steps:.0f}",
        ])
    head = ["processes", "messages per step and process", "bytes per step and process", "per cell, records", "moving cells, all"]
    table(head, rows)


def few_cells(options):
    """Four cells on eight processes against the program alone."""
    cases = [{"cells": 4}, {"cells": 4, "ranks": 8}]
    alone, launched = in_turns(options, cases)
    inside = [median(found, performance("wall_s")) for found in (alone, launched)]
    outside = [median(found, lambda summary: summary["outside_s"]) for found in (alone, launched)]
    idle = statistics.median(launch_time() for _ in range(options.repeats))
    print(f"Four cells, the program alone: {inside[0]:.3f} s ({outside[0]:.3f} s with start and end);")
    print(f"8 processes, of which one computes: {inside[1]:.3f} s ({outside[1]:.3f} s), {inside[1] / inside[0]:.2f} times as long;")
    print(f"starting 8 processes that do nothing: {idle:.3f} s.\n")


def launch_time():
    start = time.perf_counter()
    subprocess.run([*LAUNCH, "none", "-n", "8", "true"], check=True)
    return time.perf_counter() - start


def model(options, one_core):
    """Constants of the model of docs/scaling.md, from the runs above."""
    cells = one_core[0]["geometry"]["Nr"] if "Nr" in one_core[0]["geometry"] else one_core[0]["cells_total"]
    steps = one_core[0]["steps"]["coupling"]
    inner = one_core[0]["steps"]["inner_accepted"] + one_core[0]["steps"]["inner_rejected"]
    step_s = median(one_core, performance("step_s"))
    write_s = median(one_core, performance("writer_s"))
    setup_s = median(one_core, performance("setup_s"))
    two = [run(options, cells=4, ranks=2, overrides=["sizes.n_bins=8"]) for _ in range(options.repeats)]
    exchange = statistics.median(
        min(one["exchange_s"] for one in each["performance"]["per_rank"]) / each["performance"]["batches"] for each in two
    )
    rows = [
        ["a, compute", f"{1e6 * step_s / (cells * steps):.1f} µs per cell and coupling step ({1e6 * step_s / inner:.2f} µs per inner step)"],
        ["b, batch", f"{1e6 * exchange:.0f} µs per batch, two processes on this machine"],
        ["w, write", f"{1e6 * write_s / (cells * steps):.2f} µs per cell and coupling step, {one_core[0]['bytes_on_disk'] / cells / 1000:.1f} kB per cell on disk"],
        ["s, setup", f"{1e3 * setup_s:.0f} ms"],
        ["inner steps", f"{inner / (cells * steps):.2f} per cell and coupling step"],
        ["coupling steps", str(steps)],
    ]
    table(["constant", "value"], rows)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--program", default=str(ROOT / "target/release/marsdisk-mpi"))
    parser.add_argument("--cores", type=int, nargs="+", default=[1, 2])
    parser.add_argument("--cells", type=int, default=256, help="of the strong table; the weak one has half as many per core")
    parser.add_argument("--years", type=float, default=2.0, help="simulated time [yr]")
    parser.add_argument("--repeats", type=int, default=5)
    options = parser.parse_args()

    commit = subprocess.run(["git", "rev-parse", "--short", "HEAD"], cwd=ROOT, capture_output=True, text=True).stdout.strip()
    lines = Path("/proc/cpuinfo").read_text().splitlines()
    processor = next((line.split(":")[1].strip() for line in lines if line.startswith("model name")), "unknown processor")
    print(f"{processor}, {os.cpu_count()} cores, {platform.system()}, commit {commit}, {time.strftime('%Y-%m-%d')}\n")
    print("Strong: the same disk on more cores.\n")
    strong = scaling_table(options, lambda cores: options.cells)
    print("Weak: as many cells for each core.\n")
    scaling_table(options, lambda cores: options.cells // 2 * cores)
    print("Traffic, a record of every step, 64 cells.\n")
    traffic_table(options)
    few_cells(options)
    model(options, strong[0])


if __name__ == "__main__":
    main()
