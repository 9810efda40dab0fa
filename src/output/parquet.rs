//! Parquet tables, written as a stream of row groups.
//!
//! Rows are collected column by column; when enough of them are there, they go to the file as one row group, so that
//! memory stays bounded however long the run is. Numbers are stored as byte streams (sign and exponent bytes of
//! neighbours are alike and compress well), text with a dictionary. Units and meanings travel in the file.

use std::collections::{BTreeMap, HashMap};
use std::path::Path;
use std::sync::Arc;

use arrow_array::builder::{ArrayBuilder, BooleanBuilder, Float64Builder, Int64Builder, StringBuilder};
use arrow_array::{ArrayRef, RecordBatch, StructArray};
use arrow_schema::{DataType, Field as ArrowField, Fields, Schema, SchemaRef};
use parquet::arrow::ArrowWriter;
use parquet::basic::{Compression, Encoding, ZstdLevel};
use parquet::errors::ParquetError;
use parquet::file::metadata::KeyValue;
use parquet::file::properties::{WriterProperties, WriterPropertiesBuilder};
use parquet::schema::types::ColumnPath;

use super::OutputError;
use super::columns::{Column, Field, Table, Value};
use super::part_file::PartFile;

/// Version of the meaning of the columns; it changes when a column changes its meaning.
pub const SCHEMA_VERSION: &str = "1";

/// Values of one row group: 4 million, so some 32 MB in memory.
const VALUES_PER_ROW_GROUP: usize = 4_000_000;

/// A Parquet table in the making.
///
/// Its file ends in `.part` until [`TableWriter::finish`]; dropped before, it stays so.
pub struct TableWriter<T: Table> {
    columns: Vec<Column<T>>,
    schema: SchemaRef,
    writer: ArrowWriter<PartFile>,
    buffers: Vec<Buffer>,
    rows_waiting: usize,
    rows_per_group: usize,
    rows: u64,
    path: std::path::PathBuf,
}

impl<T: Table> TableWriter<T> {
    /// Starts the table that will become `path`.
    ///
    /// # Errors
    /// [`OutputError`] if the file cannot be created.
    pub fn create(path: &Path, columns: &[Column<T>]) -> Result<Self, OutputError> {
        let rows_per_group = (VALUES_PER_ROW_GROUP / columns.len().max(1)).max(1);
        Self::with_rows_per_group(path, columns, rows_per_group)
    }

    fn with_rows_per_group(path: &Path, columns: &[Column<T>], rows_per_group: usize) -> Result<Self, OutputError> {
        // Twice: pyarrow looks at the Arrow schema, others at the footer.
        let facts = facts(columns);
        let schema = Arc::new(Schema::new(arrow_fields(columns)).with_metadata(HashMap::from(facts.clone())));
        let part = PartFile::create(path)?;
        let writer = properties(columns, facts)
            .and_then(|properties| ArrowWriter::try_new(part, schema.clone(), Some(properties)))
            .map_err(parquet_error(path))?;
        let buffers = columns.iter().map(Buffer::new).collect();
        let path = path.to_path_buf();
        let columns = columns.to_vec();
        Ok(TableWriter { columns, schema, writer, buffers, rows_waiting: 0, rows_per_group, rows: 0, path })
    }

    /// Adds a row.
    ///
    /// # Errors
    /// [`OutputError`] if the row completes a row group and that cannot be written.
    pub fn push(&mut self, row: &T::Row<'_>) -> Result<(), OutputError> {
        for (buffer, column) in self.buffers.iter_mut().zip(&self.columns) {
            buffer.push(column, row);
        }
        self.rows += 1;
        self.rows_waiting += 1;
        if self.rows_waiting >= self.rows_per_group { self.flush() } else { Ok(()) }
    }

    /// Rows so far.
    pub fn rows(&self) -> u64 {
        self.rows
    }

    /// Makes the file whole; a table without rows leaves no file.
    ///
    /// # Errors
    /// [`OutputError`] if the rest cannot be written; the file then keeps the ending `.part`.
    pub fn finish(mut self) -> Result<(), OutputError> {
        self.flush()?;
        let file = self.writer.into_inner().map_err(parquet_error(&self.path))?;
        if self.rows == 0 { file.discard() } else { file.commit() }
    }

    fn flush(&mut self) -> Result<(), OutputError> {
        if self.rows_waiting == 0 {
            return Ok(());
        }
        let arrays = self.buffers.iter_mut().map(Buffer::finish).collect();
        self.rows_waiting = 0;
        RecordBatch::try_new(self.schema.clone(), arrays)
            .map_err(ParquetError::from)
            .and_then(|batch| self.writer.write(&batch))
            .and_then(|()| self.writer.flush())
            .map_err(parquet_error(&self.path))
    }
}

fn parquet_error(path: &Path) -> impl FnOnce(ParquetError) -> OutputError {
    let path = path.to_path_buf();
    move |source| OutputError::Parquet { path, source }
}

/// Values of one column that wait for the next row group.
enum Buffer {
    Real(Float64Builder),
    Integer(Int64Builder),
    Flag(BooleanBuilder),
    Text(StringBuilder),
    Struct(Fields, Vec<Buffer>),
}

