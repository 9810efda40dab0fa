//! Covers one coupling step of one cell: error-controlled RODAS4 steps, and the positive fall-back where they fail.

use super::IntegrationError;
use super::linear_solver::DenseLu;
use super::operator::{self, Scratch};
use super::pairs::PairTables;
use super::patankar;
use super::processes::{LossRates, PerChannel, Processes, Rates};
use super::rodas4::{Rodas4, System};
use super::simd::{Padded, Tiles};

/// Error tolerances of the inner steps.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Tolerances {
    /// Relative to the mass of a bin.
    pub relative: f64,
    /// As a fraction of the mass of the cell, now or at the start of the coupling step, whichever is more.
    pub absolute: f64,
    /// By how much of itself a step is made shorter than its error asks for, above 0, below 1.
    pub margin: f64,
}

impl Tolerances {
    /// With the usual margin of the step-size control (Hairer & Wanner, II, IV.8).
    pub const fn new(relative: f64, absolute: f64) -> Self {
        Tolerances { relative, absolute, margin: 0.1 }
    }
}

/// Length of a cell's very first inner step [s]; the error control takes over from there.
pub const FIRST_STEP: f64 = 1e-3;
/// A stage result below minus this fraction of the cell's mass rejects the step; smaller negatives are round-off.
const NEGATIVE_TOLERANCE: f64 = 1e-12;
/// Share of the mass that rounding may make or lose in a coupling step; whatever the tolerance of the errors, since every scheme
/// conserves mass exactly.
const LARGEST_ROUNDING: f64 = 1e-7;
/// Errors and negatives below this do not count [kg m⁻²]: a single micrometre grain in a cell as large as the Earth's orbit
/// is more. Without it, a cell that empties would be followed down to the smallest number, and no further.
const NOTHING: f64 = 1e-40;
/// Steps shorter than this fraction of the coupling step are left to the fall-back.
const SMALLEST_FRACTION: f64 = 1e-14;
/// More inner steps than this mean that the integration has stalled.
const MOST_STEPS: u32 = 200_000;
/// Bounds of the step-size control (Hairer & Wanner, II, IV.8).
const SHRINK: f64 = 0.2;
const GROW: f64 = 6.0;

/// What happened in a coupling step.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Outcome {
    /// Time covered [s]: all of the step, unless an event ended it.
    pub duration: f64,
    /// Mass that left through each channel [kg m⁻²].
    pub lost: PerChannel<f64>,
    /// Mass that the source brought in [kg m⁻²].
    pub supplied: f64,
    /// Mass added by setting round-off negatives to zero [kg m⁻²].
    pub clipped: f64,
    /// Accepted inner steps, those of the fall-back among them.
    pub steps: u32,
    /// Rejected attempts.
    pub rejected: u32,
    /// Steps of the fall-back scheme.
    pub fallback: u32,
}

impl Outcome {
    /// Adds what a later stretch of the same step did.
    pub fn add(&mut self, later: &Outcome) {
        self.duration += later.duration;
        self.lost.add(1.0, &later.lost);
        self.supplied += later.supplied;
        self.clipped += later.clipped;
        self.steps += later.steps;
        self.rejected += later.rejected;
        self.fallback += later.fallback;
    }
}

/// Every buffer that a worker needs for cells of n bins, allocated once.
pub struct Workspace {
    rodas: Rodas4,
    fallback: DenseLu,
    scratch: Scratch,
    rates: Rates,
}

impl Workspace {
    /// Buffers for n bins.
    pub fn new(n: usize) -> Self {
        Workspace { rodas: Rodas4::new(n), fallback: DenseLu::new(n), scratch: Scratch::new(n), rates: Rates::zeros(n) }
    }

    /// Buffers of the operator alone.
    pub fn scratch(&mut self) -> &mut Scratch {
        &mut self.scratch
    }
}

/// The right-hand side of one cell, as the integrator sees it.
struct Cell<'a> {
    tables: Option<&'a PairTables>,
    rates: &'a Rates,
    scratch: &'a mut Scratch,
}

