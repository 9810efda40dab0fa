//! How the eccentricity and inclination of a cell's grains change: equilibrium, fresh grains among old ones, damping.
//!
//! The profile that they start from, and what they mean for speed and scale height, is in [`super::excitation`].

use super::excitation::equilibrium_eccentricity;

/// Largest stirring factor that does not stir.
const NO_WAKE: f64 = 1.0;
/// Keeps the weight of a supply into an empty cell finite [kg m⁻²].
const LEAST_SURFACE_DENSITY: f64 = 1e-30;

/// Eccentricity and inclination of grains.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Excitation {
    /// Eccentricity.
    pub e: f64,
    /// Inclination [rad].
    pub i: f64,
}

impl Excitation {
    /// Both multiplied by a factor.
    pub fn scaled(self, factor: f64) -> Self {
        Excitation { e: factor * self.e, i: factor * self.i }
    }
}

/// Excitation at which stirring by wakes balances inelastic collisions: e of [`equilibrium_eccentricity`] and i = e/2, as
/// random motions in equipartition have.
///
/// - `tau`: optical depth, not negative
/// - `f_wake`: stirring factor; below 1 nothing stirs and e is `e0`
/// - `e0`: eccentricity of the profile
pub fn equilibrium(tau: f64, f_wake: f64, e0: f64) -> Excitation {
    let e = if f_wake >= NO_WAKE && tau.is_finite() { equilibrium_eccentricity(tau, f_wake) } else { e0.max(1e-8) };
    Excitation { e, i: 0.5 * e }
}

/// Weight w of fresh grains.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Weight {
    /// w = ΔΣ/(Σ + ΔΣ): their share of the mass.
    DeltaSigma,
    /// w = ΔΣ/Σ.
    SigmaRatio,
}

impl Weight {
    /// w of the supply `fresh` = ΔΣ (not negative) into `present` = Σ [kg m⁻²]; may exceed 1 with [`Weight::SigmaRatio`].
    pub fn of(self, fresh: f64, present: f64) -> f64 {
        match self {
            Weight::DeltaSigma => fresh / (present + fresh + LEAST_SURFACE_DENSITY),
            Weight::SigmaRatio => fresh / present.max(LEAST_SURFACE_DENSITY),
        }
    }
}

/// How old and fresh grains are averaged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Blend {
    /// √((1 − w) x² + w y²): the kinetic energy of the mean is the mean of the energies.
    Rms,
    /// (1 − w) x + w y.
    Linear,
}

impl Blend {
    /// Mean of e and of i with the weight w of the fresh grains, taken within 0 … 1.
    pub fn mix(self, old: Excitation, fresh: Excitation, weight: f64) -> Excitation {
        let w = weight.clamp(0.0, 1.0);
        let mean = |x: f64, y: f64| match self {
            Blend::Rms => ((1.0 - w) * (x * x) + w * (y * y)).max(0.0).sqrt(),
            Blend::Linear => (1.0 - w) * x + w * y,
        };
        Excitation { e: mean(old.e, fresh.e), i: mean(old.i, fresh.i) }
    }
}

/// Excitation after `dt` [s] of dx/dt = (x_eq − x)/t_damp, for e and i alike.
///
/// - `t_damp`: damping time [s], positive; infinite without collisions
pub fn relaxed(from: Excitation, to: Excitation, dt: f64, t_damp: f64) -> Excitation {
    let done = -(-dt / t_damp).exp_m1();
    Excitation { e: from.e + done * (to.e - from.e), i: from.i + done * (to.i - from.i) }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{ROUNDING, assert_close};
    use super::*;

    const OLD: Excitation = Excitation { e: 0.3, i: 0.1 };
    const FRESH: Excitation = Excitation { e: 0.5, i: 0.02 };

    #[test]
    fn the_python_program_gives_the_same_equilibrium() {
        let found = equilibrium(1.0, 2.0, 0.5);
        assert_close(found.e, 1.632_993_161_855_452, ROUNDING);
        assert_close(found.i, 0.5 * 1.632_993_161_855_452, ROUNDING);
        assert_eq!(equilibrium(1.0, 0.9, 0.5), Excitation { e: 0.5, i: 0.25 });
    }

    #[test]
    fn equal_masses_meet_in_the_middle() {
        let half = Weight::DeltaSigma.of(2.0, 2.0);
        assert_close(half, 0.5, ROUNDING);
        let energy = Blend::Rms.mix(OLD, FRESH, half);
        assert_close(energy.e.powi(2), 0.5 * (0.09 + 0.25), ROUNDING);
        assert_close(Blend::Linear.mix(OLD, FRESH, half).i, 0.06, ROUNDING);
    }

    #[test]
    fn many_small_supplies_add_up_to_one_large_one() {
        // With w the share of the mass, the mean energy of the whole is the same however it came.
        let (mut mass, mut mixed) = (1.0, OLD);
        for _ in 0..1000 {
            mixed = Blend::Rms.mix(mixed, FRESH, Weight::DeltaSigma.of(1e-3, mass));
            mass += 1e-3;
        }
        let at_once = Blend::Rms.mix(OLD, FRESH, Weight::DeltaSigma.of(1.0, 1.0));
        // A thousand roundings.
        assert_close(mixed.e, at_once.e, 1e-12);
        assert_close(mixed.i, at_once.i, 1e-12);
    }

    #[test]
    fn a_supply_heavier_than_the_cell_replaces_what_was_there_at_most() {
        assert_eq!(Weight::SigmaRatio.of(3.0, 2.0), 1.5);
        assert_eq!(Blend::Linear.mix(OLD, FRESH, 1.5), FRESH);
        assert_eq!(Blend::Rms.mix(OLD, FRESH, 0.0).e, 0.3);
        assert!(Weight::SigmaRatio.of(1.0, 0.0).is_finite() && Weight::DeltaSigma.of(0.0, 0.0) == 0.0);
    }

    #[test]
    fn damping_halves_the_distance_in_ln_2_damping_times() {
        let found = relaxed(OLD, FRESH, 7.0 * std::f64::consts::LN_2, 7.0);
        assert_close(found.e, 0.4, ROUNDING);
        assert_close(found.i, 0.06, ROUNDING);
        assert_eq!(relaxed(OLD, FRESH, 7.0, f64::INFINITY), OLD);
        // Two halves of a step are the step.
        let twice = relaxed(relaxed(OLD, FRESH, 3.0, 7.0), FRESH, 3.0, 7.0);
        assert_close(twice.e, relaxed(OLD, FRESH, 6.0, 7.0).e, ROUNDING);
    }
}
