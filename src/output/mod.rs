//! What a run leaves behind: Parquet tables, CSV tables and JSON, in one folder.
//!
//! A column is declared once, as a [`columns::Column`]; the Parquet schema, the CSV header, the unit metadata and
//! `docs/output.md` all come from that declaration. A file carries the ending `.part` until it is whole.
//!
//! - [`columns`]: the declaration of a column and the row it looks at; `run_columns`, `diagnostics_columns`,
//!   `psd_columns` and [`budgets`] hold the declarations
//! - [`parquet`], [`csv`]: the two table formats; [`chunks`]: the pieces of a table, [`growing`]: tables
//!   that grow row by row
//! - [`thinned`]: the tables of which strides leave records out; [`extras`]: tables on request, with the columns of [`step_columns`]; [`json_lines`]: their third format; [`run_card`]
//! - [`tracks`], [`summary`], [`run_config`], [`provenance`]: the JSON files
//! - [`folder`]: the output folder, [`lock`] against another run, [`archive`] of a finished one, [`offload`] of chunks before; [`recorder`]: ties everything together, read it first
//! - [`docs`]: renders `docs/output.md`
//!
//! Nothing here computes physics; the numbers come from [`crate::disk::report`] and [`crate::disk::budget`].

// Units in brackets, such as [m] and [K], would be taken for links.
#![allow(rustdoc::broken_intra_doc_links)]

use std::path::{Path, PathBuf};

use crate::checkpoint::snapshot::SnapshotError;
use crate::files::FileError;

pub mod archive;
pub mod budgets;
pub mod chunks;
pub mod columns;
pub mod csv;
pub mod diagnostics_columns;
pub mod docs;
pub mod extras;
pub mod folder;
pub mod growing;
pub mod json_lines;
pub mod lock;
pub mod offload;
pub mod orbit_table;
pub mod parquet;
pub mod provenance;
pub mod psd_columns;
pub mod recorder;
pub mod run_card;
pub mod run_columns;
pub mod run_config;
pub mod step_columns;
pub mod summary;
pub mod thinned;
pub mod tracks;

#[cfg(test)]
pub(crate) mod fixtures;

/// Exit status of the program when its output cannot be written.
pub const EXIT_CODE: i32 = 5;

/// Why output could not be written.
#[derive(Debug, thiserror::Error)]
pub enum OutputError {
    /// The operating system refused an operation on a file or folder.
    #[error(transparent)]
    Io(#[from] FileError),
    /// The Parquet encoder failed, most often because the file system did.
    #[error("cannot write the table {}: {source}", path.display())]
    Parquet {
        /// File of the table.
        path: PathBuf,
        /// What the encoder reported.
        source: ::parquet::errors::ParquetError,
    },
    /// The output path exists and is no folder.
    #[error("cannot use {} as output folder: it is a file", path.display())]
    NotAFolder {
        /// The path that was asked for.
        path: PathBuf,
    },
    /// A file has two purposes.
    #[error("cannot write step diagnostics to {}: that is the name of another file of a run", path.display())]
    Taken {
        /// The file.
        path: PathBuf,
    },
    /// An archive is never overwritten.
    #[error(
        "the archive {} is whole and is not overwritten: take another place for the archive, or remove it there",
        path.display()
    )]
    Archived {
        /// The folder in the archive.
        path: PathBuf,
    },
    /// The archive would be removed with what was copied to it.
    #[error(
        "the archive {} and the output folder {} lie in each other: take another place for the archive",
        archive.display(),
        folder.display()
    )]
    ArchiveInside {
        /// `io.archive.dir`.
        archive: PathBuf,
        /// The output folder.
        folder: PathBuf,
    },
    /// Another run writes there.
    #[error("the output folder {} belongs to a run that goes on: {holder}", path.display())]
    Locked {
        /// The folder.
        path: PathBuf,
        /// Who has it.
        holder: String,
    },
    /// The folder holds the files of an earlier run.
    #[error(
        "the output folder {} already holds a run ({found}); go on with it by --resume, replace it by --overwrite, or \
         choose another",
        path.display()
    )]
    HoldsARun {
        /// The folder.
        path: PathBuf,
        /// The file that shows it.
        found: String,
    },
    /// A file is not what this run has written.
    #[error("{} is not what this run has written there; it has changed since", path.display())]
    Changed {
        /// The file.
        path: PathBuf,
    },
    /// A checkpoint does not fit the tables.
    #[error("the checkpoint does not fit this run: {0}")]
    Restore(#[from] SnapshotError),
    /// A record does not fit the disk that the recorder was made for.
    #[error("a record with {got} {what} was handed to a recorder of {expected}")]
    Shape {
        /// What was counted.
        what: &'static str,
        /// How many there should be.
        expected: usize,
        /// How many there were.
        got: usize,
    },
}

impl OutputError {
    /// Exit status of the program for this error.
    pub fn exit_code(&self) -> i32 {
        EXIT_CODE
    }

    /// Wraps a system error with what was tried on which path.
    pub(crate) fn io(operation: &'static str, path: &Path) -> impl FnOnce(std::io::Error) -> OutputError + use<> {
        let wrap = FileError::of(operation, path);
        move |source| OutputError::Io(wrap(source))
    }
}
