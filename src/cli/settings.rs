//! What a configuration asks of the time loop and of the files, in their own terms.

use super::persistence::packing;
use crate::config::{Config, Profile, io, numerics};
use crate::output::extras::ExtraOptions;
use crate::output::recorder::OutputOptions;
use crate::physics::constants::YEAR;
use crate::physics::cooling::Cooling;
use crate::physics::orbit;
use crate::run::clock::{OutputTimes, Pace};
use crate::run::stop::StopRules;
use crate::run::time_grid::{FirstStep, NoDuration, Request, TimeGrid};

/// How long the run lasts, and its first step; `r_middle`: radius whose orbits count [m].
///
/// # Errors
/// The configuration gives no duration.
pub(super) fn time_grid(config: &Config, cooling: &Cooling, r_middle: f64) -> Result<TimeGrid, NoDuration> {
    let numerics = &config.numerics;
    let request = Request {
        years: numerics.t_end_years,
        orbits: numerics.t_end_orbits,
        until_temperature: numerics.t_end_until_temperature_k,
        temperature_margin_years: numerics.t_end_temperature_margin_years,
        temperature_search_years: numerics.t_end_temperature_search_years,
        temperature_by_halving: config.profile == Profile::Python,
        min_years: numerics.min_duration_years,
        first_step: match numerics.dt_init {
            numerics::NumberOrAuto::Auto => FirstStep::Auto,
            numerics::NumberOrAuto::Number(seconds) => FirstStep::Seconds(seconds),
        },
    };
    TimeGrid::resolve(request, config.scope.analysis_years, cooling, orbit::angular_frequency(r_middle))
}

/// What the coupling step follows.
pub(super) fn pace(config: &Config) -> Pace {
    let numerics = &config.numerics;
    match numerics.clock {
        numerics::Clock::Adaptive => {
            Pace::Adaptive { rtol: numerics.clock_rtol, dt_max: numerics.dt_max.unwrap_or(f64::INFINITY) }
        }
        numerics::Clock::Fixed if config.geometry.is_column() => Pace::Even,
        numerics::Clock::Fixed => Pace::Fixed { min_tcoll_ratio: numerics.dt_min_tcoll_ratio },
    }
}

/// When records are due in a run of `t_end` [s].
pub(super) fn output_times(config: &Config, t_end: f64) -> OutputTimes {
    let output = &config.io.output;
    match output.times {
        io::OutputTimes::Log => OutputTimes::Logarithmic { per_decade: output.per_decade as u32 },
        io::OutputTimes::Linear => OutputTimes::Linear { every: output.every.unwrap_or(t_end / 100.0) },
        io::OutputTimes::EveryStep => OutputTimes::EveryStep,
    }
}

/// What ends the run early; `enforce_budget`: a mass budget that does not close, in any profile.
pub(super) fn stop_rules(config: &Config, enforce_budget: bool) -> StopRules {
    let numerics = &config.numerics;
    StopRules {
        blowout_at_most: numerics.stop_on_blowout_below_smin.then_some(config.sizes.s_min),
        loss_rate_at_most: numerics.mass_loss_rate_stop_mmars_s,
        not_before: numerics.min_duration_years.unwrap_or(0.0) * YEAR,
        loss_stops_at_once: config.profile == Profile::Python,
        column: config.geometry.is_column(),
        enforce_budget,
    }
}

/// The tables that the configuration asks for on top.
pub(super) fn extra_options(config: &Config) -> ExtraOptions {
    let steps = &config.io.step_diagnostics;
    let lines = steps.format == io::StepFormat::Jsonl;
    let default = if lines { "series/step_diagnostics.jsonl" } else { "series/step_diagnostics.csv" };
    ExtraOptions {
        step_diagnostics: steps.enable.then(|| (steps.path.as_deref().unwrap_or(default).into(), lines)),
        sinks_trace: config.io.debug_sinks,
        energy: config.diagnostics.energy_bookkeeping.enabled,
        energy_stream: config.diagnostics.energy_bookkeeping.stream,
        run_card: config.geometry.is_column(),
    }
}

/// The tables of every run.
pub(super) fn output_options(config: &Config) -> OutputOptions {
    let io = &config.io;
    OutputOptions {
        psd_history: io.psd_history,
        // The budget of the only column is that of the disk.
        mass_budget_cells: io.mass_budget_cells && !config.geometry.is_column(),
        orbit_rollup: config.numerics.orbit_rollup,
        series_stride: io.series_stride,
        diagnostics_stride: io.diagnostics_stride,
        psd_stride: io.psd_history_stride,
        checkpoints_elsewhere: config.numerics.checkpoint.path.is_some(),
        packing: packing(config),
    }
}
