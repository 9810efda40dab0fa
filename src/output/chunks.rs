//! The chunks of a table: whole Parquet files `NAME_chunk_FIRST_LAST.parquet` beside the table that they will become,
//! named by the numbers of their rows, or the same in memory.
//!
//! A chunk is known by its SHA-256, which is compared before a run goes on from a checkpoint and when the chunks are
//! joined: a file that has changed meanwhile is named, and never becomes a part of the table.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use bytes::Bytes;
use parquet::column::writer::ColumnCloseResult;
use parquet::errors::ParquetError;
use parquet::file::metadata::ParquetMetaDataReader;
use parquet::file::properties::WriterProperties;
use parquet::file::writer::SerializedFileWriter;

use super::OutputError;
use super::offload::remove_chunk;
use super::parquet::parquet_error;
use crate::checkpoint::snapshot::{Exchange, Snapshot};
use crate::files::{self, PART, PartFile, sha256};
use crate::wire_struct;

/// One of the chunks of a table.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Chunk {
    /// Number of its first row in the table, from 0.
    pub first: u64,
    /// Rows.
    pub rows: u64,
    /// Size [bytes].
    pub length: u64,
    /// SHA-256, in hexadecimal digits.
    pub sha256: String,
}
wire_struct!(Chunk { first, rows, length, sha256 });

/// The chunks of one table.
#[derive(Debug)]
pub struct Chunks {
    /// The table.
    path: PathBuf,
    list: Vec<Chunk>,
    /// The newest chunks, as many as there are here, which are no files yet.
    in_memory: Vec<Bytes>,
}

impl Chunks {
    /// No chunks yet of the table that will be `path`.
    pub fn of(path: &Path) -> Self {
        Chunks { path: path.to_path_buf(), list: Vec::new(), in_memory: Vec::new() }
    }

    /// The table.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Name of the table, without folder and ending.
    pub fn name(&self) -> &str {
        self.path.file_stem().and_then(|stem| stem.to_str()).unwrap_or_default()
    }

    /// Adds a chunk, as a file or in memory.
    ///
    /// # Errors
    /// [`OutputError`] if the file cannot be written.
    pub fn add(&mut self, rows: u64, bytes: Vec<u8>, as_file: bool) -> Result<(), OutputError> {
        let first = self.list.last().map_or(0, |chunk| chunk.first + chunk.rows);
        let chunk = Chunk { first, rows, length: bytes.len() as u64, sha256: sha256(&bytes) };
        if as_file && self.in_memory.is_empty() {
            files::write(&self.file(&chunk), &bytes)?;
        } else {
            self.in_memory.push(Bytes::from(bytes));
        }
        self.list.push(chunk);
        Ok(())
    }

    /// Makes files of the chunks in memory.
    ///
    /// # Errors
    /// [`OutputError`] if one cannot be written.
    pub fn spill(&mut self) -> Result<(), OutputError> {
        let first = self.list.len() - self.in_memory.len();
        for (chunk, bytes) in self.list[first..].iter().zip(&self.in_memory) {
            files::write(&self.file(chunk), bytes)?;
        }
        self.in_memory.clear();
        Ok(())
    }

    /// Compares all chunk files of the table with the list of a checkpoint.
    ///
    /// # Errors
    /// [`OutputError`]: one is missing or has changed.
    pub fn verify(mut self, checkpoint: &Snapshot) -> Result<(), OutputError> {
        let entry = list_entry(self.name());
        if checkpoint.get(&format!("output/{entry}")).is_none() {
            return Ok(());
        }
        Exchange::restoring(checkpoint, "output").wire(&entry, "", &mut self.list)?;
        self.list.iter().try_for_each(|chunk| self.read(chunk).map(drop))
    }

    /// Saves or restores the list of the chunks.
    ///
    /// # Errors
    /// When restoring: the snapshot does not have it.
    pub fn exchange(&mut self, exchange: &mut Exchange) -> Result<(), OutputError> {
        Ok(exchange.wire(&list_entry(self.name()), "chunk files of the table", &mut self.list)?)
    }

    /// Compares all chunk files with the list, and removes those of the table that are not in it.
    ///
    /// # Errors
    /// [`OutputError`]: one is missing or has changed.
    pub fn check(&self) -> Result<(), OutputError> {
        self.list.iter().try_for_each(|chunk| self.read(chunk).map(drop))?;
        let listed: Vec<PathBuf> = self.list.iter().map(|chunk| self.file(chunk)).collect();
        for file in chunk_files(&self.path)? {
            if !listed.contains(&file) {
                remove_chunk(&file)?;
            }
        }
        Ok(())
    }

