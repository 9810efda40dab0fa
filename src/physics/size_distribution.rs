//! The grid of size bins, the opacity of what is on it, and the distributions a disk may start with.
//!
//! The state of a cell is the surface mass density per bin; a distribution is given as mass fractions per bin. What
//! fragments add to the bins is in [`super::fragmentation`].

use std::f64::consts::{LN_10, PI, TAU};

use super::error::PhysicsError;
use super::quadrature::{Quadrature, gaussian_integral, power_integral, wave_integral};

/// Logarithmic size bins of spheres of one material.
#[derive(Debug, Clone, PartialEq)]
pub struct SizeGrid {
    /// Edges e_0 < … < e_n [m]; the first and the last are s_min and s_max to the bit.
    pub edges: Vec<f64>,
    /// Radius that stands for each bin, s_k = √(e_k e_(k+1)) [m].
    pub sizes: Vec<f64>,
    /// Mass of a grain of that radius, m_k = (4/3) π ρ s_k³ [kg].
    pub masses: Vec<f64>,
    /// e_(k+1) − e_k [m].
    pub widths: Vec<f64>,
    /// Density of the material [kg m⁻³].
    pub density: f64,
}

impl SizeGrid {
    /// `n` bins, equally wide in log s, between `s_min` and `s_max` [m], for grains of `density` [kg m⁻³].
    ///
    /// # Errors
    /// A size or density that is not finite and positive, `s_max` not above `s_min`, or no bin.
    pub fn logarithmic(s_min: f64, s_max: f64, n: usize, density: f64) -> Result<Self, PhysicsError> {
        PhysicsError::positive("s_min", s_min)?;
        PhysicsError::positive("s_max", s_max)?;
        PhysicsError::positive("density", density)?;
        if s_max <= s_min {
            return Err(PhysicsError::BadValue { name: "s_max", value: s_max, rule: "must be larger than s_min" });
        }
        if n == 0 {
            return Err(PhysicsError::TooFewEntries { table: "size grid", column: "bins", needed: 1, found: 0 });
        }
        let (start, end) = (s_min.log10(), s_max.log10());
        let step = (end - start) / n as f64;
        let mut edges: Vec<f64> = (0..=n).map(|k| 10f64.powf(start + k as f64 * step)).collect();
        edges[0] = s_min;
        edges[n] = s_max;
        let sizes: Vec<f64> = edges.windows(2).map(|e| (e[0] * e[1]).sqrt()).collect();
        let widths = edges.windows(2).map(|e| e[1] - e[0]).collect();
        let masses = sizes.iter().map(|s| 4.0 / 3.0 * PI * density * s.powi(3)).collect();
        Ok(Self { edges, sizes, masses, widths, density })
    }

    /// `n` bins of grains of one size, with whole metres as edges: what the Python program makes of `mono` in a column.
    pub fn uniform(size: f64, n: usize, density: f64) -> Self {
        let mut grid = Self {
            edges: (0..=n).map(|k| k as f64).collect(),
            sizes: vec![size; n],
            masses: vec![0.0; n],
            widths: vec![1.0; n],
            density,
        };
        (0..n).for_each(|k| grid.set_size(k, size));
        grid
    }

    /// Gives bin k another size that stands for it [m].
    pub fn set_size(&mut self, k: usize, size: f64) {
        self.sizes[k] = size;
        self.masses[k] = 4.0 / 3.0 * PI * self.density * size.powi(3);
    }

    /// The bin that a size [m] lies in; the first or the last for one outside.
    pub fn bin_of(&self, size: f64) -> usize {
        self.edges.partition_point(|&edge| edge <= size).saturating_sub(1).min(self.len() - 1)
    }

    /// Number of bins.
    pub fn len(&self) -> usize {
        self.sizes.len()
    }

    /// Never: a grid has at least one bin.
    pub fn is_empty(&self) -> bool {
        self.sizes.is_empty()
    }

