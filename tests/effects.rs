//! Every key of the configuration does something: changed, it changes a tiny run or what is written of it; or it is
//! refused as not available; or a warning says that it has no effect.

mod generator;
mod support;

use clap::Parser;
use generator::{Key, choices, keys, override_of};
use marsdisk_mpi::cli::simulate::{self, SimulateArgs};
use marsdisk_mpi::config::from_bytes;
use marsdisk_mpi::parallel::world::World;
use serde_json::{Value as Json, json};
use std::collections::{BTreeMap, HashMap};
use std::fs;
use std::sync::Mutex;
use std::thread;
use support::{files_below, shipped};

const QUICK: &str = include_str!("../configs/quick.yml");

/// A disk of two cells and few bins for a few steps.
const TINY: &[&str] = &[
    "geometry.Nr=2",
    "sizes.n_bins=8",
    "numerics.t_end_years=0.0003",
    "radiation.qpr_table_path=../tests/data/qpr_small.csv",
    "io.output.times=every_step",
];

/// Keys whose effect shows only among certain other keys: key, those, and the value that differs from theirs.
const CONTEXTS: &[(&str, &[&str], &str)] = &[
    ("profile", &["profile=conservative"], "python"),
    ("psd.alpha", &["initial.s0_mode=upper", "psd.alpha=1.8"], "2.5"),
    ("psd.floor.mode", SHRINKING, "evolve_smin"),
    ("sizes.evolve_min_size", &["geometry.mode=0D"], "true"),
    (
        "sizes.dsdt_model",
        &[
            "geometry.mode=0D",
            "sizes.evolve_min_size=true",
            "sizes.dsdt_model=constant_decay",
            "sizes.dsdt_params={k0: 1e-3}",
        ],
        "noop",
    ),
    ("sizes.dsdt_params", EVOLVING, "{k0: 2e-9, floor: 2e-4}"),
    ("sizes.apply_evolved_min_size", EVOLVING, "true"),
    ("surface.freeze_sigma", &["phase.enabled=false"], "true"),
    (
        "io.correct_fast_blowout",
        &[
            "profile=python",
            "geometry.mode=0D",
            "surface.collision_solver=surface_ode",
            "radiation.blowout_solver=converged",
            "sizes.grid=full",
            "phase.enabled=false",
            "numerics.dt_init=20000",
            "numerics.t_end_years=0.003",
        ],
        "true",
    ),
    ("psd.wavy_strength", &["initial.s0_mode=upper", "psd.alpha=1.8"], "0.3"),
    ("initial.s0_mode", &["psd.alpha=1.8"], "upper"),
    ("initial.melt_psd.s_cut_condensation", &[], "1e-3"),
    ("initial.melt_psd.s_min_solid", &["initial.s0_mode=melt_truncated_powerlaw"], "1e-2"),
    ("initial.melt_psd.s_max_solid", &["initial.s0_mode=melt_truncated_powerlaw"], "0.1"),
    ("initial.melt_psd.alpha_solid", &["initial.s0_mode=melt_truncated_powerlaw"], "2.5"),
    ("initial.melt_psd.s_fine", &[], "1e-4"),
    ("geometry.r_in", &["disk=null", "geometry.r_in=4e6", "geometry.r_out=8e6"], "5e6"),
    ("geometry.r_out", &["disk=null", "geometry.r_in=4e6", "geometry.r_out=8e6"], "9e6"),
    ("geometry.mode", &[], "0D"),
    ("disk.geometry.r_out_RM", &[], "2.5"),
    ("phase.enabled", &[], "false"),
    ("qstar.override_coeffs", &[], "false"),
    ("radiation.TM_K", &[], "3500"),
    (
        "supply.piecewise",
        &["supply.mode=piecewise"],
        "[{t_start_s: 0, t_end_s: 1e9, mode: const, const: {prod_area_rate_kg_m2_s: 1e-7}}]",
    ),
    ("scope.analysis_years", &["numerics.t_end_years=null", "scope.analysis_years=0.0003"], "0.0004"),
    ("numerics.t_end_orbits", &[], "0.5"),
    ("numerics.t_end_until_temperature_K", &[], "3999.9"),
    ("numerics.t_end_temperature_margin_years", &["numerics.t_end_until_temperature_K=3999.9"], "0.0002"),
    (
        "numerics.t_end_temperature_search_years",
        &["numerics.t_end_until_temperature_K=3999.9", "numerics.t_end_years=0.0002"],
        "1e-7",
    ),
    ("numerics.min_duration_years", &[], "0.0004"),
    ("numerics.stop_on_blowout_below_smin", &["sizes.s_min=2e-5"], "true"),
    ("numerics.mass_loss_rate_stop_Mmars_s", &[], "1"),
    ("numerics.dt_max", &[], "50"),
    ("numerics.dt_init", &[], "50"),
    ("numerics.clock_rtol", &[], "1e-6"),
    ("numerics.rtol", &[], "1e-7"),
    ("numerics.atol", &[], "1e-3"),
    ("numerics.dt_min_tcoll_ratio", &["numerics.clock=fixed"], "null"),
    ("numerics.orbit_rollup", &["numerics.t_end_years=0.001"], "false"),
    ("dynamics.e0", &["dynamics.e_profile.mode=off", "dynamics.e0=0.1"], "0.2"),
    ("dynamics.e_profile.mode", &["dynamics.e0=0.1"], "off"),
    ("dynamics.e_profile.clip_min", &[], "0.5"),
    ("dynamics.e_profile.clip_max", &[], "0.2"),
    ("dynamics.i0_unit", &["dynamics.i0=1"], "deg"),
    ("dynamics.H_fixed_over_a", &["dynamics.kernel_H_mode=fixed", "dynamics.H_fixed_over_a=0.05"], "0.1"),
    ("dynamics.kernel_H_mode", &["dynamics.H_fixed_over_a=0.01"], "fixed"),
    ("qstar.Qs", STRENGTH, "1e8"),
    ("qstar.a_s", STRENGTH, "0.3"),
    ("qstar.B", STRENGTH, "0.6"),
    ("qstar.b_g", STRENGTH, "1.1"),
    ("qstar.v_ref_kms", STRENGTH, "[2.0, 3.0]"),
    ("qstar.coeff_scale", STRENGTH, "2"),
    ("qstar.mu_grav", STRENGTH_FAR, "0.6"),
    ("qstar.coeff_units", STRENGTH, "si"),
    ("qstar.coeff_table", &[], "{1.5: [3e8, 0.38, 1.0, 1.36]}"),
    ("optical_depth.tau_stop", &[], "0.01"),
    ("optical_depth.tau_stop_tol", &["optical_depth.tau_stop=0.0499"], "0.1"),
    ("optical_depth.tau0_target", &[], "0.1"),
    ("init_tau1.enabled", COLUMN, "true"),
    ("init_tau1.scale_to_tau1", &["optical_depth=null", "geometry.mode=0D", "init_tau1.enabled=true"], "true"),
    ("init_tau1.target_tau", &["optical_depth=null", "geometry.mode=0D", "init_tau1.enabled=true"], "0.3"),
    ("surface.init_policy", COLUMN, "none"),
    ("surface.collision_solver", &["geometry.mode=0D"], "surface_ode"),
    ("surface.use_tcoll", &["geometry.mode=0D", "surface.collision_solver=surface_ode"], "false"),
    ("io.substep_fast_blowout", SUBSTEPS, "false"),
    ("io.substep_max_ratio", SUBSTEPS, "0.02"),
    ("surface_energy.enabled", &["psd.alpha=3.5", "surface_energy.gamma_J_m2=1e6"], "true"),
    ("surface_energy.gamma_J_m2", SURFACE_ENERGY, "2e6"),
    ("surface_energy.eta", SURFACE_ENERGY, "0.2"),
    ("surface_energy.collider_size_m", SURFACE_ENERGY, "0.5"),
    ("surface_energy.largest_fragment_mass_fraction", SURFACE_ENERGY, "0.3"),
    ("dynamics.e_mode", &["dynamics.e_profile.mode=off", "dynamics.e0=0.1", "dynamics.dr_min_m=1e5"], "mars_clearance"),
    ("dynamics.dr_min_m", CLEARANCE, "2e5"),
    ("dynamics.dr_max_m", CLEARANCE, "2e6"),
    ("dynamics.dr_dist", CLEARANCE, "loguniform"),
    ("dynamics.rng_seed", CLEARANCE, "2"),
    ("dynamics.obs_tilt_deg", &["dynamics.i_mode=obs_tilt_spread"], "20"),
    ("dynamics.i_spread_deg", &["dynamics.i_mode=obs_tilt_spread"], "5"),
    (
        "sinks.hydro_escape.enable",
        &["sinks.hydro_escape.strength=1e-5", "phase.temperature_input=mars_surface"],
        "true",
    ),
    ("sinks.hydro_escape.strength", ESCAPE, "1e-4"),
    ("sinks.hydro_escape.temp_power", ESCAPE, "2"),
    ("sinks.hydro_escape.T_ref_K", ESCAPE, "3000"),
    ("sinks.hydro_escape.f_vap_floor", ESCAPE, "2"),
    ("phase.thresholds.P_ref_bar", PRESSED, "2e-3"),
    ("dynamics.f_ke_cratering", ENERGY, "0.2"),
    ("dynamics.f_ke_fragmentation", ENERGY, "0.5"),
    ("dynamics.eps_restitution", ENERGY, "0.7"),
    ("io.step_diagnostics.format", &["io.step_diagnostics.enable=true"], "jsonl"),
    ("io.step_diagnostics.path", &["io.step_diagnostics.enable=true"], "series/steps.csv"),
    (
        "diagnostics.extended_diagnostics.schema_version",
        &["diagnostics.extended_diagnostics.enable=true"],
        "extended-minimal-v2",
    ),
    ("radiation.mars_temperature_driver.autogenerate.enabled", GENERATED, "true"),
    ("surface.sigma_surf_init_override", COLUMN, "0.01"),
    ("sinks.rho_g", &["sinks.enable_gas_drag=true", "sinks.rho_g=1e-9"], "1e-8"),
    ("sinks.enable_gas_drag", &["sinks.rho_g=1e-9"], "true"),
    ("sinks.mode", HOT, "none"),
    ("sinks.enable_sublimation", HOT, "false"),
    ("sinks.sublimation_scheme", HOT, "lifetime"),
    ("sinks.sub_params.mode", HOT, "exponential"),
    ("sinks.sub_params.dT", HOT_EXPONENTIAL, "80"),
    ("sinks.sub_params.P_gas", HOT, "1e-2"),
    ("sinks.sub_params.alpha_evap", HOT, "0.2"),
    ("sinks.sub_params.mu", HOT, "0.1"),
    ("sinks.sub_params.A", HOT, "13"),
    ("sinks.sub_params.B", HOT, "28000"),
    ("sinks.sub_params.A_liq", LIQUID, "12"),
    ("sinks.sub_params.B_liq", LIQUID, "22000"),
    ("sinks.sub_params.enable_liquid_branch", LIQUID, "false"),
    ("sinks.sub_params.psat_liquid_switch_K", LIQUID, "null"),
    (
        "sinks.sub_params.mass_conserving",
        &["profile=python", "sinks.sublimation_location=smol", "radiation.TM_K=4000"],
        "true",
    ),
    ("sinks.sublimation_location", &["profile=python", "radiation.TM_K=4000"], "smol"),
    ("sinks.rp_blowout.enable", &[], "false"),
    ("radiation.source", &[], "off"),
    ("radiation.use_mars_rp", &[], "false"),
    ("radiation.freeze_kappa", &["numerics.t_end_years=0.003"], "true"),
    ("radiation.Q_pr", &["radiation.qpr_table_path=null", "radiation.Q_pr=1"], "0.8"),
    ("radiation.qpr_table_path", &["radiation.Q_pr=1"], "null"),
    ("radiation.tau_gate.enable", &["radiation.tau_gate.tau_max=1e-3"], "true"),
    ("radiation.tau_gate.tau_max", &["radiation.tau_gate.enable=true", "radiation.tau_gate.tau_max=1e-3"], "5"),
    ("radiation.mars_temperature_driver.mode", &[], "hyodo"),
    ("radiation.mars_temperature_driver.enabled", &[], "false"),
    (
        "radiation.mars_temperature_driver.constant.value_K",
        &["radiation.mars_temperature_driver={enabled: true, mode: constant, constant: {value_K: 3000}}"],
        "3500",
    ),
    (
        "radiation.mars_temperature_driver.hyodo.d_layer_m",
        &["radiation.mars_temperature_driver={enabled: true, mode: hyodo}"],
        "1e3",
    ),
    ("radiation.mars_temperature_driver.slab.d_layer_m", &[], "1e3"),
    ("radiation.mars_temperature_driver.slab.rho", &[], "30"),
    ("radiation.mars_temperature_driver.slab.cp", &[], "10"),
    ("radiation.mars_temperature_driver.table.path", COOLING, "../tests/data/cooling_other.csv"),
    ("radiation.mars_temperature_driver.table.time_unit", COOLING, "day"),
    ("radiation.mars_temperature_driver.table.column_time", COOLING, "later"),
    ("radiation.mars_temperature_driver.table.column_temperature", COOLING, "hotter"),
    (
        "radiation.mars_temperature_driver.extrapolation",
        &[
            "radiation.mars_temperature_driver={enabled: true, mode: table, table: {path: ../tests/data/cooling_small.csv, column_time: short}}",
        ],
        "error",
    ),
    ("shielding.mode", &["shielding.table_path=../tests/data/phi_020.csv", "optical_depth.tau0_target=0.5"], "off"),
    ("shielding.table_path", &["optical_depth.tau0_target=0.5"], "../tests/data/phi_020.csv"),
    ("shielding.los_geometry.mode", &["shielding.los_geometry.h_over_r=0.5"], "none"),
    ("shielding.los_geometry.h_over_r", &[], "0.5"),
    ("shielding.los_geometry.path_multiplier", &[], "2"),
    (
        "shielding.fixed_tau1_tau",
        &[
            "geometry.mode=0D",
            "shielding.mode=fixed_tau1",
            "shielding.table_path=../tests/data/phi_020.csv",
            "shielding.fixed_tau1_tau=0.1",
        ],
        "0.9",
    ),
    ("shielding.fixed_tau1_sigma", FIXED, "0.5"),
    (
        "shielding.auto_max_margin",
        &["geometry.mode=0D", "shielding.mode=fixed_tau1", "shielding.fixed_tau1_sigma=auto_max"],
        "0.5",
    ),
    ("blowout.bin_rule", &[], "lower_edge"),
    ("blowout.target_phase", &["phase.thresholds={T_condense_K: 1000, T_vaporize_K: 1001}"], "any"),
    ("phase.thresholds.T_condense_K", RAMP, "1500"),
    ("phase.thresholds.T_vaporize_K", RAMP, "3000"),
    ("phase.thresholds.tau_ref", RAMP, "0.01"),
    ("phase.allow_liquid_hkl", &["phase.thresholds={T_condense_K: 1000, T_vaporize_K: 1001}"], "true"),
    ("phase.temperature_input", &[], "mars_surface"),
    ("supply.const.prod_area_rate_kg_m2_s", &["supply.const.mu_orbit10pct=null"], "1e-7"),
    ("sinks.sub_params.psat_model", &["sinks.sub_params.psat_table_path=../tests/data/psat_small.csv"], "clausius"),
    ("supply.enabled", &[], "false"),
    ("supply.mode", &["supply.powerlaw.A_kg_m2_s=1e-7"], "powerlaw"),
    ("supply.const.auto_from_tau1_tfill_years", &["supply.const.mu_orbit10pct=null"], "0.1"),
    ("supply.powerlaw.A_kg_m2_s", POWER, "2e-7"),
    ("supply.powerlaw.t0_s", POWER, "500"),
    ("supply.powerlaw.index", POWER, "-0.3"),
    (
        "supply.table.path",
        &["supply.mode=table", "supply.table.path=../tests/data/supply_small.csv"],
        "../tests/data/supply_other.csv",
    ),
    ("supply.table.time_unit", &["supply.mode=table", "supply.table.path=../tests/data/supply_small.csv"], "year"),
    ("supply.reservoir.mass_total_Mmars", RESERVOIR, "2e-14"),
    ("supply.reservoir.scope", RESERVOIR, "cell"),
    ("supply.reservoir.depletion_mode", RESERVOIR, "taper"),
    ("supply.reservoir.taper_fraction", TAPER, "0.9"),
    ("supply.feedback.target_tau", FEEDBACK, "2"),
    ("supply.feedback.gain", FEEDBACK, "2"),
    ("supply.feedback.initial_scale", FEEDBACK, "0.5"),
    ("supply.feedback.response_time_years", FEEDBACK, "0.001"),
    ("supply.feedback.min_scale", FEEDBACK, "5"),
    ("supply.feedback.max_scale", FEEDBACK, "1"),
    (
        "supply.temperature.mode",
        &["supply.temperature={enabled: true, table: {path: ../tests/data/supply_factor_small.csv}}"],
        "table",
    ),
    ("supply.temperature.reference_K", WARM, "2000"),
    ("supply.temperature.exponent", WARM, "2"),
    ("supply.temperature.scale_at_reference", WARM, "2"),
    ("supply.temperature.floor", WARM, "5"),
    ("supply.temperature.cap", WARM, "1"),
    ("supply.temperature.table.path", WARM_TABLE, "../tests/data/supply_none.csv"),
    ("supply.temperature.table.value_kind", WARM_TABLE, "rate"),
    ("supply.temperature.table.column_temperature", WARM_TABLE, "T_other"),
    ("supply.temperature.table.column_value", WARM_TABLE, "more"),
    ("supply.transport.mode", &["supply.transport.t_mix_orbits=5"], "deep_mixing"),
    ("supply.transport.t_mix_orbits", &["supply.transport={mode: deep_mixing, t_mix_orbits: 5}"], "9"),
    ("supply.injection.mode", &[], "min_bin"),
    ("supply.injection.s_inj_min", INJECTION, "1e-3"),
    ("supply.injection.s_inj_max", INJECTION, "1e-2"),
    ("supply.injection.q", INJECTION, "2.5"),
    ("supply.injection.velocity.mode", &["supply.injection.velocity={e_inj: 0.3, i_inj: 0.1}"], "fixed_ei"),
    ("supply.injection.velocity.e_inj", SPEED, "0.4"),
    ("supply.injection.velocity.i_inj", SPEED, "0.2"),
    ("supply.injection.velocity.vrel_factor", &["supply.injection.velocity={mode: factor, vrel_factor: 1.1}"], "1.5"),
    ("supply.injection.velocity.blend_mode", SPEED, "linear"),
    ("supply.injection.velocity.weight_mode", SPEED, "sigma_ratio"),
    ("fragments.slope", &[], "3"),
    ("io.output.every", &["io.output.times=linear", "io.output.every=1000"], "2000"),
    ("io.output.per_decade", &["io.output.times=log"], "5"),
    ("io.output.times", &[], "linear"),
    ("io.psd_history_stride", &[], "3"),
    ("io.series_stride", &[], "3"),
    ("io.diagnostics_stride", &[], "3"),
    ("inner_disk_mass.M_in_ratio", &["inner_disk_mass={}"], "1e-4"),
    ("inner_disk_mass.use_Mmars_ratio", &["inner_disk_mass={}"], "false"),
    ("disk.geometry.p_index", &["inner_disk_mass={}"], "1"),
];

