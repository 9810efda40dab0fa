//! A cell's step takes no memory from the heap: every buffer is allocated once, before.
//!
//! The only test of this file, so that nothing else in the process allocates while it counts.

mod common;

use common::{DEFAULT, disk_cells};
use marsdisk_mpi::smoluchowski::cell_integrator::{self, FIRST_STEP, Workspace};
use marsdisk_mpi::smoluchowski::linear_solver::DenseLu;
use marsdisk_mpi::smoluchowski::operator::{self, Scratch};
use marsdisk_mpi::smoluchowski::patankar;
use marsdisk_mpi::smoluchowski::processes::Rates;
use marsdisk_mpi::smoluchowski::simd::Tiles;
use stats_alloc::{INSTRUMENTED_SYSTEM, Region, StatsAlloc};
use std::alloc::System;
use std::hint::black_box;

#[global_allocator]
static HEAP: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

/// Calls of the allocator, by any thread, while `work` ran.
fn allocations<T>(work: impl FnOnce() -> T) -> (usize, T) {
    let region = Region::new(HEAP);
    let result = work();
    let change = region.change();
    (change.allocations + change.reallocations, result)
}

/// Fails if every call of `work` after the first allocates. The first may, to set up what lives on; the test harness does
/// now and then, on a thread of its own, while `work` would do it every time.
fn assert_frugal(name: &str, mut work: impl FnMut()) {
    work();
    let fewest = (0..5).map(|_| allocations(&mut work).0).min();
    assert_eq!(fewest, Some(0), "{name} allocates in each call");
}

#[test]
fn nothing_is_allocated_while_a_cell_evolves() {
    assert!(allocations(|| drop(black_box(vec![0u8; 100]))).0 >= 1, "the counter counts");
    for cell in disk_cells() {
        let cell = cell.with_everything(1e-12, 1e6);
        let n = cell.bins();
        let (tables, processes) = (Some(&cell.tables), &cell.processes);
        let (mut scratch, mut lu, mut workspace) = (Scratch::new(n), DenseLu::new(n), Workspace::new(n));
        let (mut vector, mut matrix, rates) = (vec![0.0; n], Tiles::zeros(n), Rates::of(processes));
        assert_frugal("the right-hand side", || operator::rate(tables, &rates, &cell.start, &mut scratch, &mut vector));
        assert_frugal("the Jacobian", || operator::jacobian(tables, &rates, &cell.start, &mut scratch, &mut matrix));
        assert_frugal("the rate matrix", || operator::rate_matrix(tables, &rates, &cell.start, &mut matrix));
        assert_frugal("the fall-back", || {
            black_box(patankar::step(tables, &rates, &cell.start, 10.0, &mut lu, &mut vector));
        });
        // Short steps, then one that needs rejections and, at its start, the fall-back.
        for dt in [10.0, 1e4, 1e13] {
            let (mut state, mut inner_step) = (cell.start.clone(), FIRST_STEP);
            assert_frugal("the integration of a cell", || {
                state.copy_from_slice(&cell.start);
                inner_step = FIRST_STEP;
                let result = cell_integrator::advance(
                    tables,
                    processes,
                    &mut state,
                    dt,
                    &mut inner_step,
                    DEFAULT,
                    &mut workspace,
                );
                assert!(result.is_ok(), "{result:?}");
            });
        }
    }
}
