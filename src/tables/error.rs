//! What is wrong with a table, with the file that was read, the row and the column.

use std::path::PathBuf;

/// Why a table cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TableError {
    /// The file cannot be read.
    #[error("cannot read the table {path}: {reason}", path = path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Why not.
        reason: String,
    },
    /// A column is not there.
    #[error("the table {path} has no column `{wanted}`; its columns are: {present}", path = path.display())]
    MissingColumn {
        /// The file.
        path: PathBuf,
        /// The column.
        wanted: String,
        /// Those that are there.
        present: String,
    },
    /// A value is not a finite number.
    #[error("the table {path}, {place}, column `{column}`: {found} is not a finite number", path = path.display())]
    Value {
        /// The file.
        path: PathBuf,
        /// Line of a text file, or row from 1.
        place: String,
        /// The column.
        column: String,
        /// What stands there.
        found: String,
    },
    /// A row does not fit.
    #[error("the table {path}, {place}: {reason}", path = path.display())]
    Row {
        /// The file.
        path: PathBuf,
        /// Line of a text file, or row from 1.
        place: String,
        /// What is wrong.
        reason: String,
    },
    /// The table as a whole does not fit.
    #[error("the table {path}: {reason}", path = path.display())]
    Table {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        reason: String,
    },
}

/// A found text in quotes: short, and without control characters.
pub(super) fn quoted(text: &str) -> String {
    const LONGEST: usize = 40;
    let shown: String = text.chars().take(LONGEST).flat_map(char::escape_debug).collect();
    format!("\"{shown}{}\"", if text.chars().nth(LONGEST).is_some() { "…" } else { "" })
}
