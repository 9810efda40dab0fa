//! How Mars cools: the temperature of its surface as a function of time.
//!
//! What its light does to grains is in [`super::radiation`]. Reading temperature tables is done outside this room.

use super::constants::{DAY, SIGMA_SB, TEMPERATURE_RANGE};
use super::error::PhysicsError;
use super::interpolate::{check_axis, check_values, linear};

/// Depth of the molten layer that cools [m].
const LAYER_DEPTH: f64 = 1e5;
/// Density of that layer [kg m⁻³].
const LAYER_DENSITY: f64 = 3000.0;
/// Heat capacity of that layer [J kg⁻¹ K⁻¹].
const LAYER_HEAT_CAPACITY: f64 = 1000.0;
/// Days in which the linear law takes a 4000 K layer of 100 km down by 3000 K.
const LINEAR_COOLING_DAYS: f64 = 717.0;

/// First stretch of the Python program's search for a temperature [s].
const FIRST_STRETCH: f64 = 21_600.0;
/// End of that search where nothing else limits it [s]: longer than any planet cools.
const LONGEST_SEARCH: f64 = 1e20;
/// Length of a stretch that is not halved any more [s], and the most halvings.
const HALVED_ENOUGH: f64 = 1e-6;
const MOST_HALVINGS: u32 = 128;

/// Temperature of the surface of Mars over time. The constructors check their numbers.
#[derive(Debug, Clone, PartialEq)]
pub enum Cooling {
    /// The same for ever [K].
    Constant(f64),
    /// Piecewise linear between nodes.
    Table {
        /// Times [s], rising strictly.
        times: Vec<f64>,
        /// Temperature at each [K].
        temperatures: Vec<f64>,
        /// Whether the end values hold outside; otherwise it is an error to ask there.
        hold: bool,
    },
    /// Linear, T = T₀ (1 − t/τ) down to 0, with τ = 717 d · (D/100 km) (T₀/3000 K) (T₀/4000 K).
    ///
    /// The Python program's rule after Hyodo et al. (2018, ApJ 860, 150). It makes a hotter planet cool more slowly.
    Hyodo {
        /// T₀ [K].
        t0: f64,
        /// D: depth of the molten layer [m].
        d_layer: f64,
    },
    /// A well-mixed layer that radiates from its surface: ρ c_p D dT/dt = −σ T⁴.
    Slab {
        /// Temperature at t = 0 [K].
        t0: f64,
        /// D: depth of the layer [m].
        depth: f64,
        /// ρ [kg m⁻³].
        density: f64,
        /// c_p [J kg⁻¹ K⁻¹].
        heat_capacity: f64,
    },
}

impl Cooling {
    /// A planet that keeps `temperature` [K].
    ///
    /// # Errors
    /// A temperature that is not finite and positive.
    pub fn constant(temperature: f64) -> Result<Self, PhysicsError> {
        PhysicsError::positive("T_M", temperature).map(Self::Constant)
    }

    /// A table of `times` [s], rising strictly, and `temperatures` [K]; at least two rows.
    ///
    /// # Errors
    /// Names the first entry that breaks one of these rules or is not finite.
    pub fn table(times: Vec<f64>, temperatures: Vec<f64>, hold: bool) -> Result<Self, PhysicsError> {
        const TABLE: &str = "temperature table";
        check_axis(TABLE, "time", &times, 2)?;
        check_values(TABLE, "temperature", &temperatures, times.len())?;
        Ok(Self::Table { times, temperatures, hold })
    }

    /// Linear cooling from `t0` [K] with a molten layer of depth `d_layer` [m]; 1e5 m by default.
    ///
    /// # Errors
    /// A number that is not finite and positive.
    pub fn hyodo(t0: f64, d_layer: f64) -> Result<Self, PhysicsError> {
        PhysicsError::positive("T0", t0)?;
        PhysicsError::positive("d_layer", d_layer)?;
        Ok(Self::Hyodo { t0, d_layer })
    }

    /// Radiative cooling from `t0` [K] of a layer of 100 km, 3000 kg m⁻³ and 1000 J kg⁻¹ K⁻¹.
    ///
    /// # Errors
    /// A temperature that is not finite and positive.
    pub fn slab(t0: f64) -> Result<Self, PhysicsError> {
        Self::slab_of(t0, LAYER_DEPTH, LAYER_DENSITY, LAYER_HEAT_CAPACITY)
    }

