//! Evolves the bins of a cell with the error-controlled integrator; the ledger says what left.

use super::cell::{CellModel, CellState};
use super::encounters::tables_of;
use super::model::{Model, SublimationScheme};
use super::report::{InnerSteps, Ledger, SmolReport, StepFacts};
use super::step::{Conditions, Evolved};
use super::workers::Workspace;
use crate::physics::sinks;
use crate::smoluchowski::cell_integrator::{self, Outcome, Tolerances};
use crate::smoluchowski::processes::{Channel, Processes};
use crate::smoluchowski::{IntegrationError, operator};

pub(super) fn evolve(
    model: &Model,
    cell: &CellModel,
    state: &mut CellState,
    drivers: &StepFacts,
    conditions: &Conditions,
    (tolerances, stops): (Tolerances, impl Fn(&[f64]) -> bool),
    work: &mut Workspace,
) -> Result<Evolved, IntegrationError> {
    set_processes(model, cell, drivers, conditions, &mut work.processes);
    let tables = conditions.encounters.map(|met| tables_of(model, cell, met, &None, &mut work.moving));
    let sigma_before = state.surface_density();
    let outcome = cell_integrator::advance_until(
        (tables, &work.processes),
        &mut state.bins,
        drivers.dt,
        &mut state.first_step,
        tolerances,
        stops,
        &mut work.integrator,
    )?;
    let smol = tables.map(|tables| {
        let totals = operator::collision_totals(tables, &state.bins, work.integrator.scratch());
        smol_report(&outcome, sigma_before, state.surface_density(), totals)
    });
    let inner = InnerSteps { accepted: outcome.steps, rejected: outcome.rejected, fallback: outcome.fallback };
    Ok(Evolved { duration: outcome.duration, ledger: ledger(&outcome), smol, inner, ..Evolved::default() })
}

fn set_processes(
    model: &Model,
    cell: &CellModel,
    drivers: &StepFacts,
    conditions: &Conditions,
    processes: &mut Processes,
) {
    processes.clear();
    if conditions.blowout {
        let rates = processes.loss_mut(Channel::Blowout);
        sinks::blowout_rates(model.blowout.bin_rule, &model.sizes.edges, drivers.s_blow, cell.facts.t_blow, rates);
        rates.iter_mut().for_each(|rate| *rate *= conditions.gate_factor);
    }
    add_sublimation(model, drivers, conditions, processes);
    if model.gas_drag_time.is_finite() {
        processes.loss_mut(Channel::GasDrag).fill(1.0 / model.gas_drag_time);
    }
    if conditions.escape_rate > 0.0 {
        processes.loss_mut(Channel::Escape).fill(conditions.escape_rate);
    }
    if conditions.supply.applied > 0.0 {
        let rate = conditions.supply.applied;
        model.supply.injection.fill(&model.sizes, drivers.s_min_effective, rate, &mut processes.source);
    }
}

/// Evaporation alone.
pub(super) fn set_sublimation(model: &Model, drivers: &StepFacts, conditions: &Conditions, processes: &mut Processes) {
    processes.clear();
    add_sublimation(model, drivers, conditions, processes);
}

fn add_sublimation(model: &Model, drivers: &StepFacts, conditions: &Conditions, processes: &mut Processes) {
    let Some(sublimation) = model.sublimation.as_ref().filter(|_| conditions.size_rate < 0.0) else { return };
    let (sizes, rate) = (&model.sizes.sizes, conditions.size_rate);
    let Processes { losses, drift, .. } = processes;
    let vapour = &mut losses[Channel::Sublimation as usize];
    match sublimation.scheme {
        SublimationScheme::Drift => sinks::sublimation_drift(sizes, &model.sizes.masses, rate, drift, vapour),
        SublimationScheme::Lifetime => sinks::sublimation_lifetime(sizes, rate, vapour),
        SublimationScheme::Crossing => sinks::sublimation_crossing(sizes, rate, drivers.s_blow, drivers.dt, vapour),
        SublimationScheme::Surface => vapour.fill(1.0 / conditions.t_sink_sublimation),
    }
}

fn ledger(outcome: &Outcome) -> Ledger {
    Ledger {
        blowout: outcome.lost[Channel::Blowout as usize],
        sublimation: outcome.lost[Channel::Sublimation as usize],
        gas_drag: outcome.lost[Channel::GasDrag as usize],
        escape: outcome.lost[Channel::Escape as usize],
        supplied: outcome.supplied,
        buffered: 0.0,
        clipped: outcome.clipped,
    }
}

fn smol_report(outcome: &Outcome, sigma_before: f64, sigma_after: f64, (moved, t_coll): (f64, f64)) -> SmolReport {
    let dt = outcome.duration;
    let lost: f64 = outcome.lost.iter().sum();
    SmolReport {
        dt_eff: dt,
        sigma_before,
        sigma_after,
        prod_rate: outcome.supplied / dt,
        loss_rate: lost / dt,
        gain_rate: moved,
        collision_loss_rate: moved,
        sink_rate: lost / dt,
        source_rate: outcome.supplied / dt,
        t_coll,
    }
}
