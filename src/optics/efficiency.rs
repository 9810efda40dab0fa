//! Radiation-pressure efficiency of a sphere of any size: the series of Mie, rays where it would be too long, and a
//! smooth passage from one to the other.
//!
//! Between [`BLEND_START`] and [`BLEND_END`] both are computed and mixed with the weight w = t²(3 − 2t),
//! t = log₁₀(x/start)/log₁₀(end/start), which has no kink at either end. What does not live here: the two limits
//! themselves ([`super::mie`], [`super::geometric`]) and the mean over a spectrum ([`super::planck_mean`], read next).

use super::OpticsError;
use super::geometric::GeometricOptics;
use super::mie::{MieWorkspace, RefractiveIndex};

/// Size parameter up to which the Mie series is used alone: 10^3.5.
pub const BLEND_START: f64 = 3.162_277_660_168_379_5e3;
/// Size parameter from which rays are used alone: 10^4.5.
pub const BLEND_END: f64 = 3.162_277_660_168_379_5e4;

/// Computes efficiencies; holds the buffers of both methods, so keep one per thread.
#[derive(Debug, Default)]
pub struct RadiationPressure {
    mie: MieWorkspace,
    rays: GeometricOptics,
}

impl RadiationPressure {
    /// Q_pr of a sphere of index `m` at size parameter x = 2πs/λ, without unit.
    ///
    /// Exact up to [`BLEND_START`]; beyond, the error is that of ray optics times the weight: for n = 1.65 below 0.1 %
    /// in the blend with k from 1e-5 to 3, below 0.25 % with k = 0 (both tested), and falling as x^(−2/3) after it.
    ///
    /// # Errors
    /// [`OpticsError::NotAPositiveSize`] when x is not positive or not finite, [`OpticsError::SizeParameter`] when it
    /// is too small for the series (below 1e-20).
    pub fn q_pr(&mut self, m: RefractiveIndex, x: f64) -> Result<f64, OpticsError> {
        if !(x > 0.0 && x.is_finite()) {
            return Err(OpticsError::NotAPositiveSize { x });
        }
        let t = ((x / BLEND_START).ln() / (BLEND_END / BLEND_START).ln()).clamp(0.0, 1.0);
        let weight = t * t * (3.0 - 2.0 * t);
        let series = if weight < 1.0 { self.mie.efficiencies(m, x)?.radiation_pressure() } else { 0.0 };
        let rays = if weight > 0.0 { self.rays.q_pr(m, x) } else { 0.0 };
        Ok(weight * rays + (1.0 - weight) * series)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Largest relative difference between the joined curve and the series alone, over the blend and its ends.
    fn worst_in_the_blend(n: f64, k: f64) -> f64 {
        let mut pressure = RadiationPressure::default();
        let m = RefractiveIndex::new(n, k).unwrap();
        let mut worst = 0.0_f64;
        for step in 0..=24 {
            let x = BLEND_START * (BLEND_END / BLEND_START).powf(step as f64 / 24.0);
            let exact = pressure.mie.efficiencies(m, x).unwrap().radiation_pressure();
            worst = worst.max((pressure.q_pr(m, x).unwrap() / exact - 1.0).abs());
        }
        worst
    }

    /// Silicate-like index off its bands, and the extremes of n inside them. Rays differ from waves by x^(−2/3), 5e-3
    /// at the start of the blend and 1e-3 at its end; the weight keeps the product below 1e-3 for n = 1.65.
    #[test]
    fn rays_join_the_series_within_a_thousandth() {
        for k in [1e-5, 1e-4, 1e-3, 1e-2, 0.1, 1.0, 3.0] {
            assert!(worst_in_the_blend(1.65, k) < 1e-3, "n 1.65, k {k}: {}", worst_in_the_blend(1.65, k));
        }
        for (n, k) in [(0.05, 3.0), (0.3, 0.5), (0.9, 0.01), (1.2, 0.01), (3.0, 1e-4), (8.6, 3.0)] {
            assert!(worst_in_the_blend(n, k) < 1.5e-3, "n {n}, k {k}: {}", worst_in_the_blend(n, k));
        }
    }

    /// Without absorption sharp resonances ride on the curve, which rays smooth out.
    #[test]
    fn transparent_spheres_join_within_a_quarter_of_a_percent() {
        assert!(worst_in_the_blend(1.65, 0.0) < 2.5e-3, "{}", worst_in_the_blend(1.65, 0.0));
    }

    #[test]
    fn outside_the_blend_one_method_stands_alone() {
        let mut pressure = RadiationPressure::default();
        let m = RefractiveIndex::new(1.65, 1e-3).unwrap();
        let exact = pressure.mie.efficiencies(m, 3e3).unwrap().radiation_pressure();
        assert_eq!(pressure.q_pr(m, 3e3).unwrap(), exact);
        assert_eq!(pressure.q_pr(m, 2e8).unwrap(), pressure.rays.q_pr(m, 2e8));
    }

    #[test]
    fn what_is_not_a_size_is_refused() {
        let m = RefractiveIndex::new(1.65, 0.0).unwrap();
        for x in [0.0, -1.0, f64::NAN, f64::INFINITY, 1e-30] {
            assert!(RadiationPressure::default().q_pr(m, x).is_err(), "x {x}");
        }
    }
}
