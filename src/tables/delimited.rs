//! Comma-separated text: a header line, then rows of numbers; lines that start with `#` are comments.

use std::{fs::File, path::Path};

use csv::{ErrorKind, Reader, ReaderBuilder, Trim};

use super::{MOST_ROWS, Rows, TableError, error::quoted};

fn reader(file: &File) -> Reader<&File> {
    ReaderBuilder::new().comment(Some(b'#')).trim(Trim::All).from_reader(file)
}

/// The header.
pub(super) fn names(file: &File, path: &Path) -> Result<Vec<String>, TableError> {
    let mut reader = reader(file);
    let header = reader.headers().map_err(|error| broken(path, &error))?;
    if header.is_empty() {
        return Err(TableError::Table { path: path.to_owned(), reason: "it is empty".to_owned() });
    }
    Ok(header.iter().map(str::to_owned).collect())
}

/// The columns at `indices`, called `names`, and the line of each row.
pub(super) fn read(
    file: &File,
    path: &Path,
    indices: &[usize],
    names: &[&str],
) -> Result<(Vec<Vec<f64>>, Rows), TableError> {
    let mut columns = vec![Vec::new(); indices.len()];
    let mut lines = Vec::new();
    for record in reader(file).into_byte_records() {
        let record = record.map_err(|error| broken(path, &error))?;
        let line = record.position().map_or(0, csv::Position::line);
        if lines.len() == MOST_ROWS {
            return Err(TableError::Table {
                path: path.to_owned(),
                reason: format!("it has more than {MOST_ROWS} rows"),
            });
        }
        lines.push(line);
        for ((column, index), name) in columns.iter_mut().zip(indices).zip(names) {
            let text = String::from_utf8_lossy(record.get(*index).unwrap_or_default());
            let number = text.parse().ok().filter(|number: &f64| number.is_finite());
            column.push(number.ok_or_else(|| TableError::Value {
                path: path.to_owned(),
                place: format!("line {line}"),
                column: (*name).to_owned(),
                found: if text.is_empty() { "a missing value".to_owned() } else { quoted(&text) },
            })?);
        }
    }
    Ok((columns, Rows::Lines(lines)))
}

fn broken(path: &Path, error: &csv::Error) -> TableError {
    let path = path.to_owned();
    let place = error.position().map(|position| format!("line {}", position.line()));
    let reason = match error.kind() {
        ErrorKind::UnequalLengths { expected_len, len, .. } => {
            format!("it has {len} fields, the header {expected_len}")
        }
        ErrorKind::Utf8 { .. } => "it is not UTF-8 text".to_owned(),
        _ => error.to_string(),
    };
    match place {
        Some(place) => TableError::Row { path, place, reason },
        None => TableError::Unreadable { path, reason },
    }
}
