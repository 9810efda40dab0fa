//! `marsdisk-mpi qpr`: a table of radiation-pressure efficiencies from the optical constants of a material.
//!
//! Only the words of the command live here: its arguments, their defaults, what is said about them. The work is done in
//! [`crate::optics`], in this order: read n and k, average over spectra, write the table.

use super::speech;
use crate::optics::OpticsError;
use crate::optics::planck_mean::planck_means;
use crate::optics::refractive_index::OpticalConstants;
use crate::optics::table_file::{self, Provenance};
use crate::output::OutputError;
use clap::Args;
use std::path::{Path, PathBuf};
use std::str::FromStr;
use thiserror::Error;

/// Temperatures, in kelvin, of a table when none are asked for: close where Mars radiates after the impact, up to the
/// hottest surface that a run accepts.
const DEFAULT_TEMPERATURES: &str = "300,500,700,900,1000,1300,1600,1900,2000,2300,2600,2900,3200,3500,3800,4100,4400,\
                                    4700,5000,5300,5600,5900,6200,6500";

/// Compute the radiation-pressure efficiency Q_pr(T, s) of a material from its optical constants n and k
#[derive(Args, Clone, Debug)]
#[command(after_help = "\
NK_FILE is CSV with the columns wavelength_um, n, k and, for a crystal, axis
(a, b, c: all three, or one); m = n + ik, k >= 0; wavelengths increase; lines
starting with # are comments. For example

  # my glass
  wavelength_um,n,k
  0.2,1.55,0.001
  0.5,1.52,0.0001
  100,2.1,0.3

The table is CSV with the columns T_M (K), s (m), Q_pr. Its first lines say what
it was made of and how; the same command writes the same bytes. With the defaults
it takes about two minutes on two cores. A run reads it from radiation.qpr_table_path.

  marsdisk-mpi qpr glass.csv --material 'my glass' --source 'measured by us' --out qpr_glass.csv

Exit status: 0 done, 2 an argument or NK_FILE is wrong, 5 a file cannot be read or
written.")]
pub struct QprArgs {
    /// File of wavelength_um, n, k and, for a crystal, axis
    #[arg(value_name = "NK_FILE")]
    pub nk_file: PathBuf,

    /// Table to write
    #[arg(long, value_name = "FILE")]
    pub out: PathBuf,

    /// What the grains are made of; goes into the table's header
    #[arg(long, value_name = "TEXT")]
    pub material: String,

    /// Where n and k come from (authors, journal, database); goes into the table's header
    #[arg(long, value_name = "TEXT")]
    pub source: String,

    /// Smallest grain radius, in metres
    #[arg(long, value_name = "METRES", default_value = "1e-8")]
    pub s_min: f64,

    /// Largest grain radius, in metres
    #[arg(long, value_name = "METRES", default_value = "3")]
    pub s_max: f64,

    /// Number of grain radii, equally spaced in their logarithm; the default is ten per decade
    #[arg(long, value_name = "COUNT", default_value_t = 86)]
    pub sizes: usize,

    /// Temperatures of the radiating surface, in kelvin: a list 1000,2000,3000 or an even range MIN:MAX:COUNT
    #[arg(long, value_name = "LIST", default_value = DEFAULT_TEMPERATURES)]
    pub temperatures: Temperatures,

    /// Largest step between two wavelengths, in ln(wavelength); half of it takes twice the time
    #[arg(long, value_name = "STEP", default_value = "1e-3")]
    pub wavelength_step: f64,

    /// Replace the table if it exists
    #[arg(long)]
    pub overwrite: bool,
}

/// Temperatures in kelvin, increasing, and how they were asked for.
#[derive(Clone, Debug, PartialEq)]
pub struct Temperatures {
    /// The numbers.
    pub kelvin: Vec<f64>,
    /// The argument as given.
    asked: String,
}

impl FromStr for Temperatures {
    type Err = String;

