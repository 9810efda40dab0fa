//! What a run will cost, before it runs: steps, records, memory, bytes.
//!
//! Steps and records are counted by letting the run's own clock tick without cells. Memory is added up from the sizes
//! of the buffers; bytes on disk are rows times what rows of such runs have taken.

use crate::config::Config;
use crate::disk::model::Model;
use crate::disk::report::CellReport;
use crate::run::clock::{Clock, Pace};
use crate::run::stop::{StopReason, StopRules};
use std::time::{Duration, Instant};

/// The clock is let tick for so long at most.
const PATIENCE: Duration = Duration::from_secs(10);

/// How a run will go, unless a condition that depends on its cells ends it before.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Plan {
    /// Coupling steps.
    pub steps: u64,
    /// Records.
    pub records: u64,
    /// Time reached [s].
    pub end: f64,
    /// Whether these are the numbers of the run if no cell stops it.
    pub certain: Certainty,
    /// Why it ends.
    pub reason: StopReason,
    /// Longest coupling step [s].
    pub longest: f64,
}

/// How sure a plan is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Certainty {
    /// The run will do exactly this.
    Exact,
    /// The clock also follows the collision times: there can be fewer steps.
    AtMost,
    /// The clock was not followed to its end: there will be more steps.
    AtLeast,
}

/// Lets the clock tick.
pub fn plan(model: &Model, mut clock: Clock, pace: Pace, rules: &StopRules) -> Plan {
    let started = Instant::now();
    let follows = matches!(pace, Pace::Fixed { min_tcoll_ratio: Some(_) });
    let mut plan = Plan {
        steps: 0,
        records: 0,
        end: 0.0,
        certain: if follows { Certainty::AtMost } else { Certainty::Exact },
        reason: StopReason::EndReached,
        longest: 0.0,
    };
    let mut recorded = true;
    while let Some(tick) = clock.next(model) {
        if rules.blowout_at_most.is_some()
            && let Ok(drivers) = model.drivers(tick.index, tick.start, tick.dt)
            && let Some(reason) = rules.before_step(tick.start, &drivers)
        {
            plan.reason = reason;
            break;
        }
        plan.steps += 1;
        plan.longest = plan.longest.max(tick.dt);
        plan.records += u64::from(tick.record);
        recorded = tick.record;
        plan.end = tick.end;
        if plan.steps.is_multiple_of(1024) && started.elapsed() > PATIENCE {
            plan.certain = Certainty::AtLeast;
            break;
        }
    }
    // The last step is always recorded.
    plan.records += u64::from(!recorded);
    plan
}

/// Memory of a process [bytes].
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Memory {
    /// Collision tables of its cells.
    pub tables: f64,
    /// Buffers of its threads.
    pub workspaces: f64,
    /// State of its cells, and reports on their way to the records.
    pub cells: f64,
    /// Rows that wait to be written; process 0 alone.
    pub rows: f64,
}

impl Memory {
    /// Everything, for process 0, beside the program itself.
    pub fn total(&self) -> f64 {
        self.tables + self.workspaces + self.cells + self.rows
    }
}

/// Bytes of the collision tables per pair of bins: kernel, outcomes and three kinds of coefficients.
const TABLE_PER_PAIR: f64 = 56.0;
/// Bytes of a thread's buffers per pair of bins: the Jacobian, its factors and room to permute them.
const WORKSPACE_PER_PAIR: f64 = 28.0;
/// Steps whose reports are on their way at a time: a batch that is taken and one that is entered.
const STEPS_UNDER_WAY: f64 = 512.0;
/// Most reports that are on their way at a time [bytes].
const MOST_UNDER_WAY: f64 = 3.0 * (2 << 20) as f64;
/// Most values of a table that wait to be written, and bytes of each until it is compressed.
const MOST_VALUES: f64 = 5e5;
const BYTES_PER_VALUE: f64 = 17.0;

/// Memory of process 0 with `cells` of the disk's `all_cells` and so many threads.
pub fn memory(model: &Model, cells: usize, threads: usize, output: &Output) -> Memory {
    let (n, all_cells) = (model.sizes.len() as f64, model.cells.len() as f64);
    let pairs = n * n;
    let report = size_of::<CellReport>() as f64 + 8.0 * n;
    let waiting = |rows: f64, columns: usize| (rows * columns as f64).min(MOST_VALUES) * BYTES_PER_VALUE;
    let widths = columns();
    Memory {
        tables: if model.collisions { cells as f64 * pairs * TABLE_PER_PAIR } else { 0.0 },
        workspaces: threads as f64 * pairs * WORKSPACE_PER_PAIR,
        cells: (STEPS_UNDER_WAY * all_cells * report).min(MOST_UNDER_WAY) + 2.0 * all_cells * report,
        rows: waiting(output.series_rows, widths[0])
            + waiting(output.diagnostics_rows, widths[1])
            + waiting(output.psd_rows, widths[2]),
    }
}

/// Numbers of columns of the three Parquet tables.
fn columns() -> [usize; 3] {
    use crate::output::{diagnostics_columns::DIAGNOSTICS, psd_columns::PSD_HIST, run_columns::RUN};
    [RUN.len(), DIAGNOSTICS.len(), PSD_HIST.len()]
}

/// Rows and bytes of a run's files.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Output {
    /// Rows of `series/run.parquet`.
    pub series_rows: f64,
    /// Rows of `series/diagnostics.parquet`.
    pub diagnostics_rows: f64,
    /// Rows of `series/psd_hist.parquet`, if no cell stops.
    pub psd_rows: f64,
    /// Everything [bytes].
    pub bytes: f64,
}

/// Bytes of files that every run has: the heads of three tables, whose columns carry their meanings, and the JSON files.
const BYTES_FIXED: f64 = 283e3;
/// Bytes of a row in `run`, `diagnostics`, `psd_hist`, `mass_budget`, `mass_budget_cells` and `orbit_rollup`: fitted to
/// runs of the shipped configurations with 29 to 474 records of 4 and 32 cells, which it meets to a tenth.
const BYTES_PER_ROW: [f64; 6] = [330.0, 255.0, 20.0, 258.0, 266.0, 305.0];

/// Rows and bytes of a run with so many records over `orbits` orbits at the middle radius.
pub fn output(config: &Config, model: &Model, records: u64, orbits: f64) -> Output {
    let (io, cells, bins) = (&config.io, model.cells.len() as f64, model.sizes.len() as f64);
    // The records 0, n, 2n …, and the last one.
    let kept = |stride: u64| match records {
        0 => 0.0,
        _ => ((records - 1) / stride.max(1) + 1 + u64::from(!(records - 1).is_multiple_of(stride.max(1)))) as f64,
    };
    let rows = [
        kept(io.series_stride) * cells,
        kept(io.diagnostics_stride) * cells,
        if io.psd_history { kept(io.psd_history_stride) * cells * bins } else { 0.0 },
        records as f64,
        if io.mass_budget_cells { records as f64 * cells } else { 0.0 },
        if config.numerics.orbit_rollup { orbits.floor() } else { 0.0 },
    ];
    let bytes = BYTES_FIXED + rows.iter().zip(BYTES_PER_ROW).map(|(rows, bytes)| rows * bytes).sum::<f64>();
    Output { series_rows: rows[0], diagnostics_rows: rows[1], psd_rows: rows[2], bytes }
}
