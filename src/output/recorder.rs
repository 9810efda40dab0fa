//! The recorder: takes what the disk reports and writes every file of a run.
//!
//! [`Recorder::create`] opens the files and says in `run_config.json` what is about to run, [`Recorder::record`] and
//! [`Recorder::orbit`] add rows, [`Recorder::finish`] makes every file whole and writes the summary. A run that fails
//! is finished like any other, so that everything recorded until then can be read.

use serde_json::Value;

use crate::checkpoint::snapshot::{Exchange, Snapshot};
use crate::disk::budget::{BudgetRow, OrbitRow};
use crate::disk::report::{CellFacts, CellReport, RunFacts, StepFacts};
use crate::files::{self, write_json};
use crate::output::OutputError;
use crate::output::budgets::{self, CELLS_BUDGET, CellBudget, CellsBudget, DiskBudget};
use crate::output::chunks::Chunks;
use crate::output::csv::CsvTable;
use crate::output::extras::{ExtraOptions, Extras};
use crate::output::folder::{CHECKPOINTS, OutputFolder};
use crate::output::orbit_table::OrbitTable;
use crate::output::parquet::Packing;
use crate::output::run_card::run_card;
use crate::output::run_config::{RunConfigFacts, after_run, before_run};
use crate::output::summary::{Outcome, SummaryFacts, summary};
use crate::output::thinned::{Record, ThinnedTables};
use crate::output::tracks::Tracks;
use crate::physics::size_distribution::SizeGrid;

/// Which tables are written, and how often.
///
/// A stride of n keeps the records 0, n, 2n, … and, when the run is over, the last one; 0 and 1 keep all.
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

/// How the mass of the cells is spread over the sizes in one record; cells × bins, the bins of a cell side by side.
#[derive(Debug, Clone, Copy)]
pub struct Distributions<'a> {
    /// Surface density per bin [kg m⁻²].
    pub bins: &'a [f64],
    /// Sizes that stand for the bins [m], where they move; else empty.
    pub sizes: &'a [f64],
}

/// Whether a run is over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    /// It is.
    Now,
    /// It may go on from its last checkpoint, which needs the tables as they are.
    Later,
}

/// Writes the files of one run.
pub struct Recorder {
    folder: OutputFolder,
    run: RunFacts,
    cells: Vec<CellFacts>,
    sizes: BinFacts,
    options: OutputOptions,
    config: RunConfigFacts,
    tracks: Tracks,
    thinned: ThinnedTables,
    budget: CsvTable<DiskBudget>,
    cell_budgets: Option<CsvTable<CellsBudget>>,
    orbits: Option<OrbitTable>,
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
        let mut recorder = Recorder {
            thinned: ThinnedTables::create(&folder, run, &options)?,
            budget: CsvTable::open(&folder.file("checks/mass_budget.csv"), &budgets::disk_budget(run), from)?,
            cell_budgets: options
                .mass_budget_cells
                .then(|| CsvTable::open(&folder.file("checks/mass_budget_cells.csv"), CELLS_BUDGET, from))
                .transpose()?,
            orbits: options
                .orbit_rollup
                .then(|| OrbitTable::open(&folder.file("orbit_rollup.csv"), run, from))
                .transpose()?,
            run: run.clone(),
            cells: cells.to_vec(),
            sizes: sizes.clone(),
            tracks: Tracks::of(cells),
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
    /// - `distributions`: those of all cells
    /// - `total`: mass budget of the whole disk
    ///
    /// # Errors
    /// [`OutputError`] if a file cannot be written or a slice has not the size of the disk.
    pub fn record(
        &mut self,
        step: &StepFacts,
        reports: &[CellReport],
        distributions: Distributions<'_>,
        total: &BudgetRow,
        budgets: &[BudgetRow],
    ) -> Result<(), OutputError> {
        shape("cell reports", self.cells.len(), reports.len())?;
        shape("cell budgets", self.cells.len(), budgets.len())?;
        let values = self.cells.len() * self.sizes.centres.len();
        shape("values of distributions", values, distributions.bins.len())?;
        if !distributions.sizes.is_empty() {
            shape("sizes of distributions", values, distributions.sizes.len())?;
        }
        self.tracks.add(&self.run, step, &self.cells, reports, total, budgets);
        self.record_budgets(reports, total, budgets)?;
        let Recorder { run, cells, sizes, .. } = self;
        let record = Record { run, cells, sizes, step, reports, distributions };
        let rows = record.rows();
        for row in rows.iter().filter(|row| row.report.evolved) {
            self.extras.push(row)?;
        }
        if let (Some(table), [row]) = (&mut self.orbits, &rows[..]) {
            table.record(row)?;
        }
        self.extras.end_record()?;
        self.thinned.record(record, &rows)
    }

    /// The drivers of a step that was not taken because of them: the Python program's summary counts them.
    pub fn refuse(&mut self, drivers: &StepFacts) {
        if self.run.missing_as_zero {
            self.tracks.look_at(&self.run, drivers);
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
        self.thinned.exchange(exchange)?;
        self.orbits.as_mut().map_or(Ok(()), |table| table.exchange(exchange))?;
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
        let thinned = self.thinned;
        let finish_thinned = || thinned.finish(&self.run, &self.cells, &self.sizes);
        let tables: Result<(), OutputError> = match end {
            End::Later => Ok(()),
            End::Now => [
                finish_thinned().map(|whole| chunks.extend(whole)),
                self.budget.finish(),
                self.cell_budgets.map_or(Ok(()), CsvTable::finish),
                self.orbits.map_or(Ok(()), OrbitTable::finish),
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
        let card_written = if self.run_card {
            files::write(&folder.file("run_card.md"), run_card(&summary, &config).as_bytes())
        } else {
            Ok(())
        };
        tables.and(summary_written.and(config_written).and(card_written).map_err(OutputError::from))?;
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

fn shape(what: &'static str, expected: usize, got: usize) -> Result<(), OutputError> {
    if expected == got { Ok(()) } else { Err(OutputError::Shape { what, expected, got }) }
}

#[cfg(test)]
mod tests;
