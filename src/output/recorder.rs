//! The recorder: takes what the disk reports and writes every file of a run.
//!
//! [`Recorder::create`] opens the files and says in `run_config.json` what is about to run, [`Recorder::record`] and
//! [`Recorder::orbit`] add rows, [`Recorder::finish`] makes every file whole and writes the summary. A run that fails
//! is finished like any other, so that everything recorded until then can be read.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::checkpoint::snapshot::{Exchange, Snapshot};
use crate::disk::report::{CellFacts, CellReport, RunFacts, StepFacts};
use crate::output::OutputError;
use crate::output::budgets::{CELLS_BUDGET, CellBudget, CellsBudget, DISK_BUDGET, DiskBudget, ORBITS, Orbits};
use crate::output::chunks::Chunks;
use crate::output::columns::{Bin, Row, Series};
use crate::output::csv::CsvTable;
use crate::output::diagnostics_columns::DIAGNOSTICS;
use crate::output::extras::{ExtraOptions, Extras};
use crate::output::folder::{CHECKPOINTS, OutputFolder};
use crate::output::parquet::{Packing, TableWriter};
use crate::output::part_file::{write_json, write_text};
use crate::output::psd_columns::PSD_HIST;
use crate::output::run_card::run_card;
use crate::output::run_columns;
use crate::output::run_config::{RunConfigFacts, after_run, before_run};
use crate::output::summary::{Outcome, SummaryFacts, summary};
use crate::output::tracks::Tracks;
use crate::physics::size_distribution::SizeGrid;
use crate::run::budget::{BudgetRow, OrbitRow};
use crate::wire_struct;

/// Which tables are written, and how often.
///
/// A stride of n keeps the records 0, n, 2n, … and the last one; 0 and 1 keep all.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct OutputOptions {
    /// Whether `series/psd_hist.parquet` is written.
    pub psd_history: bool,
    /// Whether `checks/mass_budget_cells.csv` is written.
    pub mass_budget_cells: bool,
    /// Whether `orbit_rollup.csv` is written.
    pub orbit_rollup: bool,
    /// Stride of `series/run.parquet`.
    pub series_stride: u64,
    /// Stride of `series/diagnostics.parquet`.
    pub diagnostics_stride: u64,
    /// Stride of `series/psd_hist.parquet`.
    pub psd_stride: u64,
    /// Whether checkpoints have a folder outside of the output folder.
    pub checkpoints_elsewhere: bool,
    /// How the Parquet tables are cut and packed.
    pub packing: Packing,
}

impl Default for OutputOptions {
    /// Every table, and every record in it.
    fn default() -> Self {
        OutputOptions {
            psd_history: true,
            mass_budget_cells: true,
            orbit_rollup: true,
            series_stride: 1,
            diagnostics_stride: 1,
            psd_stride: 1,
            checkpoints_elsewhere: false,
            packing: Packing::default(),
        }
    }
}

/// The size bins.
#[derive(Debug, Clone)]
pub struct BinFacts {
    /// Size that represents each bin [m].
    pub centres: Vec<f64>,
    /// Width of each bin [m].
    pub widths: Vec<f64>,
}

impl BinFacts {
    /// Those of a size grid.
    pub fn of(sizes: &SizeGrid) -> Self {
        BinFacts { centres: sizes.sizes.clone(), widths: sizes.widths.clone() }
    }
}

/// Whether a run is over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    /// It is.
    Now,
    /// It may go on from its last checkpoint, which needs the tables as they are.
    Later,
}

/// Drivers and report of the last step of a cell.
struct LastRow {
    step: StepFacts,
    report: CellReport,
}
wire_struct!(LastRow { step, report });

/// Writes the files of one run.
pub struct Recorder {
    folder: OutputFolder,
    run: RunFacts,
    cells: Vec<CellFacts>,
    sizes: BinFacts,
    options: OutputOptions,
    config: RunConfigFacts,
    records: u64,
    tracks: Tracks,
    /// The last row of each stopped cell, by its index; profile `python` alone.
    stale: BTreeMap<usize, LastRow>,
    series: TableWriter<Series>,
    diagnostics: TableWriter<Series>,
    psd: Option<TableWriter<Series>>,
    budget: CsvTable<DiskBudget>,
    cell_budgets: Option<CsvTable<CellsBudget>>,
    orbits: Option<CsvTable<Orbits>>,
    extras: Extras,
    run_card: bool,
}

