//! `run_config.json`: everything needed to know what was run, and to run it again.
//!
//! It is written twice: before the first step with the status `pre_run`, and at the end with the status of the run and
//! the numbers that were found on the way.

use std::path::PathBuf;

use serde_json::{Map, Value, json};

use crate::disk::report::{CellFacts, RunFacts};
use crate::output::budgets::{self, CELLS_BUDGET};
use crate::output::columns::{Column, Table};
use crate::output::folder::OutputFolder;
use crate::output::provenance::{ExternalFile, provenance};
use crate::output::recorder::OutputOptions;
use crate::output::step_columns::{ENERGY_BUDGET, ENERGY_SERIES, STEP_DIAGNOSTICS};
use crate::output::summary::{SummaryFacts, mean_initial_surface_density, mean_midplane_surface_density};
use crate::output::tracks::Tracks;

/// How the program finds β, as text for the reader of a file.
const BETA_FORMULA: &str = "beta = 3 sigma_SB T_M^4 R_M^2 <Q_pr> / (4 G M_M c rho s)";

/// What the set-up of a run knows and the JSON files repeat; a number that does not exist is NaN.
#[derive(Debug, Clone)]
pub struct RunConfigFacts {
    /// The whole configuration, defaults filled in.
    pub config: Value,
    /// File it was read from.
    pub config_source_path: Option<PathBuf>,
    /// `conservative` or `python`.
    pub profile: String,
    /// `default`, `collisions_only` or `sublimation_only`.
    pub physics_mode: String,
    /// `cli` or `config`.
    pub physics_mode_source: &'static str,
    /// Eccentricity and inclination at the start: modes, values, profile.
    pub init_ei: Value,
    /// How the cells are spread over processes and threads, and why.
    pub cell_parallel: Value,
    /// Threads and the variables that set them.
    pub threading: Value,
    /// Inner edge of the disk [m].
    pub r_in: f64,
    /// Outer edge [m].
    pub r_out: f64,
    /// Surface density that the configured optical depth asks for [kg m⁻²].
    pub sigma_surf0_target: f64,
    /// Optical depth that the reference supply rate refers to.
    pub supply_mu_reference_tau: f64,
    /// Surface density of that optical depth [kg m⁻²].
    pub sigma_surf_mu_reference: f64,
    /// Share of that surface density supplied per orbit at unit rate.
    pub supply_orbit_fraction_at_mu1: f64,
    /// Orbits in which the deep buffer mixes; NaN without one.
    pub supply_t_mix_orbits: f64,
    /// `supply.transport.headroom_gate`.
    pub supply_headroom_gate: String,
    /// Table of radiation-pressure efficiencies as configured.
    pub qpr_table_path: Option<String>,
    /// `psd.floor.mode`.
    pub psd_floor_mode: String,
    /// Temperature driver: source, mode, enabled and its parameters.
    pub temperature_driver: Value,
    /// Whether the configuration asks for the radiation pressure of the Sun.
    pub solar_radiation_requested: bool,
    /// Sublimation: formula, mode, vapour pressure and its parameters.
    pub sublimation_provenance: Value,
    /// Seed of the random numbers.
    pub seed: u64,
    /// How it was found.
    pub seed_expr: String,
    /// Text that it was found from.
    pub seed_basis: String,
    /// The configuration, then the other files that the run read.
    pub external_files: Vec<ExternalFile>,
    /// Every start of the run, see [`provenance`](super::provenance::part); this one is the last.
    pub parts: Vec<Value>,
}

impl RunConfigFacts {
    /// The Sun's part, which the model leaves out.
    pub(super) fn solar_radiation(&self) -> Value {
        let note = if self.solar_radiation_requested {
            "requested, but the model holds the radiation of Mars alone"
        } else {
            "off: the model holds the radiation of Mars alone"
        };
        json!({"enabled": false, "requested": self.solar_radiation_requested, "note": note})
    }
}

