//! How the temperature of Mars scales the supply.

use super::super::error::PhysicsError;
use super::super::interpolate::{check_axis, check_values, linear};

/// What the temperature of Mars does to the supply.
#[derive(Debug, Clone, PartialEq)]
pub enum TemperatureLaw {
    /// A factor f (T/T_ref)^x, within limits.
    Power {
        /// T_ref [K], positive.
        reference: f64,
        /// x.
        exponent: f64,
        /// f, the factor at T_ref.
        scale_at_reference: f64,
        /// Smallest and largest factor.
        limits: (f64, f64),
    },
    /// A tabulated factor, within limits.
    Scale {
        /// Factor over temperature.
        table: TemperatureTable,
        /// Smallest and largest factor.
        limits: (f64, f64),
    },
    /// A tabulated rate [kg m⁻² s⁻¹] that replaces what the law in time says, after mixing.
    Rate(TemperatureTable),
}

/// What a temperature law says at one temperature.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Response {
    /// Factor on the mixed rate; 1 where the rate is replaced.
    pub scale: f64,
    /// The number of the law: a factor before its limits for a table, the factor for a power, or the rate.
    pub value: f64,
    /// The rate that replaces the mixed one [kg m⁻² s⁻¹], if one does.
    pub rate: Option<f64>,
}

impl TemperatureLaw {
    /// The response to the temperature of Mars [K].
    pub fn at(&self, temperature: f64) -> Response {
        match self {
            TemperatureLaw::Power { reference, exponent, scale_at_reference, limits } => {
                let scale = clamp(scale_at_reference * (temperature / reference).powf(*exponent), *limits);
                Response { scale, value: scale, rate: None }
            }
            TemperatureLaw::Scale { table, limits } => {
                let value = table.at(temperature);
                Response { scale: clamp(value, *limits), value, rate: None }
            }
            TemperatureLaw::Rate(table) => {
                let value = table.at(temperature);
                Response { scale: 1.0, value, rate: Some(value) }
            }
        }
    }
}

/// The limits need not be in order: the upper one counts.
fn clamp(x: f64, (floor, cap): (f64, f64)) -> f64 {
    x.max(floor).min(cap)
}

/// Values over temperature, joined by straight lines; the ends are held.
#[derive(Debug, Clone, PartialEq)]
pub struct TemperatureTable {
    temperatures: Vec<f64>,
    values: Vec<f64>,
}

impl TemperatureTable {
    /// A table of values at `temperatures` [K], which rise strictly; a single row is a constant.
    ///
    /// # Errors
    /// No rows, unequal lengths, a number that is not finite, temperatures that do not rise.
    pub fn new(temperatures: Vec<f64>, values: Vec<f64>) -> Result<Self, PhysicsError> {
        check_axis("supply temperature table", "temperature", &temperatures, 1)?;
        check_values("supply temperature table", "value", &values, temperatures.len())?;
        Ok(TemperatureTable { temperatures, values })
    }

    fn at(&self, temperature: f64) -> f64 {
        linear(&self.temperatures, &self.values, temperature)
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::testing::{ROUNDING, assert_close};
    use super::*;

    fn table() -> TemperatureTable {
        TemperatureTable::new(vec![1000.0, 2000.0], vec![0.0, 4.0]).unwrap()
    }

    #[test]
    fn the_power_passes_through_its_reference_and_stays_within_its_limits() {
        let law = |limits| TemperatureLaw::Power { reference: 1800.0, exponent: 2.0, scale_at_reference: 0.5, limits };
        assert_close(law((0.0, 10.0)).at(1800.0).scale, 0.5, ROUNDING);
        assert_close(law((0.0, 10.0)).at(3600.0).scale, 2.0, ROUNDING);
        assert_eq!(law((0.0, 1.5)).at(3600.0), Response { scale: 1.5, value: 1.5, rate: None });
        assert_eq!(law((1.0, 9.0)).at(1800.0).scale, 1.0);
        let steep =
            TemperatureLaw::Power { reference: 1.0, exponent: 1e3, scale_at_reference: 0.5, limits: (0.0, 10.0) };
        assert_eq!(steep.at(1800.0).scale, 10.0); // the power itself is infinite
    }

    #[test]
    fn a_tabulated_factor_is_limited_and_its_value_is_not() {
        let law = TemperatureLaw::Scale { table: table(), limits: (0.5, 3.0) };
        for (t, scale, value) in [(500.0, 0.5, 0.0), (1500.0, 2.0, 2.0), (1900.0, 3.0, 3.6), (9000.0, 3.0, 4.0)] {
            let found = law.at(t);
            assert_close(found.value, value, ROUNDING);
            assert_eq!((found.scale, found.rate), (scale, None));
        }
    }

    #[test]
    fn a_tabulated_rate_replaces_the_law_in_time() {
        let found = TemperatureLaw::Rate(table()).at(1250.0);
        assert_eq!(found, Response { scale: 1.0, value: 1.0, rate: Some(1.0) });
    }
}
