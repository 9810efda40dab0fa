//! Whole runs: the mass budget, the clock, threads, and the Python program's numbers.

mod support;

use marsdisk_mpi::cli::facts;
use marsdisk_mpi::config;
use marsdisk_mpi::disk::setup::Setup;
use marsdisk_mpi::output::folder::OutputFolder;
use marsdisk_mpi::output::recorder::{BinFacts, OutputOptions, Recorder};
use marsdisk_mpi::parallel::policy::{Decision, Place, Requests};
use marsdisk_mpi::physics::constants::{M_MARS, YEAR};
use marsdisk_mpi::physics::supply::SupplyLaw;
use marsdisk_mpi::run::clock::{Clock, OutputTimes, Pace};
use marsdisk_mpi::run::driver::{self, Desk, Ended, RunError};
use marsdisk_mpi::run::stop::StopReason;
use std::collections::HashMap;
use std::fs;
use support::{ADAPTIVE, Run, Table, assert_close, course, data, disk, evolve, shipped, time_grid};

/// Share of what was and came that may be lost track of; rounding of some thousand steps leaves about 10⁻¹⁴.
const BALANCE: f64 = 1e-12;

/// A cell at a time.
type Moment = (u64, i64);

fn moments(times: &[f64], cells: &[i64]) -> Vec<Moment> {
    times.iter().zip(cells).map(|(time, cell)| (time.to_bits(), *cell)).collect()
}

/// Checks both budget tables, and works the budget out again from the series and the size distributions.
fn assert_balanced(run: &Run) {
    for name in ["checks/mass_budget.csv", "checks/mass_budget_cells.csv"] {
        let budget = run.csv(name);
        assert!(!budget["time"].is_empty());
        for row in 0..budget["time"].len() {
            let at = |column: &str| budget[column][row];
            let scale = at("mass_initial") + at("mass_supplied");
            let residual = scale - at("mass_lost") - at("mass_remaining");
            assert!(residual.abs() <= BALANCE * scale, "{name}, row {row}: {residual:e} of {scale:e}");
            assert!(at("mass_diff").abs() <= BALANCE * scale && at("error_percent") <= 100.0 * BALANCE);
            let channels = at("lost_blowout") + at("lost_sublimation") + at("lost_gas_drag");
            assert!((channels - at("mass_lost")).abs() <= BALANCE * scale, "{name}, row {row}");
        }
    }
    assert_balanced_series(run, &masses_in_bins(run));
}

/// Mass of the bins of every evolving cell in every record [M_Mars], from the size distributions.
fn masses_in_bins(run: &Run) -> HashMap<Moment, f64> {
    let (bins, diagnostics) = (run.table("series/psd_hist.parquet"), run.table("series/diagnostics.parquet"));
    let areas: HashMap<i64, f64> =
        diagnostics.integer("cell_index").into_iter().zip(diagnostics.real("area_m2")).collect();
    let mut masses = HashMap::new();
    let rows = moments(&bins.real("time"), &bins.integer("cell_index"));
    for (moment, sigma) in rows.into_iter().zip(bins.real("Sigma_bin")) {
        *masses.entry(moment).or_insert(0.0) += sigma * areas[&moment.1] / M_MARS;
    }
    masses
}

