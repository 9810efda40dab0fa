//! What is particular to each cell: orbit, supply, how fast and how thick its grains move.

use super::super::cell::CellModel;
use super::super::encounters::Stirring;
use super::super::grid::RadialGrid;
use super::super::report::CellFacts;
use super::supply::CellSupplies;
use super::{Reader, SetupError};
use crate::config::Config;
use crate::config::dynamics::{EccentricityProfileMode, RadiusColumn};
use crate::physics::PhysicsError;
use crate::physics::constants::{M_MARS, R_MARS};
use crate::physics::excitation::EccentricityProfile;
use crate::physics::orbit;
use crate::physics::surface_density::power_law_surface_density;
use crate::tables;
use std::sync::OnceLock;

/// What the cells have in common.
pub(super) struct Circumstances<'a> {
    pub(super) grid: &'a RadialGrid,
    pub(super) eccentricity: EccentricityProfile,
    /// Inclination [rad].
    pub(super) inclination: f64,
    pub(super) stirring: Stirring,
    pub(super) chi: f64,
    pub(super) surface_density: f64,
    pub(super) supply: CellSupplies,
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
    if let Some(eccentricity) = common.stirring.fresh_eccentricity(eccentricity).filter(|e| *e >= 1.0) {
        let unbound = PhysicsError::UnboundOrbit { eccentricity };
        return Err(SetupError::physics("supply.injection.velocity.vrel_factor")(unbound));
    }
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
    let speed = common
        .stirring
        .speed
        .speed(r * omega, eccentricity, inclination)
        .map_err(SetupError::physics("dynamics.e_profile"))?;
    let scale_height = common.stirring.height.at(r, inclination);
    let (tables, supply) = (OnceLock::new(), common.supply.at(r, t_orb, facts.area));
    Ok(CellModel { facts, speed, scale_height, tables, supply })
}

/// Diagnostic mid-plane surface density [kg m⁻²]; NaN where the configuration gives no disk mass.
pub(super) fn midplane(config: &Config, grid: &RadialGrid, r: f64) -> f64 {
    let (Some(disk), Some(mass)) = (&config.disk, &config.inner_disk_mass) else { return f64::NAN };
    let kilograms = if mass.use_mmars_ratio { mass.m_in_ratio * M_MARS } else { mass.m_in_ratio };
    power_law_surface_density(kilograms, disk.geometry.p_index, grid.r_in, grid.r_out, r)
}
