//! A run: configuration → disk → time loop → files.

use super::advice::{Advice, advice};
use super::agreement::{Agreed, agree};
use super::closing_lines::{result_lines, warn_of_open_budget};
use super::configuration::ConfigurationArgs;
use super::environment::unused;
use super::facts;
use super::persistence::{
    Identity, Place, archive_plan, deadline, earlier_parts, find_place, keeper, offload_plan, parse_walltime,
};
use super::progress::Progress;
use super::settings::{extra_options, output_options, output_times, pace, stop_rules, time_grid};
use super::step_watch::StepWatch;
use super::{CONFIGURATION, FINISHED, INPUT_OUTPUT, NUMERICAL, STOPPED, speech, status_file};
use crate::checkpoint::CheckpointError;
use crate::checkpoint::snapshot::Snapshot;
use crate::config::{ConfigError, Loaded};
use crate::disk::setup::{self, NewTable, Setup, SetupError};
use crate::output::OutputError;
use crate::output::archive::archive;
use crate::output::offload::Offloader;
use crate::output::provenance;
use crate::output::recorder::{BinFacts, End, Recorder};
use crate::parallel::communicator::Communicator;
use crate::parallel::policy::{Decision, Requests};
use crate::parallel::world::World;
use crate::physics::constants::YEAR;
use crate::run::clock::Clock;
use crate::run::driver::{self, Course, Desk, RunError};
use crate::run::keeper::Keeper;
use crate::run::orders::Signals;
use crate::run::stop::StopReason;
use crate::run::time_grid::{NoDuration, TimeGrid};
use clap::Args;
use rayon::{ThreadPool, ThreadPoolBuildError, ThreadPoolBuilder};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// Arguments of a run.
#[derive(Debug, Args)]
pub struct SimulateArgs {
    #[command(flatten)]
    configuration: ConfigurationArgs,

    /// Output folder [default: io.outdir of the configuration]
    #[arg(long, value_name = "FOLDER")]
    pub(super) outdir: Option<PathBuf>,

    /// Replace the files of an earlier run in the output folder
    #[arg(long)]
    pub(super) overwrite: bool,

    /// Go on from the newest good checkpoint in the output folder; begin if there is nothing yet
    #[arg(long, conflicts_with = "overwrite")]
    pub(super) resume: bool,

    /// Stop in time, with a checkpoint, before this much real time is over
    #[arg(long, value_name = "HH:MM:SS", value_parser = parse_walltime)]
    pub(super) walltime: Option<Duration>,

    /// Worker threads of each process [default: the cores that it has to itself]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..))]
    threads: Option<u16>,

    /// No progress and no closing lines
    #[arg(long, overrides_with = "no_quiet")]
    quiet: bool,

    /// Progress and closing lines, whatever io.quiet says
    #[arg(long, overrides_with = "quiet")]
    no_quiet: bool,

    /// Progress even when quiet
    #[arg(long)]
    progress: bool,

    /// Fail when the mass budget is off by more than 0.5 %, in profile python too
    #[arg(long)]
    enforce_mass_budget: bool,

    /// Accepted for scripts of the Python program: processes and threads are always chosen to fit, see --threads
    #[arg(long)]
    auto_tune: bool,

    /// The same
    #[arg(long, value_name = "NAME", value_parser = ["auto", "light", "balanced", "throughput"])]
    auto_tune_profile: Option<String>,
}

