//! Keys that are set and change nothing, so that nobody waits for their effect.

use super::{
    Config, Profile,
    dynamics::{EccentricityMode, EccentricityProfileMode, InclinationMode, KernelEiMode, ScaleHeightMode},
    io::OutputTimes,
    numerics::{Clock, Integrator},
    radiation::DriverMode,
    shielding::{LineOfSightMode, ShieldingMode},
    sinks::{FluxMode, SinkMode},
    sizes::InitialMode,
    source::{Entry, Node, Origin, Value},
};

/// Keys without effect in any run of this version.
const ALWAYS: &[&str] = &[
    "tables",
    "scope.region",
    "disk.geometry.r_profile",
    "inner_disk_mass.map_to_sigma",
    "process",
    "initial.mass_total",
    "initial.melt_psd.mode",
    "sizes.evolve_min_size",
    "sizes.dsdt_model",
    "sizes.dsdt_params",
    "sizes.apply_evolved_min_size",
    "psd.floor",
    "dynamics.t_damp_orbits",
    "dynamics.eps_restitution",
    "dynamics.f_ke_cratering",
    "dynamics.f_ke_fragmentation",
    "dynamics.enable_e_damping",
    "qstar.cache_maxsize",
    "surface.use_tcoll",
    "sinks.T_sub",
    "sinks.sub_params.eta_instant",
    "sinks.sub_params.psat_table_buffer_K",
    "sinks.sub_params.local_fit_window_K",
    "sinks.sub_params.min_points_local_fit",
    "sinks.sub_params.psat_cache_tol_K",
    "phase.entrypoint",
    "phase.extra_kwargs",
    "supply.const.auto_from_tau1_tfill_years",
    "supply.powerlaw",
    "supply.table",
    "supply.piecewise",
    "supply.headroom_policy",
    "supply.reservoir",
    "supply.feedback",
    "supply.temperature",
    "supply.transport.t_mix_orbits",
    "supply.transport.headroom_gate",
    "supply.injection.s_inj_min",
    "supply.injection.s_inj_max",
    "supply.injection.q",
    "supply.injection.velocity.e_inj",
    "supply.injection.velocity.i_inj",
    "supply.injection.velocity.vrel_factor",
    "supply.injection.velocity.blend_mode",
    "supply.injection.velocity.weight_mode",
    "radiation.use_solar_rp",
    "radiation.qpr_strict",
    "radiation.qpr_cache",
    "radiation.mars_temperature_driver.autogenerate",
    "radiation.mars_temperature_driver.hyodo.rho",
    "radiation.mars_temperature_driver.hyodo.cp",
    "numerics.safety",
    "numerics.eval_per_step",
    "numerics.dt_over_t_blow_max",
    "numerics.collision_cache",
    "numerics.checkpoint",
    "numerics.resume",
    "diagnostics",
    "io.step_diagnostics",
    "io.progress",
    "io.streaming",
    "io.archive",
    "io.record_storage_mode",
    "io.debug_sinks",
    "io.correct_fast_blowout",
    "io.substep_fast_blowout",
    "io.substep_max_ratio",
];

const MIXTURE_KEYS: &[&str] =
    &["initial.melt_psd.f_fine", "initial.melt_psd.s_fine", "initial.melt_psd.s_meter", "initial.melt_psd.width_dex"];

const STRENGTH_KEYS: &[&str] =
    &["qstar.Qs", "qstar.a_s", "qstar.B", "qstar.b_g", "qstar.v_ref_kms", "qstar.coeff_scale"];

const CLEARANCE_KEYS: &[&str] = &["dynamics.dr_min_m", "dynamics.dr_max_m", "dynamics.dr_dist"];

/// Starts of a column that a given optical depth overrides.
const START_KEYS: &[&str] = &["init_tau1", "surface.init_policy", "surface.sigma_surf_init_override"];

const FIXED_SHIELDING_KEYS: &[&str] =
    &["shielding.fixed_tau1_tau", "shielding.fixed_tau1_sigma", "shielding.auto_max_margin"];

const LINE_OF_SIGHT_KEYS: &[&str] = &["shielding.los_geometry.h_over_r", "shielding.los_geometry.path_multiplier"];

/// One sentence that lists the keys that are set and change nothing in this run, or none.
pub(super) fn warning(config: &Config, tree: &Node) -> Option<String> {
    let set = |key: &&str| tree.entry(key).is_some_and(is_set);
    let idle: Vec<&str> = ALWAYS.iter().copied().chain(in_this_run(config)).filter(set).collect();
    let within = |key: &str| idle.iter().any(|block| key.strip_prefix(block).is_some_and(|rest| rest.starts_with('.')));
    let listed: Vec<&str> = idle.iter().copied().filter(|key| !within(key)).collect();
    (!listed.is_empty()).then(|| format!("these keys are set and have no effect in this run: {}", listed.join(", ")))
}

/// Whether the user gave a value that promises something: not null, not false, not empty.
fn is_set(entry: &Entry) -> bool {
    entry.origin != Origin::Default
        && match &entry.node.value {
            Value::Null | Value::Bool(false) => false,
            Value::List(items) => !items.is_empty(),
            Value::Block(entries) => entries.iter().any(is_set),
            _ => true,
        }
}

