//! How much dust there is at the start, and how it shields itself.
//!
//! Every disk may ask for an optical depth, and may hold that of its shielding fixed. A column (`0D`) may instead start from
//! the mid-plane density of a given disk mass, from a surface density, or from `init_tau1`.

use super::super::grid::RadialGrid;
use super::{Reader, SetupError, cells};
use crate::config::optical_depth::InitPolicy;
use crate::config::shielding::{DerivedSigma, FixedSigma, ShieldingMode};
use crate::config::{Config, Profile};
use crate::physics::PhysicsError;
use crate::physics::shielding::{self, PhiTable, Shielding};
use crate::physics::supply::reference_surface_density;
use crate::tables;

/// What the start needs to know about the disk.
pub(super) struct Layer<'a> {
    pub(super) grid: &'a RadialGrid,
    /// Opacity of the initial grains [m² kg⁻¹].
    pub(super) opacity: f64,
    /// Line-of-sight factor.
    pub(super) los: f64,
    /// Factor in Σ_τ1 = 1/(κ_eff × this).
    pub(super) tau1_factor: f64,
}

impl Reader<'_> {
    /// The law Φ(τ). Without a table nothing shields, except in a column of profile `python`, whose grains then absorb.
    pub(super) fn shielding(&mut self, config: &Config) -> Result<Shielding, SetupError> {
        const KEY: &str = "shielding.table_path";
        match config.shielding.table() {
            _ if ignores_fixed_depth(config) => Ok(Shielding::Off),
            Some(path) => {
                let python = config.profile == Profile::Python;
                let (tau, phi) = self.read(KEY, path, |path| tables::phi::read(path, python))?;
                let law = if python && !config.geometry.is_column() { Shielding::TableOrAll } else { Shielding::Table };
                PhiTable::new(tau, phi).map(law).map_err(SetupError::physics(KEY))
            }
            None if absorbs_without_table(config) => Ok(Shielding::Absorbing),
            None => Ok(Shielding::Off),
        }
    }
}

/// Rings of the Python program know no fixed optical depth: nothing shields them then.
fn ignores_fixed_depth(config: &Config) -> bool {
    let rings = !config.geometry.is_column();
    rings && config.profile == Profile::Python && config.shielding.mode == ShieldingMode::FixedTau1
}

fn absorbs_without_table(config: &Config) -> bool {
    let python = config.profile == Profile::Python;
    config.geometry.is_column() && python && config.shielding.mode != ShieldingMode::Off
}

/// Surface density at the start [kg m⁻²], and the shielding of the whole run.
///
/// # Errors
/// An optical depth is asked for at which the layer is dark.
pub(super) fn start(config: &Config, law: Shielding, layer: &Layer) -> Result<(f64, Shielding), SetupError> {
    let surface_density = match &config.optical_depth {
        Some(depth) => surface_density_of("optical_depth.tau0_target", depth.tau0_target, &law, layer)?,
        None => column_without_depth(config, &law, layer)?,
    };
    let shielding = match config.shielding.mode {
        ShieldingMode::FixedTau1 if ignores_fixed_depth(config) => law,
        ShieldingMode::FixedTau1 => fixed_shielding(config, &law, layer, surface_density)?,
        ShieldingMode::Off | ShieldingMode::Psitau => law,
    };
    if !(config.init_tau1.enabled && config.init_tau1.scale_to_tau1) {
        return Ok((surface_density, shielding));
    }
    let tau = shielding::optical_depth(layer.opacity, surface_density, layer.los);
    let limit = shielding.unit_depth(shielding.effective_opacity(layer.opacity, tau), layer.tau1_factor);
    let limit = if limit.is_finite() { limit * (1.0 - config.shielding.auto_max_margin) } else { limit };
    Ok((surface_density.min(limit), shielding))
}

/// Surface density [kg m⁻²] of an optical depth along the line of sight, which `key` asks for.
///
/// # Errors
/// The layer is dark there: no surface density has that optical depth.
pub(super) fn surface_density_of(
    key: &'static str,
    tau: f64,
    shielding: &Shielding,
    layer: &Layer,
) -> Result<f64, SetupError> {
    let phi = lit(key, shielding.phi(tau))?;
    Ok(reference_surface_density(tau, phi, layer.opacity, layer.los))
}

/// Φ, unless it is zero.
fn lit(key: &'static str, phi: f64) -> Result<f64, SetupError> {
    const RULE: &str = "the layer is dark there, and no surface density has that optical depth";
    let dark = PhysicsError::BadValue { name: "self-shielding Φ at that optical depth", value: phi, rule: RULE };
    if phi == 0.0 { Err(SetupError::physics(key)(dark)) } else { Ok(phi) }
}

/// `init_tau1` before `surface.sigma_surf_init_override` before the disk mass; nothing without any of them.
fn column_without_depth(config: &Config, law: &Shielding, layer: &Layer) -> Result<f64, SetupError> {
    let midplane = cells::midplane(config, layer.grid, layer.grid.middle());
    let known = if midplane.is_finite() { midplane } else { 0.0 };
    let tau = shielding::optical_depth(layer.opacity, known, layer.los);
    let opacity = law.effective_opacity(layer.opacity, tau);
    if config.init_tau1.enabled {
        lit("init_tau1.enabled", law.phi(tau))?;
        return Ok(config.target_tau() / (opacity * layer.los));
    }
    Ok(match (config.surface.sigma_surf_init_override, config.surface.init_policy) {
        (Some(given), _) => given,
        (None, InitPolicy::ClipByTau1) => known.min(law.unit_depth(opacity, layer.tau1_factor)),
        (None, InitPolicy::None) => known,
    })
}

/// Shielding whose optical depth never changes.
fn fixed_shielding(config: &Config, law: &Shielding, layer: &Layer, initial: f64) -> Result<Shielding, SetupError> {
    let keys = &config.shielding;
    let tau = keys.fixed_tau1_tau.unwrap_or(layer.opacity * initial);
    let phi = law.phi(tau);
    let of_target = || {
        let phi = lit("shielding.fixed_tau1_sigma", phi)?;
        Ok(reference_surface_density(config.target_tau(), phi, layer.opacity, layer.los))
    };
    let sigma_tau1 = match keys.fixed_tau1_sigma {
        None => None,
        Some(FixedSigma::Number(given)) => Some(given),
        Some(FixedSigma::Derived(DerivedSigma::Auto)) => Some(of_target()?),
        Some(FixedSigma::Derived(DerivedSigma::AutoMax)) => {
            Some(of_target()?.max(initial) * (1.0 + keys.auto_max_margin))
        }
    };
    Ok(Shielding::Fixed { phi, tau, sigma_tau1 })
}