    /// Radiative cooling of another layer: `depth` [m], `density` [kg m⁻³], `heat_capacity` [J kg⁻¹ K⁻¹].
    ///
    /// # Errors
    /// A number that is not finite and positive.
    pub fn slab_of(t0: f64, depth: f64, density: f64, heat_capacity: f64) -> Result<Self, PhysicsError> {
        PhysicsError::positive("T0", t0)?;
        PhysicsError::positive("depth of the layer", depth)?;
        PhysicsError::positive("density of the layer", density)?;
        PhysicsError::positive("heat capacity of the layer", heat_capacity)?;
        Ok(Self::Slab { t0, depth, density, heat_capacity })
    }

    /// Temperature [K] at time `t` [s], within the range in which the model holds.
    ///
    /// # Errors
    /// [`PhysicsError::TimeOutsideTable`] outside a table that does not hold its ends,
    /// [`PhysicsError::TemperatureOutOfRange`] if the temperature is not within 1000 … 6500 K.
    pub fn temperature(&self, t: f64) -> Result<f64, PhysicsError> {
        if let Self::Table { times, hold: false, .. } = self {
            let (first, last) = (times[0], times[times.len() - 1]);
            if !(first..=last).contains(&t) {
                return Err(PhysicsError::TimeOutsideTable { t, first, last });
            }
        }
        let temperature = self.raw_temperature(t);
        if (TEMPERATURE_RANGE.0..=TEMPERATURE_RANGE.1).contains(&temperature) {
            Ok(temperature)
        } else {
            Err(PhysicsError::TemperatureOutOfRange { t, temperature })
        }
    }

    /// Temperature [K] at time `t` [s] as the law has it, in range or not; tables hold their end values.
    pub fn raw_temperature(&self, t: f64) -> f64 {
        match self {
            Self::Constant(temperature) => *temperature,
            Self::Table { times, temperatures, .. } => linear(times, temperatures, t),
            Self::Hyodo { t0, d_layer } => (t0 - t0 / linear_cooling_time(*t0, *d_layer) * t).max(0.0),
            Self::Slab { t0, .. } => (t0.powi(-3) + self.slab_rate() * t).cbrt().recip(),
        }
    }

    /// Last time of a table [s].
    pub fn last_node(&self) -> Option<f64> {
        if let Self::Table { times, .. } = self { times.last().copied() } else { None }
    }

    /// The next time after `t` [s] at which the law has a kink; `None` for smooth laws and after the last one.
    pub fn next_node_after(&self, t: f64) -> Option<f64> {
        match self {
            Self::Table { times, .. } => times.get(times.partition_point(|&node| node <= t)).copied(),
            _ => None,
        }
    }

    /// First time t ≥ 0 [s] at which the temperature is at or below `target` [K].
    ///
    /// - `search_limit`: latest time of interest [s]; none by default
    ///
    /// `None` if that never happens, or only after the limit. A table is not searched beyond its last node.
    pub fn time_to_reach(&self, target: f64, search_limit: Option<f64>) -> Option<f64> {
        if self.raw_temperature(0.0) <= target {
            return Some(0.0);
        }
        let time = match self {
            Self::Constant(_) => None,
            Self::Table { times, temperatures, .. } => first_crossing(times, temperatures, target),
            Self::Hyodo { t0, d_layer } => {
                (target >= 0.0).then(|| (1.0 - target / t0) * linear_cooling_time(*t0, *d_layer))
            }
            Self::Slab { t0, .. } => (target > 0.0).then(|| (target.powi(-3) - t0.powi(-3)) / self.slab_rate()),
        };
        time.filter(|&t| search_limit.is_none_or(|limit| t <= limit))
    }

    /// The same as the Python program finds it: six hours, then twice as long in every further stretch, until Mars is
    /// cool enough at the end of one; that stretch is halved to a microsecond, and its end taken.
    ///
    /// Where the temperature rises again it may miss a moment that [`Cooling::time_to_reach`] finds.
    pub fn halved_time_to_reach(&self, target: f64, search_limit: Option<f64>) -> Option<f64> {
        let cool = |t: f64| self.raw_temperature(t) <= target;
        if cool(0.0) {
            return Some(0.0);
        }
        let limit = search_limit.or(self.last_node()).unwrap_or(LONGEST_SEARCH);
        let (mut before, mut stretch) = (0.0, FIRST_STRETCH);
        let mut after = f64::min(stretch, limit);
        while !cool(after) {
            if after >= limit {
                return None;
            }
            stretch *= 2.0;
            (before, after) = (after, (after + stretch).min(limit));
        }
        for _ in 0..MOST_HALVINGS {
            if after - before < HALVED_ENOUGH {
                break;
            }
            let middle = 0.5 * (before + after);
            if cool(middle) { after = middle } else { before = middle }
        }
        Some(after)
    }

