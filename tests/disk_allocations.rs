//! A coupling step of a cell takes no memory from the heap, whatever happens in it.
//!
//! The only test of this file, so that nothing else in the process allocates while it counts.

mod support;

use marsdisk_mpi::config::Profile;
use marsdisk_mpi::disk::step::step;
use marsdisk_mpi::disk::workers::Workspace;
use stats_alloc::{INSTRUMENTED_SYSTEM, Region, StatsAlloc};
use std::alloc::System;
use std::hint::black_box;
use support::{disk, shipped};

#[global_allocator]
static HEAP: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

#[test]
fn a_coupling_step_allocates_nothing() {
    // The set-up works in parallel; its workers would still be allocating while the steps are counted.
    rayon::ThreadPoolBuilder::new().num_threads(1).use_current_thread().build_global().unwrap();
    let region = Region::new(HEAP);
    drop(black_box(vec![0_u8; 100]));
    assert_eq!(region.change().allocations, 1, "the counter counts");

    let frozen: &[&str] = &["optical_depth.tau_stop=0.05", "radiation.TM_K=2000"];
    for (overrides, profile) in [(&[] as &[&str], None), (frozen, None), (&[], Some(Profile::Python))] {
        let mut setup = disk(&shipped("quick.yml"), overrides, profile);
        let mut work = Workspace::new(setup.model.sizes.len());
        let mut time = 0.0;
        for index in 0..20 {
            let dt = if index < 10 { 100.0 } else { 3e4 };
            let drivers = setup.model.drivers(index, time, dt).unwrap();
            time += dt;
            for (state, cell) in setup.cells.iter_mut().zip(&setup.model.cells) {
                let region = Region::new(HEAP);
                let report = step(&setup.model, cell, state, &drivers, &mut work);
                let change = region.change();
                assert!(report.is_ok(), "{report:?}");
                // The very first call may set up what lives on.
                let counted = index > 0 || cell.facts.index > 0;
                assert!(!counted || change.allocations + change.reallocations == 0, "step {index}: {change:?}");
            }
        }
        let stopped = setup.cells.iter().filter(|state| state.stop.is_some()).count();
        assert_eq!(stopped, if overrides.is_empty() { 0 } else { 4 });
    }
}
