//! The smallest size that stays in a cell: by the rule of the configuration, and as it evolves.
//!
//! It is the size that fresh material does not fall below, and that the gates of blow-out look at.

use super::model::{Model, Scheme};
use super::report::StepFacts;
use crate::physics::minimum_size::MinimumSize;

/// What the smallest size follows (`psd.floor.mode`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FloorRule {
    /// The larger of the blow-out size and the smallest configured size.
    Fixed,
    /// The same, and raised by as much as grains shrink.
    Evolving,
    /// The smallest configured size alone.
    Configured,
}

/// What rules the smallest size.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Floor {
    /// What it follows.
    pub rule: FloorRule,
    /// A smallest size that drifts by itself beside it.
    pub evolution: Option<MinimumSize>,
    /// Whether that size counts too, or is only reported.
    pub evolution_counts: bool,
}

/// Sizes that a cell remembers [m].
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct FloorState {
    /// As far as shrinking grains have raised it.
    pub raised: f64,
    /// The one that drifts by itself.
    pub evolved: f64,
}

impl FloorState {
    /// Raises the floor by what grains shrink at `size_rate` [m s⁻¹] over the step. It never falls.
    pub(super) fn raise(&mut self, model: &Model, drivers: &StepFacts, size_rate: f64) {
        if model.floor.rule == FloorRule::Evolving && size_rate < 0.0 {
            let raised = self.raised - size_rate * drivers.dt;
            self.raised = raised.max(drivers.s_blow).max(model.run.s_min_config);
        }
    }

    /// Moves the other size to the end of the step.
    pub(super) fn evolve(&mut self, model: &Model, drivers: &StepFacts, size_rate: f64) {
        if let Some(law) = model.floor.evolution {
            let StepFacts { temperature, dt, s_min_effective, .. } = *drivers;
            self.evolved = law.next(self.evolved, temperature, size_rate, dt, s_min_effective);
        }
    }
}

/// The drivers of a step in a cell whose smallest size may have been raised.
///
/// A column of the Python program begins to iterate the blow-out size at the smallest size of the step before, and that is
/// what has been raised.
pub(super) fn drivers_of(model: &Model, state: &FloorState, drivers: &StepFacts) -> StepFacts {
    let raised = if model.floor.rule == FloorRule::Evolving { state.raised } else { 0.0 };
    let evolved = if model.floor.evolution_counts { state.evolved } else { 0.0 };
    let found = if raised > 0.0 { model.iterated_from(raised, drivers) } else { *drivers };
    let size = found.s_min_effective.max(raised).max(evolved);
    if size > found.s_min_effective { model.with_smallest(found, size) } else { found }
}

/// The Python program raises the smallest size within the step, behind what was found from it.
pub(super) fn drivers_after(model: &Model, state: &FloorState, drivers: &StepFacts) -> StepFacts {
    let raises = model.scheme == Scheme::ImexBdf1 && model.floor.rule == FloorRule::Evolving;
    let raised = if raises { state.raised } else { 0.0 };
    StepFacts { s_min_effective: drivers.s_min_effective.max(raised), ..*drivers }
}
