//! Evolves the bins of a cell with the error-controlled integrator; the ledger says what left.

use super::cell::{CellModel, CellState};
use super::encounters::{Encounters, encounters, tables_of};
use super::model::{Model, SublimationScheme};
use super::report::{InnerSteps, Ledger, SmolReport, StepFacts};
use super::step::{Conditions, Evolved, StepError};
use super::workers::Workspace;
use crate::physics::sinks;
use crate::smoluchowski::cell_integrator::{self, Outcome, Tolerances};
use crate::smoluchowski::processes::{Channel, Processes};
use crate::smoluchowski::{IntegrationError, operator};

/// How precisely the moment of a stop is found, as a share of an inner step.
const STOP_PRECISION: f64 = 1e-7;
/// Where grains are stirred by the optical depth, they are taken to meet alike until that has changed by this share,
/// over the share of it that collisions renew meanwhile.
const SAME_DEPTH: f64 = 0.03;
/// And until it has changed by this share, whatever collisions do.
const LARGEST_CHANGE: f64 = 0.3;
/// Optical depths below this do not count there.
const NO_DEPTH: f64 = 1e-6;
/// Encounters are alike if speed and scale height differ by less than this share, over the same share of the optical
/// depth.
const ALIKE: f64 = 3e-3;
/// They are comparable if they differ by less than this; else the stretch is too long ...
const COMPARABLE: f64 = 0.03;
/// ... unless it is this short already, as a share of the coupling step.
const SHORTEST: f64 = 1e-3;

/// `stops` says whether a state ends the step, `depth` its optical depth along the line of sight.
pub(super) fn evolve(
    (model, cell): (&Model, &CellModel),
    state: &mut CellState,
    drivers: &StepFacts,
    conditions: &mut Conditions,
    tolerances: Tolerances,
    (stops, depth): (impl Fn(&[f64]) -> bool, impl Fn(&[f64]) -> f64),
    work: &mut Workspace,
) -> Result<Evolved, StepError> {
    set_processes(model, cell, drivers, conditions, &mut work.processes);
    let sigma_before = state.surface_density();
    let stretch = Stretch { model, cell, tolerances };
    let outcome = match &mut conditions.encounters {
        Some(met) if model.stirring.follows_depth() => {
            stretch.evolve_stirred(state, drivers, (met, conditions.supply.applied), (stops, depth), work)?
        }
        met => stretch.evolve(state, drivers.dt, *met, (stops, STOP_PRECISION), work)?,
    };
    let tables = conditions.encounters.map(|met| tables_of(model, cell, met, &None, &mut work.moving));
    let smol = tables.map(|tables| {
        let totals = operator::collision_totals(tables, &state.bins, work.integrator.scratch());
        smol_report(&outcome, sigma_before, state.surface_density(), totals)
    });
    let inner = InnerSteps { accepted: outcome.steps, rejected: outcome.rejected, fallback: outcome.fallback };
    Ok(Evolved { duration: outcome.duration, ledger: ledger(&outcome), smol, inner, ..Evolved::default() })
}

/// What all stretches of a step have in common.
struct Stretch<'a> {
    model: &'a Model,
    cell: &'a CellModel,
    tolerances: Tolerances,
}