impl Recorder {
    /// Opens the tables in `folder` and writes `run_config.json` with the status `pre_run`; `from`: the checkpoint from
    /// which the run goes on.
    ///
    /// # Errors
    /// [`OutputError`] if a file cannot be written or is not what the checkpoint has left, or if `sizes` has not as many
    /// widths as centres.
    pub fn create(
        folder: OutputFolder,
        run: &RunFacts,
        cells: &[CellFacts],
        sizes: &BinFacts,
        options: OutputOptions,
        config: RunConfigFacts,
        from: Option<&Snapshot>,
    ) -> Result<Self, OutputError> {
        shape("bin widths", sizes.centres.len(), sizes.widths.len())?;
        let parquet = |name, columns: &[_]| TableWriter::create(&folder.file(name), columns, options.packing);
        let mut recorder = Recorder {
            series: parquet("series/run.parquet", &run_columns::of(run))?,
            diagnostics: parquet("series/diagnostics.parquet", DIAGNOSTICS)?,
            psd: options.psd_history.then(|| parquet("series/psd_hist.parquet", PSD_HIST)).transpose()?,
            budget: CsvTable::open(&folder.file("checks/mass_budget.csv"), DISK_BUDGET, from)?,
            cell_budgets: options
                .mass_budget_cells
                .then(|| CsvTable::open(&folder.file("checks/mass_budget_cells.csv"), CELLS_BUDGET, from))
                .transpose()?,
            orbits: options
                .orbit_rollup
                .then(|| CsvTable::open(&folder.file("orbit_rollup.csv"), ORBITS, from))
                .transpose()?,
            run: run.clone(),
            cells: cells.to_vec(),
            sizes: sizes.clone(),
            records: 0,
            tracks: Tracks::of(cells),
            stale: BTreeMap::new(),
            extras: Extras::default(),
            run_card: false,
            folder,
            options,
            config,
        };
        if let Some(snapshot) = from {
            recorder.exchange_position(&mut Exchange::restoring(snapshot, "output"))?;
        }
        let facts = before_run(&recorder.folder, run, &recorder.config);
        write_json(&recorder.folder.file("run_config.json"), &facts)?;
        Ok(recorder)
    }

    /// The same with the tables that the configuration asks for on top; `from` as before.
    ///
    /// # Errors
    /// [`OutputError`] if a file cannot be created, or is not what the checkpoint has left.
    pub fn with_extras(mut self, options: &ExtraOptions, from: Option<&Snapshot>) -> Result<Self, OutputError> {
        self.extras = Extras::create(&self.folder, options, self.options.packing, from)?;
        self.run_card = options.run_card;
        Ok(self)
    }

    /// Adds a record: the state at `step.time` and what happened in the `step.dt` seconds before.
    ///
    /// - `reports`, `budgets`: one of each per cell, in the order of the cells
    /// - `distributions`: surface density per bin [kg m⁻²], cells × bins, the bins of a cell side by side
    /// - `total`: mass budget of the whole disk
    /// - `last`: whether this is the last record, which every table holds
    ///
    /// # Errors
    /// [`OutputError`] if a file cannot be written or a slice has not the size of the disk.
    pub fn record(
        &mut self,
        step: &StepFacts,
        reports: &[CellReport],
        distributions: &[f64],
        total: &BudgetRow,
        budgets: &[BudgetRow],
        last: bool,
    ) -> Result<(), OutputError> {
        shape("cell reports", self.cells.len(), reports.len())?;
        shape("cell budgets", self.cells.len(), budgets.len())?;
        shape("values of distributions", self.cells.len() * self.sizes.centres.len(), distributions.len())?;
        let number = self.records;
        let due = |stride: u64| last || number.is_multiple_of(stride.max(1));
        self.records += 1;
        self.tracks.add(&self.run, step, &self.cells, reports, total, budgets);
        self.record_budgets(reports, total, budgets)?;
        self.keep_last_rows(step, reports);

        let (run, time, dt) = (&self.run, step.time, step.dt);
        let t_coll_min = shortest_collision_time(reports);
        let row = |(cell, report)| Row { run, time, dt, step, cell, report, t_coll_min, bin: Bin::NONE };
        let rows: Vec<Row> = self.cells.iter().zip(reports).map(row).collect();
        for row in rows.iter().filter(|row| row.report.evolved) {
            self.extras.push(row)?;
        }
        if due(self.options.series_stride) {
            match self.stale.is_empty() {
                true => self.series.push_rows(&rows)?,
                false => self.series.push_rows(&repeated(&rows, &self.stale))?,
            }
        }
        if due(self.options.diagnostics_stride) {
            self.diagnostics.push_rows(&rows)?;
        }
        if let Some(table) = self.psd.as_mut().filter(|_| due(self.options.psd_stride)) {
            record_distributions(table, &self.sizes, &rows, distributions)?;
        }
        self.series.end_record()?;
        self.diagnostics.end_record()?;
        self.extras.end_record()?;
        self.psd.as_mut().map_or(Ok(()), TableWriter::end_record)
    }