/// initial + Σ supplied − Σ lost − bins, with the sums taken over the records of the series.
fn assert_balanced_series(run: &Run, masses: &HashMap<Moment, f64>) {
    let series = run.table("series/run.parquet");
    let rows = moments(&series.real("time"), &series.integer("cell_index"));
    let column = |name: &str| series.real(name);
    let [in_bins, blown, sunk, supplied, lost_cum, supplied_cum, dt, outflux] = [
        column("mass_total_bins"),
        column("mass_lost_surface_solid_marsRP_step"),
        column("mass_lost_sinks_step"),
        column("mass_supplied_step"),
        column("M_loss_cum"),
        column("M_supplied_cum"),
        column("dt"),
        column("M_out_dot"),
    ];
    let cells = rows.iter().map(|moment| moment.1).max().unwrap() as usize + 1;
    let initial = run.csv("checks/mass_budget_cells.csv")["mass_initial"][..cells].to_vec();
    let (mut lost, mut came) = (vec![0.0; cells], vec![0.0; cells]);
    let mut totals: HashMap<u64, (f64, f64)> = HashMap::new();
    for (row, moment) in rows.iter().enumerate() {
        let cell = moment.1 as usize;
        lost[cell] += blown[row] + sunk[row];
        came[cell] += supplied[row];
        let scale = initial[cell] + came[cell];
        // A frozen cell has no row among the distributions; its bins are those of its last one.
        let mass = masses.get(moment).copied().unwrap_or(in_bins[row]);
        assert!((mass - in_bins[row]).abs() <= BALANCE * scale, "row {row}: {mass:e} in {}", in_bins[row]);
        let residual = scale - lost[cell] - mass;
        assert!(residual.abs() <= BALANCE * scale, "row {row}: {residual:e} of {scale:e}");
        assert!((lost[cell] - lost_cum[row]).abs() <= BALANCE * scale, "row {row}");
        assert!((came[cell] - supplied_cum[row]).abs() <= BALANCE * scale, "row {row}");
        assert!((outflux[row] * dt[row] - blown[row]).abs() <= BALANCE * scale, "row {row}");
        let total = totals.entry(moment.0).or_default();
        *total = (total.0 + residual, total.1 + scale);
    }
    assert!(totals.values().all(|(residual, scale)| residual.abs() <= BALANCE * scale));
}

#[test]
fn the_default_disk_balances_over_two_years_and_every_cell_lives() {
    let run = Run::finished(&shipped("fiducial.yml"), &[], &[]);
    assert_balanced(&run);
    let summary = run.summary();
    assert_eq!((&summary["status"], &summary["stop_reason"]), (&"complete".into(), &"t_end_reached".into()));
    assert_eq!((&summary["cells_total"], &summary["cells_stopped"]), (&32.into(), &0.into()));
    let series = run.table("series/run.parquet");
    let (active, surface) = (series.flag("cell_active"), series.real("Sigma_surf"));
    assert!(active[active.len() - 32..].iter().all(|active| *active));
    assert!(surface.iter().all(|sigma| sigma.is_finite() && *sigma > 0.0));
    let times = series.real("time");
    assert_eq!(times[times.len() - 1], 2.0 * YEAR);
    // What left was first there or came later, and blow-out, evaporation and supply all acted.
    for channel in ["M_out_cum", "M_sink_cum", "mass_supplied"] {
        assert!(summary[channel].as_f64().unwrap() > summary["mass_initial"].as_f64().unwrap(), "{channel}");
    }
}

#[test]
fn every_set_of_processes_balances() {
    let cases: &[&[&str]] = &[
        &[],
        &["physics_mode=collisions_only"],
        &["physics_mode=sublimation_only", "sinks.enable_gas_drag=true", "sinks.rho_g=1e-7"],
        &["sinks.sublimation_scheme=lifetime", "supply.enabled=false"],
        &["numerics.clock=fixed", "numerics.t_end_years=1e-4"],
        &["supply.const.mu_orbit10pct=100", "optical_depth.tau_stop=0.2", "radiation.TM_K=3000"],
        &["io.output.times=every_step", "numerics.t_end_orbits=1"],
        &["io.output.times=linear", "io.output.every=1e5"],
    ];
    for overrides in cases {
        assert_balanced(&Run::finished(&shipped("quick.yml"), overrides, &[]));
    }
}

#[test]
fn the_python_programs_default_disk_runs_and_balances() {
    let run = Run::finished(&shipped("base.yml"), &["numerics.t_end_years=0.02"], &[]);
    assert_balanced(&run);
    assert_eq!(run.summary()["cells_total"], 32);
}

/// Runs a disk with all its files, in `folder`, for `seconds` in steps of at most 1000 s.
fn recorded(setup: &mut Setup, folder: &std::path::Path, seconds: f64) -> Ended {
    let loaded = config::load(&shipped("quick.yml"), &[], None).unwrap();
    let cells: Vec<_> = setup.model.cells.iter().map(|cell| cell.facts).collect();
    let sizes = BinFacts::of(&setup.model.sizes);
    let decision = Decision::new(cells.len(), &[Place::here()], Requests::read(Some(1), |_| None));
    let config = facts::run_config(&loaded, &setup.model, &setup.files, &decision, Vec::new());
    let folder = OutputFolder::create(folder, true).unwrap();
    let mut recorder =
        Recorder::create(folder, &setup.model.run, &cells, &sizes, OutputOptions::default(), config, None).unwrap();
    let pace = Pace::Adaptive { rtol: 1e-2, dt_max: 1e3 };
    let clock = Clock::new(time_grid(setup, 1e3, seconds), pace, OutputTimes::EveryStep);
    let desk = Desk { recorder: Some(&mut recorder), keeper: None };
    driver::run(course(setup, clock), desk, &mut |_| {}).unwrap()
}

