//! A cell's coupling step, whole runs by the number of cells, and what writing adds to them. `scripts/bench.sh` runs this.

#[path = "../tests/support/mod.rs"]
mod support;

use divan::Bencher;
use marsdisk_mpi::disk::step::step;
use marsdisk_mpi::disk::workers::Workspace;
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
