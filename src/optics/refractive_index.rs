//! Optical constants of a material: the file of n and k over wavelength, read, checked and interpolated.
//!
//! The file is CSV with a header naming the columns `wavelength_um`, `n`, `k` and, for a crystal, `axis` (a, b, c; one
//! of them or all three), in any order; lines that start with `#` are comments. Within an axis wavelengths increase.
//!
//! Between two wavelengths n runs linearly in ln λ, and so does ln k; where one of the two k is 0 (which in measured
//! data means below detection) k itself runs linearly. Outside the measured range the value at its end is held; how
//! much of a spectrum lies there is counted by [`super::planck_mean`], the file to read next.

use super::OpticsError;
use super::mie::RefractiveIndex;
use crate::files::sha256;
use csv::{ErrorKind, StringRecord};
use std::path::Path;

/// n and k of a material along one axis, or of an isotropic one.
#[derive(Clone, Debug, PartialEq)]
pub struct Axis {
    /// `a`, `b` or `c`; empty when the file has no column `axis`.
    pub name: String,
    /// Wavelengths in vacuum \[m\], increasing, at least two.
    pub wavelengths: Vec<f64>,
    /// Index at each wavelength.
    pub indices: Vec<RefractiveIndex>,
}

impl Axis {
    /// Index at a wavelength \[m\], any positive number; interpolated as the head of this file says.
    pub fn at(&self, wavelength: f64) -> RefractiveIndex {
        let upper = self.wavelengths.partition_point(|&w| w <= wavelength).clamp(1, self.wavelengths.len() - 1);
        let (low, high) = (self.wavelengths[upper - 1], self.wavelengths[upper]);
        let t = ((wavelength / low).ln() / (high / low).ln()).clamp(0.0, 1.0);
        let (from, to) = (self.indices[upper - 1], self.indices[upper]);
        let k =
            if from.k > 0.0 && to.k > 0.0 { from.k * (to.k / from.k).powf(t) } else { from.k + (to.k - from.k) * t };
        // Between two passive indices, hence passive itself.
        RefractiveIndex { n: from.n + (to.n - from.n) * t, k }
    }
}

/// The optical constants of one file.
#[derive(Clone, Debug, PartialEq)]
pub struct OpticalConstants {
    /// One axis, or three of equal weight.
    pub axes: Vec<Axis>,
    /// SHA-256 of the file's bytes, hexadecimal.
    pub sha256: String,
}

impl OpticalConstants {
    /// Reads and checks a file.
    ///
    /// # Errors
    /// [`OpticsError::Read`] when it cannot be read; [`OpticsError::Line`] and [`OpticsError::File`] with what was
    /// found and what would be right when its content is not usable.
    pub fn read(path: &Path) -> Result<Self, OpticsError> {
        let bytes = std::fs::read(path).map_err(|source| OpticsError::Read { path: path.to_owned(), source })?;
        Parser { path, axes: Vec::new() }.parse(&bytes)
    }

    /// Wavelengths \[m\] between which every axis has data: longest first and shortest last wavelength.
    pub fn range(&self) -> (f64, f64) {
        self.axes.iter().fold((0.0, f64::INFINITY), |(low, high), axis| {
            (f64::max(low, axis.wavelengths[0]), f64::min(high, axis.wavelengths[axis.wavelengths.len() - 1]))
        })
    }
}

/// Where each column stands in the file.
struct Columns {
    wavelength: usize,
    n: usize,
    k: usize,
    axis: Option<usize>,
}

/// Collects the axes of one file and words its errors.
struct Parser<'a> {
    path: &'a Path,
    axes: Vec<Axis>,
}

