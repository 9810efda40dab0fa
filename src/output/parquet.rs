//! Parquet tables, written as a stream of chunks.
//!
//! Rows are collected column by column; when enough of them are there, they become a [`chunks`](super::chunks): a whole
//! Parquet file of one row group, so that memory stays bounded however long the run is, and what was recorded stays
//! readable whatever happens. At the end the chunks are joined without being unpacked. Numbers are stored as byte streams
//! (sign and exponent bytes of neighbours are alike and compress well), text with a dictionary. Units and meanings travel
//! in the file.

use std::collections::{BTreeMap, HashMap};
use std::path::Path;
use std::sync::Arc;

use arrow_array::builder::{ArrayBuilder, BooleanBuilder, Float64Builder, Int64Builder, StringBuilder};
use arrow_array::cast::AsArray;
use arrow_array::types::{Float64Type, Int64Type};
use arrow_array::{ArrayRef, RecordBatch, StructArray};
use arrow_schema::{DataType, Field as ArrowField, Fields, Schema, SchemaRef};
use bytes::Bytes;
use parquet::arrow::ArrowWriter;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use parquet::basic::{BrotliLevel, Compression, Encoding, GzipLevel, ZstdLevel};
use parquet::errors::ParquetError;
use parquet::file::metadata::KeyValue;
use parquet::file::properties::{EnabledStatistics, WriterProperties, WriterPropertiesBuilder};
use parquet::schema::types::ColumnPath;

use super::OutputError;
use super::chunks::Chunks;
use super::columns::{Column, Field, Table, Value};
use crate::checkpoint::snapshot::{Exchange, SnapshotError};

/// Version of the meaning of the columns; it changes when a column changes its meaning.
pub const SCHEMA_VERSION: &str = "1";

/// Most values of a chunk: half a million, so 4 MB in memory. Fewer, and the footers of long runs grow.
const MOST_VALUES: usize = 500_000;
/// Rows that are looked at together, column by column; what they look at stays in the processor's cache.
const BLOCK: usize = 32;

/// How tables are cut into chunks, packed and kept. What is in a file, to the last byte, follows from `codec` and the
/// two limits; the rest says what is on the disk while the run goes on.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Packing {
    /// How values are compressed.
    pub codec: Codec,
    /// Most records of a chunk; 0 leaves it to the size.
    pub records: u64,
    /// Most bytes that the rows of a table may take before they become a chunk.
    pub memory: usize,
    /// Whether chunks are files as soon as they are full; else they stay in memory until the end or a checkpoint.
    pub streaming: bool,
    /// Whether the chunks are joined at the end.
    pub merge: bool,
    /// Whether their files go once they are joined.
    pub clean_up: bool,
}

impl Default for Packing {
    fn default() -> Self {
        let codec = Codec::Zstd;
        Packing { codec, records: 0, memory: usize::MAX, streaming: true, merge: true, clean_up: true }
    }
}

impl Packing {
    /// Whether the chunks are joined: those in memory always are.
    fn joins(&self) -> bool {
        self.merge || !self.streaming
    }

    /// Whether no chunk stays once all tables are whole.
    pub fn removes_chunks(&self) -> bool {
        self.joins() && (self.clean_up || !self.streaming)
    }
}

/// How values are compressed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Codec {
    /// Fast.
    Snappy,
    /// Small, and fast enough.
    Zstd,
    /// For readers that know nothing else.
    Gzip,
    /// The smallest of text.
    Brotli,
    /// Not at all.
    None,
}

impl Codec {
    fn compression(self) -> Result<Compression, ParquetError> {
        Ok(match self {
            Codec::Snappy => Compression::SNAPPY,
            Codec::Zstd => Compression::ZSTD(ZstdLevel::try_new(1)?),
            Codec::Gzip => Compression::GZIP(GzipLevel::default()),
            Codec::Brotli => Compression::BROTLI(BrotliLevel::default()),
            Codec::None => Compression::UNCOMPRESSED,
        })
    }
}

/// A Parquet table in the making; it has its file after [`TableWriter::finish`].
pub struct TableWriter<T: Table> {
    columns: Vec<Column<T>>,
    schema: SchemaRef,
    properties: WriterProperties,
    packing: Packing,
    buffers: Vec<Buffer>,
    rows_waiting: usize,
    records_waiting: u64,
    rows_per_chunk: usize,
    rows: u64,
    chunks: Chunks,
}

