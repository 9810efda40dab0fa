//! The command line: one file per command, and how an error becomes a message and an exit status.
//!
//! - [`simulate`]: a run, [`agreement`]: of several processes, [`persistence`]: in several parts; [`facts`] describes it for the JSON files, [`progress`] for the person who waits, [`step_watch`] warns of long steps
//! - [`check`]: what a configuration means; [`plan`] says what its run will cost, [`advice`] what looks odd
//! - [`archive`]: copies a finished run to another place
//! - [`schema`]: the configuration as a JSON Schema
//! - [`speech`]: stdout and stderr, [`status_file`]: how a job script learns for certain how the program has ended
//! - [`qpr`]: a table of radiation-pressure efficiencies from optical constants

pub mod advice;
pub mod agreement;
pub mod archive;
pub mod check;
mod closing_lines;
pub mod configuration;
mod environment;
pub mod facts;
pub mod persistence;
pub mod plan;
pub mod progress;
pub mod qpr;
pub mod schema;
mod settings;
pub mod simulate;
pub mod speech;
pub mod status_file;
pub mod step_watch;

use crate::panics::is_caught;
use crate::parallel::world::{World, launched_rank};
use clap::{Parser, Subcommand};
use std::process::ExitCode;
use tracing_subscriber::EnvFilter;

/// Exit status: finished.
pub const FINISHED: u8 = 0;
/// Exit status: the command line or the configuration is wrong.
pub const CONFIGURATION: u8 = 2;
/// Exit status: the run could not go on; what it recorded until then is whole.
pub const NUMERICAL: u8 = 3;
/// Exit status: stopped before its end; `--resume` goes on.
pub const STOPPED: u8 = 4;
/// Exit status: a file cannot be read or written.
pub const INPUT_OUTPUT: u8 = 5;
/// Exit status: a defect of the program, as Rust has it.
pub const PANICKED: u8 = 101;

/// Mass loss of the hot dust disk around Mars after a giant impact, radius by radius.
#[derive(Debug, Parser)]
#[command(
    name = "marsdisk-mpi",
    version,
    args_conflicts_with_subcommands = true,
    override_usage = "marsdisk-mpi <RUN.yml> [OPTIONS]\n       marsdisk-mpi <COMMAND>",
    subcommand_negates_reqs = true,
    after_help = "Examples:
  marsdisk-mpi configs/quick.yml
      a run of seconds; the configuration names the output folder
  marsdisk-mpi run.yml --outdir out/hot --override radiation.TM_K=4500 geometry.Nr=64
      the same file with other numbers, in another folder
  mpirun -n 8 marsdisk-mpi run.yml
      the cells spread over 8 processes, on one node or several
  marsdisk-mpi check run.yml
      what the file means, how many steps, records and bytes it makes; nothing is computed or written
  marsdisk-mpi archive out/hot /archive/mars
      a finished run, copied with checksums
  marsdisk-mpi run.yml --profile python
      the Python program's numbers, to compare with old results
  marsdisk-mpi run.yml --resume --walltime 24:00:00
      go on where the run was stopped, if it was, and stop in time

Signals: TERM, INT and USR1 write a checkpoint and stop the run, USR2 writes one and goes on; so do files named STOP
and WRITE in the output folder. A second TERM or INT ends the program at once.

Log lines on stderr: MARSDISK_LOG=debug says what limits each step (default warn).

Exit status:
  0  finished
  2  the command line or the configuration is wrong
  3  numerical failure; what was recorded until then is whole
  4  stopped by a signal, a file STOP or the end of its time; go on with --resume
  5  a file cannot be read or written"
)]
pub struct Cli {
    #[command(subcommand)]
    command: Option<Command>,

    #[command(flatten)]
    simulate: simulate::SimulateArgs,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Compute Planck-mean radiation-pressure efficiencies from optical constants (Mie theory)
    Qpr(qpr::QprArgs),
    /// Check a configuration: print every value with its origin, what follows from it, what the run will cost
    Check(check::CheckArgs),
    /// Copy a finished run to an archive, with checksums
    Archive(archive::ArchiveArgs),
    /// Print the JSON Schema of the configuration, with which editors complete and check it
    Schema,
}

/// Runs the program; the exit status says how it went. Of several processes, only process 0 speaks.
pub fn main() -> ExitCode {
    let report = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        if !is_caught() {
            report(panic);
            status_file::ended(PANICKED);
        }
    }));
    let world = match World::join() {
        Ok(world) => world,
        Err(error) => {
            if launched_rank() == 0 {
                speech::tell(format_args!("error: {error}"));
                status_file::ended(CONFIGURATION);
            }
            return ExitCode::from(CONFIGURATION);
        }
    };
    let status = match Cli::try_parse() {
        Ok(cli) => run(&cli, &world),
        Err(error) => {
            if world.is_root() {
                // Nobody is left to be told that this cannot be printed.
                let _ = error.print();
            }
            if error.use_stderr() { CONFIGURATION } else { FINISHED }
        }
    };
    if world.is_root() {
        status_file::ended(status);
    }
    ExitCode::from(world.leave(status))
}

fn run(cli: &Cli, world: &World) -> u8 {
    start_logging(world.is_root());
    let result = match &cli.command {
        Some(Command::Qpr(args)) if world.is_root() => {
            qpr::run(args).map_err(|error| (error.to_string(), error.exit_code()))
        }
        Some(Command::Schema) if world.is_root() => schema::run().map_err(|error| (error.to_string(), INPUT_OUTPUT)),
        Some(Command::Archive(args)) if world.is_root() => {
            archive::run(args).map_err(|error| (error.to_string(), error.exit_code()))
        }
        Some(Command::Check(args)) if world.is_root() => match check::run(args, world) {
            Ok(true) => Ok(()),
            Ok(false) => return CONFIGURATION,
            Err(error) => Err((error.to_string(), error.exit_code())),
        },
        Some(Command::Qpr(_) | Command::Check(_) | Command::Archive(_) | Command::Schema) => Ok(()),
        None => simulate::run(&cli.simulate, world).map_err(|error| (error.to_string(), error.exit_code())),
    };
    let Err((message, status)) = result else { return FINISHED };
    if world.is_root() {
        let prefix = if message.starts_with("error") || [FINISHED, STOPPED].contains(&status) { "" } else { "error: " };
        speech::tell(format_args!("{prefix}{message}"));
    }
    status
}

/// Log lines go to stderr; warnings unless `MARSDISK_LOG` asks for more (`info`, `debug`).
fn start_logging(speaks: bool) {
    let asked = std::env::var("MARSDISK_LOG").ok().filter(|words| !words.is_empty());
    let parsed = asked.as_ref().map(|words| words.parse::<EnvFilter>().map_err(|error| (words, error)));
    let (wanted, wrong) = match parsed {
        Some(Ok(wanted)) => (wanted, None),
        None => (EnvFilter::new("warn"), None),
        Some(Err(wrong)) => (EnvFilter::new("warn"), Some(wrong)),
    };
    tracing_subscriber::fmt()
        .with_env_filter(if speaks { wanted } else { EnvFilter::new("off") })
        .with_writer(std::io::stderr)
        .with_ansi(std::io::IsTerminal::is_terminal(&std::io::stderr()))
        .with_target(false)
        // It would panic where stderr is closed.
        .log_internal_errors(false)
        .init();
    if let Some((words, error)) = wrong {
        tracing::warn!("MARSDISK_LOG={words} is not understood ({error}); error, warn, info, debug and trace are");
    }
}
