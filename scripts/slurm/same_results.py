#!/usr/bin/env python3
"""Fails unless two output folders hold the same results.

    scripts/slurm/same_results.py out/serial out/parallel

The files must be the same byte for byte. JSON files may differ in what a run cost, who computed it and when; checkpoints
do not count.
"""

import json
import sys
from pathlib import Path

# Dotted keys of summary.json and run_config.json.
MAY_DIFFER = {
    "performance",
    "cell_parallel",
    "threading",
    "outdir",
    "io.outdir",
    "provenance.argv",
    "provenance.cwd",
    "provenance.parts",
    "provenance.platform",
    "provenance.timestamp_utc",
}


def leaves(value, key=""):
    """Every number and text below `value` that must be the same, by its dotted key."""
    if key in MAY_DIFFER:
        return {}
    if isinstance(value, dict):
        return {k: v for name, child in value.items() for k, v in leaves(child, f"{key}.{name}".lstrip(".")).items()}
    return {key: value}


def differences(first: Path, second: Path):
    """One line for each file and each key that differs."""
    files = [
        {file.relative_to(folder) for file in folder.rglob("*") if file.is_file() and file.parent.name != "checkpoints"}
        for folder in (first, second)
    ]
    for name in sorted(files[0] ^ files[1]):
        yield f"{name}: only in {first if name in files[0] else second}"
    if not files[0]:
        yield f"{first} holds no files"
    for name in sorted(files[0] & files[1]):
        one, other = (first / name).read_bytes(), (second / name).read_bytes()
        if one == other:
            continue
        if name.suffix != ".json":
            yield f"{name}: the bytes differ"
            continue
        one, other = leaves(json.loads(one)), leaves(json.loads(other))
        for key in sorted(one.keys() | other.keys()):
            if one.get(key) != other.get(key):
                yield f"{name}: {key} is {one.get(key)!r} and {other.get(key)!r}"


def main():
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    found = list(differences(Path(sys.argv[1]), Path(sys.argv[2])))
    for line in found:
        print(line, file=sys.stderr)
    sys.exit(bool(found))


if __name__ == "__main__":
    main()
