//! Runs one kernel of a cell with 40 bins a number of times: `kernel_loop <kernel> <times>`. For scripts/check_cost.py, which
//! counts its instructions, and for profilers.

#[path = "../benches/support/mod.rs"]
mod support;

use marsdisk_mpi::smoluchowski::cell_integrator::Workspace;
use marsdisk_mpi::smoluchowski::linear_solver::DenseLu;
use marsdisk_mpi::smoluchowski::operator::{self, Scratch};
use marsdisk_mpi::smoluchowski::processes::Rates;
use marsdisk_mpi::smoluchowski::simd::{Level, Tiles};
use std::hint::black_box;
use support::Cell;

const BINS: usize = 40;

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    let [_, kernel, times] = &arguments[..] else { panic!("usage: kernel_loop <kernel> <times>") };
    let times: usize = times.parse().expect("a number of times");
    let cell = Cell::new(BINS);
    let (tables, rates) = (Some(&cell.tables), Rates::of(&cell.processes));
    let (mut scratch, mut lu, mut workspace) = (Scratch::new(BINS), DenseLu::new(BINS), Workspace::new(BINS));
    let (mut state, mut matrix) = (cell.state.clone(), Tiles::zeros(BINS));
    operator::jacobian(tables, &rates, &cell.state, &mut scratch, &mut matrix);
    println!("{}", Level::widest().name());
    for _ in 0..times {
        match kernel.as_str() {
            "right_hand_side" => operator::rate(tables, &rates, &cell.state, &mut scratch, &mut state),
            "jacobian" => operator::jacobian(tables, &rates, &cell.state, &mut scratch, &mut matrix),
            "lu_factorisation" => {
                lu.set_shifted(0.4, &matrix);
                lu.factorize();
            }
            "rodas4_step" => {
                state.copy_from_slice(&cell.state);
                black_box(cell.advance(&mut state, 1e-3, &mut workspace));
            }
            _ => panic!("no kernel {kernel}"),
        }
        black_box(&mut state);
    }
}
