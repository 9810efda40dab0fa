//! What is left of two bodies after they have hit each other: the largest remnant and a tail of fragments.
//!
//! How often bodies meet is in [`super::collision`], how strong they are in [`super::strength`]. The operator that
//! moves the mass between bins is in [`crate::smoluchowski`].

use std::f64::consts::PI;
use std::ops::Range;

use super::quadrature::power_integral;

/// Energy over strength at which the law of the largest remnant changes branch (Leinhardt & Stewart 2012).
const SUPER_CATASTROPHIC: f64 = 1.8;
/// Largest remnant at that energy.
const SUPER_CATASTROPHIC_REMNANT: f64 = 0.1;
/// Exponent of the largest remnant beyond it.
const SUPER_CATASTROPHIC_EXPONENT: f64 = -1.5;
/// Smallest size that enters a fragment integral [m].
const EDGE_FLOOR: f64 = 1e-30;

/// Energy of a collision per mass in the centre-of-mass frame, Q_R = ½ µ v² / M [J kg⁻¹].
///
/// µ = m_i m_j / M, M = m_i + m_j.
///
/// - `m_i`, `m_j`: masses [kg]; zero is returned unless both are positive
/// - `v`: speed of the encounter [m s⁻¹]
pub fn specific_energy(m_i: f64, m_j: f64, v: f64) -> f64 {
    if m_i > 0.0 && m_j > 0.0 {
        let total = m_i + m_j;
        0.5 * (m_i / total) * (m_j / total) * v * v
    } else {
        0.0
    }
}

/// Mass of the largest remnant over the total mass.
///
/// f = 1 − φ/2 for φ < 1.8, else 0.1 (φ/1.8)^(−3/2), within 0 … 1 (Leinhardt & Stewart 2012, ApJ 745, 79).
///
/// - `phi`: Q_R / Q*_D, not negative; infinite for a body without strength
pub fn largest_remnant_fraction(phi: f64) -> f64 {
    let fraction = if phi < SUPER_CATASTROPHIC {
        1.0 - 0.5 * phi
    } else {
        SUPER_CATASTROPHIC_REMNANT * (phi / SUPER_CATASTROPHIC).powf(SUPER_CATASTROPHIC_EXPONENT)
    };
    fraction.clamp(0.0, 1.0)
}

/// Mass thrown off over the total mass, ε = 1 − f, without the cancellation.
///
/// A grain that hits a boulder has φ ~ 1e-13. Subtracting the remnant from 1 would keep three digits of what it chips
/// off, and a boulder is hit some 1e9 times a second: ε is the rate at which it erodes.
///
/// - `phi`: Q_R / Q*_D, not negative
pub fn ejected_fraction(phi: f64) -> f64 {
    if phi < SUPER_CATASTROPHIC { 0.5 * phi } else { 1.0 - largest_remnant_fraction(phi) }
}

/// Bin that receives the largest remnant: the one whose edges enclose its radius (3 m / 4πρ)^⅓, or the nearest.
///
/// - `edges`: of the size bins [m], rising, one more than bins
/// - `density`: of the material [kg m⁻³]
/// - `mass`: of the remnant [kg]
pub fn remnant_bin(edges: &[f64], density: f64, mass: f64) -> usize {
    let size = (3.0 * mass / (4.0 * PI * density)).cbrt();
    let bins = edges.len() - 1;
    edges.partition_point(|&edge| edge <= size).saturating_sub(1).min(bins - 1)
}

/// Masses [kg] of remnants that belong to a bin for certain, whatever rounding makes of their radius; see
/// [`remnant_bin`].
pub fn masses_in_bin(edges: &[f64], density: f64, bin: usize) -> Range<f64> {
    const ROUNDING: f64 = 1e-12;
    let mass = |edge: f64| 4.0 * PI / 3.0 * density * edge.powi(3);
    mass(edges[bin]) * (1.0 + ROUNDING)..mass(edges[bin + 1]) * (1.0 - ROUNDING)
}

/// Power law of the fragments' sizes.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum FragmentSlope {
    /// dN/ds ∝ s^(−a): the slope of the number of fragments. 3.5 is the collisional steady state of Dohnanyi (1969).
    Number(f64),
    /// dM/ds ∝ s^(−p): the slope of their mass. The Python program uses 3.5 here.
    Mass(f64),
}

