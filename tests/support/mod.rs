//! What tests of whole runs share: disks of the shipped configurations, runs of the program, and its tables.

#![allow(dead_code)] // every test file uses its own part

pub mod interrupted;
pub mod small_disk;

use arrow_array::cast::AsArray;
use arrow_array::types::{Float64Type, Int64Type};
use arrow_array::{Array, RecordBatch};
use assert_cmd::Command;
use marsdisk_mpi::config::{self, Profile};
use marsdisk_mpi::disk::setup::{self, Setup};
use marsdisk_mpi::parallel::communicator::Serial;
use marsdisk_mpi::physics::orbit::angular_frequency;
use marsdisk_mpi::run::clock::{Clock, OutputTimes, Pace};
use marsdisk_mpi::run::driver::{self, Course, Desk, Ended};
use marsdisk_mpi::run::orders::Signals;
use marsdisk_mpi::run::stop::{StopReason, StopRules};
use marsdisk_mpi::run::time_grid::{FirstStep, Request, TimeGrid};
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use std::collections::HashMap;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::Output;
use tempfile::TempDir;

/// No condition ends a run early.
pub const NO_RULES: StopRules = StopRules {
    blowout_at_most: None,
    loss_rate_at_most: None,
    not_before: 0.0,
    loss_stops_at_once: false,
    column: false,
    enforce_budget: false,
};

/// A configuration that is shipped with the program.
pub fn shipped(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("configs").join(name)
}

/// A file of the tests.
pub fn data(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data").join(name)
}

/// The disk of a configuration with some keys changed.
pub fn disk(config: &Path, overrides: &[&str], profile: Option<Profile>) -> Setup {
    let overrides: Vec<String> = overrides.iter().map(|text| text.to_string()).collect();
    let loaded = config::load(config, &overrides, profile).unwrap_or_else(|error| panic!("{error}"));
    setup::build(&loaded).unwrap_or_else(|error| panic!("{error}"))
}

/// One cell around a Mars that keeps its 3200 K, with tight tolerances, for closed forms; `overrides` win.
pub fn still(overrides: &[&str]) -> Setup {
    let mut all = vec![
        "geometry.Nr=1",
        "radiation.TM_K=3200",
        "radiation.mars_temperature_driver.enabled=false",
        "radiation.qpr_table_path=null",
        "radiation.Q_pr=0.7",
        "numerics.rtol=1e-9",
        "numerics.atol=1e-15",
        "optical_depth.tau_stop=1e6",
    ];
    all.extend(overrides);
    disk(&shipped("quick.yml"), &all, None)
}

/// Runs a disk of [`still`] for `seconds`, to its end.
pub fn run_to_end(setup: &mut Setup, seconds: f64) {
    assert_eq!(evolve(setup, ADAPTIVE, 100.0, seconds).result.unwrap(), StopReason::EndReached);
}

/// Runs a disk for `seconds`, from steps of `first` [s] on, without writing anything.
pub fn evolve(setup: &mut Setup, pace: Pace, first: f64, seconds: f64) -> Ended {
    let clock = Clock::new(time_grid(setup, first, seconds), pace, OutputTimes::EveryStep);
    driver::run(course(setup, clock), Desk::default(), &mut |_| {}).unwrap()
}

/// A disk and a clock, in one process on one thread.
pub fn course(setup: &mut Setup, clock: Clock) -> Course<'_> {
    let Setup { model, cells, .. } = setup;
    Course {
        model,
        cells,
        clock,
        rules: NO_RULES,
        threads: None,
        chunk: 1,
        communicator: &Serial,
        from: None,
        signals: Signals::default(),
    }
}

/// The time grid of a run of `seconds` with a first step of `first` [s].
pub fn time_grid(setup: &Setup, first: f64, seconds: f64) -> TimeGrid {
    let request = Request {
        years: Some(1.0),
        orbits: None,
        until_temperature: None,
        temperature_margin_years: 0.0,
        temperature_search_years: None,
        temperature_by_halving: false,
        min_years: None,
        first_step: FirstStep::Seconds(first),
    };
    let omega = angular_frequency(setup.model.grid.middle());
    TimeGrid { t_end: seconds, ..TimeGrid::resolve(request, 1.0, &setup.model.cooling, omega).unwrap() }
}

/// Steps as long as drivers allow that may change by 10⁻³.
pub const ADAPTIVE: Pace = Pace::Adaptive { rtol: 1e-3, dt_max: f64::INFINITY };

/// The program with these arguments.
pub fn program(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_marsdisk-mpi"));
    command.args(arguments);
    command
}

/// A run of the program in a folder of its own.
pub struct Run {
    folder: TempDir,
    pub output: Output,
}

impl Run {
    /// Runs a configuration with `overrides` and further `arguments`.
    pub fn new(config: &Path, overrides: &[&str], arguments: &[&str]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut command = program(&["--quiet"]);
        command.arg(config).arg("--outdir").arg(folder.path().join("out")).args(arguments);
        if !overrides.is_empty() {
            command.arg("--override").args(overrides);
        }
        let output = command.output().unwrap();
        Run { folder, output }
    }

