//! Columns (`geometry.mode: 0D`) of the profile `python`, number for number: tests/data/column_python/cases.txt says what
//! each case is and where the numbers come from.

mod support;

use std::collections::HashMap;
use std::fs;
use std::path::Path;
use support::{Run, Table, assert_close, data};

/// Everything that a column writes on request.
const EVERYTHING: [&str; 5] = [
    "geometry.mode=0D",
    "io.step_diagnostics.enable=true",
    "io.debug_sinks=true",
    "diagnostics.energy_bookkeeping.enabled=true",
    "diagnostics.extended_diagnostics.enable=true",
];

/// Name and overrides of every case.
fn cases() -> Vec<(String, Vec<String>)> {
    let mut cases: Vec<(String, Vec<String>)> = Vec::new();
    for line in fs::read_to_string(data("column_python/cases.txt")).unwrap().lines() {
        match line.strip_prefix('[').and_then(|name| name.strip_suffix(']')) {
            _ if line.starts_with('#') => {}
            Some(name) => cases.push((name.to_owned(), Vec::new())),
            None => cases.last_mut().unwrap().1.push(line.to_owned()),
        }
    }
    cases
}

/// The run of a case.
fn column(overrides: &[String]) -> Run {
    let all: Vec<&str> = EVERYTHING.into_iter().chain(overrides.iter().map(String::as_str)).collect();
    Run::finished(&data("python_profile/base_cooling.yml"), &all, &["--profile", "python"])
}

/// The columns of a run, each read once.
struct Columns<'a> {
    run: &'a Run,
    tables: HashMap<&'static str, Table>,
}

impl Columns<'_> {
    /// A number by the name that `numbers.csv` gives it: `psd`, `energy` and `orbit` stand before names of those tables,
    /// and the bins of `psd` are those of the last record.
    fn number(&mut self, name: &str, row: usize) -> f64 {
        match name.split_once('.') {
            Some(("psd", column)) => {
                let all = self.table("series/psd_hist.parquet").real(column);
                let bins = self.table("series/psd_hist.parquet").integer("bin_index").into_iter().max().unwrap() + 1;
                all[all.len() - bins as usize + row]
            }
            Some(("energy", column)) => self.table("series/energy.parquet").real(column)[row],
            Some((_, column)) => self.run.csv("orbit_rollup.csv")[column][row],
            None if ["ds_step_uniform", "mass_ratio_uniform", "hydro_timescale_s"].contains(&name) => {
                self.table("series/diagnostics.parquet").real(name)[row]
            }
            None if name == "n_substeps" => self.table("series/run.parquet").integer(name)[row] as f64,
            None => self.table("series/run.parquet").real(name)[row],
        }
    }

    fn table(&mut self, file: &'static str) -> &Table {
        self.tables.entry(file).or_insert_with(|| self.run.table(file))
    }
}

#[test]
fn a_column_of_the_profile_python_gives_the_numbers_of_its_loop() {
    let mut reader =
        csv::ReaderBuilder::new().comment(Some(b'#')).from_path(data("column_python/numbers.csv")).unwrap();
    let mut wanted: HashMap<String, Vec<(String, usize, f64)>> = HashMap::new();
    for row in reader.deserialize() {
        let (case, column, row, value): (String, String, usize, f64) = row.unwrap();
        wanted.entry(case).or_default().push((column, row, value));
    }
    let cases = cases();
    assert_eq!(cases.len(), wanted.len());
    for (case, overrides) in cases {
        let run = column(&overrides);
        let mut columns = Columns { run: &run, tables: HashMap::new() };
        for (column, row, wanted) in &wanted[&case] {
            let found = columns.number(column, *row);
            let close = (found - wanted).abs() <= 1e-9 * wanted.abs();
            assert!(close, "{case}, {column}[{row}]: {found:e} instead of {wanted:e}");
        }
        assert!(run.summary()["mass_budget_max_error_percent"].as_f64().unwrap() < 1e-12, "{case}");
    }
}

/// The header of a CSV table.
fn header(path: &Path) -> Vec<String> {
    csv::Reader::from_path(path).unwrap().headers().unwrap().iter().map(str::to_owned).collect()
}

/// Names of a list in tests/data/output, whose lines begin with them.
fn listed(file: &str, count: usize) -> String {
    let text = fs::read_to_string(data("output").join(file)).unwrap();
    text.lines().take(count).map(|line| line.split(' ').next().unwrap()).collect::<Vec<_>>().join(" ")
}

const ENERGIES: &str = "E_rel_step E_dissipated_step E_retained_step f_ke_mean f_ke_energy F_lf_mean n_cratering \
    n_fragmentation frac_cratering frac_fragmentation f_ke_eps_mismatch";
const EXTENDED: &str = "mloss_blowout_rate mloss_sink_rate mloss_total_rate cum_mloss_blowout cum_mloss_sink \
    cum_mloss_total beta_eff tau_eff";
const BUDGET: &str = "time mass_initial mass_remaining mass_lost mass_diff error_percent tolerance_percent \
    mass_loss_rp_mars mass_loss_hydro_drag mass_loss_surface_solid_marsRP mass_loss_tau_clip_spill";
const ENERGY_BUDGET: &str = "step time dt E_rel_step E_dissipated_step E_retained_step f_ke_mean F_lf_mean n_cratering \
    n_fragmentation frac_cratering frac_fragmentation eps_restitution f_ke_eps_mismatch E_numerical_error_relative \
    error_flag";
