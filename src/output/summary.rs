//! `summary.json`: the run in one object. The keys of the Python program, and behind them how the run ended, what was
//! supplied, what was lost by which channel and how well the mass budget closed.
//!
//! A number that does not exist is null. Masses are in Mars masses, everything else in SI units.

pub mod keys;

use serde::Serialize;
use serde_json::{Map, Value, json};

use crate::disk::report::{CellFacts, RunFacts};
use crate::output::run_config::RunConfigFacts;
use crate::output::tracks::{Track, Tracks};
use crate::physics::constants::BETA_BLOWOUT;

/// How a run ended.
#[derive(Debug, Clone, PartialEq)]
pub enum Outcome {
    /// It reached its end or one of its stop conditions.
    Complete,
    /// It was stopped from outside, and can go on from its checkpoint.
    Stopped,
    /// It could not go on.
    Failed {
        /// What happened.
        reason: String,
        /// When [s].
        time: f64,
        /// In which cell, where that is known.
        cell: Option<usize>,
    },
}

impl Outcome {
    /// `status` in the JSON files.
    pub fn as_str(&self) -> &'static str {
        match self {
            Outcome::Complete => "complete",
            Outcome::Stopped => "stopped",
            Outcome::Failed { .. } => "failed",
        }
    }
}

/// What only the driver of a run knows at its end.
#[derive(Debug, Clone)]
pub struct SummaryFacts {
    /// How the run ended.
    pub outcome: Outcome,
    /// Stop condition that ended it early: `a_blow_below_s_min_config`, `tau_exceeded_all_cells`, …
    pub early_stop_reason: Option<&'static str>,
    /// The same, or `t_end_reached`, or `failed`.
    pub stop_reason: &'static str,
    /// Time that was reached [s].
    pub time_end: f64,
    /// The clock as it was planned.
    pub time_grid: TimeGridFacts,
    /// Steps that were taken.
    pub steps: StepCounts,
    /// What it cost.
    pub performance: Performance,
}

/// The clock as it was planned; a number that does not exist is NaN. Every field is a key of `summary.time_grid`.
#[derive(Debug, Clone, Serialize)]
pub struct TimeGridFacts {
    /// Which key set the end: `t_end_years`, `t_end_orbits`, `t_end_until_temperature_K`.
    pub t_end_basis: String,
    /// Value of that key, in its unit.
    pub t_end_input: f64,
    /// End [s].
    pub t_end_s: f64,
    /// End [s]; the Python program writes it twice.
    pub t_end_seconds: f64,
    /// End before a shorter one was raised to the minimum duration [s].
    pub t_end_seconds_pre_min_duration: f64,
    /// End from the temperature stop [s].
    pub t_end_seconds_from_temperature: f64,
    /// How far the search for the temperature stop went [years].
    pub t_end_temperature_search_years: f64,
    /// Temperature at which the run should stop [K].
    #[serde(rename = "temperature_stop_K")]
    pub temperature_stop: f64,
    /// Least duration [years].
    pub min_duration_years: f64,
    /// `auto` or `explicit`.
    pub dt_mode: String,
    /// Configured step: a number of seconds or `auto`.
    pub dt_input: Value,
    /// Candidates for the nominal step [s], by name.
    pub dt_sources: Value,
    /// Nominal step [s].
    pub dt_nominal: f64,
    /// Nominal step [s]; the Python program writes it twice.
    pub dt_nominal_s: f64,
    /// First step [s].
    pub dt_step: f64,
    /// Whether the largest number of steps lengthened the step.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub dt_capped_by_max_steps: bool,
    /// Least step over the shortest collision time.
    pub dt_min_tcoll_ratio: f64,
    /// Blow-out time at the middle radius [s].
    pub t_blow_nominal: f64,
    /// Planned number of steps.
    pub n_steps: u64,
    /// `adaptive` or `fixed`.
    pub clock: &'static str,
}

