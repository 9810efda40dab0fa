//! Lets the grains of a column shrink as the Python program does: the sizes that stand for the bins move, before anything
//! else happens in the step. The formula is in `physics::uniform_drift`.

use super::cell::CellState;
use super::floor::FloorRule;
use super::model::Model;
use super::report::{Shrinkage, StepFacts};
use super::step::{Conditions, Evolved};
use super::workers::Workspace;
use crate::physics::uniform_drift::shift_sizes;

/// Moves the sizes over one step. `None` where nothing shrinks so.
pub(super) fn shrink(
    model: &Model,
    state: &mut CellState,
    drivers: &StepFacts,
    conditions: &Conditions,
    work: &mut Workspace,
) -> Option<Shrinkage> {
    let rule = model.sublimation.as_ref()?.moves_sizes.filter(|_| conditions.size_rate < 0.0)?;
    let grid = work.moved.as_mut()?;
    let floor = match model.floor.rule {
        FloorRule::Fixed => drivers.s_min_effective,
        FloorRule::Evolving => state.floor.raised,
        FloorRule::Configured if rule.booked_as_blowout => 0.0,
        FloorRule::Configured => model.run.s_min_config,
    };
    let before = state.surface_density();
    let shift = conditions.size_rate * drivers.dt;
    let buffers = (work.counts.as_mut_slice(), work.sinks.as_mut_slice());
    let mass_ratio = shift_sizes(grid, &mut state.bins, shift, floor, buffers);
    state.sizes.copy_from_slice(&grid.sizes);
    Some(Shrinkage { shift, mass_ratio, lost: (before - state.surface_density()).max(0.0) })
}

/// Books what the shrinking took: as blow-out, which the competition tempers and which nothing but collisions makes, or as
/// evaporation.
pub(super) fn book(model: &Model, drivers: &StepFacts, conditions: &Conditions, evolved: &mut Evolved) {
    let rule = model.sublimation.as_ref().and_then(|sublimation| sublimation.moves_sizes);
    let (Some(rule), Some(Shrinkage { lost, .. })) = (rule, evolved.shrinkage) else { return };
    let mut rates = evolved.end_rates.unwrap_or_default();
    if rule.booked_as_blowout {
        evolved.ledger.blowout += if conditions.collisions { lost } else { 0.0 };
        rates.blowout += lost / drivers.dt;
    } else {
        evolved.ledger.sublimation += lost;
        rates.sinks += lost / drivers.dt;
    }
    evolved.end_rates = Some(rates);
}
