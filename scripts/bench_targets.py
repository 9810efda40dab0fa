#!/usr/bin/env python3
"""Reads the tables of divan and says which targets are met. usage: bench_targets.py RESULT"""

import re
import sys

UNITS = {"ns": 1e-3, "µs": 1.0, "ms": 1e3, "s": 1e6}


def read(path):
    """Fastest and median time [µs] by benchmark and argument."""
    times, name = {}, None
    for line in open(path, encoding="utf-8"):
        found = re.match(r"^[│\s]*[├╰]─ (\S+)(.*)$", line)
        if not found:
            continue
        label, columns = found.groups()
        times_in_line = re.findall(r"([\d.]+) (ns|µs|ms|s)\b", columns)
        argument = label if label.isdigit() else ""
        name = name if argument else label
        if len(times_in_line) >= 3:
            fastest, median = (float(times_in_line[k][0]) * UNITS[times_in_line[k][1]] for k in (0, 2))
            times[name, argument] = (fastest, median)
    return times


def main():
    times = read(sys.argv[1])

    def ratio(name, high, low):
        return tuple(a / b for a, b in zip(times[name, high], times[name, low]))

    rows = [
        ("IMEX step, n = 40 [µs]", times["imex_step", "40"], 2.5),
        ("accepted RODAS4 step, n = 40 [µs]", times["rodas4_accepted_step", "40"], 25.0),
        ("right-hand side, n = 40 [µs]", times["right_hand_side", "40"], 1.2),
        ("right-hand side, n = 160 over 40", ratio("right_hand_side", "160", "40"), 17.0),
        ("Jacobian, n = 160 over 40", ratio("jacobian", "160", "40"), 17.0),
        ("two years, 32 cells, one thread [s]", tuple(t * 1e-6 for t in times["two_years", "32"]), 10.0),
        ("one day, Nr = 4096 over 128 × Nr = 32", tuple(t / 128 for t in ratio("one_day", "4096", "32")), 1.15),
    ]
    print(f"\n{'target':44}{'fastest':>10}{'median':>10}{'at most':>10}")
    for label, (fastest, median), limit in rows:
        verdict = "met" if median <= limit else "missed"
        print(f"{label:44}{fastest:10.3g}{median:10.3g}{limit:10.3g}  {verdict}")
    # Two operations an item; of g and a, one and a half products of n × n.
    items = 1.5 * 40 * 40
    ceiling = 12_000 * 8 / times["ceiling_fused_multiply_add", ""][0]
    share = items / times["right_hand_side", "40"][0] / ceiling
    print(f"right-hand side, n = 40: {share:.0%} of {2e-3 * ceiling:.0f} Gflop/s")


if __name__ == "__main__":
    main()
