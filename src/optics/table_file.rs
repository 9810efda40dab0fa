//! The file of a Q_pr table: CSV `T_M,s,Q_pr`, all sizes of the first temperature, then those of the next, below
//! comment lines that say where the numbers come from.
//!
//! The same command writes the same bytes: no date, no host, and seven digits of Q_pr, fewer than rounding can reach
//! and more than the method is worth. The file appears under its name only when it is complete. What does not live
//! here: reading it ([`crate::tables`]) and the words of the command ([`crate::cli::qpr`], the file to read next).

use super::OpticsError;
use super::efficiency::{BLEND_END, BLEND_START};
use super::planck_mean::{QprGrid, fraction_outside};
use super::refractive_index::OpticalConstants;
use crate::files::write_shared;
use std::fmt::Write as _;
use std::path::Path;

/// Where a table comes from, in the words of who made it. No text may hold a line break.
#[derive(Clone, Debug)]
pub struct Provenance {
    /// What the grains are made of.
    pub material: String,
    /// Who measured n and k, and where they are published.
    pub source: String,
    /// Name of the file with n and k.
    pub nk_file: String,
    /// Largest distance of two wavelengths in ln λ.
    pub wavelength_step: f64,
    /// Command that makes the table again.
    pub command: String,
}

/// Text of the table file.
pub fn text(grid: &QprGrid, constants: &OpticalConstants, provenance: &Provenance) -> String {
    let mut text = String::new();
    for (key, value) in header(grid, constants, provenance) {
        // Writing to a String cannot fail.
        let _ = writeln!(text, "# {key}: {value}");
    }
    text.push_str("T_M,s,Q_pr\n");
    for (temperature, row) in grid.temperatures.iter().zip(grid.q_pr.chunks(grid.sizes.len())) {
        for (size, q_pr) in grid.sizes.iter().zip(row) {
            let _ = writeln!(text, "{temperature:?},{size:?},{q_pr:.6e}");
        }
    }
    text
}

fn header(grid: &QprGrid, constants: &OpticalConstants, provenance: &Provenance) -> Vec<(&'static str, String)> {
    let range = constants.range();
    let (outside, at) = grid
        .temperatures
        .iter()
        .map(|&temperature| (fraction_outside(range, temperature), temperature))
        .fold((0.0, grid.temperatures[0]), |worst, next| if next.0 > worst.0 { next } else { worst });
    let names: Vec<&str> =
        constants.axes.iter().map(|axis| axis.name.as_str()).filter(|name| !name.is_empty()).collect();
    let axes = match names.len() {
        0 => "isotropic".to_owned(),
        1 => format!("{} only", names[0]),
        _ => format!("{}, Q_pr averaged with equal weight", names.join(", ")),
    };
    let (count, first, last) = grid.wavelengths;
    let span = |values: &[f64]| (values[0], values[values.len() - 1]);
    let (coldest, hottest) = span(&grid.temperatures);
    let (smallest, largest) = span(&grid.sizes);
    vec![
        ("quantity", "radiation-pressure efficiency of a sphere, mean over a black-body spectrum".to_owned()),
        ("columns", "T_M [K] temperature of the radiating surface, s [m] grain radius, Q_pr [1]".to_owned()),
        ("material", provenance.material.clone()),
        ("source", provenance.source.clone()),
        ("nk_file", provenance.nk_file.clone()),
        ("nk_sha256", constants.sha256.clone()),
        ("nk_range", format!("{:.6} to {:.6} um", range.0 * 1e6, range.1 * 1e6)),
        ("nk_axes", axes),
        (
            "outside_nk_range",
            format!("n and k held at their last value; at most {outside:.1e} of the spectrum (at {at} K)"),
        ),
        (
            "grid",
            format!(
                "{} temperatures {coldest} to {hottest} K, {} sizes {smallest:?} to {largest:?} m",
                grid.temperatures.len(),
                grid.sizes.len()
            ),
        ),
        (
            "spectrum",
            format!(
                "{count} wavelengths {:.4} to {:.1} um: those of the file and a uniform grid, step {:?} in \
                 ln(wavelength); trapezoidal rule",
                first * 1e6,
                last * 1e6,
                provenance.wavelength_step
            ),
        ),
        (
            "method",
            format!(
                "Mie series up to x = 2 pi s/wavelength = {BLEND_START:.0}, ray optics from {BLEND_END:.0}, \
                 a smooth mixture between"
            ),
        ),
        ("program", concat!("marsdisk-mpi ", env!("CARGO_PKG_VERSION")).to_owned()),
        ("command", provenance.command.clone()),
    ]
}

/// Writes a text so that `path` is either complete or untouched.
///
/// # Errors
/// [`OpticsError::Write`] with what the system says.
pub fn write(path: &Path, text: &str) -> Result<(), OpticsError> {
    write_shared(path, text.as_bytes())
        .map_err(|error| OpticsError::Write { path: path.to_owned(), source: error.source })
}
