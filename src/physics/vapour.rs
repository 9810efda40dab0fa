//! How fast hot grains evaporate: the mass flux from their surface, and from it the rate at which a radius shrinks.
//!
//! The saturation pressure is in [`super::saturation`], what a shrinking radius means for the size bins in [`super::sinks`].

use std::f64::consts::TAU;

use super::constants::R_GAS;
use super::error::PhysicsError;
use super::saturation::SaturationPressure;

/// Temperature at which the exponential law gives 1 kg m⁻² s⁻¹ [K]; chosen by the Python program.
const EXPONENTIAL_REFERENCE: f64 = 1300.0;
/// Smallest width of the exponential law [K].
const EXPONENTIAL_WIDTH_FLOOR: f64 = 1.0;
/// Largest exponent of that law: e^100 kg m⁻² s⁻¹ leave no grain for longer than 10⁻⁴⁰ s, and rates stay finite.
const LARGEST_EXPONENT: f64 = 100.0;
/// Largest saturation pressure that counts [Pa], for the same reason: coefficients that give more are not of a material.
const LARGEST_PRESSURE: f64 = 1e45;

/// Evaporation into a thin gas after Hertz, Knudsen and Langmuir.
#[derive(Debug, Clone, PartialEq)]
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
    /// Mass flux J = α max(0, P_sat − P_gas) √(µ / 2πRT) [kg m⁻² s⁻¹] at grain temperature `temperature` [K], with P_sat
    /// at `saturated_at` [K], which is the same temperature or one near it.
    ///
    /// Nothing condenses where the surrounding pressure exceeds saturation.
    ///
    /// # Errors
    /// As [`SaturationPressure::at`].
    pub fn flux(&self, temperature: f64, saturated_at: f64) -> Result<f64, PhysicsError> {
        let pressure = self.pressure.at(saturated_at)?.min(LARGEST_PRESSURE);
        let excess = (pressure - self.ambient_pressure).max(0.0);
        Ok(self.alpha * excess * (self.molar_mass / (TAU * R_GAS * temperature)).sqrt())
    }
}

/// The law that gives the mass flux from a grain's surface.
#[derive(Debug, Clone, PartialEq)]
pub enum SublimationLaw {
    /// Kinetic theory with a saturation pressure.
    HertzKnudsenLangmuir(Evaporation),
    /// J = exp[(T − 1300 K)/ΔT] kg m⁻² s⁻¹: a switch without a material behind it, as in the Python program.
    Exponential {
        /// ΔT [K], taken as at least 1. The exponent counts as 100 at most.
        width_k: f64,
    },
}

impl SublimationLaw {
    /// Mass flux from the surface [kg m⁻² s⁻¹], not negative.
    ///
    /// - `temperature`: of the grain [K], positive
    /// - `saturated_at`: temperature at which the saturation pressure is taken [K]
    ///
    /// # Errors
    /// As [`SaturationPressure::at`].
    pub fn flux(&self, temperature: f64, saturated_at: f64) -> Result<f64, PhysicsError> {
        match self {
            Self::HertzKnudsenLangmuir(evaporation) => evaporation.flux(temperature, saturated_at),
            Self::Exponential { width_k } => {
                let exponent = (temperature - EXPONENTIAL_REFERENCE) / width_k.max(EXPONENTIAL_WIDTH_FLOOR);
                Ok(exponent.min(LARGEST_EXPONENT).exp())
            }
        }
    }
}

/// Rate at which a grain's radius changes, ds/dt = −J/ρ [m s⁻¹]: zero or negative, the same for all sizes.
///
/// - `flux`: mass flux J from its surface [kg m⁻² s⁻¹]
/// - `density`: of the grain material [kg m⁻³], positive
pub fn size_rate(flux: f64, density: f64) -> f64 {
    -flux / density
}

#[cfg(test)]
mod tests {
    use super::super::saturation::{Branches, ClausiusClapeyron};
    use super::super::testing::{ROUNDING, assert_close};
    use super::*;

    /// Forsterite-like coefficients of the default configuration.
    fn evaporation() -> Evaporation {
        Evaporation {
            pressure: SaturationPressure::Clausius(Branches {
                solid: ClausiusClapeyron { a: 13.809_441_833, b: 28_362.904_024 },
                liquid: Some((2163.0, ClausiusClapeyron { a: 11.08, b: 22_409.0 })),
            }),
            alpha: 0.1,
            molar_mass: 0.140_694,
            ambient_pressure: 0.0,
        }
    }

    #[test]
    fn the_python_program_gives_the_same_flux() {
        for (temperature, flux) in [
            (1500.0, 1.066_410_180_952_684_6e-9),
            (1807.0, 1.584_765_892_301_819_9e-6),
            (2163.0, 5.854_024_819_729_157e-4),
        ] {
            assert_close(evaporation().flux(temperature, temperature).unwrap(), flux, ROUNDING);
        }
    }

    #[test]
    fn nothing_leaves_into_a_saturated_gas() {
        let flux = |ambient_pressure| Evaporation { ambient_pressure, ..evaporation() }.flux(1807.0, 1807.0).unwrap();
        assert_eq!(flux(0.02), 0.0);
        assert_close(flux(0.5 * 0.012_981_157_825_499_873), 0.5 * flux(0.0), ROUNDING);
    }

    #[test]
    fn a_pressure_of_another_temperature_leaves_the_speed_of_the_molecules() {
        let found = evaporation().flux(1600.0, 1807.0).unwrap();
        assert_close(found, 1.584_765_892_301_819_9e-6 * (1807.0_f64 / 1600.0).sqrt(), ROUNDING);
    }

    #[test]
    fn a_flux_is_finite_whatever_the_coefficients() {
        let switch = SublimationLaw::Exponential { width_k: 1.0 };
        assert_eq!(switch.flux(4500.0, 4500.0).unwrap(), 100f64.exp());
        let solid = ClausiusClapeyron { a: 400.0, b: 1.0 };
        let absurd = SaturationPressure::Clausius(Branches { solid, liquid: None });
        let flux =
            |alpha| Evaporation { pressure: absurd.clone(), alpha, ..evaporation() }.flux(1500.0, 1500.0).unwrap();
        assert!(flux(0.1).is_finite() && flux(0.1) > 1e40);
        assert_eq!(flux(0.0), 0.0);
    }

    #[test]
    fn a_radius_shrinks_by_the_flux_over_the_density() {
        let law = SublimationLaw::Exponential { width_k: 50.0 };
        assert_close(law.flux(1300.0, f64::NAN).unwrap(), 1.0, ROUNDING);
        assert_close(law.flux(1350.0, f64::NAN).unwrap(), std::f64::consts::E, ROUNDING);
        assert_close(size_rate(1.0, 2000.0), -5e-4, ROUNDING);
        assert_eq!(SublimationLaw::Exponential { width_k: 0.0 }.flux(1302.0, 1302.0).unwrap(), 2f64.exp());
    }
}
