//! Numeric tables that a configuration names, from CSV or Parquet.
//!
//! [`read_columns`] gives columns by name; one file per kind of table ([`qpr`], [`temperature`], [`phi`], [`supply`],
//! [`eccentricity`], [`saturation`], [`phase`]) knows which columns it needs and in which order rows must be. What the
//! numbers mean and how they
//! are interpolated is in `physics`.

mod delimited;
pub mod eccentricity;
mod error;
mod parquet_file;
pub mod phase;
pub mod phi;
pub mod qpr;
pub mod saturation;
pub mod supply;
pub mod temperature;

use std::{
    fs::{self, File},
    io::{self, Seek},
    path::{Path, PathBuf},
};

use crate::files::{copy_hashed, sha256};

pub use self::error::TableError;

/// Larger files are not tables of this program.
const LARGEST_FILE: u64 = 64 * 1024 * 1024;
/// Longer tables are not tables of this program; bounds what a small compressed file can unfold to.
const MOST_ROWS: usize = 4_000_000;

/// Which file a table came from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TableFile {
    /// The path that was asked for.
    pub configured: PathBuf,
    /// The file that was read: that path, or its sibling with the other ending.
    pub read: PathBuf,
    /// Its size \[bytes\].
    pub size_bytes: u64,
    /// SHA-256 of its content, hexadecimal.
    pub sha256: String,
}

impl TableFile {
    /// Of a file with this content.
    pub fn of_content(path: &Path, content: &[u8]) -> Self {
        TableFile {
            configured: path.to_path_buf(),
            read: path.to_path_buf(),
            size_bytes: content.len() as u64,
            sha256: sha256(content),
        }
    }
}

/// Content of a table and the file that it came from.
pub type Read<T> = Result<(T, TableFile), TableError>;

/// A function of one variable: abscissae and ordinates.
pub type Curve = (Vec<f64>, Vec<f64>);

/// Columns of equal length, at least one row, every number finite.
#[derive(Debug, Clone, PartialEq)]
pub struct Table {
    /// Where it came from.
    pub file: TableFile,
    columns: Vec<Vec<f64>>,
    rows: Rows,
}

/// How rows are counted in messages.
#[derive(Debug, Clone, PartialEq)]
enum Rows {
    /// Lines of a text file.
    Lines(Vec<u64>),
    /// Rows of a Parquet file, from 1.
    Numbered,
}

impl Table {
    /// Column `index` in the order in which columns were asked for.
    ///
    /// # Panics
    /// When fewer columns were asked for.
    pub fn column(&self, index: usize) -> &[f64] {
        &self.columns[index]
    }

    /// Number of rows, at least 1.
    pub fn len(&self) -> usize {
        self.columns.first().map_or(0, Vec::len)
    }

    /// Never true for a table that was read.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// An error about one row.
    fn wrong_row(&self, row: usize, reason: String) -> TableError {
        let place = match &self.rows {
            Rows::Lines(lines) => format!("line {}", lines.get(row).copied().unwrap_or_default()),
            Rows::Numbered => format!("row {}", row + 1),
        };
        TableError::Row { path: self.file.read.clone(), place, reason }
    }

    /// An error about the whole table.
    fn wrong(&self, reason: impl Into<String>) -> TableError {
        TableError::Table { path: self.file.read.clone(), reason: reason.into() }
    }
}

/// Reads columns by name.
///
/// - `path`: a `.csv` file (header line, `#` comment lines allowed) or a `.parquet` (`.pq`) file; see [`choose`]
/// - `columns`: their names, in the order in which [`Table::column`] gives them
///
/// # Errors
/// A file that cannot be read or is above 64 MiB, a missing column (the message lists those present), a value that is
/// no finite number (with its line and column), no rows.
pub fn read_columns(path: &Path, columns: &[&str]) -> Result<Table, TableError> {
    Source::open(path)?.columns(columns)
}

/// The names of the columns of a table.
///
/// # Errors
/// As [`read_columns`], for the header alone.
pub fn names(path: &Path) -> Result<Vec<String>, TableError> {
    Ok(Source::open(path)?.names)
}