#[test]
fn mass_that_vanishes_ends_the_run() {
    let folder = tempfile::tempdir().unwrap();
    let start = || disk(&shipped("quick.yml"), &["geometry.Nr=3"], None);
    let mut whole = start();
    assert_eq!(recorded(&mut whole, folder.path(), 5e3).result.unwrap(), StopReason::EndReached);
    // The books go on from where they were.
    assert_eq!(recorded(&mut whole, folder.path(), 5e3).result.unwrap(), StopReason::EndReached);

    let heaviest = |setup: &Setup| {
        let bins = &setup.cells[1].bins;
        (0..bins.len()).max_by(|a, b| bins[*a].total_cmp(&bins[*b])).unwrap()
    };
    for (share, is_error) in [(1e-12, false), (1e-8, true)] {
        let mut leaking = start();
        recorded(&mut leaking, folder.path(), 5e3).result.unwrap();
        let bin = heaviest(&leaking);
        leaking.cells[1].bins[bin] *= 1.0 - share;
        let result = recorded(&mut leaking, folder.path(), 5e3).result;
        assert_eq!(matches!(result, Err(RunError::Budget { .. })), is_error, "{share:e}: {result:?}");
    }
    let mut forgetful = start();
    recorded(&mut forgetful, folder.path(), 5e3).result.unwrap();
    forgetful.cells[2].cumulative.sublimation *= 0.999;
    let ended = recorded(&mut forgetful, folder.path(), 5e3);
    let Err(RunError::Budget { time, percent, .. }) = ended.result else { panic!("{ended:?}") };
    assert!(time > 0.0 && time == ended.time && percent > 1e-6, "{percent}");
}

#[test]
fn a_step_that_fails_leaves_the_cells_as_they_were() {
    let folder = tempfile::tempdir().unwrap();
    let mut setup = disk(&shipped("quick.yml"), &["radiation.TM_K=2500"], None);
    // An infinite supply from the second step on: the last cell cannot be integrated, the others can.
    setup.model.supply.in_first_step = false;
    let mut reference = setup.cells.clone();
    setup.model.cells[3].supply.law = SupplyLaw::Constant(f64::INFINITY);
    let ended = recorded(&mut setup, folder.path(), 5e3);
    assert!(matches!(ended.result, Err(RunError::Cell { cell: 3, time: 1000.0, .. })), "{ended:?}");
    assert_eq!((ended.time, ended.steps.coupling), (1000.0, 1));

    setup.model.cells[3].supply.law = SupplyLaw::Constant(0.0);
    std::mem::swap(&mut setup.cells, &mut reference);
    assert_eq!(recorded(&mut setup, folder.path(), 1e3).result.unwrap(), StopReason::EndReached);
    assert_eq!(setup.cells, reference, "the failed step left traces");
}

/// Losses of the default disk over two years by blow-out and sinks [kg], and the steps it took. Fewer cells than the
/// shipped ones sample the same radii; cells do not know of each other.
fn two_years(clock_rtol: f64, overrides: &[&str]) -> [f64; 2] {
    let mut setup = disk(&shipped("fiducial.yml"), &[&["geometry.Nr=8"], overrides].concat(), None);
    let pace = Pace::Adaptive { rtol: clock_rtol, dt_max: f64::INFINITY };
    assert_eq!(evolve(&mut setup, pace, 100.0, 2.0 * YEAR).result.unwrap(), StopReason::EndReached);
    let cells = setup.cells.iter().zip(&setup.model.cells);
    cells.fold([0.0; 2], |[out, sunk], (state, cell)| {
        let (area, ledger) = (cell.facts.area, &state.cumulative);
        [out + ledger.blowout * area, sunk + ledger.sinks() * area]
    })
}