const STEPS: &str = "time sigma_surf tau_surf t_coll t_blow t_sink t_sink_sub t_sink_drag phase_state_step \
    phase_bulk_state phase_bulk_f_liquid phase_bulk_f_solid phase_bulk_f_vapor ds_dt_sublimation ds_dt_sublimation_raw \
    sublimation_blocked_by_phase dM_blowout_step dM_sinks_step dM_sublimation_step dM_gas_drag_step mass_total_bins \
    mass_lost_by_blowout mass_lost_by_sinks";
const ORBITS: &str = "orbit_index time_s time_s_end t_orb_s M_out_orbit M_sink_orbit M_loss_orbit M_out_per_orbit \
    M_sink_per_orbit M_loss_per_orbit mass_loss_frac_per_orbit M_out_cum M_sink_cum M_loss_cum r_RM T_M \
    slope_dlnM_dlnr mloss_blowout_rate_mean mloss_sink_rate_mean mloss_total_rate_mean mloss_blowout_rate_peak \
    mloss_sink_rate_peak mloss_total_rate_peak ts_ratio_median gate_factor_median";

#[test]
fn a_column_has_every_column_of_the_python_program_in_its_order() {
    let overrides = ["sizes.evolve_min_size=true", "numerics.t_end_orbits=0.05"].map(str::to_owned);
    let run = column(&overrides);
    let parquet = |file: &str| run.table(file).names();
    let csv = |file: &str| header(&run.path(file));
    let energy = format!("time {ENERGIES}");
    for (found, wanted) in [
        (
            parquet("series/run.parquet"),
            format!("{} {ENERGIES} {EXTENDED} s_min_evolved", listed("run_columns.txt", 168)),
        ),
        (parquet("series/diagnostics.parquet"), listed("diagnostics_columns.txt", 119)),
        (
            parquet("series/psd_hist.parquet"),
            "time bin_index s_bin_center N_bin Sigma_bin f_mass Sigma_surf".to_owned(),
        ),
        (parquet("series/energy.parquet"), energy.clone()),
        (csv("series/energy.csv"), energy),
        (csv("checks/energy_budget.csv"), ENERGY_BUDGET.to_owned()),
        (csv("checks/mass_budget.csv"), format!("{BUDGET} delta_mloss_vs_channels")),
        (csv("orbit_rollup.csv"), ORBITS.to_owned()),
        (csv("series/step_diagnostics.csv"), STEPS.to_owned()),
    ] {
        let mut rest = found.iter();
        for name in wanted.split_whitespace() {
            assert!(rest.any(|found| found == name), "no {name} in its place in {found:?}");
        }
    }
    // Nothing of it without the switches.
    let plain = Run::finished(
        &data("python_profile/base_cooling.yml"),
        &["geometry.mode=0D", "numerics.t_end_orbits=0.05"],
        &["--profile", "python"],
    );
    let (names, budget) = (plain.table("series/run.parquet").names(), header(&plain.path("checks/mass_budget.csv")));
    assert!(!names.iter().any(|name| ENERGIES.contains(name) || name == "s_min_evolved"));
    assert!(budget.iter().any(|name| name == "mass_loss_rp_mars"));
    assert!(!budget.iter().any(|name| name == "delta_mloss_vs_channels"));
    assert!(!header(&plain.path("orbit_rollup.csv")).iter().any(|name| name.contains("peak")));
    for file in [
        "series/energy.csv",
        "series/energy.parquet",
        "checks/energy_budget.csv",
        "debug",
        "series/step_diagnostics.csv",
    ] {
        assert!(!plain.path(file).exists(), "{file}");
    }
}

#[test]
fn orbits_tell_of_the_records_that_they_overlap_and_energies_stand_in_both_files() {
    let (_, overrides) = cases().into_iter().find(|(name, _)| name == "orbits").unwrap();
    let run = column(&overrides);
    let (series, orbits) = (run.table("series/run.parquet"), run.csv("orbit_rollup.csv"));
    let (end, dt) = (series.real("time"), series.real("dt"));
    assert_eq!(orbits["time_s_end"].len(), 2);
    for (k, orbit_end) in orbits["time_s_end"].iter().enumerate() {
        let start = orbit_end - orbits["t_orb_s"][k];
        let inside: Vec<usize> = (0..end.len()).filter(|i| end[*i] > start && end[*i] - dt[*i] < *orbit_end).collect();
        assert!(inside.len() > 10);
        for (name, column) in [
            ("mloss_blowout_rate_peak", "M_out_dot"),
            ("mloss_sink_rate_peak", "M_sink_dot"),
            ("mloss_total_rate_peak", "dM_dt_surface_total"),
        ] {
            let rates = series.real(column);
            let peak = inside.iter().map(|i| rates[*i]).fold(0.0, f64::max);
            assert_close(orbits[name][k], peak, 1e-15);
        }
        let ratios = series.real("ts_ratio");
        let below = inside.iter().filter(|i| ratios[**i] <= orbits["ts_ratio_median"][k]).count();
        assert!(below.abs_diff(inside.len() - below) <= 1, "{below} of {}", inside.len());
        assert_eq!(orbits["gate_factor_median"][k], 1.0);
        assert_close(orbits["mloss_total_rate_mean"][k], orbits["M_loss_orbit"][k] / orbits["t_orb_s"][k], 1e-15);
    }
    let box_ = cases().into_iter().find(|(name, _)| name == "closed_box").unwrap();
    let run = column(&box_.1);
    let (table, text) = (run.table("series/energy.parquet"), run.csv("series/energy.csv"));
    for name in ["time", "E_rel_step", "n_cratering"] {
        assert!(text[name].len() > 1);
        assert_eq!(table.real(name), text[name]);
    }
    let budget = run.csv("checks/mass_budget.csv");
    assert_eq!(budget["mass_loss_rp_mars"], budget["lost_blowout"]);
    assert!(budget["delta_mloss_vs_channels"].iter().all(|percent| *percent < 1e-12));
}
