//! What can go wrong in this room, with the value that was found and what would be right.

use std::path::PathBuf;
use thiserror::Error;

/// Errors of reading optical constants, computing efficiencies and writing their table.
#[derive(Debug, Error)]
pub enum OpticsError {
    /// n or k is outside the range of a passive material.
    #[error("refractive index n = {n}, k = {k}: n must be above 0, k 0 or above, both finite and below 1000")]
    RefractiveIndex {
        /// Real part found.
        n: f64,
        /// Imaginary part found.
        k: f64,
    },
    /// The size parameter is outside the range of the series.
    #[error("size parameter x = 2πs/λ = {x}: must be between 1e-20 and 1e6")]
    SizeParameter {
        /// Value found.
        x: f64,
    },
    /// The size or the wavelength of a sphere is not a positive number.
    #[error("size parameter x = 2πs/λ = {x}: must be a positive number")]
    NotAPositiveSize {
        /// Value found.
        x: f64,
    },
    /// A file of optical constants cannot be opened or read.
    #[error("{}: cannot be read: {source}", path.display())]
    Read {
        /// File asked for.
        path: PathBuf,
        /// What the system says.
        source: std::io::Error,
    },
    /// A line of a file of optical constants is wrong.
    #[error("{}:{line}: {problem}", path.display())]
    Line {
        /// File that was read.
        path: PathBuf,
        /// Line number, from 1.
        line: u64,
        /// What was found and what is right.
        problem: String,
    },
    /// A file of optical constants is wrong as a whole.
    #[error("{}: {problem}", path.display())]
    File {
        /// File that was read.
        path: PathBuf,
        /// What was found and what is right.
        problem: String,
    },
    /// A grid of temperatures, sizes or wavelengths is unusable.
    #[error("{what}: {problem}")]
    Grid {
        /// Which grid.
        what: &'static str,
        /// What was found and what is right.
        problem: String,
    },
    /// The table cannot be written.
    #[error("{}: cannot be written: {source}", path.display())]
    Write {
        /// File asked for.
        path: PathBuf,
        /// What the system says.
        source: std::io::Error,
    },
}
