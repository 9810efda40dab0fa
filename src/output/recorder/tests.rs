use std::fs::{self, File};
use std::path::Path;

use arrow_array::cast::AsArray;
use arrow_array::types::Float64Type;
use arrow_array::{Array, RecordBatch};
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use serde_json::Value;

use super::*;
use crate::disk::budget::OrbitRecords;
use crate::disk::report::{CellStop, Ledger, SupplyReport};
use crate::output::fixtures::{Fixture, config, ending};
use crate::output::summary::Outcome;
use crate::physics::constants::M_MARS;

fn recorder(folder: &Path, f: &Fixture, options: OutputOptions) -> Recorder {
    let folder = OutputFolder::create(folder, false).unwrap();
    Recorder::create(folder, &f.run, &f.cells, &f.sizes, options, config(), None).unwrap()
}

fn record(recorder: &mut Recorder, f: &Fixture) {
    recorder.record(&f.step, &f.reports, f.distributions(), &f.total, &f.budgets).unwrap();
}

/// Freezes the second cell as the disk does: last state, cumulative masses, nothing in the record.
fn freeze(f: &mut Fixture) {
    let report = &mut f.reports[1];
    report.evolved = false;
    report.active = false;
    report.stop = Some(CellStop::TauExceeded);
    (report.stop_time, report.stop_tau) = (60.0, 2.4);
    report.ledger = Ledger::default();
    report.supply = SupplyReport::default();
    report.smol = None;
}

fn read(folder: &Path, name: &str) -> RecordBatch {
    let file = File::open(folder.join("series").join(name)).unwrap();
    let mut reader = ParquetRecordBatchReaderBuilder::try_new(file).unwrap().build().unwrap();
    let batch = reader.next().unwrap().unwrap();
    assert!(reader.next().is_none());
    batch
}

fn numbers(batch: &RecordBatch, name: &str) -> Vec<Option<f64>> {
    batch.column_by_name(name).unwrap().as_primitive::<Float64Type>().iter().collect()
}

fn json(folder: &Path, name: &str) -> Value {
    serde_json::from_str(&fs::read_to_string(folder.join(name)).unwrap()).unwrap()
}

/// One record of the fixture, after `change`.
fn run_of_one_record(change: impl FnOnce(&mut Fixture)) -> tempfile::TempDir {
    let mut f = Fixture::new();
    change(&mut f);
    let folder = tempfile::tempdir().unwrap();
    let mut recorder = recorder(folder.path(), &f, OutputOptions::default());
    record(&mut recorder, &f);
    recorder.finish(&ending(Outcome::Complete), End::Now).unwrap();
    folder
}

#[test]
fn rates_are_the_ledger_over_the_length_of_the_record() {
    let folder = run_of_one_record(|_| ());
    let run = read(folder.path(), "run.parquet");
    let of = |name: &str| numbers(&run, name)[0].unwrap();
    assert_eq!(of("outflux_surface"), 0.03 / 60.0);
    assert_eq!(of("sink_flux_surface"), (0.004 + 0.002) / 60.0);
    assert_eq!(of("prod_subblow_area_rate"), 0.006 / 60.0);
    let kilograms = of("M_out_dot") * 60.0 * M_MARS;
    assert!((kilograms / (0.03 * 2e13) - 1.0).abs() < 1e-14); // a few roundings
    let cumulative = of("M_loss_cum") * M_MARS;
    assert!((cumulative / (0.36 * 2e13) - 1.0).abs() < 1e-14);
}

#[test]
fn a_frozen_cell_keeps_its_state_and_has_no_rates() {
    let folder = run_of_one_record(freeze);
    let run = read(folder.path(), "run.parquet");
    let of = |name: &str| numbers(&run, name)[1];
    for name in ["outflux_surface", "M_sink_dot", "mass_lost_sinks_step", "supply_rate_applied", "mass_supplied_step"] {
        assert_eq!(of(name), Some(0.0), "{name}");
    }
    assert_eq!(of("Sigma_surf"), Some(0.68));
    assert_eq!(of("T_M_used"), Some(3990.0));
    assert_eq!(of("cell_stop_time"), Some(60.0));
    assert!(of("mass_lost_by_blowout").unwrap() > 0.0);
    assert_eq!(of("smol_dt_eff"), None);
    assert_eq!(run.column_by_name("cell_stop_reason").unwrap().as_string::<i32>().value(1), "tau_exceeded");
    assert_eq!(run.column_by_name("sink_selected").unwrap().as_string::<i32>().value(1), "none");
    assert!(!run.column_by_name("cell_active").unwrap().as_boolean().value(1));
}

