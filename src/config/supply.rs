//! Fresh material: `supply` — how much per time, which sizes, at what speed.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::optical_depth::LineOfSightField;
use super::rule::{Rule, above, at_least, within};

/// `supply`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Supply {
    /// Master switch.
    pub enabled: bool,
    /// Law in time.
    pub mode: SupplyMode,
    /// Constant rate; YAML key `const`.
    #[serde(rename = "const")]
    pub constant: ConstantSupply,
    /// A (t − t0)^index.
    pub powerlaw: PowerlawSupply,
    /// From a file.
    pub table: TableSupply,
    /// From the raw rate to the rate at the surface.
    pub mixing: Mixing,
    /// Inert.
    pub headroom_policy: HeadroomPolicy,
    /// A finite mass to draw from.
    pub reservoir: Reservoir,
    /// Control by the optical depth.
    pub feedback: Feedback,
    /// Dependence on the temperature of Mars.
    pub temperature: SupplyTemperature,
    /// Direct or through a deep buffer.
    pub transport: Transport,
    /// Sizes and speeds of the new grains.
    pub injection: Injection,
    /// Segments in time; the first that matches counts.
    pub piecewise: Vec<Piece>,
}

/// Allowed words of `supply.mode`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum SupplyMode {
    /// Constant in time.
    Const,
    /// Interpolated in a table.
    Table,
    /// A power of time.
    Powerlaw,
    /// Segments.
    Piecewise,
}

/// `supply.const`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct ConstantSupply {
    /// Raw rate before mixing \[kg m⁻² s⁻¹\], at least 0.
    pub prod_area_rate_kg_m2_s: f64,
    /// Scaled rate µ, at least 0; replaces the raw rate.
    pub mu_orbit10pct: Option<f64>,
    /// Optical depth of the reference surface density, positive.
    pub mu_reference_tau: f64,
    /// Share of the reference surface density delivered per orbit at µ = 1, positive.
    pub orbit_fraction_at_mu1: f64,
    /// Raw rate from the time that fills the surface to optical depth one \[yr\], positive; `mu_orbit10pct` replaces it.
    pub auto_from_tau1_tfill_years: Option<f64>,
}

impl Default for ConstantSupply {
    fn default() -> Self {
        ConstantSupply {
            prod_area_rate_kg_m2_s: 0.0,
            mu_orbit10pct: None,
            mu_reference_tau: 1.0,
            orbit_fraction_at_mu1: 0.05,
            auto_from_tau1_tfill_years: None,
        }
    }
}

/// `supply.powerlaw`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct PowerlawSupply {
    /// A; null means no supply; YAML key `A_kg_m2_s`.
    #[serde(rename = "A_kg_m2_s")]
    pub a_kg_m2_s: Option<f64>,
    /// Start \[s\].
    pub t0_s: f64,
    /// Exponent.
    pub index: f64,
}

impl Default for PowerlawSupply {
    fn default() -> Self {
        PowerlawSupply { a_kg_m2_s: None, t0_s: 0.0, index: -1.0 }
    }
}

/// `supply.table`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct TableSupply {
    /// The file.
    pub path: String,
    /// Only `linear`.
    pub interp: Interpolation,
    /// Unit of its time.
    pub time_unit: SupplyTimeUnit,
}

impl Default for TableSupply {
    fn default() -> Self {
        let path = "data/supply_rate.csv".to_owned();
        TableSupply { path, interp: Interpolation::Linear, time_unit: SupplyTimeUnit::S }
    }
}

/// Allowed word of `supply.table.interp`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Interpolation {
    /// Linear.
    Linear,
}

/// Allowed words of `supply.table.time_unit`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum SupplyTimeUnit {
    /// Seconds.
    S,
    /// Julian years.
    Year,
}

/// `supply.mixing`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Mixing {
    /// Share of the raw rate that reaches the surface, 0 to 2.
    pub epsilon_mix: f64,
}

/// Allowed words of `supply.headroom_policy`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum HeadroomPolicy {
    /// Clip.
    Clip,
    /// Spill.
    Spill,
}

/// `supply.reservoir`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Reservoir {
    /// Whether it is finite.
    pub enabled: bool,
    /// Its mass \[M_Mars\], at least 0; YAML key `mass_total_Mmars`.
    #[serde(rename = "mass_total_Mmars")]
    pub mass_total_mmars: Option<f64>,
    /// Whose it is; the default depends on the profile.
    pub scope: ReservoirScope,
    /// How it ends; the old word `smooth` becomes `taper`.
    pub depletion_mode: DepletionMode,
    /// Share at which the ramp starts, 0 to 1.
    pub taper_fraction: f64,
}

