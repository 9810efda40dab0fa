//! Eccentricity over radius.

use std::path::Path;

use super::{Curve, Read, read_columns};

/// Reads radii, sorted and different, and eccentricities.
///
/// - `radius`: name of the radius column, `r_RM` \[R_Mars\] or `r_m` \[m\]; the other column is `e`
///
/// # Errors
/// As [`super::read_columns`], a radius that is not positive, a radius that occurs twice.
pub fn read(path: &Path, radius: &str) -> Read<Curve> {
    let table = read_columns(path, &[radius, "e"])?;
    let radii = table.column(0);
    if let Some(row) = radii.iter().position(|r| *r <= 0.0) {
        return Err(table.wrong_row(row, format!("{radius} = {} must be positive", radii[row])));
    }
    let mut order: Vec<usize> = (0..table.len()).collect();
    order.sort_by(|a, b| radii[*a].total_cmp(&radii[*b]));
    if let Some(pair) = order.windows(2).find(|pair| radii[pair[0]] == radii[pair[1]]) {
        return Err(table.wrong_row(pair[1], format!("{radius} = {} occurs twice", radii[pair[1]])));
    }
    let sorted = |column: usize| order.iter().map(|row| table.column(column)[*row]).collect();
    Ok(((sorted(0), sorted(1)), table.file.clone()))
}