impl<T: Table> TableWriter<T> {
    /// Starts the table that will become `path`.
    ///
    /// # Errors
    /// [`OutputError`] if the library does not take the packing.
    pub fn create(path: &Path, columns: &[Column<T>], packing: Packing) -> Result<Self, OutputError> {
        // Twice: pyarrow looks at the Arrow schema, others at the footer.
        let facts = facts(columns);
        let schema = Arc::new(Schema::new(arrow_fields(columns)).with_metadata(HashMap::from(facts.clone())));
        let values = MOST_VALUES.min(packing.memory / size_of::<f64>());
        Ok(TableWriter {
            columns: columns.to_vec(),
            schema,
            properties: properties(columns, facts, packing.codec).map_err(parquet_error(path))?,
            packing,
            buffers: columns.iter().map(Buffer::new).collect(),
            rows_waiting: 0,
            records_waiting: 0,
            rows_per_chunk: (values / columns.len().max(1)).max(1),
            rows: 0,
            chunks: Chunks::of(path),
        })
    }

    /// Adds a row.
    ///
    /// # Errors
    /// [`OutputError`] if the row completes a chunk and that cannot be written.
    pub fn push(&mut self, row: &T::Row<'_>) -> Result<(), OutputError> {
        self.push_rows(std::slice::from_ref(row))
    }

