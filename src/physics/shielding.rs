//! From opacity to optical depth, and how an optically thick layer shields itself.
//!
//! The opacity of a size distribution is computed in [`super::size_distribution`].

use super::error::PhysicsError;
use super::interpolate::{check_axis, check_values, linear};

/// The fraction Φ(τ) of the opacity that an observer-side layer of optical depth τ shows.
#[derive(Debug, Clone, PartialEq)]
pub struct PhiTable {
    tau: Vec<f64>,
    phi: Vec<f64>,
}

impl PhiTable {
    /// A table of Φ over τ. A single row is a constant.
    ///
    /// # Errors
    /// Names the first entry that is not finite, a τ that does not rise, or a column that is too short.
    pub fn new(tau: Vec<f64>, phi: Vec<f64>) -> Result<Self, PhysicsError> {
        const TABLE: &str = "shielding table";
        check_axis(TABLE, "tau", &tau, 1)?;
        check_values(TABLE, "phi", &phi, tau.len())?;
        Ok(Self { tau, phi })
    }

    /// Φ at optical depth `tau`: piecewise linear, end values held, clipped to 0 … 1.
    pub fn at(&self, tau: f64) -> f64 {
        linear(&self.tau, &self.phi, tau).clamp(0.0, 1.0)
    }
}

/// How many times longer the line of sight through the disk is than the vertical: f = multiplier / (H/r), at least 1.
///
/// - `h_over_r`: aspect ratio of the disk, positive
/// - `path_multiplier`: length of the path in units of r
pub fn line_of_sight_factor(h_over_r: f64, path_multiplier: f64) -> f64 {
    (path_multiplier / h_over_r).max(1.0)
}

/// Optical depth along the line of sight, τ = κ Σ f.
///
/// - `kappa`: opacity [m² kg⁻¹]
/// - `sigma`: surface density [kg m⁻²]
/// - `los`: line-of-sight factor f, at least 1; 1 gives the vertical optical depth
pub fn optical_depth(kappa: f64, sigma: f64, los: f64) -> f64 {
    kappa * sigma * los
}

/// Surface density at which the line of sight reaches unit optical depth, Σ₁ = 1/(κ f) [kg m⁻²].
///
/// - `kappa`: effective opacity [m² kg⁻¹]; infinite result where it is not finite and positive
/// - `los`: line-of-sight factor f, at least 1
pub fn surface_density_at_unit_depth(kappa: f64, los: f64) -> f64 {
    if kappa.is_finite() && kappa > 0.0 { 1.0 / (kappa * los) } else { f64::INFINITY }
}

/// Keeps the surface density of a nearly transparent layer finite [m² kg⁻¹].
const LEAST_OPACITY: f64 = 1e-30;

/// Whether, and how, opacity is reduced by self-shielding.
#[derive(Debug, Clone, PartialEq)]
pub enum Shielding {
    /// Every grain counts: κ_eff = κ.
    Off,
    /// κ_eff = Φ(τ) κ; a layer with Φ = 0 is dark and never becomes opaque.
    Table(PhiTable),
    /// The same, but κ where Φ = 0: the rings of the Python program.
    TableOrAll(PhiTable),
    /// Grains that absorb and do not scatter: Φ = e^−τ.
    Absorbing,
    /// An optical depth that never changes.
    Fixed {
        /// Φ at that optical depth.
        phi: f64,
        /// The optical depth τ.
        tau: f64,
        /// Surface density of optical depth one [kg m⁻²], where it is given.
        sigma_tau1: Option<f64>,
    },
}

impl Shielding {
    /// Φ at the optical depth `tau` along the line of sight; 1 where every grain counts.
    pub fn phi(&self, tau: f64) -> f64 {
        match self {
            Self::Off => 1.0,
            Self::Table(table) | Self::TableOrAll(table) => table.at(tau),
            Self::Absorbing => (-tau).exp().clamp(0.0, 1.0),
            Self::Fixed { phi, .. } => *phi,
        }
    }