/// Steps that a run took.
#[derive(Debug, Clone, Copy, Default, Serialize)]
pub struct StepCounts {
    /// Steps of the clock.
    pub coupling: u64,
    /// Accepted steps of the collisional integrator, over all cells.
    pub inner_accepted: u64,
    /// Rejected ones.
    pub inner_rejected: u64,
    /// Steps taken by its positive fall-back scheme.
    pub fallback: u64,
}

impl StepCounts {
    /// Adds the other counts.
    pub fn add(&mut self, other: &StepCounts) {
        self.coupling += other.coupling;
        self.inner_accepted += other.inner_accepted;
        self.inner_rejected += other.inner_rejected;
        self.fallback += other.fallback;
    }
}

/// What a run cost. Wall times differ from run to run, and with them the batches, messages and cells of a process.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Performance {
    /// Wall time [s].
    pub wall_s: f64,
    /// Before the first step: configuration, tables, files [s].
    pub setup_s: f64,
    /// Process 0 in steps of its cells [s].
    pub step_s: f64,
    /// Process 0 in the exchange with others, waiting included [s].
    pub exchange_s: f64,
    /// Process 0 waiting for its writer [s].
    pub write_s: f64,
    /// Its writer at work, beside the steps [s].
    pub writer_s: f64,
    /// Process 0 in checkpoints, during which nobody steps [s].
    pub checkpoint_s: f64,
    /// Checkpoints written.
    pub checkpoints: u64,
    /// MPI processes that worked.
    pub ranks: usize,
    /// Threads of a process.
    pub threads: usize,
    /// Batches of coupling steps; after each the processes report.
    pub batches: u64,
    /// How often cells moved to other processes.
    pub moves: u64,
    /// Largest over mean time that a process spent in steps and records.
    pub imbalance: f64,
    /// Messages that a process sends per coupling step, mean.
    pub messages_per_step: f64,
    /// Bytes that a process sends per coupling step, mean.
    pub bytes_per_step: f64,
    /// Each process.
    pub per_rank: Vec<RankPerformance>,
}

/// What a run cost one process.
#[derive(Debug, Clone, Copy, Default, Serialize)]
pub struct RankPerformance {
    /// Its cells at the end.
    pub cells: usize,
    /// In steps of its cells [s].
    pub step_s: f64,
    /// In the exchange with others, waiting included [s].
    pub exchange_s: f64,
    /// Messages sent.
    pub messages: u64,
    /// Their content [bytes].
    pub bytes: u64,
    /// Of that, cells on their way to other processes [bytes].
    pub moved_bytes: u64,
}

/// The summary of a run.
pub fn summary(
    run: &RunFacts,
    cells: &[CellFacts],
    config: &RunConfigFacts,
    tracks: &Tracks,
    facts: &SummaryFacts,
) -> Value {
    let mut keys = Map::new();
    for part in [
        ending(cells, tracks, facts),
        disk(run, cells, config),
        masses(run, tracks),
        radiation(run, config, tracks),
        supply(run, config, tracks),
        extended(run, tracks),
    ] {
        // every part is an object
        if let Value::Object(part) = part {
            keys.extend(part);
        }
    }
    Value::Object(keys)
}

/// Keys with `diagnostics.extended_diagnostics`.
fn extended(run: &RunFacts, tracks: &Tracks) -> Value {
    let Some(version) = &run.extended else { return json!({}) };
    let (budget, found) = (&tracks.budget, &tracks.extended);
    let (rate, time) = found.max_loss_rate.unzip();
    json!({
        "extended_diagnostics_version": version,
        "M_loss_blowout_total": budget.lost_blowout,
        "M_loss_sink_total": budget.lost - budget.lost_blowout,
        "M_loss_total": budget.lost,
        "max_mloss_rate": rate,
        "max_mloss_rate_time": time,
        "median_ts_ratio": found.ts_ratio.min_median_max()[1],
        "median_gate_factor": found.gate_factor.min_median_max()[1],
        "tau_gate_blocked_time_fraction": found.tau_gate_blocked / tracks.time(),
    })
}