impl Buffer {
    fn new<T: Table>(column: &Column<T>) -> Self {
        match column.value {
            Value::Real(_) => Buffer::Real(Float64Builder::new()),
            Value::Integer(_) => Buffer::Integer(Int64Builder::new()),
            Value::Flag(_) => Buffer::Flag(BooleanBuilder::new()),
            Value::Text(_) => Buffer::Text(StringBuilder::new()),
            Value::Struct(members) => Buffer::Struct(arrow_fields(members), members.iter().map(Buffer::new).collect()),
        }
    }

    /// A field of another type than the buffer's cannot come: both follow from `column.value`.
    fn push<T: Table>(&mut self, column: &Column<T>, row: &T::Row<'_>) {
        if let (Buffer::Struct(_, buffers), Value::Struct(members)) = (&mut *self, column.value) {
            for (buffer, member) in buffers.iter_mut().zip(members) {
                buffer.push(member, row);
            }
            return;
        }
        match (self, column.field(row)) {
            (Buffer::Real(b), Field::Real(x)) => b.append_value(x),
            (Buffer::Real(b), _) => b.append_null(),
            (Buffer::Integer(b), Field::Integer(x)) => b.append_value(x),
            (Buffer::Integer(b), _) => b.append_null(),
            (Buffer::Flag(b), Field::Flag(x)) => b.append_value(x),
            (Buffer::Flag(b), _) => b.append_null(),
            (Buffer::Text(b), Field::Text(x)) => b.append_value(x),
            (Buffer::Text(b), _) => b.append_null(),
            (Buffer::Struct(..), _) => {}
        }
    }

    fn finish(&mut self) -> ArrayRef {
        match self {
            Buffer::Real(b) => ArrayBuilder::finish(b),
            Buffer::Integer(b) => ArrayBuilder::finish(b),
            Buffer::Flag(b) => ArrayBuilder::finish(b),
            Buffer::Text(b) => ArrayBuilder::finish(b),
            Buffer::Struct(fields, buffers) => {
                let arrays = buffers.iter_mut().map(Buffer::finish).collect();
                Arc::new(StructArray::new(fields.clone(), arrays, None))
            }
        }
    }
}

fn arrow_fields<T: Table>(columns: &[Column<T>]) -> Fields {
    let field = |column: &Column<T>| {
        let kind = match column.value {
            Value::Real(_) => DataType::Float64,
            Value::Integer(_) => DataType::Int64,
            Value::Flag(_) => DataType::Boolean,
            Value::Text(_) => DataType::Utf8,
            Value::Struct(members) => DataType::Struct(arrow_fields(members)),
        };
        let metadata = [("unit", column.unit), ("definition", column.meaning)];
        let metadata: HashMap<_, _> = metadata.into_iter().map(|(k, v)| (k.to_owned(), v.to_owned())).collect();
        ArrowField::new(column.name, kind, true).with_metadata(metadata)
    };
    columns.iter().map(field).collect()
}

const PROGRAM: &str = concat!(env!("CARGO_PKG_NAME"), " ", env!("CARGO_PKG_VERSION"));

/// What a file says about itself: units and definitions of its columns, version of their list, program.
fn facts<T: Table>(columns: &[Column<T>]) -> [(String, String); 4] {
    let map = |f: fn(&Column<T>) -> &'static str| {
        let map: BTreeMap<_, _> = columns.iter().map(|column| (column.name, f(column))).collect();
        serde_json::json!(map).to_string()
    };
    [
        ("units".to_owned(), map(|column| column.unit)),
        ("definitions".to_owned(), map(|column| column.meaning)),
        ("schema_version".to_owned(), SCHEMA_VERSION.to_owned()),
        ("program".to_owned(), PROGRAM.to_owned()),
    ]
}

fn properties<T: Table>(columns: &[Column<T>], facts: [(String, String); 4]) -> Result<WriterProperties, ParquetError> {
    let properties = WriterProperties::builder()
        .set_compression(Compression::ZSTD(ZstdLevel::try_new(1)?))
        .set_created_by(PROGRAM.to_owned())
        .set_max_row_group_row_count(None)
        .set_key_value_metadata(Some(facts.map(|(key, value)| KeyValue::new(key, value)).to_vec()));
    Ok(encodings(properties, columns, &[]).build())
}

/// Byte streams instead of a dictionary for every column of numbers, members of structures included.
fn encodings<T: Table>(
    mut properties: WriterPropertiesBuilder,
    columns: &[Column<T>],
    parents: &[&str],
) -> WriterPropertiesBuilder {
    for column in columns {
        let path: Vec<&str> = parents.iter().copied().chain([column.name]).collect();
        match column.value {
            Value::Struct(members) => properties = encodings(properties, members, &path),
            Value::Real(_) => {
                let path = ColumnPath::new(path.into_iter().map(str::to_owned).collect());
                properties = properties
                    .set_column_dictionary_enabled(path.clone(), false)
                    .set_column_encoding(path, Encoding::BYTE_STREAM_SPLIT);
            }
            _ => {}
        }
    }
    properties
}

#[cfg(test)]
mod tests;
