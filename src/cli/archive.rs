//! `archive`: copies a finished run to an archive, as `io.archive` does at the end of a run.

use super::{CONFIGURATION, INPUT_OUTPUT, speech};
use crate::output::OutputError;
use crate::output::archive::{ArchivePlan, KeepLocal, archive};
use crate::output::folder::OutputFolder;
use clap::{Args, ValueEnum};
use serde_json::Value;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Arguments of `archive`.
#[derive(Debug, Args)]
#[command(
    after_help = "Every file is copied under its name and compared by its SHA-256; archive_manifest.json in the archive \
lists the files with their sums, ARCHIVE_DONE says that all of them are there. Nothing is removed here before that. What \
was begun and not ended is done again by the same command; an archive that is whole is never overwritten. Checkpoints stay: \
a finished run does not need them.

Examples:
  marsdisk-mpi archive out/hot /archive/mars
      a copy in /archive/mars/hot; out/hot stays as it is
  marsdisk-mpi archive out/hot /archive/mars --keep-local metadata
      the same, and the Parquet tables leave out/hot
  cd /archive/mars/hot && python3 -m json.tool archive_manifest.json
      what is there

At the end of every run: io.archive.enabled and io.archive.dir in the configuration."
)]
pub struct ArchiveArgs {
    /// Output folder of the finished run
    #[arg(value_name = "RUN", required_unless_present = "run_dir")]
    run: Option<PathBuf>,

    /// Folder of the archive, in which the run gets a folder of the name that it has
    #[arg(value_name = "DEST", required_unless_present = "archive_dir")]
    dest: Option<PathBuf>,

    /// What stays in the output folder: nothing, all but the Parquet tables, or all
    #[arg(long, value_enum, default_value = "all")]
    keep_local: Keep,

    /// Compare copies that nothing is removed for by their length alone
    #[arg(long)]
    no_verify: bool,

    /// The output folder and the archive, as the Python program's command names them
    #[arg(long, hide = true, requires = "archive_dir", conflicts_with_all = ["run", "dest"])]
    run_dir: Option<PathBuf>,
    #[arg(long, hide = true, requires = "run_dir")]
    archive_dir: Option<PathBuf>,
    /// `standard` compares lengths, as `--no-verify`; the others compare sums
    #[arg(long, hide = true, value_parser = ["standard", "standard_plus", "strict"])]
    verify_level: Option<String>,
    /// An archive that was begun is always gone on with
    #[arg(long, hide = true)]
    resume: bool,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Keep {
    None,
    Metadata,
    All,
}

/// Why there is no archive.
#[derive(Debug, thiserror::Error)]
pub enum ArchiveError {
    /// The folder holds no run.
    #[error("{} holds no run: it has no summary.json", .0.display())]
    NoRun(PathBuf),
    /// The run is not over.
    #[error("the run in {} is not complete but {status}: {remedy}", path.display())]
    Unfinished {
        /// Its folder.
        path: PathBuf,
        /// How it ended.
        status: String,
        /// What to do.
        remedy: &'static str,
    },
    /// A file cannot be copied.
    #[error(transparent)]
    Output(#[from] OutputError),
}

impl ArchiveError {
    /// Exit status of the program.
    pub fn exit_code(&self) -> u8 {
        match self {
            ArchiveError::Unfinished { .. } => CONFIGURATION,
            ArchiveError::NoRun(_) | ArchiveError::Output(_) => INPUT_OUTPUT,
        }
    }
}

/// Archives a run and says where.
///
/// # Errors
/// See [`ArchiveError`]; nothing is removed then.
pub fn run(args: &ArchiveArgs) -> Result<(), ArchiveError> {
    // clap has made sure of both.
    let run = args.run.as_ref().or(args.run_dir.as_ref()).cloned().unwrap_or_default();
    let dest = args.dest.as_ref().or(args.archive_dir.as_ref()).cloned().unwrap_or_default();
    let plan = ArchivePlan {
        dir: dest,
        keep: match args.keep_local {
            Keep::None => KeepLocal::Nothing,
            Keep::Metadata => KeepLocal::Metadata,
            Keep::All => KeepLocal::All,
        },
        verify: !args.no_verify && args.verify_level.as_deref() != Some("standard"),
        volume_info: true,
        slow: None,
        slow_from: 0.0,
        min_free: None,
    };
    check_finished(&run)?;
    // Its lock keeps others out while files are read and removed.
    let target = archive(&OutputFolder::claim(&run, Duration::ZERO)?, &plan)?;
    speech::print(&format!("archived {} in {}\n", run.display(), target.display()))?;
    Ok(())
}

fn check_finished(run: &Path) -> Result<(), ArchiveError> {
    let no_run = |_| ArchiveError::NoRun(run.to_path_buf());
    if run.join("run_config.json").exists() && !run.join("summary.json").exists() {
        let (status, remedy) = ("going on, or was cut off".to_owned(), "go on with it by --resume");
        return Err(ArchiveError::Unfinished { path: run.to_path_buf(), status, remedy });
    }
    let summary = fs::read(run.join("summary.json")).map_err(no_run)?;
    let summary: Value = serde_json::from_slice(&summary).unwrap_or_default();
    match summary["status"].as_str() {
        Some("complete") => Ok(()),
        status => Err(ArchiveError::Unfinished {
            path: run.to_path_buf(),
            status: status.unwrap_or("damaged").to_owned(),
            remedy: if status == Some("stopped") { "go on with it by --resume" } else { "copy its files by hand" },
        }),
    }
}