/// The file before the first step.
pub fn before_run(folder: &OutputFolder, run: &RunFacts, facts: &RunConfigFacts) -> Value {
    json!({
        "status": "pre_run",
        "outdir": folder.path().display().to_string(),
        "config_source_path": facts.config_source_path.as_ref().map(|path| path.display().to_string()),
        "geometry_source": run.r_source,
        "physics_mode": facts.physics_mode,
        "physics_mode_source": facts.physics_mode_source,
        "profile": facts.profile,
        "config": facts.config,
        "init_ei": facts.init_ei,
        "cell_parallel": facts.cell_parallel,
        "threading": facts.threading,
        "csv_units": csv_units(run),
        "provenance": provenance(&facts.external_files, &facts.parts),
    })
}

/// The file at the end.
pub fn after_run(
    folder: &OutputFolder,
    run: &RunFacts,
    cells: &[CellFacts],
    options: &OutputOptions,
    facts: &RunConfigFacts,
    tracks: &Tracks,
    summary: &SummaryFacts,
) -> Value {
    let last = |f: fn(&crate::disk::report::StepFacts) -> f64| tracks.last.as_ref().map_or(f64::NAN, f);
    let found = json!({
        "status": summary.outcome.as_str(),
        "sigma_surf0_target": facts.sigma_surf0_target,
        "sigma_surf0_avg": mean_initial_surface_density(cells),
        "sigma_midplane_avg": mean_midplane_surface_density(cells),
        "supply_mu_orbit10pct": run.mu_orbit10pct,
        "supply_mu_reference_tau": facts.supply_mu_reference_tau,
        "sigma_surf_mu_reference": facts.sigma_surf_mu_reference,
        "supply_orbit_fraction_at_mu1": facts.supply_orbit_fraction_at_mu1,
        "epsilon_mix": run.epsilon_mix,
        "qpr_table_path": facts.qpr_table_path,
        "beta_formula": BETA_FORMULA,
        "T_M_used": last(|step| step.temperature),
        "rho_used": run.density,
        "Q_pr_used": last(|step| step.q_pr_at_smin),
        "blowout_provenance": {
            "s_blow_raw_m": last(|step| step.s_blow),
            "s_blow_effective_m": last(|step| step.s_min_effective),
            "s_min_config_m": run.s_min_config,
            "psd_floor_mode": facts.psd_floor_mode,
        },
        "temperature_driver": facts.temperature_driver,
        "solar_radiation": facts.solar_radiation(),
        "sublimation_provenance": facts.sublimation_provenance,
        "io": {
            "outdir": folder.path().display().to_string(),
            "psd_history": options.psd_history,
            "mass_budget_cells": options.mass_budget_cells,
            "orbit_rollup": options.orbit_rollup,
            "series_stride": options.series_stride,
            "diagnostics_stride": options.diagnostics_stride,
            "psd_stride": options.psd_stride,
        },
    });
    let mut keys = Map::new();
    // both are objects
    for part in [before_run(folder, run, facts), found] {
        if let Value::Object(part) = part {
            keys.extend(part);
        }
    }
    Value::Object(keys)
}

/// Units of the CSV tables, which have no room for them.
fn csv_units(run: &RunFacts) -> Value {
    fn units<T: Table>(columns: &[Column<T>]) -> Value {
        columns.iter().map(|column| (column.name.to_owned(), Value::from(column.unit))).collect()
    }
    json!({
        "checks/mass_budget.csv": units(&budgets::disk_budget(run)),
        "checks/mass_budget_cells.csv": units(CELLS_BUDGET),
        "checks/energy_budget.csv": units(ENERGY_BUDGET),
        "series/energy.csv": units(ENERGY_SERIES),
        "series/step_diagnostics.csv": units(STEP_DIAGNOSTICS),
        "orbit_rollup.csv": units(&budgets::orbits(run)),
    })
}