    /// Geometric opacity of a distribution, κ = Σ_k (3/4ρs_k) M_k / Σ_k M_k [m² kg⁻¹]; zero without mass.
    ///
    /// - `mass`: per bin, in any unit, one entry per bin
    pub fn opacity(&self, mass: &[f64]) -> f64 {
        let total: f64 = mass.iter().sum();
        if total <= 0.0 {
            return 0.0; // but a NaN is handed on
        }
        self.sizes.iter().zip(mass).map(|(&s, m)| self.grain_opacity(s) * m).sum::<f64>() / total
    }

    /// Cross-section over mass of a grain, π s²/m = 3/(4 ρ s) [m² kg⁻¹].
    fn grain_opacity(&self, size: f64) -> f64 {
        0.75 / (self.density * size)
    }

    /// Smallest and largest edge [m].
    fn range(&self) -> (f64, f64) {
        (self.edges[0], self.edges[self.len()])
    }
}

/// Three power laws in number, without matching at the breaks, as the Python program starts a disk (`upper`).
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ThreeSlope {
    /// Slope α of the smallest grains.
    pub alpha: f64,
    /// Smallest size [m], positive; the first break is at ten times this.
    pub s_min: f64,
    /// Size that sets the second break, at a tenth of it [m]; above `s_min`.
    pub s_max: f64,
    /// Amplitude A of a wave; 0 for none.
    pub wavy_strength: f64,
}

impl ThreeSlope {
    /// Slope of dN/ds at a size [m].
    fn slope(&self, s: f64) -> f64 {
        if s < 10.0 * self.s_min {
            self.alpha
        } else if s < self.s_max / 10.0 {
            self.alpha + 1.0
        } else {
            self.alpha + 1.5
        }
    }

    /// Wave number in ln s.
    fn wave_number(&self) -> f64 {
        TAU / (self.s_max / self.s_min).ln()
    }

    fn density(&self, s: f64) -> f64 {
        let x = s / self.s_min;
        let wave = 1.0 + self.wavy_strength * (self.wave_number() * x.ln()).sin();
        x.powf(-self.slope(s)) * wave * s.powi(3)
    }

    /// Integral of the density between two sizes [m], over s_min⁴, piece by piece.
    fn integral(&self, a: f64, b: f64) -> f64 {
        let first = 10.0 * self.s_min;
        let ends = [a, first, first.max(self.s_max / 10.0), b].map(|s| s.clamp(a, b));
        let piece = |ends: &[f64]| {
            let (low, high) = (ends[0], ends[1]);
            if low >= high {
                return 0.0;
            }
            let (x, y, power) = (low / self.s_min, high / self.s_min, 3.0 - self.slope(low));
            power_integral(x, y, power) + self.wavy_strength * wave_integral(x, y, power, self.wave_number())
        };
        ends.windows(2).map(piece).sum()
    }
}

/// Mass of dN/ds ∝ (s/s_min)^(−q), with q = α below 10 s_min, α + 1 below s_max/10 and α + 1.5 above, times a wave
/// 1 + A sin(2π ln(s/s_min)/ln(s_max/s_min)), from s_min on. The distribution jumps at its breaks.
///
/// Returns mass fractions per bin, of sum 1.
///
/// # Errors
/// [`PhysicsError::EmptyDistribution`] if no bin has a finite, positive share.
pub fn three_slope(grid: &SizeGrid, law: &ThreeSlope, quadrature: Quadrature) -> Result<Vec<f64>, PhysicsError> {
    let limits = (law.s_min, f64::INFINITY);
    let weights = quadrature.shares(grid, limits, |s| law.density(s), |a, b| law.integral(a, b));
    normalised("three-slope distribution", weights, (law.s_min, grid.range().1))
}

/// Fine and coarse component of freshly solidified melt.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct MeltMixture {
    /// Mass fraction of the fine component, 0 … 1 (clamped).
    pub f_fine: f64,
    /// Centre of the fine component [m], positive.
    pub s_fine: f64,
    /// Centre of the coarse component [m], positive.
    pub s_meter: f64,
    /// Width of both, standard deviation in log₁₀ s, positive.
    pub width_dex: f64,
    /// Nothing is smaller [m].
    pub s_cut: f64,
}

