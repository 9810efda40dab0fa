//! The tables that strides thin out: a stride of n keeps the records 0, n, 2n, … and, when the run is over, the last one.
//!
//! Nobody knows which record is the last before the run ends, be it by a condition that holds at the start of the next
//! step. So the newest record that a table has left out is kept until then.

use std::collections::BTreeMap;

use crate::checkpoint::snapshot::Exchange;
use crate::disk::report::{CellFacts, CellReport, RunFacts, StepFacts};
use crate::output::OutputError;
use crate::output::chunks::Chunks;
use crate::output::columns::{Bin, Row, Series};
use crate::output::diagnostics_columns::DIAGNOSTICS;
use crate::output::folder::OutputFolder;
use crate::output::parquet::TableWriter;
use crate::output::psd_columns::PSD_HIST;
use crate::output::recorder::{BinFacts, Distributions, OutputOptions};
use crate::output::run_columns;
use crate::wire_struct;

/// A record: the state of the disk and what happened to it since the record before.
#[derive(Clone, Copy)]
pub struct Record<'a> {
    /// Facts of the run.
    pub run: &'a RunFacts,
    /// The cells.
    pub cells: &'a [CellFacts],
    /// The size bins.
    pub sizes: &'a BinFacts,
    /// Drivers of the last step, with the length of the record.
    pub step: &'a StepFacts,
    /// One per cell.
    pub reports: &'a [CellReport],
    /// How the mass of the cells is spread over the sizes.
    pub distributions: Distributions<'a>,
}

impl<'a> Record<'a> {
    /// A row per cell.
    pub fn rows(&self) -> Vec<Row<'a>> {
        let Record { run, cells, step, reports, .. } = *self;
        let t_coll_min = shortest_collision_time(reports);
        let row =
            |(cell, report)| Row { run, time: step.time, dt: step.dt, step, cell, report, t_coll_min, bin: Bin::NONE };
        cells.iter().zip(reports).map(row).collect()
    }
}

/// Shortest collision time of all cells [s]; NaN if none had one.
fn shortest_collision_time(reports: &[CellReport]) -> f64 {
    let times = reports.iter().filter_map(|report| report.smol.map(|smol| smol.t_coll)).filter(|t| t.is_finite());
    times.fold(f64::NAN, f64::min)
}

/// The newest record, which some table has left out.
#[derive(Debug, Default)]
struct NewestRecord {
    step: Option<StepFacts>,
    reports: Vec<CellReport>,
    bins: Vec<f64>,
    sizes: Vec<f64>,
}
wire_struct!(NewestRecord { step, reports, bins, sizes });

impl NewestRecord {
    fn keep(&mut self, record: Record) {
        self.step = Some(*record.step);
        self.reports.clear();
        self.reports.extend_from_slice(record.reports);
        for (kept, new) in [(&mut self.bins, record.distributions.bins), (&mut self.sizes, record.distributions.sizes)]
        {
            kept.clear();
            kept.extend_from_slice(new);
        }
    }
}

/// Drivers and report of the last step of a cell.
struct LastRow {
    step: StepFacts,
    report: CellReport,
}
wire_struct!(LastRow { step, report });

/// A table and how many records it counts from one that it takes to the next.
struct Thinned {
    table: TableWriter<Series>,
    stride: u64,
}

impl Thinned {
    fn takes(&self, number: u64) -> bool {
        number.is_multiple_of(self.stride.max(1))
    }
}

/// The tables.
pub struct ThinnedTables {
    series: Thinned,
    diagnostics: Thinned,
    distributions: Option<Thinned>,
    /// Records so far.
    records: u64,
    newest: NewestRecord,
    /// The last row of each stopped cell, by its index; profile `python` alone.
    stale: BTreeMap<usize, LastRow>,
}

impl ThinnedTables {
    /// Starts the tables in `folder`.
    ///
    /// # Errors
    /// [`OutputError`] if the library does not take the packing.
    pub fn create(folder: &OutputFolder, run: &RunFacts, options: &OutputOptions) -> Result<Self, OutputError> {
        let start = |name, columns: &[_], stride| {
            let table = TableWriter::create(&folder.file(name), columns, options.packing)?;
            Ok::<_, OutputError>(Thinned { table, stride })
        };
        let distributions = || start("series/psd_hist.parquet", PSD_HIST, options.psd_stride);
        Ok(ThinnedTables {
            series: start("series/run.parquet", &run_columns::of(run), options.series_stride)?,
            diagnostics: start("series/diagnostics.parquet", DIAGNOSTICS, options.diagnostics_stride)?,
            distributions: options.psd_history.then(distributions).transpose()?,
            records: 0,
            newest: NewestRecord::default(),
            stale: BTreeMap::new(),
        })
    }