impl System for Cell<'_> {
    fn len(&self) -> usize {
        self.rates.len()
    }
    fn rate(&mut self, y: &[f64], out: &mut [f64]) {
        operator::rate(self.tables, self.rates, y, self.scratch, out);
    }
    fn jacobian(&mut self, y: &[f64], out: &mut Tiles) {
        operator::jacobian(self.tables, self.rates, y, self.scratch, out);
    }
    fn remainder(&mut self, start: &[f64], y: &[f64], out: &mut [f64]) {
        operator::remainder(self.tables, self.rates, start, y, self.scratch, out);
    }
    fn ledger_rates(&self, y: &Padded) -> PerChannel<f64> {
        self.scratch.level().run(LossRates(self.rates, y))
    }
}

/// Integrates the state (length n, [kg m⁻²]) over `dt` [s] under constant processes.
///
/// `first_step` [s] goes from one coupling step of a cell to the next: it holds the step that the error control proposed
/// after the first accepted step of the coupling step before. New drivers set off a short relaxation, much the same in
/// every coupling step; the step at its end would be rejected many times over at the start of the next.
///
/// After every inner step `event` looks at the state; when it says yes, the integration ends at that moment, which is
/// found by bisection of the inner step, to the `precision` given as a share of it.
///
/// # Errors
/// A state that is not finite, no progress after very many steps, or a state and losses that are not what was there
/// and came in.
pub fn advance_until(
    (tables, processes): (Option<&PairTables>, &Processes),
    state: &mut [f64],
    dt: f64,
    first_step: &mut f64,
    tolerances: Tolerances,
    (event, precision): (impl Fn(&[f64]) -> bool, f64),
    workspace: &mut Workspace,
) -> Result<Outcome, IntegrationError> {
    let Workspace { rodas, fallback, scratch, rates } = workspace;
    rates.set(processes);
    let mut cell = Cell { tables, rates, scratch };
    let mass_at_start: f64 = state.iter().sum();
    let mut outcome = Outcome::default();
    let mut time = 0.0;
    let mut proposal = *first_step;
    // Grows with every use, so that the fall-back alone would reach the end.
    let mut fallback_step = SMALLEST_FRACTION * dt;
    let mut linearized = false;
    check_finite(state, time)?;
    while time < dt {
        if outcome.steps + outcome.rejected >= MOST_STEPS {
            return Err(IntegrationError::NoProgress { steps: MOST_STEPS, time, dt });
        }
        let remaining = dt - time;
        let (mut h, next);
        if proposal < SMALLEST_FRACTION * dt {
            h = fallback_step.min(remaining);
            fallback_step *= 2.0;
            let lost = patankar::step(tables, cell.rates, state, h, fallback, &mut rodas.solution);
            accept(state, &rodas.solution, &lost, &mut outcome);
            outcome.fallback += 1;
            next = GROW * h;
        } else {
            h = next_length(proposal, remaining);
            if !linearized {
                rodas.linearize(&mut cell, state);
                linearized = true;
            }
            rodas.step(&mut cell, state, h);
            let mass = state.iter().sum::<f64>() + processes.source_rate() * h;
            let mass = mass.max(mass_at_start);
            let error = error_norm(rodas, state, mass, tolerances);
            if error > 1.0 || too_negative(&rodas.solution, mass) {
                outcome.rejected += 1;
                proposal = h * if error > 1.0 { step_factor(error, tolerances.margin) } else { SHRINK };
                continue;
            }
            next = h * step_factor(error, tolerances.margin);
            if event(&rodas.solution) {
                let attempts;
                (h, attempts) = moment_of((&event, precision), rodas, &mut cell, state, h);
                outcome.rejected += attempts;
            }
            accept(state, &rodas.solution, &rodas.ledger, &mut outcome);
        }
        check_finite(state, time + h)?;
        // A step cut short by the end of the coupling step says nothing against a longer one.
        proposal = if h < proposal { proposal.max(next) } else { next };
        if outcome.steps == 1 {
            *first_step = proposal;
        }
        time = if h == remaining { dt } else { time + h };
        linearized = false;
        if event(state) {
            break;
        }
    }
    (outcome.duration, outcome.supplied) = (time, time * processes.source_rate());
    let mass = mass_at_start + outcome.supplied + outcome.clipped;
    close(mass, state, &mut outcome.lost).map_err(|made| IntegrationError::Unbalanced { made, mass, dt })?;
    Ok(outcome)
}

