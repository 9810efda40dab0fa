//! What removes grains besides radiation pressure: `sinks` — sublimation, gas drag, vapour escape.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::rule::{Rule, above, above_to, at_least, within};

/// `sinks`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Sinks {
    /// Master switch.
    pub mode: SinkMode,
    /// Sublimation on or off, besides `mode`.
    pub enable_sublimation: bool,
    /// Where the Python program applies sublimation; a label in profile `conservative`.
    pub sublimation_location: SublimationLocation,
    /// How sublimation acts on the bins; the default depends on the profile.
    pub sublimation_scheme: SublimationScheme,
    /// A temperature \[K\] without effect; YAML key `T_sub`.
    #[serde(rename = "T_sub")]
    pub t_sub: f64,
    /// Gas drag on or off.
    pub enable_gas_drag: bool,
    /// Gas density \[kg m⁻³\], at least 0.
    pub rho_g: f64,
    /// Blow-out switch; without effect in a disk of profile `python`.
    pub rp_blowout: RpBlowout,
    /// Escape of vapour.
    pub hydro_escape: HydroEscape,
    /// Vapour pressure and flux.
    pub sub_params: SublimationParameters,
}

/// Allowed words of `sinks.mode`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum SinkMode {
    /// No sink acts.
    None,
    /// Sublimation and, when enabled, gas drag.
    Sublimation,
}

/// Allowed words of `sinks.sublimation_location`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum SublimationLocation {
    /// As one sink time for the whole surface.
    Surface,
    /// Bin by bin.
    Smol,
    /// In 1-D the same as `smol`.
    Both,
}

/// Allowed words of `sinks.sublimation_scheme`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum SublimationScheme {
    /// Grains move down one bin at rate |ds/dt|/(s_k − s_{k−1}); the mass difference leaves as vapour.
    Drift,
    /// Bins whose grains would shrink below the blow-out size within the step leave whole.
    Crossing,
    /// Whole grains leave at rate |ds/dt|/s.
    Lifetime,
}

/// `sinks.rp_blowout`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RpBlowout {
    /// Whether radiation pressure blows grains out.
    pub enable: bool,
}

/// `sinks.hydro_escape`: rate = strength (T/T_ref)^p max(f_vap, floor).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct HydroEscape {
    /// Whether it acts.
    pub enable: bool,
    /// Rate at `T_ref_K` and pure vapour \[s⁻¹\], at least 0.
    pub strength: f64,
    /// Exponent p.
    pub temp_power: f64,
    /// Reference temperature \[K\], positive; YAML key `T_ref_K`.
    #[serde(rename = "T_ref_K")]
    pub t_ref_k: f64,
    /// Lower limit of the vapour fraction, at least 0.
    pub f_vap_floor: f64,
}