/// Why a run did not finish.
#[derive(Debug, thiserror::Error)]
pub enum SimulateError {
    /// The configuration is wrong.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// The configuration does not make a disk.
    #[error("{source}{place}")]
    Setup {
        /// What is wrong.
        source: Box<SetupError>,
        /// Where the configuration says so, in lines of its own.
        place: String,
    },
    /// There is no time to run over.
    #[error(transparent)]
    NoDuration(#[from] NoDuration),
    /// Files cannot be written.
    #[error(transparent)]
    Output(#[from] OutputError),
    /// A checkpoint cannot be read or written.
    #[error(transparent)]
    Checkpoint(#[from] CheckpointError),
    /// The system does not let the program have its signals.
    #[error("cannot listen to signals: {0}")]
    Signals(std::io::Error),
    /// A run of another configuration cannot be gone on with.
    #[error("{} is of another configuration: {keys}", path.display())]
    AnotherConfiguration {
        /// The file that shows it.
        path: PathBuf,
        /// Keys that differ.
        keys: String,
    },
    /// There are checkpoints, and the tables that belong to them are not in the output folder.
    #[error(
        "{} holds no run, and there is the checkpoint {}: give the output folder of its run with --outdir and --resume; to \
         begin anew, remove the checkpoint, name another numerics.checkpoint.path, or use --overwrite",
        folder.display(),
        checkpoint.display()
    )]
    WithoutTables {
        /// The checkpoint.
        checkpoint: PathBuf,
        /// Output folder.
        folder: PathBuf,
    },
    /// There is nothing to go on with.
    #[error("the run in {} is complete", folder.display())]
    Complete {
        /// Output folder.
        folder: PathBuf,
    },
    /// The run was stopped from outside.
    #[error("stopped after {years:.6} years of disk time; go on with --resume ({})", folder.display())]
    Stopped {
        /// Time reached [yr].
        years: f64,
        /// Output folder.
        folder: PathBuf,
    },
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
    /// Another process is another program.
    #[error(
        "process {process} on {host} runs another program ({theirs}) than process 0 ({ours}): start the same file everywhere"
    )]
    DifferentProgram {
        /// Its number.
        process: usize,
        /// Its node.
        host: String,
        /// What it runs.
        theirs: String,
        /// What process 0 runs.
        ours: String,
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
    #[error(
        "the run failed{} {source}; everything until then is in {}{}",
        on_process(*process),
        folder.display(),
        how_to_repeat(dump.as_deref())
    )]
    Run {
        /// Process that found it, where several work.
        process: Option<usize>,
        /// What went wrong.
        source: Box<RunError>,
        /// Output folder.
        folder: PathBuf,
        /// The state before the step that failed.
        dump: Option<PathBuf>,
    },
}

impl SimulateError {
    /// Exit status of the program.
    pub fn exit_code(&self) -> u8 {
        match self {
            SimulateError::Config(error) => error.exit_code(),
            SimulateError::Setup { source, .. } => source.exit_code(),
            SimulateError::Complete { .. } => FINISHED,
            SimulateError::Stopped { .. } => STOPPED,
            SimulateError::AnotherConfiguration { .. } | SimulateError::WithoutTables { .. } => CONFIGURATION,
            SimulateError::Output(_) | SimulateError::Checkpoint(_) | SimulateError::Signals(_) => INPUT_OUTPUT,
            SimulateError::Run { source, .. } if source.is_of_files() => INPUT_OUTPUT,
            SimulateError::Threads { .. } | SimulateError::NoDuration(_) => CONFIGURATION,
            SimulateError::Process { status, .. } | SimulateError::Elsewhere { status } => *status,
            SimulateError::DifferentInput { .. } | SimulateError::DifferentProgram { .. } => INPUT_OUTPUT,
            SimulateError::Run { .. } => NUMERICAL,
        }
    }
}

fn how_to_repeat(dump: Option<&Path>) -> String {
    let how = |dump: &Path| {
        let dump = dump.display();
        format!(
            "; {dump} has the state before that step, to be taken again with --resume --override numerics.resume.from_path={dump}"
        )
    };
    dump.map_or_else(String::new, how)
}

fn on_process(process: Option<usize>) -> String {
    process.map_or_else(String::new, |process| format!(" on process {process}:"))
}

