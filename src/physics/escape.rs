//! Hydrodynamic escape: how fast a vaporised layer leaves.

/// Rate law of the escape.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct HydrodynamicEscape {
    /// Rate of pure vapour at the reference temperature [s⁻¹], not negative.
    pub strength: f64,
    /// Exponent p of the temperature.
    pub power: f64,
    /// Reference temperature [K], positive.
    pub t_ref: f64,
    /// Lower limit of the vapour fraction.
    pub least_vapour: f64,
}

impl HydrodynamicEscape {
    /// Rate at which the layer escapes, strength (T/T_ref)^p max(f, floor) [s⁻¹]; nothing without vapour.
    ///
    /// - `temperature`: of Mars [K], positive
    /// - `vapour`: vapour fraction f, 0 … 1
    pub fn rate(&self, temperature: f64, vapour: f64) -> f64 {
        if vapour <= 0.0 {
            return 0.0;
        }
        self.strength * (temperature / self.t_ref).powf(self.power) * vapour.max(self.least_vapour)
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{ROUNDING, assert_close};
    use super::*;

    #[test]
    fn hotter_and_more_vapour_escapes_faster() {
        let law = HydrodynamicEscape { strength: 1e-5, power: 2.0, t_ref: 2000.0, least_vapour: 0.01 };
        assert_close(law.rate(4000.0, 0.5), 2e-5, ROUNDING); // 1e-5 · 2² · 0.5
        assert_close(law.rate(2000.0, 1e-4), 1e-7, ROUNDING);
        assert_eq!(law.rate(4000.0, 0.0), 0.0);
    }
}