/// Allowed words of `supply.reservoir.scope`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ReservoirScope {
    /// The disk's: cells share the mass by their area.
    Disk,
    /// Each cell has all of it.
    Cell,
}

/// Allowed words of `supply.reservoir.depletion_mode`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum DepletionMode {
    /// At once.
    HardStop,
    /// By a ramp.
    Taper,
}

/// `supply.feedback`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Feedback {
    /// Whether it acts.
    pub enabled: bool,
    /// Wanted optical depth, at least 0.
    pub target_tau: f64,
    /// Gain, at least 0.
    pub gain: f64,
    /// Scale at the start, at least 0.
    pub initial_scale: f64,
    /// Response time \[yr\], positive.
    pub response_time_years: f64,
    /// Smallest scale, at least 0.
    pub min_scale: f64,
    /// Largest scale, positive, not below `min_scale`.
    pub max_scale: f64,
    /// Only `tau_los`.
    pub tau_field: LineOfSightField,
}

/// `supply.temperature`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SupplyTemperature {
    /// Whether it acts.
    pub enabled: bool,
    /// Formula or table.
    pub mode: SupplyTemperatureMode,
    /// Reference \[K\], positive; YAML key `reference_K`.
    #[serde(rename = "reference_K")]
    pub reference_k: f64,
    /// Exponent.
    pub exponent: f64,
    /// Scale at the reference, at least 0.
    pub scale_at_reference: f64,
    /// Smallest scale, at least 0.
    pub floor: f64,
    /// Largest scale, positive.
    pub cap: f64,
    /// The table.
    pub table: SupplyTemperatureTable,
}

/// Allowed words of `supply.temperature.mode`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum SupplyTemperatureMode {
    /// The formula.
    Scale,
    /// The table.
    Table,
}

/// `supply.temperature.table`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SupplyTemperatureTable {
    /// The file.
    pub path: String,
    /// What its values are.
    pub value_kind: ValueKind,
    /// Name of the temperature column.
    pub column_temperature: String,
    /// Name of the value column.
    pub column_value: String,
}

/// Allowed words of `supply.temperature.table.value_kind`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ValueKind {
    /// A factor.
    Scale,
    /// A rate.
    Rate,
}

/// `supply.transport`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Transport {
    /// Direct or through the buffer.
    pub mode: TransportMode,
    /// Mixing time of the buffer \[orbits\], at least 0; above 0 turns the buffer on.
    pub t_mix_orbits: Option<f64>,
    /// Inert.
    pub headroom_gate: HeadroomGate,
}

/// Allowed words of `supply.transport.mode`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum TransportMode {
    /// Straight to the surface.
    Direct,
    /// Through a deep buffer.
    DeepMixing,
}

/// Allowed words of `supply.transport.headroom_gate`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum HeadroomGate {
    /// Hard.
    Hard,
    /// Soft.
    Soft,
}

/// `supply.injection`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Injection {
    /// Which bins receive the mass.
    pub mode: InjectionMode,
    /// Smallest injected size \[m\], at least 0.
    pub s_inj_min: Option<f64>,
    /// Largest injected size \[m\], above `s_inj_min`.
    pub s_inj_max: Option<f64>,
    /// Slope of `powerlaw_bins`, positive.
    pub q: f64,
    /// Eccentricity and inclination of the new grains.
    pub velocity: InjectionVelocity,
}

/// Allowed words of `supply.injection.mode`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum InjectionMode {
    /// The smallest bin that stays.
    MinBin,
    /// A power law over a range.
    PowerlawBins,
    /// The distribution of the start.
    InitialPsd,
}

/// `supply.injection.velocity`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct InjectionVelocity {
    /// Where e and i come from.
    pub mode: VelocityMode,
    /// Eccentricity of `fixed_ei`, at least 0.
    pub e_inj: Option<f64>,
    /// Inclination of `fixed_ei` \[rad\], at least 0.
    pub i_inj: Option<f64>,
    /// Factor of `factor`, at least 0.
    pub vrel_factor: Option<f64>,
    /// How old and new are averaged.
    pub blend_mode: BlendMode,
    /// Weight of the new.
    pub weight_mode: WeightMode,
}

