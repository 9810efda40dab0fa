//! Fresh material: each law, scaling, buffer and injection alone against its closed form through the time loop of a whole
//! run; the order of the coupling; the mass budget of all of them together; and the Python program's numbers.

mod support;

use marsdisk_mpi::config::Profile;
use marsdisk_mpi::disk::setup::Setup;
use marsdisk_mpi::disk::step::step;
use marsdisk_mpi::disk::workers::Workspace;
use marsdisk_mpi::physics::constants::{M_MARS, YEAR};
use marsdisk_mpi::run::clock::{Clock, OutputTimes, Pace};
use marsdisk_mpi::run::driver::{self, Desk};
use std::fs;
use std::path::PathBuf;
use support::{ADAPTIVE, Run, assert_close, course, data, disk, run_to_end, shipped, still, time_grid};
use tempfile::TempDir;

/// What closed forms are met to.
const EXACT: f64 = 1e-6;
/// What only roundings of some hundred steps stand in the way of.
const ROUNDING: f64 = 1e-12;

/// Cells around a Mars that keeps its temperature, in which nothing happens but supply and what `overrides` switch on.
fn cells(overrides: &[&str]) -> Setup {
    let mut all = vec![
        "physics_mode=sublimation_only",
        "sinks.enable_sublimation=false",
        "supply.mixing.epsilon_mix=0.5",
        "supply.const.mu_orbit10pct=null",
    ];
    all.extend(overrides);
    still(&all)
}

/// Surface density that the supply brought to a cell, in its bins and in its ledger, which must agree.
#[track_caller]
fn gain(setup: &Setup, cell: usize) -> f64 {
    let state = &setup.cells[cell];
    let risen = state.surface_density() - setup.model.cells[cell].facts.initial_surface_density;
    let total = state.surface_density().max(state.cumulative.supplied);
    assert!((risen - state.cumulative.supplied).abs() <= 1e-11 * total, "{risen:e} {:e}", state.cumulative.supplied);
    state.cumulative.supplied
}

fn table(content: &str) -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("table.csv");
    fs::write(&path, content).unwrap();
    (folder, path)
}

#[test]
fn a_power_law_brings_its_integral() {
    for (index, wanted) in
        [(-0.5, 2.0 * 999e3_f64.sqrt()), (-1.0, (999e3_f64 / 1e-12).ln()), (1.0, 0.5 * 999e3_f64.powi(2))]
    {
        let law = format!("supply.powerlaw={{A_kg_m2_s: 1e-6, t0_s: 1000.0, index: {index}}}");
        let mut setup = cells(&["supply.mode=powerlaw", &law]);
        run_to_end(&mut setup, 1e6);
        assert_close(gain(&setup, 0), 0.5 * 1e-6 * wanted, EXACT);
    }
}

#[test]
fn a_table_brings_the_area_under_its_lines_and_its_ends_are_held() {
    let (_folder, path) = table("time,rate\n0.001,1e-6\n0.004,5e-6\n0.01,0\n0.02,2e-6\n");
    let path = format!("supply.table.path={}", path.display());
    let mut setup = cells(&["supply.mode=table", &path, "supply.table.time_unit=year"]);
    run_to_end(&mut setup, 0.03 * YEAR);
    let area = 1e-6 * 0.001 + 3e-6 * 0.003 + 2.5e-6 * 0.006 + 1e-6 * 0.01 + 2e-6 * 0.01;
    assert_close(gain(&setup, 0), 0.5 * area * YEAR, EXACT);
}

#[test]
fn a_table_in_radius_is_read_between_its_radii_and_held_outside() {
    // (1 + t/1e5) r/10¹² for radii r from 5000 to 7000 km.
    let (_folder, path) = table("t,r,rate\n0,5e6,5e-6\n1e5,5e6,1e-5\n0,7e6,7e-6\n1e5,7e6,1.4e-5\n");
    let path = format!("supply.table.path={}", path.display());
    let mut setup = cells(&["supply.mode=table", &path, "geometry.Nr=5"]);
    run_to_end(&mut setup, 1.5e5);
    for cell in 0..5 {
        let r = setup.model.cells[cell].facts.r.clamp(5e6, 7e6) / 1e12;
        assert_close(gain(&setup, cell), 0.5 * r * (1.5e5 + 1e5), EXACT);
    }
}

