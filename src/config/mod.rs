//! The configuration: from a YAML file to a typed, checked, complete [`Config`].
//!
//! One file per section of the YAML holds the keys, their types and ranges. [`load`](fn@load) reads a file, applies
//! overrides, fills every default and checks everything; nobody else creates a [`Config`], so whoever holds one holds
//! a complete and valid one. Physics and units conversion to models are not here: see `disk/setup`. Read
//! `load.rs` next for the order of the steps.

pub mod dynamics;
pub mod geometry;
pub mod io;
pub mod numerics;
pub mod optical_depth;
pub mod phase;
pub mod profile;
pub mod qstar;
pub mod radiation;
pub mod shielding;
pub mod sinks;
pub mod sizes;
pub mod supply;

#[cfg(test)]
mod across_keys_tests;
mod conditions;
mod decode;
mod demands;
mod docs;
mod error;
mod inert;
mod legacy;
mod load;
mod overrides;
mod rule;
mod schema;
mod show;
mod source;
mod supported;
mod validate;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub use self::{
    docs::configuration_markdown,
    dynamics::Dynamics,
    error::{ConfigError, Problem},
    geometry::{Disk, Geometry, InnerDiskMass, Material, Process, RadialRange, Scope},
    io::{Diagnostics, Io},
    load::{Loaded, from_bytes, load},
    numerics::{NumberOrAuto, Numerics},
    optical_depth::{InitTau1, OpticalDepth, Surface},
    phase::Phase,
    profile::Profile,
    qstar::Qstar,
    radiation::{MarsTemperature, Radiation},
    schema::json_schema,
    shielding::{Blowout, Shielding},
    sinks::Sinks,
    sizes::{Fragments, Initial, Psd, Sizes, SurfaceEnergy},
    supply::Supply,
};

/// A complete configuration: every default filled in, every rule checked.
///
/// Fields are named as the YAML keys, in lower case; serialised, it has the names of the YAML and loads again to the
/// same value.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// Which set of defaults was used.
    pub profile: Profile,
    /// Which families of processes act.
    pub physics_mode: PhysicsMode,
    /// Multiplier χ of the blow-out time χ/Ω, positive, or `auto`.
    pub chi_blow: NumberOrAuto,
    /// A placeholder without effect.
    pub tables: Option<serde_json::Value>,
    /// Radial cells.
    pub geometry: Geometry,
    /// Radial extent.
    pub disk: Option<Disk>,
    /// What the run stands for.
    pub scope: Scope,
    /// Mass behind a diagnostic.
    pub inner_disk_mass: Option<InnerDiskMass>,
    /// Labels.
    pub process: Process,
    /// The grains.
    pub material: Material,
    /// Size bins.
    pub sizes: Sizes,
    /// Size distribution at the start.
    pub initial: Initial,
    /// Shape of the three-slope distribution.
    pub psd: Psd,
    /// Size distribution of debris.
    pub fragments: Fragments,
    /// A size limit from surface energy.
    pub surface_energy: SurfaceEnergy,
    /// Orbits of the grains.
    pub dynamics: Dynamics,
    /// Strength of the bodies.
    pub qstar: Qstar,
    /// Surface layer.
    pub surface: Surface,
    /// Another start of a column, without `optical_depth`.
    pub init_tau1: InitTau1,
    /// Amount of dust; only a column can do without.
    pub optical_depth: Option<OpticalDepth>,
    /// Sublimation, drag, escape.
    pub sinks: Sinks,
    /// Solid or vapour.
    pub phase: Phase,
    /// Fresh material.
    pub supply: Supply,
    /// The glowing planet.
    pub radiation: Radiation,
    /// Self-shielding.
    pub shielding: Shielding,
    /// Removal by radiation pressure.
    pub blowout: Blowout,
    /// Clock and integrator.
    pub numerics: Numerics,
    /// Additional tables.
    pub diagnostics: Diagnostics,
    /// Files.
    pub io: Io,
}

/// Allowed words of `physics_mode`; `full` means `default`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum PhysicsMode {
    /// All of them.
    Default,
    /// No collisions.
    SublimationOnly,
    /// No sinks.
    CollisionsOnly,
}

impl PhysicsMode {
    /// Whether grains collide.
    pub fn collides(self) -> bool {
        self != Self::SublimationOnly
    }

    /// Whether sinks may act.
    pub fn sinks(self) -> bool {
        self != Self::CollisionsOnly
    }
}

impl Config {
    /// Optical depth that the start asks for: that of `optical_depth`, else of `init_tau1` (1 unless positive).
    pub fn target_tau(&self) -> f64 {
        let other = if self.init_tau1.target_tau > 0.0 { self.init_tau1.target_tau } else { 1.0 };
        self.optical_depth.as_ref().map_or(other, |depth| depth.tau0_target)
    }

    /// The edges of the disk: those of the `disk` block, else those of `geometry`.
    ///
    /// `None` when neither is given; a loaded configuration never gives it.
    pub fn radial_range(&self) -> Option<RadialRange> {
        match (&self.disk, self.geometry.r_in, self.geometry.r_out) {
            (Some(disk), _, _) => {
                let (inner, outer) = (disk.geometry.r_in_rm, disk.geometry.r_out_rm);
                Some(RadialRange::MarsRadii { inner, outer })
            }
            (None, Some(inner), Some(outer)) => Some(RadialRange::Metres { inner, outer }),
            _ => None,
        }
    }
}
