//! Text with columns: a header line, then rows of numbers; lines that start with `#` are comments.

use std::path::Path;

use csv::{ErrorKind, Reader, ReaderBuilder, Trim};

use super::{MOST_ROWS, Rows, TableError, error::quoted};

fn reader(text: &[u8]) -> Reader<&[u8]> {
    ReaderBuilder::new().comment(Some(b'#')).trim(Trim::All).from_reader(text)
}

/// Text whose columns are separated by blanks, with commas instead, line by line. Text with a comma in its header stays as
/// it is.
pub(super) fn with_commas(text: Vec<u8>) -> Vec<u8> {
    let is_content = |line: &&[u8]| !line.starts_with(b"#") && !line.trim_ascii().is_empty();
    let header = text.split(|byte| *byte == b'\n').find(is_content).unwrap_or_default();
    if header.contains(&b',') {
        return text;
    }
    let joined = |line: &[u8]| match line.starts_with(b"#") {
        true => line.to_vec(),
        false => {
            let words = line.split(u8::is_ascii_whitespace).filter(|word| !word.is_empty());
            words.collect::<Vec<_>>().join(&b","[..])
        }
    };
    text.split(|byte| *byte == b'\n').map(joined).collect::<Vec<_>>().join(&b"\n"[..])
}

/// The header.
pub(super) fn names(text: &[u8], path: &Path) -> Result<Vec<String>, TableError> {
    let mut reader = reader(text);
    let header = reader.headers().map_err(|error| broken(path, &error))?;
    if header.is_empty() {
        return Err(TableError::Table { path: path.to_owned(), reason: "it is empty".to_owned() });
    }
    Ok(header.iter().map(str::to_owned).collect())
}

/// The columns at `indices`, called `names`, and the line of each row.
pub(super) fn read(
    text: &[u8],
    path: &Path,
    indices: &[usize],
    names: &[&str],
) -> Result<(Vec<Vec<f64>>, Rows), TableError> {
    let mut columns = vec![Vec::new(); indices.len()];
    let mut lines = Vec::new();
    for record in reader(text).into_byte_records() {
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