const SHRINKING: &[&str] = &["geometry.mode=0D", "phase.enabled=false", "numerics.dt_max=200"];
const EVOLVING: &[&str] = &[
    "geometry.mode=0D",
    "sizes.evolve_min_size=true",
    "sizes.dsdt_model=constant_decay",
    "sizes.dsdt_params={k0: 1e-9, floor: 1e-4}",
    "supply.injection.mode=min_bin",
    "numerics.dt_max=200",
];
const POWER: &[&str] = &["supply.mode=powerlaw", "supply.powerlaw={A_kg_m2_s: 1e-7, t0_s: 0, index: -0.5}"];
const RESERVOIR: &[&str] = &["supply.reservoir={enabled: true, mass_total_Mmars: 1e-14}"];
const TAPER: &[&str] =
    &["supply.reservoir={enabled: true, mass_total_Mmars: 1e-14, depletion_mode: taper, taper_fraction: 0.2}"];
const FEEDBACK: &[&str] = &["supply.feedback={enabled: true, response_time_years: 1e-4}"];
const WARM: &[&str] = &["supply.temperature={enabled: true}"];
const WARM_TABLE: &[&str] =
    &["supply.temperature={enabled: true, mode: table, table: {path: ../tests/data/supply_factor_small.csv}}"];