const PIECES: &str = "supply.piecewise=[\
    {t_start_s: 1.0e3, t_end_s: 2.0e5, const: {prod_area_rate_kg_m2_s: 3.0e-6}}, \
    {t_start_s: 1.5e5, t_end_s: 3.0e5, const: {prod_area_rate_kg_m2_s: 5.0e-6}}, \
    {t_start_s: 5.0e5, t_end_s: 8.0e5, mode: powerlaw, powerlaw: {A_kg_m2_s: 1.0e-11, t0_s: 4.0e5, index: 1.0}}]";

#[test]
fn pieces_bring_their_sum_and_the_clock_meets_their_edges() {
    let mut setup = cells(&["supply.mode=piecewise", PIECES]);
    let clock = Clock::new(time_grid(&setup, 100.0, 1e6), ADAPTIVE, OutputTimes::Linear { every: 1e6 });
    let mut ends = Vec::new();
    driver::run(course(&mut setup, clock), Desk::default(), &mut |tick| ends.push(tick.end)).unwrap().result.unwrap();
    for edge in [1e3, 2e5, 3e5, 5e5, 8e5, 1e6] {
        assert!(ends.contains(&edge), "{edge} is not among {ends:?}");
    }
    let wanted = 3e-6 * 1.99e5 + 5e-6 * 1e5 + 1e-11 * 0.5 * (4e5_f64.powi(2) - 1e5_f64.powi(2));
    assert_close(gain(&setup, 0), 0.5 * wanted, EXACT);
}

#[test]
fn a_fill_time_fills_to_optical_depth_one_unless_the_profile_is_python() {
    let keys = ["supply.const.auto_from_tau1_tfill_years=0.01"];
    let mut setup = cells(&keys);
    run_to_end(&mut setup, 0.01 * YEAR);
    // The disk starts at an optical depth of 0.05.
    assert_close(gain(&setup, 0), setup.model.cells[0].facts.initial_surface_density / 0.05, EXACT);
    let all = [&["supply.const.mu_orbit10pct=null", "geometry.Nr=1"], &keys[..]].concat();
    let python = disk(&shipped("quick.yml"), &all, Some(Profile::Python));
    assert_eq!(python.model.cells[0].supply.law.rate(0.0), 0.0);
}

#[test]
fn the_temperature_of_mars_scales_the_supply() {
    let slab = "radiation.mars_temperature_driver={enabled: true, mode: slab, slab: {d_layer_m: 1.0e4}}";
    let law =
        "supply.temperature={enabled: true, reference_K: 3000.0, exponent: 3.0, scale_at_reference: 0.7, cap: 0.8}";
    let mut setup = cells(&["supply.const.prod_area_rate_kg_m2_s=1e-6", slab, law]);
    run_to_end(&mut setup, 2e6);
    let scale = |t: f64| (0.7 * (setup.model.cooling.raw_temperature(t) / 3000.0).powi(3)).min(0.8);
    let panels = 200_000;
    let mean =
        (0..panels).map(|k| scale((f64::from(k) + 0.5) * 2e6 / f64::from(panels))).sum::<f64>() / f64::from(panels);
    assert_close(gain(&setup, 0), 0.5e-6 * mean * 2e6, EXACT);
}

