//! From the requested duration and step to the planned time grid.

use crate::physics::constants::YEAR;
use crate::physics::cooling::Cooling;

/// Largest number of steps of a fixed clock.
pub const MOST_STEPS: u64 = 50_000_000;

/// The first (adaptive clock) or nominal (fixed clock) step.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum FirstStep {
    /// The smaller one of 0.05/Ω at the middle radius and a 200th of the duration.
    Auto,
    /// Seconds.
    Seconds(f64),
}

/// What was asked for.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Request {
    /// Duration [yr].
    pub years: Option<f64>,
    /// Duration in orbits at the middle radius; wins over `years`.
    pub orbits: Option<f64>,
    /// Stop when Mars has cooled to this temperature [K]; wins over both, where it is reached.
    pub until_temperature: Option<f64>,
    /// Time to go on after that [yr].
    pub temperature_margin_years: f64,
    /// How far to search for that moment [yr].
    pub temperature_search_years: Option<f64>,
    /// Least duration [yr].
    pub min_years: Option<f64>,
    /// First step.
    pub first_step: FirstStep,
}

/// The planned time grid.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct TimeGrid {
    /// What was asked for.
    pub request: Request,
    /// End of the run [s].
    pub t_end: f64,
    /// What set the end: `t_end_until_temperature_K`, `t_end_orbits` or `t_end_years`.
    pub basis: &'static str,
    /// When Mars reaches the requested temperature, margin included [s].
    pub t_end_from_temperature: Option<f64>,
    /// End before the least duration was applied [s].
    pub t_end_before_minimum: f64,
    /// Nominal step [s].
    pub dt_nominal: f64,
    /// Steps of a fixed clock.
    pub n_steps: u64,
    /// First step of a fixed clock, which divides the duration evenly [s].
    pub dt_step: f64,
    /// Orbital period at the middle radius [s].
    pub t_orb: f64,
}

impl TimeGrid {
    /// Resolves a request for a disk with the given orbital frequency at its middle radius [s⁻¹].
    ///
    /// Without any requested duration `fallback_years` counts.
    pub fn resolve(request: Request, fallback_years: f64, cooling: &Cooling, omega: f64) -> Self {
        let t_orb = 2.0 * std::f64::consts::PI / omega;
        let t_end_from_temperature = request.until_temperature.and_then(|target| {
            let limit = request.temperature_search_years.map(|years| years * YEAR);
            cooling.time_to_reach(target, limit).map(|time| time + request.temperature_margin_years * YEAR)
        });
        let (planned, basis) = match (t_end_from_temperature, request.orbits) {
            (Some(time), _) => (time, "t_end_until_temperature_K"),
            (None, Some(orbits)) => (orbits * t_orb, "t_end_orbits"),
            (None, None) => (request.years.unwrap_or(fallback_years) * YEAR, "t_end_years"),
        };
        let t_end = planned.max(request.min_years.unwrap_or(0.0) * YEAR);
        let dt_nominal = match request.first_step {
            FirstStep::Auto => (0.05 / omega).min(t_end / 200.0),
            FirstStep::Seconds(seconds) => seconds,
        };
        let dt_nominal = dt_nominal.min(t_end).max(1e-9);
        let n_steps = ((t_end / dt_nominal).ceil() as u64).clamp(1, MOST_STEPS);
        let dt_step = t_end / n_steps as f64;
        let dt_nominal = if n_steps == MOST_STEPS { dt_step } else { dt_nominal };
        TimeGrid {
            request,
            t_end,
            basis,
            t_end_from_temperature,
            t_end_before_minimum: planned,
            dt_nominal,
            n_steps,
            dt_step,
            t_orb,
        }
    }
}
