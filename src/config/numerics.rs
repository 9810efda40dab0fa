//! Clock and integrator: `numerics` — when the run ends, how long a step is, how exact it is.

use std::{borrow::Cow, fmt};

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use super::rule::{Rule, above, above_to, at_least, between};

/// `numerics`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Numerics {
    /// Duration \[yr\], positive. When neither this nor `t_end_orbits` is given it is `scope.analysis_years`.
    pub t_end_years: Option<f64>,
    /// Duration \[orbits at the middle radius\], positive; wins over `t_end_years`.
    pub t_end_orbits: Option<f64>,
    /// Stop when Mars has cooled to this \[K\], positive; YAML key `t_end_until_temperature_K`.
    #[serde(rename = "t_end_until_temperature_K")]
    pub t_end_until_temperature_k: Option<f64>,
    /// Time added to that \[yr\], at least 0.
    pub t_end_temperature_margin_years: f64,
    /// How far to look for that temperature \[yr\], positive.
    pub t_end_temperature_search_years: Option<f64>,
    /// Shortest duration \[yr\], positive; delays early stops.
    pub min_duration_years: Option<f64>,
    /// Stop when the blow-out size is at or below `sizes.s_min`.
    pub stop_on_blowout_below_smin: bool,
    /// Stop when the loss rate is at or below this \[M_Mars s⁻¹\], at least 0, and has been above it or `min_duration_years`
    /// have passed (profile `python`: at once); YAML key `mass_loss_rate_stop_Mmars_s`.
    #[serde(rename = "mass_loss_rate_stop_Mmars_s")]
    pub mass_loss_rate_stop_mmars_s: Option<f64>,
    /// First (clock `adaptive`) or nominal (clock `fixed`) coupling step \[s\], positive, or `auto`.
    pub dt_init: NumberOrAuto,
    /// Longest coupling step \[s\], at least 1e-3.
    pub dt_max: Option<f64>,
    /// Integrator of the size distribution; the default depends on the profile.
    pub integrator: Integrator,
    /// Rule of the coupling step; the default depends on the profile.
    pub clock: Clock,
    /// Largest relative change of the temperature of Mars within a coupling step of clock `adaptive`, below 1.
    pub clock_rtol: f64,
    /// By how much of itself a step of the integrator is made shorter than its error asks for, above 0, at most 0.9.
    pub safety: f64,
    /// Absolute tolerance of the integrator as a share of the cell's surface density; 1e−5 of `rtol` unless
    /// given.
    pub atol: f64,
    /// Relative tolerance of the integrator.
    pub rtol: f64,
    /// Without effect.
    pub eval_per_step: bool,
    /// Write the sums per orbit.
    pub orbit_rollup: bool,
    /// The run warns when a coupling step is longer than this many blow-out times, positive; null never warns.
    pub dt_over_t_blow_max: Option<f64>,
    /// Clock `fixed`: dt is at least this times the shortest collision time, positive; null means no such rule.
    pub dt_min_tcoll_ratio: Option<f64>,
    /// Without effect.
    pub collision_cache: CollisionCache,
    /// Checkpoints while the run goes on; one is also written when it is stopped, whatever this says.
    pub checkpoint: Checkpoint,
    /// Going on from a checkpoint; the same as `--resume`.
    pub resume: Resume,
}

/// Allowed words of `numerics.integrator`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Integrator {
    /// Rosenbrock method of order 4(3) with error control; conserves mass.
    Rodas4,
    /// The step of the Python program; does not conserve mass.
    ImexBdf1,
}

/// Allowed words of `numerics.clock`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Clock {
    /// The coupling step grows and shrinks with the drivers.
    Adaptive,
    /// The rule of the Python program.
    Fixed,
}

/// `numerics.collision_cache`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CollisionCache {
    /// Keep it between runs.
    pub persist: bool,
    /// Factor on its size, positive.
    pub size_scale: f64,
}

