//! One process at a time against its closed form, through the same time loop as a whole run; and cells that no longer
//! evolve. How the processes act together is checked in `runs.rs`.

mod support;

use marsdisk_mpi::disk::advance::advance;
use marsdisk_mpi::disk::setup::Setup;
use marsdisk_mpi::disk::step::step;
use marsdisk_mpi::disk::workers::Workspace;
use marsdisk_mpi::physics::constants::{C, G, M_MARS, R_MARS, SIGMA_SB};
use marsdisk_mpi::physics::phase::PhaseState;
use marsdisk_mpi::run::clock::Pace;
use marsdisk_mpi::run::stop::StopReason;
use std::f64::consts::PI;
use support::{ADAPTIVE, assert_close, disk, evolve, run_to_end, shipped, still};

/// What the closed forms are met to; the integrator works at 10⁻⁹.
const EXACT: f64 = 1e-6;
/// Temperature of Mars [K]; grains of the outer cell are then solid.
const TEMPERATURE: f64 = 3200.0;

/// One cell around a Mars that keeps its temperature, with no process but those that `overrides` switch on.
fn cell(overrides: &[&str]) -> Setup {
    let mut all = vec!["chi_blow=1.0"];
    all.extend(overrides);
    still(&all)
}

/// Replaces the bins, all mass in `bin`.
fn put_into(setup: &mut Setup, bin: usize, mass: f64) {
    setup.cells[0].bins.fill(0.0);
    setup.cells[0].bins[bin] = mass;
}

/// Shrinking of black grains [m s⁻¹] by the evaporation that `quick.yml` configures for solids:
/// α P √(µ/2πRT) / ρ with log₁₀ P = A − B/T and T = T_M √(R/2r).
fn shrinking(setup: &Setup) -> f64 {
    let grain = TEMPERATURE * (R_MARS / (2.0 * setup.model.cells[0].facts.r)).sqrt();
    let pressure = 10f64.powf(13.809441833 - 28362.904024 / grain);
    0.1 * pressure * (0.140694 / (2.0 * PI * 8.314462618 * grain)).sqrt() / 3270.0
}

#[test]
fn supply_alone_adds_its_rate_in_the_sizes_of_the_start() {
    let mut setup = cell(&["physics_mode=sublimation_only", "sinks.enable_sublimation=false"]);
    let before = setup.cells[0].clone();
    run_to_end(&mut setup, 1e6);
    let facts = setup.model.cells[0].facts;
    // A twentieth of the surface density of optical depth 0.05, which is that of the start, per orbit.
    let supplied = 0.05 * facts.initial_surface_density * 1e6 / facts.t_orb;
    assert_close(setup.cells[0].cumulative.supplied, supplied, 1e-10);
    for k in 0..before.bins.len() {
        let share = before.bins[k] / facts.initial_surface_density;
        assert_close(setup.cells[0].bins[k], before.bins[k] + share * supplied, 1e-10);
    }
}

#[test]
fn shrinking_grains_pass_from_bin_to_bin_and_the_rest_is_vapour() {
    let mut setup = cell(&["physics_mode=sublimation_only", "supply.enabled=false"]);
    let top = 12;
    put_into(&mut setup, top, 3.0);
    let (sizes, speed) = (setup.model.sizes.sizes.clone(), shrinking(&setup));
    let rates: Vec<f64> = (0..=top).map(|k| speed / if k == 0 { sizes[0] } else { sizes[k] - sizes[k - 1] }).collect();
    let time = 1.5 / rates[top];
    run_to_end(&mut setup, time);
    // Numbers of a decay chain (Bateman 1910), as shares of the grains at the start; mass goes as s³.
    let mut remaining = 0.0;
    for last in (top - 4..=top).rev() {
        let factors: f64 = rates[last + 1..=top].iter().product();
        let share: f64 = (last..=top)
            .map(|i| {
                let others: f64 = (last..=top).filter(|l| *l != i).map(|l| rates[l] - rates[i]).product();
                (-rates[i] * time).exp() / others
            })
            .sum();
        let mass = 3.0 * factors * share * (sizes[last] / sizes[top]).powi(3);
        assert_close(setup.cells[0].bins[last], mass, EXACT);
        remaining += mass;
    }
    // Five bins down a grain has 10⁻⁵ of its mass; what smaller ones hold is below the tolerance.
    let ledger = &setup.cells[0].cumulative;
    assert_close(ledger.sublimation, 3.0 - remaining, 1e-5);
    assert_eq!((ledger.blowout, ledger.gas_drag, ledger.supplied), (0.0, 0.0, 0.0));
}

