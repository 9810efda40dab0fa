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
    /// Whether that moment is found by halving, as the Python program finds it; else it is exact.
    pub temperature_by_halving: bool,
    /// Least duration [yr].
    pub min_years: Option<f64>,
    /// First step.
    pub first_step: FirstStep,
}

/// Why a request is no run.
#[derive(Debug, Clone, Copy, PartialEq, thiserror::Error)]
pub enum NoDuration {
    /// The end is the start.
    #[error(
        "Mars is not hotter than `numerics.t_end_until_temperature_K` = {target} at the start; choose a lower one or \
         give numerics.t_end_temperature_margin_years"
    )]
    CoolAlready {
        /// Requested temperature [K].
        target: f64,
    },
    /// The end is not a number that a clock can reach.
    #[error("`numerics.{basis}` makes a run of {t_end} s; choose a duration that ends")]
    Endless {
        /// Requested end [s].
        t_end: f64,
        /// What set it, as in [`TimeGrid::basis`].
        basis: &'static str,
    },
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
    ///
    /// # Errors
    /// A duration that is zero, because Mars is as cool as requested at the start, or not finite.
    pub fn resolve(request: Request, fallback_years: f64, cooling: &Cooling, omega: f64) -> Result<Self, NoDuration> {
        let t_orb = 2.0 * std::f64::consts::PI / omega;
        let t_end_from_temperature = request.until_temperature.and_then(|target| {
            let limit = request.temperature_search_years.map(|years| years * YEAR);
            let reached = match request.temperature_by_halving {
                true => cooling.halved_time_to_reach(target, limit),
                false => cooling.time_to_reach(target, limit),
            };
            reached.map(|time| time + request.temperature_margin_years * YEAR)
        });
        let (planned, basis) = match (t_end_from_temperature, request.orbits) {
            (Some(time), _) => (time, "t_end_until_temperature_K"),
            (None, Some(orbits)) => (orbits * t_orb, "t_end_orbits"),
            (None, None) => (request.years.unwrap_or(fallback_years) * YEAR, "t_end_years"),
        };
        let t_end = planned.max(request.min_years.unwrap_or(0.0) * YEAR);
        if !t_end.is_finite() {
            return Err(NoDuration::Endless { t_end, basis });
        }
        if let Some(target) = request.until_temperature.filter(|_| t_end == 0.0) {
            return Err(NoDuration::CoolAlready { target });
        }
        let dt_nominal = match request.first_step {
            FirstStep::Auto => (0.05 / omega).min(t_end / 200.0),
            FirstStep::Seconds(seconds) => seconds,
        };
        let dt_nominal = dt_nominal.min(t_end).max(1e-9);
        let n_steps = ((t_end / dt_nominal).ceil() as u64).clamp(1, MOST_STEPS);
        let dt_step = t_end / n_steps as f64;
        let dt_nominal = if n_steps == MOST_STEPS { dt_step } else { dt_nominal };
        Ok(TimeGrid {
            request,
            t_end,
            basis,
            t_end_from_temperature,
            t_end_before_minimum: planned,
            dt_nominal,
            n_steps,
            dt_step,
            t_orb,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::physics::constants::DAY;

    const OMEGA: f64 = 1e-3;

    fn request() -> Request {
        Request {
            years: None,
            orbits: None,
            until_temperature: None,
            temperature_margin_years: 0.0,
            temperature_search_years: None,
            temperature_by_halving: false,
            min_years: None,
            first_step: FirstStep::Auto,
        }
    }

    fn resolve(request: Request) -> TimeGrid {
        // Falls by 1000 K in 100 days.
        let cooling = Cooling::table(vec![0.0, 200.0 * DAY], vec![4000.0, 2000.0], true).unwrap();
        TimeGrid::resolve(request, 3.0, &cooling, OMEGA).unwrap()
    }

    #[test]
    fn the_end_is_the_temperature_before_orbits_before_years_before_the_scope() {
        assert_eq!(resolve(request()).t_end, 3.0 * YEAR);
        let years = Request { years: Some(2.0), ..request() };
        assert_eq!((resolve(years).t_end, resolve(years).basis), (2.0 * YEAR, "t_end_years"));
        let orbits = Request { orbits: Some(7.0), ..years };
        assert_eq!(resolve(orbits).basis, "t_end_orbits");
        assert!((resolve(orbits).t_end * OMEGA - 14.0 * std::f64::consts::PI).abs() < 1e-10);
        let cooled = Request { until_temperature: Some(3000.0), temperature_margin_years: 0.5, ..orbits };
        assert_eq!(resolve(cooled).basis, "t_end_until_temperature_K");
        assert!((resolve(cooled).t_end - (100.0 * DAY + 0.5 * YEAR)).abs() < 1e-5);
    }

    #[test]
    fn a_run_without_time_or_without_end_is_refused() {
        let cooling = Cooling::constant(3000.0).unwrap();
        let cool = Request { until_temperature: Some(3000.0), ..request() };
        let error = TimeGrid::resolve(cool, 3.0, &cooling, OMEGA).unwrap_err();
        assert_eq!(error, NoDuration::CoolAlready { target: 3000.0 });
        let later = Request { temperature_margin_years: 1.0, ..cool };
        assert_eq!(TimeGrid::resolve(later, 3.0, &cooling, OMEGA).unwrap().t_end, YEAR);
        let endless = Request { years: Some(1e305), ..request() };
        let error = TimeGrid::resolve(endless, 3.0, &cooling, OMEGA).unwrap_err();
        assert_eq!(error, NoDuration::Endless { t_end: f64::INFINITY, basis: "t_end_years" });
    }

    #[test]
    fn a_temperature_that_is_not_reached_leaves_the_other_requests() {
        let request = Request { years: Some(2.0), until_temperature: Some(1500.0), ..request() };
        assert_eq!(resolve(request).basis, "t_end_years");
        let late = Request { until_temperature: Some(3000.0), temperature_search_years: Some(0.1), ..request };
        assert_eq!(resolve(late).basis, "t_end_years");
        assert_eq!(resolve(late).t_end_from_temperature, None);
    }

    #[test]
    fn a_least_duration_lengthens_and_never_shortens() {
        let grid = resolve(Request { years: Some(1.0), min_years: Some(1.5), ..request() });
        assert_eq!((grid.t_end, grid.t_end_before_minimum), (1.5 * YEAR, YEAR));
        assert_eq!(resolve(Request { years: Some(2.0), min_years: Some(1.5), ..request() }).t_end, 2.0 * YEAR);
    }

    #[test]
    fn the_automatic_step_is_a_twentieth_of_the_orbital_time_or_a_200th_of_the_run() {
        assert_eq!(resolve(request()).dt_nominal, 0.05 / OMEGA);
        let short = resolve(Request { years: Some(1000.0 / YEAR), ..request() });
        assert!((short.dt_nominal - 5.0).abs() < 1e-12 && short.n_steps == 200);
    }

    #[test]
    fn a_step_that_does_not_divide_the_run_is_shortened_to_do_so() {
        let seconds = |dt: f64, t_end: f64| {
            resolve(Request { years: Some(t_end / YEAR), first_step: FirstStep::Seconds(dt), ..request() })
        };
        let grid = seconds(30.0, 100.0);
        assert_eq!((grid.n_steps, grid.dt_nominal), (4, 30.0));
        assert!((grid.dt_step - 25.0).abs() < 1e-12);
        assert!((seconds(500.0, 100.0).dt_nominal - 100.0).abs() < 1e-12);
        let capped = seconds(1e-6, 1e4);
        assert_eq!(capped.n_steps, MOST_STEPS);
        assert_eq!(capped.dt_nominal, capped.dt_step);
    }
}