    fn from_str(asked: &str) -> Result<Self, String> {
        let number = |text: &str| match text.trim().parse::<f64>() {
            Ok(value) if value > 0.0 && value.is_finite() => Ok(value),
            _ => Err(format!("`{text}` is not a temperature above 0 K")),
        };
        let kelvin = match asked.split(':').collect::<Vec<_>>()[..] {
            [low, high, count] => {
                let (low, high) = (number(low)?, number(high)?);
                let count = count.trim().parse::<usize>().ok().filter(|&count| (2..=10_000).contains(&count));
                let count = count.ok_or("the COUNT of MIN:MAX:COUNT must be a number from 2 to 10000")?;
                (0..count).map(|i| low + (high - low) * i as f64 / (count - 1) as f64).collect()
            }
            [list] => list.split(',').map(number).collect::<Result<Vec<_>, _>>()?,
            _ => return Err("give a list 1000,2000,3000 or a range MIN:MAX:COUNT".to_owned()),
        };
        if kelvin.len() < 2 {
            return Err("a table needs at least two temperatures".to_owned());
        }
        if let Some(pair) = kelvin.windows(2).find(|pair| pair[0] >= pair[1]) {
            return Err(format!("temperatures must increase; {} is followed by {}", pair[0], pair[1]));
        }
        Ok(Self { kelvin, asked: asked.to_owned() })
    }
}

