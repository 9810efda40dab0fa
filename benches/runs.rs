//! A cell's coupling step, whole runs by the number of cells, and what writing adds to them. `scripts/bench.sh` runs this.

#[path = "../tests/support/mod.rs"]
mod support;

use divan::Bencher;
use divan::counter::ItemsCount;
use marsdisk_mpi::cli::facts;
use marsdisk_mpi::config;
use marsdisk_mpi::disk::budget::BudgetRow;
use marsdisk_mpi::disk::report::{CellFacts, CellReport, StepFacts};
use marsdisk_mpi::disk::setup::Setup;
use marsdisk_mpi::disk::step::step;
use marsdisk_mpi::disk::workers::Workspace;
use marsdisk_mpi::output::folder::OutputFolder;
use marsdisk_mpi::output::recorder::{BinFacts, Distributions, OutputOptions, Recorder};
use marsdisk_mpi::parallel::policy::{Decision, Place, Requests};
use std::hint::black_box;
use support::{disk, program, shipped};

fn main() {
    divan::main();
}

/// One cell of the fiducial disk over one coupling step of 1000 s, an hour after the start.
#[divan::bench(args = [40, 80, 160])]
fn coupling_step(bencher: Bencher, n: usize) {
    let bins = format!("sizes.n_bins={n}");
    let mut setup = disk(&shipped("fiducial.yml"), &[&bins], None);
    let mut work = Workspace::new(n);
    let drivers = setup.model.drivers(0, 0.0, 3600.0).expect("the temperature is in range");
    let cell = &setup.model.cells[0];
    step(&setup.model, cell, &mut setup.cells[0], &drivers, &mut work).expect("the cell integrates");
    let drivers = setup.model.drivers(1, 3600.0, 1000.0).expect("the temperature is in range");
    let mut state = setup.cells[0].clone();
    bencher.bench_local(|| {
        state.clone_from(black_box(&setup.cells[0]));
        step(&setup.model, cell, &mut state, &drivers, &mut work).expect("the cell integrates").surface_density
    });
}

/// The program, start to end, on one thread: `cells` for `years`, with further keys.
fn run(bencher: Bencher, cells: usize, years: f64, keys: &[&str]) {
    let folder = tempfile::tempdir().expect("there is room for a folder");
    let (cells, years) = (format!("geometry.Nr={cells}"), format!("numerics.t_end_years={years}"));
    let config = shipped("fiducial.yml");
    let mut arguments = vec!["--quiet", "--overwrite", "--threads", "1", "--outdir"];
    let out = folder.path().join("out");
    arguments.extend([out.to_str().expect("a plain name"), config.to_str().expect("a plain name")]);
    arguments.extend(["--override", &cells, &years]);
    arguments.extend(keys);
    bencher.bench_local(|| {
        let output = program(&arguments).output().expect("the program starts");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    });
}

/// Everything that a run writes about a record of the fiducial disk, files included: divan's items are cells in a record,
/// so that the inverse of its throughput is the time for one of them.
#[divan::bench(args = [32, 256], sample_count = 20, sample_size = 1)]
fn record(bencher: Bencher, cells: usize) {
    /// Records of one sample, enough for several chunks of each table.
    const RECORDS: usize = 16_384;
    let mut setup = disk(&shipped("fiducial.yml"), &[&format!("geometry.Nr={cells}")], None);
    let records = evolved(&mut setup, 24);
    let loaded = config::load(&shipped("fiducial.yml"), &[], None).expect("the file is right");
    let facts: Vec<_> = setup.model.cells.iter().map(|cell| cell.facts).collect();
    let sizes = BinFacts::of(&setup.model.sizes);
    let decision = Decision::new(cells, &[Place::here()], Requests::read(Some(1), |_| None));
    let count = RECORDS / cells;
    bencher.counter(ItemsCount::new(count * cells)).bench_local(|| {
        let folder = tempfile::tempdir().expect("there is room for a folder");
        let place = OutputFolder::create(folder.path(), true).expect("the folder is empty");
        let run_config = facts::run_config(&loaded, &setup.model, &setup.files, &decision, Vec::new());
        let mut recorder =
            Recorder::create(place, &setup.model.run, &facts, &sizes, OutputOptions::default(), run_config, None)
                .expect("the files can be created");
        for (step, reports, bins) in records.iter().cycle().take(count) {
            let row = |(report, cell): (&CellReport, &CellFacts)| {
                BudgetRow::of_cell(step.time, setup.model.scheme, cell, report)
            };
            let budgets: Vec<BudgetRow> = reports.iter().zip(&facts).map(row).collect();
            let total = BudgetRow::total(step.time, setup.model.scheme, &budgets);
            let found = Distributions { bins, sizes: &[] };
            recorder.record(step, reports, found, &total, &budgets).expect("there is room");
        }
        recorder
    });
}

/// A disk that evolves by as many steps: drivers, reports and size distributions of each.
fn evolved(setup: &mut Setup, steps: u64) -> Vec<(StepFacts, Vec<CellReport>, Vec<f64>)> {
    let mut work = Workspace::new(setup.model.sizes.len());
    let one = |index| {
        let drivers = setup.model.drivers(index, 1000.0 * index as f64, 1000.0).expect("in range");
        let cells = setup.cells.iter_mut().zip(&setup.model.cells);
        let reports: Vec<_> = cells
            .map(|(state, cell)| step(&setup.model, cell, state, &drivers, &mut work).expect("the cell integrates"))
            .collect();
        let bins = setup.cells.iter().flat_map(|cell| cell.bins.iter().copied()).collect();
        (drivers, reports, bins)
    };
    (0..steps).map(one).collect()
}

const DAY: f64 = 1.0 / 365.25;

#[divan::bench(args = [8, 32, 128, 512, 4096], sample_count = 3, sample_size = 1)]
fn one_day(bencher: Bencher, cells: usize) {
    run(bencher, cells, DAY, &[]);
}

#[divan::bench(args = [32], sample_count = 3, sample_size = 1)]
fn two_years(bencher: Bencher, cells: usize) {
    run(bencher, cells, 2.0, &[]);
}

/// Without the history of the size distribution, nearly all of what is written.
#[divan::bench(args = [32], sample_count = 3, sample_size = 1)]
fn two_years_without_sizes(bencher: Bencher, cells: usize) {
    run(bencher, cells, 2.0, &["io.psd_history=false"]);
}
