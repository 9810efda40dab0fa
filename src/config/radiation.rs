//! The glowing planet: `radiation` — its temperature in time, radiation pressure, the optical-depth gate.
//!
//! What the radiation pressure removes is configured in [`super::shielding`] (`blowout`).

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::rule::{Rule, above, at_least, within};

/// `radiation`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Radiation {
    /// Source; `off` switches blow-out off (without effect in a disk of profile `python`).
    pub source: RadiationSource,
    /// Radiation pressure of Mars on or off (without effect in a disk of profile `python`).
    pub use_mars_rp: bool,
    /// A label; the Sun is never used.
    pub use_solar_rp: bool,
    /// Temperature of Mars \[K\], 1000 to 6500: constant, or the start of a cooling law; YAML key `TM_K`.
    #[serde(rename = "TM_K")]
    pub tm_k: Option<f64>,
    /// Keep the initial opacity.
    pub freeze_kappa: bool,
    /// Table of the efficiency Q_pr (columns `T_M`, `s` or `log10_s`, `Q_pr`); `forsterite` is the one that is built in.
    pub qpr_table_path: Option<String>,
    /// Insist on a table or `Q_pr`; this program always does.
    pub qpr_strict: bool,
    /// Constant efficiency, 0.5 to 1.5; used when there is no table; YAML key `Q_pr`.
    #[serde(rename = "Q_pr")]
    pub q_pr: Option<f64>,
    /// Cache of the table; without effect.
    pub qpr_cache: QprCache,
    /// How the root β = ½ is found; the default depends on the profile.
    pub blowout_solver: BlowoutSolver,
    /// Temperature as a function of time.
    pub mars_temperature_driver: TemperatureDriver,
    /// No blow-out in opaque cells.
    pub tau_gate: TauGate,
}

/// Allowed words of `radiation.source`; `none` means `off`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum RadiationSource {
    /// Mars.
    Mars,
    /// No radiation.
    Off,
}

/// `radiation.qpr_cache`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct QprCache {
    /// On or off.
    pub enabled: bool,
    /// Entries, at least 0.
    pub maxsize: u64,
    /// Rounding of the arguments, positive.
    pub round_tol: Option<f64>,
}

/// Allowed words of `radiation.blowout_solver`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum BlowoutSolver {
    /// The largest root, to a relative 1e−12.
    Converged,
    /// Seven evaluations of the fixed point, as the Python program does.
    Iterated,
}

/// `radiation.tau_gate`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TauGate {
    /// Whether it acts.
    pub enable: bool,
    /// No blow-out at or above this optical depth, positive.
    pub tau_max: f64,
}

/// `radiation.mars_temperature_driver`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TemperatureDriver {
    /// Use the driver instead of a constant `TM_K`.
    pub enabled: bool,
    /// Which law.
    pub mode: DriverMode,
    /// Needed by `constant`.
    pub constant: Option<ConstantDriver>,
    /// Needed by `table`.
    pub table: Option<TableDriver>,
    /// Parameters of `hyodo`.
    pub hyodo: CoolingLayer,
    /// Parameters of `slab`.
    pub slab: CoolingLayer,
    /// What happens outside the table.
    pub extrapolation: Extrapolation,
    /// Writing of a table.
    pub autogenerate: Option<Autogenerate>,
}

/// Allowed words of `radiation.mars_temperature_driver.mode`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum DriverMode {
    /// Constant.
    Constant,
    /// Interpolated in a table.
    Table,
    /// Linear cooling.
    Hyodo,
    /// A radiating slab: T = (T₀⁻³ + 3σt/(Dρc_p))^(−1/3).
    Slab,
}

/// `….constant`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ConstantDriver {
    /// Temperature \[K\], 1000 to 6500; YAML key `value_K`.
    #[serde(rename = "value_K")]
    pub value_k: f64,
}

/// `….table`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TableDriver {
    /// The file.
    pub path: String,
    /// Unit of its time.
    pub time_unit: TimeUnit,
    /// Name of the time column.
    pub column_time: String,
    /// Name of the temperature column \[K\].
    pub column_temperature: String,
}

/// Allowed words of the `time_unit` keys of the temperature driver.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum TimeUnit {
    /// Seconds.
    S,
    /// Days of 86 400 s.
    Day,
    /// Julian years.
    Yr,
    /// Orbits at the middle radius.
    Orbit,
}

/// `….hyodo` and `….slab`: the layer that cools.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CoolingLayer {
    /// Depth \[m\], positive.
    pub d_layer_m: f64,
    /// Density \[kg m⁻³\], positive; without effect in `hyodo`.
    pub rho: f64,
    /// Heat capacity \[J kg⁻¹ K⁻¹\], positive; without effect in `hyodo`.
    pub cp: f64,
}