    /// Surface density at which the line of sight reaches unit optical depth [kg m⁻²].
    ///
    /// That of [`surface_density_at_unit_depth`]; with a fixed optical depth the given one, or τ/κ_eff.
    ///
    /// - `kappa_eff`: effective opacity [m² kg⁻¹]; `los`: line-of-sight factor, at least 1
    pub fn unit_depth(&self, kappa_eff: f64, los: f64) -> f64 {
        match self {
            Self::Fixed { sigma_tau1: Some(given), .. } => *given,
            Self::Fixed { tau, .. } if kappa_eff > 0.0 => tau / kappa_eff.max(LEAST_OPACITY),
            _ => surface_density_at_unit_depth(kappa_eff, los),
        }
    }

    /// Effective opacity Φ(τ) κ [m² kg⁻¹].
    ///
    /// - `kappa`: opacity of the grains [m² kg⁻¹]
    /// - `tau`: optical depth along the line of sight
    pub fn effective_opacity(&self, kappa: f64, tau: f64) -> f64 {
        let phi = self.phi(tau);
        if phi == 0.0 && matches!(self, Self::TableOrAll(_)) { kappa } else { phi * kappa }
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{ROUNDING, assert_close};
    use super::*;

    fn phi() -> PhiTable {
        PhiTable::new(vec![0.0, 1.0, 3.0], vec![1.0, 0.2, -0.2]).unwrap()
    }

    #[test]
    fn phi_is_a_clipped_polyline() {
        assert_eq!(phi().at(-1.0), 1.0);
        assert_close(phi().at(0.5), 0.6, ROUNDING);
        assert_close(phi().at(1.5), 0.1, ROUNDING);
        assert_eq!(phi().at(2.5), 0.0);
        assert_eq!(PhiTable::new(vec![1.0], vec![0.3]).unwrap().at(50.0), 0.3);
    }

    #[test]
    fn bad_tables_are_refused() {
        assert!(matches!(PhiTable::new(vec![1.0, 1.0], vec![0.1; 2]), Err(PhysicsError::NotAscending { .. })));
        assert!(matches!(PhiTable::new(vec![1.0], vec![0.1; 2]), Err(PhysicsError::LengthMismatch { .. })));
        assert!(matches!(PhiTable::new(vec![], vec![]), Err(PhysicsError::TooFewEntries { .. })));
    }

    #[test]
    fn a_slanted_path_is_never_shorter_than_the_vertical_one() {
        assert_close(line_of_sight_factor(0.05, 1.0), 20.0, ROUNDING);
        assert_eq!(line_of_sight_factor(2.0, 1.0), 1.0);
    }

    #[test]
    fn unit_depth_is_reached_at_the_unit_depth_surface_density() {
        assert_close(optical_depth(0.3, surface_density_at_unit_depth(0.3, 20.0), 20.0), 1.0, ROUNDING);
        assert_eq!(surface_density_at_unit_depth(0.0, 1.0), f64::INFINITY);
    }

    #[test]
    fn shielding_reduces_opacity_to_nothing_where_a_layer_is_dark() {
        assert_eq!(Shielding::Off.effective_opacity(0.4, 1.0), 0.4);
        let table = Shielding::Table(phi());
        assert_close(table.effective_opacity(0.4, 1.0), 0.08, ROUNDING);
        assert_eq!(table.effective_opacity(0.4, 9.0), 0.0); // Φ = 0
        assert_eq!(table.unit_depth(0.0, 20.0), f64::INFINITY);
        assert_eq!(Shielding::TableOrAll(phi()).effective_opacity(0.4, 9.0), 0.4);
        assert_eq!(table.effective_opacity(0.0, 1.0), 0.0);
        assert_close(Shielding::Absorbing.effective_opacity(0.4, 2.0), 0.4 / std::f64::consts::E.powi(2), ROUNDING);
    }

    #[test]
    fn a_fixed_optical_depth_shields_alike_at_every_other_one() {
        let fixed = |sigma_tau1| Shielding::Fixed { phi: 0.25, tau: 1.5, sigma_tau1 };
        assert_eq!([0.0, 1.0, 50.0].map(|tau| fixed(None).effective_opacity(0.4, tau)), [0.1; 3]);
        assert_close(fixed(None).unit_depth(0.1, 20.0), 15.0, ROUNDING);
        assert_eq!(fixed(Some(3.0)).unit_depth(0.1, 20.0), 3.0);
        assert_eq!(fixed(None).unit_depth(0.0, 20.0), f64::INFINITY);
        assert_close(Shielding::Off.unit_depth(0.1, 20.0), 0.5, ROUNDING);
    }
}
