//! What process 0 does with the reports of all: sums, stop conditions, records.

use super::batch::{Batch, Step};
use super::clock::Tick;
use super::driver::RunError;
use super::orbits::OrbitRollup;
use super::stop::StopRules;
use crate::checkpoint::snapshot::{Exchange, SnapshotError};
use crate::disk::budget::{BudgetRow, larger_or_none};
use crate::disk::cell::CellModel;
use crate::disk::model::{Model, Scheme};
use crate::disk::report::{CellReport, StepFacts};
use crate::output::recorder::{Distributions, Recorder};
use crate::output::summary::StepCounts;
use crate::physics::constants::{M_MARS, R_MARS};
use crate::physics::orbit::orbital_period;

/// The books of a run.
pub struct Books<'a> {
    model: &'a Model,
    rules: StopRules,
    recorder: Option<&'a mut Recorder>,
    observe: &'a mut (dyn FnMut(&Tick) + Send),
    orbits: OrbitRollup,
    budgets: Vec<BudgetRow>,
    /// The step entered last.
    last: Option<StepFacts>,
    /// Time since the last record [s].
    elapsed: f64,
    /// Steps that were entered.
    pub steps: StepCounts,
}

impl<'a> Books<'a> {
    /// Empty books. `observe` is told of every step.
    pub fn new(
        model: &'a Model,
        rules: StopRules,
        recorder: Option<&'a mut Recorder>,
        observe: &'a mut (dyn FnMut(&Tick) + Send),
    ) -> Self {
        let initial = |cell: &CellModel| cell.facts.initial_surface_density * cell.facts.area / M_MARS;
        let initial_mass = model.cells.iter().map(initial).sum();
        let r_middle = model.grid.middle();
        Books {
            orbits: OrbitRollup::new(orbital_period(r_middle), r_middle / R_MARS, initial_mass),
            budgets: Vec::with_capacity(model.cells.len()),
            last: None,
            elapsed: 0.0,
            steps: StepCounts::default(),
            model,
            rules,
            recorder,
            observe,
        }
    }

    /// Saves or restores everything but what the recorder has.
    ///
    /// # Errors
    /// When restoring: the snapshot is not of a run.
    pub fn exchange(&mut self, exchange: &mut Exchange) -> Result<(), SnapshotError> {
        let Books { orbits, last, elapsed, steps, .. } = self;
        orbits.exchange(exchange)?;
        exchange.enter("books").real("elapsed", "s", "time since the last record", elapsed)?;
        exchange.count("coupling", "coupling steps", &mut steps.coupling)?;
        exchange.count("inner_accepted", "accepted steps of the integrator", &mut steps.inner_accepted)?;
        exchange.count("inner_rejected", "rejected steps of the integrator", &mut steps.inner_rejected)?;
        exchange.count("fallback", "steps of the fall-back scheme", &mut steps.fallback)?;
        exchange.wire("last", "drivers of the last step", last)
    }

    /// The recorder, where there is one.
    pub fn recorder(&mut self) -> Option<&mut Recorder> {
        self.recorder.as_deref_mut()
    }

    /// Time reached [s].
    pub fn time(&self) -> f64 {
        self.last.map_or(0.0, |step| step.time)
    }

    /// Enters the first steps of a batch.
    ///
    /// # Errors
    /// If a record cannot be written or the mass budget does not close; the steps until then are entered.
    pub fn enter(&mut self, steps: &[Step], batch: &Batch) -> Result<(), RunError> {
        let cells = self.model.cells.len();
        let mut reports = batch.reports.chunks_exact(cells);
        let mut distributions = batch.distributions(cells * self.model.sizes.len());
        for (step, sums) in steps.iter().zip(&batch.steps) {
            let drivers = &step.drivers;
            self.last = Some(*drivers);
            self.steps.coupling += 1;
            self.steps.add(&sums.counts);
            let recorder = &mut self.recorder;
            self.orbits.add((drivers.time, drivers.dt), sums.blowout, sums.sinks, drivers.temperature, |row| {
                recorder.as_mut().map_or(Ok(()), |recorder| recorder.orbit(row))
            })?;
            self.elapsed += drivers.dt;
            if step.tick.record
                && let (Some(reports), Some(found)) = (reports.next(), distributions.next())
            {
                self.record(reports, found)?;
            }
            (self.observe)(&step.tick);
        }
        Ok(())
    }

    /// Enters the steps since the last record, which `rest` holds, as a record; without `rest` there are none.
    /// A run shorter than an orbit has its losses entered as one. `refused`: drivers of a step that was not taken.
    ///
    /// # Errors
    /// If a record cannot be written or the mass budget does not close.
    pub fn close(&mut self, rest: Option<&Batch>, refused: Option<&StepFacts>) -> Result<(), RunError> {
        if let (Some(rest), Some(_)) = (rest, self.last) {
            let found = Distributions { bins: &rest.bins, sizes: &rest.sizes };
            self.record(&rest.reports, found)?;
        }
        if let (Some(recorder), Some(drivers)) = (&mut self.recorder, refused) {
            recorder.refuse(drivers);
        }
        let Some(last) = self.last.as_ref().or(refused) else { return Ok(()) };
        if self.orbits.completed() == 0 {
            let row = self.orbits.remainder(self.time(), last.temperature);
            if let Some(recorder) = &mut self.recorder {
                recorder.orbit(&row)?;
            }
        }
        Ok(())
    }

    fn record(&mut self, reports: &[CellReport], found: Distributions<'_>) -> Result<(), RunError> {
        let (Some(recorder), Some(drivers)) = (&mut self.recorder, self.last) else { return Ok(()) };
        let step = StepFacts { dt: std::mem::take(&mut self.elapsed), ..drivers };
        let scheme = self.model.scheme;
        self.budgets.clear();
        let cells = reports.iter().zip(&self.model.cells);
        self.budgets.extend(cells.map(|(report, cell)| BudgetRow::of_cell(step.time, scheme, &cell.facts, report)));
        let total = BudgetRow::total(step.time, scheme, &self.budgets);
        recorder.record(&step, reports, found, &total, &self.budgets)?;
        let percent = self.budgets.iter().chain([&total]).map(BudgetRow::error_percent).fold(0.0, larger_or_none);
        // The Python program's step does not conserve mass: its budget is reported, not enforced unless asked for. One
        // that is no number is an error all the same.
        let allowed = total.tolerance_percent;
        let enforced = scheme != Scheme::ImexBdf1 || self.rules.enforce_budget;
        if percent.is_nan() || (enforced && percent > allowed) {
            return Err(RunError::Budget { time: step.time, percent, allowed });
        }
        Ok(())
    }
}
