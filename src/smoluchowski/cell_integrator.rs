//! Covers one coupling step of one cell: error-controlled RODAS4 steps, and the positive fall-back where they fail.

use super::IntegrationError;
use super::linear_solver::DenseLu;
use super::operator::{self, Scratch};
use super::pairs::PairTables;
use super::patankar;
use super::processes::{CHANNELS, Processes};
use super::rodas4::{Rodas4, System};

/// Error tolerances of the inner steps.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Tolerances {
    /// Relative to the mass of a bin.
    pub relative: f64,
    /// As a fraction of the mass of the cell.
    pub absolute: f64,
}

/// Length of a cell's very first inner step [s]; the error control takes over from there.
pub const FIRST_STEP: f64 = 1e-3;
/// A stage result below minus this fraction of the cell's mass rejects the step; smaller negatives are round-off.
const NEGATIVE_TOLERANCE: f64 = 1e-12;
/// Steps shorter than this fraction of the coupling step are left to the fall-back.
const SMALLEST_FRACTION: f64 = 1e-14;
/// More inner steps than this mean that the integration has stalled.
const MOST_STEPS: u32 = 200_000;
/// Bounds and safety of the step-size control (Hairer & Wanner, II, IV.8).
const SHRINK: f64 = 0.2;
const GROW: f64 = 6.0;
const SAFETY: f64 = 0.9;

/// What happened in a coupling step.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Outcome {
    /// Mass that left through each channel [kg m⁻²].
    pub lost: [f64; CHANNELS],
    /// Mass that the source brought in [kg m⁻²].
    pub supplied: f64,
    /// Mass added by setting round-off negatives to zero [kg m⁻²].
    pub clipped: f64,
    /// Accepted, rejected and fall-back inner steps.
    pub steps: u32,
    /// Rejected attempts.
    pub rejected: u32,
    /// Steps of the fall-back scheme.
    pub fallback: u32,
}

/// Every buffer that a worker needs for cells of n bins, allocated once.
pub struct Workspace {
    rodas: Rodas4,
    fallback: DenseLu,
    scratch: Scratch,
}

impl Workspace {
    /// Buffers for n bins.
    pub fn new(n: usize) -> Self {
        Workspace { rodas: Rodas4::new(n), fallback: DenseLu::new(n), scratch: Scratch::new(n) }
    }

    /// Buffers of the operator alone.
    pub fn scratch(&mut self) -> &mut Scratch {
        &mut self.scratch
    }
}

/// The right-hand side of one cell, as the integrator sees it.
struct Cell<'a> {
    tables: Option<&'a PairTables>,
    processes: &'a Processes,
    scratch: &'a mut Scratch,
}

impl System for Cell<'_> {
    fn len(&self) -> usize {
        self.processes.drift.len()
    }
    fn rate(&mut self, y: &[f64], out: &mut [f64]) {
        operator::rate(self.tables, self.processes, y, self.scratch, out);
    }
    fn jacobian(&mut self, y: &[f64], out: &mut [f64]) {
        operator::jacobian(self.tables, self.processes, y, self.scratch, out);
    }
    fn ledger_rate(&self, channel: usize, y: &[f64]) -> f64 {
        self.processes.loss_rate(channel, y)
    }
}

