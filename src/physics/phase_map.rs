//! Maps of the vapour fraction over temperature and optical depth.
//!
//! What follows from the fraction is in [`super::phase`].

use super::error::PhysicsError;
use super::interpolate::{check_axis, check_values, linear};

/// Glass transition of silica [K]; chosen by the Python program's map.
const T_GLASS: f64 = 1475.0;
/// Liquidus of silica [K]; chosen by the Python program's map.
const T_LIQUIDUS: f64 = 1986.0;
/// How much a bar of gas damps the ramp of that map [bar⁻¹].
const PRESSURE_DAMPING: f64 = 0.2;

/// Vapour fraction over temperature and optical depth.
#[derive(Debug, Clone, PartialEq)]
pub enum PhaseMap {
    /// The Python program's built-in map: f rises linearly from 1475 to 1986 K, divided by (1 + 0.2 P/bar)(1 + τ) in
    /// between.
    Silica,
    /// A table.
    Table(PhaseTable),
}

impl PhaseMap {
    /// Vapour fraction, 0 … 1, at `temperature` [K], `tau` and, where it is known, `pressure_bar` [bar].
    pub fn vapour_fraction(&self, temperature: f64, pressure_bar: Option<f64>, tau: f64) -> f64 {
        match self {
            Self::Silica if temperature <= T_GLASS => 0.0,
            Self::Silica if temperature >= T_LIQUIDUS => 1.0,
            Self::Silica => {
                let ramp = (temperature - T_GLASS) / (T_LIQUIDUS - T_GLASS);
                let damping = (1.0 + PRESSURE_DAMPING * pressure_bar.unwrap_or(0.0)) * (1.0 + tau.max(0.0));
                (ramp / damping).clamp(0.0, 1.0)
            }
            Self::Table(table) => table.at(temperature, tau),
        }
    }
}

/// Vapour fraction on a rectangle of temperatures and optical depths, bilinear between the nodes, held outside.
#[derive(Debug, Clone, PartialEq)]
pub struct PhaseTable {
    temperatures: Vec<f64>,
    taus: Vec<f64>,
    /// Row-major, one row of optical depths per temperature.
    fractions: Vec<f64>,
}

impl PhaseTable {
    /// A table from its axes, rising strictly (at least two temperatures [K] and one optical depth), and a row-major block
    /// `fractions[i_T · n_tau + i_tau]` of values within 0 … 1.
    ///
    /// # Errors
    /// Names the first entry that breaks one of these rules or is not finite.
    pub fn new(temperatures: Vec<f64>, taus: Vec<f64>, fractions: Vec<f64>) -> Result<Self, PhysicsError> {
        const TABLE: &str = "phase map";
        check_axis(TABLE, "T", &temperatures, 2)?;
        check_axis(TABLE, "tau", &taus, 1)?;
        check_values(TABLE, "f_vap", &fractions, temperatures.len() * taus.len())?;
        if let Some(index) = fractions.iter().position(|fraction| !(0.0..=1.0).contains(fraction)) {
            let (value, rule) = (fractions[index], "must be within 0 … 1");
            return Err(PhysicsError::BadEntry { table: TABLE, column: "f_vap", index, value, rule });
        }
        Ok(PhaseTable { temperatures, taus, fractions })
    }

    fn at(&self, temperature: f64, tau: f64) -> f64 {
        let width = self.taus.len();
        let row = |k: usize| linear(&self.taus, &self.fractions[k * width..(k + 1) * width], tau);
        let right =
            self.temperatures.partition_point(|node| *node <= temperature).clamp(1, self.temperatures.len() - 1);
        let (low, high) = (self.temperatures[right - 1], self.temperatures[right]);
        let weight = ((temperature - low) / (high - low)).clamp(0.0, 1.0);
        (1.0 - weight) * row(right - 1) + weight * row(right)
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{ROUNDING, assert_close};
    use super::*;

    #[test]
    fn silica_melts_between_glass_and_liquidus() {
        let at = |temperature, pressure, tau| PhaseMap::Silica.vapour_fraction(temperature, pressure, tau);
        assert_eq!((at(1475.0, None, 3.0), at(1986.0, None, 3.0)), (0.0, 1.0));
        assert_close(at(1730.5, None, 0.0), 0.5, ROUNDING); // half way
        assert_close(at(1730.5, Some(5.0), 1.0), 0.125, ROUNDING);
    }

    #[test]
    fn a_table_is_bilinear_and_held_outside() {
        let table = PhaseTable::new(vec![1000.0, 2000.0], vec![0.0, 1.0], vec![0.0, 0.2, 0.6, 1.0]).unwrap();
        let at = |temperature, tau| PhaseMap::Table(table.clone()).vapour_fraction(temperature, None, tau);
        assert_close(at(1500.0, 0.5), 0.45, ROUNDING); // the mean of the corners
        assert_eq!((at(900.0, -1.0), at(9000.0, 7.0), at(2000.0, 0.0)), (0.0, 1.0, 0.6));
        let curve = PhaseTable::new(vec![1000.0, 2000.0], vec![0.0], vec![0.0, 1.0]).unwrap();
        assert_close(PhaseMap::Table(curve).vapour_fraction(1250.0, None, 9.0), 0.25, ROUNDING);
    }

    #[test]
    fn fractions_are_fractions() {
        assert!(PhaseTable::new(vec![1.0, 2.0], vec![0.0], vec![0.0, 1.1]).is_err());
        assert!(PhaseTable::new(vec![1.0], vec![0.0], vec![0.0]).is_err());
        assert!(PhaseTable::new(vec![1.0, 2.0], vec![1.0, 0.0], vec![0.0; 4]).is_err());
    }
}