#[test]
fn diagnostics_of_a_frozen_cell_are_null_where_there_is_nothing_to_say() {
    let folder = run_of_one_record(freeze);
    let table = read(folder.path(), "diagnostics.parquet");
    let null = "dt_over_t_blow T_p_effective phase_temperature_input phase_temperature_used_K F_abs_geom \
                F_abs_geom_qpr F_abs t_solid_s t_sink_total_s t_sink_surface_s t_sink_sublimation_s t_sink_gas_drag_s \
                mass_loss_sinks_step mass_lost_by_sinks mass_loss_sublimation_step tau_phase_los tau_phase_used \
                phi_effective psi_shield tau_eff headroom supply_headroom supply_clip_factor supply_visibility_factor \
                supply_temperature_scale supply_temperature_value supply_temperature_value_kind supply_feedback_scale \
                supply_feedback_error supply_reservoir_remaining_Mmars supply_reservoir_fraction phase_state \
                phase_method phase_reason phase_f_vap phase_bulk_state phase_bulk_f_liquid phase_bulk_f_solid \
                phase_bulk_f_vapor smol_dt_eff smol_source_mass_rate";
    for name in null.split_whitespace() {
        assert!(table.column_by_name(name).unwrap().is_null(1), "{name}");
    }
    let kept = "time dt T_M_used s_min a_blow_at_smin beta_at_smin Q_pr_at_smin sigma_surf kappa_surf M_out_cum \
                M_loss_cum blowout_gate_factor chi_blow_eff sink_selected tau_gate_blocked";
    for name in kept.split_whitespace() {
        assert!(!table.column_by_name(name).unwrap().is_null(1), "{name}");
    }
    // the cell beside it has them
    for name in ["F_abs", "mass_lost_by_sinks", "phase_f_vap", "smol_dt_eff", "t_sink_total_s"] {
        assert!(!table.column_by_name(name).unwrap().is_null(0), "{name}");
    }
}

#[test]
fn missing_numbers_are_null_or_the_python_programs_zero() {
    let zeros = "dotSigma_prod prod_rate_raw supply_rate_nominal supply_rate_applied supply_headroom \
                 supply_clip_factor supply_visibility_factor e_kernel_used i_kernel_effective e_state_next t_damp_collisions e_eq_target \
                 deep_to_surf_flux supply_velocity_weight_w";
    let nulls = "t_coll ts_ratio s_min_surface_energy headroom t_solid_s prod_subblow_area_rate_raw \
                 supply_temperature_scale supply_feedback_scale smol_dt_eff Sigma_midplane cell_stop_time Sigma_tau1 \
                 phi_effective";
    for missing_as_zero in [false, true] {
        let folder = run_of_one_record(|f| {
            f.run.missing_as_zero = missing_as_zero;
            f.run.supply_enabled = false;
            for report in &mut f.reports {
                (report.smol, report.kernel) = (None, None);
                report.opacity = 0.0;
                report.sigma_tau1 = f64::INFINITY;
            }
        });
        let run = read(folder.path(), "run.parquet");
        let expected = missing_as_zero.then_some(0.0);
        for name in zeros.split_whitespace() {
            assert_eq!(numbers(&run, name), [expected; 2], "{name}");
        }
        for name in nulls.split_whitespace() {
            assert_eq!(numbers(&run, name), [None; 2], "{name}");
        }
    }
}

#[test]
fn the_shortest_collision_time_of_all_cells_is_in_every_row() {
    let folder = run_of_one_record(|_| ());
    assert_eq!(numbers(&read(folder.path(), "run.parquet"), "t_coll_kernel_min"), [Some(7.0); 2]);
    let folder = run_of_one_record(|f| f.reports.iter_mut().for_each(|report| report.smol = None));
    assert_eq!(numbers(&read(folder.path(), "run.parquet"), "t_coll_kernel_min"), [None; 2]);
}

