//! What a run's JSON files say about its configuration, its cost and its end.

use crate::config::radiation::{DriverMode, MarsTemperature};
use crate::config::{Config, Loaded, Profile, numerics};
use crate::disk::model::Model;
use crate::output::provenance::ExternalFile;
use crate::output::run_config::RunConfigFacts;
use crate::output::summary::{Outcome, Performance, RankPerformance, SummaryFacts, TimeGridFacts};
use crate::parallel::policy::Decision;
use crate::run::driver::{Effort, Ended};
use crate::run::stop::StopReason;
use crate::run::time_grid::TimeGrid;
use crate::tables::TableFile;
use serde::Serialize;
use serde_json::{Value, json};

/// The blocks of `run_config.json` that follow from the configuration; `parts`: the starts of the run.
pub fn run_config(
    loaded: &Loaded,
    model: &Model,
    files: &[TableFile],
    decision: &Decision,
    parts: Vec<Value>,
) -> RunConfigFacts {
    let config = &loaded.config;
    let overridden = loaded.overrides.iter().any(|text| text.trim_start().starts_with("physics_mode="));
    let constant = &config.supply.constant;
    let seed = &model.run.seed;
    RunConfigFacts {
        config: word(config),
        config_source_path: Some(loaded.path.clone()),
        profile: text(&config.profile),
        physics_mode: text(&config.physics_mode),
        physics_mode_source: if overridden { "cli" } else { "config" },
        init_ei: init_ei(config),
        threading: threading(decision.threads),
        cell_parallel: decision.to_json(),
        r_in: model.grid.r_in,
        r_out: model.grid.r_out,
        sigma_surf0_target: model.cells.first().map_or(f64::NAN, |cell| cell.facts.initial_surface_density),
        supply_mu_reference_tau: constant.mu_reference_tau,
        sigma_surf_mu_reference: model.run.mu_reference_surface_density,
        supply_orbit_fraction_at_mu1: constant.orbit_fraction_at_mu1,
        supply_t_mix_orbits: config.supply.transport.t_mix_orbits.unwrap_or(f64::NAN),
        supply_headroom_gate: text(&config.supply.transport.headroom_gate),
        qpr_table_path: config.radiation.qpr_table_path.clone(),
        psd_floor_mode: text(&config.psd.floor.mode),
        temperature_driver: temperature_driver(config, model),
        solar_radiation_requested: config.radiation.use_solar_rp,
        sublimation_provenance: sublimation(config),
        seed: seed.value,
        seed_expr: seed.expression.clone(),
        seed_basis: seed.basis.clone(),
        external_files: std::iter::once(configuration_file(loaded)).chain(files.iter().map(table_file)).collect(),
        parts,
    }
}

fn configuration_file(loaded: &Loaded) -> ExternalFile {
    ExternalFile {
        path: loaded.path.clone(),
        read_path: Some(loaded.path.clone()),
        size_bytes: loaded.size_bytes,
        sha256: loaded.sha256.clone(),
    }
}

fn table_file(table: &TableFile) -> ExternalFile {
    ExternalFile {
        path: table.configured.clone(),
        read_path: (!table.built_in).then(|| table.read.clone()),
        size_bytes: table.size_bytes,
        sha256: table.sha256.clone(),
    }
}

/// Variables of the environment that set numbers of threads, as the Python program recorded them.
const THREAD_VARIABLES: [&str; 9] = [
    "CELL_THREAD_LIMIT",
    "OMP_NUM_THREADS",
    "MKL_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "NUMEXPR_NUM_THREADS",
    "VECLIB_MAXIMUM_THREADS",
    "NUMBA_NUM_THREADS",
    "RAYON_NUM_THREADS",
    "SLURM_CPUS_PER_TASK",
];

fn threading(threads: usize) -> Value {
    let variable = |name: &&str| (name.to_string(), json!(std::env::var(name).ok()));
    json!({"rayon_threads": threads, "env": Value::Object(THREAD_VARIABLES.iter().map(variable).collect())})
}

/// The planned clock, as `summary.json` shows it.
pub fn time_grid(config: &Config, grid: &TimeGrid, chi: f64) -> TimeGridFacts {
    let (dt_mode, dt_input, dt_sources) = match config.numerics.dt_init {
        numerics::NumberOrAuto::Number(dt) => ("explicit", json!(dt), json!({"explicit": dt})),
        numerics::NumberOrAuto::Auto => {
            let orbital = 0.05 * grid.t_orb / std::f64::consts::TAU;
            ("auto", json!("auto"), json!({"0.05*t_blow": orbital, "t_end/200": grid.t_end / 200.0}))
        }
    };
    let input = match grid.basis {
        "t_end_until_temperature_K" => grid.request.until_temperature,
        "t_end_orbits" => grid.request.orbits,
        _ => Some(grid.request.years.unwrap_or(config.scope.analysis_years)),
    };
    let or_nan = |number: Option<f64>| number.unwrap_or(f64::NAN);
    // The Python program plans with the blow-out time of χ = 1.
    let python = config.profile == Profile::Python;
    let lengthened = grid.t_end > grid.t_end_before_minimum;
    TimeGridFacts {
        t_end_basis: grid.basis.to_string(),
        t_end_input: or_nan(input),
        t_end_s: grid.t_end,
        t_end_seconds: grid.t_end,
        t_end_seconds_pre_min_duration: if lengthened { grid.t_end_before_minimum } else { f64::NAN },
        t_end_seconds_from_temperature: or_nan(grid.t_end_from_temperature),
        t_end_temperature_search_years: or_nan(grid.request.temperature_search_years),
        temperature_stop: or_nan(grid.request.until_temperature),
        min_duration_years: or_nan(grid.request.min_years),
        dt_mode: dt_mode.to_string(),
        dt_input,
        dt_sources,
        dt_nominal: grid.dt_nominal,
        dt_nominal_s: grid.dt_nominal,
        dt_step: grid.dt_step,
        dt_capped_by_max_steps: grid.n_steps == crate::run::time_grid::MOST_STEPS,
        dt_min_tcoll_ratio: or_nan(config.numerics.dt_min_tcoll_ratio),
        t_blow_nominal: if python { 1.0 } else { chi } * grid.t_orb / std::f64::consts::TAU,
        n_steps: grid.n_steps,
        clock: match config.numerics.clock {
            numerics::Clock::Adaptive => "adaptive",
            numerics::Clock::Fixed => "fixed",
        },
    }
}