    /// The drivers of a step that was not taken because of them: the Python program's summary counts them.
    pub fn refuse(&mut self, drivers: &StepFacts) {
        if self.run.missing_as_zero {
            self.tracks.look_at(&self.run, drivers);
        }
    }

    /// The Python program repeats the last row of a stopped cell for ever.
    fn keep_last_rows(&mut self, step: &StepFacts, reports: &[CellReport]) {
        if !self.run.missing_as_zero {
            return;
        }
        for report in reports.iter().filter(|report| report.evolved && !report.active) {
            self.stale.insert(report.cell, LastRow { step: *step, report: *report });
        }
    }

    fn record_budgets(
        &mut self,
        reports: &[CellReport],
        total: &BudgetRow,
        budgets: &[BudgetRow],
    ) -> Result<(), OutputError> {
        self.budget.push(total)?;
        if let Some(table) = &mut self.cell_budgets {
            for ((cell, report), budget) in self.cells.iter().zip(reports).zip(budgets) {
                if report.evolved {
                    table.push(&CellBudget { cell, budget, active: report.active })?;
                }
            }
        }
        Ok(())
    }

    /// Adds an orbit.
    ///
    /// # Errors
    /// [`OutputError`] if the file cannot be written.
    pub fn orbit(&mut self, orbit: &OrbitRow) -> Result<(), OutputError> {
        self.tracks.orbits += 1;
        match &mut self.orbits {
            Some(table) => table.push(orbit),
            None => Ok(()),
        }
    }

    /// Saves where the files end and what is not in them yet; everything until now is on the disk then.
    ///
    /// # Errors
    /// [`OutputError`] if a file cannot be written.
    pub fn save(&mut self, snapshot: &mut Snapshot) -> Result<(), OutputError> {
        let mut exchange = Exchange::saving(snapshot, "output");
        self.exchange_position(&mut exchange)?;
        exchange.enter("output");
        self.budget.save(&mut exchange)?;
        self.cell_budgets.as_mut().map_or(Ok(()), |table| table.save(&mut exchange))?;
        self.orbits.as_mut().map_or(Ok(()), |table| table.save(&mut exchange))?;
        self.extras.save(&mut exchange)
    }

    /// Everything but the CSV tables, which are opened where they end.
    fn exchange_position(&mut self, exchange: &mut Exchange) -> Result<(), OutputError> {
        exchange.count("records", "records so far", &mut self.records)?;
        let mut stale: Vec<LastRow> = std::mem::take(&mut self.stale).into_values().collect();
        exchange.wire("last_rows", "rows that stopped cells repeat", &mut stale)?;
        self.stale = stale.into_iter().map(|row| (row.report.cell, row)).collect();
        self.series.exchange(exchange)?;
        self.diagnostics.exchange(exchange)?;
        self.psd.as_mut().map_or(Ok(()), |table| table.exchange(exchange))?;
        Ok(self.tracks.exchange(exchange)?)
    }