#[test]
fn the_loss_of_two_years_does_not_depend_on_clock_or_tolerance() {
    let default = two_years(1e-3, &[]);
    let half = two_years(5e-4, &[]);
    let tight = two_years(1e-3, &["numerics.rtol=1e-6", "numerics.atol=1e-11"]);
    for other in [half, tight] {
        assert_close(other[0] + other[1], default[0] + default[1], 1e-4);
        assert_close(other[0], default[0], 1e-4);
        assert_close(other[1], default[1], 1e-4);
        assert_ne!(other, default, "the setting has no effect");
    }
}

/// JSON without what may differ between two runs of the same disk.
fn comparable(mut json: serde_json::Value) -> serde_json::Value {
    for key in ["performance", "provenance", "threading", "cell_parallel", "outdir"] {
        if let Some(value) = json.get_mut(key) {
            *value = serde_json::Value::Null;
        }
    }
    json["io"]["outdir"] = serde_json::Value::Null;
    json
}

#[test]
fn the_number_of_threads_does_not_change_a_byte() {
    let runs = ["1", "2", "5"]
        .map(|threads| Run::finished(&shipped("quick.yml"), &["geometry.Nr=7"], &["--threads", threads]));
    for name in runs[0].files() {
        let name = name.to_str().unwrap();
        for other in &runs[1..] {
            if name.ends_with(".json") {
                assert_eq!(comparable(runs[0].json(name)), comparable(other.json(name)), "{name}");
            } else {
                assert_eq!(fs::read(runs[0].path(name)).unwrap(), fs::read(other.path(name)).unwrap(), "{name}");
            }
        }
    }
    assert_eq!(runs[0].files().len(), 8, "{:?}", runs[0].files());
}

#[test]
fn a_cell_does_not_know_of_the_others() {
    let mut all = disk(&shipped("quick.yml"), &[], None);
    let mut alone = disk(&shipped("quick.yml"), &[], None);
    alone.model.cells = vec![alone.model.cells.swap_remove(2)];
    alone.cells = vec![alone.cells.swap_remove(2)];
    evolve(&mut all, ADAPTIVE, 100.0, 3e5).result.unwrap();
    evolve(&mut alone, ADAPTIVE, 100.0, 3e5).result.unwrap();
    assert_eq!(all.cells[2], alone.cells[0]);
}

/// What each case changes in `base_cooling.yml`, from `cases.txt`.
fn python_cases() -> Vec<(String, Vec<String>)> {
    let mut cases: Vec<(String, Vec<String>)> = Vec::new();
    for line in fs::read_to_string(data("python_profile/cases.txt")).unwrap().lines() {
        match line.strip_prefix('[').and_then(|name| name.strip_suffix(']')) {
            _ if line.starts_with('#') => {}
            Some(name) => cases.push((name.to_owned(), Vec::new())),
            None => cases.last_mut().unwrap().1.push(line.to_owned()),
        }
    }
    cases
}

/// A number of a run by the name that `numbers.csv` gives it.
fn number(run: &Run, series: &Table, name: &str, row: usize) -> f64 {
    match name.split_once('.') {
        Some(("summary", key)) => run.summary()[key].as_f64().unwrap(),
        Some((_, column)) => run.csv("orbit_rollup.csv")[column][row],
        None => series.real(name)[row],
    }
}

#[test]
fn the_profile_python_gives_the_python_programs_numbers() {
    let numbers = data("python_profile/numbers.csv");
    let mut reader = csv::ReaderBuilder::new().comment(Some(b'#')).from_path(numbers).unwrap();
    let rows: Vec<(String, String, usize, f64)> = reader.deserialize().map(Result::unwrap).collect();
    let mut checked = 0;
    for (case, overrides) in python_cases() {
        let overrides: Vec<&str> = overrides.iter().map(String::as_str).collect();
        let run = Run::finished(&data("python_profile/base_cooling.yml"), &overrides, &["--profile", "python"]);
        let series = run.table("series/run.parquet");
        for (_, column, row, wanted) in rows.iter().filter(|row| row.0 == case) {
            let found = number(&run, &series, column, *row);
            let close = (found - wanted).abs() <= 1e-9 * wanted.abs();
            assert!(close, "{case}, {column}[{row}]: {found:e} instead of {wanted:e}");
            checked += 1;
        }
        // An identity: only rounding is left, whatever the ledger says.
        assert!(run.summary()["mass_budget_max_error_percent"].as_f64().unwrap() < 1e-12);
    }
    assert_eq!(checked, rows.len());
}