/// Integrates the state (length n, [kg m⁻²]) over `dt` [s] under constant processes.
///
/// `first_step` [s] goes from one coupling step of a cell to the next: it holds the step that the error control proposed
/// after the first accepted step of the coupling step before. New drivers set off a short relaxation, much the same in
/// every coupling step; the step at its end would be rejected many times over at the start of the next.
///
/// # Errors
/// A state that is not finite, or no progress after very many steps.
pub fn advance(
    tables: Option<&PairTables>,
    processes: &Processes,
    state: &mut [f64],
    dt: f64,
    first_step: &mut f64,
    tolerances: Tolerances,
    workspace: &mut Workspace,
) -> Result<Outcome, IntegrationError> {
    let Workspace { rodas, fallback, scratch } = workspace;
    let mut cell = Cell { tables, processes, scratch };
    let mut outcome = Outcome { supplied: dt * processes.source_rate(), ..Outcome::default() };
    let mut time = 0.0;
    let mut proposal = *first_step;
    let mut linearized = false;
    while time < dt {
        if outcome.steps + outcome.rejected >= MOST_STEPS {
            return Err(IntegrationError::NoProgress { steps: MOST_STEPS, time, dt });
        }
        let remaining = dt - time;
        let h = next_length(proposal, remaining).max(SMALLEST_FRACTION * dt).min(remaining);
        let next = if proposal < SMALLEST_FRACTION * dt {
            let lost = patankar::step(tables, processes, state, h, fallback, &mut rodas.solution);
            accept(state, &rodas.solution, &lost, &mut outcome);
            outcome.fallback += 1;
            GROW * h
        } else {
            if !linearized {
                rodas.linearize(&mut cell, state);
                linearized = true;
            }
            rodas.step(&mut cell, state, h);
            let error = error_norm(rodas, state, processes.source_rate() * h, tolerances);
            if error > 1.0 || too_negative(&rodas.solution) {
                outcome.rejected += 1;
                proposal = h * if error > 1.0 { step_factor(error) } else { SHRINK };
                continue;
            }
            accept(state, &rodas.solution, &rodas.ledger, &mut outcome);
            h * step_factor(error)
        };
        check_finite(state, time + h)?;
        // A step cut short by the end of the coupling step says nothing against a longer one.
        proposal = if h < proposal { proposal.max(next) } else { next };
        if outcome.steps == 1 {
            *first_step = proposal;
        }
        time = if h == remaining { dt } else { time + h };
        linearized = false;
    }
    Ok(outcome)
}

/// The proposed step, or what remains; two equal halves rather than a long step and a sliver.
fn next_length(proposed: f64, remaining: f64) -> f64 {
    if proposed >= remaining {
        remaining
    } else if proposed > 0.5 * remaining {
        0.5 * remaining
    } else {
        proposed
    }
}

fn step_factor(error: f64) -> f64 {
    (SAFETY * error.powf(-0.25)).clamp(SHRINK, GROW)
}

/// Root mean square of the errors over their tolerances; infinite when the step failed altogether.
fn error_norm(rodas: &Rodas4, state: &[f64], supplied: f64, tolerances: Tolerances) -> f64 {
    let total: f64 = state.iter().sum::<f64>() + supplied;
    let floor = tolerances.absolute * total;
    let mut sum = 0.0;
    for ((error, old), new) in rodas.error().iter().zip(state).zip(&rodas.solution) {
        sum += squared_ratio(*error, tolerances.relative * old.max(new.abs()) + floor);
    }
    for error in rodas.ledger_error() {
        sum += squared_ratio(*error, tolerances.relative * total);
    }
    let norm = (sum / state.len() as f64).sqrt();
    if norm.is_finite() { norm } else { f64::INFINITY }
}

/// (error / tolerance)²; an empty cell without error has no tolerance either.
fn squared_ratio(error: f64, tolerance: f64) -> f64 {
    if error == 0.0 { 0.0 } else { (error / tolerance).powi(2) }
}

fn too_negative(solution: &[f64]) -> bool {
    let total: f64 = solution.iter().sum();
    solution.iter().any(|mass| *mass < -NEGATIVE_TOLERANCE * total)
}

/// Takes over the solution; negatives of round-off size become zero and their mass is booked.
fn accept(state: &mut [f64], solution: &[f64], lost: &[f64; CHANNELS], outcome: &mut Outcome) {
    for (mass, new) in state.iter_mut().zip(solution) {
        *mass = *new;
        if *new < 0.0 {
            outcome.clipped -= *new;
            *mass = 0.0;
        }
    }
    for (sum, mass) in outcome.lost.iter_mut().zip(lost) {
        *sum += mass;
    }
    outcome.steps += 1;
}

fn check_finite(state: &[f64], time: f64) -> Result<(), IntegrationError> {
    match state.iter().position(|mass| !mass.is_finite()) {
        Some(bin) => Err(IntegrationError::NotFinite { bin, value: state[bin], time }),
        None => Ok(()),
    }
}
