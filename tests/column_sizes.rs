//! Sizes in a column (`geometry.mode: 0D`): the smallest that stays, a start with one size, bins whose sizes move; and what
//! holds a column as it is.

mod support;

use marsdisk_mpi::config::Profile;
use marsdisk_mpi::disk::setup::Setup;
use marsdisk_mpi::run::clock::Pace;
use std::f64::consts::PI;
use support::{Run, assert_close, disk, evolve, shipped};

const DENSITY: f64 = 3270.0;

/// A run of the quick disk as a column of the given profile for `years`, every step in the files.
fn column(profile: &str, years: &str, overrides: &[&str]) -> Run {
    let (profile, years) = (format!("profile={profile}"), format!("numerics.t_end_years={years}"));
    let first = [profile.as_str(), years.as_str(), "geometry.mode=0D", "io.output.times=every_step"];
    let all: Vec<&str> = first.iter().chain(overrides).copied().collect();
    Run::finished(&shipped("quick.yml"), &all, &[])
}

fn series(run: &Run, name: &str) -> Vec<f64> {
    run.table("series/run.parquet").real(name)
}

/// Hot grains that do nothing but evaporate.
const EVAPORATION: [&str; 4] =
    ["physics_mode=sublimation_only", "phase.enabled=false", "supply.enabled=false", "numerics.dt_init=20"];

#[test]
fn the_floor_is_the_configured_size_or_rises_as_grains_shrink() {
    let overrides: Vec<&str> = EVAPORATION.iter().copied().chain(["numerics.dt_max=50"]).collect();
    let with = |profile: &str, mode: &str| {
        let mode = format!("psd.floor.mode={mode}");
        let all: Vec<&str> = overrides.iter().copied().chain([mode.as_str()]).collect();
        column(profile, "2e-5", &all)
    };
    for profile in ["conservative", "python"] {
        let run = with(profile, "none");
        assert!(series(&run, "s_min").iter().all(|size| *size == 1e-7), "{profile}");
        let run = with(profile, "evolve_smin");
        let (floor, blown, dt, rate) =
            (series(&run, "s_min"), series(&run, "a_blow"), series(&run, "dt"), series(&run, "ds_dt_sublimation"));
        assert!(floor.len() > 5 && rate.iter().all(|rate| *rate < 0.0), "{profile}: {rate:?}");
        // At the start the blow-out size of the initial temperature.
        let profile_key = format!("profile={profile}");
        let initial = disk(&shipped("quick.yml"), &["geometry.mode=0D", &profile_key], None);
        let mut raised = initial.model.blowout_size(4000.0).0;
        for row in 0..floor.len() {
            let before = raised.max(blown[row]);
            raised = (raised - rate[row] * dt[row]).max(blown[row]);
            // The Python program raises it within the step.
            assert_close(floor[row], if profile == "python" { raised } else { before }, 1e-12);
        }
        assert!(floor[floor.len() - 1] > 1.01 * floor[0], "{profile}: {floor:?}");
    }
}

#[test]
fn a_smallest_size_drifts_beside_the_column_and_counts_where_it_is_asked_to() {
    let decays = [
        "sizes.evolve_min_size=true",
        "sizes.dsdt_model=constant_decay",
        "sizes.dsdt_params={k0: 1e-9, floor: 2e-6}",
        "numerics.dt_init=100",
        "numerics.dt_max=100",
        "phase.enabled=false",
        "radiation.TM_K=2000",
        "radiation.mars_temperature_driver.enabled=false",
    ];
    for profile in ["conservative", "python"] {
        let run = column(profile, "3e-5", &decays);
        let (evolved, smallest, dt) = (series(&run, "s_min_evolved"), series(&run, "s_min"), series(&run, "dt"));
        let mut size = smallest[0];
        for row in 0..evolved.len() {
            size = (size - 1e-9 * dt[row]).max(2e-6).max(smallest[row]);
            assert_close(evolved[row], size, 1e-12);
        }
        assert!(evolved.len() > 5);
    }
    // Where it counts, nothing smaller is supplied from the second step on.
    let counts: Vec<&str> = decays
        .iter()
        .copied()
        .chain([
            "sizes.apply_evolved_min_size=true",
            "sizes.dsdt_params={floor: 1e-4}",
            "supply.injection.mode=min_bin",
        ])
        .collect();
    let run = column("conservative", "3e-5", &counts);
    assert!(series(&run, "s_min")[1..].iter().all(|size| *size == 1e-4));
    let free = column("conservative", "3e-5", &decays);
    assert!(series(&free, "s_min")[1] < 1e-5);
}

