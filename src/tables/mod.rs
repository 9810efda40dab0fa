//! Numeric tables that a configuration names, from CSV, text with blanks, JSON or Parquet, or built in.
//!
//! [`read_columns`] gives columns by name; one file per kind of table ([`qpr`], [`temperature`], [`phi`], [`supply`],
//! [`eccentricity`], [`saturation`], [`phase`]) knows which columns it needs and in which order rows must be. What the
//! numbers mean and how they
//! are interpolated is in `physics`.

mod delimited;
pub mod eccentricity;
mod error;
mod json_text;
mod parquet_file;
pub mod phase;
pub mod phi;
pub mod qpr;
pub mod saturation;
pub mod supply;
pub mod temperature;

use std::{
    fs::{self, File},
    io::{self, Read as _, Seek},
    path::{Path, PathBuf},
};

use crate::files::sha256;

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
    /// Whether it is no file but a part of the program.
    pub built_in: bool,
}

impl TableFile {
    /// Of a file with this content.
    pub fn of_content(path: &Path, content: &[u8]) -> Self {
        TableFile {
            configured: path.to_path_buf(),
            read: path.to_path_buf(),
            size_bytes: content.len() as u64,
            sha256: sha256(content),
            built_in: false,
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
/// - `path`: a `.csv` file (header line, `#` comment lines allowed), a `.txt` or `.dat` file (the same with blanks or commas
///   between columns), a `.json` file (rows or columns) or a `.parquet` (`.pq`) file; see [`choose`]
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
    Blanks,
    Json,
    Parquet,
}

fn kind(path: &Path) -> Option<Kind> {
    match path.extension()?.to_str()?.to_ascii_lowercase().as_str() {
        "csv" => Some(Kind::Csv),
        "txt" | "dat" => Some(Kind::Blanks),
        "json" => Some(Kind::Json),
        "parquet" | "pq" => Some(Kind::Parquet),
        _ => None,
    }
}

/// An opened table of which only the names of the columns are known.
struct Source {
    file: TableFile,
    names: Vec<String>,
    content: Content,
}

enum Content {
    /// With commas.
    Delimited(Vec<u8>),
    Json(Vec<u8>),
    Parquet(File),
}

impl Source {
    fn open(path: &Path) -> Result<Self, TableError> {
        let read = choose(path);
        let unreadable = |reason: String| TableError::Unreadable { path: read.clone(), reason };
        let unread = |error: io::Error| unreadable(error.to_string());
        let endings = "its name must end in .csv, .txt, .dat, .json, .parquet or .pq";
        let kind = kind(&read).ok_or_else(|| unreadable(endings.to_owned()))?;
        let mut handle = File::open(&read).map_err(unread)?;
        let metadata = handle.metadata().map_err(unread)?;
        if !metadata.is_file() {
            return Err(unreadable("it is not a file".to_owned()));
        }
        if metadata.len() > LARGEST_FILE {
            return Err(unreadable(format!("it is larger than {} MiB", LARGEST_FILE / 1024 / 1024)));
        }
        let mut bytes = Vec::new();
        handle.read_to_end(&mut bytes).map_err(unread)?;
        let file = TableFile { configured: path.to_owned(), ..TableFile::of_content(&read, &bytes) };
        let content = match kind {
            Kind::Csv => Content::Delimited(bytes),
            Kind::Blanks => Content::Delimited(delimited::with_commas(bytes)),
            Kind::Json => Content::Json(bytes),
            Kind::Parquet => Content::Parquet(handle),
        };
        Self::of(file, content)
    }

    /// A table that is part of the program.
    fn built_in(name: &str, text: &str) -> Result<Self, TableError> {
        let file = TableFile { built_in: true, ..TableFile::of_content(Path::new(name), text.as_bytes()) };
        Self::of(file, Content::Delimited(text.as_bytes().to_vec()))
    }

    fn of(file: TableFile, mut content: Content) -> Result<Self, TableError> {
        let names = match &mut content {
            Content::Delimited(text) => delimited::names(text, &file.read)?,
            Content::Json(text) => json_text::names(text, &file.read)?,
            Content::Parquet(handle) => {
                rewind(handle, &file.read)?;
                parquet_file::names(handle, &file.read)?
            }
        };
        Ok(Self { file, names, content })
    }

    fn has(&self, name: &str) -> bool {
        self.names.iter().any(|known| known == name)
    }

    fn columns(mut self, wanted: &[&str]) -> Result<Table, TableError> {
        let path = &self.file.read;
        let indices = wanted.iter().map(|name| self.index(name)).collect::<Result<Vec<_>, _>>()?;
        let (columns, rows) = match &mut self.content {
            Content::Delimited(text) => delimited::read(text, path, &indices, wanted)?,
            Content::Json(text) => json_text::read(text, path, &indices, wanted)?,
            Content::Parquet(handle) => {
                rewind(handle, path)?;
                parquet_file::read(handle, path, &indices, wanted)?
            }
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

fn rewind(file: &mut File, path: &Path) -> Result<(), TableError> {
    file.rewind().map_err(|error| TableError::Unreadable { path: path.to_owned(), reason: error.to_string() })
}

#[cfg(test)]
mod tests;