#[test]
fn size_distributions_hold_numbers_shares_and_densities() {
    let folder = run_of_one_record(|_| ());
    let table = read(folder.path(), "psd_hist.parquet");
    assert_eq!(table.num_rows(), 6);
    let shares: Vec<_> = numbers(&table, "f_mass").into_iter().flatten().collect();
    // the first cell's bins hold 0.1, 0.3 and 0.6 of 1; the second cell is empty
    for (share, expected) in shares.iter().zip([0.1, 0.3, 0.6, 0.0, 0.0, 0.0]) {
        assert!((share - expected).abs() < 1e-15);
    }
    assert!((numbers(&table, "Sigma_bin")[2].unwrap() - 0.6 * 0.68).abs() < 1e-15);
    // N_k = Σ_k/m_k, per width, times (4/3)πρ/Σ(0)
    let volume = 4.0 / 3.0 * std::f64::consts::PI * 3270.0;
    let n = 0.3 / (volume * 1e-4_f64.powi(3)) / 2e-4 * volume / 0.7;
    assert!((numbers(&table, "N_bin")[1].unwrap() / n - 1.0).abs() < 1e-14);
}

#[test]
fn a_frozen_cell_has_no_size_distribution_and_no_budget_row() {
    let folder = run_of_one_record(freeze);
    assert_eq!(read(folder.path(), "psd_hist.parquet").num_rows(), 3);
    let text = fs::read_to_string(folder.path().join("checks/mass_budget_cells.csv")).unwrap();
    assert_eq!(text.lines().count(), 2);
    assert!(text.lines().nth(1).unwrap().contains(",0,") && text.contains("True"));
}

#[test]
fn strides_thin_the_tables_but_not_the_budget_and_the_last_record_is_kept() {
    let strides = OutputOptions { series_stride: 3, diagnostics_stride: 0, psd_stride: 4, ..OutputOptions::default() };
    // Whether records are left out before the last one is up to the strides; 6 is the last one of all tables.
    for records in 1..=7 {
        let mut f = Fixture::new();
        let folder = tempfile::tempdir().unwrap();
        let mut recorder = recorder(folder.path(), &f, strides);
        for number in 0..records {
            f.step.time = number as f64;
            record(&mut recorder, &f);
        }
        recorder.finish(&ending(Outcome::Complete), End::Now).unwrap();
        for (name, stride, rows) in [("run", 3, 2), ("diagnostics", 1, 2), ("psd_hist", 4, 6)] {
            let times = numbers(&read(folder.path(), &format!("{name}.parquet")), "time");
            let kept = (0..records).filter(|number| number % stride == 0 || number + 1 == records);
            let wanted: Vec<_> = kept.flat_map(|number| vec![Some(number as f64); rows]).collect();
            assert_eq!(times, wanted, "{name} of {records} records");
        }
        let text = fs::read_to_string(folder.path().join("checks/mass_budget.csv")).unwrap();
        assert_eq!(text.lines().count(), 1 + records);
    }
}

#[test]
fn a_record_that_no_table_has_yet_outlives_a_stop() {
    let strides =
        OutputOptions { series_stride: 7, diagnostics_stride: 100, psd_stride: 2, ..OutputOptions::default() };
    let f = Fixture::new();
    let finished = |stops: bool| {
        let folder = tempfile::tempdir().unwrap();
        let mut recorder = recorder(folder.path(), &f, strides);
        (0..6).for_each(|_| record(&mut recorder, &f));
        if stops {
            let mut snapshot = Snapshot::default();
            recorder.save(&mut snapshot).unwrap();
            let place = recorder.folder().clone();
            drop(recorder);
            let (cells, sizes) = (&f.cells, &f.sizes);
            recorder = Recorder::create(place, &f.run, cells, sizes, strides, config(), Some(&snapshot)).unwrap();
        }
        recorder.finish(&ending(Outcome::Complete), End::Now).unwrap();
        ["run", "diagnostics", "psd_hist"].map(|name| read(folder.path(), &format!("{name}.parquet")))
    };
    let (whole, resumed) = (finished(false), finished(true));
    assert_eq!(whole.each_ref().map(RecordBatch::num_rows), [2 * 2, 2 * 2, 4 * 6]);
    assert!(whole == resumed);
}

