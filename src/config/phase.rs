//! Solid or vapour: `phase`.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::optical_depth::TauField;
use super::rule::{Rule, above, at_least};

/// The map that is built in, as the Python program calls it.
pub(super) const BUILT_IN_MAP: &str = "siO2_disk_cooling.siO2_cooling_map:lookup_phase_state";

/// `phase`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Phase {
    /// Off means that every cell is solid.
    pub enabled: bool,
    /// A rule of two temperatures or a user's map.
    pub source: PhaseSource,
    /// Name of the Python program's map, which is built in; another name needs `table_path`.
    pub entrypoint: String,
    /// Table of the map: columns `T_K`, `f_vap` and, where the vapour fraction depends on it, `tau`. In place of a function
    /// of one's own.
    pub table_path: Option<String>,
    /// Additional arguments of the user's map.
    pub extra_kwargs: BTreeMap<String, serde_json::Value>,
    /// The two temperatures.
    pub thresholds: PhaseThresholds,
    /// Let liquid cells sublimate.
    pub allow_liquid_hkl: bool,
    /// Which temperature decides.
    pub temperature_input: TemperatureInput,
    /// Only `los`.
    pub tau_field: TauField,
    /// Absorption efficiency of a grain for its temperature, positive.
    pub q_abs_mean: f64,
}

/// `phase.thresholds`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PhaseThresholds {
    /// All solid at or below \[K\], positive; YAML key `T_condense_K`.
    #[serde(rename = "T_condense_K")]
    pub t_condense_k: f64,
    /// All vapour at or above \[K\], above `T_condense_K`; YAML key `T_vaporize_K`.
    #[serde(rename = "T_vaporize_K")]
    pub t_vaporize_k: f64,
    /// Pressure that halves the vapour fraction \[bar\], at least 0; without effect in 1-D; YAML key `P_ref_bar`.
    #[serde(rename = "P_ref_bar")]
    pub p_ref_bar: f64,
    /// Optical depth that halves the vapour fraction between the temperatures, positive.
    pub tau_ref: f64,
}

/// Allowed words of `phase.source`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum PhaseSource {
    /// The two temperatures.
    Threshold,
    /// A user's map.
    Map,
}

/// Allowed words of `phase.temperature_input`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum TemperatureInput {
    /// The surface of Mars.
    MarsSurface,
    /// The grain, heated by Mars.
    Particle,
}

pub(super) const RULES: &[Rule] = &[
    Rule::new("phase.thresholds.T_condense_K", above(0.0), "K"),
    Rule::new("phase.thresholds.T_vaporize_K", above(0.0), "K"),
    Rule::new("phase.thresholds.P_ref_bar", at_least(0.0), "bar"),
    Rule::new("phase.thresholds.tau_ref", above(0.0), ""),
    Rule::new("phase.q_abs_mean", above(0.0), ""),
];