/// Mixture of two lognormal components in dM/ds (`melt_lognormal_mixture`).
///
/// Each is exp(−½ [ln(s/c)/(w ln 10)]²) ds, zero for s < s_cut, normalised on its own, then mixed. Where one component has
/// no mass on the grid the other makes up the whole.
///
/// Returns mass fractions per bin, of sum 1.
///
/// # Errors
/// [`PhysicsError::EmptyDistribution`] if neither has any mass on the grid.
pub fn lognormal_mixture(
    grid: &SizeGrid,
    melt: &MeltMixture,
    quadrature: Quadrature,
) -> Result<Vec<f64>, PhysicsError> {
    let deviation = melt.width_dex * LN_10;
    let component = |centre: f64| {
        let density = |s: f64| (-0.5 * ((s / centre).ln() / deviation).powi(2)).exp();
        // In u = ln s, with ds = s du, a Gaussian about ln c + σ².
        let z = |s: f64| (s / centre).ln() / deviation - deviation;
        let integral = |a: f64, b: f64| gaussian_integral(z(a), z(b));
        let weights = quadrature.shares(grid, (melt.s_cut, f64::INFINITY), density, integral);
        let total: f64 = weights.iter().sum();
        weights.into_iter().map(move |weight| if total > 0.0 { weight / total } else { 0.0 })
    };
    let f_fine = melt.f_fine.clamp(0.0, 1.0);
    let (fine, coarse) = (component(melt.s_fine), component(melt.s_meter));
    let mixed = fine.zip(coarse).map(|(fine, coarse)| f_fine * fine + (1.0 - f_fine) * coarse).collect();
    normalised("lognormal melt mixture", mixed, (melt.s_cut, grid.range().1))
}

/// A power law of solids between two sizes.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct TruncatedPowerLaw {
    /// Smallest solid [m].
    pub s_min_solid: f64,
    /// Largest solid [m].
    pub s_max_solid: f64,
    /// Nothing is smaller [m].
    pub s_cut: f64,
    /// Slope α of dN/ds ∝ s^(−α).
    pub alpha: f64,
}

/// Mass of dN/ds ∝ s^(−α), dM/ds ∝ s^(3−α), for max(s_min_solid, s_cut) ≤ s ≤ s_max_solid (`melt_truncated_powerlaw`).
///
/// Returns mass fractions per bin, of sum 1.
///
/// # Errors
/// [`PhysicsError::EmptyDistribution`] if no bin lies in that range.
pub fn truncated_power_law(
    grid: &SizeGrid,
    law: &TruncatedPowerLaw,
    quadrature: Quadrature,
) -> Result<Vec<f64>, PhysicsError> {
    let (floor, power) = (law.s_min_solid.max(law.s_cut), 3.0 - law.alpha);
    let limits = (floor, law.s_max_solid);
    let integral = |a: f64, b: f64| power_integral(a / floor, b / floor, power);
    let weights = quadrature.shares(grid, limits, |s| s.powf(power), integral);
    normalised("truncated power law", weights, limits)
}

/// All mass in the bin that a size [m] lies in.
///
/// # Errors
/// [`PhysicsError::EmptyDistribution`] if no bin does.
pub fn single_size(grid: &SizeGrid, size: f64) -> Result<Vec<f64>, PhysicsError> {
    let (lower, upper) = grid.range();
    let inside = size >= lower && size <= upper;
    let weights = (0..grid.len()).map(|k| f64::from(inside && k == grid.bin_of(size))).collect();
    normalised("distribution of a single size", weights, (size, size))
}

