//! Vapour fraction over temperature and optical depth.

use std::path::Path;

use super::{Read, Source};

/// Temperatures \[K\] and optical depths, sorted, and the vapour fractions row by row.
pub type PhaseRows = (Vec<f64>, Vec<f64>, Vec<f64>);

/// Reads a rectangle of vapour fractions.
///
/// Columns: `T_K`, `f_vap` and, where the fraction depends on it, `tau`. The rows may stand in any order.
///
/// # Errors
/// As [`super::read_columns`], and rows that do not fill the rectangle or give a point twice.
pub fn read(path: &Path) -> Read<PhaseRows> {
    let source = Source::open(path)?;
    let mut wanted = vec!["T_K", "f_vap"];
    wanted.extend(source.has("tau").then_some("tau"));
    let table = source.columns(&wanted)?;
    let tau = |row: usize| if wanted.len() > 2 { table.column(2)[row] } else { 0.0 };
    let mut rows: Vec<(f64, f64, f64)> =
        (0..table.len()).map(|row| (table.column(0)[row], tau(row), table.column(1)[row])).collect();
    rows.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.total_cmp(&b.1)));
    let mut temperatures: Vec<f64> = rows.iter().map(|row| row.0).collect();
    temperatures.dedup();
    let width = rows.len() / temperatures.len();
    let taus: Vec<f64> = rows[..width].iter().map(|row| row.1).collect();
    let full = rows.chunks(width).zip(&temperatures).all(|(chunk, temperature)| {
        chunk.iter().all(|row| row.0 == *temperature) && chunk.iter().map(|row| row.1).eq(taus.iter().copied())
    });
    if !full || width * temperatures.len() != rows.len() {
        return Err(table.wrong("its rows must give one f_vap for every T_K at every tau"));
    }
    Ok(((temperatures, taus, rows.iter().map(|row| row.2).collect()), table.file))
}