    /// The same; fails unless the run finished.
    pub fn finished(config: &Path, overrides: &[&str], arguments: &[&str]) -> Self {
        let run = Self::new(config, overrides, arguments);
        assert_eq!(run.status(), 0, "{}", run.stderr());
        run
    }

    pub fn status(&self) -> i32 {
        self.output.status.code().unwrap_or(-1)
    }

    pub fn stderr(&self) -> String {
        String::from_utf8_lossy(&self.output.stderr).into_owned()
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join("out").join(name)
    }

    pub fn json(&self, name: &str) -> serde_json::Value {
        let text = fs::read_to_string(self.path(name)).unwrap_or_else(|error| panic!("{name}: {error}"));
        serde_json::from_str(&text).unwrap_or_else(|error| panic!("{name}: {error}"))
    }

    pub fn summary(&self) -> serde_json::Value {
        self.json("summary.json")
    }

    pub fn table(&self, name: &str) -> Table {
        Table::read(&self.path(name))
    }

    /// Numbers of a CSV table by column; True and False are 1 and 0.
    pub fn csv(&self, name: &str) -> HashMap<String, Vec<f64>> {
        let number = |text: &String| match text.as_str() {
            "True" => 1.0,
            "False" => 0.0,
            "" => f64::NAN,
            number => number.parse().unwrap_or_else(|_| panic!("{name}: {number}")),
        };
        let numbers = |(column, words): (String, Vec<String>)| (column, words.iter().map(number).collect());
        self.csv_text(name).into_iter().map(numbers).collect()
    }

    /// Words of a CSV table by column.
    pub fn csv_text(&self, name: &str) -> HashMap<String, Vec<String>> {
        let mut reader = csv::Reader::from_path(self.path(name)).unwrap_or_else(|error| panic!("{name}: {error}"));
        let header: Vec<String> = reader.headers().unwrap().iter().map(str::to_string).collect();
        let mut columns: Vec<Vec<String>> = vec![Vec::new(); header.len()];
        for row in reader.records() {
            for (column, text) in columns.iter_mut().zip(&row.unwrap()) {
                column.push(text.to_string());
            }
        }
        header.into_iter().zip(columns).collect()
    }

    /// Every file of the run, relative to its folder, in order.
    pub fn files(&self) -> Vec<PathBuf> {
        files_below(&self.path(""))
    }
}

/// Every file below a folder, relative to it, in order.
pub fn files_below(folder: &Path) -> Vec<PathBuf> {
    fn collect(folder: &Path, found: &mut Vec<PathBuf>) {
        for entry in fs::read_dir(folder).into_iter().flatten() {
            let path = entry.unwrap().path();
            if path.is_dir() { collect(&path, found) } else { found.push(path) }
        }
    }
    let mut found = Vec::new();
    collect(folder, &mut found);
    found.sort();
    found.into_iter().map(|path| path.strip_prefix(folder).unwrap().to_path_buf()).collect()
}

/// A Parquet table.
pub struct Table {
    batches: Vec<RecordBatch>,
}

impl Table {
    fn read(path: &Path) -> Self {
        let file = File::open(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        let reader = ParquetRecordBatchReaderBuilder::try_new(file).unwrap().build().unwrap();
        Table { batches: reader.map(Result::unwrap).collect() }
    }

    /// Names of the columns, in order.
    pub fn names(&self) -> Vec<String> {
        self.batches[0].schema().fields().iter().map(|field| field.name().clone()).collect()
    }

    /// A column, entry by entry.
    fn column<T>(&self, name: &str, entry: impl Fn(&dyn Array, usize) -> T) -> Vec<T> {
        let mut values = Vec::new();
        for batch in &self.batches {
            let column = batch.column_by_name(name).unwrap_or_else(|| panic!("no column {name}"));
            values.extend((0..column.len()).map(|row| entry(column, row)));
        }
        values
    }

    /// Numbers; null is NaN, a flag 0 or 1.
    pub fn real(&self, name: &str) -> Vec<f64> {
        self.column(name, |column, row| match column.as_boolean_opt() {
            _ if column.is_null(row) => f64::NAN,
            Some(flags) => f64::from(flags.value(row)),
            None => column.as_primitive::<Float64Type>().value(row),
        })
    }

    pub fn integer(&self, name: &str) -> Vec<i64> {
        self.column(name, |column, row| column.as_primitive::<Int64Type>().value(row))
    }

    pub fn flag(&self, name: &str) -> Vec<bool> {
        self.column(name, |column, row| column.as_boolean().value(row))
    }

    pub fn text(&self, name: &str) -> Vec<Option<String>> {
        self.column(name, |column, row| {
            (!column.is_null(row)).then(|| column.as_string::<i32>().value(row).to_string())
        })
    }
}

/// Fails unless two numbers agree to a relative tolerance.
#[track_caller]
pub fn assert_close(found: f64, wanted: f64, tolerance: f64) {
    assert!((found - wanted).abs() <= tolerance * wanted.abs(), "{found:e} instead of {wanted:e}");
}