/// `sinks.sub_params`: J = α (P_sat − P_gas) √(µ / 2πRT), log10 P_sat = A − B/T.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SublimationParameters {
    /// Law of the mass flux.
    pub mode: FluxMode,
    /// Ambient pressure \[Pa\], at least 0; YAML key `P_gas`.
    #[serde(rename = "P_gas")]
    pub p_gas: f64,
    /// Width of the exponential law \[K\], positive; YAML key `dT`.
    #[serde(rename = "dT")]
    pub d_t: f64,
    /// A factor that cancels out, 0 to 1.
    pub eta_instant: f64,
    /// Evaporation coefficient α, 0 to 1.
    pub alpha_evap: f64,
    /// Molar mass µ \[kg mol⁻¹\], positive.
    pub mu: f64,
    /// A of the solid (P in Pa); YAML key `A`.
    #[serde(rename = "A")]
    pub a: Option<f64>,
    /// B of the solid \[K\]; YAML key `B`.
    #[serde(rename = "B")]
    pub b: Option<f64>,
    /// Range in which A and B were measured \[K\]; a label; YAML key `valid_K`.
    #[serde(rename = "valid_K")]
    pub valid_k: Option<[f64; 2]>,
    /// Use the liquid's coefficients above the switch.
    pub enable_liquid_branch: bool,
    /// Temperature from which they are used \[K\]; null means never; YAML key `psat_liquid_switch_K`.
    #[serde(rename = "psat_liquid_switch_K")]
    pub psat_liquid_switch_k: Option<f64>,
    /// A of the liquid; YAML key `A_liq`.
    #[serde(rename = "A_liq")]
    pub a_liq: Option<f64>,
    /// B of the liquid \[K\]; YAML key `B_liq`.
    #[serde(rename = "B_liq")]
    pub b_liq: Option<f64>,
    /// Range of the liquid's coefficients \[K\]; a label; YAML key `valid_liquid_K`.
    #[serde(rename = "valid_liquid_K")]
    pub valid_liquid_k: Option<[f64; 2]>,
    /// Source of the vapour pressure; `auto` without a table means `clausius` and is stored as such after loading.
    pub psat_model: PsatModel,
    /// Table of the vapour pressure.
    pub psat_table_path: Option<String>,
    /// A width \[K\] without effect; YAML key `psat_table_buffer_K`.
    #[serde(rename = "psat_table_buffer_K")]
    pub psat_table_buffer_k: f64,
    /// Half width of the local fit \[K\], positive; YAML key `local_fit_window_K`.
    #[serde(rename = "local_fit_window_K")]
    pub local_fit_window_k: f64,
    /// Fewest points of the local fit, at least 2.
    pub min_points_local_fit: u64,
    /// Reuse of the last pressure \[K\], at least 0; YAML key `psat_cache_tol_K`.
    #[serde(rename = "psat_cache_tol_K")]
    pub psat_cache_tol_k: f64,
    /// In profile `python`: selects scheme `crossing` instead of `lifetime`.
    pub mass_conserving: bool,
}

/// Allowed words of `sinks.sub_params.mode`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum FluxMode {
    /// An exponential in temperature.
    Exponential,
    /// The same as `exponential`.
    Logistic,
    /// Hertz–Knudsen–Langmuir.
    Hkl,
    /// The same as `hkl`.
    HklTimescale,
}

/// Allowed words of `sinks.sub_params.psat_model`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum PsatModel {
    /// The table where it reaches, else `clausius`.
    Auto,
    /// log10 P = A − B/T.
    Clausius,
    /// The table alone.
    Tabulated,
}

pub(super) const RULES: &[Rule] = &[
    Rule::new("sinks.T_sub", above(0.0), "K"),
    Rule::new("sinks.rho_g", at_least(0.0), "kg/m³"),
    Rule::new("sinks.hydro_escape.strength", at_least(0.0), "1/s"),
    Rule::new("sinks.hydro_escape.T_ref_K", above(0.0), "K"),
    Rule::new("sinks.hydro_escape.f_vap_floor", at_least(0.0), ""),
    Rule::new("sinks.sub_params.P_gas", at_least(0.0), "Pa"),
    Rule::new("sinks.sub_params.dT", above(0.0), "K"),
    Rule::new("sinks.sub_params.eta_instant", within(0.0, 1.0), ""),
    Rule::new("sinks.sub_params.alpha_evap", within(0.0, 1.0), ""),
    Rule::new("sinks.sub_params.mu", above_to(0.0, 1.0), "kg/mol"),
    Rule::new("sinks.sub_params.psat_liquid_switch_K", above(0.0), "K"),
    Rule::new("sinks.sub_params.psat_table_buffer_K", above(0.0), "K"),
    Rule::new("sinks.sub_params.local_fit_window_K", above(0.0), "K"),
    Rule::new("sinks.sub_params.min_points_local_fit", at_least(2.0), "points"),
    Rule::new("sinks.sub_params.psat_cache_tol_K", at_least(0.0), "K"),
];
