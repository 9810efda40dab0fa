//! Keys that are set and change nothing, so that nobody waits for their effect.

use super::{
    Config, Profile,
    dynamics::{EccentricityMode, EccentricityProfileMode, InclinationMode, KernelEiMode, ScaleHeightMode},
    io::OutputTimes,
    load::DEFAULTS,
    numerics::{CheckpointFormat, Clock, Integrator},
    optical_depth::CollisionSolver,
    phase::PhaseSource,
    radiation::DriverMode,
    shielding::{GateMode, LineOfSightMode, ShieldingMode},
    sinks::{FluxMode, PsatModel, SinkMode},
    sizes::InitialMode,
    source::{Entry, Node, Origin, Value},
    supply::{InjectionMode, SupplyMode, SupplyTemperatureMode, TransportMode, VelocityMode},
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
    "dynamics.t_damp_orbits",
    "qstar.cache_maxsize",
    "sinks.T_sub",
    "sinks.sub_params.eta_instant",
    "sinks.sub_params.psat_table_buffer_K",
    "phase.extra_kwargs",
    "supply.headroom_policy",
    "supply.transport.headroom_gate",
    "radiation.use_solar_rp",
    "radiation.qpr_strict",
    "radiation.qpr_cache",
    "radiation.mars_temperature_driver.autogenerate.known_T0s",
    "radiation.mars_temperature_driver.hyodo.rho",
    "radiation.mars_temperature_driver.hyodo.cp",
    "numerics.eval_per_step",
    "numerics.collision_cache",
    "io.archive.mode",
    "io.archive.trigger",
    "io.archive.merge_target",
    "io.record_storage_mode",
];

