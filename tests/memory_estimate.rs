//! What `check` says about memory, against the allocator.
//!
//! The only test of this file, so that nothing else in the process allocates while it counts.

mod support;

use marsdisk_mpi::cli::plan::{self, Output};
use marsdisk_mpi::disk::workers::Workspace;
use stats_alloc::{INSTRUMENTED_SYSTEM, Region, StatsAlloc};
use std::alloc::System;
use support::{disk, shipped};

#[global_allocator]
static HEAP: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

/// Bytes that stay allocated by a task.
fn kept<T>(task: impl FnOnce() -> T) -> (T, f64) {
    let region = Region::new(HEAP);
    let result = task();
    let change = region.change();
    (result, (change.bytes_allocated - change.bytes_deallocated) as f64 + change.bytes_reallocated as f64)
}

#[test]
fn collision_tables_and_buffers_are_as_large_as_foretold() {
    let setup = disk(&shipped("quick.yml"), &["sizes.n_bins=200", "geometry.Nr=3"], None);
    let nothing = Output { series_rows: 0.0, diagnostics_rows: 0.0, psd_rows: 0.0, bytes: 0.0 };
    let model = &setup.model;
    let estimate = plan::memory(model, 3, 2, &nothing);
    let build = || model.cells.iter().map(|cell| cell.tables(&model.sizes, &model.breakup).clone()).collect::<Vec<_>>();
    let (_tables, bytes) = kept(build);
    // Each table is there twice now, in its cell and in the list.
    let ratio = estimate.tables / (0.5 * bytes);
    assert!((0.67..1.5).contains(&ratio), "{:e} bytes foretold, {:e} taken", estimate.tables, 0.5 * bytes);
    let (_spaces, bytes) = kept(|| [Workspace::new(200), Workspace::new(200)]);
    let ratio = estimate.workspaces / bytes;
    assert!((0.67..1.5).contains(&ratio), "{:e} bytes foretold, {bytes:e} taken", estimate.workspaces);
}
