//! Orbits of the grains: `dynamics` — eccentricity, inclination, relative speed, scale height.
//!
//! What a collision at that speed does is in [`super::qstar`].

use std::f64::consts::PI;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::rule::{Rule, above, above_to, at_least, between, from_to_below, within};

/// `dynamics`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Dynamics {
    /// Eccentricity, 0 ≤ e < 1; must be given when `e_profile.mode` is `off`.
    pub e0: Option<f64>,
    /// Inclination \[rad\] after loading, whatever unit the file uses; 0 to π.
    pub i0: f64,
    /// Unit of `i0` in the file; always `rad` after loading.
    pub i0_unit: AngleUnit,
    /// Damping time \[orbits\]; without effect.
    pub t_damp_orbits: Option<f64>,
    /// Enhancement of the stirring in `wyatt_eq`, positive.
    pub f_wake: f64,
    /// Eccentricity as a function of radius.
    pub e_profile: EccentricityProfile,
    /// Coefficient of restitution of the energy statistics, above 0, at most 1.
    pub eps_restitution: f64,
    /// Kinetic energy kept in cratering, 0 to 1.
    pub f_ke_cratering: f64,
    /// Kinetic energy kept in fragmentation, 0 to 1; null means the square of `eps_restitution`.
    pub f_ke_fragmentation: Option<f64>,
    /// Damping of e and i by collisions.
    pub enable_e_damping: bool,
    /// Where the kernel takes e and i from.
    pub kernel_ei_mode: KernelEiMode,
    /// Formula of the relative speed.
    pub v_rel_mode: RelativeSpeedMode,
    /// Rule of the scale height; YAML key `kernel_H_mode`.
    #[serde(rename = "kernel_H_mode")]
    pub kernel_h_mode: ScaleHeightMode,
    /// Factor in H = factor · i · r, positive; YAML key `H_factor`.
    #[serde(rename = "H_factor")]
    pub h_factor: f64,
    /// H/r for `fixed`, positive; YAML key `H_fixed_over_a`.
    #[serde(rename = "H_fixed_over_a")]
    pub h_fixed_over_a: Option<f64>,
    /// Whether e is sampled.
    pub e_mode: EccentricityMode,
    /// Smallest clearance above Mars of the sampled pericentre \[m\].
    pub dr_min_m: Option<f64>,
    /// Largest clearance \[m\].
    pub dr_max_m: Option<f64>,
    /// Distribution of the clearance.
    pub dr_dist: ClearanceDistribution,
    /// Whether i is sampled.
    pub i_mode: InclinationMode,
    /// Centre of the sampled inclination \[deg\].
    pub obs_tilt_deg: f64,
    /// Half width of the sampled inclination \[deg\].
    pub i_spread_deg: f64,
    /// Seed of the sampling.
    pub rng_seed: Option<u64>,
}

/// `dynamics.e_profile`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct EccentricityProfile {
    /// Source of e(r).
    pub mode: EccentricityProfileMode,
    /// Table with columns `r_RM` or `r_m`, and `e`; needed by `table`.
    pub table_path: Option<String>,
    /// Which radius column the table has.
    pub r_kind: RadiusColumn,
    /// Lower clip of e, at least 0.
    pub clip_min: f64,
    /// Upper clip of e, above 0, below 1.
    pub clip_max: f64,
}

/// Allowed words of `dynamics.i0_unit`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum AngleUnit {
    /// Radians.
    Rad,
    /// Degrees.
    Deg,
}

/// Allowed words of `dynamics.e_profile.mode`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum EccentricityProfileMode {
    /// `dynamics.e0` everywhere.
    Off,
    /// Interpolated in a table.
    Table,
    /// e = 1 − R_Mars/r: every pericentre grazes Mars.
    MarsPericenter,
}

/// Allowed words of `dynamics.e_profile.r_kind`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum RadiusColumn {
    /// Radii of Mars.
    #[serde(rename = "r_RM")]
    MarsRadii,
    /// Metres.
    #[serde(rename = "r_m")]
    Metres,
}

/// Allowed words of `dynamics.kernel_ei_mode`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum KernelEiMode {
    /// The configured e(r) and `i0`.
    Config,
    /// Equilibrium of stirring and collisional damping.
    WyattEq,
}

/// Allowed words of `dynamics.v_rel_mode`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum RelativeSpeedMode {
    /// v_K √((1+e)/(1−e)).
    Pericenter,
    /// v_K √(1.25 e² + i²).
    Ohtsuki,
}

/// Allowed words of `dynamics.kernel_H_mode`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ScaleHeightMode {
    /// H = `H_factor` · i · r.
    Ia,
    /// H = `H_fixed_over_a` · r.
    Fixed,
}

/// Allowed words of `dynamics.e_mode`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum EccentricityMode {
    /// As configured.
    Fixed,
    /// Sampled from a clearance above Mars.
    MarsClearance,
}

/// Allowed words of `dynamics.dr_dist`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ClearanceDistribution {
    /// Uniform in the clearance.
    Uniform,
    /// Uniform in its logarithm.
    Loguniform,
}

/// Allowed words of `dynamics.i_mode`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum InclinationMode {
    /// As configured.
    Fixed,
    /// Sampled around `obs_tilt_deg`.
    ObsTiltSpread,
}

pub(super) const RULES: &[Rule] = &[
    Rule::new("dynamics.e0", from_to_below(0.0, 1.0), ""),
    Rule::new("dynamics.i0", at_least(0.0), "rad or deg"),
    Rule::new("dynamics.f_wake", above(0.0), ""),
    Rule::new("dynamics.e_profile.clip_min", at_least(0.0), ""),
    Rule::new("dynamics.e_profile.clip_max", between(0.0, 1.0), ""),
    Rule::new("dynamics.eps_restitution", above_to(0.0, 1.0), ""),
    Rule::new("dynamics.f_ke_cratering", within(0.0, 1.0), ""),
    Rule::new("dynamics.f_ke_fragmentation", within(0.0, 1.0), ""),
    Rule::new("dynamics.H_factor", above(0.0), ""),
    Rule::new("dynamics.H_fixed_over_a", above(0.0), ""),
];

impl Dynamics {
    /// Turns an inclination given in degrees into radians.
    pub(super) fn use_radians(&mut self) {
        if self.i0_unit == AngleUnit::Deg {
            self.i0 *= PI / 180.0;
            self.i0_unit = AngleUnit::Rad;
        }
    }
}
