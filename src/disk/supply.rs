//! Fresh material in one coupling step of one cell: what is asked for, what the source grants, what reaches the surface.
//!
//! law in time → mixing → temperature → feedback → reservoir → deep buffer. [`deliver`] finds the rates before the bins
//! evolve, [`settle`] books afterwards what the surface received. The formulas are in `physics::supply`.
//!
//! The error-controlled scheme takes the exact mean of the law over the step, exact solutions for reservoir and buffer,
//! and half of the feedback on either side of the step, which makes the coupling of second order. The Python program's
//! scheme takes everything as it is at the start of the step.

use super::cell::{CellModel, CellState};
use super::model::{Model, Scheme};
use super::report::{Ledger, StepFacts, SupplyReport};
use crate::physics::supply::{DeepBuffer, Depletion, Feedback, Injection, SupplyLaw, TemperatureLaw};

/// What all cells have in common.
#[derive(Debug, Clone)]
pub struct SupplyModel {
    /// Whether there is any supply.
    pub enabled: bool,
    /// Share of the raw supply that reaches the surface.
    pub epsilon_mix: f64,
    /// Dependence on the temperature of Mars, if there is one.
    pub temperature: Option<TemperatureLaw>,
    /// Control by the optical depth, if there is one.
    pub feedback: Option<Feedback>,
    /// How the reservoir runs dry; `None` when it is unlimited.
    pub depletion: Option<Depletion>,
    /// Which bins receive it.
    pub injection: Injection,
    /// Whether it is delivered in the first step too.
    pub in_first_step: bool,
}

impl SupplyModel {
    /// The longest step [s] over which the feedback may be split from what it controls. The splitting is of second order,
    /// so the step goes with the root of the tolerance: a tenth of response time over gain at a tolerance of 10⁻³.
    ///
    /// The deep buffer sets no limit: its solution within a step is exact, however long the step is.
    pub fn longest_step(&self, rtol: f64) -> f64 {
        self.feedback.map_or(f64::INFINITY, |feedback| (10.0 * rtol).sqrt() / feedback.rate)
    }
}

/// What is particular to a cell.
#[derive(Debug, Clone)]
pub struct CellSupply {
    /// Raw rate over time.
    pub law: SupplyLaw,
    /// Mass of the reservoir at the start, per area of the cell [kg m⁻²]; infinite when it is unlimited.
    pub reservoir: f64,
    /// Exchange with the deep buffer.
    pub deep: DeepBuffer,
}

/// What evolves.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SupplyState {
    /// Factor of the feedback.
    pub feedback_scale: f64,
    /// Left in the reservoir, per area of the cell [kg m⁻²].
    pub reservoir: f64,
    /// Surface density in the deep buffer [kg m⁻²].
    pub deep: f64,
}

impl Default for SupplyState {
    fn default() -> Self {
        SupplyState { feedback_scale: 1.0, reservoir: f64::INFINITY, deep: 0.0 }
    }
}

/// Rates of the step, before the bins evolve. Half of the feedback (in the Python program's scheme all of it) acts here.
///
/// - `tau`: line-of-sight optical depth now
/// - `allowed`: whether the phase lets the supply in
pub(super) fn deliver(
    model: &Model,
    cell: &CellModel,
    state: &mut SupplyState,
    drivers: &StepFacts,
    tau: f64,
    allowed: bool,
) -> SupplyReport {
    let (supply, dt) = (&model.supply, drivers.dt);
    if !supply.enabled {
        return SupplyReport { allowed, ..SupplyReport::default() };
    }
    if let Some(feedback) = &supply.feedback {
        state.feedback_scale = match model.scheme {
            Scheme::Rodas4(_) => feedback.relaxed(state.feedback_scale, tau, 0.5 * dt),
            Scheme::ImexBdf1 => feedback.stepped(state.feedback_scale, tau, dt),
        };
    }
    let report = offer(model, cell, state, drivers, tau);
    let report = if allowed {
        draw(model, cell, state, dt, report)
    } else {
        SupplyReport { nominal: 0.0, scaled: 0.0, applied: 0.0, ..report }
    };
    spread(model, cell, state, dt, SupplyReport { allowed, ..report })
}

/// Books what the surface received, `ledger.supplied` within `duration` [s]: what else was drawn went into the buffer. The
/// other half of the feedback acts here, at the optical depth `tau` of the end.
pub(super) fn settle(
    model: &Model,
    cell: &CellModel,
    state: &mut SupplyState,
    report: &mut SupplyReport,
    (tau, duration): (f64, f64),
    ledger: &mut Ledger,
) {
    let supply = &model.supply;
    if !supply.enabled {
        return;
    }
    if let (Some(feedback), Scheme::Rodas4(_)) = (&supply.feedback, model.scheme) {
        state.feedback_scale = feedback.relaxed(state.feedback_scale, tau, 0.5 * duration);
    }
    let before = state.deep;
    // Rounding alone could bring either below zero.
    state.deep = (before + (report.into_deep * duration - report.risen_part(ledger.supplied))).max(0.0);
    ledger.buffered = state.deep - before;
    state.reservoir = (state.reservoir - ledger.entered()).max(0.0);
    report.reservoir = state.reservoir;
    report.reservoir_fraction = fraction(state, cell);
}

