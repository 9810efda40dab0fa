//! Circular orbits around Mars. Eccentric ones are described by [`super::excitation`].

use std::f64::consts::TAU;

use super::constants::{G, M_MARS};

/// Angular frequency Ω = √(G M / r³) of a circular orbit [s⁻¹].
///
/// - `r`: distance from the centre of Mars [m], finite and positive
pub fn angular_frequency(r: f64) -> f64 {
    (G * M_MARS / (r * r * r)).sqrt()
}

/// Speed v_K = √(G M / r) of a circular orbit [m s⁻¹].
///
/// - `r`: distance from the centre of Mars [m], finite and positive
pub fn circular_speed(r: f64) -> f64 {
    (G * M_MARS / r).sqrt()
}

/// Period 2π/Ω of a circular orbit [s].
///
/// - `r`: distance from the centre of Mars [m], finite and positive
pub fn orbital_period(r: f64) -> f64 {
    TAU / angular_frequency(r)
}

#[cfg(test)]
mod tests {
    use super::super::constants::R_MARS;
    use super::super::testing::{ROUNDING, assert_close};
    use super::*;

    const R: f64 = 2.45 * R_MARS;

    #[test]
    fn the_python_program_gives_the_same_orbit() {
        assert_close(angular_frequency(R), 0.000_273_476_291_180_028_26, ROUNDING);
        assert_close(circular_speed(R), 2_271.022_327_939_029_8, ROUNDING);
    }

    #[test]
    fn a_period_at_circular_speed_covers_the_circumference() {
        assert_close(orbital_period(R) * circular_speed(R), TAU * R, ROUNDING);
    }
}