/// Allowed words of `supply.injection.velocity.mode`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum VelocityMode {
    /// As the cell's grains.
    Inherit,
    /// `e_inj`, `i_inj`.
    FixedEi,
    /// A multiple of the cell's.
    Factor,
}

/// Allowed words of `supply.injection.velocity.blend_mode`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum BlendMode {
    /// Root mean square.
    Rms,
    /// Linear.
    Linear,
}

/// Allowed words of `supply.injection.velocity.weight_mode`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum WeightMode {
    /// ΔΣ/(Σ + ΔΣ).
    DeltaSigma,
    /// ΔΣ/Σ.
    SigmaRatio,
}

/// One element of `supply.piecewise`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Piece {
    /// Start \[s\], included.
    pub t_start_s: f64,
    /// End \[s\], excluded.
    pub t_end_s: f64,
    /// Law within the segment.
    #[serde(default = "Piece::default_mode")]
    pub mode: PieceMode,
    /// Constant rate, of which only `prod_area_rate_kg_m2_s` counts; YAML key `const`.
    #[serde(rename = "const", default)]
    pub constant: ConstantSupply,
    /// A (t − t0)^index.
    #[serde(default)]
    pub powerlaw: PowerlawSupply,
    /// From a file.
    #[serde(default)]
    pub table: TableSupply,
}

/// Allowed words of `supply.piecewise[].mode`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum PieceMode {
    /// Constant.
    Const,
    /// A power of time.
    Powerlaw,
    /// From a file.
    Table,
}

impl Piece {
    fn default_mode() -> PieceMode {
        PieceMode::Const
    }
}

impl Supply {
    /// Whether any mass can arrive: false when switched off, and for a constant rate of zero that nothing replaces.
    pub fn delivers(&self) -> bool {
        let constant = &self.constant;
        let rate = constant.mu_orbit10pct.unwrap_or(constant.prod_area_rate_kg_m2_s);
        let filled = constant.mu_orbit10pct.is_none() && constant.auto_from_tau1_tfill_years.is_some();
        let temperature = &self.temperature;
        let tabulated = temperature.mode == SupplyTemperatureMode::Table;
        let replaced = temperature.enabled && tabulated && temperature.table.value_kind == ValueKind::Rate;
        self.enabled && (self.mode != SupplyMode::Const || rate > 0.0 || filled || replaced)
    }
}

pub(super) const RULES: &[Rule] = &[
    Rule::new("supply.const.prod_area_rate_kg_m2_s", at_least(0.0), "kg/m²/s"),
    Rule::new("supply.const.mu_orbit10pct", at_least(0.0), ""),
    Rule::new("supply.const.mu_reference_tau", above(0.0), ""),
    Rule::new("supply.const.orbit_fraction_at_mu1", above(0.0), "per orbit"),
    Rule::new("supply.const.auto_from_tau1_tfill_years", above(0.0), "yr"),
    Rule::new("supply.mixing.epsilon_mix", within(0.0, 2.0), ""),
    Rule::new("supply.reservoir.mass_total_Mmars", at_least(0.0), "M_Mars"),
    Rule::new("supply.reservoir.taper_fraction", within(0.0, 1.0), ""),
    Rule::new("supply.feedback.target_tau", at_least(0.0), ""),
    Rule::new("supply.feedback.gain", at_least(0.0), ""),
    Rule::new("supply.feedback.initial_scale", at_least(0.0), ""),
    Rule::new("supply.feedback.response_time_years", above(0.0), "yr"),
    Rule::new("supply.feedback.min_scale", at_least(0.0), ""),
    Rule::new("supply.feedback.max_scale", above(0.0), ""),
    Rule::new("supply.temperature.reference_K", above(0.0), "K"),
    Rule::new("supply.temperature.scale_at_reference", at_least(0.0), ""),
    Rule::new("supply.temperature.floor", at_least(0.0), ""),
    Rule::new("supply.temperature.cap", above(0.0), ""),
    Rule::new("supply.transport.t_mix_orbits", at_least(0.0), "orbits"),
    Rule::new("supply.injection.s_inj_min", at_least(0.0), "m"),
    Rule::new("supply.injection.s_inj_max", at_least(0.0), "m"),
    Rule::new("supply.injection.q", above(0.0), ""),
    Rule::new("supply.injection.velocity.e_inj", at_least(0.0), ""),
    Rule::new("supply.injection.velocity.i_inj", at_least(0.0), "rad"),
    Rule::new("supply.injection.velocity.vrel_factor", at_least(0.0), ""),
];