    /// Rate of T⁻³ of a radiating slab, 3σ/(D ρ c_p) [K⁻³ s⁻¹]; zero for the other laws.
    fn slab_rate(&self) -> f64 {
        match self {
            Self::Slab { depth, density, heat_capacity, .. } => 3.0 * SIGMA_SB / (depth * density * heat_capacity),
            _ => 0.0,
        }
    }
}

/// Time τ in which the linear law would reach absolute zero [s].
fn linear_cooling_time(t0: f64, d_layer: f64) -> f64 {
    DAY * LINEAR_COOLING_DAYS * (d_layer / LAYER_DEPTH) * (t0 / 3000.0) * (t0 / 4000.0)
}

/// First time after 0 at which a polyline that lies above `target` at 0 falls to it.
fn first_crossing(times: &[f64], temperatures: &[f64], target: f64) -> Option<f64> {
    let node = (1..times.len()).find(|&k| times[k] > 0.0 && temperatures[k] <= target)?;
    let (above, below) = (temperatures[node - 1], temperatures[node]);
    Some(times[node - 1] + (above - target) / (above - below) * (times[node] - times[node - 1]))
}

#[cfg(test)]
mod tests {
    use super::super::constants::YEAR;
    use super::super::testing::{ROUNDING, assert_close};
    use super::*;

    fn table(hold: bool) -> Cooling {
        Cooling::table(vec![-10.0, 10.0, 30.0, 40.0], vec![4000.0, 3000.0, 2000.0, 2500.0], hold).unwrap()
    }

    #[test]
    fn the_python_program_gives_the_same_cooling() {
        assert_close(Cooling::slab(4000.0).unwrap().temperature(YEAR).unwrap(), 3_101.474_230_612_627_3, ROUNDING);
        let hyodo = Cooling::hyodo(4000.0, 1e5).unwrap();
        assert_close(hyodo.temperature(YEAR).unwrap(), 2_471.757_322_175_732, ROUNDING);
        let time = Cooling::slab(4000.0).unwrap().time_to_reach(2000.0, None).unwrap();
        assert_close(time / YEAR, 6.112_267_636_235_991, ROUNDING);
    }

    #[test]
    fn a_slab_loses_the_heat_that_it_radiates() {
        let slab = Cooling::slab_of(3500.0, 5e4, 2800.0, 1200.0).unwrap();
        let (t, dt) = (0.3 * YEAR, 100.0);
        let slope = (slab.raw_temperature(t + dt) - slab.raw_temperature(t - dt)) / (2.0 * dt);
        let radiated = SIGMA_SB * slab.raw_temperature(t).powi(4);
        // Centred difference over 1e-5 of the cooling time: truncation ~1e-10, cancellation ~1e-16/1e-5.
        assert_close(-slope * 5e4 * 2800.0 * 1200.0, radiated, 1e-8);
    }

    #[test]
    fn every_law_is_at_its_target_when_it_says_so() {
        let laws = [Cooling::slab(4000.0).unwrap(), Cooling::hyodo(4000.0, 2e5).unwrap(), table(true)];
        for law in laws {
            for target in [3400.0, 2600.0, 2000.0] {
                let t = law.time_to_reach(target, None).unwrap();
                assert_close(law.raw_temperature(t), target, ROUNDING);
                assert!(law.raw_temperature(0.99 * t) > target);
                assert_eq!(law.time_to_reach(target, Some(0.5 * t)), None);
            }
            assert_eq!(law.time_to_reach(5000.0, None), Some(0.0));
        }
    }