/// Keys that another key's value makes idle.
fn in_this_run(c: &Config) -> Vec<&'static str> {
    let conservative = c.profile == Profile::Conservative;
    let three_slopes = matches!(c.initial.s0_mode, InitialMode::Upper | InitialMode::Mono);
    let mixture = c.initial.s0_mode == InitialMode::MeltLognormalMixture;
    let (table, radiation) = (c.qstar.coeff_table.is_some(), &c.radiation);
    let driver = &radiation.mars_temperature_driver;
    let laws = [
        (DriverMode::Constant, "radiation.mars_temperature_driver.constant"),
        (DriverMode::Table, "radiation.mars_temperature_driver.table"),
        (DriverMode::Hyodo, "radiation.mars_temperature_driver.hyodo.d_layer_m"),
        (DriverMode::Slab, "radiation.mars_temperature_driver.slab"),
    ];
    let needs_start = !driver.enabled || matches!(driver.mode, DriverMode::Hyodo | DriverMode::Slab);
    let hkl = matches!(c.sinks.sub_params.mode, FluxMode::Hkl | FluxMode::HklTimescale);
    let sublimates = c.sinks.mode != SinkMode::None && c.sinks.enable_sublimation && c.physics_mode.sinks();
    let profile = c.dynamics.e_profile.mode;
    let column = c.geometry.is_column();
    let clears = c.dynamics.e_mode == EccentricityMode::MarsClearance;
    let tilts = c.dynamics.i_mode == InclinationMode::ObsTiltSpread;
    let fixed_height = c.dynamics.kernel_h_mode == ScaleHeightMode::Fixed;
    let groups: [(bool, &[&'static str]); 35] = [
        (c.disk.is_some(), &["geometry.r_in", "geometry.r_out"]),
        (three_slopes, &["initial.melt_psd"]),
        (!three_slopes, &["psd.alpha", "psd.wavy_strength"]),
        (mixture, &["initial.melt_psd.s_min_solid", "initial.melt_psd.s_max_solid", "initial.melt_psd.alpha_solid"]),
        (!three_slopes && !mixture, MIXTURE_KEYS),
        (profile != EccentricityProfileMode::Off || clears, &["dynamics.e0"]),
        (profile != EccentricityProfileMode::Table, &["dynamics.e_profile.table_path", "dynamics.e_profile.r_kind"]),
        (c.dynamics.kernel_ei_mode != KernelEiMode::WyattEq, &["dynamics.f_wake"]),
        (fixed_height, &["dynamics.H_factor"]),
        (!fixed_height, &["dynamics.H_fixed_over_a"]),
        (!c.qstar.override_coeffs, &["qstar.coeff_table", "qstar.coeff_units"]),
        (table || !c.qstar.override_coeffs, STRENGTH_KEYS),
        (!c.sinks.enable_gas_drag, &["sinks.rho_g"]),
        (!sublimates, &["sinks.sub_params", "sinks.sublimation_scheme"]),
        (hkl, &["sinks.sub_params.dT"]),
        (conservative, &["sinks.sub_params.mass_conserving"]),
        (!conservative && !column, &["sinks.rp_blowout", "radiation.source", "radiation.use_mars_rp"]),
        (!conservative && !column, &["sinks.hydro_escape"]),
        (!column, &["phase.thresholds.P_ref_bar"]),
        (!c.surface_energy.enabled, &["surface_energy"]),
        (!clears, CLEARANCE_KEYS),
        (!tilts, &["dynamics.obs_tilt_deg", "dynamics.i_spread_deg"]),
        (!clears && !tilts, &["dynamics.rng_seed"]),
        (!c.phase.enabled, &["phase.thresholds", "phase.temperature_input", "phase.allow_liquid_hkl"]),
        (!c.supply.delivers(), &["supply.mixing", "supply.injection.mode"]),
        (radiation.qpr_table_path.is_some(), &["radiation.Q_pr"]),
        (!needs_start, &["radiation.TM_K"]),
        (!radiation.tau_gate.enable, &["radiation.tau_gate.tau_max"]),
        (c.shielding.mode != ShieldingMode::FixedTau1, FIXED_SHIELDING_KEYS),
        (c.optical_depth.is_some(), START_KEYS),
        (column, &["geometry.Nr"]),
        (c.shielding.los_geometry.mode == LineOfSightMode::None, LINE_OF_SIGHT_KEYS),
        (c.numerics.t_end_orbits.is_some(), &["numerics.t_end_years"]),
        (c.numerics.integrator == Integrator::ImexBdf1, &["numerics.rtol", "numerics.atol"]),
        (c.io.output.times != OutputTimes::Log, &["io.output.per_decade"]),
    ];
    let idle = groups.into_iter().filter(|(idle, _)| *idle).flat_map(|(_, keys)| keys.iter().copied());
    let clock: &[&str] = match c.numerics.clock {
        Clock::Adaptive => &["numerics.dt_min_tcoll_ratio"],
        Clock::Fixed => &["numerics.clock_rtol", "numerics.dt_max"],
    };
    let linear: &[&str] = if c.io.output.times == OutputTimes::Linear { &[] } else { &["io.output.every"] };
    let other_laws = laws.into_iter().filter(|(law, _)| !driver.enabled || *law != driver.mode).map(|(_, key)| key);
    idle.chain(clock.iter().copied()).chain(linear.iter().copied()).chain(other_laws).collect()
}
