//! Saturation pressure over temperature.

use std::path::Path;

use super::{Curve, Read, Source};

/// Reads temperatures \[K\], sorted, and log₁₀ of the pressure in Pa; of rows with the same temperature the first in the
/// file counts.
///
/// Columns: `T` or `T[K]`, and `log10P` or `log10P[Pa]`.
///
/// # Errors
/// As [`super::read_columns`], fewer than two different temperatures, one that is not positive.
pub fn read(path: &Path) -> Read<Curve> {
    let source = Source::open(path)?;
    let either = |short, long| if !source.has(short) && source.has(long) { long } else { short };
    let names = [either("T", "T[K]"), either("log10P", "log10P[Pa]")];
    let table = source.columns(&names)?;
    if let Some(row) = table.column(0).iter().position(|temperature| *temperature <= 0.0) {
        return Err(table.wrong_row(row, format!("T = {} must be positive", table.column(0)[row])));
    }
    let mut rows: Vec<(f64, f64)> = table.column(0).iter().copied().zip(table.column(1).iter().copied()).collect();
    // The sort is stable, so the first of equal temperatures stays first.
    rows.sort_by(|a, b| a.0.total_cmp(&b.0));
    rows.dedup_by(|later, earlier| later.0 == earlier.0);
    if rows.len() < 2 {
        return Err(table.wrong("it must have at least two rows of different temperatures"));
    }
    Ok((rows.into_iter().unzip(), table.file))
}