const INJECTION: &[&str] = &["supply.injection={mode: powerlaw_bins, s_inj_min: 1e-5, s_inj_max: 1.0, q: 3.5}"];
const SPEED: &[&str] = &["supply.injection.velocity={mode: fixed_ei, e_inj: 0.3, i_inj: 0.1}"];
const STRENGTH: &[&str] =
    &["qstar={override_coeffs: true, Qs: 3.5e7, a_s: 0.38, B: 0.3, b_g: 1.36, v_ref_kms: [1.5, 7.0]}"];
const STRENGTH_FAR: &[&str] =
    &["qstar={override_coeffs: true, Qs: 3.5e7, a_s: 0.38, B: 0.3, b_g: 1.36, v_ref_kms: [1.5, 2.0]}"];
const COLUMN: &[&str] = &["optical_depth=null", "geometry.mode=0D", "inner_disk_mass={}", "init_tau1.target_tau=0.2"];
const GENERATED: &[&str] = &[concat!(
    "radiation.mars_temperature_driver.autogenerate={min_years: 0.01, dt_hours: 3, output_dir: ",
    env!("CARGO_TARGET_TMPDIR"),
    "/tables}"
)];
const SUBSTEPS: &[&str] = &[
    "profile=python",
    "geometry.mode=0D",
    "surface.collision_solver=surface_ode",
    "io.substep_fast_blowout=true",
    "io.substep_max_ratio=0.01",
];
const SURFACE_ENERGY: &[&str] = &["psd.alpha=3.5", "surface_energy.enabled=true", "surface_energy.gamma_J_m2=1e6"];
const CLEARANCE: &[&str] = &[
    "dynamics.e_profile.mode=off",
    "dynamics.e_mode=mars_clearance",
    "dynamics.dr_min_m=1e5",
    "dynamics.dr_max_m=1e6",
    "dynamics.rng_seed=1",
];
const ESCAPE: &[&str] =
    &["phase.temperature_input=mars_surface", "sinks.hydro_escape.enable=true", "sinks.hydro_escape.strength=1e-5"];
