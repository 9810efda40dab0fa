//! How fast hot grains evaporate: saturation pressure, mass flux and the rate at which a radius shrinks.
//!
//! What a shrinking radius means for the size bins is in [`super::sinks`].

use std::f64::consts::TAU;

use super::constants::R_GAS;

/// Temperature at which the exponential law gives 1 kg m⁻² s⁻¹ [K]; chosen by the Python program.
const EXPONENTIAL_REFERENCE: f64 = 1300.0;
/// Smallest width of the exponential law [K].
const EXPONENTIAL_WIDTH_FLOOR: f64 = 1.0;

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
}

/// Pressure of the vapour in equilibrium with the condensed material.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SaturationPressure {
    /// Over the solid.
    pub solid: ClausiusClapeyron,
    /// Over the liquid, at and above the given temperature [K].
    pub liquid: Option<(f64, ClausiusClapeyron)>,
}

impl SaturationPressure {
    /// Saturation pressure [Pa] at `temperature` [K], positive. Neither branch is limited to the range of its fit.
    pub fn at(&self, temperature: f64) -> f64 {
        match self.liquid {
            Some((switch, liquid)) if temperature >= switch => liquid.at(temperature),
            _ => self.solid.at(temperature),
        }
    }
}

/// Evaporation into a thin gas after Hertz, Knudsen and Langmuir.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Evaporation {
    /// P_sat(T).
    pub pressure: SaturationPressure,
    /// Evaporation coefficient α, 0 … 1.
    pub alpha: f64,
    /// Molar mass µ of the vapour [kg mol⁻¹], positive.
    pub molar_mass: f64,
    /// Pressure of the vapour already around the grain [Pa].
    pub ambient_pressure: f64,
}

impl Evaporation {
    /// Mass flux J = α max(0, P_sat − P_gas) √(µ / 2πRT) [kg m⁻² s⁻¹] at grain temperature `temperature` [K].
    ///
    /// Nothing condenses where the surrounding pressure exceeds saturation.
    pub fn flux(&self, temperature: f64) -> f64 {
        let excess = (self.pressure.at(temperature) - self.ambient_pressure).max(0.0);
        self.alpha * excess * (self.molar_mass / (TAU * R_GAS * temperature)).sqrt()
    }
}

/// The law that gives the mass flux from a grain's surface.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum SublimationLaw {
    /// Kinetic theory with a saturation pressure.
    HertzKnudsenLangmuir(Evaporation),
    /// J = exp[(T − 1300 K)/ΔT] kg m⁻² s⁻¹: a switch without a material behind it, as in the Python program.
    Exponential {
        /// ΔT [K], taken as at least 1.
        width_k: f64,
    },
}

impl SublimationLaw {
    /// Mass flux from the surface [kg m⁻² s⁻¹], not negative.
    ///
    /// - `temperature`: of the grain [K], positive
    pub fn flux(&self, temperature: f64) -> f64 {
        match self {
            Self::HertzKnudsenLangmuir(evaporation) => evaporation.flux(temperature),
            Self::Exponential { width_k } => {
                ((temperature - EXPONENTIAL_REFERENCE) / width_k.max(EXPONENTIAL_WIDTH_FLOOR)).exp()
            }
        }
    }

    /// Rate at which a grain's radius changes, ds/dt = −J/ρ [m s⁻¹]: zero or negative, the same for all sizes.
    ///
    /// - `temperature`: of the grain [K], positive
    /// - `density`: of the grain material [kg m⁻³], positive
    pub fn size_rate(&self, temperature: f64, density: f64) -> f64 {
        -self.flux(temperature) / density
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{ROUNDING, assert_close};
    use super::*;

    /// Forsterite-like coefficients of the default configuration.
    fn evaporation() -> Evaporation {
        Evaporation {
            pressure: SaturationPressure {
                solid: ClausiusClapeyron { a: 13.809_441_833, b: 28_362.904_024 },
                liquid: Some((2163.0, ClausiusClapeyron { a: 11.08, b: 22_409.0 })),
            },
            alpha: 0.1,
            molar_mass: 0.140_694,
            ambient_pressure: 0.0,
        }
    }

    #[test]
    fn the_python_program_gives_the_same_pressure_and_flux() {
        for (temperature, pressure, flux) in [
            (1500.0, 7.958_645_314_425_633e-6, 1.066_410_180_952_684_6e-9),
            (1807.0, 0.012_981_157_825_499_873, 1.584_765_892_301_819_9e-6),
            (2163.0, 5.246_287_147_245_435, 5.854_024_819_729_157e-4),
        ] {
            assert_close(evaporation().pressure.at(temperature), pressure, ROUNDING);
            assert_close(evaporation().flux(temperature), flux, ROUNDING);
        }
    }

    #[test]
    fn the_liquid_branch_starts_at_its_switch() {
        let with = evaporation().pressure;
        let without = SaturationPressure { liquid: None, ..with };
        assert_eq!(with.at(2162.999), without.at(2162.999));
        assert!(with.at(2163.0) != without.at(2163.0));
    }

    #[test]
    fn nothing_leaves_into_a_saturated_gas() {
        let saturated = Evaporation { ambient_pressure: 0.02, ..evaporation() };
        assert_eq!(saturated.flux(1807.0), 0.0);
        let law = SublimationLaw::HertzKnudsenLangmuir(saturated);
        assert_eq!(law.size_rate(1807.0, 3270.0), 0.0);
        let half = Evaporation { ambient_pressure: 0.5 * 0.012_981_157_825_499_873, ..evaporation() };
        assert_close(half.flux(1807.0), 0.5 * evaporation().flux(1807.0), ROUNDING);
    }

    #[test]
    fn a_radius_shrinks_by_the_flux_over_the_density() {
        let law = SublimationLaw::Exponential { width_k: 50.0 };
        assert_close(law.flux(1300.0), 1.0, ROUNDING);
        assert_close(law.flux(1350.0), std::f64::consts::E, ROUNDING);
        assert_close(law.size_rate(1300.0, 2000.0), -5e-4, ROUNDING);
        assert_eq!(SublimationLaw::Exponential { width_k: 0.0 }.flux(1302.0), 2f64.exp());
    }
}