fn normalised(
    distribution: &'static str,
    mut weights: Vec<f64>,
    (lower, upper): (f64, f64),
) -> Result<Vec<f64>, PhysicsError> {
    let total: f64 = weights.iter().sum();
    if !(total.is_finite() && total > 0.0) {
        return Err(PhysicsError::EmptyDistribution { distribution, lower, upper });
    }
    weights.iter_mut().for_each(|weight| *weight /= total);
    Ok(weights)
}

#[cfg(test)]
mod tests {
    use super::super::testing::{ROUNDING, assert_close};
    use super::Quadrature::{Exact, Midpoint};
    use super::*;

    fn grid() -> SizeGrid {
        SizeGrid::logarithmic(1e-6, 1.0, 12, 3270.0).unwrap()
    }

    fn three_slopes(wavy_strength: f64) -> ThreeSlope {
        ThreeSlope { alpha: 1.83, s_min: 1e-6, s_max: 1.0, wavy_strength }
    }

    fn mixture() -> MeltMixture {
        MeltMixture { f_fine: 0.03, s_fine: 1e-4, s_meter: 0.5, width_dex: 0.3, s_cut: 1e-6 }
    }

    fn assert_whole(fractions: &[f64]) {
        assert_close(fractions.iter().sum(), 1.0, ROUNDING);
    }

    #[test]
    fn bins_are_equally_wide_in_log_size_and_their_ends_exact() {
        let grid = SizeGrid::logarithmic(3.867e-6, 3.0, 40, 3270.0).unwrap();
        assert_eq!((grid.edges[0], grid.edges[40], grid.len()), (3.867e-6, 3.0, 40));
        let ratio = (3.0f64 / 3.867e-6).powf(1.0 / 40.0);
        for k in 0..40 {
            assert_close(grid.edges[k + 1] / grid.edges[k], ratio, ROUNDING);
            assert_close(grid.sizes[k] * ratio.sqrt(), grid.edges[k + 1], ROUNDING);
        }
        assert_close(grid.widths.iter().sum(), 3.0 - 3.867e-6, ROUNDING);
    }

    #[test]
    fn impossible_grids_are_refused() {
        assert!(SizeGrid::logarithmic(0.0, 1.0, 3, 3270.0).is_err());
        assert!(SizeGrid::logarithmic(1.0, 1.0, 3, 3270.0).is_err());
        assert!(SizeGrid::logarithmic(1e-6, 1.0, 0, 3270.0).is_err());
        assert!(SizeGrid::logarithmic(1e-6, 1.0, 3, f64::NAN).is_err());
    }

    #[test]
    fn the_python_program_gives_the_same_three_slopes() {
        let grid = grid();
        let fractions = three_slope(&grid, &three_slopes(0.0), Midpoint).unwrap();
        assert_close(grid.sizes[0], 1.778_279_410_038_922_7e-6, ROUNDING);
        for (k, number) in [
            (0, 5.755_824_990_738_742e17),
            (1, 7.000_153_775_906_969e16),
            (5, 2.723_375_840_729_985e10),
            (11, 0.117_518_862_864_684_16),
        ] {
            assert_close(fractions[k] / (grid.sizes[k].powi(3) * grid.widths[k]), number, ROUNDING);
        }
        assert_close(grid.opacity(&fractions), 0.017_538_479_549_779_416, ROUNDING);
        assert_whole(&fractions);
    }

    #[test]
    fn a_wave_multiplies_the_slopes() {
        let grid = grid();
        let [flat, wavy] = [0.0, 0.4].map(|wave| three_slope(&grid, &three_slopes(wave), Midpoint).unwrap());
        // Bin centres lie at 1/24, 3/24, … of a period: bin 1 sits at 1/8, bin 4 at 3/8, of equal sine √½.
        assert_close(wavy[1] / flat[1], wavy[4] / flat[4], ROUNDING);
        let expected = (1.0 + 0.4 * 0.5f64.sqrt()) / (1.0 - 0.4 * 0.5f64.sqrt());
        assert_close((wavy[1] / flat[1]) / (wavy[7] / flat[7]), expected, ROUNDING);
        assert_whole(&wavy);
    }

