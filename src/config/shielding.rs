//! Shade and blow-out: `shielding`, `blowout`.
//!
//! The radiation that is shaded is in [`super::radiation`].

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::rule::{Rule, above, within};

/// `shielding`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Shielding {
    /// How the opacity is reduced.
    pub mode: ShieldingMode,
    /// Φ(τ) table. Without one `psitau` reduces nothing, in a column of profile `python` by e^−τ.
    pub table_path: Option<String>,
    /// Optical depth of `fixed_tau1`.
    pub fixed_tau1_tau: Option<f64>,
    /// Surface density of `fixed_tau1`.
    pub fixed_tau1_sigma: Option<FixedSigma>,
    /// Margin of `auto_max`, 0 to 1.
    pub auto_max_margin: f64,
    /// From vertical to line-of-sight optical depth.
    pub los_geometry: LineOfSight,
}

impl Shielding {
    /// The Φ(τ) table that reduces the opacity, if any does.
    pub fn table(&self) -> Option<&str> {
        self.table_path.as_deref().filter(|_| self.mode != ShieldingMode::Off)
    }
}

/// Allowed words of `shielding.mode`; the old word `table` becomes `psitau`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ShieldingMode {
    /// None.
    Off,
    /// κ_eff = Φ(τ) κ.
    Psitau,
    /// The same at an optical depth that never changes.
    FixedTau1,
}

/// Value of `shielding.fixed_tau1_sigma`.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged, expecting = "must be a number (kg/m²), `auto` or `auto_max`")]
pub enum FixedSigma {
    /// A surface density \[kg m⁻²\].
    Number(f64),
    /// Derived from the start.
    Derived(DerivedSigma),
}

/// Words of `shielding.fixed_tau1_sigma`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum DerivedSigma {
    /// From the wanted optical depth.
    Auto,
    /// The larger of that and the initial surface density, with a margin.
    AutoMax,
}

/// `shielding.los_geometry`: factor = max(1, path_multiplier / h_over_r).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct LineOfSight {
    /// Whether there is a factor.
    pub mode: LineOfSightMode,
    /// Aspect ratio of the disk, positive.
    pub h_over_r: f64,
    /// Length of the path in radii, positive.
    pub path_multiplier: f64,
}

/// Allowed words of `shielding.los_geometry.mode`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum LineOfSightMode {
    /// The factor of the aspect ratio.
    AspectRatioFactor,
    /// Factor 1.
    None,
}

/// `blowout`: removal of the smallest grains by radiation pressure.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Blowout {
    /// Whether it acts.
    pub enabled: bool,
    /// Which cells it acts in.
    pub target_phase: TargetPhase,
    /// A label.
    pub layer: BlowoutLayer,
    /// Competition with other losses.
    pub gate_mode: GateMode,
    /// Which part of a bin is blown out; the default depends on the profile.
    pub bin_rule: BinRule,
}

/// Allowed words of `blowout.target_phase`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum TargetPhase {
    /// Only solid cells.
    SolidOnly,
    /// Every cell.
    Any,
}

/// Allowed words of `blowout.layer`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum BlowoutLayer {
    /// The layer down to τ = 1.
    #[serde(rename = "surface_tau_le_1")]
    SurfaceTauLe1,
    /// All of it.
    #[serde(rename = "full_surface")]
    FullSurface,
}

/// Allowed words of `blowout.gate_mode`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum GateMode {
    /// No competition.
    None,
    /// With sublimation.
    SublimationCompetition,
    /// With collisions.
    CollisionCompetition,
}

/// Allowed words of `blowout.bin_rule`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum BinRule {
    /// The logarithmic fraction of the bin below the blow-out size.
    Fraction,
    /// The whole bin when its lower edge is not above the blow-out size.
    LowerEdge,
}

pub(super) const RULES: &[Rule] = &[
    Rule::new("shielding.auto_max_margin", within(0.0, 1.0), ""),
    Rule::new("shielding.los_geometry.h_over_r", above(0.0), ""),
    Rule::new("shielding.los_geometry.path_multiplier", above(0.0), ""),
];
