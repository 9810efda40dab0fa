//! A run: configuration → disk → time loop → files.

use super::agreement::agree;
use super::facts;
use super::progress::Progress;
use super::{CONFIGURATION, INPUT_OUTPUT, NUMERICAL};
use crate::config::{self, Config, ConfigError, Loaded, Profile, io, numerics};
use crate::disk::setup::{self, Setup, SetupError};
use crate::output::OutputError;
use crate::output::extras::ExtraOptions;
use crate::output::folder::OutputFolder;
use crate::output::recorder::{BinFacts, OutputOptions, Recorder};
use crate::output::summary::{Outcome, Performance, RankPerformance, SummaryFacts};
use crate::parallel::communicator::Communicator;
use crate::parallel::policy::{Decision, Requests, fitting_threads};
use crate::parallel::world::World;
use crate::physics::orbit;
use crate::run::clock::{Clock, OutputTimes, Pace};
use crate::run::driver::{self, Course, Effort, Ended, RunError};
use crate::run::stop::{StopReason, StopRules};
use crate::run::time_grid::{FirstStep, NoDuration, Request, TimeGrid};
use clap::{Args, ValueEnum};
use rayon::{ThreadPool, ThreadPoolBuildError, ThreadPoolBuilder};
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

    /// Worker threads of each process [default: the cores that it has to itself]
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
    /// Another process cannot begin.
    #[error("process {process} on {host}: {message}")]
    Process {
        /// Its number.
        process: usize,
        /// Its node.
        host: String,
        /// What is wrong there.
        message: String,
        /// Exit status that this calls for.
        status: u8,
    },
    /// Another process has read something else.
    #[error(
        "process {process} on {host} reads another configuration or other tables than process 0 from the same paths"
    )]
    DifferentInput {
        /// Its number.
        process: usize,
        /// Its node.
        host: String,
    },
    /// Process 0 knows what is wrong.
    #[error("process 0 has ended the run")]
    Elsewhere {
        /// Exit status.
        status: u8,
    },
    /// The run stopped where it could not go on.
    #[error("the run failed{} {source}; everything until then is in {}", on_process(*process), folder.display())]
    Run {
        /// Process that found it, where several work.
        process: Option<usize>,
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
            SimulateError::Process { status, .. } | SimulateError::Elsewhere { status } => *status,
            SimulateError::DifferentInput { .. } => INPUT_OUTPUT,
            SimulateError::Run { .. } => NUMERICAL,
        }
    }
}

fn on_process(process: Option<usize>) -> String {
    process.map_or_else(String::new, |process| format!(" on process {process}:"))
}

/// A configuration and the disk that it makes.
struct Prepared {
    loaded: Loaded,
    setup: Setup,
    grid: TimeGrid,
}

/// Runs a configuration and writes its files, together with the other processes.
///
/// # Errors
/// See [`SimulateError`]; the files of a run that failed are whole and say so.
pub fn run(args: &SimulateArgs, world: &World) -> Result<(), SimulateError> {
    let started = Instant::now();
    let requests = Requests::read(args.threads.map(usize::from), |name| std::env::var(name).ok());
    let prepared = prepare(args, requests.threads.unwrap_or_else(|| fitting_threads(world.places())));
    let (prepared, decision, recorder) = agree(world, prepared, |prepared| {
        for warning in &prepared.loaded.warnings {
            tracing::warn!("{warning}");
        }
        let decision = Decision::new(prepared.setup.cells.len(), world.places(), requests);
        let recorder = start_recording(args, prepared, &decision)?;
        for advice in &decision.advice {
            tracing::warn!("{advice}");
        }
        Ok((decision, recorder))
    })?;
    // The others wait until the end.
    let Some(communicator) = world.first(decision.ranks_active) else { return Ok(()) };
    match start_threads(decision.threads) {
        Ok(threads) => simulate(args, prepared, &decision, threads, communicator.as_ref(), recorder, started),
        Err(error) if world.size() == 1 => Err(error),
        Err(error) => {
            eprintln!("error: process {}: {error}", world.rank());
            world.abort(error.exit_code())
        }
    }
}

/// Reads everything, which all processes do alike; with a fingerprint of what was read.
fn prepare(args: &SimulateArgs, threads: usize) -> Result<(Prepared, String), SimulateError> {
    let profile = args.profile.map(|name| match name {
        ProfileName::Conservative => Profile::Conservative,
        ProfileName::Python => Profile::Python,
    });
    // clap has made sure of the file.
    let path = args.config.clone().unwrap_or_default();
    let loaded = config::load(&path, &args.overrides, profile)?;
    let setup = pool(threads)?.install(|| setup::build(&loaded))?;
    let grid = time_grid(&loaded.config, &setup.model.cooling, setup.model.grid.middle())?;
    let tables: Vec<_> = setup.files.iter().map(|file| file.sha256.as_str()).collect();
    let fingerprint = format!("{} {} {:?}", env!("CARGO_PKG_VERSION"), tables.join(" "), loaded.config);
    Ok((Prepared { loaded, setup, grid }, fingerprint))
}