/// A value as JSON; types of the configuration always have one.
fn word(value: &impl Serialize) -> Value {
    serde_json::to_value(value).unwrap_or(Value::Null)
}

/// The YAML word of an enumeration.
fn text(value: &impl Serialize) -> String {
    word(value).as_str().unwrap_or_default().to_string()
}

fn init_ei(config: &Config) -> Value {
    let dynamics = &config.dynamics;
    json!({
        "e_mode": text(&dynamics.e_mode),
        "i_mode": text(&dynamics.i_mode),
        "e0_config": dynamics.e0,
        "i0_config_rad": dynamics.i0,
        "e_profile": {
            "mode": text(&dynamics.e_profile.mode),
            "r_kind": text(&dynamics.e_profile.r_kind),
            "table_path": dynamics.e_profile.table_path,
            "formula": "e = 1 - R_MARS / r",
        },
    })
}

fn temperature_driver(config: &Config, model: &Model) -> Value {
    let driver = &config.radiation.mars_temperature_driver;
    let mut block = json!({
        "source": model.run.temperature_source,
        "enabled": driver.enabled,
        "mode": if driver.enabled { text(&driver.mode) } else { text(&DriverMode::Constant) },
    });
    match config.radiation.mars_temperature() {
        Ok(MarsTemperature::Hyodo { layer, .. } | MarsTemperature::Slab { layer, .. }) => {
            block["d_layer_m"] = json!(layer.d_layer_m);
            block["rho"] = json!(layer.rho);
            block["cp"] = json!(layer.cp);
        }
        Ok(MarsTemperature::Table { table, .. }) => block["path"] = json!(table.path),
        Ok(MarsTemperature::Constant(value)) => block["value_K"] = json!(value),
        Err(_) => {}
    }
    block
}

fn sublimation(config: &Config) -> Value {
    let params = &config.sinks.sub_params;
    json!({
        "sublimation_formula": "HKL",
        "mode": text(&params.mode),
        "psat_model": text(&params.psat_model),
        "alpha_evap": params.alpha_evap,
        "mu": params.mu,
        "A": params.a,
        "B": params.b,
        "A_liq": params.a_liq,
        "B_liq": params.b_liq,
        "P_gas": params.p_gas,
        "valid_K": params.valid_k,
        "valid_liquid_K": params.valid_liquid_k,
        "scheme": text(&config.sinks.sublimation_scheme),
    })
}

/// What a run cost, which took `wall_s` and of that `setup_s` before its first step [s], with so many threads.
pub fn performance(ended: &Ended, threads: usize, [wall_s, setup_s]: [f64; 2]) -> Performance {
    let Effort { write_s, writer_s, checkpoint_s, checkpoints, batches, moves, per_rank } = ended.effort.clone();
    let ranks = per_rank.len();
    // There is none yet where the run could not begin.
    let root = per_rank.first().copied().unwrap_or_default();
    let writing = |rank: usize| if rank == 0 { write_s } else { 0.0 };
    let busy = |(rank, one): (usize, &RankPerformance)| one.step_s + writing(rank);
    let busy: Vec<f64> = per_rank.iter().enumerate().map(busy).collect();
    let mean = busy.iter().sum::<f64>() / ranks as f64;
    let per_step = |total: u64| total as f64 / (ended.steps.coupling.max(1) as f64 * ranks as f64);
    Performance {
        wall_s,
        setup_s,
        step_s: root.step_s,
        exchange_s: root.exchange_s,
        write_s,
        writer_s,
        checkpoint_s,
        checkpoints,
        ranks,
        threads,
        batches,
        moves,
        imbalance: busy.iter().copied().fold(0.0, f64::max) / mean,
        messages_per_step: per_step(per_rank.iter().map(|one| one.messages).sum()),
        bytes_per_step: per_step(per_rank.iter().map(|one| one.bytes).sum()),
        per_rank,
    }
}

/// How a run ended.
pub fn summary(ended: &Ended, time_grid: TimeGridFacts, performance: Performance) -> SummaryFacts {
    let (outcome, early, reason) = match &ended.result {
        Ok(StopReason::Interrupted) => (Outcome::Stopped, None, StopReason::Interrupted.as_str()),
        Ok(reason) => (Outcome::Complete, reason.is_early().then_some(reason.as_str()), reason.as_str()),
        Err(error) => {
            let time = error.time().unwrap_or(ended.time);
            (Outcome::Failed { reason: error.to_string(), time, cell: error.cell() }, None, "failed")
        }
    };
    SummaryFacts {
        outcome,
        early_stop_reason: early,
        stop_reason: reason,
        time_end: ended.time,
        time_grid,
        steps: ended.steps,
        performance,
    }
}
