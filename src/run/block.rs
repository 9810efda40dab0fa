//! The cells of this process: steps them, and can take steps back.
//!
//! A process steps on without asking the others whether the run has ended meanwhile. If it has, the cells return to
//! where the batch began and take the steps that count again: the future of a cell follows from its state, the model
//! and the drivers.

use super::interval::Interval;
use crate::checkpoint::snapshot::{Exchange, SnapshotError};
use crate::disk::advance::advance;
use crate::disk::cell::CellState;
use crate::disk::model::Model;
use crate::disk::report::{CellReport, StepFacts};
use crate::disk::step::StepError;
use crate::disk::workers::Workers;
use crate::wire_struct;
use rayon::ThreadPool;
use rayon::prelude::*;
use std::ops::Range;

/// Cells, and what happened to them since the last record.
#[derive(Debug, Clone)]
pub struct Load {
    cells: Vec<CellState>,
    interval: Interval,
}
wire_struct!(Load { cells, interval });

impl Load {
    /// The whole disk, from its blocks in order.
    pub fn of_blocks(blocks: Vec<Load>) -> Self {
        let (cells, intervals): (Vec<_>, Vec<_>) = blocks.into_iter().map(|load| (load.cells, load.interval)).unzip();
        Load { cells: cells.concat(), interval: Interval::of_blocks(intervals) }
    }

    /// The cells at the start of a run.
    pub fn at_start(cells: Vec<CellState>) -> Self {
        Load { cells, interval: Interval::default() }
    }

    /// Saves or restores all of it.
    ///
    /// # Errors
    /// When restoring: the snapshot is of another disk.
    pub fn exchange(&mut self, exchange: &mut Exchange) -> Result<(), SnapshotError> {
        let Load { cells, interval } = self;
        CellState::exchange(cells, exchange)?;
        exchange.enter("interval").wire("reports", "what happened to the cells since the last record", interval)?;
        if interval.suits(cells.len()) {
            return Ok(());
        }
        let reason = "it is of another number of cells".to_string();
        Err(SnapshotError::Nonsense { name: "interval/reports".to_string(), reason })
    }

    /// Some of its cells.
    pub fn of_cells(&self, range: Range<usize>) -> Self {
        Load { cells: self.cells[range.clone()].to_vec(), interval: self.interval.of_cells(range) }
    }
}

/// Contiguous cells of the disk.
pub struct Block<'a> {
    model: &'a Model,
    workers: Workers,
    /// Threads beside the main one; without them it does the work itself.
    threads: Option<&'a ThreadPool>,
    /// Cells that a thread takes at a time.
    chunk: usize,
    range: Range<usize>,
    cells: Vec<CellState>,
    interval: Interval,
    saved: (Vec<CellState>, Interval),
    results: Vec<Result<CellReport, StepError>>,
    reports: Vec<CellReport>,
}

impl<'a> Block<'a> {
    /// The cells `range` of the disk, with their `load`; a thread takes `chunk` of them at a time.
    pub fn new(
        model: &'a Model,
        range: Range<usize>,
        load: Load,
        threads: Option<&'a ThreadPool>,
        chunk: usize,
    ) -> Self {
        let Load { cells, interval } = load;
        let workers = threads.map_or(1, ThreadPool::current_num_threads);
        Block {
            model,
            workers: Workers::new(workers, model.sizes.len()),
            threads,
            chunk,
            range,
            results: Vec::with_capacity(cells.len()),
            reports: Vec::with_capacity(cells.len()),
            saved: (cells.clone(), interval.clone()),
            cells,
            interval,
        }
    }

    /// Which cells of the disk these are.
    pub fn range(&self) -> Range<usize> {
        self.range.clone()
    }

    /// Their states.
    pub fn cells(&self) -> &[CellState] {
        &self.cells
    }

    /// What the last step did to them.
    pub fn reports(&self) -> &[CellReport] {
        &self.reports
    }

    /// Whether nothing happened since the last record.
    pub fn is_recorded(&self) -> bool {
        self.interval.is_empty()
    }

    /// Everything about the cells that moves with them.
    pub fn load(&self) -> Load {
        Load { cells: self.cells.clone(), interval: self.interval.clone() }
    }

    /// Exchanges the cells for others.
    pub fn replace(&mut self, range: Range<usize>, load: Load) {
        self.range = range;
        self.cells = load.cells;
        self.interval = load.interval;
    }

    /// Remembers the present, for [`Block::go_back`].
    pub fn save(&mut self) {
        self.saved.0.clone_from(&self.cells);
        self.saved.1.clone_from(&self.interval);
    }

    /// Returns to what was remembered.
    pub fn go_back(&mut self) {
        self.cells.clone_from(&self.saved.0);
        self.interval.clone_from(&self.saved.1);
    }

    /// Steps all cells.
    ///
    /// # Errors
    /// The first failure in the order of the cells, with the cell's index in the disk.
    pub fn step(&mut self, drivers: &StepFacts) -> Result<(), (usize, StepError)> {
        let (model, workers) = (self.model, &self.workers);
        let models = &model.cells[self.range.clone()];
        let take = |state: &mut CellState, cell| workers.with(|work| advance(model, cell, state, drivers, work));
        let (cells, results, chunk) = (&mut self.cells, &mut self.results, self.chunk);
        match self.threads {
            Some(threads) => threads.install(|| {
                let pairs = cells.par_iter_mut().zip(models).with_min_len(chunk).with_max_len(chunk);
                pairs.map(|(state, cell)| take(state, cell)).collect_into_vec(results);
            }),
            None => results.extend(cells.iter_mut().zip(models).map(|(state, cell)| take(state, cell))),
        }
        self.reports.clear();
        for (cell, result) in self.range.clone().zip(self.results.drain(..)) {
            self.reports.push(result.map_err(|error| (cell, error))?);
        }
        self.interval.add(drivers.dt, &self.reports);
        Ok(())
    }

    /// What happened since the last record, in which these are the drivers of the last step; a new interval begins.
    pub fn close_interval(&mut self, last: &StepFacts) -> &[CellReport] {
        self.interval.close(last).1
    }
}