#[test]
fn grains_with_a_life_time_decay_bin_by_bin() {
    let scheme = "sinks.sublimation_scheme=lifetime";
    let mut setup = cell(&["physics_mode=sublimation_only", "supply.enabled=false", scheme]);
    setup.cells[0].bins.fill(0.1);
    let (sizes, speed) = (setup.model.sizes.sizes.clone(), shrinking(&setup));
    let time = sizes[10] / speed;
    run_to_end(&mut setup, time);
    for (mass, size) in setup.cells[0].bins.iter().zip(&sizes) {
        let wanted = 0.1 * (-speed * time / size).exp();
        assert!((mass - wanted).abs() <= EXACT * wanted + 1e-10, "{mass:e} instead of {wanted:e}");
    }
}

#[test]
fn gas_drag_and_supply_meet_in_a_steady_state() {
    let drag = ["sinks.enable_gas_drag=true", "sinks.rho_g=1e-9", "sinks.enable_sublimation=false"];
    let mut setup = cell(&[&["physics_mode=sublimation_only"], &drag[..]].concat());
    let (time, life) = (5e3, 3270.0 * 1e-6 / (1e-9 * 500.0)); // ρ s / (ρ_g c_s) of a grain of 1 µm
    let rate = setup.model.supply.epsilon_mix * setup.model.cells[0].supply.law.rate(0.0);
    let (start, steady) = (setup.cells[0].surface_density(), rate * life);
    run_to_end(&mut setup, time);
    let wanted = steady + (start - steady) * (-time / life).exp();
    assert_close(setup.cells[0].surface_density(), wanted, EXACT);
    let lost = start - wanted + steady * time / life;
    assert_close(setup.cells[0].cumulative.gas_drag, lost, EXACT);
}

#[test]
fn each_sink_that_takes_all_sizes_alike_is_an_exponential_decay() {
    let drag = ["sinks.enable_gas_drag=true", "sinks.rho_g=1e-9", "phase.enabled=false"];
    let escape = [
        "sinks.hydro_escape={enable: true, strength: 1e-4, temp_power: 1.5, T_ref_K: 2000}",
        "phase.temperature_input=mars_surface",
        "phase.thresholds={T_condense_K: 2000, T_vaporize_K: 3000}",
    ];
    // Life time ρ s/(ρ_g c_s) of a grain of 1 µm; strength (T/T_ref)^p of pure vapour.
    let (dragged, escaped) = (1e-9 * 500.0 / (3270.0 * 1e-6), 1e-4 * (TEMPERATURE / 2000.0).powf(1.5));
    for (keys, rate) in [(&drag, dragged), (&escape, escaped)] {
        let alone = ["physics_mode=sublimation_only", "supply.enabled=false", "sinks.enable_sublimation=false"];
        let mut setup = cell(&[&alone[..], keys].concat());
        let before = setup.cells[0].bins.clone();
        run_to_end(&mut setup, 2.0 / rate);
        for (mass, before) in setup.cells[0].bins.iter().zip(&before) {
            assert_close(*mass, before * (-2.0_f64).exp(), EXACT);
        }
        let ledger = setup.cells[0].cumulative;
        let lost = before.iter().sum::<f64>() - setup.cells[0].surface_density();
        assert_close(ledger.gas_drag + ledger.escape, lost, 1e-12);
        assert_eq!(ledger.gas_drag.min(ledger.escape), 0.0, "{ledger:?}");
    }
}

#[test]
fn blowout_alone_empties_the_bins_below_its_size() {
    // So little mass that grains never meet; blow-out acts where collisions do.
    let mut setup = cell(&["supply.enabled=false", "sinks.enable_sublimation=false"]);
    let mass = 1e-20;
    setup.cells[0].bins.fill(mass);
    let facts = setup.model.cells[0].facts;
    let time = 2.0 * (facts.r.powi(3) / (G * M_MARS)).sqrt();
    run_to_end(&mut setup, time);
    let s_blow = 3.0 * SIGMA_SB * TEMPERATURE.powi(4) * R_MARS * R_MARS * 0.7 / (2.0 * G * M_MARS * C * 3270.0);
    let mut cut = 0;
    for (bin, edges) in setup.model.sizes.edges.windows(2).enumerate() {
        let below = ((s_blow / edges[0]).ln() / (edges[1] / edges[0]).ln()).clamp(0.0, 1.0);
        cut += usize::from(below > 0.0 && below < 1.0);
        // Two blow-out times.
        assert_close(setup.cells[0].bins[bin], mass * (-2.0 * below).exp(), EXACT);
    }
    assert_eq!(cut, 1, "one bin is emptied in part");
}