#[test]
fn a_rate_over_temperature_replaces_the_law_in_time() {
    let (_folder, path) = table("T_K,value\n3000,1e-6\n3400,3e-6\n");
    for (kind, wanted) in [("rate", 2e-6), ("scale", 0.5 * 7.0 * 2e-6)] {
        let table = format!("supply.temperature.table={{path: {}, value_kind: {kind}}}", path.display());
        let keys = ["supply.const.prod_area_rate_kg_m2_s=7", "supply.temperature={enabled: true, mode: table}", &table];
        let mut setup = cells(&keys);
        run_to_end(&mut setup, 1e5);
        assert_close(gain(&setup, 0), wanted * 1e5, EXACT);
    }
}

/// Mass that came into all cells [M_Mars].
fn entered(setup: &Setup) -> f64 {
    let cells = setup.cells.iter().zip(&setup.model.cells);
    cells.map(|(state, cell)| state.cumulative.entered() * cell.facts.area / M_MARS).sum()
}

#[test]
fn a_reservoir_gives_its_mass_and_no_more() {
    let keys = ["geometry.Nr=3", "supply.const.prod_area_rate_kg_m2_s=1e-4", "supply.reservoir.mass_total_Mmars=1e-8"];
    let mut setup = cells(&keys);
    run_to_end(&mut setup, 1e7);
    assert_close(entered(&setup), 1e-8, ROUNDING);
    // 1e-8 Mars masses over the disk are 2.9e1 kg/m²: half of the raw rate lasts 5.7e5 s.
    let full = cells(&keys).model.cells[0].supply.reservoir;
    let mut early = cells(&keys);
    run_to_end(&mut early, 1e5);
    assert_close(gain(&early, 0), 5.0, ROUNDING);
    assert_close(early.cells[0].supply.reservoir, full - 5.0, ROUNDING);
    // The Python program gives each cell all of it.
    let mut each = cells(&[&keys[..], &["supply.reservoir.scope=cell"]].concat());
    run_to_end(&mut each, 1e8);
    assert_close(entered(&each), 3e-8, ROUNDING);
}

#[test]
fn a_tapering_reservoir_fades_exponentially() {
    let keys = ["supply.const.prod_area_rate_kg_m2_s=1e-4", "supply.reservoir.mass_total_Mmars=1e-8"];
    let taper = ["supply.reservoir.depletion_mode=taper", "supply.reservoir.taper_fraction=0.4"];
    let mut setup = cells(&[&keys[..], &taper].concat());
    let total = setup.model.cells[0].supply.reservoir;
    let (knee, rate) = (0.4 * total, 0.5e-4);
    let fading = 1.7 * knee / rate;
    run_to_end(&mut setup, (total - knee) / rate + fading);
    assert_close(setup.cells[0].supply.reservoir, knee * (-1.7_f64).exp(), EXACT);
    assert_close(gain(&setup, 0), total - knee * (-1.7_f64).exp(), EXACT);
}

#[test]
fn the_deep_buffer_fills_mixes_up_and_loses_nothing() {
    let keys = ["supply.const.prod_area_rate_kg_m2_s=1e-6", "supply.transport={mode: deep_mixing, t_mix_orbits: 20.0}"];
    let mut setup = cells(&keys);
    run_to_end(&mut setup, 1e6);
    let (state, cell) = (&setup.cells[0], &setup.model.cells[0]);
    let t_mix = 20.0 * cell.facts.t_orb;
    let deep = 0.5e-6 * t_mix * (1.0 - (-1e6 / t_mix).exp());
    assert_close(state.supply.deep, deep, 1e-10);
    assert_close(gain(&setup, 0), 0.5 - deep, 1e-10);
    assert_close(state.cumulative.entered(), 0.5, ROUNDING);
    assert_close(state.cumulative.buffered, state.supply.deep, ROUNDING);
}

const CONTROL: [&str; 4] = [
    "supply.const.prod_area_rate_kg_m2_s=1e-5",
    "supply.feedback={enabled: true, target_tau: 0.02, gain: 0.5, response_time_years: 2e-4, max_scale: 1e3}",
    "sinks.enable_gas_drag=true",
    "sinks.rho_g=3e-9",
];

