//! How stirred up the disk is: eccentricity profile, scale height and the speed of encounters.
//!
//! How often bodies meet at that speed is in [`super::collision`], what it does to them in [`super::fragmentation`].

use super::constants::R_MARS;
use super::error::PhysicsError;
use super::interpolate::{check_axis, check_positive, check_values, linear};

/// Smallest scale height that is used [m]; keeps the collision rate of a disk without inclination finite.
const SCALE_HEIGHT_FLOOR: f64 = 1e-12;
/// Smallest equilibrium eccentricity.
const ECCENTRICITY_FLOOR: f64 = 1e-8;
/// 1 − ε² with a coefficient of restitution ε = 0.5: energy lost in a collision.
const INELASTICITY: f64 = 0.75;

/// Eccentricity of the orbits as a function of distance.
#[derive(Debug, Clone, PartialEq)]
pub enum EccentricityProfile {
    /// The same everywhere.
    Constant(f64),
    /// e = 1 − R_Mars/r: orbits whose pericentre touches the planet, as ejecta have. Zero at and below the surface.
    MarsPericenter {
        /// Smallest value given.
        clip_min: f64,
        /// Largest value given.
        clip_max: f64,
    },
    /// e = 1 − (R_Mars + h)/r: orbits whose pericentre clears the planet by a height h. Not negative.
    MarsClearance {
        /// Height h above the surface [m].
        height: f64,
        /// Largest value given.
        clip_max: f64,
    },
    /// Piecewise linear between nodes, end values held. Build it with [`EccentricityProfile::table`].
    Table {
        /// Distances [m], rising strictly.
        radii: Vec<f64>,
        /// Eccentricity at each.
        values: Vec<f64>,
        /// Smallest value given.
        clip_min: f64,
        /// Largest value given.
        clip_max: f64,
    },
}

impl EccentricityProfile {
    /// A checked [`EccentricityProfile::Table`]: `radii` [m] positive, finite, rising strictly; one finite value each.
    ///
    /// # Errors
    /// Names the first entry that breaks one of these rules, or `clip_min` if it exceeds `clip_max`.
    pub fn table(radii: Vec<f64>, values: Vec<f64>, clip_min: f64, clip_max: f64) -> Result<Self, PhysicsError> {
        const TABLE: &str = "eccentricity table";
        check_axis(TABLE, "r", &radii, 1)?;
        check_positive(TABLE, "r", &radii)?;
        check_values(TABLE, "e", &values, radii.len())?;
        if clip_min.is_nan() || clip_max.is_nan() || clip_min > clip_max {
            return Err(PhysicsError::BadValue { name: "clip_min", value: clip_min, rule: "must not exceed clip_max" });
        }
        Ok(Self::Table { radii, values, clip_min, clip_max })
    }

    /// Eccentricity at distance `r` [m].
    pub fn at(&self, r: f64) -> f64 {
        match self {
            Self::Constant(e) => *e,
            Self::MarsPericenter { clip_min, clip_max } => (1.0 - R_MARS / r).max(0.0).max(*clip_min).min(*clip_max),
            Self::MarsClearance { height, clip_max } => (1.0 - (R_MARS + height) / r).max(0.0).min(*clip_max),
            Self::Table { radii, values, clip_min, clip_max } => linear(radii, values, r).max(*clip_min).min(*clip_max),
        }
    }
}

/// Speed at which two bodies of the disk meet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RelativeSpeed {
    /// v = v_K √((1 + e)/(1 − e)): the speed at pericentre. At e = 0 it is the orbital speed itself, not zero.
    Pericenter,
    /// v = v_K √(5e²/4 + i²): dispersion of a swarm on nearly circular orbits (Lissauer & Stewart 1993;
    /// Ohtsuki et al. 2002, Icarus 155, 436).
    Ohtsuki,
}

impl RelativeSpeed {
    /// Encounter speed [m s⁻¹].
    ///
    /// - `circular_speed`: v_K [m s⁻¹]
    /// - `e`: eccentricity; below 1 for `Pericenter`, small for `Ohtsuki`
    /// - `i`: inclination [rad]; `Pericenter` does not use it
    ///
    /// # Errors
    /// [`PhysicsError::UnboundOrbit`] if `Pericenter` is asked for e outside 0 ≤ e < 1.
    pub fn speed(self, circular_speed: f64, e: f64, i: f64) -> Result<f64, PhysicsError> {
        match self {
            Self::Pericenter if !(0.0..1.0).contains(&e) => Err(PhysicsError::UnboundOrbit { eccentricity: e }),
            Self::Pericenter => Ok(circular_speed * ((1.0 + e) / (1.0 - e).max(1e-8)).sqrt()),
            Self::Ohtsuki => Ok(circular_speed * (1.25 * e * e + i * i).sqrt()),
        }
    }
}

/// Vertical scale height of the disk.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum ScaleHeight {
    /// H = factor · i · r.
    FromInclination {
        /// Dimensionless, positive; 1 by default.
        factor: f64,
    },
    /// H = aspect · r.
    Fixed {
        /// H/r, positive.
        aspect: f64,
    },
}