#[test]
fn a_closed_box_keeps_its_mass_and_grinds_it_down() {
    let closed = ["physics_mode=collisions_only", "supply.enabled=false", "blowout.enabled=false"];
    let mut setup = cell(&closed);
    let mean_size = |setup: &Setup| {
        let (sizes, bins) = (&setup.model.sizes.sizes, &setup.cells[0].bins);
        sizes.iter().zip(bins).map(|(size, mass)| size.ln() * mass).sum::<f64>() / bins.iter().sum::<f64>()
    };
    let start = setup.cells[0].surface_density();
    let mut before = mean_size(&setup);
    for seconds in [1e3, 1e4, 1e5] {
        run_to_end(&mut setup, seconds);
        assert_close(setup.cells[0].surface_density(), start, 1e-12);
        assert!(mean_size(&setup) < before, "after {seconds} s");
        before = mean_size(&setup);
    }
    assert_eq!(setup.cells[0].cumulative.lost(), 0.0);
}

#[test]
fn without_collisions_there_is_no_blowout_and_without_sinks_no_evaporation() {
    let mut still = cell(&["physics_mode=sublimation_only", "sinks.mode='none'", "supply.enabled=false"]);
    let before = still.cells[0].bins.clone();
    run_to_end(&mut still, 1e6);
    assert_eq!(still.cells[0].bins, before);
    for key in [
        "radiation.source=off",
        "radiation.use_mars_rp=false",
        "sinks.rp_blowout.enable=false",
        "blowout.enabled=false",
    ] {
        let mut dark = cell(&[key]);
        run_to_end(&mut dark, 1e4);
        let ledger = &dark.cells[0].cumulative;
        assert!(ledger.blowout == 0.0 && ledger.sublimation > 0.0, "{key}: {ledger:?}");
    }
}

#[test]
fn a_cell_that_became_opaque_is_frozen_with_zero_rates() {
    let thin = ["optical_depth.tau0_target=1e-4", "optical_depth.tau_stop=1e-3"];
    let mut setup = cell(&[&["physics_mode=collisions_only", "blowout.enabled=false"], &thin[..]].concat());
    let mut work = Workspace::new(setup.model.sizes.len());
    let (model, state) = (&setup.model, &mut setup.cells[0]);
    let mut stop = None;
    for index in 0..400 {
        let time = 100.0 * index as f64;
        let drivers = model.drivers(index, time, 100.0).unwrap();
        let before = state.clone();
        let report = step(model, &model.cells[0], state, &drivers, &mut work).unwrap();
        if let Some(stopped) = stop {
            assert_eq!(*state, before);
            assert!(!report.evolved && !report.active && report.smol.is_none() && !report.blowout_active);
            assert_eq!((report.ledger.lost(), report.ledger.supplied, report.supply.applied), (0.0, 0.0, 0.0));
            assert_eq!((report.stop_time, report.cumulative), (stopped, before.cumulative));
        } else {
            assert!(report.evolved && report.tau_before <= model.tau_stop);
        }
        if stop.is_none() && !report.active {
            assert!(report.stop_time > time && report.stop_time <= time + 100.0, "{}", report.stop_time);
            assert!(report.stop_tau > model.tau_stop && report.stop_tau < model.tau_stop * (1.0 + 1e-6));
            // Supply alone makes it opaque: what came in is what came until that moment.
            let arrived = report.supply.applied * (report.stop_time - time);
            assert!((report.ledger.supplied / arrived - 1.0).abs() < 1e-9, "{}", report.ledger.supplied);
            stop = Some(report.stop_time);
        }
    }
    let first = stop.expect("the supply makes the cell opaque");
    assert!(first > 200.0 && first < 3e4, "{first}");
}

#[test]
fn grains_that_the_optical_depth_stirs_do_not_depend_on_the_steps() {
    let equilibrium: &[&str] = &["dynamics.kernel_ei_mode=wyatt_eq", "dynamics.f_wake=2", "phase.enabled=false"];
    let damped: &[&str] = &[
        "dynamics.enable_e_damping=true",
        "dynamics.f_wake=1.5",
        "phase.enabled=false",
        "optical_depth.tau0_target=0.1",
    ];
    for keys in [equilibrium, damped] {
        let lost = |dt_max: f64| {
            let mut setup = still(keys);
            let pace = Pace::Adaptive { rtol: 1e-3, dt_max };
            evolve(&mut setup, pace, dt_max.min(2000.0), 2e4).result.unwrap();
            setup.cells[0].cumulative.lost()
        };
        // What changes by 3 % within a stretch enters at its mean.
        assert_close(lost(f64::INFINITY), lost(100.0), 2e-3);
    }
}