    #[test]
    fn opacity_is_cross_section_over_mass() {
        let grid = grid();
        let mut mass = vec![0.0; 12];
        assert_eq!(grid.opacity(&mass), 0.0);
        mass[3] = 5.0;
        let grain = PI * grid.sizes[3].powi(2) / grid.masses[3];
        assert_close(grid.opacity(&mass), grain, ROUNDING);
        assert_close(grid.grain_opacity(grid.sizes[3]), grain, ROUNDING);
        mass[4] = f64::NAN;
        assert!(grid.opacity(&mass).is_nan());
    }

    #[test]
    fn the_python_program_gives_the_same_mixture() {
        let fractions = lognormal_mixture(&grid(), &mixture(), Midpoint).unwrap();
        assert_close(fractions[10], 0.091_874_745_642_496_5, ROUNDING);
        assert_close(fractions[11], 0.877_526_933_649_840_3, ROUNDING);
        assert_whole(&fractions);
    }

    #[test]
    fn one_component_makes_up_for_one_that_is_off_the_grid() {
        for quadrature in [Midpoint, Exact] {
            let of = |melt: &MeltMixture| lognormal_mixture(&grid(), melt, quadrature);
            let off = MeltMixture { s_fine: 1e-60, ..mixture() };
            let coarse = of(&MeltMixture { f_fine: 0.0, ..mixture() }).unwrap();
            for (a, b) in of(&off).unwrap().iter().zip(&coarse) {
                assert_close(*a, *b, ROUNDING);
            }
            assert!(of(&MeltMixture { f_fine: 1.0, ..off }).is_err());
            assert!(matches!(
                of(&MeltMixture { s_cut: 2.0, ..mixture() }),
                Err(PhysicsError::EmptyDistribution { lower: 2.0, .. })
            ));
        }
    }

    #[test]
    fn a_truncated_power_law_keeps_its_slope_and_its_limits() {
        let grid = grid();
        let law = TruncatedPowerLaw { s_min_solid: 1e-4, s_max_solid: 0.1, s_cut: 1e-6, alpha: 3.5 };
        let fractions = truncated_power_law(&grid, &law, Midpoint).unwrap();
        assert_eq!((fractions[3], fractions[10]), (0.0, 0.0));
        // M_k ∝ s_k^-0.5 w_k ∝ s_k^0.5 on logarithmic bins
        assert_close(fractions[9] / fractions[4], (grid.sizes[9] / grid.sizes[4]).sqrt(), ROUNDING);
        assert_whole(&fractions);
        assert!(truncated_power_law(&grid, &TruncatedPowerLaw { s_cut: 0.2, ..law }, Midpoint).is_err());
    }

    #[test]
    fn a_single_size_is_in_its_bin() {
        let grid = grid();
        // Two bins a decade from 1e-6 m: 3e-4 m is in the fifth.
        let fractions = single_size(&grid, 3e-4).unwrap();
        assert_eq!(fractions.iter().position(|share| *share == 1.0), Some(4));
        assert_whole(&fractions);
        assert!(single_size(&grid, 1.5).is_err() && single_size(&grid, 1e-7).is_err());
    }

    #[test]
    fn uniform_bins_differ_in_nothing_but_their_edges() {
        let grid = SizeGrid::uniform(1.5, 3, 3000.0);
        assert_eq!((grid.edges.as_slice(), grid.widths.as_slice()), (&[0.0, 1.0, 2.0, 3.0][..], &[1.0; 3][..]));
        assert!(grid.masses.iter().all(|mass| *mass == 4.0 / 3.0 * PI * 3000.0 * 1.5f64.powi(3)));
        assert_close(grid.opacity(&[0.2, 0.3, 0.5]), 0.75 / (3000.0 * 1.5), ROUNDING);
    }

