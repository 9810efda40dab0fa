//! Kernels of one cell, by the number of bins, and what the machine can do at most. `scripts/bench.sh` runs this.

mod support;

use divan::Bencher;
use divan::counter::ItemsCount;
use marsdisk_mpi::smoluchowski::cell_integrator::Workspace;
use marsdisk_mpi::smoluchowski::imex_bdf1::{Imex, Terms};
use marsdisk_mpi::smoluchowski::linear_solver::DenseLu;
use marsdisk_mpi::smoluchowski::operator::{self, Scratch};
use marsdisk_mpi::smoluchowski::processes::{Channel, Rates};
use marsdisk_mpi::smoluchowski::simd::{Kernel, Lanes, Level, Padded, Tiles};
use std::hint::black_box;
use support::Cell;

const BINS: [usize; 5] = [20, 40, 80, 160, 320];

fn main() {
    println!("vectors: {}", Level::widest().name());
    divan::main();
}

#[divan::bench(args = BINS)]
fn right_hand_side(bencher: Bencher, n: usize) {
    let (cell, mut scratch, mut out) = (Cell::new(n), Scratch::new(n), vec![0.0; n]);
    let rates = Rates::of(&cell.processes);
    bencher.bench_local(|| operator::rate(Some(&cell.tables), &rates, black_box(&cell.state), &mut scratch, &mut out));
}

#[divan::bench(args = BINS)]
fn jacobian(bencher: Bencher, n: usize) {
    let (cell, mut scratch, mut out) = (Cell::new(n), Scratch::new(n), Tiles::zeros(n));
    let rates = Rates::of(&cell.processes);
    let state = &cell.state;
    bencher.bench_local(|| operator::jacobian(Some(&cell.tables), &rates, black_box(state), &mut scratch, &mut out));
}

/// The matrix of a step of 10 s, and room for its factors.
fn system(n: usize) -> (Tiles, DenseLu, Vec<f64>) {
    let (cell, mut scratch, mut jacobian) = (Cell::new(n), Scratch::new(n), Tiles::zeros(n));
    operator::jacobian(Some(&cell.tables), &Rates::of(&cell.processes), &cell.state, &mut scratch, &mut jacobian);
    (jacobian, DenseLu::new(n), cell.state)
}

#[divan::bench(args = BINS)]
fn lu_factorisation(bencher: Bencher, n: usize) {
    let (jacobian, mut lu, _) = system(n);
    bencher.bench_local(|| {
        lu.set_shifted(0.4, black_box(&jacobian));
        lu.factorize();
    });
}

#[divan::bench(args = BINS)]
fn lu_solution(bencher: Bencher, n: usize) {
    let (jacobian, mut lu, state) = system(n);
    lu.set_shifted(0.4, &jacobian);
    lu.factorize();
    let mut x = state.clone();
    bencher.bench_local(|| {
        x.copy_from_slice(black_box(&state));
        lu.solve(&mut x);
    });
}

/// A coupling step that one inner step covers: Jacobian, factorisation, six stages, error estimate.
#[divan::bench(args = BINS)]
fn rodas4_accepted_step(bencher: Bencher, n: usize) {
    let (cell, mut workspace) = (Cell::new(n), Workspace::new(n));
    let mut state = cell.state.clone();
    bencher.bench_local(|| {
        state.copy_from_slice(black_box(&cell.state));
        let outcome = cell.advance(&mut state, 1e-3, &mut workspace);
        assert!(outcome.steps == 1 && outcome.rejected == 0);
    });
}

#[divan::bench(args = BINS)]
fn imex_step(bencher: Bencher, n: usize) {
    let (cell, mut imex, nothing) = (Cell::new(n), Imex::new(n), vec![0.0; n]);
    let start = cell.counts();
    let mut counts = start.clone();
    let terms = Terms { blowout: &cell.processes.losses[Channel::Blowout], sinks: &nothing, source: &nothing };
    bencher.bench_local(|| {
        counts.copy_from_slice(black_box(&start));
        imex.step(&cell.tables, &mut counts, &terms, 120.0)
    });
}

/// The pair tables, once for every cell.
#[divan::bench(args = [40, 160])]
fn pair_tables(bencher: Bencher, n: usize) {
    bencher.bench_local(|| Cell::new(n).masses.len());
}

/// Independent products and sums in registers: the ceiling of arithmetic. One item is one product and one sum.
struct Fused(f64);

const FUSED_ROUNDS: usize = 1000;
const FUSED_CHAINS: usize = 12;

impl Kernel for Fused {
    type Output = f64;
    #[inline(always)]
    fn run<L: Lanes>(self, lanes: L) -> f64 {
        let (factor, term) = (lanes.splat(self.0), lanes.splat(1.0 - self.0));
        let mut chains = [term; FUSED_CHAINS];
        for _ in 0..FUSED_ROUNDS {
            for chain in &mut chains {
                *chain = lanes.mul_add(*chain, factor, term);
            }
        }
        chains.into_iter().fold(0.0, |sum, chain| sum + lanes.sum(chain))
    }
}

#[divan::bench]
fn ceiling_fused_multiply_add(bencher: Bencher) {
    let level = Level::widest();
    bencher
        .counter(ItemsCount::new(FUSED_ROUNDS * FUSED_CHAINS * 8))
        .bench_local(|| level.run(Fused(black_box(0.999_999))));
}

/// Copies kilobytes: the ceiling of memory at that distance. One item is one byte read and written.
#[divan::bench(args = [16, 256, 16_384, 262_144])]
fn ceiling_copy_kilobytes(bencher: Bencher, kilobytes: usize) {
    let (from, mut to) = (Padded::zeros(kilobytes * 128), Padded::zeros(kilobytes * 128));
    bencher
        .counter(divan::counter::BytesCount::new(kilobytes * 1024))
        .bench_local(|| black_box(&mut to).all_mut().copy_from_slice(black_box(&from).all()));
}