#[test]
fn to_follow_the_optical_depth_takes_few_steps_more() {
    let steps = |keys: &[&str]| {
        let mut setup = disk(&shipped("quick.yml"), keys, None);
        let steps = evolve(&mut setup, ADAPTIVE, 100.0, 1e6).steps;
        steps.inner_accepted + steps.inner_rejected
    };
    let alone = steps(&[]);
    for keys in [&["dynamics.kernel_ei_mode=wyatt_eq"], &["dynamics.enable_e_damping=true"]] {
        // Most stretches are taken once. Each twice would be six times as many, with those that trials take.
        let stirred = steps(keys);
        assert!(stirred > alone && stirred < 5 * alone, "{stirred} steps, {alone} of grains that nothing stirs");
    }
}

#[test]
fn a_cell_stops_at_its_limit_whatever_the_step() {
    // Fine grains of the first minutes carry the outer cells over τ = 2.3 and, unstopped, back below it.
    let stops = |first: f64| {
        let mut setup = disk(&shipped("base.yml"), &["geometry.Nr=12"], None);
        evolve(&mut setup, ADAPTIVE, first, 2e4);
        setup.cells.iter().map(|cell| cell.stop.map(|(_, time, tau)| (time, tau))).collect::<Vec<_>>()
    };
    let (long, short) = (stops(1000.0), stops(1.0));
    assert!(long.iter().flatten().count() >= 2, "{long:?}");
    for (a, b) in long.iter().zip(&short) {
        assert_eq!(a.is_some(), b.is_some(), "{long:?} {short:?}");
        let Some(((time, tau), (time_short, _))) = a.zip(*b) else { continue };
        // The inner steps find the moment; between them it is bisected to 10⁻⁷ of an inner step.
        assert!((tau / std::f64::consts::LN_10 - 1.0).abs() < 1e-5, "{tau}");
        assert!((time / time_short - 1.0).abs() < 1e-2, "{time} s and {time_short} s");
    }
}

#[test]
fn the_clock_steps_over_a_jump_of_the_blow_out_size() {
    // The largest root of β = 1/2 in the shipped table drops from 0.5 µm to below the bins near 2263.5 K.
    let mut setup = disk(&shipped("quick.yml"), &["radiation.TM_K=2264"], None);
    let size = |setup: &Setup, temperature| setup.model.blowout_size(temperature).0;
    assert!(size(&setup, 2264.0) > 1000.0 * size(&setup, 2263.0), "the table has lost its jump");
    let ended = evolve(&mut setup, ADAPTIVE, 100.0, 1e6);
    assert!(ended.result.is_ok() && ended.time == 1e6 && ended.steps.coupling < 1000, "{ended:?}");
}

#[test]
fn drifting_grains_converge_to_shrinking_spheres_with_the_bins() {
    // dM/ds ∝ s^(−1/2) between these sizes; all grains lose `lost` of their radius.
    let (low, high, lost): (f64, f64, f64) = (1e-4, 1e-2, 1e-3);
    // Mass left: ∫ s^(−7/2) (s − lost)³ ds from `lost` up, as powers of s.
    let left = |s: f64| {
        2.0 * s.sqrt() + 6.0 * lost / s.sqrt() - 2.0 * lost.powi(2) * s.powf(-1.5) + 0.4 * lost.powi(3) * s.powf(-2.5)
    };
    let exact = (left(high) - left(lost)) / (2.0 * (high.sqrt() - low.sqrt()));
    let error = |bins: usize| {
        let bins = format!("sizes={{s_min: {low}, s_max: {high}, n_bins: {bins}}}");
        let grid = ["physics_mode=sublimation_only", "supply.enabled=false", "initial.s0_mode=upper", "psd.alpha=3.5"];
        let mut setup = cell(&[&grid[..], &[&bins]].concat());
        let edges = setup.model.sizes.edges.clone();
        for (mass, edge) in setup.cells[0].bins.iter_mut().zip(edges.windows(2)) {
            *mass = (edge[1].sqrt() - edge[0].sqrt()) / (high.sqrt() - low.sqrt());
        }
        let time = lost / shrinking(&setup);
        run_to_end(&mut setup, time);
        let ledger = setup.cells[0].cumulative;
        let remaining = setup.cells[0].surface_density();
        // Nothing is lost track of, at any number of bins.
        assert!((1.0 + ledger.clipped - ledger.sublimation - remaining).abs() < 1e-13, "{bins}: {ledger:?}");
        (remaining - exact).abs() / exact
    };
    let errors = [25, 50, 100, 200].map(error);
    // Drift from bin to bin is an upwind scheme: first order.
    assert!(errors.windows(2).all(|pair| pair[1] < 0.62 * pair[0]), "{errors:?}");
    // What is left when the first order is taken out.
    assert!((2.0 * errors[3] - errors[2]).abs() < 1e-3, "{errors:?}");
}