    #[test]
    fn the_python_programs_search_ends_within_a_microsecond_of_the_exact_moment() {
        let table = Cooling::table(vec![0.0, 1e5, 3e5], vec![4000.0, 3000.0, 1000.0], true).unwrap();
        for law in [Cooling::slab(4000.0).unwrap(), Cooling::hyodo(4000.0, 2e5).unwrap(), table] {
            for target in [3990.0, 2600.0, 1500.0] {
                let (exact, found) = (law.time_to_reach(target, None).unwrap(), law.halved_time_to_reach(target, None));
                let found = found.unwrap();
                assert!(law.raw_temperature(found) <= target);
                // The time of a temperature that is rounded to 2⁻⁵² is known to as many parts of the cooling time.
                assert!((found - exact).abs() <= 1e-6 + 1e-14 * exact, "{found} instead of {exact}");
                assert_eq!(law.halved_time_to_reach(target, Some(0.5 * exact)), None);
            }
            assert_eq!(law.halved_time_to_reach(5000.0, None), Some(0.0));
            assert_eq!(law.halved_time_to_reach(-1.0, None), None);
        }
        // Between the ends of the first two stretches, 6 and 18 hours, it is never seen that Mars cools for an hour.
        let hour = |h: f64| h * 3600.0;
        let dip = vec![0.0, hour(8.0), hour(9.0), hour(10.0), hour(200.0)];
        let dip = Cooling::table(dip, vec![3000.0, 3000.0, 2000.0, 3000.0, 2000.0], true).unwrap();
        assert_eq!(dip.time_to_reach(2500.0, None), Some(hour(8.5)));
        assert_close(dip.halved_time_to_reach(2500.0, None).unwrap(), hour(105.0), 1e-11);
        assert_eq!(Cooling::constant(3000.0).unwrap().halved_time_to_reach(2000.0, None), None);
    }

    #[test]
    fn unreachable_targets_have_no_time() {
        assert_eq!(Cooling::constant(3000.0).unwrap().time_to_reach(2000.0, None), None);
        assert_eq!(table(true).time_to_reach(1999.0, None), None);
        assert_eq!(Cooling::slab(3000.0).unwrap().time_to_reach(0.0, None), None);
        let hyodo = Cooling::hyodo(4000.0, 1e5).unwrap();
        assert_eq!(hyodo.time_to_reach(-1.0, None), None);
        assert_eq!(hyodo.raw_temperature(100.0 * YEAR), 0.0);
    }

    #[test]
    fn hotter_planets_cool_more_slowly_by_the_linear_law() {
        let per_day = |t0: f64| t0 - Cooling::hyodo(t0, 1e5).unwrap().raw_temperature(DAY);
        assert_close(per_day(4000.0), 4.1841, 1e-5); // five digits are printed
        assert_close(per_day(6000.0), 2.7894, 1e-5);
    }

    #[test]
    fn tables_are_held_or_refused_outside() {
        assert_close(table(false).temperature(20.0).unwrap(), 2500.0, ROUNDING);
        assert_eq!(table(true).temperature(99.0), Ok(2500.0));
        assert_eq!(
            table(false).temperature(99.0),
            Err(PhysicsError::TimeOutsideTable { t: 99.0, first: -10.0, last: 40.0 })
        );
        assert!(table(false).temperature(-11.0).is_err());
    }

    #[test]
    fn nodes_of_a_table_come_one_after_the_other() {
        let table = table(true);
        assert_eq!(table.next_node_after(0.0), Some(10.0));
        assert_eq!(table.next_node_after(10.0), Some(30.0));
        assert_eq!(table.next_node_after(40.0), None);
        assert_eq!(Cooling::Constant(3000.0).next_node_after(0.0), None);
    }

    #[test]
    fn temperatures_outside_the_model_are_errors() {
        for bad in [999.0, 6501.0] {
            let error = Cooling::constant(bad).unwrap().temperature(7.0);
            assert_eq!(error, Err(PhysicsError::TemperatureOutOfRange { t: 7.0, temperature: bad }));
        }
        assert!(Cooling::slab(4000.0).unwrap().temperature(f64::NAN).is_err());
        assert!(Cooling::constant(1000.0).unwrap().temperature(0.0).is_ok());
    }

    #[test]
    fn constructors_refuse_impossible_numbers() {
        assert!(Cooling::constant(f64::NAN).is_err());
        assert!(Cooling::hyodo(4000.0, 0.0).is_err());
        assert!(Cooling::slab_of(4000.0, 1e5, -1.0, 1.0).is_err());
        assert!(matches!(Cooling::table(vec![0.0], vec![1.0], true), Err(PhysicsError::TooFewEntries { .. })));
        assert!(matches!(Cooling::table(vec![0.0, 0.0], vec![1.0; 2], true), Err(PhysicsError::NotAscending { .. })));
    }
}
