//! A coupling step of a cell in which something turns: the phase of its grains changes, it becomes too opaque for the
//! radiation that expels them (or transparent again), or it comes to its stop.
//!
//! The drivers of a step are held, so a turn within it would be dated to one of its ends, and the result would depend on the
//! length of the steps in first order. Such a step is taken back and taken again in halves, and each half in which the
//! turn lies likewise.

use super::cell::{CellModel, CellState};
use super::joined::joined;
use super::model::{Model, Scheme};
use super::report::{CellReport, InnerSteps, StepFacts};
use super::step::{StepError, phase_under, step};
use super::workers::Workspace;
use crate::physics::phase::PhaseState;
use crate::physics::shielding::optical_depth;

/// How often a step is halved: a turn is dated to 1/64 of it.
pub(super) const HALVINGS: usize = 6;

/// Evolves one cell over one coupling step and reports.
///
/// # Errors
/// Those of [`step`].
pub fn advance(
    model: &Model,
    cell: &CellModel,
    state: &mut CellState,
    drivers: &StepFacts,
    work: &mut Workspace,
) -> Result<CellReport, StepError> {
    match model.scheme {
        Scheme::Rodas4(_) => halved(model, cell, state, drivers, HALVINGS, work),
        // The Python program's.
        Scheme::ImexBdf1 => step(model, cell, state, drivers, work),
    }
}

/// The same for a step that may be halved so many times.
fn halved(
    model: &Model,
    cell: &CellModel,
    state: &mut CellState,
    drivers: &StepFacts,
    halvings: usize,
    work: &mut Workspace,
) -> Result<CellReport, StepError> {
    if halvings == 0 || state.stop.is_some() {
        return step(model, cell, state, drivers, work);
    }
    work.before[halvings - 1].clone_from(state);
    let whole = step(model, cell, state, drivers, work)?;
    if !turns(model, cell.facts.r, drivers, &whole) {
        return Ok(whole);
    }
    state.clone_from(&work.before[halvings - 1]);
    let (start, half) = (drivers.time - drivers.dt, 0.5 * drivers.dt);
    let mut parts = [start, start + half].map(|start| model.drivers_of_part(drivers, start, half));
    // The end of the whole to the last digit, whatever rounding made of the sum.
    parts[1].time = drivers.time;
    let first = halved(model, cell, state, &parts[0], halvings - 1, work)?;
    let second = halved(model, cell, state, &parts[1], halvings - 1, work)?;
    let mut report = joined((&first, half), (&second, half));
    report.tau_before = whole.tau_before;
    report.inner.add(&InnerSteps { accepted: 0, rejected: whole.inner.accepted + whole.inner.rejected, fallback: 0 });
    Ok(report)
}

/// Whether something turned within a step of these drivers, in a cell at radius `r` [m].
fn turns(model: &Model, r: f64, drivers: &StepFacts, report: &CellReport) -> bool {
    let (before, after) = (report.tau_before, report.tau);
    // A cell in balance with the drivers of mid-step lags behind them by half a step.
    let ahead = after + 0.5 * (after - before);
    let los = model.run.line_of_sight_factor;
    let shielded = optical_depth(report.opacity_effective, report.surface_density, los) * (ahead / after);
    let stops = report.phase.state == PhaseState::Solid && shielded > model.tau_stop;
    let gate = |tau: f64| model.blowout.enabled && tau >= model.blowout.tau_max;
    let phase = |time: f64, tau: f64| {
        let phase = phase_under(model, r, model.cooling.raw_temperature(time), tau).1;
        (phase.state, phase.bulk)
    };
    report.stop.is_some()
        || stops
        || gate(before) != gate(after)
        || gate(before) != gate(ahead)
        || phase(drivers.time - drivers.dt, before) != phase(drivers.time, after)
}