#[test]
fn grains_that_reach_the_blow_out_size_in_a_step_leave_and_no_others() {
    let mut setup =
        cell(&["physics_mode=sublimation_only", "supply.enabled=false", "sinks.sublimation_scheme=crossing"]);
    setup.cells[0].bins.fill(0.1);
    let (speed, sizes) = (shrinking(&setup), setup.model.sizes.sizes.clone());
    // One step, long enough for the seven smallest bins above the blow-out size.
    let s_blow = setup.model.blowout_size(TEMPERATURE).0;
    let first = sizes.iter().position(|size| *size > s_blow).unwrap();
    let dt = 0.5 * (sizes[first + 6] + sizes[first + 7] - 2.0 * s_blow) / speed;
    let drivers = setup.model.drivers(0, 0.0, dt).unwrap();
    let mut work = Workspace::new(sizes.len());
    step(&setup.model, &setup.model.cells[0], &mut setup.cells[0], &drivers, &mut work).unwrap();
    for (k, size) in sizes.iter().enumerate() {
        let crosses = (first..first + 7).contains(&k);
        let wanted = if crosses { 0.1 * (-dt * speed / (size - s_blow)).exp() } else { 0.1 };
        let found = setup.cells[0].bins[k];
        assert!((found - wanted).abs() <= EXACT * wanted + 1e-10, "bin {k}: {found:e} instead of {wanted:e}");
    }
}

/// Share of so little mass in the smallest bin that grains never meet, after two blow-out times.
fn left_under(overrides: &[&str]) -> (Setup, f64) {
    let mut setup = cell(&[&["supply.enabled=false"], overrides].concat());
    put_into(&mut setup, 0, 1e-20);
    let time = 2.0 * setup.model.cells[0].facts.t_blow;
    run_to_end(&mut setup, time);
    let left = setup.cells[0].bins[0] / 1e-20;
    (setup, left)
}

#[test]
fn a_competing_process_leaves_its_share_to_blowout() {
    let no_sinks = "physics_mode=collisions_only";
    assert_close(left_under(&[no_sinks]).1, (-2.0_f64).exp(), EXACT);
    // Sublimation: the smallest grain that stays would live t = s_blow/|ds/dt|. Grains that leave by themselves would
    // blur the blow-out: they are let cross instead, which the smallest bin does not.
    let crossing = "sinks.sublimation_scheme=crossing";
    let (setup, left) = left_under(&[crossing, "blowout.gate_mode=sublimation_competition"]);
    let t_blow = setup.model.cells[0].facts.t_blow;
    let t_solid = setup.model.blowout_size(TEMPERATURE).0 / shrinking(&setup);
    assert!(t_solid / t_blow > 1e-3 && t_solid / t_blow < 1e3, "a competition: {t_solid} against {t_blow}");
    assert_close(left, (-2.0 * t_solid / (t_solid + t_blow)).exp(), EXACT);
    // An optical depth from which no light reaches the grains.
    assert_eq!(left_under(&[no_sinks, "radiation.tau_gate={enable: true, tau_max: 1e-30}"]).1, 1.0);
    let open = "radiation.tau_gate={enable: true, tau_max: 1e30}";
    assert_close(left_under(&[no_sinks, open]).1, (-2.0_f64).exp(), EXACT);
}

