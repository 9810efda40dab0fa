//! Eccentricity and inclination drawn at random, and the seed that they are drawn from.

use super::super::grid::RadialGrid;
use super::super::report::Seed;
use super::SetupError;
use crate::config::Dynamics;
use crate::config::dynamics::{ClearanceDistribution, EccentricityMode, InclinationMode};
use crate::physics::constants::R_MARS;
use crate::physics::excitation::EccentricityProfile;
use crate::physics::orbit;
use crate::physics::random::Pcg64;
use sha2::{Digest, Sha256};
use std::f64::consts::FRAC_PI_2;

/// Largest sampled eccentricity.
const MOST_ECCENTRIC: f64 = 0.999_999;

/// What was drawn, where the configuration asks for it.
pub(super) struct Drawn {
    /// Orbits whose pericentres clear Mars by a drawn height.
    pub(super) eccentricity: Option<EccentricityProfile>,
    /// Inclination [rad].
    pub(super) inclination: Option<f64>,
}

/// The configured seed, or one from a hash of what defines the disk.
pub(super) fn seed(dynamics: &Dynamics, grid: &RadialGrid, facts: (&str, f64, f64)) -> Seed {
    if let Some(value) = dynamics.rng_seed {
        return Seed { value, expression: "dynamics.rng_seed".to_string(), basis: format!("{value}") };
    }
    let (r_source, temperature, density) = facts;
    let r = grid.middle();
    let basis = format!(
        "reference_radius_m={r:?}|reference_radius_RM={:?}|t_orb_ref_s={:?}|r_source={r_source}|T_M_basis={:?}|rho={:?}",
        r / R_MARS,
        orbit::orbital_period(r),
        temperature,
        density,
    );
    let digest = Sha256::digest(basis.as_bytes());
    let first = u32::from_be_bytes([digest[0], digest[1], digest[2], digest[3]]);
    Seed { value: u64::from(first) % (1 << 31), expression: format!("sha256('{basis}') % 2**31"), basis }
}

/// Draws the eccentricity, then the inclination.
pub(super) fn draw(dynamics: &Dynamics, seed: &Seed) -> Result<Drawn, SetupError> {
    let mut generator = Pcg64::from_seed(seed.value);
    let eccentricity = match dynamics.e_mode {
        EccentricityMode::Fixed => None,
        EccentricityMode::MarsClearance => Some(EccentricityProfile::MarsClearance {
            height: clearance(dynamics, &mut generator)?,
            clip_max: MOST_ECCENTRIC,
        }),
    };
    let inclination = match dynamics.i_mode {
        InclinationMode::Fixed => None,
        InclinationMode::ObsTiltSpread => Some(tilt(dynamics, &mut generator)),
    };
    Ok(Drawn { eccentricity, inclination })
}

/// Height of the pericentre above the surface [m]; the given one where there is only one.
fn clearance(dynamics: &Dynamics, generator: &mut Pcg64) -> Result<f64, SetupError> {
    let remedy = "dynamics.e_mode: mars_clearance needs dr_min_m, dr_max_m or both";
    match (dynamics.dr_min_m, dynamics.dr_max_m) {
        (Some(low), Some(high)) => Ok(match dynamics.dr_dist {
            ClearanceDistribution::Uniform => generator.uniform(low, high),
            ClearanceDistribution::Loguniform => generator.uniform(low.ln(), high.ln()).exp(),
        }),
        (Some(only), None) | (None, Some(only)) => Ok(only),
        (None, None) => Err(SetupError::Missing { key: "dynamics.dr_min_m", remedy }),
    }
}

/// Inclination around the observed tilt [rad].
fn tilt(dynamics: &Dynamics, generator: &mut Pcg64) -> f64 {
    let (centre, width) = (dynamics.obs_tilt_deg.to_radians(), dynamics.i_spread_deg.to_radians());
    let drawn = if width > 0.0 {
        generator.uniform((centre - width).max(0.0), (centre + width).min(FRAC_PI_2))
    } else {
        centre
    };
    drawn.clamp(0.0, FRAC_PI_2)
}
