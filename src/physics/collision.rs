//! How often bodies of two sizes meet. What comes of it is in [`super::fragmentation`].

use std::f64::consts::{PI, TAU};

use super::constants::TAU_MIN;

/// Rate coefficient κ_ij of collisions in a vertically Gaussian disk [m² s⁻¹].
///
/// κ_ij = π (s_i + s_j)² v / (√(2π) √(H_i² + H_j²)): cross-section times speed, divided by the thickness over which two
/// swarms of scale heights H_i and H_j overlap (Krivov, Löhne & Sremčević 2006, A&A 455, 509).
/// The collision rate per area of an unordered pair is κ_ij N_i N_j / (1 + δ_ij).
///
/// - `s_i`, `s_j`: radii [m]
/// - `v_rel`: speed of the encounter [m s⁻¹]
/// - `h_i`, `h_j`: scale heights [m], positive
pub fn kernel(s_i: f64, s_j: f64, v_rel: f64, h_i: f64, h_j: f64) -> f64 {
    let reach = s_i + s_j;
    PI * reach * reach * v_rel / (TAU.sqrt() * h_i.hypot(h_j))
}

/// Collision time of a disk from its optical depth, t = 1/(Ω τ_⊥) [s]; `None` where there is too little to hit.
///
/// - `angular_frequency`: Ω [s⁻¹]
/// - `tau_los`: optical depth along the line of sight
/// - `los`: line-of-sight factor; τ_⊥ = τ_los / max(los, 1)
pub fn optical_depth_collision_time(angular_frequency: f64, tau_los: f64, los: f64) -> Option<f64> {
    let tau_vertical = tau_los / los.max(1.0);
    (tau_los > TAU_MIN && tau_vertical > TAU_MIN).then(|| 1.0 / (angular_frequency * tau_vertical))
}

#[cfg(test)]
mod tests {
    use super::super::constants::R_MARS;
    use super::super::excitation::{RelativeSpeed, ScaleHeight};
    use super::super::orbit::angular_frequency;
    use super::super::quadrature::Quadrature;
    use super::super::size_distribution::{SizeGrid, ThreeSlope, three_slope};
    use super::super::testing::{ROUNDING, assert_close};
    use super::*;

    #[test]
    fn the_python_program_gives_the_same_collision_rates() {
        let grid = SizeGrid::logarithmic(1e-6, 1.0, 12, 3270.0).unwrap();
        let law = ThreeSlope { alpha: 1.83, s_min: 1e-6, s_max: 1.0, wavy_strength: 0.0 };
        let fractions = three_slope(&grid, &law, Quadrature::Midpoint).unwrap();
        let r = 2.45 * R_MARS;
        let v = RelativeSpeed::Pericenter.speed(r * angular_frequency(r), 0.5, 0.05).unwrap();
        let h = ScaleHeight::FromInclination { factor: 1.0 }.at(r, 0.05);
        let number = |k: usize| fractions[k] / grid.masses[k]; // Σ = 1 kg m⁻²
        let rate = |i: usize, j: usize| {
            let pairs = if i == j { 0.5 } else { 1.0 };
            pairs * kernel(grid.sizes[i], grid.sizes[j], v, h, h) * number(i) * number(j)
        };
        assert_close(rate(0, 0), 438.379_867_073_114_27, ROUNDING);
        assert_close(rate(0, 1), 1_460.436_575_897_035_3, ROUNDING);
        assert_close(rate(11, 0), 1.415_218_026_079_269_7, ROUNDING);
        let hit = |i: usize| ((0..grid.len()).map(|j| rate(i, j)).sum::<f64>() + rate(i, i)) / number(i);
        let fastest = (0..grid.len()).map(hit).fold(0.0, f64::max);
        assert_close(1.0 / fastest, 2.973_552_741_749_342_3e-6, ROUNDING);
    }

    #[test]
    fn the_kernel_is_symmetric_and_counts_geometry() {
        assert_eq!(kernel(1.0, 2.0, 5.0, 3.0, 4.0), kernel(2.0, 1.0, 5.0, 4.0, 3.0));
        // π 3² · 5 / (√(2π) · 5)
        assert_close(kernel(1.0, 2.0, 5.0, 3.0, 4.0), 9.0 * PI / TAU.sqrt(), ROUNDING);
    }

    #[test]
    fn thin_disks_have_no_collision_time() {
        assert_close(optical_depth_collision_time(1e-4, 2.0, 20.0).unwrap(), 1e5, ROUNDING);
        assert_eq!(optical_depth_collision_time(1e-4, 1e-12, 1.0), None);
        assert_eq!(optical_depth_collision_time(1e-4, 2e-12, 20.0), None);
    }
}