/// [`advance_until`] without an event.
///
/// # Errors
/// As there.
pub fn advance(
    tables: Option<&PairTables>,
    processes: &Processes,
    state: &mut [f64],
    dt: f64,
    first_step: &mut f64,
    tolerances: Tolerances,
    workspace: &mut Workspace,
) -> Result<Outcome, IntegrationError> {
    advance_until((tables, processes), state, dt, first_step, tolerances, (|_| false, 1.0), workspace)
}

/// The shortest step at whose end the event has happened, to a share of the step `h` in which it did [s], and how many
/// others were taken to find it. Leaves that step in the integrator.
fn moment_of(
    (event, precision): (&impl Fn(&[f64]) -> bool, f64),
    rodas: &mut Rodas4,
    cell: &mut Cell,
    state: &[f64],
    h: f64,
) -> (f64, u32) {
    let (mut before, mut after, mut attempts) = (0.0, h, 0);
    while after - before > precision * h {
        let middle = 0.5 * (before + after);
        rodas.step(cell, state, middle);
        *if event(&rodas.solution) { &mut after } else { &mut before } = middle;
        attempts += 1;
    }
    if attempts > 0 {
        rodas.step(cell, state, after);
    }
    (after, attempts)
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

/// (1 − margin) ε^(−1/4), within its bounds: the step over the one that had the error ε.
fn step_factor(error: f64, margin: f64) -> f64 {
    ((1.0 - margin) * error.powf(-0.25)).clamp(SHRINK, GROW)
}

/// Root mean square of the errors over their tolerances in a cell of the given mass; infinite when the step failed
/// altogether.
fn error_norm(rodas: &Rodas4, state: &[f64], mass: f64, tolerances: Tolerances) -> f64 {
    let floor = (tolerances.absolute * mass).max(NOTHING);
    let mut sum = 0.0;
    for ((error, old), new) in rodas.error().iter().zip(state).zip(&rodas.solution) {
        sum += (error / (tolerances.relative * old.max(new.abs()) + floor)).powi(2);
    }
    for error in rodas.ledger_error().iter() {
        sum += (error / (tolerances.relative * mass).max(NOTHING)).powi(2);
    }
    let norm = (sum / state.len() as f64).sqrt();
    if norm.is_finite() { norm } else { f64::INFINITY }
}

fn too_negative(solution: &[f64], mass: f64) -> bool {
    let limit = (NEGATIVE_TOLERANCE * mass).max(NOTHING);
    solution.iter().any(|bin| *bin < -limit)
}

/// Takes over the solution; negatives of round-off size become zero and their mass is booked.
fn accept(state: &mut [f64], solution: &[f64], lost: &PerChannel<f64>, outcome: &mut Outcome) {
    for (mass, new) in state.iter_mut().zip(solution) {
        *mass = *new;
        if *new < 0.0 {
            outcome.clipped -= *new;
            *mass = 0.0;
        }
    }
    outcome.lost.add(1.0, lost);
    outcome.steps += 1;
}

/// Makes a state and what has left it add up to `total`, what was there and came in, by one factor for all of them.
///
/// The linear systems conserve mass to rounding times the fastest rate times the step: in an opaque cell, whose fine
/// grains collisions turn over 10⁶ times within a step, 10⁻¹⁰ of it come or go. As a factor that is nothing, in bins
/// that are all but empty too; as a sum over all steps it would be far more than rounding.
///
/// # Errors
/// What they had too much [kg m⁻²], where rounding does not explain it.
fn close(total: f64, state: &mut [f64], lost: &mut PerChannel<f64>) -> Result<(), f64> {
    let found = state.iter().sum::<f64>() + lost.sum();
    let made = found - total;
    if made.abs() > (LARGEST_ROUNDING * total).max(NOTHING) {
        return Err(made);
    }
    // Of nothing there is no factor: a cell that has emptied may hold less than the smallest normal number.
    if made != 0.0 && total > NOTHING {
        let factor = total / found;
        state.iter_mut().for_each(|mass| *mass *= factor);
        lost.scale(factor);
    }
    Ok(())
}

/// Refuses a state [kg m⁻²] with a number that is none, found after `time` [s] of a coupling step.
///
/// # Errors
/// [`IntegrationError::NotFinite`].
pub fn check_finite(state: &[f64], time: f64) -> Result<(), IntegrationError> {
    match state.iter().position(|mass| !mass.is_finite()) {
        Some(bin) => Err(IntegrationError::NotFinite { bin, value: state[bin], time }),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::super::processes::Channel;
    use super::*;

    const LOOSE: Tolerances = Tolerances::new(1e-4, 1e-9);

    #[test]
    fn a_coupling_step_ends_without_a_sliver() {
        for proposed in [0.01, 0.3, 0.49, 0.51, 0.9, 0.999, 1.0, 7.0] {
            let (mut remaining, mut lengths) = (1.0, Vec::new());
            while remaining > 0.0 {
                let h = next_length(proposed, remaining);
                assert!(h <= proposed && h > 0.0);
                lengths.push(h);
                remaining -= h;
            }
            let shortest = lengths.iter().fold(f64::INFINITY, |a, b| a.min(*b));
            assert!(shortest >= 0.5 * proposed.min(1.0) * (1.0 - 1e-12), "{proposed}: {lengths:?}");
        }
    }

    #[test]
    fn the_next_step_stays_below_what_the_error_allows_by_the_margin() {
        // 0.9 is what Hairer & Wanner take, to the last bit.
        assert_eq!(step_factor(1.0, Tolerances::new(1e-4, 1e-9).margin), 0.9);
        // A step of twice the length has 2⁴ times the error.
        assert!((step_factor(1.0 / 16.0, 0.5) - 1.0).abs() < 1e-15);
        assert_eq!((step_factor(1e-300, 0.5), step_factor(1e300, 0.5)), (GROW, SHRINK));
    }

    #[test]
    fn negatives_of_round_off_become_zero_and_are_booked() {
        let (mut state, mut outcome) = ([1.0, 1.0, 1.0], Outcome::default());
        let lost = PerChannel::of(|channel| if channel == Channel::Blowout { 0.25 } else { 0.0 });
        accept(&mut state, &[2.0, -3e-17, 0.5], &lost, &mut outcome);
        assert_eq!(state, [2.0, 0.0, 0.5]);
        assert_eq!((outcome.clipped, outcome.lost, outcome.steps), (3e-17, lost, 1));
        assert!(!too_negative(&[2.0, -1e-12, 0.5], 2.5) && too_negative(&[2.0, -1e-11, 0.5], 2.5));
    }

    #[test]
    fn one_factor_closes_the_balance() {
        let mut lost = PerChannel::of(|channel| if channel == Channel::GasDrag { 2.0 } else { 0.0 });
        let mut state = [1.0, 1e-30, 5.0];
        let factor = 1.0 - 2f64.powi(-30);
        close(8.0 * factor, &mut state, &mut lost).expect("so much is rounding");
        assert_eq!((state, lost[Channel::GasDrag]), ([factor, 1e-30 * factor, 5.0 * factor], 2.0 * factor));
        assert_eq!(close(4.0, &mut state, &mut lost), Err(8.0 * factor - 4.0));
    }

    #[test]
    fn nothing_has_no_factor() {
        let mut nothing = PerChannel::default();
        for total in [0.0, 2e-321, 1e-200] {
            let mut empty = [0.0; 3];
            assert_eq!(close(total, &mut empty, &mut nothing), Ok(()));
            assert_eq!((empty, nothing.sum()), ([0.0; 3], 0.0));
        }
    }

    #[test]
    fn a_source_fills_a_cell_at_its_rate() {
        // The solution is linear in time, which every Rosenbrock method follows exactly.
        let mut processes = Processes::none(2);
        processes.source.copy_from_slice(&[1.0, 3.0]);
        let (mut state, mut inner_step) = ([0.0, 1.0], FIRST_STEP);
        let mut workspace = Workspace::new(2);
        let outcome =
            advance(None, &processes, &mut state, 10.0, &mut inner_step, LOOSE, &mut workspace).expect("it integrates");
        assert!((state[0] - 10.0).abs() < 1e-13 && (state[1] - 31.0).abs() < 1e-13, "{state:?}");
        assert_eq!((outcome.supplied, outcome.rejected), (40.0, 0));
    }

    #[test]
    fn a_first_order_sink_decays_exponentially_at_any_ratio_of_rate_to_step() {
        for rate in [1e-3, 1.0, 1e3] {
            let mut processes = Processes::none(1);
            processes.losses[Channel::Blowout][0] = rate;
            let (mut state, mut inner_step) = ([1.0], FIRST_STEP);
            let mut workspace = Workspace::new(1);
            let outcome = advance(None, &processes, &mut state, 5.0, &mut inner_step, LOOSE, &mut workspace)
                .expect("it integrates");
            assert!((state[0] - (-5.0 * rate).exp()).abs() < 1e-4, "rate {rate}: {state:?}");
            assert!(
                (state[0] + outcome.lost[Channel::Blowout] - outcome.clipped - 1.0).abs() < 1e-14,
                "rate {rate}: {outcome:?}"
            );
        }
    }

    #[test]
    fn whatever_the_rates_what_left_is_what_is_missing() {
        for rate in [1e3, 1e9, 1e15, 1e30] {
            let n = 9;
            let mut processes = Processes::none(n);
            for k in 0..n {
                processes.losses[Channel::Sublimation][k] = rate / (1.0 + k as f64);
                processes.drift[k] = if k > 0 { 0.3 * rate } else { 0.0 };
            }
            processes.losses[Channel::Blowout].fill(1e-3);
            processes.source.fill(0.01);
            let mut state: Vec<f64> = (1..=n).map(|k| k as f64).collect();
            let (before, mut inner_step) = (state.iter().sum::<f64>(), 10.0);
            let mut workspace = Workspace::new(n);
            let outcome = advance(None, &processes, &mut state, 10.0, &mut inner_step, LOOSE, &mut workspace)
                .expect("it integrates");
            let after: f64 = state.iter().sum();
            let imbalance = before + outcome.supplied + outcome.clipped - outcome.lost.sum() - after;
            assert!(imbalance.abs() < 1e-13 * before, "rate {rate:e}: {imbalance:e} of {before}, {outcome:?}");
            assert!(outcome.lost[Channel::Sublimation] > 0.9 * before, "rate {rate:e}: {outcome:?}");
        }
    }

    #[test]
    fn a_cell_may_decay_beyond_the_smallest_number() {
        let mut processes = Processes::none(1);
        processes.losses[Channel::Blowout][0] = 1.0;
        let (mut state, mut inner_step, mut workspace) = ([1.0], FIRST_STEP, Workspace::new(1));
        let mut steps = 0;
        for _ in 0..200 {
            let outcome = advance(None, &processes, &mut state, 10.0, &mut inner_step, LOOSE, &mut workspace)
                .expect("nothing is left to fail for");
            steps += outcome.steps + outcome.rejected;
        }
        assert!(state[0] < NOTHING && steps < 1000, "{state:?} after {steps} steps");
    }
}