fn ending(cells: &[CellFacts], tracks: &Tracks, facts: &SummaryFacts) -> Value {
    let failure = match &facts.outcome {
        Outcome::Failed { reason, time, cell } => json!({"reason": reason, "time_s": time, "cell": cell}),
        _ => Value::Null,
    };
    json!({
        "status": facts.outcome.as_str(),
        "failure": failure,
        "early_stop_reason": facts.early_stop_reason,
        "stop_reason": facts.stop_reason,
        "time_end_s": facts.time_end,
        "time_grid": facts.time_grid,
        "dt_over_t_blow_median": tracks.dt_over_t_blow.min_median_max()[1],
        "orbits_completed": tracks.orbits,
        "cells_total": cells.len(),
        "cells_stopped": tracks.cells_stopped,
        "steps": facts.steps,
        "performance": facts.performance,
    })
}

fn disk(run: &RunFacts, cells: &[CellFacts], config: &RunConfigFacts) -> Value {
    json!({
        "geometry_mode": run.geometry_mode,
        "geometry_source": run.r_source,
        "geometry": {"r_in_m": config.r_in, "r_out_m": config.r_out, "Nr": cells.len()},
        "sigma_surf0_avg": mean_initial_surface_density(cells),
        "sigma_surf0_target": config.sigma_surf0_target,
        "sigma_midplane_avg": mean_midplane_surface_density(cells),
        "seed": config.seed,
        "seed_expr": config.seed_expr,
        "seed_basis": config.seed_basis,
    })
}

fn masses(run: &RunFacts, tracks: &Tracks) -> Value {
    let budget = &tracks.budget;
    let (out, sinks) = (budget.lost_blowout, budget.lost_sublimation + budget.lost_gas_drag + budget.lost_escape);
    let per_orbit = |mass: f64| if tracks.orbits > 0 { mass / tracks.orbits as f64 } else { f64::NAN };
    json!({
        "M_out_cum": out,
        "M_sink_cum": sinks,
        "M_loss": budget.lost,
        "M_loss_from_sinks": sinks,
        "M_loss_from_sublimation": if run.sublimation_booked { budget.lost_sublimation } else { 0.0 },
        "M_out_mean_per_orbit": per_orbit(out),
        "M_sink_mean_per_orbit": per_orbit(sinks),
        "M_loss_mean_per_orbit": per_orbit(budget.lost),
        "mass_initial": budget.initial,
        "mass_remaining": budget.remaining,
        "mass_supplied": budget.supplied,
        "mass_deep": budget.deep,
        "mass_clipped": budget.clipped,
        "losses": {
            "blowout": budget.lost_blowout,
            "sublimation": budget.lost_sublimation,
            "gas_drag": budget.lost_gas_drag,
            "escape": budget.lost_escape,
        },
        "mass_budget_max_error_percent": tracks.max_error_percent,
        "mass_budget_max_error_percent_cells": tracks.max_cell_error_percent,
        "mass_ledger_max_error_percent": tracks.max_ledger_error_percent,
        "mass_budget_tolerance_percent": budget.tolerance_percent,
    })
}

fn radiation(run: &RunFacts, config: &RunConfigFacts, tracks: &Tracks) -> Value {
    let last = |f: fn(&crate::disk::report::StepFacts) -> f64| tracks.last.as_ref().map_or(f64::NAN, f);
    let s_blow = last(|step| step.s_blow);
    let s_min = last(|step| step.s_min_effective);
    let mut keys = json!({
        "case_status": run.case_status,
        "beta_at_smin_config": run.beta_at_smin_config,
        "beta_at_smin_effective": last(|step| step.beta_at_smin),
        "beta_threshold": BETA_BLOWOUT,
        "s_blow_m": s_blow,
        "s_blow_m_effective": s_min,
        "a_blow_final": s_blow,
        "s_min_effective": s_min,
        "s_min_components": {
            "config": run.s_min_config,
            "blowout": s_blow,
            "blowout_raw": s_blow,
            "blowout_effective": s_min,
            "effective": s_min,
        },
        "Q_pr_used": last(|step| step.q_pr_at_smin),
        "qpr_table_path": config.qpr_table_path,
        "rho_used": run.density,
        "chi_blow_eff": run.chi,
        "T_M_used": last(|step| step.temperature),
        "T_M_initial": run.initial_temperature,
        "T_M_final": last(|step| step.temperature),
        "temperature_driver": config.temperature_driver,
        "solar_radiation": config.solar_radiation(),
    });
    add_range(&mut keys, "beta_at_smin", &tracks.beta, false);
    add_range(&mut keys, "a_blow", &tracks.s_blow, false);
    add_range(&mut keys, "T_M", &tracks.temperature, false);
    keys
}

