//! How much dust there is: `optical_depth`, `surface`, `init_tau1`.
//!
//! The self-shielding that the optical depth causes is in [`super::shielding`].

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::rule::{Rule, above, at_least};

/// `optical_depth`: initial surface density and stop threshold of every cell.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct OpticalDepth {
    /// Line-of-sight optical depth at the start, positive.
    pub tau0_target: f64,
    /// A solid cell above this stops, positive.
    pub tau_stop: f64,
    /// Relative tolerance of `tau_stop`, at least 0.
    pub tau_stop_tol: f64,
    /// Only `tau_los`.
    pub tau_field: LineOfSightField,
}

/// Allowed word of the `tau_field` keys of `optical_depth` and `supply.feedback`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum LineOfSightField {
    /// Along the line of sight to Mars.
    TauLos,
}

/// Allowed word of the `tau_field` keys of `init_tau1` and `phase`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum TauField {
    /// Along the line of sight to Mars.
    Los,
}

/// `surface`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Surface {
    /// Start of a column without `optical_depth` from the mid-plane density.
    pub init_policy: InitPolicy,
    /// Surface density at the start of a column without `optical_depth` \[kg m⁻²\].
    pub sigma_surf_init_override: Option<f64>,
    /// Wyatt's collision time in the surface equation.
    pub use_tcoll: bool,
    /// Give every cell its initial surface density again after each step; what that takes counts as supplied.
    pub freeze_sigma: bool,
    /// Which collision solver.
    pub collision_solver: CollisionSolver,
}

/// Allowed words of `surface.init_policy`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum InitPolicy {
    /// At most τ = 1.
    ClipByTau1,
    /// Unlimited.
    None,
}

/// Allowed words of `surface.collision_solver`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum CollisionSolver {
    /// The Smoluchowski equation over all bins.
    Smol,
    /// One equation for the surface density.
    SurfaceOde,
}

/// `init_tau1`: start of a column at a given optical depth, where there is no `optical_depth`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct InitTau1 {
    /// Whether it acts.
    pub enabled: bool,
    /// Clamp to the cap; contradicts `optical_depth`.
    pub scale_to_tau1: bool,
    /// Only `los`.
    pub tau_field: TauField,
    /// Wanted optical depth.
    pub target_tau: f64,
}

pub(super) const RULES: &[Rule] = &[
    Rule::new("optical_depth.tau0_target", above(0.0), ""),
    Rule::new("optical_depth.tau_stop", above(0.0), ""),
    Rule::new("optical_depth.tau_stop_tol", at_least(0.0), ""),
];