#[test]
fn run_config_is_there_before_the_first_step_and_complete_at_the_end() {
    let f = Fixture::new();
    let folder = tempfile::tempdir().unwrap();
    let mut recorder = recorder(folder.path(), &f, OutputOptions::default());
    let before = json(folder.path(), "run_config.json");
    assert_eq!(before["status"], "pre_run");
    assert_eq!(before["config"]["sizes"]["s_min"], 1e-7);
    assert_eq!(before["csv_units"]["orbit_rollup.csv"]["M_out_orbit"], "M_Mars");
    record(&mut recorder, &f);
    recorder.finish(&ending(Outcome::Complete), End::Now).unwrap();
    let after = json(folder.path(), "run_config.json");
    assert_eq!(after["status"], "complete");
    for key in before.as_object().unwrap().keys() {
        assert!(after.get(key).is_some(), "{key}");
    }
    assert_eq!(after["provenance"]["program"]["name"], "marsdisk-mpi");
    assert_eq!(after["blowout_provenance"]["s_blow_raw_m"], 3.9e-6);
    assert!(after.get("numba").is_none());
}

#[test]
fn a_run_that_is_dropped_leaves_only_part_files_and_its_configuration() {
    let f = Fixture::new();
    let folder = tempfile::tempdir().unwrap();
    let mut recorder = recorder(folder.path(), &f, OutputOptions::default());
    record(&mut recorder, &f);
    drop(recorder);
    for sub in ["series", "checks"] {
        for entry in fs::read_dir(folder.path().join(sub)).unwrap() {
            assert_eq!(entry.unwrap().path().extension().unwrap(), "part");
        }
    }
    assert!(!folder.path().join("summary.json").exists());
    assert_eq!(json(folder.path(), "run_config.json")["status"], "pre_run");
    assert!(OutputFolder::create(folder.path(), false).is_err());
}

#[test]
fn a_failed_run_can_be_read_to_its_last_record() {
    let f = Fixture::new();
    let folder = tempfile::tempdir().unwrap();
    let mut recorder = recorder(folder.path(), &f, OutputOptions::default());
    record(&mut recorder, &f);
    let outcome = Outcome::Failed { reason: "state is not finite".to_owned(), time: 121.0, cell: Some(1) };
    recorder.finish(&ending(outcome), End::Now).unwrap();
    assert_eq!(read(folder.path(), "run.parquet").num_rows(), 2);
    assert_eq!(json(folder.path(), "summary.json")["failure"]["cell"], 1);
    assert_eq!(json(folder.path(), "run_config.json")["status"], "failed");
}

#[test]
fn options_leave_tables_out_and_orbits_are_counted_all_the_same() {
    let f = Fixture::new();
    let folder = tempfile::tempdir().unwrap();
    let none =
        OutputOptions { psd_history: false, mass_budget_cells: false, orbit_rollup: false, ..OutputOptions::default() };
    let mut recorder = recorder(folder.path(), &f, none);
    record(&mut recorder, &f);
    let orbit = OrbitRow {
        index: 1,
        time: 120.0,
        time_end: 110.0,
        t_orb: 110.0,
        blowout: 1e-9,
        sinks: 5e-10,
        blowout_cumulative: 1e-9,
        sinks_cumulative: 5e-10,
        loss_fraction: 0.375,
        r_rm: 1.85,
        temperature: 3990.0,
        records: OrbitRecords::NONE,
    };
    recorder.orbit(&orbit).unwrap();
    recorder.orbit(&orbit).unwrap();
    let summary = recorder.finish(&ending(Outcome::Complete), End::Now).unwrap();
    assert_eq!(summary["orbits_completed"], 2);
    assert_eq!(summary["M_loss_mean_per_orbit"], 0.75e-9);
    for name in ["series/psd_hist.parquet", "checks/mass_budget_cells.csv", "orbit_rollup.csv"] {
        assert!(!folder.path().join(name).exists(), "{name}");
    }
}

#[test]
fn a_record_of_another_size_is_an_error() {
    let f = Fixture::new();
    let folder = tempfile::tempdir().unwrap();
    let mut recorder = recorder(folder.path(), &f, OutputOptions::default());
    let short = Distributions { bins: &f.distributions[..5], sizes: &[] };
    let error = recorder.record(&f.step, &f.reports, short, &f.total, &f.budgets).unwrap_err();
    assert!(error.to_string().contains('5') && error.to_string().contains('6'), "{error}");
    let one = &f.reports[..1];
    assert!(recorder.record(&f.step, one, f.distributions(), &f.total, &f.budgets).is_err());
}