fn supply(run: &RunFacts, config: &RunConfigFacts, tracks: &Tracks) -> Value {
    let zero = run.missing_as_zero;
    let missing = if zero { 0.0 } else { f64::NAN };
    let fraction = if run.supply_enabled || zero { 0.0 } else { f64::NAN };
    let mut clipping = json!({
        "headroom_min": missing, "headroom_median": missing, "headroom_max": missing,
        "blocked_fraction": fraction, "mixing_fraction": fraction,
    });
    add_range(&mut clipping, "clip_factor", &tracks.clip_factor, zero);
    add_range(&mut clipping, "visibility", &tracks.visibility, zero);
    let mut keys = json!({
        "supply_rate_nominal_kg_m2_s": tracks.mean_supply_nominal(),
        "supply_rate_scaled_initial_kg_m2_s": tracks.supply_scaled_initial,
        "effective_prod_rate_kg_m2_s": tracks.mean_supply_applied(),
        "supply_transport_mode": run.supply_transport_mode,
        "supply_transport_t_mix_orbits": config.supply_t_mix_orbits,
        "supply_transport_headroom_gate": config.supply_headroom_gate,
        "supply_headroom_policy": "none",
        "supply_blocked_fraction": fraction,
        "supply_mixing_fraction": fraction,
        "supply_reservoir_remaining_stats_Mmars": range(&tracks.reservoir, zero),
        "supply_clipping": clipping,
        "supply_spill": {
            "rate_min": missing, "rate_median": missing, "rate_max": missing,
            "active_fraction": 0.0, "M_loss_cum": 0.0,
        },
    });
    add_range(&mut keys, "supply_visibility", &tracks.visibility, zero);
    add_range(&mut keys, "supply_feedback_scale", &tracks.feedback_scale, zero);
    add_range(&mut keys, "supply_temperature_scale", &tracks.temperature_scale, zero);
    keys
}

/// Adds `NAME_min`, `NAME_median` and `NAME_max`.
fn add_range(object: &mut Value, name: &str, track: &Track, missing_as_zero: bool) {
    let range = range(track, missing_as_zero);
    for suffix in ["min", "median", "max"] {
        object[format!("{name}_{suffix}")] = range[suffix].clone();
    }
}

/// Smallest, middle and largest number of a track.
fn range(track: &Track, missing_as_zero: bool) -> Value {
    let [min, median, max] = track.min_median_max().map(|x| if x.is_nan() && missing_as_zero { 0.0 } else { x });
    json!({"min": min, "median": median, "max": max})
}

/// Area-weighted mean of the initial surface density [kg m⁻²].
pub(super) fn mean_initial_surface_density(cells: &[CellFacts]) -> f64 {
    let area: f64 = cells.iter().map(|cell| cell.area).sum();
    cells.iter().map(|cell| cell.initial_surface_density * cell.area).sum::<f64>() / area
}

/// Area-weighted mean of the mid-plane surface density [kg m⁻²]; NaN without one.
pub(super) fn mean_midplane_surface_density(cells: &[CellFacts]) -> f64 {
    let area: f64 = cells.iter().map(|cell| cell.area).sum();
    cells.iter().map(|cell| cell.midplane_surface_density * cell.area).sum::<f64>() / area
}

#[cfg(test)]
mod tests;
