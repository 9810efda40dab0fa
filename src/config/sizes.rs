//! Grain sizes: `sizes`, `initial`, `psd`, `fragments`, `surface_energy`.
//!
//! The bins themselves are made elsewhere, from these numbers. Mass and place of the disk are in [`super::geometry`]
//! and [`super::optical_depth`].

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::rule::{Rule, above, above_to, at_least, within};

/// `sizes`: the size bins.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Sizes {
    /// Smallest configured size \[m\], positive.
    pub s_min: f64,
    /// Largest size \[m\], above `s_min`: the top edge of the bins.
    pub s_max: f64,
    /// Number of logarithmic bins, 1 to 4096.
    pub n_bins: usize,
    /// Where the lowest edge of the bins lies; the default depends on the profile.
    pub grid: SizeGrid,
    /// Whether a smallest size drifts by itself beside a column; a column `s_min_evolved` tells of it.
    pub evolve_min_size: bool,
    /// What moves it: `linear_decay` by k0 + k_T T_M/T_ref, `constant_decay` by k0, `sublimation_min` never lets it fall;
    /// `noop`, `identity`, `none` nothing.
    pub dsdt_model: Option<String>,
    /// Parameters of the model: `k0`, `k_T` \[m s⁻¹\], `T_ref` \[K\], and its lower limit `floor` \[m\].
    pub dsdt_params: BTreeMap<String, f64>,
    /// Whether that size counts as the smallest that stays.
    pub apply_evolved_min_size: bool,
}

/// Allowed words of `sizes.grid`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum SizeGrid {
    /// Edges from `s_min` to `s_max`; at the start only bins above the initial blow-out size hold mass.
    Full,
    /// Bottom edge at the blow-out size of the initial temperature, for the whole run.
    FromBlowout,
}

/// `initial`: the size distribution at the start.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Initial {
    /// Mass \[M_Mars\]; without effect in 1-D, where the optical depth sets it.
    pub mass_total: Option<f64>,
    /// Which distribution.
    pub s0_mode: InitialMode,
    /// How its mass is spread over the bins.
    pub quadrature: Quadrature,
    /// Parameters of the two melt distributions.
    pub melt_psd: MeltPsd,
}

/// Allowed words of `initial.s0_mode`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum InitialMode {
    /// Three power laws of slope `psd.alpha`, +1, +1.5.
    Upper,
    /// Grains of 1.5 m only; in 1-D the same as `upper`.
    Mono,
    /// Two lognormal parts, fine and coarse.
    MeltLognormalMixture,
    /// A power law between two sizes.
    MeltTruncatedPowerlaw,
}

/// Allowed words of `initial.quadrature`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Quadrature {
    /// Value at the middle of a bin times its width, as in the Python program; a bin that the blow-out size cuts is full or
    /// empty.
    Midpoint,
    /// Integral over the part of a bin that lies between the ends of the distribution: the start depends less on the bins.
    Exact,
}

/// `initial.melt_psd`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct MeltPsd {
    /// Label; `initial.s0_mode` decides.
    pub mode: MeltMode,
    /// Mass fraction of the fine part, 0 to 1.
    pub f_fine: f64,
    /// Centre of the fine part \[m\], positive.
    pub s_fine: f64,
    /// Centre of the coarse part \[m\], positive.
    pub s_meter: f64,
    /// Width of both parts \[dex\], positive.
    pub width_dex: f64,
    /// Smaller bins stay empty \[m\], positive.
    pub s_cut_condensation: f64,
    /// Lower end of the truncated power law \[m\], positive.
    pub s_min_solid: f64,
    /// Upper end of the truncated power law \[m\], above `s_min_solid`.
    pub s_max_solid: f64,
    /// Exponent α of its dN/ds ∝ s^−α.
    pub alpha_solid: f64,
}

/// Allowed words of `initial.melt_psd.mode`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum MeltMode {
    /// Goes with `melt_lognormal_mixture`.
    LognormalMixture,
    /// Goes with `melt_truncated_powerlaw`.
    TruncatedPowerlaw,
}

/// `psd`: shape of the three-slope distribution.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Psd {
    /// Size exponent of the lowest decade; must be given when `initial.s0_mode` is `upper` or `mono`.
    pub alpha: Option<f64>,
    /// Amplitude of the sinusoidal modulation in ln s; 0 means none.
    pub wavy_strength: f64,
    /// Rule for the smallest size.
    pub floor: Floor,
}

/// `psd.floor`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Floor {
    /// Which rule; a label in 1-D.
    pub mode: FloorMode,
}

/// Allowed words of `psd.floor.mode`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum FloorMode {
    /// The larger of `s_min` and the blow-out size.
    Fixed,
    /// The same, raised by as much as grains shrink; it never falls.
    EvolveSmin,
    /// `s_min` alone.
    None,
}

/// `fragments`: size distribution of collisional debris.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Fragments {
    /// Exponent α of the power law s^−α, 0 to 10.
    pub slope: f64,
    /// What follows the power law; the default depends on the profile.
    pub slope_of: SlopeOf,
}

/// Allowed words of `fragments.slope_of`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum SlopeOf {
    /// dN/ds ∝ s^−α, so that dM/ds ∝ s^(3−α).
    Number,
    /// dM/ds ∝ s^−α.
    Mass,
}

/// `surface_energy`: a lower size limit from the energy of new surfaces.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SurfaceEnergy {
    /// Whether it acts.
    pub enabled: bool,
    /// Surface energy \[J m⁻²\], positive; YAML key `gamma_J_m2`.
    #[serde(rename = "gamma_J_m2")]
    pub gamma_j_m2: f64,
    /// Share of the energy that makes surface, above 0, at most 1.
    pub eta: f64,
    /// Size of the collider \[m\], positive; null means `sizes.s_max`.
    pub collider_size_m: Option<f64>,
    /// Mass fraction of the largest fragment, above 0, at most 1.
    pub largest_fragment_mass_fraction: f64,
}

pub(super) const RULES: &[Rule] = &[
    Rule::new("sizes.s_min", above(0.0), "m"),
    Rule::new("sizes.s_max", above(0.0), "m"),
    Rule::new("sizes.n_bins", within(1.0, 4096.0), "bins"),
    Rule::new("initial.mass_total", at_least(0.0), "M_Mars"),
    Rule::new("initial.melt_psd.f_fine", within(0.0, 1.0), ""),
    Rule::new("initial.melt_psd.s_fine", above(0.0), "m"),
    Rule::new("initial.melt_psd.s_meter", above(0.0), "m"),
    Rule::new("initial.melt_psd.width_dex", above(0.0), "dex"),
    Rule::new("initial.melt_psd.s_cut_condensation", above(0.0), "m"),
    Rule::new("initial.melt_psd.s_min_solid", above(0.0), "m"),
    Rule::new("initial.melt_psd.s_max_solid", above(0.0), "m"),
    Rule::new("fragments.slope", within(0.0, 10.0), ""),
    Rule::new("surface_energy.gamma_J_m2", above(0.0), "J/m²"),
    Rule::new("surface_energy.eta", above_to(0.0, 1.0), ""),
    Rule::new("surface_energy.collider_size_m", above(0.0), "m"),
    Rule::new("surface_energy.largest_fragment_mass_fraction", above_to(0.0, 1.0), ""),
];