/// A cell that has stopped receives nothing; its factors and what is left stand as they are.
pub(super) fn at_rest(model: &Model, cell: &CellModel, state: &CellState, drivers: &StepFacts) -> SupplyReport {
    let response = model.supply.temperature.as_ref().map(|law| law.at(drivers.temperature));
    SupplyReport {
        temperature_scale: response.map_or(1.0, |found| found.scale),
        temperature_value: response.map_or(f64::NAN, |found| found.value),
        feedback_scale: state.supply.feedback_scale,
        feedback_error: f64::NAN,
        reservoir: state.supply.reservoir,
        reservoir_fraction: fraction(&state.supply, cell),
        ..SupplyReport::default()
    }
}

/// Share of the reservoir that is left; NaN for an unlimited one and for one that never held any.
fn fraction(state: &SupplyState, cell: &CellModel) -> f64 {
    state.reservoir / cell.supply.reservoir
}

/// What an unlimited source would give.
fn offer(model: &Model, cell: &CellModel, state: &SupplyState, drivers: &StepFacts, tau: f64) -> SupplyReport {
    let (supply, start) = (&model.supply, drivers.time - drivers.dt);
    let raw = match model.scheme {
        Scheme::Rodas4(_) => cell.supply.law.mean(start, drivers.time),
        Scheme::ImexBdf1 => cell.supply.law.rate(start),
    };
    let nominal = (raw * supply.epsilon_mix).max(0.0);
    let response = supply.temperature.as_ref().map(|law| law.at(drivers.temperature));
    let warmed = match (model.scheme, &supply.temperature, response) {
        (Scheme::Rodas4(_), Some(law), _) => warmed_mean(model, cell, law, start, drivers.dt),
        (_, _, Some(found)) => found.rate.unwrap_or(nominal * found.scale).max(0.0),
        _ => nominal,
    };
    let scaled = warmed * state.feedback_scale;
    SupplyReport {
        raw,
        nominal,
        offered: scaled,
        scaled,
        applied: scaled,
        temperature_scale: response.map_or(1.0, |found| found.scale),
        temperature_value: response.map_or(f64::NAN, |found| found.value),
        feedback_scale: state.feedback_scale,
        feedback_error: supply.feedback.as_ref().map_or(f64::NAN, |feedback| feedback.error(tau)),
        reservoir: state.reservoir,
        ..SupplyReport::default()
    }
}

/// Parts of a step in which the temperature of Mars counts as constant. The law in time is exact in each.
const PANELS: u32 = 8;

/// Mean over the step of what arrives when the temperature scales or replaces it [kg m⁻² s⁻¹].
fn warmed_mean(model: &Model, cell: &CellModel, law: &TemperatureLaw, start: f64, dt: f64) -> f64 {
    let panel = dt / f64::from(PANELS);
    let amount = |k: u32| {
        let from = start + f64::from(k) * panel;
        let found = law.at(model.cooling.raw_temperature(from + 0.5 * panel));
        let scaled = || cell.supply.law.amount(from, from + panel) * model.supply.epsilon_mix * found.scale;
        found.rate.map_or_else(scaled, |rate| rate * panel).max(0.0)
    };
    (0..PANELS).map(amount).sum::<f64>() / dt
}

/// What a finite reservoir grants of it.
fn draw(model: &Model, cell: &CellModel, state: &SupplyState, dt: f64, report: SupplyReport) -> SupplyReport {
    let Some(depletion) = model.supply.depletion else { return report };
    let grant = match model.scheme {
        Scheme::Rodas4(_) => depletion.grant(report.scaled, state.reservoir, cell.supply.reservoir, dt),
        Scheme::ImexBdf1 => depletion.grant_at_start(report.scaled, state.reservoir, cell.supply.reservoir, dt),
    };
    SupplyReport {
        offered: grant.rate,
        scaled: grant.rate,
        applied: grant.rate,
        reservoir_clipped: grant.clipped,
        ..report
    }
}

/// What of it reaches the surface, and what rises from the deep buffer.
fn spread(model: &Model, cell: &CellModel, state: &SupplyState, dt: f64, report: SupplyReport) -> SupplyReport {
    let deep = &cell.supply.deep;
    let into_deep = if deep.receives { report.scaled } else { 0.0 };
    let (attempt, risen) = match model.scheme {
        Scheme::Rodas4(_) => {
            let risen = deep.risen(state.deep, into_deep, dt);
            (risen, risen)
        }
        Scheme::ImexBdf1 => deep.risen_at_end(state.deep, into_deep, dt),
    };
    let (attempt, risen) = (attempt / dt, risen / dt);
    SupplyReport {
        into_deep,
        from_deep_attempt: attempt,
        from_deep: risen,
        diverted: (into_deep - risen).max(0.0),
        applied: (report.scaled - into_deep) + risen,
        ..report
    }
}

impl SupplyReport {
    /// The part of what the surface received that rose from the deep buffer [kg m⁻²].
    fn risen_part(&self, received: f64) -> f64 {
        if self.applied > 0.0 { received * (self.from_deep / self.applied) } else { 0.0 }
    }
}
