//! Pressure of the vapour in equilibrium with the condensed material: fits, tables, and both together.
//!
//! What evaporates at that pressure is in [`super::vapour`].

use super::error::PhysicsError;
use super::pchip::Pchip;

const TABLE: &str = "table of saturation pressures";

/// Vapour pressure in the form of Clausius and Clapeyron, log₁₀(P / Pa) = A − B/T.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ClausiusClapeyron {
    /// A, dimensionless.
    pub a: f64,
    /// B [K].
    pub b: f64,
}

impl ClausiusClapeyron {
    /// Pressure [Pa] at `temperature` [K], positive.
    pub fn at(&self, temperature: f64) -> f64 {
        10f64.powf(self.a - self.b / temperature)
    }

    /// Least squares of log₁₀ P over 1/T through points (T [K], log₁₀ P/Pa); `None` unless pressure rises with
    /// temperature, or with fewer than two points.
    fn through(points: impl Iterator<Item = (f64, f64)> + Clone) -> Option<Self> {
        let count = points.clone().count() as f64;
        let (x_mean, y_mean) =
            points.clone().fold((0.0, 0.0), |(x, y), (t, log_p)| (x + 1.0 / t / count, y + log_p / count));
        let (covariance, variance) = points.fold((0.0, 0.0), |(xy, xx), (t, log_p)| {
            let x = 1.0 / t - x_mean;
            (xy + x * (log_p - y_mean), xx + x * x)
        });
        let b = -covariance / variance;
        (b.is_finite() && b > 0.0).then_some(ClausiusClapeyron { a: y_mean + b * x_mean, b })
    }
}

/// Fits for the solid and, where it is known, for the liquid.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Branches {
    /// Over the solid.
    pub solid: ClausiusClapeyron,
    /// Over the liquid, at and above the given temperature [K].
    pub liquid: Option<(f64, ClausiusClapeyron)>,
}

impl Branches {
    /// Pressure [Pa] at `temperature` [K], positive. Neither branch is limited to the range of its fit.
    pub fn at(&self, temperature: f64) -> f64 {
        match self.liquid {
            Some((switch, liquid)) if temperature >= switch => liquid.at(temperature),
            _ => self.solid.at(temperature),
        }
    }
}

/// How a table is continued beyond its ends.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Continuation {
    /// Points within this distance of an end count [K].
    pub window: f64,
    /// If these are fewer, that many nearest points count; at least two do.
    pub min_points: usize,
    /// Where pressure does not rise with temperature at that end.
    pub otherwise: Branches,
}

/// Saturation pressure over temperature.
#[derive(Debug, Clone, PartialEq)]
pub enum SaturationPressure {
    /// Fits.
    Clausius(Branches),
    /// log₁₀ P over T, monotone cubic between the nodes of a table; no pressure outside.
    Tabulated(Pchip),
    /// The same, continued by fits to the points at its ends.
    Continued {
        /// log₁₀ P over T.
        table: Pchip,
        /// Below the first node.
        below: Branches,
        /// Above the last node.
        above: Branches,
    },
}

impl SaturationPressure {
    /// A table of `temperatures` [K], rising strictly, and log₁₀ of pressures in Pa; at least two rows.
    ///
    /// # Errors
    /// Names the first entry that breaks one of these rules or is not finite, or a temperature that is not positive.
    pub fn tabulated(temperatures: Vec<f64>, log_pressures: Vec<f64>) -> Result<Self, PhysicsError> {
        super::interpolate::check_positive(TABLE, "T", &temperatures)?;
        Pchip::new(TABLE, ("T", temperatures), ("log10P", log_pressures)).map(Self::Tabulated)
    }

    /// The same table, continued beyond its ends.
    ///
    /// # Errors
    /// As [`SaturationPressure::tabulated`].
    pub fn continued(
        temperatures: Vec<f64>,
        log_pressures: Vec<f64>,
        rule: Continuation,
    ) -> Result<Self, PhysicsError> {
        super::interpolate::check_positive(TABLE, "T", &temperatures)?;
        let table = Pchip::new(TABLE, ("T", temperatures), ("log10P", log_pressures))?;
        let points: Vec<_> = table.points().collect();
        let (first, last) = table.range();
        let near = |end: f64| points.iter().filter(|point| (point.0 - end).abs() <= rule.window).count();
        let take = |count: usize| count.max(rule.min_points).max(2).min(points.len());
        let branch = |points: &[(f64, f64)]| match ClausiusClapeyron::through(points.iter().copied()) {
            Some(fit) => Branches { solid: fit, liquid: None },
            None => rule.otherwise,
        };
        let below = branch(&points[..take(near(first))]);
        let above = branch(&points[points.len() - take(near(last))..]);
        Ok(Self::Continued { table, below, above })
    }

