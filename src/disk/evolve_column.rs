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
use super::report::{InnerSteps, Ledger, StepFacts};
use super::step::{Conditions, Evolved};
use super::workers::{Workspace, sizes_of};
use crate::physics::phase::PhaseState;
use crate::physics::shielding;
use crate::physics::size_distribution::SizeGrid;
use crate::smoluchowski::imex_bdf1::Terms;
use crate::smoluchowski::processes::Channel;

/// Optical depth below which no collision time is defined.
const LEAST_TAU: f64 = 1e-12;

pub(super) fn evolve(
    model: &Model,
    cell: &CellModel,
    state: &mut CellState,
    drivers: &StepFacts,
    conditions: &Conditions,
    work: &mut Workspace,
) -> Evolved {
    let idle = Evolved { duration: drivers.dt, ..Evolved::default() };
    if !conditions.collisions && !model.sink_has_time_scale {
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

/// Rates of the sinks of the whole surface [s⁻¹]: gas drag and escape, of which only one acts.
fn uniform_sinks(model: &Model, conditions: &Conditions) -> (f64, f64) {
    match conditions.phase.state {
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
    let sigma_after = state.surface_density();
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
    Evolved { ledger, ..evolved }
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
    Evolved { duration: dt, ledger, ..Evolved::default() }
}

/// Implicit steps of the equation for the surface density. What is missing afterwards and no sink has taken counts as
/// blown out, where blow-out acts.
fn follow_equation(
    (model, cell): (&Model, &CellModel),
    solver: &SurfaceSolver,
    state: &mut CellState,
    drivers: &StepFacts,
    conditions: &Conditions,
    sizes: &SizeGrid,
) -> Evolved {
    let (drag, escape) = uniform_sinks(model, conditions);
    let steps = substeps(solver, drivers.dt / cell.facts.t_blow);
    let h = drivers.dt / f64::from(steps);
    let (before, mut sigma, mut sunk) = (state.surface_density(), state.surface_density(), 0.0);
    let opacity = model.opacity(sizes, &state.bins);
    let mut law = solver.equation(model, cell, conditions, opacity);
    law.loss = drag + escape + if conditions.blowout { 1.0 / cell.facts.t_blow } else { 0.0 };
    let collisions = law.collisions;
    for _ in 0..steps {
        law.collisions = if shielding::optical_depth(opacity, sigma, 1.0) > LEAST_TAU { collisions } else { 0.0 };
        sigma = law.implicit_step(sigma, h);
        sunk += h * (drag + escape) * sigma;
    }
    rescale(model, &mut state.bins, before, sigma);
    let supplied = law.supply * drivers.dt;
    let lost = (before + supplied - sigma).max(0.0);
    let ledger = Ledger {
        blowout: if conditions.blowout { (lost - sunk).max(0.0) } else { 0.0 },
        gas_drag: if drag > 0.0 { sunk } else { 0.0 },
        escape: if escape > 0.0 { sunk } else { 0.0 },
        supplied,
        ..Ledger::default()
    };
    let inner = InnerSteps { accepted: steps, ..InnerSteps::default() };
    Evolved { duration: drivers.dt, ledger, inner, substeps: steps, ..Evolved::default() }
}

/// Sub-steps of the equation over a step of so many blow-out times.
fn substeps(solver: &SurfaceSolver, blowout_times: f64) -> u32 {
    let needed = (blowout_times / solver.longest_substep).ceil();
    // A float beyond the range of u32 becomes its largest.
    if blowout_times > solver.longest_substep { needed as u32 } else { 1 }
}

/// Bin-wise evaporation beside the equation for the surface density: the implicit step without any collision.
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
    evolve_imex::set_rates(model, sizes, None, drivers, conditions, &mut work.processes);
    let losses = &work.processes.losses;
    for k in 0..masses.len() {
        work.counts[k] = state.bins[k] / masses[k];
    }
    work.source.fill(0.0);
    let before = state.surface_density();
    let (blowout, sinks) = (&losses[Channel::Blowout], &losses[Channel::Sublimation]);
    let terms = Terms { blowout, sinks, source: &work.source };
    work.imex.step_without_collisions(masses, &mut work.counts, &terms, drivers.dt);
    for ((mass, count), body) in state.bins.iter_mut().zip(&work.counts).zip(masses) {
        *mass = count * body;
    }
    let mut ledger = evolved.ledger;
    ledger.sublimation += (before - state.surface_density()).max(0.0);
    Evolved { ledger, ..evolved }
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
