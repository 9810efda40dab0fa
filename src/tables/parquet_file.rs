//! Parquet: flat columns of any numeric type.

use std::{fs::File, path::Path};

use arrow_array::{
    Array, Float32Array, Float64Array, Int8Array, Int16Array, Int32Array, Int64Array, UInt8Array, UInt16Array,
    UInt32Array, UInt64Array,
};
use parquet::arrow::{ProjectionMask, arrow_reader::ParquetRecordBatchReaderBuilder};
use parquet::file::metadata::ColumnChunkMetaData;

use super::{MOST_ROWS, Rows, TableError};
use crate::panics::caught;

fn builder(file: &File, path: &Path) -> Result<ParquetRecordBatchReaderBuilder<File>, TableError> {
    let unreadable = |reason: String| TableError::Unreadable { path: path.to_owned(), reason };
    let file = file.try_clone().map_err(|error| unreadable(error.to_string()))?;
    let length = file.metadata().map_err(|error| unreadable(error.to_string()))?.len();
    let builder = ParquetRecordBatchReaderBuilder::try_new(file).map_err(|error| unreadable(error.to_string()))?;
    let mut columns = builder.metadata().row_groups().iter().flat_map(|group| group.columns());
    match columns.find(|column| !lies_within(column, length)) {
        Some(column) => Err(unreadable(format!("column `{}` lies outside the file", column.column_path()))),
        None => Ok(builder),
    }
}

/// Whether a column's bytes are some of a file's; the reader panics over others.
fn lies_within(column: &ColumnChunkMetaData, length: u64) -> bool {
    let start = column.dictionary_page_offset().unwrap_or_else(|| column.data_page_offset());
    let end = start.checked_add(column.compressed_size());
    start >= 0 && column.compressed_size() >= 0 && end.is_some_and(|end| end.unsigned_abs() <= length)
}

/// The library panics over some damages that its checks let through.
fn guarded<T>(path: &Path, read: impl FnOnce() -> Result<T, TableError>) -> Result<T, TableError> {
    caught(read).unwrap_or_else(|reason| Err(TableError::Unreadable { path: path.to_owned(), reason }))
}

/// The top-level columns.
pub(super) fn names(file: &File, path: &Path) -> Result<Vec<String>, TableError> {
    let names = || Ok(builder(file, path)?.schema().fields().iter().map(|field| field.name().clone()).collect());
    guarded(path, names)
}

/// The columns at `indices`, called `names`.
pub(super) fn read(
    file: &File,
    path: &Path,
    indices: &[usize],
    names: &[&str],
) -> Result<(Vec<Vec<f64>>, Rows), TableError> {
    guarded(path, || read_columns(file, path, indices, names))
}

fn read_columns(
    file: &File,
    path: &Path,
    indices: &[usize],
    names: &[&str],
) -> Result<(Vec<Vec<f64>>, Rows), TableError> {
    let table = |reason: String| TableError::Table { path: path.to_owned(), reason };
    let builder = builder(file, path)?;
    let rows = builder.metadata().file_metadata().num_rows();
    if usize::try_from(rows).map_or(true, |rows| rows > MOST_ROWS) {
        return Err(table(format!("it has more than {MOST_ROWS} rows")));
    }
    let mask = ProjectionMask::roots(builder.parquet_schema(), indices.iter().copied());
    let reader = builder.with_projection(mask).build().map_err(|error| table(error.to_string()))?;
    let mut columns = vec![Vec::new(); indices.len()];
    for batch in reader {
        let batch = batch.map_err(|error| table(error.to_string()))?;
        for (column, name) in columns.iter_mut().zip(names) {
            let array = batch.column_by_name(name).ok_or_else(|| table(format!("column `{name}` cannot be read")))?;
            let numbers = numbers(array.as_ref()).ok_or_else(|| {
                table(format!("column `{name}` is of type {}, which is not numeric", array.data_type()))
            })?;
            for number in numbers {
                let finite = number.filter(|number| number.is_finite()).ok_or_else(|| TableError::Value {
                    path: path.to_owned(),
                    place: format!("row {}", column.len() + 1),
                    column: (*name).to_owned(),
                    found: number.map_or_else(|| "a missing value".to_owned(), |number| number.to_string()),
                })?;
                column.push(finite);
            }
        }
    }
    Ok((columns, Rows::Numbered))
}

/// The values of a numeric array; `None` for other types.
fn numbers(array: &dyn Array) -> Option<Vec<Option<f64>>> {
    macro_rules! try_types {
        ($($kind:ty),*) => {
            $(if let Some(array) = array.as_any().downcast_ref::<$kind>() {
                return Some(array.iter().map(|value| value.map(|value| value as f64)).collect());
            })*
        };
    }
    try_types!(
        Float64Array,
        Float32Array,
        Int64Array,
        Int32Array,
        Int16Array,
        Int8Array,
        UInt64Array,
        UInt32Array,
        UInt16Array,
        UInt8Array
    );
    None
}
