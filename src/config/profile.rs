//! Two named sets of defaults.
//!
//! A profile fills keys that a configuration leaves out, so any of them can be set on its own. Habits of the Python program
//! that are no key (where it samples the drivers, which bins a supply goes to, …) are chosen in `disk::setup`.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::source::Value;

/// Which defaults the keys that depend on it take.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Profile {
    /// The model integrated correctly, with a mass ledger that closes to rounding.
    #[default]
    Conservative,
    /// The numbers of the Python program from the same file, to compare with it.
    Python,
}

/// The values of every key whose default depends on the profile.
///
/// `crossing`: what `sinks.sub_params.mass_conserving` says. `rtol`: `numerics.rtol` when it is given.
pub(super) fn defaults(profile: Profile, crossing: bool, rtol: Option<f64>) -> [(&'static str, Value); 11] {
    let word = |word: &str| Value::Text(word.to_owned());
    let conservative = profile == Profile::Conservative;
    let pick = |ours: &str, python: &str| word(if conservative { ours } else { python });
    let python_scheme = if crossing { "crossing" } else { "lifetime" };
    [
        ("numerics.integrator", pick("rodas4", "imex_bdf1")),
        ("numerics.clock", pick("adaptive", "fixed")),
        ("numerics.rtol", Value::Float(if conservative { 1e-4 } else { 1e-6 })),
        ("numerics.atol", Value::Float(rtol.unwrap_or(1e-4) * 1e-5)),
        ("radiation.blowout_solver", pick("converged", "iterated")),
        ("sizes.grid", pick("full", "from_blowout")),
        ("blowout.bin_rule", pick("fraction", "lower_edge")),
        ("fragments.slope_of", pick("number", "mass")),
        ("sinks.sublimation_scheme", pick("drift", python_scheme)),
        ("supply.reservoir.scope", pick("disk", "cell")),
        ("io.output.times", pick("log", "every_step")),
    ]
}
