//! A coupling step of a cell takes no memory from the heap, whatever happens in it.
//!
//! The only test of this file, so that nothing else in the process allocates while it counts.

mod support;

use marsdisk_mpi::config::Profile;
use marsdisk_mpi::disk::setup::Setup;
use marsdisk_mpi::disk::step::step;
use marsdisk_mpi::disk::workers::Workspace;
use stats_alloc::{INSTRUMENTED_SYSTEM, Region, StatsAlloc};
use std::alloc::System;
use std::hint::black_box;
use support::{disk, shipped};

#[global_allocator]
static HEAP: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

/// Calls of the allocator, by any thread, in 20 steps of every cell after the very first one, which may set up what
/// lives on; and how many cells stopped.
fn allocations(setup: &mut Setup, work: &mut Workspace) -> (usize, usize) {
    let (mut time, mut calls) = (0.0, 0);
    for index in 0..20 {
        let dt = if index < 10 { 100.0 } else { 3e4 };
        let drivers = setup.model.drivers(index, time, dt).unwrap();
        time += dt;
        for (state, cell) in setup.cells.iter_mut().zip(&setup.model.cells) {
            let region = Region::new(HEAP);
            let report = step(&setup.model, cell, state, &drivers, work);
            let change = region.change();
            assert!(report.is_ok(), "{report:?}");
            if index > 0 || cell.facts.index > 0 {
                calls += change.allocations + change.reallocations;
            }
        }
    }
    (calls, setup.cells.iter().filter(|state| state.stop.is_some()).count())
}

#[test]
fn a_coupling_step_allocates_nothing() {
    let region = Region::new(HEAP);
    drop(black_box(vec![0_u8; 100]));
    assert!(region.change().allocations >= 1, "the counter counts");

    let frozen: &[&str] = &["optical_depth.tau_stop=0.05", "radiation.TM_K=2000"];
    // A column of one equation, with evaporation of bins beside it and no pair of bins anywhere.
    let column: &[&str] = &[
        "geometry.mode=0D",
        "surface.collision_solver=surface_ode",
        "sinks.sublimation_location=smol",
        "phase.enabled=false",
        "radiation.TM_K=2000",
        "radiation.mars_temperature_driver.enabled=false",
    ];
    // Bins that collide, evaporate, are dragged and blown out, with their energies.
    let cold = ["phase.enabled=false", "radiation.TM_K=2000", "radiation.mars_temperature_driver.enabled=false"];
    let bins = [&["geometry.mode=0D", "sinks.enable_gas_drag=true", "sinks.rho_g=1e-9"], &cold[..]].concat();
    let with = |more: &[&'static str]| [&bins[..], more].concat();
    let bins: &[&str] = &with(&["diagnostics.energy_bookkeeping.enabled=true", "sizes.evolve_min_size=true"]);
    // Sizes that move in the Python program, under a floor that rises with them.
    let moving: &[&str] = &with(&["sinks.sublimation_location=both", "psd.floor.mode=evolve_smin"]);
    let cut: &[&str] = &with(&[
        "surface.collision_solver=surface_ode",
        "sinks.sublimation_location=surface",
        "io.substep_fast_blowout=true",
    ]);
    let vapour: &[&str] = &[
        "geometry.mode=0D",
        "phase.temperature_input=mars_surface",
        "sinks.hydro_escape={enable: true, strength: 1e-6}",
        "sinks.enable_gas_drag=true",
        "sinks.rho_g=1e-9",
    ];
    let stirred: &[&str] = &[
        "dynamics.enable_e_damping=true",
        "dynamics.v_rel_mode=ohtsuki",
        "supply.injection.velocity={mode: factor, vrel_factor: 1.5}",
    ];
    let python = Some(Profile::Python);
    let equilibrium: &[&str] = &["dynamics.kernel_ei_mode=wyatt_eq", "dynamics.v_rel_mode=ohtsuki"];
    let cases = [
        (&[] as &[&str], None),
        (frozen, None),
        (stirred, None),
        (column, None),
        (&[], python),
        (equilibrium, python),
        (column, python),
        (bins, None),
        (bins, python),
        (moving, None),
        (moving, python),
        (cut, None),
        (cut, python),
        (vapour, None),
        (vapour, python),
    ];
    for (overrides, profile) in cases {
        let mut setup = disk(&shipped("quick.yml"), overrides, profile);
        let start = setup.cells.clone();
        let mut work = Workspace::new(setup.model.sizes.len());
        let mut fewest = usize::MAX;
        // What a step allocates it allocates every time; the test harness and idle workers do now and then.
        for _ in 0..10 {
            setup.cells.clone_from_slice(&start);
            let (calls, stopped) = allocations(&mut setup, &mut work);
            assert_eq!(stopped, if overrides == frozen { 4 } else { 0 });
            fewest = fewest.min(calls);
        }
        assert_eq!(fewest, 0, "{overrides:?}, {profile:?}");
    }
}