#[test]
fn the_competition_of_collisions_follows_the_optical_depth() {
    let gate = ["supply.enabled=false", "physics_mode=collisions_only", "blowout.gate_mode=collision_competition"];
    let start = 4e-4;
    let end = |dt_max: f64| {
        let mut setup = cell(&gate);
        // Debris of the smallest grains stays in their bin.
        put_into(&mut setup, 0, start);
        let time = 2.0 * setup.model.cells[0].facts.t_blow;
        let ended = evolve(&mut setup, Pace::Adaptive { rtol: 1e-3, dt_max }, dt_max, time);
        assert_eq!(ended.result.unwrap(), StopReason::EndReached);
        let lost = setup.cells[0].cumulative.blowout;
        assert_close(setup.cells[0].bins[0], start - lost, 1e-10); // the roundings of a thousand steps
        (setup.cells[0].bins[0], setup)
    };
    // The gate is held over a coupling step, an error of first order, which two lengths eliminate.
    let (coarse, _) = end(4.0);
    let (fine, setup) = end(2.0);
    let found = 2.0 * fine - coarse;
    // dΣ/dt = −(Σ/t_blow) / (1 + Ω τ t_blow) with τ = κΣ and Ω t_blow = 1: ln Σ + κΣ = const − t/t_blow, by bisection.
    let opacity = 0.75 / (3270.0 * setup.model.sizes.sizes[0]);
    let (mut low, mut high) = (0.0, start);
    for _ in 0..200 {
        let middle: f64 = 0.5 * (low + high);
        let late = (middle / start).ln() + opacity * (middle - start) + 2.0 < 0.0;
        *if late { &mut low } else { &mut high } = middle;
    }
    assert!(opacity * start > 0.5, "a competition: {}", opacity * start);
    assert_close(found, low, EXACT);
    assert!((fine - low).abs() > 10.0 * EXACT * low, "or the extrapolation shows nothing");
}

#[test]
fn a_change_of_phase_within_a_step_is_dated_to_a_64th_of_it() {
    // Vapour becomes solid: blow-out and supply set in.
    let disk =
        || disk(&shipped("quick.yml"), &["geometry.Nr=1", "radiation.TM_K=6000", "optical_depth.tau_stop=1e6"], None);
    let (long, short) = (2e5, 2e5 / 2048.0);
    let solid = |setup: &mut Setup, work: &mut Workspace, index: u32| {
        let drivers = setup.model.drivers(1, f64::from(index) * short, short).unwrap();
        let (state, cell) = (&mut setup.cells[0], &setup.model.cells[0]);
        step(&setup.model, cell, state, &drivers, work).unwrap().phase.state == PhaseState::Solid
    };
    let work = &mut Workspace::new(disk().model.sizes.len());
    let mut vapour = disk();
    let turn = (0..).find(|index| solid(&mut vapour, work, *index)).unwrap();
    let first = turn - 2048 * 37 / 100;

    let [mut finely, mut halved, mut whole] = [disk(), disk(), disk()];
    for index in first..first + 2048 {
        solid(&mut finely, work, index);
    }
    let drivers = whole.model.drivers(1, f64::from(first) * short, long).unwrap();
    step(&whole.model, &whole.model.cells[0], &mut whole.cells[0], &drivers, work).unwrap();
    let report = advance(&halved.model, &halved.model.cells[0], &mut halved.cells[0], &drivers, work).unwrap();
    let [right, found, coarse] = [finely, halved, whole].map(|setup| setup.cells[0].cumulative.supplied);
    assert_close(found, right, 1.0 / 64.0 / 0.63);
    assert!((coarse / right - 1.0).abs() > 0.3, "{coarse:e} {right:e}");
    assert_eq!((report.ledger.supplied, report.phase.state), (found, PhaseState::Solid));
}

#[test]
fn a_cell_that_empties_stays_empty_without_an_error() {
    // Drag so strong that less than the smallest number is left in the end.
    let mut setup = cell(&["supply.enabled=false", "sinks.enable_gas_drag=true", "sinks.rho_g=1e-6"]);
    run_to_end(&mut setup, 6e7);
    assert!(setup.cells[0].surface_density() < 1e-40, "{:e}", setup.cells[0].surface_density());
}

#[test]
fn a_cell_that_is_too_opaque_for_its_stirring_stops_and_is_no_error() {
    let stirred = ["dynamics.kernel_ei_mode=wyatt_eq", "dynamics.f_wake=1.0", "dynamics.v_rel_mode=ohtsuki"];
    let mut setup = cell(&[&stirred[..], &["optical_depth.tau0_target=3", "optical_depth.tau_stop=2"]].concat());
    let ended = evolve(&mut setup, ADAPTIVE, 100.0, 1e4);
    assert_eq!(ended.result.unwrap(), StopReason::TauExceededInAllCells);
}