impl FragmentSlope {
    /// p of dM/ds ∝ s^(−p). A fragment's mass goes as s³, so p = a − 3.
    pub fn mass_exponent(self) -> f64 {
        match self {
            Self::Number(a) => a - 3.0,
            Self::Mass(p) => p,
        }
    }
}

/// Share of the fragments' mass that belongs to each bin, I_k = ∫ s^(−p) ds over the bin, not normalised.
///
/// Fragments go into the bins 0 … k_LR, with weights I_k / Σ I over these bins.
///
/// - `edges`: of the size bins [m], rising, not negative, one more than bins
/// - `slope_in_mass`: p of dM/ds ∝ s^(−p)
pub fn fragment_integrals(edges: &[f64], slope_in_mass: f64) -> Vec<f64> {
    edges.windows(2).map(|bin| power_integral(bin[0].max(EDGE_FLOOR), bin[1], -slope_in_mass)).collect()
}

#[cfg(test)]
mod tests {
    use super::super::size_distribution::SizeGrid;
    use super::super::strength::{Strength, StrengthCoefficients, StrengthUnits};
    use super::super::testing::{ROUNDING, assert_close};
    use super::*;

    fn weights(slope: FragmentSlope) -> Vec<f64> {
        let grid = SizeGrid::logarithmic(1e-6, 1.0, 12, 3270.0).unwrap();
        let integrals = fragment_integrals(&grid.edges, slope.mass_exponent());
        let total: f64 = integrals.iter().sum();
        integrals.into_iter().map(|i| i / total).collect()
    }

    #[test]
    fn the_python_program_gives_the_same_energy_and_remnants() {
        assert_close(specific_energy(1.0, 2.0, 1000.0), 111_111.111_111_111_11, ROUNDING);
        for (phi, f) in [
            (0.0, 1.0),
            (1.0, 0.5),
            (1.7999, 0.100_05),
            (1.8, 0.1),
            (3.6, 0.035_355_339_059_327_38),
            (100.0, 2.414_953_415_699_773e-4),
        ] {
            assert_close(largest_remnant_fraction(phi), f, ROUNDING);
        }
        assert_eq!(largest_remnant_fraction(f64::INFINITY), 0.0);
        assert_eq!(specific_energy(0.0, 2.0, 1000.0), 0.0);
    }

    #[test]
    fn energy_is_that_of_the_centre_of_mass_frame() {
        // Two bodies of speed v_i and v_j against each other about their common centre.
        let (m_i, m_j, v) = (3.0, 5.0, 7.0);
        let (v_i, v_j) = (v * m_j / (m_i + m_j), v * m_i / (m_i + m_j));
        let energy = 0.5 * (m_i * v_i * v_i + m_j * v_j * v_j);
        assert_close(specific_energy(m_i, m_j, v), energy / (m_i + m_j), ROUNDING);
    }

    #[test]
    fn remnant_and_ejecta_make_up_the_whole() {
        for phi in [0.0, 1e-13, 0.3, 1.0, 1.79, 1.8, 5.0, 1e6] {
            assert_close(largest_remnant_fraction(phi) + ejected_fraction(phi), 1.0, ROUNDING);
        }
    }

    #[test]
    fn the_erosion_of_a_boulder_keeps_its_digits() {
        assert_eq!(ejected_fraction(2e-20), 1e-20);
    }

