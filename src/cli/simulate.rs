//! A run: configuration → disk → time loop → files.

use super::facts;
use super::progress::Progress;
use super::{CONFIGURATION, INPUT_OUTPUT, NUMERICAL};
use crate::config::{self, Config, ConfigError, Loaded, Profile, io, numerics};
use crate::disk::setup::{self, Setup, SetupError};
use crate::output::OutputError;
use crate::output::folder::OutputFolder;
use crate::output::recorder::{BinFacts, OutputOptions, Recorder};
use crate::output::summary::{Outcome, Performance, SummaryFacts};
use crate::parallel::communicator::{Communicator, Serial};
use crate::physics::orbit;
use crate::run::clock::{Clock, OutputTimes, Pace};
use crate::run::driver::{self, Ended, RunError};
use crate::run::stop::{StopReason, StopRules};
use crate::run::time_grid::{FirstStep, NoDuration, Request, TimeGrid};
use clap::{Args, ValueEnum};
use serde_json::Value;
use std::path::PathBuf;
use std::time::Instant;

/// Arguments of a run.
#[derive(Debug, Args)]
pub struct SimulateArgs {
    /// Configuration file (YAML); see configs/ for commented examples
    #[arg(value_name = "RUN.yml", required = true)]
    config: Option<PathBuf>,

    /// Set a key of the configuration, e.g. radiation.TM_K=4500; may be repeated and take several
    #[arg(long = "override", value_name = "KEY=VALUE", num_args = 1..)]
    overrides: Vec<String>,

    /// Output folder [default: io.outdir of the configuration]
    #[arg(long, value_name = "FOLDER")]
    outdir: Option<PathBuf>,

    /// Replace the files of an earlier run in the output folder
    #[arg(long)]
    overwrite: bool,

    /// Set of defaults: the model integrated correctly, or the Python program's numbers
    #[arg(long, value_enum)]
    profile: Option<ProfileName>,

    /// Worker threads [default: all cores]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..))]
    threads: Option<u16>,