/// `numerics.checkpoint`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Checkpoint {
    /// On or off.
    pub enabled: bool,
    /// Simulated time between two checkpoints \[yr\], positive; null leaves it to `interval_minutes`.
    pub interval_years: Option<f64>,
    /// Real time between two checkpoints \[min\], positive; null leaves it to `interval_years`.
    pub interval_minutes: Option<f64>,
    /// Folder; null means `checkpoints` in the output folder.
    pub path: Option<String>,
    /// File format; it is HDF5 whatever this says.
    pub format: CheckpointFormat,
    /// Number kept, at least 0; 0 keeps all.
    pub keep_last_n: u64,
}

/// Allowed words of `numerics.checkpoint.format`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum CheckpointFormat {
    /// HDF5.
    Hdf5,
    /// Of the Python program.
    Pickle,
    /// JSON.
    Json,
}

/// `numerics.resume`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Resume {
    /// On or off.
    pub enabled: bool,
    /// The checkpoint; null means the newest good one.
    pub from_path: Option<String>,
}

/// A number, or the word `auto`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum NumberOrAuto {
    /// The number.
    Number(f64),
    /// `auto`.
    Auto,
}

impl JsonSchema for NumberOrAuto {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "NumberOrAuto".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "anyOf": [{ "type": "number" }, { "const": "auto" }] })
    }
}

impl Serialize for NumberOrAuto {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Number(number) => serializer.serialize_f64(*number),
            Self::Auto => serializer.serialize_str("auto"),
        }
    }
}

impl<'de> Deserialize<'de> for NumberOrAuto {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;
        impl de::Visitor<'_> for Visitor {
            type Value = NumberOrAuto;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a number or `auto`")
            }
            fn visit_f64<E: de::Error>(self, number: f64) -> Result<NumberOrAuto, E> {
                Ok(NumberOrAuto::Number(number))
            }
            fn visit_i64<E: de::Error>(self, number: i64) -> Result<NumberOrAuto, E> {
                Ok(NumberOrAuto::Number(number as f64))
            }
            fn visit_u64<E: de::Error>(self, number: u64) -> Result<NumberOrAuto, E> {
                Ok(NumberOrAuto::Number(number as f64))
            }
            fn visit_str<E: de::Error>(self, word: &str) -> Result<NumberOrAuto, E> {
                match word {
                    "auto" => Ok(NumberOrAuto::Auto),
                    _ => Err(E::invalid_value(de::Unexpected::Str(word), &self)),
                }
            }
        }
        deserializer.deserialize_any(Visitor)
    }
}

pub(super) const RULES: &[Rule] = &[
    Rule::new("chi_blow", above(0.0), ""),
    Rule::new("numerics.t_end_years", above(0.0), "yr"),
    Rule::new("numerics.t_end_orbits", above(0.0), "orbits"),
    Rule::new("numerics.t_end_until_temperature_K", above(0.0), "K"),
    Rule::new("numerics.t_end_temperature_margin_years", at_least(0.0), "yr"),
    Rule::new("numerics.t_end_temperature_search_years", above(0.0), "yr"),
    Rule::new("numerics.min_duration_years", above(0.0), "yr"),
    Rule::new("numerics.mass_loss_rate_stop_Mmars_s", at_least(0.0), "M_Mars/s"),
    Rule::new("numerics.dt_init", above(0.0), "s"),
    Rule::new("numerics.dt_max", at_least(1e-3), "s"),
    Rule::new("numerics.clock_rtol", between(0.0, 1.0), ""),
    // Beyond it the error that is asked for drowns in round-off.
    Rule::new("numerics.safety", above_to(0.0, 0.9), ""),
    Rule::new("numerics.rtol", above_to(0.0, 0.1), ""),
    Rule::new("numerics.atol", above_to(0.0, 0.1), ""),
    Rule::new("numerics.dt_over_t_blow_max", above(0.0), ""),
    Rule::new("numerics.dt_min_tcoll_ratio", above(0.0), ""),
    Rule::new("numerics.collision_cache.size_scale", above(0.0), ""),
    Rule::new("numerics.checkpoint.interval_years", above(0.0), "yr"),
    Rule::new("numerics.checkpoint.interval_minutes", above(0.0), "min"),
    Rule::new("numerics.checkpoint.keep_last_n", at_least(0.0), "files"),
];