/// Why there is no table.
#[derive(Debug, Error)]
pub enum QprError {
    /// An argument is out of range.
    #[error("--{argument} {found}: {right}")]
    Argument {
        /// Name of the option.
        argument: &'static str,
        /// Value given.
        found: String,
        /// What would be right.
        right: &'static str,
    },
    /// The table exists already.
    #[error("{}: exists already; choose another --out or add --overwrite", .0.display())]
    Exists(PathBuf),
    /// The optical constants, the computation or the files.
    #[error(transparent)]
    Optics(#[from] OpticsError),
    /// The standard output.
    #[error(transparent)]
    Output(#[from] OutputError),
}

impl QprError {
    /// Exit status of the command: 5 when a file cannot be read or written, 2 when the input is wrong.
    pub fn exit_code(&self) -> u8 {
        match self {
            Self::Optics(OpticsError::Read { .. } | OpticsError::Write { .. }) | Self::Output(_) => 5,
            _ => 2,
        }
    }
}

/// Makes the table that the arguments ask for.
///
/// # Errors
/// [`QprError`]; nothing is written then, and what stood at `--out` is untouched.
pub fn run(args: &QprArgs) -> Result<(), QprError> {
    let sizes = sizes(args)?;
    check(args)?;
    let constants = OpticalConstants::read(&args.nk_file)?;
    let (temperatures, radii) = (args.temperatures.kelvin.len(), sizes.len());
    speech::print(&format!(
        "computing {temperatures} temperatures x {radii} radii; the default grid takes about two minutes\n"
    ))?;
    let grid = planck_means(&constants, &args.temperatures.kelvin, &sizes, args.wavelength_step)?;
    let provenance = Provenance {
        material: args.material.clone(),
        source: args.source.clone(),
        nk_file: args.nk_file.file_name().map_or_else(String::new, |name| name.to_string_lossy().into_owned()),
        wavelength_step: args.wavelength_step,
        command: command(args),
    };
    table_file::write(&args.out, &table_file::text(&grid, &constants, &provenance))?;
    Ok(speech::print(&format!("wrote {}\n", args.out.display()))?)
}

/// Radii equally spaced in ln s, rounded to six digits: what the table says is what was computed.
fn sizes(args: &QprArgs) -> Result<Vec<f64>, QprError> {
    let wrong = |argument, found: String, right| Err(QprError::Argument { argument, found, right });
    if !(1e-12..=1e6).contains(&args.s_min) {
        return wrong("s-min", format!("{:?}", args.s_min), "must be between 1e-12 and 1e6 m");
    }
    if !(args.s_max > args.s_min && args.s_max <= 1e6) {
        return wrong("s-max", format!("{:?}", args.s_max), "must be above --s-min and at most 1e6 m");
    }
    if !(2..=100_000).contains(&args.sizes) {
        return wrong("sizes", args.sizes.to_string(), "must be between 2 and 100000");
    }
    let last = args.sizes - 1;
    let sizes: Vec<f64> =
        (0..=last).map(|i| round(args.s_min * (args.s_max / args.s_min).powf(i as f64 / last as f64))).collect();
    if sizes.windows(2).any(|pair| pair[0] >= pair[1]) {
        return wrong("sizes", args.sizes.to_string(), "radii would agree in their first six digits; ask for fewer");
    }
    Ok(sizes)
}

/// The number with six significant digits.
fn round(value: f64) -> f64 {
    // A formatted number parses; should it not, the unrounded one is as good.
    format!("{value:.5e}").parse().unwrap_or(value)
}

/// What can be refused before minutes of work.
fn check(args: &QprArgs) -> Result<(), QprError> {
    let step = args.wavelength_step;
    if !(1e-6..=0.1).contains(&step) {
        let right = "must be between 1e-6 and 0.1";
        return Err(QprError::Argument { argument: "wavelength-step", found: format!("{step:?}"), right });
    }
    for (argument, text) in [("material", &args.material), ("source", &args.source)] {
        if text.trim().is_empty() || text.contains(['\n', '\r']) {
            let right = "must be one line of text";
            return Err(QprError::Argument { argument, found: format!("{text:?}"), right });
        }
    }
    if !args.overwrite && args.out.exists() {
        return Err(QprError::Exists(args.out.clone()));
    }
    Ok(())
}

/// The command with every choice spelled out, defaults too, so that it makes the same table in later versions.
fn command(args: &QprArgs) -> String {
    let path = |path: &Path| quoted(&path.to_string_lossy());
    format!(
        "marsdisk-mpi qpr {} --out {} --material {} --source {} --s-min {:?} --s-max {:?} --sizes {} --temperatures {} \
         --wavelength-step {:?}",
        path(&args.nk_file),
        path(&args.out),
        quoted(&args.material),
        quoted(&args.source),
        args.s_min,
        args.s_max,
        args.sizes,
        quoted(&args.temperatures.asked),
        args.wavelength_step
    )
}

/// A word as a POSIX shell reads it back; line breaks, which only a path could hold, become spaces.
fn quoted(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./:,=+@%".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        word.to_owned()
    } else {
        format!("'{}'", word.replace('\'', r"'\''").replace(['\n', '\r'], " "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn temperatures_are_a_list_or_an_even_range() {
        assert_eq!("300, 500,6500".parse::<Temperatures>().unwrap().kelvin, [300.0, 500.0, 6500.0]);
        assert_eq!("1000:2000:3".parse::<Temperatures>().unwrap().kelvin, [1000.0, 1500.0, 2000.0]);
        let default = DEFAULT_TEMPERATURES.parse::<Temperatures>().unwrap().kelvin;
        assert_eq!((default.len(), default[0], default[23]), (24, 300.0, 6500.0));
    }

    #[test]
    fn temperatures_that_make_no_table_are_refused() {
        for (asked, part) in [
            ("300", "at least two"),
            ("500,300", "must increase"),
            ("300,x", "`x`"),
            ("0,300", "`0`"),
            ("1:2", "MIN:MAX:COUNT"),
            ("300:400:1", "COUNT"),
            ("400:300:3", "must increase"),
            ("nan,300", "`nan`"),
        ] {
            let error = asked.parse::<Temperatures>().unwrap_err();
            assert!(error.contains(part), "{asked}: {error}");
        }
    }

    #[test]
    fn words_are_quoted_for_the_shell() {
        assert_eq!(quoted("data/nk.csv"), "data/nk.csv");
        assert_eq!(quoted("O'Neill & sons"), r"'O'\''Neill & sons'");
        assert_eq!(quoted(""), "''");
    }
}