    /// Saturation pressure [Pa] at `temperature` [K], positive.
    ///
    /// # Errors
    /// [`PhysicsError::TemperatureOutsideTable`] outside a table that is not continued.
    pub fn at(&self, temperature: f64) -> Result<f64, PhysicsError> {
        let outside = |table: &Pchip| {
            let (first, last) = table.range();
            PhysicsError::TemperatureOutsideTable { table: TABLE, temperature, first, last }
        };
        match self {
            Self::Clausius(branches) => Ok(branches.at(temperature)),
            Self::Tabulated(table) => table.at(temperature).map(|log| 10f64.powf(log)).ok_or_else(|| outside(table)),
            Self::Continued { table, below, above } => Ok(match table.at(temperature) {
                Some(log) => 10f64.powf(log),
                None if temperature < table.range().0 => below.at(temperature),
                None => above.at(temperature),
            }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{ROUNDING, assert_close};
    use super::*;

    const SOLID: ClausiusClapeyron = ClausiusClapeyron { a: 13.809_441_833, b: 28_362.904_024 };
    const LIQUID: ClausiusClapeyron = ClausiusClapeyron { a: 11.08, b: 22_409.0 };
    const BOTH: Branches = Branches { solid: SOLID, liquid: Some((2163.0, LIQUID)) };

    /// The logarithm of the solid's pressure at these temperatures.
    fn table(temperatures: &[f64]) -> (Vec<f64>, Vec<f64>) {
        (temperatures.to_vec(), temperatures.iter().map(|t| SOLID.at(*t).log10()).collect())
    }

    #[test]
    fn the_python_program_gives_the_same_pressure() {
        let pressure = SaturationPressure::Clausius(BOTH);
        for (temperature, expected) in
            [(1500.0, 7.958_645_314_425_633e-6), (1807.0, 0.012_981_157_825_499_873), (2163.0, 5.246_287_147_245_435)]
        {
            assert_close(pressure.at(temperature).unwrap(), expected, ROUNDING);
        }
    }

    #[test]
    fn the_liquid_branch_starts_at_its_switch() {
        assert_eq!(BOTH.at(2162.999), SOLID.at(2162.999));
        assert_eq!(BOTH.at(2163.0), LIQUID.at(2163.0));
    }

    #[test]
    fn a_table_holds_at_its_nodes_and_ends_at_its_ends() {
        let (temperatures, logs) = table(&[1500.0, 1600.0, 1800.0]);
        let pressure = SaturationPressure::tabulated(temperatures, logs).unwrap();
        for temperature in [1500.0, 1600.0, 1800.0] {
            assert_close(pressure.at(temperature).unwrap(), SOLID.at(temperature), ROUNDING);
        }
        // Cubic interpolation of a curve over 100 K, where it bends by a third of a decade.
        assert_close(pressure.at(1550.0).unwrap(), SOLID.at(1550.0), 0.1);
        let error = pressure.at(1800.5).unwrap_err();
        assert!(error.to_string().contains("1800.5") && error.to_string().contains("1500"), "{error}");
    }

    #[test]
    fn a_table_of_a_fit_is_continued_by_that_fit() {
        let (temperatures, logs) = table(&[1500.0, 1550.0, 1600.0, 1700.0, 1800.0]);
        let rule = Continuation { window: 120.0, min_points: 3, otherwise: BOTH };
        let pressure = SaturationPressure::continued(temperatures, logs, rule).unwrap();
        for temperature in [1200.0, 1499.0, 1801.0, 2500.0] {
            // A difference of logarithms, 28 at most, times ln 10.
            assert_close(pressure.at(temperature).unwrap(), SOLID.at(temperature), 1e-11);
        }
    }

    #[test]
    fn the_window_and_the_least_number_choose_the_points() {
        // Below, three points rise steeply; above, the last two alone fall, three rise.
        let temperatures = vec![1000.0, 1010.0, 1020.0, 1500.0, 1600.0, 1610.0];
        let logs = vec![-9.0, -8.9, -8.8, -3.0, -1.0, -1.1];
        let rule = |window, min_points| Continuation { window, min_points, otherwise: BOTH };
        let at =
            |rule, t| SaturationPressure::continued(temperatures.clone(), logs.clone(), rule).unwrap().at(t).unwrap();
        // Two points fall with temperature: refused in favour of the fits.
        assert_eq!(at(rule(50.0, 2), 1700.0), BOTH.at(1700.0));
        assert!(at(rule(50.0, 3), 1700.0) != BOTH.at(1700.0));
        assert_eq!(at(rule(150.0, 2), 1700.0), at(rule(50.0, 3), 1700.0));
        // log P = a + b/T through the three points at 1000, 1010, 1020 K, by hand from the outer two and their middle.
        let (x0, x1, x2): (f64, f64, f64) = (1.0 / 1000.0, 1.0 / 1010.0, 1.0 / 1020.0);
        let x = (x0 + x1 + x2) / 3.0;
        let b = -0.1 * (x0 - x2) / ((x0 - x).powi(2) + (x1 - x).powi(2) + (x2 - x).powi(2));
        assert_close(at(rule(50.0, 2), 900.0).log10(), -8.9 + b * (1.0 / 900.0 - x), 1e-10);
    }
}