const PRESSED: &[&str] = &[
    "geometry.mode=0D",
    "phase.temperature_input=mars_surface",
    "phase.thresholds={T_condense_K: 3000, T_vaporize_K: 5000, P_ref_bar: 1e-3}",
    "sinks.sub_params.P_gas=100",
];
const ENERGY: &[&str] = &["diagnostics.energy_bookkeeping.enabled=true", "phase.enabled=false"];
const HOT: &[&str] = &["radiation.TM_K=4000", "disk.geometry.r_in_RM=1.5"];
const HOT_EXPONENTIAL: &[&str] = &["radiation.TM_K=4000", "sinks.sub_params.mode=exponential"];
const LIQUID: &[&str] = &["radiation.TM_K=5500", "phase.enabled=false", "sinks.sub_params.psat_liquid_switch_K=2163"];
const COOLING: &[&str] =
    &["radiation.mars_temperature_driver={enabled: true, mode: table, table: {path: ../tests/data/cooling_small.csv}}"];
const FIXED: &[&str] = &["geometry.mode=0D", "shielding.mode=fixed_tau1", "shielding.fixed_tau1_sigma=0.1"];
const RAMP: &[&str] = &["phase.thresholds={T_condense_K: 1000, T_vaporize_K: 2500}"];

/// Keys that say where or how a run tells of itself, not what; other tests are about them.
const ELSEWHERE: &[&str] = &[
    "io.outdir",
    "io.quiet",
    "io.progress.enable",
    "io.progress.refresh_seconds",
    // How records become files, and what survives a run: the files of a finished run are the same (tests/survival.rs).
    "io.archive.dir",
    "io.archive.enabled",
    "io.archive.keep_local",
    "io.archive.min_free_gb",
    "io.archive.record_volume_info",
    "io.archive.verify",
    "io.archive.verify_level",
    "io.archive.warn_slow_mb_s",
    "io.archive.warn_slow_min_gb",
    "io.streaming.enable",
    "io.streaming.memory_limit_gb",
    "io.streaming.offload.dir",
    "io.streaming.offload.enabled",
    "io.streaming.offload.keep_last_n",
    "io.streaming.offload.mode",
    "io.streaming.offload.skip_if_same_device",
    "io.streaming.offload.verify",
    "io.streaming.opt_out",
    "io.streaming.step_flush_interval",
    "numerics.checkpoint.enabled",
    "numerics.checkpoint.interval_minutes",
    "numerics.checkpoint.interval_years",
    "numerics.checkpoint.keep_last_n",
    "numerics.checkpoint.path",
    "numerics.resume.enabled",
    "numerics.resume.from_path",
    // A mass alone makes a reservoir, and without one there is none.
    "supply.reservoir.enabled",
];