#[test]
fn feedback_settles_at_its_target() {
    // Drag takes e-folds of 2180 s, and all sizes alike: the optical depth is proportional to the mass.
    let mut setup = cells(&CONTROL);
    run_to_end(&mut setup, 4e5);
    let initial = setup.model.cells[0].facts.initial_surface_density;
    assert_close(setup.cells[0].surface_density() / initial, 0.02 / 0.05, EXACT);
    let life = 3270.0 * 1e-6 / (3e-9 * 500.0);
    let scale = setup.cells[0].surface_density() / life / 0.5e-5;
    assert_close(setup.cells[0].supply.feedback_scale, scale, EXACT);
}

/// Surface density and feedback scale after 2e4 s in steps of equal length, with every part of the supply that evolves.
fn in_steps(count: u32) -> (f64, f64) {
    let others = [
        "supply.mode=powerlaw",
        "supply.powerlaw={A_kg_m2_s: 1e-9, t0_s: 0.0, index: 1.0}",
        "supply.transport={mode: deep_mixing, t_mix_orbits: 0.5}",
        "supply.reservoir={mass_total_Mmars: 1e-10, depletion_mode: taper, taper_fraction: 0.9}",
    ];
    let mut setup = cells(&[&CONTROL[..], &others].concat());
    let mut work = Workspace::new(setup.model.sizes.len());
    let dt = 2e4 / f64::from(count);
    for k in 0..count {
        let drivers = setup.model.drivers(u64::from(k), f64::from(k) * dt, dt).unwrap();
        step(&setup.model, &setup.model.cells[0], &mut setup.cells[0], &drivers, &mut work).unwrap();
    }
    (setup.cells[0].surface_density(), setup.cells[0].supply.feedback_scale)
}

#[test]
fn halving_the_steps_quarters_the_error_of_the_coupling() {
    let fine = in_steps(2048);
    let errors = [16, 32, 64].map(|count| {
        let found = in_steps(count);
        ((found.0 / fine.0 - 1.0).abs(), (found.1 / fine.1 - 1.0).abs())
    });
    for pair in errors.windows(2) {
        for (coarse, fine) in [(pair[0].0, pair[1].0), (pair[0].1, pair[1].1)] {
            let ratio = coarse / fine;
            assert!((3.3..5.0).contains(&ratio), "{ratio}: {errors:?}");
        }
    }
}

#[test]
fn supply_goes_into_the_bins_that_its_injection_names() {
    let rate = "supply.const.prod_area_rate_kg_m2_s=2e-6";
    for (injection, lowest) in [
        ("supply.injection={mode: min_bin}", 0.0),
        ("supply.injection={mode: min_bin, s_inj_min: 1e-3}", 1e-3),
        ("supply.injection={mode: powerlaw_bins, s_inj_min: 1e-4, s_inj_max: 1e-1, q: 3.0}", 1e-4),
    ] {
        let mut setup = cells(&[rate, injection]);
        let before = setup.cells[0].bins.clone();
        run_to_end(&mut setup, 1e5);
        assert_close(gain(&setup, 0), 0.1, 1e-9);
        let model = &setup.model;
        let (s_blow, grid) = (model.blowout_size(3200.0).0, &model.sizes);
        let gains: Vec<f64> = setup.cells[0].bins.iter().zip(&before).map(|(now, then)| now - then).collect();
        if injection.contains("min_bin") {
            let fits = |k: &usize| grid.edges[*k] >= s_blow && grid.sizes[*k] >= lowest;
            let bin = (0..grid.len()).find(fits).unwrap();
            assert_close(gains[bin], 0.1, 1e-9);
        } else {
            // ∫ s⁻³ ds over what the limits leave of a bin, times the mass of its grain.
            let weight = |k: usize| {
                let (lower, upper) = (grid.edges[k].max(1e-4), grid.edges[k + 1].min(1e-1));
                if upper > lower { (lower.powi(-2) - upper.powi(-2)) / 2.0 * grid.masses[k] } else { 0.0 }
            };
            let whole: f64 = (0..gains.len()).map(weight).sum();
            for (k, found) in gains.iter().enumerate() {
                let wanted = 0.1 * weight(k) / whole;
                assert!((found - wanted).abs() < 1e-9, "bin {k}: {found:e} instead of {wanted:e}");
            }
        }
    }
}

