//! Evolves a column as the Python program's 0-D runs do, to compare with its results.
//!
//! Differences from its rings ([`super::evolve_imex`]): nothing happens where neither collisions nor a sink with a time
//! scale act; the blow-out and the sinks are booked over the time that was integrated, evaporation over the whole step;
//! vapour escapes; and the surface density may follow one equation instead of the bins.

use super::cell::{CellModel, CellState};
use super::encounters::Encounters;
use super::evolve_imex::{self, Collided};
use super::evolve_surface::{SurfaceSolver, rescale};
use super::model::{Model, SublimationScheme};
use super::report::{EndRates, InnerSteps, Ledger, StepFacts};
use super::step::{Conditions, Evolved};
use super::supply;
use super::workers::{Workspace, sizes_of};
use crate::physics::phase::PhaseState;
use crate::physics::size_distribution::SizeGrid;
use crate::physics::{shielding, sinks};
use crate::smoluchowski::imex_bdf1::Terms;
use crate::smoluchowski::processes::Channel;

/// Optical depth below which no collision time is defined.
const LEAST_TAU: f64 = 1e-12;

pub(super) fn evolve(
    model: &Model,
    cell: &CellModel,
    state: &mut CellState,
    drivers: &StepFacts,
    conditions: &mut Conditions,
    work: &mut Workspace,
) -> Evolved {
    if idles(model, conditions) {
        let idle = Evolved { duration: drivers.dt, end_rates: Some(EndRates::default()), ..Evolved::default() };
        return match &model.surface_solver {
            Some(_) => evaporate(model, state, drivers, conditions, work, idle),
            None => idle,
        };
    }
    match &model.surface_solver {
        Some(solver) => {
            let evolved =
                follow_equation((model, cell), solver, state, drivers, conditions, sizes_of(model, &work.moved));
            evaporate(model, state, drivers, conditions, work, evolved)
        }
        None => match conditions.encounters {
            Some(met) => collide(model, cell, state, drivers, (conditions, met), work),
            None => relax(model, state, drivers, conditions),
        },
    }
}

/// Whether nothing happens to the surface, which then receives no supply either.
pub(super) fn idles(model: &Model, conditions: &Conditions) -> bool {
    !conditions.collisions && !model.sink_has_time_scale
}

/// Rates of the sinks of the whole surface [s⁻¹]: gas drag and escape, of which only one acts. Vapour that escapes has no
/// way out where no other sink has a time scale.
fn uniform_sinks(model: &Model, conditions: &Conditions) -> (f64, f64) {
    match conditions.phase.state {
        PhaseState::Vapor if !model.sink_has_time_scale => (0.0, 0.0),
        PhaseState::Vapor => (0.0, conditions.escape_rate),
        PhaseState::Solid => (1.0 / model.gas_drag_time, 0.0),
    }
}

/// The collisional step.
fn collide(
    model: &Model,
    cell: &CellModel,
    state: &mut CellState,
    drivers: &StepFacts,
    (conditions, met): (&Conditions, Encounters),
    work: &mut Workspace,
) -> Evolved {
    let (drag, escape) = uniform_sinks(model, conditions);
    let dt = drivers.dt;
    let Collided { result, vapour, sigma_before, evolved } =
        evolve_imex::collide(model, cell, state, drivers, (conditions, met, drag + escape), work);
    let sigma_after = if model.surface_frozen { sigma_before } else { state.surface_density() };
    let uniform = (drag + escape) * sigma_before;
    let (blown, sunk) = if result.dt_eff < dt {
        (result.blowout_rate * result.dt_eff, uniform * result.dt_eff)
    } else {
        let loss = (sigma_before + conditions.supply.applied * dt - sigma_after).max(0.0);
        let all = result.blowout_rate + result.sink_rate;
        let share = |rate: f64| if all > 0.0 { loss * rate / all } else { 0.0 };
        (share(result.blowout_rate), share(uniform))
    };
    let ledger = Ledger {
        blowout: if conditions.blowout { blown } else { 0.0 },
        sublimation: vapour * dt,
        gas_drag: if drag > 0.0 { sunk } else { 0.0 },
        escape: if escape > 0.0 { sunk } else { 0.0 },
        supplied: conditions.supply.applied * dt,
        ..Ledger::default()
    };
    let end_rates = Some(EndRates { blowout: result.blowout_rate, sinks: uniform + vapour });
    Evolved { ledger, end_rates, ..evolved }
}

/// Without collisions: Σ' = (Σ + dt P)/(1 + dt/t_sink).
fn relax(model: &Model, state: &mut CellState, drivers: &StepFacts, conditions: &Conditions) -> Evolved {
    let (drag, escape) = uniform_sinks(model, conditions);
    let (dt, before) = (drivers.dt, state.surface_density());
    let after = (before + dt * conditions.supply.applied) / (1.0 + dt * (drag + escape));
    rescale(model, &mut state.bins, before, after);
    let ledger = Ledger {
        gas_drag: drag * after * dt,
        escape: escape * after * dt,
        supplied: conditions.supply.applied * dt,
        ..Ledger::default()
    };
    let end_rates = Some(EndRates { blowout: 0.0, sinks: (drag + escape) * after });
    Evolved { duration: dt, ledger, end_rates, ..Evolved::default() }
}