impl Stretch<'_> {
    /// Evolves the bins over `dt` [s], or until the event, while grains meet alike.
    fn evolve(
        &self,
        state: &mut CellState,
        dt: f64,
        met: Option<Encounters>,
        event: (impl Fn(&[f64]) -> bool, f64),
        work: &mut Workspace,
    ) -> Result<Outcome, IntegrationError> {
        let tables = met.map(|met| tables_of(self.model, self.cell, met, &None, &mut work.moving));
        let (bins, first_step) = (&mut state.bins, &mut state.first_step);
        let rates = (tables, &work.processes);
        cell_integrator::advance_until(rates, bins, dt, first_step, self.tolerances, event, &mut work.integrator)
    }

    /// The share of the optical depth that collisions would bring to bins or take from them within `dt` [s], at most
    /// one.
    fn renewed(
        &self,
        state: &CellState,
        dt: f64,
        met: Encounters,
        depth: impl Fn(&[f64]) -> f64,
        work: &mut Workspace,
    ) -> f64 {
        let tables = tables_of(self.model, self.cell, met, &None, &mut work.moving);
        operator::collision_rate(tables, &state.bins, work.integrator.scratch(), &mut work.sinks);
        work.sinks.iter_mut().for_each(|rate| *rate = rate.abs());
        // NaN, of an empty cell, becomes one.
        (dt * depth(&work.sinks) / depth(&state.bins)).min(1.0)
    }

    /// The whole step in stretches, in which the optical depth changes little. Each is tried as grains meet at its
    /// start. If they meet otherwise at the mean optical depth, as it then was, the stretch is taken again like that,
    /// and a shorter one if they meet much otherwise. `met` is then how they met last.
    fn evolve_stirred(
        &self,
        state: &mut CellState,
        drivers: &StepFacts,
        (met, supply): (&mut Encounters, f64),
        (stops, depth): (impl Fn(&[f64]) -> bool, impl Fn(&[f64]) -> f64),
        work: &mut Workspace,
    ) -> Result<Outcome, StepError> {
        let (stirring, facts) = (&self.model.stirring, &self.cell.facts);
        let (mut outcome, mut reach) = (Outcome::default(), drivers.dt);
        while outcome.duration < drivers.dt {
            let left = drivers.dt - outcome.duration;
            let rest = left.min(reach);
            let before = depth(&state.bins);
            let meeting = |state: &CellState, dt: f64, tau: f64| {
                encounters(stirring, facts, state, &StepFacts { dt, ..*drivers }, supply, tau)
            };
            let tried = meeting(state, rest, before)?;
            let renewed = self.renewed(state, rest, tried, &depth, work);
            let limit = (SAME_DEPTH / renewed).min(LARGEST_CHANGE);
            let ends = |bins: &[f64]| {
                let now = depth(bins);
                stops(bins) || (now - before).abs() > limit * now.max(before) + NO_DEPTH
            };
            work.counts.copy_from_slice(&state.bins);
            let first_step = state.first_step;
            let trial = self.evolve(state, rest, Some(tried), (ends, 1.0), work)?;
            let (after, stopped) = (depth(&state.bins), stops(&state.bins));
            std::mem::swap(&mut state.bins, &mut work.counts);
            let implied = meeting(state, trial.duration, 0.5 * (before + after));
            let near =
                |tolerance: f64| implied.as_ref().is_ok_and(|implied| implied.alike(&tried, tolerance / renewed));
            if near(ALIKE) && !stopped {
                std::mem::swap(&mut state.bins, &mut work.counts);
                *met = Encounters { speed: tried.speed, scale_height: tried.scale_height, ..implied? };
                outcome.add(&trial);
            } else {
                state.first_step = first_step;
                outcome.rejected += trial.steps + trial.rejected;
                if !near(COMPARABLE) && trial.duration > SHORTEST * drivers.dt {
                    reach = 0.5 * trial.duration;
                    continue;
                }
                *met = implied?;
                outcome.add(&self.evolve(state, trial.duration, Some(*met), (&stops, STOP_PRECISION), work)?);
            }
            reach = 2.0 * trial.duration;
            state.excitation = met.next;
            if stops(&state.bins) {
                break;
            }
            // The rest of the step to the last digit, whatever rounding made of the sum.
            if trial.duration >= left {
                outcome.duration = drivers.dt;
            }
        }
        Ok(outcome)
    }
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
        let rates = &mut processes.losses[Channel::Blowout];
        sinks::blowout_rates(model.blowout.bin_rule, &model.sizes.edges, drivers.s_blow, cell.facts.t_blow, rates);
        rates.iter_mut().for_each(|rate| *rate *= conditions.gate_factor);
    }
    add_sublimation(model, drivers, conditions, processes);
    if model.gas_drag_time.is_finite() {
        processes.losses[Channel::GasDrag].fill(1.0 / model.gas_drag_time);
    }
    if conditions.escape_rate > 0.0 {
        processes.losses[Channel::Escape].fill(conditions.escape_rate);
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
    let vapour = &mut losses[Channel::Sublimation];
    match sublimation.scheme {
        SublimationScheme::Drift => sinks::sublimation_drift(sizes, &model.sizes.masses, rate, drift, vapour),
        SublimationScheme::Lifetime => sinks::sublimation_lifetime(sizes, rate, vapour),
        SublimationScheme::Crossing => sinks::sublimation_crossing(sizes, rate, drivers.s_blow, drivers.dt, vapour),
        SublimationScheme::Surface => vapour.fill(1.0 / conditions.t_sink_sublimation),
    }
}

fn ledger(outcome: &Outcome) -> Ledger {
    Ledger {
        blowout: outcome.lost[Channel::Blowout],
        sublimation: outcome.lost[Channel::Sublimation],
        gas_drag: outcome.lost[Channel::GasDrag],
        escape: outcome.lost[Channel::Escape],
        supplied: outcome.supplied,
        buffered: 0.0,
        clipped: outcome.clipped,
    }
}

fn smol_report(outcome: &Outcome, sigma_before: f64, sigma_after: f64, (moved, t_coll): (f64, f64)) -> SmolReport {
    let dt = outcome.duration;
    let lost = outcome.lost.sum();
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