#[derive(Parser)]
struct CommandLine {
    #[command(flatten)]
    simulate: SimulateArgs,
}

/// What a run leaves behind, without times, names of folders and the configuration itself; or why it did not run.
type Trace = BTreeMap<String, Vec<u8>>;

fn trace(overrides: &[String]) -> Trace {
    let world = World::join().unwrap_or_else(|error| panic!("{error}"));
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("out");
    let config = shipped("quick.yml");
    let mut arguments = vec!["marsdisk-mpi", config.to_str().unwrap(), "--quiet", "--threads", "1", "--outdir"];
    arguments.extend([out.to_str().unwrap(), "--override"]);
    arguments.extend(TINY.iter().copied().chain(overrides.iter().map(String::as_str)));
    let args = CommandLine::try_parse_from(arguments).unwrap_or_else(|error| panic!("{error}"));
    let mut trace = Trace::new();
    if let Err(error) = simulate::run(&args.simulate, &world) {
        let message = error.to_string().replace(out.to_str().unwrap(), "");
        trace.insert("error".to_owned(), message.into_bytes());
    }
    for file in files_below(&out) {
        let name = file.display().to_string();
        let bytes = fs::read(out.join(&file)).unwrap();
        let bytes = match name.ends_with(".json") {
            true => plain(serde_json::from_slice(&bytes).unwrap()).to_string().into_bytes(),
            false => bytes,
        };
        trace.insert(name, bytes);
    }
    trace
}

