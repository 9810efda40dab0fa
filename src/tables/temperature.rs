//! Temperature of Mars over time.

use std::path::Path;

use super::{Curve, Read, read_columns};

/// Reads times and temperatures, sorted by time; of rows with the same time the first in the file counts.
///
/// - `time`, `temperature`: names of the columns; the unit of the time is the caller's business, the temperature is
///   in K
///
/// # Errors
/// As [`super::read_columns`], and fewer than two different times.
pub fn read(path: &Path, time: &str, temperature: &str) -> Read<Curve> {
    let table = read_columns(path, &[time, temperature])?;
    let mut rows: Vec<(f64, f64)> = table.column(0).iter().copied().zip(table.column(1).iter().copied()).collect();
    // The sort is stable, so the first of equal times stays first. Zero and minus zero are the same time.
    rows.sort_by(|a, b| (a.0 + 0.0).total_cmp(&(b.0 + 0.0)));
    rows.dedup_by(|later, earlier| later.0 == earlier.0);
    if rows.len() < 2 {
        return Err(table.wrong("it must have at least two rows of different times"));
    }
    Ok((rows.into_iter().unzip(), table.file))
}