#[test]
fn the_budget_closes_with_everything_at_once() {
    let keys = [
        "supply.transport={mode: deep_mixing, t_mix_orbits: 3.0}",
        "supply.reservoir={mass_total_Mmars: 2e-13, depletion_mode: taper, taper_fraction: 0.5}",
        "supply.feedback={enabled: true, target_tau: 0.06, response_time_years: 0.001}",
        "supply.temperature={enabled: true}",
        "supply.injection={mode: powerlaw_bins}",
        "radiation.TM_K=3000",
    ];
    let run = Run::finished(&shipped("quick.yml"), &keys, &[]);
    let summary = run.summary();
    for key in ["mass_budget_max_error_percent", "mass_budget_max_error_percent_cells"] {
        assert!(summary[key].as_f64().unwrap() < 1e-11, "{key}: {}", summary[key]);
    }
    assert!(summary["mass_deep"].as_f64().unwrap() > 0.0);
    let cells = run.csv("checks/mass_budget_cells.csv");
    assert!(cells["mass_supplied"].iter().all(|mass| *mass <= 2e-13));
    let series = run.table("series/run.parquet");
    let (left, scale) = (series.real("supply_reservoir_fraction"), series.real("supply_feedback_scale"));
    assert!(left.iter().all(|share| (0.0..=1.0).contains(share)) && left.last() < left.first());
    assert!(scale.iter().any(|x| *x != 1.0), "{scale:?}");
    // Three threads, another schedule: the same bytes.
    let threads = Run::finished(&shipped("quick.yml"), &keys, &["--threads", "3"]);
    let name = "series/run.parquet";
    assert_eq!(fs::read(run.path(name)).unwrap(), fs::read(threads.path(name)).unwrap());
}

#[test]
fn a_step_is_no_longer_than_the_feedback_allows() {
    let mut setup = cells(&CONTROL);
    let rtol = 1e-3;
    let pace = Pace::Adaptive { rtol, dt_max: f64::INFINITY };
    let clock = Clock::new(time_grid(&setup, 100.0, 1e5), pace, OutputTimes::EveryStep);
    let mut longest: f64 = 0.0;
    driver::run(course(&mut setup, clock), Desk::default(), &mut |tick| longest = longest.max(tick.dt))
        .unwrap()
        .result
        .unwrap();
    // A tenth of response time over gain.
    let limit = 0.1 * 2e-4 * YEAR / 0.5;
    assert!(longest <= limit * (1.0 + ROUNDING) && longest > 0.5 * limit, "{longest} {limit}");
}

/// A layer that shows nothing of its grains from τ = 0.5 on.
const DARK: [&str; 2] = ["shielding.mode=psitau", "shielding.table_path=../tests/data/phi_dark.csv"];

#[test]
fn a_layer_that_becomes_dark_never_becomes_opaque() {
    // Ten times its mass arrives in an orbit, and nothing is lost.
    let more = ["supply.const.orbit_fraction_at_mu1=10", "physics_mode=collisions_only", "blowout.enabled=false"];
    let stopped = |shielding: &[&str]| {
        let all =
            [shielding, &more, &["radiation.TM_K=2000", "optical_depth.tau_stop=0.4", "numerics.t_end_years=0.002"]]
                .concat();
        let run = Run::finished(&shipped("quick.yml"), &all, &[]);
        let series = run.table("series/run.parquet");
        assert!(series.real("tau").iter().any(|tau| *tau > 0.5) || shielding.is_empty());
        run.summary()["stop_reason"].as_str().unwrap().to_owned()
    };
    assert_eq!(stopped(&[]), "tau_exceeded_all_cells");
    assert_eq!(stopped(&DARK), "t_end_reached");
}

