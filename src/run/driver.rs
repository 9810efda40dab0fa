//! The time loop.
//!
//! Every process steps its own cells; what they report is gathered in cell order on process 0, which adds up the
//! masses, decides when to stop and writes the records.

use super::budget::BudgetRow;
use super::clock::{Clock, Tick};
use super::interval::Interval;
use super::orbits::OrbitRollup;
use super::stop::{StopReason, StopRules};
use crate::disk::cell::CellState;
use crate::disk::model::{Model, Scheme};
use crate::disk::report::{CellReport, StepFacts};
use crate::disk::step::step;
use crate::disk::workers::Workers;
use crate::output::OutputError;
use crate::output::recorder::Recorder;
use crate::output::summary::StepCounts;
use crate::parallel::communicator::Communicator;
use crate::physics::PhysicsError;
use crate::physics::constants::M_MARS;
use crate::smoluchowski::IntegrationError;
use rayon::prelude::*;

/// Why a run could not go on.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// The drivers cannot be evaluated.
    #[error("at {time:e} s: {source}")]
    Drivers {
        /// Start of the step [s].
        time: f64,
        /// What is wrong.
        source: PhysicsError,
    },
    /// A cell cannot be integrated.
    #[error("cell {cell}, step from {time:e} s: {source}")]
    Cell {
        /// Index of the cell.
        cell: usize,
        /// Start of the step [s].
        time: f64,
        /// What is wrong.
        source: IntegrationError,
    },
    /// Mass appeared or vanished.
    #[error("at {time:e} s the mass budget is off by {percent:e} % (at most {allowed:e} %)")]
    Budget {
        /// Time [s].
        time: f64,
        /// Largest error of a cell or of the disk [%].
        percent: f64,
        /// Largest error allowed [%].
        allowed: f64,
    },
    /// A file cannot be written.
    #[error(transparent)]
    Output(#[from] OutputError),
}

impl RunError {
    /// When it happened [s], where that is known.
    pub fn time(&self) -> Option<f64> {
        match self {
            RunError::Drivers { time, .. } | RunError::Cell { time, .. } | RunError::Budget { time, .. } => Some(*time),
            RunError::Output(_) => None,
        }
    }

    /// In which cell it happened, where that is known.
    pub fn cell(&self) -> Option<usize> {
        if let RunError::Cell { cell, .. } = self { Some(*cell) } else { None }
    }
}

/// How a run ended.
#[derive(Debug)]
pub struct Ended {
    /// Its stop reason, or what went wrong.
    pub result: Result<StopReason, RunError>,
    /// Time reached [s].
    pub time: f64,
    /// Steps taken.
    pub steps: StepCounts,
}

/// Runs a disk to its end. Only process 0 has a recorder. `observe` is told of every step.
pub fn run<C: Communicator>(
    model: &Model,
    cells: &mut [CellState],
    clock: Clock,
    rules: StopRules,
    communicator: &C,
    recorder: Option<&mut Recorder>,
    observe: &mut dyn FnMut(&Tick),
) -> Ended {
    let mut driver = Driver::new(model, cells, clock, rules, communicator, recorder);
    let mut result = loop {
        match driver.advance(observe) {
            Ok(None) => {}
            Ok(Some(reason)) => break Ok(reason),
            Err(error) => break Err(error),
        }
    };
    // Whatever ended the run, the steps since the last record are recorded.
    if !matches!(result, Err(RunError::Output(_)))
        && let Err(error) = driver.record_rest()
    {
        result = result.and(Err(error));
    }
    Ended { result, time: driver.time, steps: driver.steps }
}

struct Driver<'a, C> {
    model: &'a Model,
    cells: &'a mut [CellState],
    /// The cells before the step under way, for a record when it fails.
    before: Vec<CellState>,
    clock: Clock,
    rules: StopRules,
    communicator: &'a C,
    recorder: Option<&'a mut Recorder>,
    workers: Workers,
    results: Vec<Result<CellReport, IntegrationError>>,
    mine: Vec<CellReport>,
    reports: Vec<CellReport>,
    my_bins: Vec<f64>,
    bins: Vec<f64>,
    budgets: Vec<BudgetRow>,
    interval: Interval,
    orbits: OrbitRollup,
    last: Option<StepFacts>,
    time: f64,
    steps: StepCounts,
}

impl<'a, C: Communicator> Driver<'a, C> {
    fn new(
        model: &'a Model,
        cells: &'a mut [CellState],
        clock: Clock,
        rules: StopRules,
        communicator: &'a C,
        recorder: Option<&'a mut Recorder>,
    ) -> Self {
        let initial =
            |cell: &crate::disk::cell::CellModel| cell.facts.initial_surface_density * cell.facts.area / M_MARS;
        let initial_mass = model.cells.iter().map(initial).sum();
        let r_middle = model.grid.middle();
        let t_orb = crate::physics::orbit::orbital_period(r_middle);
        let r_rm = r_middle / crate::physics::constants::R_MARS;
        Driver {
            workers: Workers::new(rayon::current_num_threads(), model.sizes.len()),
            orbits: OrbitRollup::new(t_orb, r_rm, initial_mass),
            before: cells.to_vec(),
            results: Vec::with_capacity(cells.len()),
            mine: Vec::with_capacity(cells.len()),
            reports: Vec::with_capacity(model.cells.len()),
            my_bins: Vec::with_capacity(cells.len() * model.sizes.len()),
            bins: Vec::with_capacity(model.cells.len() * model.sizes.len()),
            budgets: Vec::with_capacity(model.cells.len()),
            interval: Interval::default(),
            last: None,
            time: 0.0,
            steps: StepCounts::default(),
            model,
            cells,
            clock,
            rules,
            communicator,
            recorder,
        }
    }