/// A JSON file without what no two runs share, and without the configuration.
fn plain(mut json: Json) -> Json {
    if let Some(object) = json.as_object_mut() {
        for name in ["config", "provenance", "performance", "outdir", "io", "timestamp_utc", "argv"] {
            object.remove(name);
        }
    }
    json
}

/// Another value than the default, near it.
fn another(key: &Key) -> Vec<String> {
    let default = &key.schema["default"];
    let mut values = Vec::new();
    for option in choices(&key.schema) {
        match (option.get("const"), option["type"].as_str()) {
            (Some(word), _) if word != default && option["deprecated"] != true => values.push(word.clone()),
            (None, Some("boolean")) => values.push(json!(!default.as_bool().unwrap_or(false))),
            (None, Some("integer")) => values.push(json!(default.as_i64().unwrap_or(2) + 1)),
            (None, Some("number")) => {
                let number = default.as_f64().filter(|number| *number != 0.0).unwrap_or(0.5);
                let high = key.schema["maximum"].as_f64().or(key.schema["exclusiveMaximum"].as_f64());
                let changed = if high.is_some_and(|high| number * 1.3 >= high) { number * 0.7 } else { number * 1.3 };
                values.push(json!(changed));
            }
            (None, Some("string")) => values.push(json!("another")),
            (None, Some("array")) => values.push(json!([1.0, 2.0])),
            (None, Some("object")) => values.push(json!({ "a": 1.0 })),
            _ => {}
        }
    }
    values.iter().map(Json::to_string).collect()
}

