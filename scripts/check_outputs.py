"""Run configs/quick.yml and read everything it writes, as a user would: pandas, pyarrow and DuckDB for the tables, h5py
for the checkpoints, json.

    scripts/python.sh scripts/check_outputs.py target/release/marsdisk-mpi

What the tables must look like is taken from docs/output.md and, for the columns that scripts written for the Python
program rely on, from tests/data/output. The first thing that is not so ends the check with status 1.
"""

import json
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import duckdb
import h5py
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

ROOT = Path(__file__).resolve().parent.parent
TABLES = {
    "series/run.parquet": "run_columns.txt",
    "series/diagnostics.parquet": "diagnostics_columns.txt",
    "series/psd_hist.parquet": "psd_columns.txt",
    "checks/mass_budget.csv": None,
    "checks/mass_budget_cells.csv": None,
    "orbit_rollup.csv": None,
}
ARROW_TYPES = {
    "f64": pa.types.is_float64,
    "i64": pa.types.is_int64,
    "bool": pa.types.is_boolean,
    "utf8": pa.types.is_string,
    "struct": pa.types.is_struct,
}
CELLS, BINS = 4, 24  # of configs/quick.yml


def require(condition, message):
    """End the check where something is not as it must be (an assert that optimisation cannot remove)."""
    if not condition:
        sys.exit(f"error: {message}")


def documented():
    """{file: [(column, type, unit)]} in the order of docs/output.md; members of structures are left out."""
    tables, current = {}, None
    for line in (ROOT / "docs/output.md").read_text(encoding="utf-8").splitlines():
        if line.startswith("## "):
            current = tables.setdefault(line[3:].strip(), [])
        elif current is not None and (row := re.match(r"\| `([^`]+)`\W* \| (\w+) \| ([^|]*) \|", line)):
            if "." not in row[1]:
                current.append((row[1], row[2], row[3].strip()))
    return tables


def check_parquet(path, name, columns, python_columns):
    schema = pq.read_schema(path)
    require(schema.names == [column for column, _, _ in columns], f"{name}: columns differ from docs/output.md")
    footer = pq.read_metadata(path).metadata
    units, definitions = json.loads(footer[b"units"]), json.loads(footer[b"definitions"])
    require(schema.metadata[b"units"] == footer[b"units"], f"{name}: pyarrow's schema lacks the units")
    for column, kind, unit in columns:
        field = schema.field(column)
        require(ARROW_TYPES[kind](field.type), f"{name}: {column} is {field.type}, documented as {kind}")
        if kind != "struct":
            require(units.get(column) == unit, f"{name}: {column} has unit {units.get(column)}, documented as {unit}")
            require(definitions.get(column), f"{name}: {column} has no definition")
    expected = [line.split()[0] for line in python_columns.read_text(encoding="utf-8").splitlines() if line.strip()]
    expected = [column for column in expected if "." not in column]
    require(schema.names[: len(expected)] == expected, f"{name}: the first columns are not those of the Python program")

    table = pq.read_table(path)
    frame = pd.read_parquet(path)
    require(len(frame) == table.num_rows > 0, f"{name}: pandas reads {len(frame)} rows, pyarrow {table.num_rows}")
    require(list(frame.columns) == schema.names, f"{name}: pandas reads other columns than pyarrow")
    for column in table.column_names:
        if pa.types.is_floating(table.schema.field(column).type):
            values = table[column].drop_null().to_numpy()
            require(np.isfinite(values).all(), f"{name}: {column} holds NaN or an infinity instead of null")
    return frame


def check_duckdb(path, name, frame):
    """DuckDB, to which `Sigma_surf` and `sigma_surf` are one name and the second of them is `sigma_surf_1`."""
    columns = [row[0] for row in duckdb.sql(f"DESCRIBE SELECT * FROM '{path}'").fetchall()]
    seen, expected = set(), []
    for column in frame.columns:
        expected.append(f"{column}_1" if column.lower() in seen else column)
        seen.add(column.lower())
    require(columns == expected, f"{name}: DuckDB reads other columns than pandas")
    rows, time = duckdb.sql(f"SELECT count(*), sum(time) FROM '{path}'").fetchall()[0]
    require(rows == len(frame), f"{name}: DuckDB reads {rows} rows, pandas {len(frame)}")
    require(abs(time / frame["time"].sum() - 1) < 1e-9, f"{name}: DuckDB and pandas read other times")


def check_checkpoint(path):
    """Every dataset must be readable and say its unit and what it is."""
    datasets = []
    with h5py.File(path) as file:
        require(file.attrs["Conventions"].startswith("CF-"), f"{path.name} names no conventions")
        file.visititems(lambda _, item: datasets.append(item) if isinstance(item, h5py.Dataset) else None)
        for dataset in datasets:
            missing = {"units", "long_name"} - set(dataset.attrs)
            require(not missing, f"{path.name}: {dataset.name} lacks {sorted(missing)}")
            dataset[()]
        require(file["cells/surface_density"].shape == (CELLS, BINS), f"{path.name}: not the cells and bins of the run")
        require(file["cells/surface_density"].attrs["units"] == "kg m-2", f"{path.name}: the surface density has no unit")
    print(f"{path.name}: {len(datasets)} datasets")