#[test]
fn a_start_with_one_size_is_grains_of_a_metre_and_a_half() {
    let python = column("python", "3e-6", &["initial.s0_mode=mono", "radiation.freeze_kappa=true"]);
    assert_close(series(&python, "kappa_surf")[0], 0.75 / (DENSITY * 1.5), 1e-14);
    // Ours are in the bin of that size: 24 bins from 1e-7 to 3 m.
    let run = column("conservative", "3e-6", &["initial.s0_mode=mono", "radiation.freeze_kappa=true"]);
    let step = (3.0_f64 / 1e-7).ln() / 24.0;
    let bin = ((1.5_f64 / 1e-7).ln() / step).floor();
    assert_close(series(&run, "kappa_surf")[0], 0.75 / (DENSITY * 1e-7 * ((bin + 0.5) * step).exp()), 1e-12);
    let small = ["initial.s0_mode=mono", "sizes.s_max=1", "geometry.mode=0D"];
    let refused = Run::new(&shipped("quick.yml"), &small, &[]);
    assert_eq!(refused.status(), 2);
    assert!(refused.stderr().contains("distribution of a single size"), "{}", refused.stderr());
}

/// A column of the Python program whose grains shrink on its surface, and one step of it.
fn shrunk(seconds: f64, overrides: &[&str]) -> (Setup, Setup) {
    let shrinking = ["profile=python", "geometry.mode=0D", "sinks.sublimation_location=surface"];
    let all: Vec<&str> = shrinking.iter().chain(&EVAPORATION).chain(overrides).copied().collect();
    let build = || disk(&shipped("quick.yml"), &all, Some(Profile::Python));
    let mut after = build();
    evolve(&mut after, Pace::Fixed { min_tcoll_ratio: None }, seconds, seconds).result.unwrap();
    (build(), after)
}

#[test]
fn the_sizes_of_a_column_of_the_python_program_move() {
    let seconds = 60.0;
    let (before, after) = shrunk(seconds, &[]);
    let (model, cell) = (&before.model, &before.cells[0]);
    let grid = &model.sizes;
    let radius = model.grid.centres[0];
    // ds/dt at the start of the step, by hand: Hertz–Knudsen–Langmuir of black grains, solid below 2163 K.
    let temperature = 4000.0 * (3.3895e6 / (2.0 * radius)).sqrt();
    let (a, b) = if temperature < 2163.0 { (13.809441833, 28362.904024) } else { (11.08, 22409.0) };
    let pressure = 10_f64.powf(a - b / temperature);
    let rate = -0.1 * pressure * (0.140694 / (2.0 * PI * 8.314462618 * temperature)).sqrt() / DENSITY;
    let floor = model.drivers(0, 0.0, seconds).unwrap().s_blow;
    let (mut numbers, mut lengths) = ([0.0; 24], [0.0; 24]);
    for k in 0..24 {
        let number = cell.bins[k] / grid.masses[k];
        let size = (grid.sizes[k] + rate * seconds).max(floor);
        let bin = (0..24).rev().find(|k| grid.edges[*k] <= size).unwrap_or(0);
        numbers[bin] += number;
        lengths[bin] += number * size;
    }
    let mut total = 0.0;
    for k in 0..24 {
        let found = &after.cells[0];
        if numbers[k] > 0.0 {
            let size: f64 = lengths[k] / numbers[k];
            let mass = numbers[k] * 4.0 / 3.0 * PI * DENSITY * size.powi(3);
            assert_close(found.sizes[k], size, 1e-9);
            assert_close(found.bins[k], mass, 1e-9);
            total += mass;
        } else {
            assert_eq!((found.bins[k], found.sizes[k]), (0.0, grid.sizes[k]));
        }
    }
    let lost: f64 = cell.bins.iter().sum::<f64>() - total;
    assert!(lost > 0.0 && after.cells[0].sizes[0] < grid.sizes[0]);
    assert_close(after.cells[0].cumulative.sublimation, lost, 1e-9);
    assert_eq!(after.cells[0].cumulative.blowout, 0.0);
}

#[test]
fn what_shrinking_takes_is_blown_out_where_sublimation_is_to_conserve_mass() {
    let run = |collide: bool| {
        let mode = if collide { "physics_mode=default" } else { "physics_mode=sublimation_only" };
        column(
            "python",
            "2e-5",
            &[
                mode,
                "phase.enabled=false",
                "supply.enabled=false",
                "sinks.sublimation_location=surface",
                "sinks.sub_params.mass_conserving=true",
                "numerics.dt_init=100",
            ],
        )
    };
    let collides = run(true);
    let diagnostics = collides.table("series/diagnostics.parquet");
    let (shift, rate, dt) =
        (diagnostics.real("ds_step_uniform"), diagnostics.real("ds_dt_sublimation"), diagnostics.real("dt"));
    for row in 0..shift.len() {
        assert_close(shift[row], rate[row] * dt[row], 1e-14);
    }
    // Nothing is blown out but by shrinking, so that the first step tells its mass ratio.
    let ratio = diagnostics.real("mass_ratio_uniform")[0];
    let (blown, start) = (series(&collides, "mass_lost_by_blowout")[0], collides.summary()["mass_initial"].as_f64());
    assert!(ratio < 1.0 && ratio > 0.0, "{ratio}");
    assert_close(blown, start.unwrap() * (1.0 - ratio), 1e-6);
    assert_eq!(series(&collides, "mass_lost_sublimation_step")[0], 0.0);
    // Without collisions the Python program books none of it.
    assert_eq!(run(false).summary()["M_loss"], 0.0);
}