/// Allowed words of `radiation.mars_temperature_driver.extrapolation`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Extrapolation {
    /// Keep the end value.
    Hold,
    /// Stop the run.
    Error,
}

/// `….autogenerate`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Autogenerate {
    /// Write the table where none reaches the end of the run, and take the temperature from it.
    pub enabled: bool,
    /// Folder of the table.
    pub output_dir: String,
    /// Spacing of the rows \[h\], positive.
    pub dt_hours: f64,
    /// Smallest span \[yr\], positive.
    pub min_years: f64,
    /// Added span \[yr\], at least 0.
    pub time_margin_years: f64,
    /// Without effect; YAML key `known_T0s`.
    #[serde(rename = "known_T0s")]
    pub known_t0s: Vec<f64>,
    /// Unit of the time.
    pub time_unit: TimeUnit,
    /// Name of the time column.
    pub column_time: String,
    /// Name of the temperature column.
    pub column_temperature: String,
    /// Cooling law.
    pub model: AutogenerateModel,
    /// Name of the file, with `{tag}`.
    pub filename_template: String,
}

/// Allowed words of `….autogenerate.model`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum AutogenerateModel {
    /// A radiating slab.
    Slab,
    /// Linear cooling.
    Hyodo,
}

/// Where the temperature of Mars comes from, with everything that the choice needs.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum MarsTemperature<'a> {
    /// The same for the whole run \[K\].
    Constant(f64),
    /// Interpolated in a table.
    Table {
        /// The file and its columns.
        table: &'a TableDriver,
        /// What happens outside.
        extrapolation: Extrapolation,
    },
    /// Linear cooling from a start temperature.
    Hyodo {
        /// Start \[K\].
        start: f64,
        /// The layer.
        layer: &'a CoolingLayer,
    },
    /// Cooling of a radiating slab from a start temperature.
    Slab {
        /// Start \[K\].
        start: f64,
        /// The layer.
        layer: &'a CoolingLayer,
    },
}

impl Radiation {
    /// The temperature of Mars: the driver when it is enabled, otherwise the constant `TM_K`.
    ///
    /// `Err` names the key that is missing; a loaded configuration never gives it.
    pub fn mars_temperature(&self) -> Result<MarsTemperature<'_>, &'static str> {
        const START: &str = "radiation.TM_K";
        let driver = &self.mars_temperature_driver;
        if !driver.enabled {
            return self.tm_k.map(MarsTemperature::Constant).ok_or(START);
        }
        match driver.mode {
            DriverMode::Constant => match &driver.constant {
                Some(constant) => Ok(MarsTemperature::Constant(constant.value_k)),
                None => Err("radiation.mars_temperature_driver.constant"),
            },
            DriverMode::Table => match &driver.table {
                Some(table) => Ok(MarsTemperature::Table { table, extrapolation: driver.extrapolation }),
                None => Err("radiation.mars_temperature_driver.table"),
            },
            DriverMode::Hyodo => Ok(MarsTemperature::Hyodo { start: self.tm_k.ok_or(START)?, layer: &driver.hyodo }),
            DriverMode::Slab => Ok(MarsTemperature::Slab { start: self.tm_k.ok_or(START)?, layer: &driver.slab }),
        }
    }
}

pub(super) const RULES: &[Rule] = &[
    Rule::new("radiation.TM_K", within(1000.0, 6500.0), "K"),
    Rule::new("radiation.Q_pr", within(0.5, 1.5), ""),
    Rule::new("radiation.qpr_cache.maxsize", at_least(0.0), "entries"),
    Rule::new("radiation.qpr_cache.round_tol", above(0.0), "m and K"),
    Rule::new("radiation.tau_gate.tau_max", above(0.0), ""),
    Rule::new("radiation.mars_temperature_driver.constant.value_K", within(1000.0, 6500.0), "K"),
    Rule::new("radiation.mars_temperature_driver.hyodo.d_layer_m", above(0.0), "m"),
    Rule::new("radiation.mars_temperature_driver.hyodo.rho", above(0.0), "kg/m³"),
    Rule::new("radiation.mars_temperature_driver.hyodo.cp", above(0.0), "J/kg/K"),
    Rule::new("radiation.mars_temperature_driver.slab.d_layer_m", above(0.0), "m"),
    Rule::new("radiation.mars_temperature_driver.slab.rho", above(0.0), "kg/m³"),
    Rule::new("radiation.mars_temperature_driver.slab.cp", above(0.0), "J/kg/K"),
    Rule::new("radiation.mars_temperature_driver.autogenerate.dt_hours", above(0.0), "h"),
    Rule::new("radiation.mars_temperature_driver.autogenerate.min_years", above(0.0), "yr"),
    Rule::new("radiation.mars_temperature_driver.autogenerate.time_margin_years", at_least(0.0), "yr"),
];