#[test]
fn what_cannot_be_meant_is_refused_with_its_key() {
    for (overrides, part) in [
        (&["supply.transport.mode=deep_mixing"][..], "t_mix_orbits"),
        (&["supply.reservoir.enabled=true"], "mass_total_Mmars"),
        (&["supply.piecewise=[{t_start_s: 5.0, t_end_s: 5.0}]"], "supply.piecewise[0]"),
        (
            &["supply.piecewise=[{t_start_s: 0.0, t_end_s: 5.0, const: {prod_area_rate_kg_m2_s: -1.0}}]"],
            "supply.piecewise[0].const.prod_area_rate_kg_m2_s",
        ),
        (&["supply.mode=table", "supply.table.path=nowhere.csv"], "supply.table.path"),
        (&["supply.injection.velocity={mode: fixed_ei, e_inj: 1.0, i_inj: 0.1}"], "e_inj"),
        (&["supply.injection.velocity={mode: factor, vrel_factor: 3.0}"], "vrel_factor"),
        (&[DARK[0], DARK[1], "supply.const.mu_reference_tau=0.5"], "supply.const.mu_reference_tau"),
        (&[DARK[0], DARK[1], "optical_depth.tau0_target=0.5"], "optical_depth.tau0_target"),
    ] {
        let run = Run::new(&shipped("quick.yml"), overrides, &[]);
        assert!(run.status() != 0 && run.stderr().contains(part), "{}", run.stderr());
    }
}

/// What the cases of `supply.csv` change in `base_cooling.yml`, beside the temperature of Mars [K].
const PYTHON_CASES: [(&str, f64, &[&str]); 3] = [
    (
        "powerlaw_bins",
        2000.0,
        &[
            "supply.mode=powerlaw",
            "supply.const.mu_orbit10pct=null",
            "supply.powerlaw={A_kg_m2_s: 1e-4, t0_s: 0.0, index: -0.5}",
            "supply.mixing.epsilon_mix=0.5",
            "supply.injection={mode: powerlaw_bins, s_inj_min: 1e-5, s_inj_max: 0.1}",
        ],
    ),
    (
        "feedback_temperature",
        2200.0,
        &[
            "supply.feedback={enabled: true, target_tau: 0.8, gain: 2.0, response_time_years: 0.001, min_scale: 0.1, \
             max_scale: 3.0}",
            "supply.temperature={enabled: true, mode: scale, reference_K: 1800.0, exponent: 2.0}",
        ],
    ),
    ("deep_mixing", 2100.0, &["supply.transport={mode: deep_mixing, t_mix_orbits: 5.0}"]),
];

#[test]
fn the_profile_python_supplies_what_the_python_program_does() {
    let mut reader =
        csv::ReaderBuilder::new().comment(Some(b'#')).from_path(data("python_profile/supply.csv")).unwrap();
    let rows: Vec<(String, String, usize, f64)> = reader.deserialize().map(Result::unwrap).collect();
    let mut checked = 0;
    for (case, temperature, overrides) in PYTHON_CASES {
        let driver = format!(
            "radiation.mars_temperature_driver={{enabled: true, mode: constant, constant: {{value_K: {temperature:?}}}}}"
        );
        let start = format!("radiation.TM_K={temperature:?}");
        let all = [overrides, &[&driver, &start]].concat();
        let run = Run::finished(&data("python_profile/base_cooling.yml"), &all, &["--profile", "python"]);
        let series = run.table("series/run.parquet");
        for (_, column, row, wanted) in rows.iter().filter(|row| row.0 == case) {
            let found = series.real(column)[*row];
            assert!((found - wanted).abs() <= 1e-9 * wanted.abs(), "{case}, {column}[{row}]: {found:e}, {wanted:e}");
            checked += 1;
        }
    }
    assert_eq!(checked, rows.len());
}
