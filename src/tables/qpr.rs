//! Radiation-pressure efficiencies: rows of temperature, grain size, Q_pr.

use std::path::Path;

use super::{Read, Source};

/// Name of the table that is built in, that of data/qpr_forsterite.csv.
pub const BUILT_IN: &str = "forsterite";

/// Reads rows (temperature of Mars \[K\], grain size \[m\], Q_pr), in the order of the file.
///
/// Columns: `T_M`, `s` (or `log10_s`, of which 10^x is taken, when there is no `s`) and `Q_pr`. Temperatures and sizes
/// are positive; whether the rows fill a rectangle is for the table of `physics` to say.
///
/// # Errors
/// As [`super::read_columns`], and a temperature or size that is not positive.
pub fn read(path: &Path) -> Read<Vec<(f64, f64, f64)>> {
    rows(Source::open(path)?)
}

/// The same of the table that is built in.
///
/// # Errors
/// None, unless the program was built with a table that is none.
pub fn read_built_in() -> Read<Vec<(f64, f64, f64)>> {
    rows(Source::built_in(BUILT_IN, include_str!("../../data/qpr_forsterite.csv"))?)
}

fn rows(source: Source) -> Read<Vec<(f64, f64, f64)>> {
    let logarithmic = !source.has("s") && source.has("log10_s");
    let table = source.columns(&["T_M", if logarithmic { "log10_s" } else { "s" }, "Q_pr"])?;
    let rows = (0..table.len()).map(|row| {
        let size = table.column(1)[row];
        let (temperature, q_pr) = (table.column(0)[row], table.column(2)[row]);
        let size = if logarithmic { 10_f64.powf(size) } else { size };
        if temperature <= 0.0 || size <= 0.0 || !size.is_finite() {
            let reason = format!("temperature {temperature} K and size {size} m must be positive");
            return Err(table.wrong_row(row, reason));
        }
        Ok((temperature, size, q_pr))
    });
    Ok((rows.collect::<Result<_, _>>()?, table.file.clone()))
}