#[test]
fn every_key_has_an_effect_or_a_warning() {
    let seen: Mutex<HashMap<Vec<String>, Trace>> = Mutex::default();
    let of = |overrides: &[String]| {
        let known = seen.lock().unwrap().get(overrides).cloned();
        known.unwrap_or_else(|| {
            let trace = trace(overrides);
            seen.lock().unwrap().insert(overrides.to_vec(), trace.clone());
            trace
        })
    };
    assert_eq!(of(&[]), trace(&[]), "two equal runs must leave the same behind");
    let all = keys();
    for (key, ..) in CONTEXTS {
        assert!(all.iter().any(|known| known.path == *key), "{key} is no key");
    }
    let asked = |key: &&Key| key.schema["deprecated"] != true && !ELSEWHERE.contains(&key.path.as_str());
    let is_idle = |key: &Key| {
        let context = CONTEXTS.iter().find(|(path, ..)| *path == key.path);
        let (around, values): (Vec<String>, Vec<String>) = match context {
            Some((_, around, value)) => {
                (around.iter().map(|text| (*text).to_owned()).collect(), vec![(*value).to_owned()])
            }
            None => (Vec::new(), another(key)),
        };
        let with = |value: &String| {
            let mut overrides = around.clone();
            overrides.push(format!("{}={value}", key.path));
            overrides
        };
        let fine = values.iter().any(|value| {
            let overrides = with(value);
            let tiny = TINY.iter().map(|text| (*text).to_owned()).chain(overrides.clone()).collect::<Vec<_>>();
            match from_bytes(QUICK.as_bytes(), &shipped("quick.yml"), &tiny, None) {
                // It says so itself.
                Ok(loaded) if loaded.warnings.iter().any(|warning| names(warning, &key.path)) => true,
                Err(error) if error.to_string().contains("is not available in this version") => true,
                Err(error) => {
                    eprintln!("{}: {error}", overrides.join(" "));
                    context.is_some()
                }
                Ok(_) => of(&overrides) != of(&around),
            }
        });
        (!fine && !values.is_empty()).then(|| format!("{} ({})", key.path, values.join(", ")))
    };
    let asked: Vec<&Key> = all.iter().filter(asked).collect();
    // Threads of their own: a run installs a pool, in which a worker of another pool would begin further runs.
    let idle: Vec<String> = thread::scope(|scope| {
        let halves: Vec<_> = asked
            .chunks(asked.len().div_ceil(2))
            .map(|keys| scope.spawn(|| keys.iter().filter_map(|key| is_idle(key)).collect::<Vec<_>>()))
            .collect();
        halves.into_iter().flat_map(|half| half.join().unwrap()).collect()
    });
    println!("{} keys, {} runs", all.len(), seen.lock().unwrap().len());
    assert!(idle.is_empty(), "{} keys do nothing and nobody says so:\n{}", idle.len(), idle.join("\n"));
}

/// Whether a warning names a key or a block that it is in.
fn names(warning: &str, key: &str) -> bool {
    let Some((_, list)) = warning.split_once("no effect in this run: ") else { return false };
    list.split(", ").any(|idle| key.strip_prefix(idle).is_some_and(|rest| rest.is_empty() || rest.starts_with('.')))
}

#[test]
fn an_override_is_written_as_the_command_line_takes_it() {
    assert_eq!(override_of("a.b", &json!([1, "x"])), "a.b=[1,\"x\"]");
}
