//! Self-shielding Φ(τ).

use std::path::Path;

use super::{Curve, Read, Source};

/// Albedo and asymmetry up to this count as zero.
const NEARLY_ZERO: f64 = 1e-9;

/// Reads τ, strictly ascending, and Φ. A single row stands for a constant.
///
/// Columns: `tau`, and `phi` or `Phi`. Where there are columns `w0` (albedo) and `g` (asymmetry), only rows in which
/// they are zero are taken; `or_smallest`: else those in which they are smallest, as the Python program does.
///
/// # Errors
/// As [`super::read_columns`], τ that does not ascend, no row of zero albedo and asymmetry.
pub fn read(path: &Path, or_smallest: bool) -> Read<Curve> {
    let source = Source::open(path)?;
    let phi = if !source.has("phi") && source.has("Phi") { "Phi" } else { "phi" };
    let mut wanted = vec!["tau", phi];
    wanted.extend(["w0", "g"].into_iter().filter(|name| source.has(name)));
    let table = source.columns(&wanted)?;
    let mut rows: Vec<usize> = (0..table.len()).collect();
    for (name, column) in wanted.iter().zip(0..).skip(2) {
        let value = |row: &usize| table.column(column)[*row];
        let smallest = rows.iter().map(value).fold(f64::INFINITY, f64::min);
        let zero = rows.iter().any(|row| value(row).abs() <= NEARLY_ZERO);
        if !zero && !or_smallest {
            return Err(table.wrong(format!("it has no row with {name} = 0")));
        }
        if !zero {
            tracing::warn!("{}: no row has {name} = 0, those with {smallest} count", path.display());
        }
        rows.retain(|row| if zero { value(row).abs() <= NEARLY_ZERO } else { value(row) == smallest });
    }
    let tau: Vec<f64> = rows.iter().map(|row| table.column(0)[*row]).collect();
    if let Some(index) = (1..tau.len()).find(|index| tau[*index] <= tau[index - 1]) {
        let reason = format!("tau = {} must be above the {} before it", tau[index], tau[index - 1]);
        return Err(table.wrong_row(rows[index], reason));
    }
    let values = rows.iter().map(|row| table.column(1)[*row]).collect();
    Ok(((tau, values), table.file))
}