/// Implicit steps of the equation for the surface density. What is missing afterwards and no sink has taken counts as
/// blown out, where blow-out acts.
fn follow_equation(
    (model, cell): (&Model, &CellModel),
    solver: &SurfaceSolver,
    state: &mut CellState,
    drivers: &StepFacts,
    conditions: &mut Conditions,
    sizes: &SizeGrid,
) -> Evolved {
    let (drag, escape) = uniform_sinks(model, conditions);
    let steps = parts(model, cell, drivers);
    let h = drivers.dt / f64::from(steps);
    let (before, mut sigma, mut sunk) = (state.surface_density(), state.surface_density(), 0.0);
    let opacity = model.opacity(sizes, &state.bins);
    let mut law = solver.equation(model, cell, conditions, opacity);
    law.loss = drag + escape + if conditions.blowout { 1.0 / cell.facts.t_blow } else { 0.0 };
    let collisions = law.collisions;
    let (mut end, mut entered) = (sigma, Ledger::default());
    for part in 0..steps {
        let tau = shielding::optical_depth(opacity, sigma, model.run.line_of_sight_factor);
        if part > 0 {
            let (drivers, allowed) = (part_of(drivers, part, steps), conditions.supply.allowed);
            conditions.supply = supply::deliver(model, cell, &mut state.supply, &drivers, tau, allowed);
        }
        law.supply = conditions.supply.applied;
        law.collisions = if shielding::optical_depth(opacity, sigma, 1.0) > LEAST_TAU { collisions } else { 0.0 };
        end = law.implicit_step(sigma, h);
        sunk += h * (drag + escape) * end;
        // A held surface density starts every sub-step anew, and what that takes counts as lost.
        sigma = if model.surface_frozen { before } else { end };
        let mut brought = Ledger { supplied: h * law.supply, ..Ledger::default() };
        // A whole step is settled with all others.
        if steps > 1 {
            supply::settle(model, cell, &mut state.supply, &mut conditions.supply, (tau, h), &mut brought);
        }
        entered.add(&brought);
    }
    rescale(model, &mut state.bins, before, sigma);
    let lost = (before + entered.supplied - sigma).max(0.0);
    let ledger = Ledger {
        blowout: if conditions.blowout { (lost - sunk).max(0.0) } else { 0.0 },
        gas_drag: if drag > 0.0 { sunk } else { 0.0 },
        escape: if escape > 0.0 { sunk } else { 0.0 },
        ..entered
    };
    let inner = InnerSteps { accepted: steps, ..InnerSteps::default() };
    let blowout = if conditions.blowout { end / cell.facts.t_blow } else { 0.0 };
    let end_rates = Some(EndRates { blowout, sinks: (drag + escape) * end });
    Evolved { duration: drivers.dt, ledger, inner, substeps: steps, end_rates, ..Evolved::default() }
}

/// Parts of a step, in each of which the supply is asked for anew.
pub(super) fn parts(model: &Model, cell: &CellModel, drivers: &StepFacts) -> u32 {
    let ratio = drivers.dt / cell.facts.t_blow;
    model.surface_solver.as_ref().filter(|_| model.blowout.enabled).map_or(1, |solver| substeps(solver, ratio))
}

/// The drivers of one of so many parts of a step.
pub(super) fn part_of(drivers: &StepFacts, part: u32, parts: u32) -> StepFacts {
    if parts == 1 {
        // To the last bit.
        return *drivers;
    }
    let dt = drivers.dt / f64::from(parts);
    let start = drivers.time - drivers.dt;
    StepFacts { dt, time: start + f64::from(part + 1) * dt, ..*drivers }
}

/// Sub-steps of the equation over a step of so many blow-out times.
fn substeps(solver: &SurfaceSolver, blowout_times: f64) -> u32 {
    let needed = (blowout_times / solver.longest_substep).ceil();
    // A float beyond the range of u32 becomes its largest.
    if blowout_times > solver.longest_substep { needed as u32 } else { 1 }
}

/// Bin-wise evaporation beside the equation for the surface density: the implicit step without any collision. Whole grains
/// vanish at the rate |ds/dt|/s, whatever the scheme of collisional steps.
fn evaporate(
    model: &Model,
    state: &mut CellState,
    drivers: &StepFacts,
    conditions: &Conditions,
    work: &mut Workspace,
    evolved: Evolved,
) -> Evolved {
    let in_bins = model.sublimation.as_ref().is_some_and(|s| s.scheme != SublimationScheme::Surface);
    if !in_bins || conditions.size_rate >= 0.0 {
        return evolved;
    }
    let sizes = sizes_of(model, &work.moved);
    let masses = &sizes.masses;
    for k in 0..masses.len() {
        work.counts[k] = state.bins[k] / masses[k];
    }
    work.processes.clear();
    sinks::sublimation_lifetime(&sizes.sizes, conditions.size_rate, &mut work.sinks);
    work.source.fill(0.0);
    let before = state.surface_density();
    let nothing = &work.processes.losses[Channel::Blowout];
    let terms = Terms { blowout: nothing, sinks: &work.sinks, source: &work.source };
    work.imex.step_without_collisions(masses, &mut work.counts, &terms, drivers.dt);
    for ((mass, count), body) in state.bins.iter_mut().zip(&work.counts).zip(masses) {
        *mass = count * body;
    }
    let evaporated = (before - state.surface_density()).max(0.0);
    let (mut ledger, mut rates) = (evolved.ledger, evolved.end_rates.unwrap_or_default());
    ledger.sublimation += evaporated;
    rates.sinks += evaporated / drivers.dt;
    Evolved { ledger, end_rates: Some(rates), ..evolved }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_step_is_cut_into_as_few_parts_as_the_limit_allows() {
        let of = |longest_substep: f64, ratio: f64| substeps(&SurfaceSolver { collides: true, longest_substep }, ratio);
        assert_eq!([0.5, 1.0, 1.01, 3.0, 3.5].map(|ratio| of(1.0, ratio)), [1, 1, 2, 3, 4]);
        assert_eq!([0.5, 1.0].map(|ratio| of(0.25, ratio)), [2, 4]);
        assert_eq!(of(f64::INFINITY, 1e9), 1);
    }
}