impl Parser<'_> {
    fn parse(mut self, bytes: &[u8]) -> Result<OpticalConstants, OpticsError> {
        let mut reader =
            csv::ReaderBuilder::new().comment(Some(b'#')).has_headers(false).trim(csv::Trim::All).from_reader(bytes);
        let mut record = StringRecord::new();
        let mut columns = None;
        loop {
            let more = reader.read_record(&mut record);
            // The reader now stands behind the record; the record's own position is that of the comments before it.
            let line = line_before(bytes, reader.position().byte());
            if !more.map_err(|error| self.malformed(&error, line))? {
                break;
            }
            match &columns {
                None => columns = Some(self.header(&record, line)?),
                Some(columns) => self.row(&record, columns, line)?,
            }
        }
        self.finish(bytes)
    }

    fn header(&self, record: &StringRecord, line: u64) -> Result<Columns, OpticsError> {
        const KNOWN: [&str; 4] = ["wavelength_um", "n", "k", "axis"];
        let right = "the columns are wavelength_um, n, k and, for a crystal, axis";
        if let Some(other) = record.iter().find(|name| !KNOWN.contains(name)) {
            return Err(self.line(line, format!("column `{other}` is not known; {right}")));
        }
        let place = |name: &str| record.iter().position(|found| found == name);
        let required = |name: &str| {
            place(name).ok_or_else(|| {
                let found = record.iter().collect::<Vec<_>>().join(", ");
                self.line(line, format!("column `{name}` is missing (found {found}); {right}"))
            })
        };
        if let Some(twice) = KNOWN.iter().find(|name| record.iter().filter(|found| found == *name).count() > 1) {
            return Err(self.line(line, format!("column `{twice}` stands twice; {right}")));
        }
        Ok(Columns {
            wavelength: required("wavelength_um")?,
            n: required("n")?,
            k: required("k")?,
            axis: place("axis"),
        })
    }

    fn row(&mut self, record: &StringRecord, columns: &Columns, line: u64) -> Result<(), OpticsError> {
        let number = |column: usize, name: &str| match record[column].parse::<f64>() {
            Ok(value) if value.is_finite() => Ok(value),
            _ => Err(self.line(line, format!("{name} is `{}`; it must be a finite number", &record[column]))),
        };
        let wavelength = number(columns.wavelength, "wavelength_um")?;
        let (n, k) = (number(columns.n, "n")?, number(columns.k, "k")?);
        if wavelength <= 0.0 {
            return Err(self.line(line, format!("wavelength_um is {wavelength}; it must be above 0, in micrometres")));
        }
        let index = RefractiveIndex::new(n, k).map_err(|error| self.line(line, error.to_string()))?;
        let name = columns.axis.map_or("", |column| &record[column]);
        if columns.axis.is_some() && !["a", "b", "c"].contains(&name) {
            return Err(self.line(line, format!("axis is `{name}`; it must be a, b or c")));
        }
        let place = self.axes.iter().position(|axis| axis.name == name).unwrap_or_else(|| {
            self.axes.push(Axis { name: name.to_owned(), wavelengths: Vec::new(), indices: Vec::new() });
            self.axes.len() - 1
        });
        let metres = wavelength * 1e-6;
        if let Some(&before) = self.axes[place].wavelengths.last().filter(|&&before| metres <= before) {
            let relation = if metres == before { "repeats" } else { "is below" };
            let of_axis = if name.is_empty() { String::new() } else { format!(" of axis {name}") };
            return Err(self.line(
                line,
                format!("wavelength_um {wavelength} {relation} the one before it{of_axis}; wavelengths must increase"),
            ));
        }
        self.axes[place].wavelengths.push(metres);
        self.axes[place].indices.push(index);
        Ok(())
    }

    fn finish(self, bytes: &[u8]) -> Result<OpticalConstants, OpticsError> {
        if self.axes.is_empty() {
            return Err(self.file("holds no data; expected a header wavelength_um,n,k[,axis] and lines of numbers"));
        }
        if let Some(short) = self.axes.iter().find(|axis| axis.wavelengths.len() < 2) {
            let of_axis = if short.name.is_empty() { String::new() } else { format!(" for axis {}", short.name) };
            return Err(self.file(&format!("holds one wavelength{of_axis}; at least two are needed")));
        }
        if self.axes.len() == 2 {
            let names = format!("{} and {}", self.axes[0].name, self.axes[1].name);
            return Err(self.file(&format!(
                "holds the axes {names}; one or all three are needed (repeat the ordinary ray of a uniaxial crystal)"
            )));
        }
        let constants = OpticalConstants { sha256: sha256(bytes), axes: self.axes };
        let (low, high) = constants.range();
        if low >= high {
            let problem = "the wavelengths of the axes do not overlap; give them a common range".to_owned();
            return Err(OpticsError::File { path: self.path.to_owned(), problem });
        }
        Ok(constants)
    }

    /// What the CSV reader itself stumbles over.
    fn malformed(&self, error: &csv::Error, line: u64) -> OpticsError {
        match error.kind() {
            ErrorKind::UnequalLengths { expected_len, len, .. } => {
                self.line(line, format!("holds {len} values; the header has {expected_len} columns"))
            }
            ErrorKind::Utf8 { .. } => self.line(line, "is not text in UTF-8".to_owned()),
            _ => self.file(&error.to_string()),
        }
    }

    fn line(&self, line: u64, problem: String) -> OpticsError {
        OpticsError::Line { path: self.path.to_owned(), line, problem }
    }

    fn file(&self, problem: &str) -> OpticsError {
        OpticsError::File { path: self.path.to_owned(), problem: problem.to_owned() }
    }
}

/// Number of the last line, from 1, that has content before a byte.
fn line_before(bytes: &[u8], byte: u64) -> u64 {
    let read = &bytes[..(byte as usize).min(bytes.len())];
    let content = read.trim_ascii_end();
    content.iter().filter(|&&b| b == b'\n').count() as u64 + 1
}

#[cfg(test)]
mod tests;