    /// One coupling step; says why the run ends, if it does.
    fn advance(&mut self, observe: &mut dyn FnMut(&Tick)) -> Result<Option<StopReason>, RunError> {
        let Some(tick) = self.clock.next(self.model) else { return Ok(Some(StopReason::EndReached)) };
        let drivers = self
            .model
            .drivers(tick.index, tick.start, tick.dt())
            .map_err(|source| RunError::Drivers { time: tick.start, source })?;
        if let Some(reason) = self.rules.before_step(tick.start, &drivers) {
            return Ok(Some(reason));
        }
        self.before.clone_from_slice(self.cells);
        self.step_cells(&drivers, tick.start).inspect_err(|_| self.cells.clone_from_slice(&self.before))?;
        self.time = tick.end;
        self.steps.coupling += 1;
        self.last = Some(drivers);
        self.communicator.gather(&self.mine, &mut self.reports);
        let mut stop = self.account(&drivers)?;
        self.communicator.broadcast(&mut stop);
        let mut t_coll = shortest_collision_time(&self.reports);
        self.communicator.broadcast(&mut t_coll);
        self.clock.observe_collision_time(t_coll);
        if tick.record {
            self.record(&drivers, stop.is_some() || tick.last)?;
        }
        observe(&tick);
        Ok(stop)
    }

    /// Steps this process's cells in parallel; the first failure in cell order counts.
    fn step_cells(&mut self, drivers: &StepFacts, start: f64) -> Result<(), RunError> {
        let (model, workers) = (self.model, &self.workers);
        self.cells
            .par_iter_mut()
            .zip(&model.cells)
            .with_max_len(1)
            .map(|(state, cell)| workers.with(|work| step(model, cell, state, drivers, work)))
            .collect_into_vec(&mut self.results);
        self.mine.clear();
        for (cell, result) in self.results.drain(..).enumerate() {
            self.mine.push(result.map_err(|source| RunError::Cell { cell, time: start, source })?);
        }
        Ok(())
    }

    /// Adds the step to the sums over all cells, on process 0.
    fn account(&mut self, drivers: &StepFacts) -> Result<Option<StopReason>, RunError> {
        if !self.communicator.is_root() {
            return Ok(None);
        }
        let (mut blowout, mut sinks) = (0.0, 0.0);
        for (report, cell) in self.reports.iter().zip(&self.model.cells) {
            blowout += report.ledger.blowout * cell.facts.area / M_MARS;
            sinks += report.ledger.sinks() * cell.facts.area / M_MARS;
            if let Some(smol) = report.smol {
                self.steps.inner_accepted += u64::from(smol.steps);
                self.steps.inner_rejected += u64::from(smol.rejected);
                self.steps.fallback += u64::from(smol.fallback);
            }
        }
        let recorder = &mut self.recorder;
        self.orbits.add((drivers.time, drivers.dt), blowout, sinks, drivers.temperature, |row| {
            recorder.as_mut().map_or(Ok(()), |recorder| recorder.orbit(row))
        })?;
        self.interval.add(drivers.dt, &self.reports);
        Ok(self.rules.after_step(drivers, &self.reports, (blowout + sinks) / drivers.dt))
    }

    fn record(&mut self, drivers: &StepFacts, last: bool) -> Result<(), RunError> {
        self.my_bins.clear();
        for cell in self.cells.iter() {
            self.my_bins.extend_from_slice(&cell.bins);
        }
        self.communicator.gather(&self.my_bins, &mut self.bins);
        let Some(recorder) = &mut self.recorder else { return Ok(()) };
        let (step, reports) = self.interval.close(drivers);
        let scheme = self.model.scheme;
        self.budgets.clear();
        let cells = reports.iter().zip(&self.model.cells);
        self.budgets.extend(cells.map(|(report, cell)| BudgetRow::of_cell(step.time, scheme, &cell.facts, report)));
        let total = BudgetRow::total(step.time, scheme, &self.budgets);
        recorder.record(&step, reports, &self.bins, &total, &self.budgets, last)?;
        let percent = self.budgets.iter().chain([&total]).map(BudgetRow::error_percent).fold(0.0, f64::max);
        // The Python program's step does not conserve mass: its budget is reported, not enforced.
        let allowed = total.tolerance_percent;
        if percent > allowed && scheme != Scheme::ImexBdf1 {
            return Err(RunError::Budget { time: step.time, percent, allowed });
        }
        Ok(())
    }

    /// Records the steps since the last record, and the orbit under way if no other was completed.
    fn record_rest(&mut self) -> Result<(), RunError> {
        let Some(drivers) = self.last else { return Ok(()) };
        if !self.interval.is_empty() {
            self.record(&drivers, true)?;
        }
        if self.orbits.completed() == 0 {
            let row = self.orbits.remainder(self.time, drivers.temperature);
            if let Some(recorder) = &mut self.recorder {
                recorder.orbit(&row)?;
            }
        }
        Ok(())
    }
}

/// Shortest collision time of all cells [s]; infinite without collisions.
fn shortest_collision_time(reports: &[CellReport]) -> f64 {
    reports.iter().filter_map(|report| report.smol).map(|smol| smol.t_coll).fold(f64::INFINITY, f64::min)
}