def check_csv(path, name, columns):
    frame = pd.read_csv(path)
    header = path.read_text(encoding="utf-8").splitlines()[0].split(",")
    require(header == [column for column, _, _ in columns], f"{name}: columns differ from docs/output.md")
    require(len(frame) > 0, f"{name}: no rows")
    for column, kind, _ in columns:
        if kind in ("f64", "i64"):
            require(pd.api.types.is_numeric_dtype(frame[column]), f"{name}: {column} is not numeric")
            require(np.isfinite(frame[column].dropna()).all(), f"{name}: {column} holds an infinity")
        elif kind == "bool":
            require(frame[column].isin([True, False]).all(), f"{name}: {column} is not True or False")
    return frame


def read_json(path):
    def refuse(word):
        sys.exit(f"error: {path.name} holds {word}, which is not JSON")

    return json.loads(path.read_text(encoding="utf-8"), parse_constant=refuse)


def check_meaning(frames, columns, summary, config):
    """The files must agree with each other."""
    run, psd = frames["series/run.parquet"], frames["series/psd_hist.parquet"]
    budget = frames["checks/mass_budget.csv"]
    records = run["time"].nunique()
    require(len(run) == CELLS * records, f"run.parquet: {len(run)} rows in {records} records of {CELLS} cells")
    require(len(psd) == BINS * len(run), f"psd_hist.parquet: {len(psd)} rows, {BINS} bins × {len(run)} cells expected")
    require(run["time"].is_monotonic_increasing, "run.parquet: not in the order of time")
    last = run[run["time"] == run["time"].max()]
    lost = last["M_loss_cum"].sum()
    # Sums of the same few numbers in another order: rounding alone may differ.
    for what, value in {"summary.json": summary["M_loss"], "mass_budget.csv": budget["mass_lost"].iloc[-1]}.items():
        require(abs(value / lost - 1) < 1e-12, f"mass lost is {lost} in run.parquet and {value} in {what}")
    sigma = psd.groupby(["time", "cell_index"])["Sigma_bin"].sum().to_numpy()
    require(np.allclose(sigma, run["Sigma_surf"], rtol=1e-12, atol=0), "the bins do not add up to the surface density")
    worst = frames["checks/mass_budget_cells.csv"]["error_percent"].max()
    require(worst < 1e-9, f"the mass budget of a cell is open by {worst} %")
    require(summary["status"] == config["status"] == "complete", "the run is not complete")
    for name, units in config["csv_units"].items():
        # What is streamed has the columns of the Parquet table beside it.
        declared = columns.get(name) or columns[name.replace(".csv", ".parquet")]
        require(units == {column: unit for column, _, unit in declared}, f"csv_units of {name} differ from docs")
    csv = {name for name in frames if name.endswith(".csv")}
    require(config["csv_units"].keys() >= csv, "run_config.json does not hold the units of every CSV table")


def check_codecs(program, folder, wanted):
    """Every codec of the configuration makes files that others open, with the same numbers."""
    for codec in ["gzip", "brotli", "snappy", "none"]:
        out = folder / codec
        command = [program, ROOT / "configs/quick.yml", "--outdir", out, "--quiet", "--override", "numerics.dt_max=1000"]
        status = subprocess.run([*command, f"io.streaming.compression={codec}"], cwd=folder, check=False).returncode
        require(status == 0, f"the run with {codec} ended with status {status}")
        path = out / "series/run.parquet"
        used = pq.ParquetFile(path).metadata.row_group(0).column(0).compression.lower()
        require(used == {"none": "uncompressed"}.get(codec, codec), f"{codec}: the file says {used}")
        require(pd.read_parquet(path).equals(wanted), f"{codec}: other numbers")
        rows = duckdb.sql(f"select count(*) from '{path}'").fetchall()[0][0]
        require(rows == len(wanted), f"{codec}: DuckDB finds {rows} rows")
        shutil.rmtree(out)
        print(f"{codec}: the same numbers")


def main():
    program = Path(sys.argv[1]).resolve()
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder)
        command = [program, ROOT / "configs/quick.yml", "--outdir", out, "--quiet", "--override"]
        command += ["numerics.checkpoint.enabled=true", "numerics.checkpoint.interval_years=0.005", "numerics.dt_max=1000"]
        status = subprocess.run(command, cwd=folder, check=False).returncode
        require(status == 0, f"the run ended with status {status}")

        written = {str(path.relative_to(out)) for path in out.rglob("*") if path.is_file()}
        checkpoints = {name for name in written if name.startswith("checkpoints/")}
        require(checkpoints, "the run has written no checkpoint")
        expected = {*TABLES, "summary.json", "run_config.json", *checkpoints}
        require(written == expected, f"files: {sorted(written ^ expected)} missing or not documented")

        columns, frames = documented(), {}
        for name, python_columns in TABLES.items():
            require(columns.get(name), f"docs/output.md does not describe {name}")
            if name.endswith(".parquet"):
                reference = ROOT / "tests/data/output" / python_columns
                frames[name] = check_parquet(out / name, name, columns[name], reference)
                check_duckdb(out / name, name, frames[name])
            else:
                frames[name] = check_csv(out / name, name, columns[name])
            print(f"{name}: {len(frames[name])} rows, {len(columns[name])} columns")
        for name in sorted(checkpoints):
            check_checkpoint(out / name)
        check_codecs(program, out, frames["series/run.parquet"])
        check_meaning(frames, columns, read_json(out / "summary.json"), read_json(out / "run_config.json"))
        picture = out / "plot.png"
        plot = [sys.executable, ROOT / "scripts/plot.py", out, "--output", picture]
        require(subprocess.run(plot, check=False).returncode == 0, "scripts/plot.py failed")
        require(picture.read_bytes().startswith(b"\x89PNG"), "scripts/plot.py wrote no picture")
    print("every file of configs/quick.yml is as documented")


if __name__ == "__main__":
    main()
