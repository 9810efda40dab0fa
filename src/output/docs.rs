//! Renders `docs/output.md` from the declarations of the columns, so that the page cannot fall behind.

use std::fmt::Write;

use crate::output::budgets::{CELLS_BUDGET, CHANNELS_CHECK, COLUMN_CHANNELS, DISK_BUDGET, ORBITS, ORBITS_EXTENDED};
use crate::output::columns::{Column, Table, Value};
use crate::output::diagnostics_columns::DIAGNOSTICS;
use crate::output::psd_columns::PSD_HIST;
use crate::output::run_columns::RUN;
use crate::output::step_columns::{ENERGY_BUDGET, ENERGY_SERIES, EXTENDED, SINKS_TRACE, STEP_DIAGNOSTICS};
use crate::output::summary::keys::{KEYS, Key};

const INTRODUCTION: &str = "\
# Output files

This page is generated from the declarations in `src/output`; do not edit it.

| file | holds | written |
|---|---|---|
| `series/run.parquet` | one row per cell and record | always |
| `series/diagnostics.parquet` | one row per cell and record, for looking into a run | always |
| `series/psd_hist.parquet` | one row per size bin, evolving cell and record | `io.psd_history` |
| `checks/mass_budget.csv` | mass budget of the disk, one row per record | always |
| `checks/mass_budget_cells.csv` | mass budget of each evolving cell | `io.mass_budget_cells` |
| `orbit_rollup.csv` | losses per orbit at the middle radius | `numerics.orbit_rollup` |
| `series/energy.parquet`, `checks/energy_budget.csv` | energy of collisions of each cell in which grains collide | `diagnostics.energy_bookkeeping.enabled` |
| `series/energy.csv` | the same as `series/energy.parquet`, to be read while the run goes on | with it, `diagnostics.energy_bookkeeping.stream` |
| `series/step_diagnostics.csv` or `.jsonl` | rates, times and masses, a row per cell and record | `io.step_diagnostics.enable` |
| `debug/sinks_trace.jsonl` | what the sinks did, a line per cell and record | `io.debug_sinks` |
| `summary.json` | the run in one object; `status` is `complete`, `stopped` or `failed` | whenever the program ends |
| `run_config.json` | configuration, `provenance` (every file that was read with its SHA-256, in `parts` every start of the run), CSV units; `status` is `pre_run` until the end | at both ends |
| `run_card.md` | the most important of both to read | 0-D |
| `checkpoints/` | what `--resume` goes on from: [checkpoints.md](checkpoints.md), as is the archive | `numerics.checkpoint.enabled`, and when a run is stopped |

A file is called `NAME.part` until it is whole; one without that ending can be read. A table without rows is not
written; a column (0-D) has no budgets of its cells beside its own. The first record ends the first step: what the disk
was before follows from the configuration (`marsdisk-mpi check`). Rows stand in the order of time, then cell, then bin. A record covers the time since the record before: rates
are means over that time, masses \"in the record\" are sums over it. A frozen cell keeps its last state and its
cumulative masses, its rates and masses in the record are zero, the drivers are current.

`summary.json` has smallest, middle and largest values of some numbers over all records. The middle one (median) is exact
up to 8192 records; beyond, it is that of a sample of 4096 to 8192 of them at equal distances, and so lies within 1/4096 of
the middle of all, by rank. Smallest and largest are always exact.

A number that does not exist is null (empty in CSV). Columns marked ° are 0.0 instead in the profile `python`; columns
marked * are null in the rows of frozen cells. The Parquet files carry `units` and `definitions` (JSON objects) in their
metadata and both of them with every field; the units of the CSV tables are in `run_config.json` under `csv_units`.
Masses in units of M_Mars are multiples of 6.4171e23 kg, R_M is 3389.5 km.
";

/// The page `docs/output.md`.
pub fn columns_markdown() -> String {
    let mut page = INTRODUCTION.to_owned();
    section(&mut page, "series/run.parquet", RUN);
    section(&mut page, "series/diagnostics.parquet", DIAGNOSTICS);
    section(&mut page, "series/psd_hist.parquet", PSD_HIST);
    section(&mut page, "checks/mass_budget.csv", DISK_BUDGET);
    section(&mut page, "checks/mass_budget_cells.csv", CELLS_BUDGET);
    section(&mut page, "orbit_rollup.csv", ORBITS);
    page.push_str(
        "\nA column (0-D) has more, behind the seventh column of its mass budget and at the end of its orbits:\n",
    );
    section(&mut page, "checks/mass_budget.csv of a column", &COLUMN_CHANNELS);
    section(&mut page, "checks/mass_budget.csv of a column, extended", &CHANNELS_CHECK);
    section(&mut page, "orbit_rollup.csv of a column, extended", &ORBITS_EXTENDED);
    section(&mut page, "series/energy.parquet", ENERGY_SERIES);
    section(&mut page, "checks/energy_budget.csv", ENERGY_BUDGET);
    section(&mut page, "series/step_diagnostics.csv", STEP_DIAGNOSTICS);
    section(&mut page, "debug/sinks_trace.jsonl", SINKS_TRACE);
    page.push_str(
        "\nWith `diagnostics.energy_bookkeeping`, `series/run.parquet` ends with those of `series/energy.parquet`.\n",
    );
    section(&mut page, "series/run.parquet with diagnostics.extended_diagnostics", &EXTENDED);
    summary(&mut page);
    page
}

fn summary(page: &mut String) {
    page.push_str(
        "\n## summary.json\n\nA number that does not exist is null.\n\n| key | unit | meaning |\n|---|---|---|\n",
    );
    for Key { name, unit, meaning } in KEYS {
        // writing to a String cannot fail
        let _ = writeln!(page, "| `{name}` | {unit} | {} |", meaning.replace('|', "\\|"));
    }
}

fn section<T: Table>(page: &mut String, file: &str, columns: &[Column<T>]) {
    page.push_str(&format!("\n## {file}\n\n{} columns.\n\n", columns.len()));
    page.push_str("| name | type | unit | meaning |\n|---|---|---|---|\n");
    rows(page, "", columns);
}

fn rows<T: Table>(page: &mut String, parent: &str, columns: &[Column<T>]) {
    for column in columns {
        let name = format!("{parent}{}", column.name);
        let zero = if column.zero_in_python { "°" } else { "" };
        let frozen = if column.null_when_frozen { "*" } else { "" };
        let meaning = column.meaning.replace('|', "\\|");
        // writing to a String cannot fail
        let _ = writeln!(page, "| `{name}`{zero}{frozen} | {} | {} | {meaning} |", column.type_name(), column.unit);
        if let Value::Struct(members) = column.value {
            rows(page, &format!("{name}."), members);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `MARSDISK_BLESS=1 cargo test docs` writes the page anew.
    #[test]
    fn the_page_on_output_says_what_the_program_writes() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/output.md");
        let page = columns_markdown();
        if std::env::var_os("MARSDISK_BLESS").is_some() {
            std::fs::create_dir_all(concat!(env!("CARGO_MANIFEST_DIR"), "/docs")).unwrap();
            std::fs::write(path, &page).unwrap();
        }
        let written = std::fs::read_to_string(path).unwrap();
        assert!(written == page, "docs/output.md is not up to date; run this test with MARSDISK_BLESS=1");
    }

    #[test]
    fn a_bar_in_a_meaning_does_not_split_its_table_row() {
        for line in columns_markdown().lines().filter(|line| line.starts_with('|')) {
            let bars = line.replace("\\|", "").matches('|').count();
            assert!(bars == 5 || bars == 4, "{line}");
        }
    }
}