/// Who does the work.
struct Team<'a> {
    threads: Option<ThreadPool>,
    communicator: &'a dyn Communicator,
    decision: Decision,
    signals: Signals,
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
    // Whatever goes wrong here, the others must hear of it.
    let prepared = prepare(args).and_then(|(prepared, fingerprint)| {
        let signals = Signals::listen(end_at_once(world.is_root())).map_err(SimulateError::Signals)?;
        Ok(((prepared, signals), fingerprint))
    });
    let Agreed { content: (prepared, signals), decision, from, begun } = agree(world, prepared, |(prepared, _)| {
        for warning in &prepared.loaded.warnings {
            tracing::warn!("{warning}");
        }
        for warning in unused(|name| std::env::var_os(name).is_some()) {
            tracing::warn!("{warning}");
        }
        let advice = advice(&prepared.loaded, &prepared.setup.model, &prepared.grid);
        for Advice { code, text, .. } in advice.iter().filter(|advice| advice.doubtful) {
            tracing::warn!("{code}: {text}");
        }
        let decision = Decision::new(prepared.setup.cells.len(), world.places(), requests);
        let (begun, from) = begin(args, prepared, &decision, started)?;
        for advice in &decision.advice {
            tracing::warn!("{advice}");
        }
        Ok((decision, from, begun))
    })?;
    // The others wait until the end.
    let Some(communicator) = world.first(decision.ranks_active) else { return Ok(()) };
    match start_threads(decision.threads) {
        Ok(threads) => {
            let team = Team { threads, communicator: communicator.as_ref(), decision, signals };
            simulate(args, prepared, team, from.as_ref(), begun, started)
        }
        Err(error) if world.size() == 1 => Err(error),
        Err(error) => {
            speech::tell(format_args!("error: process {}: {error}", world.rank()));
            world.abort(error.exit_code())
        }
    }
}

/// What a second signal does. Nothing is written any more: files have their names only when they are whole.
fn end_at_once(speaks: bool) -> impl Fn(i32) + Send + 'static {
    move |signal| {
        // As shells count.
        let status = 128 + signal;
        if speaks {
            status_file::ended(status as u8);
        }
        signal_hook::low_level::exit(status)
    }
}

/// The disk of a configuration.
pub(super) fn set_up(loaded: &Loaded) -> Result<Setup, SimulateError> {
    setup::build(loaded).map_err(shown_in(loaded))
}

/// What is wrong, where the configuration says so.
fn shown_in(loaded: &Loaded) -> impl Fn(SetupError) -> SimulateError {
    |source| SimulateError::Setup { place: loaded.place_of(source.key()), source: Box::new(source) }
}

/// Reads everything, which all processes do alike; with a fingerprint of what was read.
fn prepare(args: &SimulateArgs) -> Result<(Prepared, String), SimulateError> {
    let loaded = args.configuration.load()?;
    let setup = set_up(&loaded)?;
    let grid = time_grid(&loaded.config, &setup.model.cooling, setup.model.grid.middle())?;
    let tables: Vec<_> = setup.files.iter().map(|file| file.sha256.as_str()).collect();
    let fingerprint = format!("{} {:?}", tables.join(" "), loaded.config);
    Ok((Prepared { loaded, setup, grid }, fingerprint))
}

/// What process 0 has begun.
struct Begun {
    recorder: Recorder,
    keeper: Keeper,
    offloader: Option<Offloader>,
}

/// What process 0 alone does before a run: finds out where it begins, and opens its files.
fn begin(
    args: &SimulateArgs,
    prepared: &Prepared,
    decision: &Decision,
    started: Instant,
) -> Result<(Begun, Option<Snapshot>), SimulateError> {
    let Prepared { loaded, setup: Setup { model, files, new_tables, .. }, .. } = prepared;
    let config = &loaded.config;
    new_tables.iter().try_for_each(NewTable::write).map_err(shown_in(loaded))?;
    let identity = Identity::new(config, files);
    let Place { folder, from } = find_place(args, config, &identity)?;
    status_file::begun();
    let time = from.as_ref().and_then(|snapshot| snapshot.number("clock/time")).unwrap_or(0.0);
    let mut parts = if from.is_some() { earlier_parts(&folder) } else { Vec::new() };
    let host = crate::parallel::policy::Place::here().host;
    parts.push(provenance::part(&host, decision.ranks_active, decision.threads, time));
    let deadline = deadline(args.walltime.map(|walltime| started + walltime));
    let keeper = keeper(config, identity, folder.path(), time..prepared.grid.t_end, deadline);
    let recorder = Recorder::create(
        folder,
        &model.run,
        &model.cells.iter().map(|cell| cell.facts).collect::<Vec<_>>(),
        &BinFacts::of(&model.sizes),
        output_options(config),
        facts::run_config(loaded, model, files, decision, parts),
        from.as_ref(),
    )?
    .with_extras(&extra_options(config), from.as_ref())?;
    let offloader = match offload_plan(config) {
        Some(plan) => Offloader::start(recorder.folder(), plan)?,
        None => None,
    };
    Ok((Begun { recorder, keeper, offloader }, from))
}