#[test]
fn a_held_column_keeps_its_surface_density_and_books_what_that_takes() {
    for profile in ["conservative", "python"] {
        let run =
            column(profile, "3e-4", &["surface.freeze_sigma=true", "phase.enabled=false", "numerics.dt_init=500"]);
        let (sigma, start) = (series(&run, "Sigma_surf"), series(&run, "Sigma_surf0"));
        for (sigma, start) in sigma.iter().zip(&start) {
            assert_close(*sigma, *start, 1e-14);
        }
        if profile == "conservative" {
            let summary = run.summary();
            assert!(summary["mass_budget_max_error_percent"].as_f64().unwrap() < 1e-10);
            let (lost, supplied) = (series(&run, "M_loss_cum"), series(&run, "M_supplied_cum"));
            let (lost, supplied) = (lost[lost.len() - 1], supplied[supplied.len() - 1]);
            assert!(lost > 0.0);
            assert_close(supplied, lost, 1e-9);
        }
    }
}

#[test]
fn an_outflux_much_faster_than_the_step_is_shown_as_what_leaves_in_it() {
    // With the exact blow-out size and all bins, the Python program's surface equation blows out.
    let run = |corrects: &str| {
        let correct = format!("io.correct_fast_blowout={corrects}");
        column(
            "python",
            "3e-3",
            &[
                "surface.collision_solver=surface_ode",
                "radiation.blowout_solver=converged",
                "sizes.grid=full",
                "sinks.mode=\"none\"",
                "phase.enabled=false",
                "numerics.dt_init=20000",
                &correct,
            ],
        )
    };
    let (plain, corrected) = (run("false"), run("true"));
    let ratio = series(&plain, "fast_blowout_ratio");
    for (name, equal) in [("outflux_surface", false), ("M_out_dot", false), ("M_loss_cum", true)] {
        let (plain, corrected) = (series(&plain, name), series(&corrected, name));
        for row in 0..plain.len() {
            let factor = if equal || ratio[row] <= 3.0 { 1.0 } else { 1.0 - (-ratio[row]).exp() };
            assert!(plain[row] > 0.0, "{name}");
            assert_close(corrected[row], plain[row] * factor, 1e-14);
        }
    }
    assert!(ratio[0] > 3.0 && corrected.table("series/run.parquet").flag("fast_blowout_corrected")[0]);
    assert!(!plain.table("series/run.parquet").flag("fast_blowout_corrected")[0]);
}

#[test]
fn rings_hold_the_depth_of_their_shielding_but_not_in_the_python_program() {
    let table = format!("shielding.table_path={}", support::data("phi_020.csv").display());
    let all = [&table, "shielding.mode=fixed_tau1", "shielding.fixed_tau1_tau=0.7", "numerics.t_end_years=1e-4"];
    let phi = |profile: &str| {
        let profile = format!("profile={profile}");
        let all: Vec<&str> = all.iter().copied().chain([profile.as_str()]).collect();
        series(&Run::finished(&shipped("quick.yml"), &all, &[]), "phi_used")
    };
    // Φ falls from 1 at τ = 0 to 0.2 at τ = 1.
    assert!(phi("conservative").iter().all(|phi| (phi - 0.44).abs() < 1e-15));
    assert!(phi("python").iter().all(|phi| *phi == 1.0));
}

#[test]
fn a_column_of_the_python_program_goes_on_to_iterate_its_blow_out_size() {
    let table = format!("radiation.qpr_table_path={}", support::data("python_profile/qpr.csv").display());
    let all = [table.as_str(), "numerics.dt_init=100", "phase.enabled=false"];
    let run = column("python", "1e-5", &all);
    let blown = series(&run, "a_blow");
    // Fourteen evaluations at 4000 K, as the Python program prints them.
    assert_close(blown[0], 3.866_484e-6, 2e-7);
    assert_eq!(series(&run, "s_min_effective")[0], blown[0]);
    // From then on the exact root, to what one more step of 7 evaluations leaves.
    let converged: Vec<&str> = all.iter().copied().chain(["radiation.blowout_solver=converged"]).collect();
    let exact = column("python", "1e-5", &converged);
    for (found, wanted) in blown.iter().zip(series(&exact, "a_blow")).skip(3) {
        assert_close(*found, wanted, 1e-8);
    }
}