fn start_recording(args: &SimulateArgs, prepared: &Prepared, decision: &Decision) -> Result<Recorder, SimulateError> {
    let Prepared { loaded, setup: Setup { model, files, .. }, .. } = prepared;
    let config = &loaded.config;
    let outdir = args.outdir.clone().unwrap_or_else(|| PathBuf::from(&config.io.outdir));
    let folder = OutputFolder::create(&outdir, args.overwrite)?;
    Ok(Recorder::create(
        folder,
        &model.run,
        &model.cells.iter().map(|cell| cell.facts).collect::<Vec<_>>(),
        &BinFacts { centres: model.sizes.sizes.clone(), widths: model.sizes.widths.clone() },
        output_options(config),
        facts::run_config(loaded, model, files, decision),
    )?
    .with_extras(&extra_options(config))?)
}

/// Worker threads; none if the main thread can do the work.
fn start_threads(threads: usize) -> Result<Option<ThreadPool>, SimulateError> {
    (threads > 1).then(|| pool(threads)).transpose()
}

fn pool(threads: usize) -> Result<ThreadPool, SimulateError> {
    let failed = |error: ThreadPoolBuildError| SimulateError::Threads { threads, reason: error.to_string() };
    ThreadPoolBuilder::new().num_threads(threads).build().map_err(failed)
}

/// The run itself; process 0 has the recorder and the result.
fn simulate(
    args: &SimulateArgs,
    prepared: Prepared,
    decision: &Decision,
    threads: Option<ThreadPool>,
    communicator: &dyn Communicator,
    mut recorder: Option<Recorder>,
    started: Instant,
) -> Result<(), SimulateError> {
    let config = &prepared.loaded.config;
    let grid = prepared.grid;
    let Setup { model, mut cells, .. } = prepared.setup;
    let quiet = args.quiet || config.io.quiet;
    let course = Course {
        model: &model,
        cells: &mut cells,
        clock: Clock::new(grid, pace(config), output_times(config, grid.t_end)),
        rules: stop_rules(config),
        threads: threads.as_ref(),
        chunk: decision.chunk_size,
        communicator,
    };
    let setup_s = started.elapsed().as_secs_f64();
    let mut progress = Progress::new(grid.t_end, quiet || !communicator.is_root());
    let ended = driver::run(course, recorder.as_mut(), &mut |tick| progress.reach(tick.end));
    progress.close();
    // Process 0 has both.
    let (Some(ended), Some(recorder)) = (ended, recorder) else { return Ok(()) };
    let folder = recorder.folder().path().to_path_buf();
    let performance = performance(&ended, decision.threads, [started.elapsed().as_secs_f64(), setup_s]);
    let time_grid = facts::time_grid(config, &grid, model.run.chi);
    let summary = recorder.finish(&summary_facts(&ended, time_grid, performance))?;
    match ended.result {
        Ok(reason) => {
            if !quiet {
                print_result(&summary, reason, &folder);
            }
            Ok(())
        }
        Err(source) => {
            let process = ended.failed_on.filter(|_| communicator.size() > 1);
            Err(SimulateError::Run { process, source, folder })
        }
    }
}

fn performance(ended: &Ended, threads: usize, [wall_s, setup_s]: [f64; 2]) -> Performance {
    let Effort { write_s, batches, moves, per_rank } = ended.effort.clone();
    let ranks = per_rank.len();
    // Of several threads, one writes while the others step.
    let writing = |rank: usize| if rank == 0 && threads == 1 { write_s } else { 0.0 };
    let busy = |(rank, one): (usize, &RankPerformance)| one.step_s + writing(rank);
    let busy: Vec<f64> = per_rank.iter().enumerate().map(busy).collect();
    let mean = busy.iter().sum::<f64>() / ranks as f64;
    let per_step = |total: u64| total as f64 / (ended.steps.coupling.max(1) as f64 * ranks as f64);
    Performance {
        wall_s,
        setup_s,
        step_s: per_rank[0].step_s,
        exchange_s: per_rank[0].exchange_s,
        write_s,
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
        column: config.geometry.is_column(),
    }
}

/// The tables that the configuration asks for on top.
fn extra_options(config: &Config) -> ExtraOptions {
    let steps = &config.io.step_diagnostics;
    let lines = steps.format == io::StepFormat::Jsonl;
    let default = if lines { "series/step_diagnostics.jsonl" } else { "series/step_diagnostics.csv" };
    ExtraOptions {
        step_diagnostics: steps.enable.then(|| (steps.path.as_deref().unwrap_or(default).into(), lines)),
        sinks_trace: config.io.debug_sinks,
        energy: config.diagnostics.energy_bookkeeping.enabled,
        run_card: config.geometry.is_column(),
    }
}

fn output_options(config: &Config) -> OutputOptions {
    let io = &config.io;
    OutputOptions {
        psd_history: io.psd_history,
        // The budget of the only column is that of the disk.
        mass_budget_cells: io.mass_budget_cells && !config.geometry.is_column(),
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