/// Worker threads; none if the main thread can do the work.
fn start_threads(threads: usize) -> Result<Option<ThreadPool>, SimulateError> {
    let failed = |error: ThreadPoolBuildError| SimulateError::Threads { threads, reason: error.to_string() };
    let start = || ThreadPoolBuilder::new().num_threads(threads).build().map_err(failed);
    (threads > 1).then(start).transpose()
}

/// The run itself; process 0 has the recorder and the result.
fn simulate(
    args: &SimulateArgs,
    prepared: Prepared,
    team: Team,
    from: Option<&Snapshot>,
    mut begun: Option<Begun>,
    started: Instant,
) -> Result<(), SimulateError> {
    let Team { threads, communicator, decision, signals } = team;
    let config = &prepared.loaded.config;
    let grid = prepared.grid;
    let Setup { model, mut cells, .. } = prepared.setup;
    let quiet = !args.no_quiet && (args.quiet || config.io.quiet);
    let shows_progress = args.progress || config.io.progress.enable || !quiet;
    let course = Course {
        model: &model,
        cells: &mut cells,
        clock: Clock::new(grid, pace(config), output_times(config, grid.t_end)),
        rules: stop_rules(config, args.enforce_mass_budget),
        threads: threads.as_ref(),
        chunk: decision.chunk_size,
        communicator,
        from,
        signals,
    };
    let desk = begun.as_mut().map_or_else(Desk::default, |begun| Desk {
        recorder: Some(&mut begun.recorder),
        keeper: Some(&mut begun.keeper),
    });
    let setup_s = started.elapsed().as_secs_f64();
    let mut progress =
        Progress::new(grid.t_end, config.io.progress.refresh_seconds, shows_progress && communicator.is_root());
    let mut watch = StepWatch::new(config, &model);
    let ended = driver::run(course, desk, &mut |tick| {
        watch.see(tick);
        progress.reach(tick.end);
    });
    progress.close();
    // Process 0 has both.
    let (Some(ended), Some(Begun { recorder, offloader, .. })) = (ended, begun) else { return Ok(()) };
    // Tables are joined when their chunks stay where they are.
    drop(offloader);
    // Its lock lasts until everything is done.
    let place = recorder.folder().clone();
    let folder = place.path().to_path_buf();
    let performance = facts::performance(&ended, decision.threads, [started.elapsed().as_secs_f64(), setup_s]);
    let facts = facts::summary(&ended, facts::time_grid(config, &grid, model.run.chi), performance);
    let end = match &ended.result {
        Ok(StopReason::Interrupted) => End::Later,
        Err(error) if error.is_of_files() => End::Later,
        _ => End::Now,
    };
    let summary = recorder.finish(&facts, end);
    match ended.result {
        Ok(StopReason::Interrupted) => {
            summary?;
            Err(SimulateError::Stopped { years: ended.time / YEAR, folder })
        }
        Ok(reason) => {
            let summary = summary?;
            warn_of_open_budget(&summary);
            let archived = archive_plan(config).map(|plan| archive(&place, &plan)).transpose()?;
            if !quiet {
                speech::print(&result_lines(&summary, reason, archived.as_deref().unwrap_or(&folder)))?;
            }
            Ok(())
        }
        Err(source) => {
            let process = ended.failed_on.filter(|_| communicator.size() > 1);
            Err(SimulateError::Run { process, source: Box::new(source), folder, dump: ended.dump })
        }
    }
}