    /// No progress and no closing lines
    #[arg(long)]
    quiet: bool,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum ProfileName {
    Conservative,
    Python,
}

/// Why a run did not finish.
#[derive(Debug, thiserror::Error)]
pub enum SimulateError {
    /// The configuration is wrong.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// The configuration does not make a disk.
    #[error(transparent)]
    Setup(#[from] SetupError),
    /// There is no time to run over.
    #[error(transparent)]
    NoDuration(#[from] NoDuration),
    /// Files cannot be written.
    #[error(transparent)]
    Output(#[from] OutputError),
    /// The worker threads cannot be started.
    #[error("cannot start {threads} worker threads: {reason}")]
    Threads {
        /// How many were asked for.
        threads: usize,
        /// What the system says.
        reason: String,
    },
    /// The run stopped where it could not go on.
    #[error("the run failed {source}; everything until then is in {}", folder.display())]
    Run {
        /// What went wrong.
        source: RunError,
        /// Output folder.
        folder: PathBuf,
    },
}

impl SimulateError {
    /// Exit status of the program.
    pub fn exit_code(&self) -> u8 {
        match self {
            SimulateError::Config(error) => error.exit_code(),
            SimulateError::Setup(error) => error.exit_code(),
            SimulateError::Output(_) | SimulateError::Run { source: RunError::Output(_), .. } => INPUT_OUTPUT,
            SimulateError::Threads { .. } | SimulateError::NoDuration(_) => CONFIGURATION,
            SimulateError::Run { .. } => NUMERICAL,
        }
    }
}

/// Runs a configuration and writes its files.
///
/// # Errors
/// See [`SimulateError`]; the files of a run that failed are whole and say so.
pub fn run(args: &SimulateArgs) -> Result<(), SimulateError> {
    let started = Instant::now();
    let threads = start_threads(args.threads)?;
    let profile = args.profile.map(|name| match name {
        ProfileName::Conservative => Profile::Conservative,
        ProfileName::Python => Profile::Python,
    });
    // clap has made sure of the file.
    let path = args.config.clone().unwrap_or_default();
    let loaded = config::load(&path, &args.overrides, profile)?;
    let quiet = args.quiet || loaded.config.io.quiet;
    for warning in &loaded.warnings {
        tracing::warn!("{warning}");
    }
    let setup = setup::build(&loaded)?;
    let grid = time_grid(&loaded.config, &setup.model.cooling, setup.model.grid.middle())?;
    let outdir = args.outdir.clone().unwrap_or_else(|| PathBuf::from(&loaded.config.io.outdir));
    let folder = OutputFolder::create(&outdir, args.overwrite)?;
    simulate(&loaded, setup, grid, folder, threads, quiet, started)
}

fn start_threads(requested: Option<u16>) -> Result<usize, SimulateError> {
    let threads = requested.map_or(0, usize::from);
    rayon::ThreadPoolBuilder::new()
        .num_threads(threads)
        .build_global()
        .map_err(|error| SimulateError::Threads { threads, reason: error.to_string() })?;
    Ok(rayon::current_num_threads())
}

fn simulate(
    loaded: &Loaded,
    setup: Setup,
    grid: TimeGrid,
    folder: OutputFolder,
    threads: usize,
    quiet: bool,
    started: Instant,
) -> Result<(), SimulateError> {
    let config = &loaded.config;
    let Setup { model, mut cells, files } = setup;
    let communicator = Serial;
    let outdir = folder.path().to_path_buf();
    let mut recorder = Recorder::create(
        folder,
        &model.run,
        &model.cells.iter().map(|cell| cell.facts).collect::<Vec<_>>(),
        &BinFacts { centres: model.sizes.sizes.clone(), widths: model.sizes.widths.clone() },
        output_options(config),
        facts::run_config(loaded, &model, &files, threads),
    )?;
    let clock = Clock::new(grid, pace(config), output_times(config, grid.t_end));
    let mut progress = Progress::new(grid.t_end, quiet);
    let ended =
        driver::run(&model, &mut cells, clock, stop_rules(config), &communicator, Some(&mut recorder), &mut |tick| {
            progress.reach(tick.end)
        });
    progress.close();
    let performance = Performance { wall_s: started.elapsed().as_secs_f64(), ranks: communicator.size(), threads };
    let time_grid = facts::time_grid(config, &grid, model.run.chi);
    let summary = recorder.finish(&summary_facts(&ended, time_grid, performance))?;
    match ended.result {
        Ok(reason) => {
            if !quiet {
                print_result(&summary, reason, &outdir);
            }
            Ok(())
        }
        Err(source) => Err(SimulateError::Run { source, folder: outdir }),
    }
}

fn time_grid(
    config: &Config,
    cooling: &crate::physics::cooling::Cooling,
    r_middle: f64,
) -> Result<TimeGrid, NoDuration> {
    let numerics = &config.numerics;
    let request = Request {
        years: numerics.t_end_years,
        orbits: numerics.t_end_orbits,
        until_temperature: numerics.t_end_until_temperature_k,
        temperature_margin_years: numerics.t_end_temperature_margin_years,
        temperature_search_years: numerics.t_end_temperature_search_years,
        min_years: numerics.min_duration_years,
        first_step: match numerics.dt_init {
            numerics::NumberOrAuto::Auto => FirstStep::Auto,
            numerics::NumberOrAuto::Number(seconds) => FirstStep::Seconds(seconds),
        },
    };
    TimeGrid::resolve(request, config.scope.analysis_years, cooling, orbit::angular_frequency(r_middle))
}

fn pace(config: &Config) -> Pace {
    let numerics = &config.numerics;
    match numerics.clock {
        numerics::Clock::Adaptive => {
            Pace::Adaptive { rtol: numerics.clock_rtol, dt_max: numerics.dt_max.unwrap_or(f64::INFINITY) }
        }
        numerics::Clock::Fixed => Pace::Fixed { min_tcoll_ratio: numerics.dt_min_tcoll_ratio },
    }
}

fn output_times(config: &Config, t_end: f64) -> OutputTimes {
    let output = &config.io.output;
    match output.times {
        io::OutputTimes::Log => OutputTimes::Logarithmic { per_decade: output.per_decade as u32 },
        io::OutputTimes::Linear => OutputTimes::Linear { every: output.every.unwrap_or(t_end / 100.0) },
        io::OutputTimes::EveryStep => OutputTimes::EveryStep,
    }
}

fn stop_rules(config: &Config) -> StopRules {
    let numerics = &config.numerics;
    StopRules {
        blowout_at_most: numerics.stop_on_blowout_below_smin.then_some(config.sizes.s_min),
        loss_rate_at_most: numerics.mass_loss_rate_stop_mmars_s,
        not_before: numerics.min_duration_years.unwrap_or(0.0) * crate::physics::constants::YEAR,
    }
}

fn output_options(config: &Config) -> OutputOptions {
    let io = &config.io;
    OutputOptions {
        psd_history: io.psd_history,
        mass_budget_cells: io.mass_budget_cells,
        orbit_rollup: config.numerics.orbit_rollup,
        series_stride: io.series_stride,
        diagnostics_stride: io.diagnostics_stride,
        psd_stride: io.psd_history_stride,
    }
}

fn summary_facts(
    ended: &Ended,
    time_grid: crate::output::summary::TimeGridFacts,
    performance: Performance,
) -> SummaryFacts {
    let (outcome, early, reason) = match &ended.result {
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

/// The result in a few lines, on stdout.
fn print_result(summary: &Value, reason: StopReason, outdir: &std::path::Path) {
    let number = |key: &str| summary[key].as_f64().unwrap_or(f64::NAN);
    let years = number("time_end_s") / crate::physics::constants::YEAR;
    println!("finished after {years:.4} years of disk time ({})", reason.as_str());
    println!("  initial mass    {:.6e} M_Mars", number("mass_initial"));
    println!("  supplied        {:.6e} M_Mars", number("mass_supplied"));
    println!("  lost            {:.6e} M_Mars", number("M_loss"));
    println!("    by blow-out   {:.6e} M_Mars", number("M_out_cum"));
    println!("    by sinks      {:.6e} M_Mars", number("M_sink_cum"));
    println!("  remaining       {:.6e} M_Mars", number("mass_remaining"));
    println!(
        "  budget error    {:.1e} % (largest of any cell and record)",
        number("mass_budget_max_error_percent_cells")
    );
    println!("  cells stopped   {} of {}", summary["cells_stopped"], summary["cells_total"]);
    println!("  files           {}", outdir.display());
}