    fn tables(&mut self) -> impl Iterator<Item = &mut Thinned> {
        [&mut self.series, &mut self.diagnostics].into_iter().chain(&mut self.distributions)
    }

    /// Adds a record, whose rows these are, to the tables that take it.
    ///
    /// # Errors
    /// [`OutputError`] if a chunk cannot be written.
    pub fn record(&mut self, record: Record, rows: &[Row]) -> Result<(), OutputError> {
        let number = self.records;
        self.records += 1;
        self.keep_last_rows(record);
        self.push(record, rows, |table| table.takes(number))?;
        if self.tables().all(|table| table.takes(number)) {
            self.newest.step = None;
        } else {
            self.newest.keep(record);
        }
        self.tables().try_for_each(|table| table.table.end_record())
    }

    /// The Python program repeats the last row of a stopped cell for ever.
    fn keep_last_rows(&mut self, record: Record) {
        if !record.run.missing_as_zero {
            return;
        }
        for report in record.reports.iter().filter(|report| report.evolved && !report.active) {
            self.stale.insert(report.cell, LastRow { step: *record.step, report: *report });
        }
    }

    fn push(&mut self, record: Record, rows: &[Row], takes: impl Fn(&Thinned) -> bool) -> Result<(), OutputError> {
        if takes(&self.series) {
            match self.stale.is_empty() {
                true => self.series.table.push_rows(rows)?,
                false => self.series.table.push_rows(&repeated(rows, &self.stale))?,
            }
        }
        if takes(&self.diagnostics) {
            self.diagnostics.table.push_rows(rows)?;
        }
        match self.distributions.as_mut().filter(|table| takes(table)) {
            Some(Thinned { table, .. }) => push_distributions(table, record, rows),
            None => Ok(()),
        }
    }

    /// Saves or restores where the tables end, and what is not in them yet.
    ///
    /// # Errors
    /// [`OutputError`]: a file cannot be written, or one of an earlier part of the run has changed.
    pub fn exchange(&mut self, exchange: &mut Exchange) -> Result<(), OutputError> {
        exchange.count("records", "records so far", &mut self.records)?;
        exchange.wire("newest_record", "newest record, if a stride has left it out of a table", &mut self.newest)?;
        let mut stale: Vec<LastRow> = std::mem::take(&mut self.stale).into_values().collect();
        exchange.wire("last_rows", "rows that stopped cells repeat", &mut stale)?;
        self.stale = stale.into_iter().map(|row| (row.report.cell, row)).collect();
        self.tables().try_for_each(|table| table.table.exchange(exchange))
    }

    /// Makes the tables whole, with the newest record of a run with these facts in each; hands their chunks back. When one
    /// cannot be completed, the others still are.
    ///
    /// # Errors
    /// The first [`OutputError`].
    pub fn finish(mut self, run: &RunFacts, cells: &[CellFacts], sizes: &BinFacts) -> Result<Vec<Chunks>, OutputError> {
        let NewestRecord { step, reports, bins, sizes: moved } = std::mem::take(&mut self.newest);
        let completed = step.map_or(Ok(()), |step| {
            let distributions = Distributions { bins: &bins, sizes: &moved };
            let record = Record { run, cells, sizes, step: &step, reports: &reports, distributions };
            let number = self.records - 1;
            self.push(record, &record.rows(), |table| !table.takes(number))
        });
        let ThinnedTables { series, diagnostics, distributions, .. } = self;
        let finished: Vec<_> =
            [series, diagnostics].into_iter().chain(distributions).map(|thinned| thinned.table.finish()).collect();
        completed.and_then(|()| finished.into_iter().collect())
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
fn push_distributions(table: &mut TableWriter<Series>, record: Record, rows: &[Row]) -> Result<(), OutputError> {
    let Record { sizes, distributions, .. } = record;
    let n = sizes.centres.len();
    let mut bins = Vec::with_capacity(n);
    let mut moved = distributions.sizes.chunks_exact(n);
    for (row, distribution) in rows.iter().zip(distributions.bins.chunks_exact(n)) {
        let centres = moved.next().unwrap_or(&sizes.centres);
        if !row.report.evolved {
            continue;
        }
        let sum: f64 = distribution.iter().sum();
        let facts = centres.iter().zip(&sizes.widths).zip(distribution).enumerate();
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
