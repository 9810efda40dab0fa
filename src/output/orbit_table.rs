//! `orbit_rollup.csv`. In a column with extended diagnostics an orbit also tells of the records that it overlaps, and
//! waits for the last of them.

use std::path::Path;

use super::OutputError;
use super::budgets::{self, Orbits};
use super::columns::Row;
use super::csv::CsvTable;
use crate::checkpoint::snapshot::{Exchange, Snapshot, SnapshotError};
use crate::disk::budget::{OrbitRecords, OrbitRow};
use crate::disk::report::RunFacts;
use crate::wire_struct;

/// What an orbit asks of a record.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Record {
    start: f64,
    end: f64,
    blowout: f64,
    sinks: f64,
    total: f64,
    ts_ratio: f64,
    gate_factor: f64,
}

wire_struct!(Record { start, end, blowout, sinks, total, ts_ratio, gate_factor });

/// The table in the making.
pub struct OrbitTable {
    table: CsvTable<Orbits>,
    extended: bool,
    /// Orbits that end in a record to come.
    waiting: Vec<OrbitRow>,
    /// Records from the start of the first waiting orbit, or of the one that goes on.
    records: Vec<Record>,
}

impl OrbitTable {
    /// Opens the table; `from`: the checkpoint from which the run goes on.
    ///
    /// # Errors
    /// [`OutputError`] if the file cannot be written, or is not what the checkpoint has left.
    pub fn open(path: &Path, run: &RunFacts, from: Option<&Snapshot>) -> Result<Self, OutputError> {
        let table = CsvTable::open(path, &budgets::orbits(run), from)?;
        let extended = budgets::extends_orbits(run);
        Ok(OrbitTable { table, extended, waiting: Vec::new(), records: Vec::new() })
    }

    /// Adds an orbit.
    ///
    /// # Errors
    /// [`OutputError`] if it cannot be written.
    pub fn push(&mut self, orbit: &OrbitRow) -> Result<(), OutputError> {
        if !self.extended {
            return self.table.push(orbit);
        }
        self.waiting.push(*orbit);
        Ok(())
    }

    /// Adds a record of a column and writes the orbits that have ended in it.
    ///
    /// # Errors
    /// [`OutputError`] if one cannot be written.
    pub fn record(&mut self, row: &Row<'_>) -> Result<(), OutputError> {
        if !self.extended {
            return Ok(());
        }
        self.records.push(Record {
            start: row.time - row.dt,
            end: row.time,
            blowout: row.mars_masses(row.outflux()),
            sinks: row.mars_masses(row.sink_rate()),
            total: row.mars_masses(row.loss_rate()),
            ts_ratio: row.cell.t_blow / row.collision_time(),
            gate_factor: row.report.gate_factor,
        });
        let ended = self.waiting.iter().take_while(|orbit| orbit.time_end <= row.time).count();
        self.write(ended)
    }

    /// Writes the first waiting orbits and forgets the records before their end.
    fn write(&mut self, count: usize) -> Result<(), OutputError> {
        for orbit in self.waiting.drain(..count) {
            let start = orbit.time_end - orbit.t_orb;
            let overlaps = |record: &&Record| record.end > start && record.start < orbit.time_end;
            let records: Vec<Record> = self.records.iter().filter(overlaps).copied().collect();
            self.table.push(&OrbitRow { records: summed_up(&records), ..orbit })?;
            self.records.retain(|record| record.end > orbit.time_end);
        }
        Ok(())
    }

    /// Brings the table to the disk and saves how long it is.
    ///
    /// # Errors
    /// [`OutputError`] if it cannot be written.
    pub fn save(&mut self, exchange: &mut Exchange) -> Result<(), OutputError> {
        self.table.save(exchange)
    }

    /// Saves or restores what is not in the table yet.
    ///
    /// # Errors
    /// When restoring: the snapshot is of another run.
    pub fn exchange(&mut self, exchange: &mut Exchange) -> Result<(), SnapshotError> {
        if !self.extended {
            return Ok(());
        }
        exchange.enter("orbit_table").wire("waiting", "orbits that end in a record to come", &mut self.waiting)?;
        exchange.wire("records", "records that orbits to come overlap", &mut self.records)
    }

    /// Makes the file whole.
    ///
    /// # Errors
    /// [`OutputError`] if the rest cannot be written.
    pub fn finish(mut self) -> Result<(), OutputError> {
        self.write(self.waiting.len())?;
        self.table.finish()
    }
}

fn summed_up(records: &[Record]) -> OrbitRecords {
    let peak = |number: fn(&Record) -> f64| records.iter().map(number).fold(f64::NAN, f64::max);
    OrbitRecords {
        blowout_peak: peak(|record| record.blowout),
        sinks_peak: peak(|record| record.sinks),
        total_peak: peak(|record| record.total),
        ts_ratio: median(records.iter().map(|record| record.ts_ratio)),
        gate_factor: median(records.iter().map(|record| record.gate_factor)),
    }
}

/// The middle number, or the mean of the two middles; NaN without any that is finite.
fn median(numbers: impl Iterator<Item = f64>) -> f64 {
    let mut sorted: Vec<f64> = numbers.filter(|number| number.is_finite()).collect();
    sorted.sort_by(f64::total_cmp);
    match sorted.len() {
        0 => f64::NAN,
        n => 0.5 * (sorted[(n - 1) / 2] + sorted[n / 2]),
    }
}
