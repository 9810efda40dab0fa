//! Spreading a given mass over an annulus as a power law in radius: the mid-plane disk that a run reports beside the
//! dusty surface layer. The surface layer's own density comes from its optical depth, see [`super::supply`].

use std::f64::consts::TAU;

/// Exponents closer than this to 0 or 2 take the closed form of that case (as in the Python program).
const SPECIAL_EXPONENT: f64 = 1e-12;

/// Surface density Σ(r) = C r^(−p) [kg m⁻²] of a disk of given mass between `r_in` and `r_out`.
///
/// C = M (2 − p) / [2π (r_out^(2−p) − r_in^(2−p))], and C = M / [2π ln(r_out / r_in)] for p = 2.
///
/// - `mass`: of the disk [kg]
/// - `exponent`: p
/// - `r_in`, `r_out`: edges [m], 0 < r_in < r_out
/// - `r`: where [m]
pub fn power_law_surface_density(mass: f64, exponent: f64, r_in: f64, r_out: f64, r: f64) -> f64 {
    let per_radian = mass / TAU;
    if exponent.abs() < SPECIAL_EXPONENT {
        return 2.0 * per_radian / (r_out * r_out - r_in * r_in);
    }
    let integral = if (exponent - 2.0).abs() < SPECIAL_EXPONENT {
        (r_out / r_in).ln()
    } else {
        let power = 2.0 - exponent;
        (r_out.powf(power) - r_in.powf(power)) / power
    };
    per_radian / integral * r.powf(-exponent)
}

#[cfg(test)]
mod tests {
    use super::super::constants::{M_MARS, R_MARS};
    use super::super::testing::{ROUNDING, assert_close};
    use super::*;

    fn sigma(exponent: f64) -> f64 {
        power_law_surface_density(3e-5 * M_MARS, exponent, R_MARS, 2.7 * R_MARS, 2.0 * R_MARS)
    }

    #[test]
    fn the_python_program_gives_the_same_surface_density() {
        assert_close(sigma(0.0), 84_798.518_961_079_6, ROUNDING);
        assert_close(sigma(1.0), 78_438.630_038_998_63, ROUNDING);
        assert_close(sigma(2.0), 67_125.815_774_867_53, ROUNDING);
    }

    #[test]
    fn the_special_cases_are_limits_of_the_general_one() {
        // d ln Σ / dp is of order one, so a step of 1e-7 in p moves Σ by about that much.
        assert_close(sigma(1e-7), sigma(0.0), 1e-6);
        assert_close(sigma(2.0 + 1e-7), sigma(2.0), 1e-6);
    }
}