    /// Makes every table whole and writes `summary.json` and the final `run_config.json`; returns the summary. The tables
    /// of a run that goes on later stay as they are.
    ///
    /// When a table cannot be completed, the others still are, and the summary says that the run failed.
    ///
    /// # Errors
    /// The first [`OutputError`].
    pub fn finish(self, facts: &SummaryFacts, end: End) -> Result<Value, OutputError> {
        let mut chunks = Vec::new();
        let mut keep = |finished: Result<Chunks, OutputError>| finished.map(|whole| chunks.push(whole));
        let tables: Result<(), OutputError> = match end {
            End::Later => Ok(()),
            End::Now => [
                keep(self.series.finish()),
                keep(self.diagnostics.finish()),
                self.psd.map_or(Ok(()), |table| keep(table.finish())),
                self.budget.finish(),
                self.cell_budgets.map_or(Ok(()), CsvTable::finish),
                self.orbits.map_or(Ok(()), CsvTable::finish),
                self.extras.finish().map(|whole| chunks.extend(whole)),
            ]
            .into_iter()
            .collect(),
        };
        let mut facts = facts.clone();
        if let (Err(error), Outcome::Complete) = (&tables, &facts.outcome) {
            facts.outcome = Outcome::Failed { reason: error.to_string(), time: facts.time_end, cell: None };
        }
        let (folder, run, cells, tracks) = (&self.folder, &self.run, &self.cells, &self.tracks);
        let summary = summary(run, cells, &self.config, tracks, &facts);
        let config = after_run(folder, run, cells, &self.options, &self.config, tracks, &facts);
        let summary_written = write_json(&folder.file("summary.json"), &summary);
        let config_written = write_json(&folder.file("run_config.json"), &config);
        let card_written =
            if self.run_card { write_text(&folder.file("run_card.md"), &run_card(&summary, &config)) } else { Ok(()) };
        tables.and(summary_written).and(config_written).and(card_written)?;
        // A run that failed may go on from a checkpoint, which needs them.
        let needed = facts.outcome != Outcome::Complete
            && (self.options.checkpoints_elsewhere || self.folder.file(CHECKPOINTS).exists());
        if self.options.packing.removes_chunks() && end == End::Now && !needed {
            chunks.iter().try_for_each(Chunks::remove)?;
        }
        Ok(summary)
    }

    /// The folder of the run.
    pub fn folder(&self) -> &OutputFolder {
        &self.folder
    }
}

/// The rows of a record, with the last ones of stopped cells in place of theirs.
fn repeated<'a>(rows: &[Row<'a>], stale: &'a BTreeMap<usize, LastRow>) -> Vec<Row<'a>> {
    let repeated = |row: &Row<'a>| match stale.get(&row.cell.index).filter(|_| !row.report.evolved) {
        Some(LastRow { step, report }) => Row { step, report, ..*row },
        None => *row,
    };
    rows.iter().map(repeated).collect()
}

/// Adds the size distributions of the cells that evolve.
fn record_distributions(
    table: &mut TableWriter<Series>,
    sizes: &BinFacts,
    rows: &[Row<'_>],
    distributions: &[f64],
) -> Result<(), OutputError> {
    let mut bins = Vec::with_capacity(sizes.centres.len());
    for (row, distribution) in rows.iter().zip(distributions.chunks_exact(sizes.centres.len())) {
        if !row.report.evolved {
            continue;
        }
        let sum: f64 = distribution.iter().sum();
        let facts = sizes.centres.iter().zip(&sizes.widths).zip(distribution).enumerate();
        bins.clear();
        bins.extend(facts.map(|(index, ((size, width), sigma))| {
            // N_k/w_k · (4/3)πρ/Σ(0) with N_k = Σ_k / ((4/3)πρ s_k³)
            let number = sigma / (size.powi(3) * width * row.cell.initial_surface_density);
            let share = if sum > 0.0 { sigma / sum } else { 0.0 };
            Row { bin: Bin { index, size: *size, number, share }, ..*row }
        }));
        table.push_rows(&bins)?;
    }
    Ok(())
}

/// Shortest collision time of all cells [s]; NaN if none had one.
fn shortest_collision_time(reports: &[CellReport]) -> f64 {
    let times = reports.iter().filter_map(|report| report.smol.map(|smol| smol.t_coll)).filter(|t| t.is_finite());
    times.fold(f64::NAN, f64::min)
}

fn shape(what: &'static str, expected: usize, got: usize) -> Result<(), OutputError> {
    if expected == got { Ok(()) } else { Err(OutputError::Shape { what, expected, got }) }
}

#[cfg(test)]
mod tests;
