//! What is particular to each cell: orbit, supply, how fast and how thick its grains move.

use super::super::cell::CellModel;
use super::super::grid::RadialGrid;
use super::super::report::CellFacts;
use super::surface::surface_density_of;
use super::{Reader, SetupError};
use crate::config::Config;
use crate::config::dynamics::{EccentricityProfileMode, RadiusColumn, RelativeSpeedMode, ScaleHeightMode};
use crate::physics::constants::{M_MARS, R_MARS};
use crate::physics::excitation::{EccentricityProfile, RelativeSpeed, ScaleHeight};
use crate::physics::shielding::Shielding;
use crate::physics::surface_density::power_law_surface_density;
use crate::physics::{orbit, supply};
use crate::tables;
use std::sync::OnceLock;

/// Supply before mixing.
#[derive(Debug, Clone, Copy)]
pub(super) enum SupplyLaw {
    None,
    /// [kg m⁻² s⁻¹]
    Rate(f64),
    /// A share µ × fraction of the reference surface density [kg m⁻²] in each local orbit, after mixing.
    PerOrbit {
        mu: f64,
        fraction: f64,
        reference: f64,
    },
}

/// What the cells have in common.
pub(super) struct Circumstances<'a> {
    pub(super) grid: &'a RadialGrid,
    pub(super) eccentricity: EccentricityProfile,
    /// Inclination [rad].
    pub(super) inclination: f64,
    pub(super) chi: f64,
    pub(super) surface_density: f64,
    pub(super) supply: SupplyLaw,
}

impl Reader<'_> {
    pub(super) fn eccentricity(&mut self, config: &Config) -> Result<EccentricityProfile, SetupError> {
        let profile = &config.dynamics.e_profile;
        let (clip_min, clip_max) = (profile.clip_min, profile.clip_max);
        let missing = |key| SetupError::Missing { key, remedy: "dynamics.e_profile.mode needs it" };
        match profile.mode {
            EccentricityProfileMode::Off => {
                let e0 = config.dynamics.e0.ok_or(missing("dynamics.e0"))?;
                Ok(EccentricityProfile::Constant(e0))
            }
            EccentricityProfileMode::MarsPericenter => Ok(EccentricityProfile::MarsPericenter { clip_min, clip_max }),
            EccentricityProfileMode::Table => {
                const KEY: &str = "dynamics.e_profile.table_path";
                let path = profile.table_path.as_deref().ok_or(missing(KEY))?;
                let (column, unit) = match profile.r_kind {
                    RadiusColumn::MarsRadii => ("r_RM", R_MARS),
                    RadiusColumn::Metres => ("r_m", 1.0),
                };
                let (radii, values) = self.read(KEY, path, |path| tables::eccentricity::read(path, column))?;
                let metres = radii.iter().map(|r| r * unit).collect();
                EccentricityProfile::table(metres, values, clip_min, clip_max).map_err(SetupError::physics(KEY))
            }
        }
    }
}

pub(super) fn supply_law(config: &Config, shielding: &Shielding, opacity: f64, los: f64) -> SupplyLaw {
    let constant = &config.supply.constant;
    match constant.mu_orbit10pct {
        _ if !config.supply.enabled => SupplyLaw::None,
        None => SupplyLaw::Rate(constant.prod_area_rate_kg_m2_s),
        Some(mu) => SupplyLaw::PerOrbit {
            mu,
            fraction: constant.orbit_fraction_at_mu1,
            reference: surface_density_of(constant.mu_reference_tau, shielding, opacity, los),
        },
    }
}

/// The cells, in order of radius.
pub(super) fn cell_models(config: &Config, common: &Circumstances) -> Result<Vec<CellModel>, SetupError> {
    (0..common.grid.len()).map(|index| cell_model(config, common, index)).collect()
}

fn cell_model(config: &Config, common: &Circumstances, index: usize) -> Result<CellModel, SetupError> {
    let r = common.grid.centres[index];
    let omega = orbit::angular_frequency(r);
    let t_orb = orbit::orbital_period(r);
    let eccentricity = common.eccentricity.at(r);
    let inclination = common.inclination;
    let facts = CellFacts {
        index,
        r,
        area: common.grid.areas[index],
        omega,
        t_orb,
        t_blow: common.chi / omega,
        eccentricity,
        inclination,
        initial_surface_density: common.surface_density,
        midplane_surface_density: midplane(config, common.grid, r),
    };
    let epsilon = config.supply.mixing.epsilon_mix;
    let supply_raw = match common.supply {
        SupplyLaw::None => 0.0,
        SupplyLaw::Rate(rate) => rate,
        SupplyLaw::PerOrbit { mu, fraction, reference } => {
            supply::rate_per_orbit(mu, fraction, reference, t_orb, epsilon)
        }
    };
    let relative_speed = match config.dynamics.v_rel_mode {
        RelativeSpeedMode::Pericenter => RelativeSpeed::Pericenter,
        RelativeSpeedMode::Ohtsuki => RelativeSpeed::Ohtsuki,
    };
    let speed = relative_speed
        .speed(r * omega, eccentricity, inclination)
        .map_err(SetupError::physics("dynamics.e_profile"))?;
    let scale_height = scale_height(config)?.at(r, inclination);
    let tables = OnceLock::new();
    Ok(CellModel { facts, speed, scale_height, tables, supply_raw, supply_nominal: supply_raw * epsilon })
}

fn scale_height(config: &Config) -> Result<ScaleHeight, SetupError> {
    match config.dynamics.kernel_h_mode {
        ScaleHeightMode::Ia => Ok(ScaleHeight::FromInclination { factor: config.dynamics.h_factor }),
        ScaleHeightMode::Fixed => {
            let remedy = "dynamics.kernel_H_mode: fixed needs it";
            let missing = SetupError::Missing { key: "dynamics.H_fixed_over_a", remedy };
            Ok(ScaleHeight::Fixed { aspect: config.dynamics.h_fixed_over_a.ok_or(missing)? })
        }
    }
}

/// Diagnostic mid-plane surface density [kg m⁻²]; NaN where the configuration gives no disk mass.
pub(super) fn midplane(config: &Config, grid: &RadialGrid, r: f64) -> f64 {
    let (Some(disk), Some(mass)) = (&config.disk, &config.inner_disk_mass) else { return f64::NAN };
    let kilograms = if mass.use_mmars_ratio { mass.m_in_ratio * M_MARS } else { mass.m_in_ratio };
    power_law_surface_density(kilograms, disk.geometry.p_index, grid.r_in, grid.r_out, r)
}