/// Keys that other keys make idle: when, the same in words ("without effect when …"), and which.
type Idle = (fn(&Config) -> bool, &'static str, &'static [&'static str]);

const IN_SOME_RUNS: &[Idle] = &[
    (|c| c.disk.is_some(), "there is a `disk` block", &["geometry.r_in", "geometry.r_out"]),
    (three_slopes, "`initial.s0_mode` is `upper` or `mono`", &["initial.melt_psd"]),
    (|c| !three_slopes(c), "`initial.s0_mode` is a melt distribution", &["psd.alpha", "psd.wavy_strength"]),
    (
        mixture,
        "`initial.s0_mode` is `melt_lognormal_mixture`",
        &["initial.melt_psd.s_min_solid", "initial.melt_psd.s_max_solid", "initial.melt_psd.alpha_solid"],
    ),
    (
        |c| !three_slopes(c) && !mixture(c),
        "`initial.s0_mode` is `melt_truncated_powerlaw`",
        &[
            "initial.melt_psd.f_fine",
            "initial.melt_psd.s_fine",
            "initial.melt_psd.s_meter",
            "initial.melt_psd.width_dex",
        ],
    ),
    (
        |c| c.dynamics.e_profile.mode != EccentricityProfileMode::Off || clears(c),
        "`dynamics.e_profile.mode` is not `off`, or `dynamics.e_mode` is not `fixed`",
        &["dynamics.e0"],
    ),
    (
        |c| c.dynamics.e_profile.mode != EccentricityProfileMode::Table,
        "`dynamics.e_profile.mode` is not `table`",
        &["dynamics.e_profile.table_path", "dynamics.e_profile.r_kind"],
    ),
    (
        |c| !damped(c) && c.dynamics.kernel_ei_mode != KernelEiMode::WyattEq,
        "`dynamics.kernel_ei_mode` is not `wyatt_eq` and nothing damps e",
        &["dynamics.f_wake"],
    ),
    (
        |c| !damped(c) && !c.diagnostics.energy_bookkeeping.enabled,
        "nothing damps e and `diagnostics.energy_bookkeeping.enabled` is false",
        &["dynamics.eps_restitution"],
    ),
    (|c| c.profile == Profile::Python, "`profile` is `python`", &["dynamics.enable_e_damping"]),
    (
        |c| c.supply.injection.velocity.mode != VelocityMode::FixedEi,
        "`supply.injection.velocity.mode` is not `fixed_ei`",
        &["supply.injection.velocity.e_inj", "supply.injection.velocity.i_inj"],
    ),
    (
        |c| c.supply.injection.velocity.mode != VelocityMode::Factor,
        "`supply.injection.velocity.mode` is not `factor`",
        &["supply.injection.velocity.vrel_factor"],
    ),
    (
        |c| c.supply.injection.velocity.mode == VelocityMode::Inherit,
        "`supply.injection.velocity.mode` is `inherit`",
        &["supply.injection.velocity.blend_mode", "supply.injection.velocity.weight_mode"],
    ),
    (
        |c| conservative(c) && c.dynamics.kernel_ei_mode == KernelEiMode::WyattEq,
        "the profile is `conservative` and `dynamics.kernel_ei_mode` is `wyatt_eq`, an equilibrium that holds at once",
        &["supply.injection.velocity"],
    ),
    (
        |c| c.dynamics.kernel_h_mode == ScaleHeightMode::Fixed,
        "`dynamics.kernel_H_mode` is `fixed`",
        &["dynamics.H_factor"],
    ),
    (
        |c| c.dynamics.kernel_h_mode != ScaleHeightMode::Fixed,
        "`dynamics.kernel_H_mode` is not `fixed`",
        &["dynamics.H_fixed_over_a"],
    ),
    (|c| !c.qstar.override_coeffs, "`qstar.override_coeffs` is false", &["qstar.coeff_table"]),
    (
        |c| !c.qstar.override_coeffs && conservative(c),
        "`qstar.override_coeffs` is false and the profile is `conservative`",
        &["qstar.coeff_units"],
    ),
    (
        |c| c.qstar.coeff_table.is_some() || !c.qstar.override_coeffs,
        "there is a `qstar.coeff_table`, or `qstar.override_coeffs` is false",
        &["qstar.Qs", "qstar.a_s", "qstar.B", "qstar.b_g", "qstar.v_ref_kms", "qstar.coeff_scale"],
    ),
    (
        |c| c.numerics.t_end_years.is_some() || c.numerics.t_end_orbits.is_some(),
        "`numerics.t_end_years` or `numerics.t_end_orbits` is given",
        &["scope.analysis_years"],
    ),
    (
        |c| c.numerics.t_end_until_temperature_k.is_none(),
        "there is no `numerics.t_end_until_temperature_K`",
        &["numerics.t_end_temperature_margin_years", "numerics.t_end_temperature_search_years"],
    ),
    (|c| !c.sinks.enable_gas_drag, "`sinks.enable_gas_drag` is false", &["sinks.rho_g"]),
    (|c| !sublimates(c), "nothing sublimates", &["sinks.sub_params", "sinks.sublimation_scheme"]),
    (hkl, "`sinks.sub_params.mode` is `hkl` or `hkl_timescale`", &["sinks.sub_params.dT"]),
    (
        |c| c.sinks.sub_params.psat_model == PsatModel::Clausius,
        "`sinks.sub_params.psat_model` is `clausius`",
        &["sinks.sub_params.psat_table_path"],
    ),
    (
        |c| c.sinks.sub_params.psat_model != PsatModel::Auto,
        "`sinks.sub_params.psat_model` is not `auto`, or there is no table",
        &["sinks.sub_params.local_fit_window_K", "sinks.sub_params.min_points_local_fit"],
    ),
    (|c| !hkl(c), "`sinks.sub_params.mode` is not `hkl`", &["sinks.sub_params.psat_cache_tol_K"]),
    (|c| !maps(c), "`phase.source` is not `map`", &["phase.entrypoint", "phase.table_path"]),
    (|c| maps(c) && c.phase.table_path.is_some(), "`phase.table_path` is given", &["phase.entrypoint"]),
    (maps, "`phase.source` is `map`", &["phase.thresholds"]),
    (conservative, "the profile is `conservative`", &["sinks.sub_params.mass_conserving"]),
    (
        |c| !conservative(c) && !c.geometry.is_column(),
        "the profile is `python` and `geometry.mode` is `1D`",
        &["sinks.rp_blowout", "sinks.hydro_escape", "radiation.source", "radiation.use_mars_rp"],
    ),
    (
        |c| !c.geometry.is_column(),
        "`geometry.mode` is `1D`",
        &["phase.thresholds.P_ref_bar", "psd.floor", "sizes.evolve_min_size"],
    ),
    (
        |c| !c.geometry.is_column() || !c.sizes.evolve_min_size,
        "`sizes.evolve_min_size` is false, or `geometry.mode` is `1D`",
        &["sizes.dsdt_model", "sizes.dsdt_params", "sizes.apply_evolved_min_size"],
    ),
    (|c| !conservative(c), "the profile is `python`", &["sizes.apply_evolved_min_size"]),
    (
        |c| conservative(c) || !c.geometry.is_column(),
        "the profile is `conservative`, whose blow-out needs no correction, or `geometry.mode` is `1D`",
        &["io.correct_fast_blowout"],
    ),
    (
        |c| c.geometry.is_column() && c.initial.s0_mode == InitialMode::Mono,
        "`initial.s0_mode` is `mono` and `geometry.mode` is `0D`",
        &["psd.alpha", "psd.wavy_strength", "initial.quadrature"],
    ),
    (
        |c| !conservative(c) && !c.geometry.is_column(),
        "the profile is `python` and `geometry.mode` is `1D`, where `fixed_tau1` counts as `off`",
        &["shielding.fixed_tau1_tau", "shielding.fixed_tau1_sigma", "shielding.auto_max_margin"],
    ),
    (
        |c| !c.diagnostics.energy_bookkeeping.enabled,
        "`diagnostics.energy_bookkeeping.enabled` is false",
        &["dynamics.f_ke_cratering", "dynamics.f_ke_fragmentation", "diagnostics.energy_bookkeeping.stream"],
    ),
    (
        |c| {
            c.surface.collision_solver != CollisionSolver::SurfaceOde
                && c.blowout.gate_mode != GateMode::CollisionCompetition
        },
        "`surface.collision_solver` is `smol` and `blowout.gate_mode` is not `collision_competition`",
        &["surface.use_tcoll"],
    ),
    (
        |c| c.surface.collision_solver != CollisionSolver::SurfaceOde || conservative(c),
        "`surface.collision_solver` is `smol`, or the profile is `conservative`",
        &["io.substep_fast_blowout", "io.substep_max_ratio"],
    ),
    (|c| !c.surface_energy.enabled, "`surface_energy.enabled` is false", &["surface_energy"]),
    (|c| !c.sinks.hydro_escape.enable, "`sinks.hydro_escape.enable` is false", &["sinks.hydro_escape"]),
    (|c| !c.io.streaming.offload.enabled, "`io.streaming.offload.enabled` is false", &["io.streaming.offload"]),
    (|c| !c.io.step_diagnostics.enable, "`io.step_diagnostics.enable` is false", &["io.step_diagnostics"]),
    (
        |c| !c.diagnostics.extended_diagnostics.enable,
        "`diagnostics.extended_diagnostics.enable` is false",
        &["diagnostics.extended_diagnostics"],
    ),
    (
        |c| !c.radiation.mars_temperature_driver.autogenerate.as_ref().is_some_and(|keys| keys.enabled),
        "`radiation.mars_temperature_driver.autogenerate.enabled` is false",
        &["radiation.mars_temperature_driver.autogenerate"],
    ),
    (clears, "`dynamics.e_mode` is not `fixed`", &["dynamics.e_profile"]),
    (tilts, "`dynamics.i_mode` is not `fixed`", &["dynamics.i0"]),
    (|c| !clears(c), "`dynamics.e_mode` is `fixed`", &["dynamics.dr_min_m", "dynamics.dr_max_m", "dynamics.dr_dist"]),
    (|c| !tilts(c), "`dynamics.i_mode` is `fixed`", &["dynamics.obs_tilt_deg", "dynamics.i_spread_deg"]),
    (|c| !clears(c) && !tilts(c), "nothing is drawn at random", &["dynamics.rng_seed"]),
    (
        |c| !c.phase.enabled,
        "`phase.enabled` is false",
        &["phase.thresholds", "phase.temperature_input", "phase.allow_liquid_hkl"],
    ),
    (
        |c| !c.supply.delivers(),
        "nothing is supplied",
        &[
            "supply.mixing",
            "supply.injection.mode",
            "supply.reservoir",
            "supply.feedback",
            "supply.temperature",
            "supply.transport.t_mix_orbits",
        ],
    ),
    (|c| c.supply.mode != SupplyMode::Const, "`supply.mode` is not `const`", &["supply.const"]),
    (|c| c.supply.mode != SupplyMode::Powerlaw, "`supply.mode` is not `powerlaw`", &["supply.powerlaw"]),
    (|c| c.supply.mode != SupplyMode::Table, "`supply.mode` is not `table`", &["supply.table"]),
    (|c| c.supply.mode != SupplyMode::Piecewise, "`supply.mode` is not `piecewise`", &["supply.piecewise"]),
    (
        |c| c.supply.constant.mu_orbit10pct.is_some() || fills(c),
        "there is a `supply.const.mu_orbit10pct` or a fill time",
        &["supply.const.prod_area_rate_kg_m2_s"],
    ),
    (
        |c| !fills(c),
        "there is a `supply.const.mu_orbit10pct`, or in 1-D with profile `python`",
        &["supply.const.auto_from_tau1_tfill_years"],
    ),
    (
        |c| c.supply.transport.mode == TransportMode::Direct,
        "`supply.transport.mode` is `direct`",
        &["supply.transport.t_mix_orbits"],
    ),
    (
        |c| c.supply.temperature.mode != SupplyTemperatureMode::Table,
        "`supply.temperature.mode` is not `table`",
        &["supply.temperature.table"],
    ),
    (
        |c| c.supply.temperature.mode != SupplyTemperatureMode::Scale,
        "`supply.temperature.mode` is not `scale`",
        &["supply.temperature.reference_K", "supply.temperature.exponent", "supply.temperature.scale_at_reference"],
    ),
    (
        |c| c.supply.injection.mode == InjectionMode::InitialPsd,
        "`supply.injection.mode` is `initial_psd`",
        &["supply.injection.s_inj_min"],
    ),
    (
        |c| c.supply.injection.mode != InjectionMode::PowerlawBins,
        "`supply.injection.mode` is not `powerlaw_bins`",
        &["supply.injection.s_inj_max", "supply.injection.q"],
    ),
    (|c| c.radiation.qpr_table_path.is_some(), "there is a `radiation.qpr_table_path`", &["radiation.Q_pr"]),
    (|c| !needs_start(c), "the temperature driver is `constant` or `table`", &["radiation.TM_K"]),
    (
        |c| !drives(c, DriverMode::Constant),
        "the temperature driver is not `constant`",
        &["radiation.mars_temperature_driver.constant"],
    ),
    (
        |c| !drives(c, DriverMode::Table),
        "the temperature driver is not `table`",
        &["radiation.mars_temperature_driver.table", "radiation.mars_temperature_driver.extrapolation"],
    ),
    (
        |c| !drives(c, DriverMode::Hyodo),
        "the temperature driver is not `hyodo`",
        &["radiation.mars_temperature_driver.hyodo.d_layer_m"],
    ),
    (
        |c| !drives(c, DriverMode::Slab),
        "the temperature driver is not `slab`",
        &["radiation.mars_temperature_driver.slab"],
    ),
    (|c| !c.radiation.tau_gate.enable, "`radiation.tau_gate.enable` is false", &["radiation.tau_gate.tau_max"]),
    (
        |c| c.shielding.mode != ShieldingMode::FixedTau1,
        "`shielding.mode` is not `fixed_tau1`",
        &["shielding.fixed_tau1_tau", "shielding.fixed_tau1_sigma", "shielding.auto_max_margin"],
    ),
    (
        |c| c.optical_depth.is_some(),
        "`optical_depth` is not null",
        &["init_tau1", "surface.init_policy", "surface.sigma_surf_init_override"],
    ),
    (|c| c.geometry.is_column(), "`geometry.mode` is `0D`", &["geometry.Nr"]),
    (|c| !c.blowout.enabled, "`blowout.enabled` is false", &["numerics.dt_over_t_blow_max"]),
    (
        |c| c.shielding.los_geometry.mode == LineOfSightMode::None,
        "`shielding.los_geometry.mode` is `none`",
        &["shielding.los_geometry.h_over_r", "shielding.los_geometry.path_multiplier"],
    ),
    (|c| c.numerics.t_end_orbits.is_some(), "`numerics.t_end_orbits` is given", &["numerics.t_end_years"]),
    (
        |c| c.numerics.integrator == Integrator::ImexBdf1,
        "`numerics.integrator` is `imex_bdf1`",
        &["numerics.rtol", "numerics.atol", "numerics.safety"],
    ),
    (
        |c| c.numerics.checkpoint.format != CheckpointFormat::Hdf5,
        "it is not `hdf5`, for that is what checkpoints are",
        &["numerics.checkpoint.format"],
    ),
    (
        |c| c.numerics.clock == Clock::Adaptive || c.geometry.is_column(),
        "`numerics.clock` is `adaptive` or `geometry.mode` is `0D`",
        &["numerics.dt_min_tcoll_ratio"],
    ),
    (|c| c.numerics.clock == Clock::Fixed, "`numerics.clock` is `fixed`", &["numerics.clock_rtol", "numerics.dt_max"]),
    (|c| c.io.output.times != OutputTimes::Log, "`io.output.times` is not `log`", &["io.output.per_decade"]),
    (|c| c.io.output.times != OutputTimes::Linear, "`io.output.times` is not `linear`", &["io.output.every"]),
];

fn conservative(c: &Config) -> bool {
    c.profile == Profile::Conservative
}

fn clears(c: &Config) -> bool {
    c.dynamics.e_mode == EccentricityMode::MarsClearance
}

fn tilts(c: &Config) -> bool {
    c.dynamics.i_mode == InclinationMode::ObsTiltSpread
}

fn maps(c: &Config) -> bool {
    c.phase.enabled && c.phase.source == PhaseSource::Map
}

fn damped(c: &Config) -> bool {
    conservative(c) && c.dynamics.enable_e_damping
}

fn three_slopes(c: &Config) -> bool {
    matches!(c.initial.s0_mode, InitialMode::Upper | InitialMode::Mono)
}

fn mixture(c: &Config) -> bool {
    c.initial.s0_mode == InitialMode::MeltLognormalMixture
}

fn hkl(c: &Config) -> bool {
    matches!(c.sinks.sub_params.mode, FluxMode::Hkl | FluxMode::HklTimescale)
}

fn sublimates(c: &Config) -> bool {
    c.sinks.mode != SinkMode::None && c.sinks.enable_sublimation && c.physics_mode.sinks()
}

/// Whether a fill time sets the supply.
fn fills(c: &Config) -> bool {
    let constant = &c.supply.constant;
    let known = conservative(c) || c.geometry.is_column();
    constant.mu_orbit10pct.is_none() && constant.auto_from_tau1_tfill_years.is_some() && known
}

fn drives(c: &Config, mode: DriverMode) -> bool {
    let driver = &c.radiation.mars_temperature_driver;
    driver.enabled && driver.mode == mode
}

fn needs_start(c: &Config) -> bool {
    !c.radiation.mars_temperature_driver.enabled || drives(c, DriverMode::Hyodo) || drives(c, DriverMode::Slab)
}

/// One sentence that lists the keys that are set and change nothing in this run, or none.
pub(super) fn warning(config: &Config, tree: &Node) -> Option<String> {
    let default = |key: &str| DEFAULTS.entry(key).map(|entry| &entry.node);
    let set = |key: &&str| tree.entry(key).is_some_and(|entry| is_set(entry, default(key)));
    let idle: Vec<&str> = ALWAYS.iter().copied().chain(in_this_run(config)).filter(set).collect();
    let within = |key: &str| idle.iter().any(|block| key.strip_prefix(block).is_some_and(|rest| rest.starts_with('.')));
    let listed: Vec<&str> = idle.iter().copied().filter(|key| !within(key)).collect();
    (!listed.is_empty()).then(|| format!("these keys are set and have no effect in this run: {}", listed.join(", ")))
}

/// Whether the user gave a value that promises something: not the default, not null, not empty, not false unless that is a
/// change.
fn is_set(entry: &Entry, default: Option<&Node>) -> bool {
    let inner = |key: &str| default.and_then(|default| default.entry(key)).map(|entry| &entry.node);
    entry.origin != Origin::Default
        // A complete configuration may name what would be so anyway.
        && default.is_none_or(|default| default.value != entry.node.value)
        && match &entry.node.value {
            Value::Null => false,
            Value::Bool(false) => default.is_some_and(|default| default.value == Value::Bool(true)),
            value if matches!(default, Some(Node { value: Value::Bool(false), .. })) => value.flag() != Some(false),
            Value::List(items) => !items.is_empty(),
            Value::Block(entries) => entries.iter().any(|entry| is_set(entry, inner(&entry.key))),
            _ => true,
        }
}

/// When a key, or the block that it is in, changes nothing: a clause that ends "without effect …"; `None` when it
/// always matters.
pub(super) fn condition(key: &str) -> Option<String> {
    let covers = |block: &&str| key.strip_prefix(*block).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'));
    if ALWAYS.iter().any(covers) {
        return Some("without effect".to_owned());
    }
    let idle = IN_SOME_RUNS.iter().filter(|(_, _, keys)| keys.iter().any(covers));
    let clauses: Vec<&str> = idle.map(|(_, clause, _)| *clause).collect();
    (!clauses.is_empty()).then(|| format!("without effect when {}", clauses.join(", or when ")))
}

/// Keys that another key's value makes idle.
fn in_this_run(c: &Config) -> impl Iterator<Item = &'static str> {
    IN_SOME_RUNS.iter().filter(|(idle, ..)| idle(c)).flat_map(|(_, _, keys)| keys.iter().copied())
}