    /// Mass, and mass over size, of dM/ds between two sizes: trapezoids in ln s.
    fn moments(a: f64, b: f64, density: impl Fn(f64) -> f64) -> [f64; 2] {
        let panels = 100_000;
        let h = (b / a).ln() / f64::from(panels);
        let at = |k: i32, power: f64| {
            let s = a * (h * f64::from(k)).exp();
            s * density(s) * s.powf(power)
        };
        [0.0, -1.0].map(|p| h * (0.5 * (at(0, p) + at(panels, p)) + (1..panels).map(|k| at(k, p)).sum::<f64>()))
    }

    /// The distributions as `Exact` spreads them over a grid, and their dM/ds with its breaks, from limits within bins.
    type Spread = (Box<dyn Fn(&SizeGrid) -> Vec<f64>>, Box<dyn Fn(f64) -> f64>, Vec<f64>);

    fn spreads() -> Vec<Spread> {
        let law = TruncatedPowerLaw { s_min_solid: 3.3e-5, s_max_solid: 0.27, s_cut: 1e-6, alpha: 3.7 };
        let slopes = ThreeSlope { alpha: 3.2, s_min: 2.7e-6, s_max: 1.0, wavy_strength: 0.4 };
        let coarse = MeltMixture { f_fine: 0.0, s_meter: 0.1, s_cut: 0.013, ..mixture() };
        vec![
            (
                Box::new(move |grid| truncated_power_law(grid, &law, Exact).unwrap()),
                Box::new(|s| s.powf(-0.7)),
                vec![3.3e-5, 0.27],
            ),
            (
                Box::new(move |grid| three_slope(grid, &slopes, Exact).unwrap()),
                Box::new(move |s| slopes.density(s)),
                vec![2.7e-6, 2.7e-5 * (1.0 - 1e-15), 2.7e-5, 0.1 * (1.0 - 1e-15), 0.1, 1.0],
            ),
            (
                Box::new(move |grid| lognormal_mixture(grid, &coarse, Exact).unwrap()),
                Box::new(|s: f64| (-0.5 * ((s / 0.1).log10() / 0.3).powi(2)).exp()),
                vec![0.013, 1.0],
            ),
        ]
    }

    /// Moments over all pieces.
    fn whole(density: &dyn Fn(f64) -> f64, ends: &[f64]) -> [f64; 2] {
        let add = |sum: [f64; 2], pair: &[f64]| {
            let part = moments(pair[0], pair[1], density);
            [sum[0] + part[0], sum[1] + part[1]]
        };
        ends.windows(2).fold([0.0; 2], add)
    }

    #[test]
    fn exact_bins_hold_the_integral_of_their_part_of_the_distribution() {
        let grid = grid();
        for (fractions, density, ends) in spreads() {
            let (fractions, [total, _]) = (fractions(&grid), whole(&density, &ends));
            assert_whole(&fractions);
            for k in 0..grid.len() {
                let cut: Vec<f64> = ends.iter().map(|end| end.clamp(grid.edges[k], grid.edges[k + 1])).collect();
                let expected = if cut[0] < cut[cut.len() - 1] { whole(&density, &cut)[0] / total } else { 0.0 };
                // Trapezoids: (h²/12) f'' and, at a break, an end that lies 1e-15 off.
                assert!((fractions[k] - expected).abs() <= 1e-7 * expected, "{k}: {} {expected}", fractions[k]);
            }
        }
    }

    #[test]
    fn opacity_of_exact_bins_tends_to_that_of_the_distribution() {
        for (fractions, density, ends) in spreads() {
            let [total, over_size] = whole(&density, &ends);
            let expected = 0.75 / 3270.0 * over_size / total;
            let off = |n: usize| {
                let grid = SizeGrid::logarithmic(1e-6, 1.0, n, 3270.0).unwrap();
                grid.opacity(&fractions(&grid)) / expected - 1.0
            };
            // A bin counts with its middle: second order, but first in the two bins that a limit cuts.
            let (coarse, fine) = (off(60).abs(), off(960).abs());
            assert!(coarse < 0.05 && fine < 0.1 * coarse.max(0.005), "{coarse} {fine}");
        }
    }
}