/// The file that a path means: a `.csv` path means its `.parquet` sibling when that exists and is not older, a missing
/// `.parquet` (`.pq`) path means its `.csv` sibling.
pub fn choose(path: &Path) -> PathBuf {
    let modified = |path: &Path| fs::metadata(path).and_then(|metadata| metadata.modified()).ok();
    match kind(path) {
        Some(Kind::Csv) => {
            let sibling = path.with_extension("parquet");
            // `None` (no such file) is less than any time.
            let wins = modified(&sibling).is_some() && modified(&sibling) >= modified(path);
            if wins { sibling } else { path.to_owned() }
        }
        Some(Kind::Parquet) if !path.exists() && path.with_extension("csv").exists() => path.with_extension("csv"),
        _ => path.to_owned(),
    }
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Kind {
    Csv,
    Parquet,
}

fn kind(path: &Path) -> Option<Kind> {
    match path.extension()?.to_str()?.to_ascii_lowercase().as_str() {
        "csv" => Some(Kind::Csv),
        "parquet" | "pq" => Some(Kind::Parquet),
        _ => None,
    }
}

/// An opened table of which only the names of the columns are known.
struct Source {
    file: TableFile,
    names: Vec<String>,
    handle: File,
    kind: Kind,
}

impl Source {
    fn open(path: &Path) -> Result<Self, TableError> {
        let read = choose(path);
        let unreadable = |reason: String| TableError::Unreadable { path: read.clone(), reason };
        let kind = kind(&read).ok_or_else(|| unreadable("its name must end in .csv, .parquet or .pq".to_owned()))?;
        let mut handle = File::open(&read).map_err(|error| unreadable(error.to_string()))?;
        let metadata = handle.metadata().map_err(|error| unreadable(error.to_string()))?;
        if !metadata.is_file() {
            return Err(unreadable("it is not a file".to_owned()));
        }
        if metadata.len() > LARGEST_FILE {
            return Err(unreadable(format!("it is larger than {} MiB", LARGEST_FILE / 1024 / 1024)));
        }
        let hashed = copy_hashed(&mut handle, &mut io::sink());
        let (size_bytes, sha256) = hashed.map_err(|error| unreadable(error.to_string()))?;
        handle.rewind().map_err(|error| unreadable(error.to_string()))?;
        let names = match kind {
            Kind::Csv => delimited::names(&handle, &read)?,
            Kind::Parquet => parquet_file::names(&handle, &read)?,
        };
        let file = TableFile { configured: path.to_owned(), read, size_bytes, sha256 };
        Ok(Self { file, names, handle, kind })
    }

    fn has(&self, name: &str) -> bool {
        self.names.iter().any(|known| known == name)
    }

    fn columns(mut self, wanted: &[&str]) -> Result<Table, TableError> {
        let path = &self.file.read;
        let indices = wanted.iter().map(|name| self.index(name)).collect::<Result<Vec<_>, _>>()?;
        self.handle
            .rewind()
            .map_err(|error| TableError::Unreadable { path: path.clone(), reason: error.to_string() })?;
        let (columns, rows) = match self.kind {
            Kind::Csv => delimited::read(&self.handle, path, &indices, wanted)?,
            Kind::Parquet => parquet_file::read(&self.handle, path, &indices, wanted)?,
        };
        if columns.first().is_some_and(Vec::is_empty) {
            return Err(TableError::Table { path: path.clone(), reason: "it has no rows".to_owned() });
        }
        Ok(Table { file: self.file, columns, rows })
    }

    fn index(&self, wanted: &str) -> Result<usize, TableError> {
        let mut found = (0..self.names.len()).filter(|index| self.names[*index] == wanted);
        match (found.next(), found.next()) {
            (Some(index), None) => Ok(index),
            (Some(_), Some(_)) => {
                let reason = format!("it has two columns `{wanted}`");
                Err(TableError::Table { path: self.file.read.clone(), reason })
            }
            (None, _) => Err(TableError::MissingColumn {
                path: self.file.read.clone(),
                wanted: wanted.to_owned(),
                present: self.names.join(", "),
            }),
        }
    }
}

#[cfg(test)]
mod tests;