    /// The collision matrix that an independent program computed for a cell of the default disk, row of the largest bin.
    #[test]
    fn a_boulder_meets_the_same_fate_as_in_the_oracle() {
        let (density, v) = (3270.0, 3_936.141_196_662_743_4);
        let entry = |speed_kms, qs, b| StrengthCoefficients { speed_kms, qs, a_s: 0.38, b, b_g: 1.36 };
        let rows = vec![entry(3.0, 195_090_000.0, 1.6722), entry(4.0, 292_635_000.0, 2.2296)];
        let strength = Strength::new(rows, StrengthUnits::Ba99Cgs, 0.45).unwrap();
        let grid = SizeGrid::logarithmic(3.867_613_653_987_798e-6, 3.0, 40, density).unwrap();
        let phi = |i: usize, j: usize| {
            specific_energy(grid.masses[i], grid.masses[j], v)
                / strength.q_star(grid.sizes[i].max(grid.sizes[j]), density, v)
        };
        for (j, remnant, ejected) in [
            (0, 0.999_999_999_999_993_4, 6.560_779_358_060_511e-15),
            (20, 0.999_995_517_991_416_7, 4.482_008_583_265_889_5e-6),
            (38, 2.689_933_170_952_954_2e-5, 0.999_973_100_668_290_5),
            (39, 1.853_777_607_173_769e-5, 0.999_981_462_223_926_3),
        ] {
            assert_close(largest_remnant_fraction(phi(39, j)), remnant, ROUNDING);
            assert_close(ejected_fraction(phi(39, j)), ejected, ROUNDING);
        }
        let bins = [
            20, 20, 20, 20, 20, 20, 20, 20, 20, 20, 20, 20, 20, 20, 20, 19, 17, 16, 14, 14, 14, 14, 16, 18, 20, 22, 25,
            27, 28, 29, 30, 31, 32, 33, 34, 35, 36, 37, 38, 39,
        ];
        for (j, bin) in bins.into_iter().enumerate() {
            let mass = largest_remnant_fraction(phi(20, j)) * (grid.masses[20] + grid.masses[j]);
            assert_eq!(remnant_bin(&grid.edges, density, mass), bin, "20 hits {j}");
        }
    }

    #[test]
    fn remnants_outside_the_grid_go_to_its_ends() {
        let edges = [1.0, 2.0, 4.0];
        let sphere = |s: f64| 4.0 / 3.0 * PI * 10.0 * s * s * s;
        for (size, bin) in [(0.1, 0), (1.5, 0), (2.5, 1), (9.0, 1)] {
            assert_eq!(remnant_bin(&edges, 10.0, sphere(size)), bin);
        }
    }

    #[test]
    fn masses_within_a_bin_need_no_search() {
        let grid = SizeGrid::logarithmic(1e-7, 3.0, 40, 3270.0).unwrap();
        for bin in 0..40 {
            let masses = masses_in_bin(&grid.edges, 3270.0, bin);
            for mass in [masses.start, grid.masses[bin], masses.end] {
                assert_eq!(remnant_bin(&grid.edges, 3270.0, mass), bin);
            }
            assert!(masses.end / masses.start > 0.999_999 * (grid.edges[bin + 1] / grid.edges[bin]).powi(3));
        }
    }

    #[test]
    fn a_mass_slope_of_three_and_a_half_puts_all_debris_into_the_smallest_bin() {
        let weights = weights(FragmentSlope::Mass(3.5));
        for (k, expected) in [0.943_766, 0.053_071_9, 0.002_984_45, 0.000_167_828].into_iter().enumerate() {
            assert_close(weights[k], expected, 2e-6); // six digits are printed
        }
    }

    #[test]
    fn a_number_slope_of_three_and_a_half_keeps_the_mass_in_the_large_fragments() {
        // dM/ds ∝ s^-0.5, so M(<s) ∝ √s: closed form for the first and the last bin of 1e-6 … 1 m.
        let weights = weights(FragmentSlope::Number(3.5));
        let root = |exponent: f64| 10f64.powf(0.5 * exponent);
        let whole = 1.0 - root(-6.0);
        assert_close(weights[0], (root(-5.5) - root(-6.0)) / whole, ROUNDING);
        assert_close(weights[11], (1.0 - root(-0.5)) / whole, ROUNDING);
    }

    #[test]
    fn the_logarithmic_slope_is_the_limit_of_its_neighbours() {
        let edges = [1.0, 3.0, 9.0];
        let (exact, near) = (fragment_integrals(&edges, 1.0), fragment_integrals(&edges, 1.0 + 1e-8));
        assert_close(exact[1], 3f64.ln(), ROUNDING);
        // x^p ≈ 1 + p ln x: the next term is p ln x / 2 ~ 1e-8, the rounding of x^p − 1 over p ~ 1e-8.
        assert_close(near[1], exact[1], 1e-6);
    }
}