    /// Joins the chunks to the table, without unpacking them. Without chunks there is no table.
    ///
    /// # Errors
    /// [`OutputError`]: a chunk has changed, or the table cannot be written.
    pub fn merge(&self, properties: WriterProperties) -> Result<(), OutputError> {
        let mut joined: Option<Joined> = None;
        let on_disk = self.list.len() - self.in_memory.len();
        for (number, chunk) in self.list.iter().enumerate() {
            let bytes = match number.checked_sub(on_disk) {
                Some(number) => self.in_memory[number].clone(),
                None => self.read(chunk)?,
            };
            let table = match &mut joined {
                Some(table) => table,
                None => joined.insert(Joined::like(&bytes, &self.path, properties.clone())?),
            };
            table.append(&bytes).map_err(parquet_error(&self.path))?;
        }
        match joined {
            Some(Joined(table)) => Ok(table.into_inner().map_err(parquet_error(&self.path))?.commit()?),
            None => Ok(()),
        }
    }

    /// Removes the chunk files.
    ///
    /// # Errors
    /// [`OutputError`] if one cannot be removed.
    pub fn remove(&self) -> Result<(), OutputError> {
        let on_disk = self.list.len() - self.in_memory.len();
        for chunk in &self.list[..on_disk] {
            remove_chunk(&self.file(chunk))?;
        }
        Ok(())
    }

    fn file(&self, chunk: &Chunk) -> PathBuf {
        let last = chunk.first + chunk.rows.saturating_sub(1);
        self.path.with_file_name(format!("{}{:09}_{last:09}.parquet", prefix(self.name()), chunk.first))
    }

    fn read(&self, chunk: &Chunk) -> Result<Bytes, OutputError> {
        let path = self.file(chunk);
        let bytes = fs::read(&path).map_err(OutputError::io("read", &path))?;
        if bytes.len() as u64 != chunk.length || sha256(&bytes) != chunk.sha256 {
            return Err(OutputError::Changed { path });
        }
        Ok(Bytes::from(bytes))
    }
}

fn list_entry(name: &str) -> String {
    format!("{name}_chunks")
}

fn prefix(name: &str) -> String {
    format!("{name}_chunk_")
}

/// The files of chunks of a table, whole or not.
///
/// # Errors
/// [`OutputError`] if the folder is there and cannot be read.
pub fn chunk_files(table: &Path) -> Result<Vec<PathBuf>, OutputError> {
    let (Some(folder), Some(name)) = (table.parent(), table.file_stem().and_then(|stem| stem.to_str())) else {
        return Ok(Vec::new());
    };
    if !folder.exists() {
        return Ok(Vec::new());
    }
    let prefix = prefix(name);
    let ours = |path: &PathBuf| {
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        let name = name.strip_suffix(&format!(".{PART}")).unwrap_or(name);
        let numbers = name.strip_prefix(&prefix).and_then(|rest| rest.strip_suffix(".parquet"));
        numbers.is_some_and(|numbers| numbers.chars().all(|c| c.is_ascii_digit() || c == '_'))
    };
    let entries = fs::read_dir(folder).map_err(OutputError::io("read", folder))?;
    let mut files: Vec<PathBuf> = entries.filter_map(|entry| Some(entry.ok()?.path())).filter(ours).collect();
    files.sort();
    Ok(files)
}

/// A table that chunks are joined to.
struct Joined(SerializedFileWriter<PartFile>);

impl Joined {
    /// A table like this chunk, still empty.
    fn like(chunk: &Bytes, path: &Path, properties: WriterProperties) -> Result<Self, OutputError> {
        let file = PartFile::create(path)?;
        let start = || {
            let metadata = ParquetMetaDataReader::new().parse_and_finish(chunk)?;
            let metadata = metadata.file_metadata();
            // The Arrow schema is among them.
            let facts = metadata.key_value_metadata().cloned();
            let properties = properties.into_builder().set_key_value_metadata(facts).build();
            SerializedFileWriter::new(file, metadata.schema_descr().root_schema_ptr(), Arc::new(properties))
        };
        start().map(Joined).map_err(parquet_error(path))
    }

    /// Appends the row groups of a chunk as they are.
    fn append(&mut self, chunk: &Bytes) -> Result<(), ParquetError> {
        let metadata = ParquetMetaDataReader::new().parse_and_finish(chunk)?;
        for group in metadata.row_groups() {
            let mut joined = self.0.next_row_group()?;
            for column in group.columns() {
                let close = ColumnCloseResult {
                    bytes_written: column.compressed_size() as u64,
                    rows_written: group.num_rows() as u64,
                    metadata: column.clone(),
                    bloom_filter: None,
                    // A chunk has few pages, and indices of all of them would have to stay in memory until the end.
                    column_index: None,
                    offset_index: None,
                };
                joined.append_column(chunk, close)?;
            }
            joined.close()?;
        }
        Ok(())
    }
}
