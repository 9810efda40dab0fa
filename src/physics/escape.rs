//! Hydrodynamic escape: how fast a vaporised layer leaves.

/// Largest factor by which temperature raises the rate: nothing is left of the layer anyway, and the rate stays finite.
const LARGEST_GROWTH: f64 = 1e40;

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
        let growth = (temperature / self.t_ref).powf(self.power).min(LARGEST_GROWTH);
        self.strength * growth * vapour.max(self.least_vapour)
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
        let steep = HydrodynamicEscape { power: 5000.0, ..law };
        assert_close(steep.rate(4000.0, 1.0), 1e35, ROUNDING);
        assert_eq!(HydrodynamicEscape { strength: 0.0, ..steep }.rate(4000.0, 1.0), 0.0);
    }
}
