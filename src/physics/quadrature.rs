//! How much of a mass distribution falls into each size bin.
//!
//! The distributions themselves are in [`super::size_distribution`].

use super::size_distribution::SizeGrid;

/// How the mass of a bin follows from a distribution dM/ds between two limits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Quadrature {
    /// dM/ds at the size of the bin times its width, all or nothing of a bin that a limit cuts: the Python program's.
    Midpoint,
    /// ∫ dM/ds ds over the part of the bin between the limits.
    Exact,
}

impl Quadrature {
    /// Mass per bin, in the unit of the distribution. What is not finite and positive counts as none.
    ///
    /// - `limits`: smallest and largest size of the distribution [m]
    /// - `density`: dM/ds at a size [m]
    /// - `integral`: ∫ dM/ds ds between two sizes [m], the first below the second
    pub(super) fn shares(
        self,
        grid: &SizeGrid,
        (lower, upper): (f64, f64),
        density: impl Fn(f64) -> f64,
        integral: impl Fn(f64, f64) -> f64,
    ) -> Vec<f64> {
        let clean = |share: f64| if share.is_finite() && share > 0.0 { share } else { 0.0 };
        let whole = |k: usize| {
            let inside = (lower..=upper).contains(&grid.sizes[k]);
            if inside { density(grid.sizes[k]) * grid.widths[k] } else { 0.0 }
        };
        let part = |k: usize| {
            let (a, b) = (grid.edges[k].max(lower), grid.edges[k + 1].min(upper));
            if a < b { integral(a, b) } else { 0.0 }
        };
        match self {
            Self::Midpoint => (0..grid.len()).map(|k| clean(whole(k))).collect(),
            Self::Exact => (0..grid.len()).map(|k| clean(part(k))).collect(),
        }
    }
}

/// Powers of x closer than this to zero are integrated as a logarithm.
const LOGARITHMIC: f64 = 1e-12;

/// ∫ x^p dx from `a` to `b`, 0 < a < b.
pub(super) fn power_integral(a: f64, b: f64, p: f64) -> f64 {
    let power = p + 1.0;
    if power.abs() < LOGARITHMIC { (b / a).ln() } else { (b.powf(power) - a.powf(power)) / power }
}

/// ∫ x^p sin(k ln x) dx from `a` to `b`, 0 < a < b, for k ≠ 0.
pub(super) fn wave_integral(a: f64, b: f64, p: f64, k: f64) -> f64 {
    let power = p + 1.0;
    let primitive = |x: f64| {
        let (sine, cosine) = (k * x.ln()).sin_cos();
        x.powf(power) * (power * sine - k * cosine) / (power * power + k * k)
    };
    primitive(b) - primitive(a)
}

/// exp(−z²/2) vanishes in double precision from here on.
const GAUSSIAN_END: f64 = 38.6;
/// Nodes and weights of the Gauss–Legendre rule of eight points, symmetric on −1 … 1 (Abramowitz & Stegun 1964, 25.4.30).
const GAUSS_LEGENDRE: [(f64, f64); 4] = [
    (0.183_434_642_495_649_8, 0.362_683_783_378_362),
    (0.525_532_409_916_329, 0.313_706_645_877_887_3),
    (0.796_666_477_413_626_7, 0.222_381_034_453_374_5),
    (0.960_289_856_497_536_3, 0.101_228_536_290_376_3),
];

/// ∫ exp(−z²/2) dz from `a` to `b`, to rounding also far out in a tail, where a difference of error functions is zero.
///
/// In panels over which the integrand changes by a factor e² at most.
pub(super) fn gaussian_integral(a: f64, b: f64) -> f64 {
    let (a, b) = (a.max(-GAUSSIAN_END), b.min(GAUSSIAN_END));
    if a >= b {
        return 0.0;
    }
    let steepest = a.abs().max(b.abs()).max(1.0);
    let panels = (0.5 * steepest * (b - a)).ceil();
    let half = 0.5 * (b - a) / panels;
    let gaussian = |z: f64| (-0.5 * z * z).exp();
    let panel = |index: u32| {
        let middle = a + half * f64::from(2 * index + 1);
        let pair =
            |(node, weight): (f64, f64)| weight * (gaussian(middle - half * node) + gaussian(middle + half * node));
        half * GAUSS_LEGENDRE.into_iter().map(pair).sum::<f64>()
    };
    (0..panels as u32).map(panel).sum()
}

#[cfg(test)]
mod tests {
    use super::super::testing::{ROUNDING, assert_close};
    use super::*;
    use std::f64::consts::TAU;

    /// Trapezoids in ln x, whose error is of second order.
    fn trapezoids(a: f64, b: f64, f: impl Fn(f64) -> f64) -> f64 {
        let panels = 200_000;
        let h = (b / a).ln() / f64::from(panels);
        let at = |k: i32| {
            let x = a * (h * f64::from(k)).exp();
            x * f(x)
        };
        h * (0.5 * (at(0) + at(panels)) + (1..panels).map(at).sum::<f64>())
    }

    #[test]
    fn powers_and_waves_have_their_integrals() {
        for p in [-3.5, -1.0, 0.3] {
            assert_close(power_integral(0.5, 3.0, p), trapezoids(0.5, 3.0, |x| x.powf(p)), 1e-9);
            let wave = |x: f64| x.powf(p) * (2.5 * x.ln()).sin();
            assert_close(wave_integral(0.5, 3.0, p, 2.5), trapezoids(0.5, 3.0, wave), 1e-9);
        }
    }

    #[test]
    fn the_whole_gaussian_is_the_root_of_two_pi() {
        assert_close(gaussian_integral(f64::NEG_INFINITY, f64::INFINITY), TAU.sqrt(), ROUNDING);
        assert_close(gaussian_integral(-1e-9, 0.0), 1e-9, ROUNDING);
        assert_eq!((gaussian_integral(40.0, 50.0), gaussian_integral(-50.0, -40.0)), (0.0, 0.0));
    }

    #[test]
    fn the_tails_of_the_gaussian_are_exact() {
        // Mills' ratio: 1/(z + 1/(z + 2/(z + 3/(z + …)))) (Laplace).
        for z in [3.0, 10.0, 30.0] {
            let ratio = 1.0 / (1..400).rev().fold(z, |rest, k| z + f64::from(k) / rest);
            let tail = (-0.5 * z * z).exp() * ratio;
            assert_close(gaussian_integral(z, f64::INFINITY), tail, ROUNDING);
            assert_close(gaussian_integral(f64::NEG_INFINITY, -z), tail, ROUNDING);
        }
    }
}