impl ScaleHeight {
    /// Scale height [m] at distance `r` [m] for inclination `i` [rad], never below 1e-12 m.
    pub fn at(self, r: f64, i: f64) -> f64 {
        let height = match self {
            Self::FromInclination { factor } => factor * i * r,
            Self::Fixed { aspect } => aspect * r,
        };
        height.max(SCALE_HEIGHT_FLOOR)
    }
}

/// Eccentricity at which stirring by gravitational wakes balances inelastic collisions.
///
/// e = √(f_wake τ / (1 − ε²)) with a coefficient of restitution ε = 0.5, at least 1e-8. The Python program finds the
/// same number by iteration.
///
/// - `tau`: optical depth, not negative
/// - `f_wake`: stirring factor, at least 1
///
/// May exceed 1 in a thick disk, whose grains would leave Mars: `disk::encounters` refuses it.
pub fn equilibrium_eccentricity(tau: f64, f_wake: f64) -> f64 {
    (f_wake * tau / INELASTICITY).sqrt().max(ECCENTRICITY_FLOOR)
}

#[cfg(test)]
mod tests {
    use super::super::orbit::circular_speed;
    use super::super::testing::{ROUNDING, assert_close};
    use super::*;

    const R: f64 = 2.45 * R_MARS;

    #[test]
    fn the_python_program_gives_the_same_encounter_speed() {
        let v = RelativeSpeed::Pericenter.speed(circular_speed(R), 0.5, 0.05);
        assert_close(v.unwrap(), 3_933.526_057_113_748, ROUNDING);
    }

    #[test]
    fn a_circular_orbit_meets_others_at_orbital_speed() {
        assert_eq!(RelativeSpeed::Pericenter.speed(100.0, 0.0, 0.3), Ok(100.0));
    }

    #[test]
    fn pericentre_speed_is_refused_for_unbound_orbits() {
        for e in [1.0, 1.6, -0.1, f64::NAN] {
            assert!(matches!(RelativeSpeed::Pericenter.speed(1.0, e, 0.0), Err(PhysicsError::UnboundOrbit { .. })));
        }
    }

    #[test]
    fn a_cold_swarm_has_a_dispersion() {
        // 1.25 · 0.4² + 0.2² = 0.24
        let v = RelativeSpeed::Ohtsuki.speed(10.0, 0.4, 0.2).unwrap();
        assert_close(v * v, 24.0, ROUNDING);
    }

    #[test]
    fn pericentres_on_the_surface_of_mars() {
        let profile = EccentricityProfile::MarsPericenter { clip_min: 0.0, clip_max: 0.6 };
        let r = 2.0 * R_MARS;
        let e = profile.at(r);
        // e defines an orbit whose pericentre r(1 − e) is the planet's radius when r is the semi-major axis.
        assert_close(r * (1.0 - e), R_MARS, ROUNDING);
        assert_eq!(profile.at(0.5 * R_MARS), 0.0);
        assert_eq!(profile.at(10.0 * R_MARS), 0.6);
    }

    #[test]
    fn a_table_is_interpolated_held_and_clipped() {
        let profile = EccentricityProfile::table(vec![1.0, 3.0], vec![0.2, 0.6], 0.25, 0.55).unwrap();
        assert_close(profile.at(2.0), 0.4, ROUNDING);
        assert_eq!(profile.at(0.1), 0.25);
        assert_eq!(profile.at(9.0), 0.55);
    }

    #[test]
    fn bad_tables_are_refused() {
        let table = |r: &[f64], e: &[f64]| EccentricityProfile::table(r.to_vec(), e.to_vec(), 0.0, 0.9);
        assert!(matches!(table(&[2.0, 2.0], &[0.1, 0.2]), Err(PhysicsError::NotAscending { index: 1, .. })));
        assert!(matches!(table(&[-1.0, 2.0], &[0.1, 0.2]), Err(PhysicsError::BadEntry { index: 0, .. })));
        assert!(matches!(table(&[1.0, 2.0], &[0.1]), Err(PhysicsError::LengthMismatch { found: 1, .. })));
        assert!(matches!(table(&[], &[]), Err(PhysicsError::TooFewEntries { found: 0, .. })));
        assert!(EccentricityProfile::table(vec![1.0], vec![0.1], 0.9, 0.0).is_err());
    }

    #[test]
    fn scale_heights_scale_with_radius_and_have_a_floor() {
        assert_close(ScaleHeight::FromInclination { factor: 2.0 }.at(1e6, 0.05), 1e5, ROUNDING);
        assert_close(ScaleHeight::Fixed { aspect: 0.1 }.at(1e6, 0.0), 1e5, ROUNDING);
        assert_eq!(ScaleHeight::FromInclination { factor: 1.0 }.at(1e6, 0.0), 1e-12);
    }

    #[test]
    fn equilibrium_balances_stirring_and_damping() {
        assert_close(equilibrium_eccentricity(1.0, 2.0), 1.632_993_161_855_452, ROUNDING);
        assert_eq!(equilibrium_eccentricity(0.0, 2.0), 1e-8);
    }
}
