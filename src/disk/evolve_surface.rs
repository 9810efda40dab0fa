//! Evolves a column by one equation for its surface density (`surface.collision_solver: surface_ode`): the size
//! distribution keeps its shape, except that evaporating grains shrink.
//!
//! What collides is ground to dust that radiation expels at once, and is booked as blow-out. Without evaporation the
//! solution is exact. With it, halves of the exact solution enclose the error-controlled drift of the bins, and steps are
//! doubled or halved until a step and its two halves agree. The Python program's implicit step is in
//! [`super::evolve_column`].

use super::cell::{CellModel, CellState};
use super::evolve;
use super::model::Model;
use super::report::{InnerSteps, Ledger, StepFacts};
use super::step::{Conditions, Evolved};
use super::workers::Workspace;
use crate::physics::surface_equation::{Advanced, SurfaceEquation};
use crate::smoluchowski::IntegrationError;
use crate::smoluchowski::cell_integrator::{self, Tolerances};
use crate::smoluchowski::processes::Channel;

/// More steps than this mean that the splitting does not converge.
const MOST_STEPS: u32 = 200_000;

/// What the equation of a column is made of.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SurfaceSolver {
    /// Whether Wyatt's collision time acts (`surface.use_tcoll`).
    pub collides: bool,
    /// The Python program's longest sub-step over the blow-out time; infinite without sub-steps.
    pub longest_substep: f64,
}

impl SurfaceSolver {
    /// The equation in this step for grains of the given opacity [m² kg⁻¹].
    pub(super) fn equation(&self, model: &Model, cell: &CellModel, at: &Conditions, opacity: f64) -> SurfaceEquation {
        let blowout = if at.blowout { at.gate_factor / cell.facts.t_blow } else { 0.0 };
        SurfaceEquation {
            supply: at.supply.applied,
            loss: blowout + 1.0 / model.gas_drag_time + at.escape_rate,
            collisions: if self.collides && at.collisions { cell.facts.omega * opacity } else { 0.0 },
        }
    }
}

/// The whole step, in profile `conservative`.
pub(super) fn evolve(
    (model, cell): (&Model, &CellModel),
    solver: &SurfaceSolver,
    state: &mut CellState,
    drivers: &StepFacts,
    conditions: &Conditions,
    tolerances: Tolerances,
    work: &mut Workspace,
) -> Result<Evolved, IntegrationError> {
    let mut column = Column { model, cell, solver, conditions, tolerances, evolved: Evolved::default() };
    if conditions.size_rate < 0.0 {
        evolve::set_sublimation(model, drivers, conditions, &mut work.processes);
        column.split(state, drivers.dt, work)?;
    } else {
        column.surface(state, drivers.dt);
        column.evolved.inner.accepted += 1;
    }
    column.evolved.duration = drivers.dt;
    Ok(column.evolved)
}

struct Column<'a> {
    model: &'a Model,
    cell: &'a CellModel,
    solver: &'a SurfaceSolver,
    conditions: &'a Conditions,
    tolerances: Tolerances,
    evolved: Evolved,
}

impl Column<'_> {
    /// The exact solution over `time` [s]; the distribution keeps its shape.
    fn surface(&mut self, state: &mut CellState, time: f64) {
        let model = self.model;
        let law = self.solver.equation(model, self.cell, self.conditions, model.opacity(&model.sizes, &state.bins));
        let before = state.surface_density();
        let Advanced { surface_density, integral, collided } = law.exact(before, time);
        rescale(model, &mut state.bins, before, surface_density);
        let Conditions { blowout: blows, gate_factor, .. } = *self.conditions;
        let blowout = if blows { integral * gate_factor / self.cell.facts.t_blow } else { 0.0 };
        self.evolved.ledger.add(&Ledger {
            blowout: blowout + collided,
            gas_drag: integral / model.gas_drag_time,
            escape: integral * self.conditions.escape_rate,
            supplied: law.supply * time,
            ..Ledger::default()
        });
    }

    /// Evaporation of the bins over `time` [s].
    fn bins(&mut self, state: &mut CellState, time: f64, work: &mut Workspace) -> Result<(), IntegrationError> {
        let (processes, integrator) = (&work.processes, &mut work.integrator);
        let CellState { bins, first_step, .. } = state;
        let outcome = cell_integrator::advance(None, processes, bins, time, first_step, self.tolerances, integrator)?;
        self.evolved.ledger.add(&Ledger {
            sublimation: outcome.lost[Channel::Sublimation],
            clipped: outcome.clipped,
            ..Ledger::default()
        });
        let inner = InnerSteps { accepted: outcome.steps, rejected: outcome.rejected, fallback: outcome.fallback };
        self.evolved.inner.add(&inner);
        Ok(())
    }

    /// Half of the equation, evaporation, the other half.
    fn strang(&mut self, state: &mut CellState, time: f64, work: &mut Workspace) -> Result<(), IntegrationError> {
        self.surface(state, 0.5 * time);
        self.bins(state, time, work)?;
        self.surface(state, 0.5 * time);
        Ok(())
    }

    /// Steps of the splitting, each compared with its two halves.
    fn split(&mut self, state: &mut CellState, duration: f64, work: &mut Workspace) -> Result<(), IntegrationError> {
        let (mut time, mut h) = (0.0, duration);
        for _ in 0..MOST_STEPS {
            h = h.min(duration - time);
            work.counts.copy_from_slice(&state.bins);
            let (first_step, before) = (state.first_step, self.evolved);
            self.strang(state, h, work)?;
            work.sinks.copy_from_slice(&state.bins);
            state.bins.copy_from_slice(&work.counts);
            (state.first_step, self.evolved) = (first_step, before);
            self.strang(state, 0.5 * h, work)?;
            self.strang(state, 0.5 * h, work)?;
            // Of second order: the halves are off by a third of the difference.
            let total = work.counts.iter().sum::<f64>() + self.conditions.supply.applied * h;
            let difference: f64 = state.bins.iter().zip(&work.sinks).map(|(fine, coarse)| (fine - coarse).abs()).sum();
            let error = difference / (3.0 * self.tolerances.relative * total).max(f64::MIN_POSITIVE);
            let factor = (0.9 * error.powf(-1.0 / 3.0)).clamp(0.2, 4.0);
            if error > 1.0 {
                state.bins.copy_from_slice(&work.counts);
                (state.first_step, self.evolved) = (first_step, before);
                self.evolved.inner.rejected += 1;
                h *= factor;
                continue;
            }
            time = if h >= duration - time { duration } else { time + h };
            if time >= duration {
                return Ok(());
            }
            h *= factor;
        }
        Err(IntegrationError::NoProgress { steps: MOST_STEPS, time, dt: duration })
    }
}

/// Gives the bins another sum. An empty column fills as it was at the start.
pub(super) fn rescale(model: &Model, bins: &mut [f64], before: f64, after: f64) {
    if before > 0.0 {
        bins.iter_mut().for_each(|mass| *mass *= after / before);
    } else {
        bins.iter_mut().zip(&model.initial_fractions).for_each(|(mass, share)| *mass = share * after);
    }
}