    /// Adds rows.
    ///
    /// # Errors
    /// [`OutputError`] if they complete a chunk and that cannot be written.
    pub fn push_rows(&mut self, rows: &[T::Row<'_>]) -> Result<(), OutputError> {
        for rows in rows.chunks(BLOCK) {
            for (buffer, column) in self.buffers.iter_mut().zip(&self.columns) {
                buffer.push(column, rows);
            }
            self.close_if_full(rows.len())?;
        }
        Ok(())
    }

    fn close_if_full(&mut self, added: usize) -> Result<(), OutputError> {
        self.rows += added as u64;
        self.rows_waiting += added;
        if self.rows_waiting >= self.rows_per_chunk { self.close_chunk() } else { Ok(()) }
    }

    /// Says that all rows of a record are there.
    ///
    /// # Errors
    /// [`OutputError`] if the record completes a chunk and that cannot be written.
    pub fn end_record(&mut self) -> Result<(), OutputError> {
        self.records_waiting += 1;
        let full = self.packing.records > 0 && self.records_waiting >= self.packing.records;
        if full { self.close_chunk() } else { Ok(()) }
    }

    /// Rows so far.
    pub fn rows(&self) -> u64 {
        self.rows
    }

    /// Makes the table whole, in one file or in chunks; a table without rows leaves no file. The chunks are handed back,
    /// to be removed when everything else is whole.
    ///
    /// # Errors
    /// [`OutputError`] if the rest cannot be written; the chunks are then still there.
    pub fn finish(mut self) -> Result<Chunks, OutputError> {
        self.close_chunk()?;
        if self.packing.joins() {
            self.chunks.merge(self.properties.clone())?;
        }
        Ok(self.chunks)
    }

    /// Saves what is not in a file yet and where the files end, or goes on from there.
    ///
    /// # Errors
    /// A file cannot be written; a file of an earlier part of the run has changed.
    pub fn exchange(&mut self, exchange: &mut Exchange) -> Result<(), OutputError> {
        let name = self.chunks.name().to_string();
        let name = |what: &str| format!("{name}_{what}");
        if !exchange.restores() {
            self.chunks.spill()?;
        }
        let mut pending = if exchange.restores() { Vec::new() } else { self.encode_copy()? };
        exchange.count(&name("rows"), "rows of the table", &mut self.rows)?;
        exchange.count(&name("records_waiting"), "records since the last chunk", &mut self.records_waiting)?;
        self.chunks.exchange(exchange)?;
        exchange.bytes(&name("pending"), "rows after the last chunk, as a Parquet file", &mut pending)?;
        if exchange.restores() {
            self.chunks.check()?;
            self.decode(pending)
                .map_err(|error| SnapshotError::Nonsense { name: name("pending"), reason: error.to_string() })?;
        }
        Ok(())
    }

    fn close_chunk(&mut self) -> Result<(), OutputError> {
        self.records_waiting = 0;
        if self.rows_waiting == 0 {
            return Ok(());
        }
        let arrays = self.buffers.iter_mut().map(Buffer::finish).collect();
        let rows = std::mem::take(&mut self.rows_waiting) as u64;
        let bytes = self.encode(arrays)?;
        self.chunks.add(rows, bytes, self.packing.streaming)
    }

    /// The rows that wait, as a chunk; they go on waiting.
    fn encode_copy(&mut self) -> Result<Vec<u8>, OutputError> {
        if self.rows_waiting == 0 {
            return Ok(Vec::new());
        }
        self.encode(self.buffers.iter().map(Buffer::copy).collect())
    }

    /// Takes back the rows of [`TableWriter::encode_copy`].
    fn decode(&mut self, pending: Vec<u8>) -> Result<(), ParquetError> {
        if pending.is_empty() {
            return Ok(());
        }
        let reader = ParquetRecordBatchReaderBuilder::try_new(Bytes::from(pending))?;
        if reader.schema().fields() != self.schema.fields() {
            return Err(ParquetError::General("the table has other columns".to_string()));
        }
        for batch in reader.build()? {
            let batch = batch?;
            for (buffer, array) in self.buffers.iter_mut().zip(batch.columns()) {
                buffer.append(array)?;
            }
            self.rows_waiting += batch.num_rows();
        }
        Ok(())
    }

    fn encode(&self, arrays: Vec<ArrayRef>) -> Result<Vec<u8>, OutputError> {
        let encode = || {
            let batch = RecordBatch::try_new(self.schema.clone(), arrays)?;
            let mut writer = ArrowWriter::try_new(Vec::new(), self.schema.clone(), Some(self.properties.clone()))?;
            writer.write(&batch)?;
            writer.into_inner()
        };
        encode().map_err(parquet_error(self.chunks.path()))
    }
}

pub(super) fn parquet_error(path: &Path) -> impl FnOnce(ParquetError) -> OutputError {
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
    fn push<T: Table>(&mut self, column: &Column<T>, rows: &[T::Row<'_>]) {
        let fields = rows.iter().map(|row| column.field(row));
        match (self, column.value) {
            (Buffer::Real(b), Value::Real(f)) if !column.null_when_frozen => {
                rows.iter().for_each(|row| b.append_option(column.number(f, row)));
            }
            (Buffer::Real(b), _) => fields.for_each(|field| match field {
                Field::Real(x) => b.append_value(x),
                _ => b.append_null(),
            }),
            (Buffer::Integer(b), _) => fields.for_each(|field| match field {
                Field::Integer(x) => b.append_value(x),
                _ => b.append_null(),
            }),
            (Buffer::Flag(b), _) => fields.for_each(|field| match field {
                Field::Flag(x) => b.append_value(x),
                _ => b.append_null(),
            }),
            (Buffer::Text(b), _) => fields.for_each(|field| match field {
                Field::Text(x) => b.append_value(x),
                _ => b.append_null(),
            }),
            (Buffer::Struct(_, buffers), Value::Struct(members)) => {
                buffers.iter_mut().zip(members).for_each(|(buffer, member)| buffer.push(member, rows));
            }
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

    /// What is in it, which stays.
    fn copy(&self) -> ArrayRef {
        match self {
            Buffer::Real(b) => ArrayBuilder::finish_cloned(b),
            Buffer::Integer(b) => ArrayBuilder::finish_cloned(b),
            Buffer::Flag(b) => ArrayBuilder::finish_cloned(b),
            Buffer::Text(b) => ArrayBuilder::finish_cloned(b),
            Buffer::Struct(fields, buffers) => {
                let arrays = buffers.iter().map(Buffer::copy).collect();
                Arc::new(StructArray::new(fields.clone(), arrays, None))
            }
        }
    }

    /// Adds what [`Buffer::copy`] has given, of a column of the same type.
    fn append(&mut self, array: &ArrayRef) -> Result<(), ParquetError> {
        match self {
            Buffer::Real(b) => b.append_array(array.as_primitive::<Float64Type>()),
            Buffer::Integer(b) => b.append_array(array.as_primitive::<Int64Type>()),
            Buffer::Flag(b) => b.append_array(array.as_boolean()),
            Buffer::Text(b) => b.append_array(array.as_string::<i32>())?,
            Buffer::Struct(_, buffers) => {
                for (buffer, member) in buffers.iter_mut().zip(array.as_struct().columns()) {
                    buffer.append(member)?;
                }
            }
        }
        Ok(())
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

fn properties<T: Table>(
    columns: &[Column<T>],
    facts: [(String, String); 4],
    codec: Codec,
) -> Result<WriterProperties, ParquetError> {
    let properties = WriterProperties::builder()
        .set_compression(codec.compression()?)
        .set_created_by(PROGRAM.to_owned())
        .set_max_row_group_row_count(None)
        // Nobody looks for rows by their values, and they cost more than the values of most columns.
        .set_statistics_enabled(EnabledStatistics::None)
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
