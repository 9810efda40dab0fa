//! Where the disk is and what it is made of: `geometry`, `disk`, `scope`, `inner_disk_mass`, `process`, `material`.
//!
//! Grain sizes are in [`super::sizes`]; what the disk weighs at the start follows from [`super::optical_depth`].

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::rule::{Rule, above, at_least, within};

/// `geometry`: the kind of run and its radial cells.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Geometry {
    /// One column or a row of radial cells.
    pub mode: GeometryMode,
    /// Inner edge \[m\], positive; used only without a `disk` block.
    pub r_in: Option<f64>,
    /// Outer edge \[m\], above `r_in`; used only without a `disk` block.
    pub r_out: Option<f64>,
    /// Number of radial cells of a 1-D run, 1 to 100 000; YAML key `Nr`.
    #[serde(rename = "Nr")]
    pub nr: Option<usize>,
}

impl Geometry {
    /// Number of cells: one for a column.
    pub fn cells(&self) -> usize {
        match self.mode {
            GeometryMode::ZeroD => 1,
            // A 1-D configuration without it was refused when it was loaded.
            GeometryMode::OneD => self.nr.unwrap_or(1),
        }
    }

    /// Whether the run is of one column.
    pub fn is_column(&self) -> bool {
        self.mode == GeometryMode::ZeroD
    }
}

/// Allowed words of `geometry.mode`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum GeometryMode {
    /// `0D`: one column at the middle radius.
    #[serde(rename = "0D")]
    ZeroD,
    /// `1D`: independent radial cells.
    #[serde(rename = "1D")]
    OneD,
}

/// `disk`: the radial extent in radii of Mars.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Disk {
    /// The radial extent.
    pub geometry: DiskGeometry,
}

/// `disk.geometry`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DiskGeometry {
    /// Inner edge \[R_Mars\], positive; YAML key `r_in_RM`.
    #[serde(rename = "r_in_RM")]
    pub r_in_rm: f64,
    /// Outer edge \[R_Mars\], above the inner one (in a column it may equal it); YAML key `r_out_RM`.
    #[serde(rename = "r_out_RM")]
    pub r_out_rm: f64,
    /// Declared radial profile; a label.
    pub r_profile: RadialProfile,
    /// Exponent p of the mid-plane density Σ ∝ r^−p, a diagnostic.
    pub p_index: f64,
}

/// Allowed words of `disk.geometry.r_profile`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum RadialProfile {
    /// The same everywhere.
    Uniform,
    /// A power of the radius.
    Powerlaw,
}

/// The edges of the disk as configured, in the unit in which they were given.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum RadialRange {
    /// From the `disk` block \[R_Mars\].
    MarsRadii {
        /// Inner edge \[R_Mars\].
        inner: f64,
        /// Outer edge \[R_Mars\].
        outer: f64,
    },
    /// From `geometry.r_in`, `geometry.r_out` \[m\].
    Metres {
        /// Inner edge \[m\].
        inner: f64,
        /// Outer edge \[m\].
        outer: f64,
    },
}

/// `scope`: what the run stands for.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Scope {
    /// Only `inner`.
    pub region: Region,
    /// End time \[yr\] when `numerics` names none, positive.
    pub analysis_years: f64,
}

/// Allowed word of `scope.region`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Region {
    /// The disk inside the Roche limit.
    Inner,
}

/// `inner_disk_mass`: mass behind the mid-plane density, a diagnostic.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct InnerDiskMass {
    /// Read `M_in_ratio` in masses of Mars, otherwise in kg.
    #[serde(rename = "use_Mmars_ratio")]
    pub use_mmars_ratio: bool,
    /// Mass \[M_Mars, or kg\]; YAML key `M_in_ratio`.
    #[serde(rename = "M_in_ratio")]
    pub m_in_ratio: f64,
    /// Only `analytic`.
    pub map_to_sigma: MapToSigma,
}

/// Allowed word of `inner_disk_mass.map_to_sigma`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum MapToSigma {
    /// Closed form of the power law.
    Analytic,
}

/// `process`: labels of the run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Process {
    /// Adds a state label to the metadata.
    pub state_tagging: StateTagging,
}

/// `process.state_tagging`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct StateTagging {
    /// Whether the label is written.
    pub enabled: bool,
}

/// `material`: the grains.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Material {
    /// Density \[kg m⁻³\], 1000 to 5000.
    pub rho: f64,
}

pub(super) const RULES: &[Rule] = &[
    Rule::new("geometry.r_in", above(0.0), "m"),
    Rule::new("geometry.r_out", above(0.0), "m"),
    Rule::new("geometry.Nr", within(1.0, 100_000.0), "cells"),
    Rule::new("disk.geometry.r_in_RM", above(0.0), "R_Mars"),
    Rule::new("disk.geometry.r_out_RM", above(0.0), "R_Mars"),
    Rule::new("scope.analysis_years", above(0.0), "yr"),
    Rule::new("inner_disk_mass.M_in_ratio", at_least(0.0), "M_Mars or kg"),
    Rule::new("material.rho", within(1000.0, 5000.0), "kg/m³"),
];
