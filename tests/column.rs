//! Runs of one column (`geometry.mode: 0D`).

mod support;

use marsdisk_mpi::physics::constants::{M_MARS, R_MARS, SIGMA_SB};
use std::f64::consts::PI;
use support::{Run, assert_close, shipped};

const COLUMN: &str = "geometry.mode=0D";
/// A day of the quick disk, with every step in the files.
const DAY: [&str; 3] = ["numerics.t_end_years=0.003", "numerics.dt_max=5000", "io.output.times=every_step"];

/// A run of the quick configuration as a column.
fn column(overrides: &[&str]) -> Run {
    let all: Vec<&str> = [COLUMN].iter().chain(&DAY).chain(overrides).copied().collect();
    Run::finished(&shipped("quick.yml"), &all, &[])
}

/// The last number of a column of the series.
fn last(run: &Run, name: &str) -> f64 {
    *run.table("series/run.parquet").real(name).last().unwrap()
}

/// The first surface density of a column [kg m⁻²].
fn start(run: &Run) -> f64 {
    run.table("series/run.parquet").real("Sigma_surf0")[0]
}

#[test]
fn a_column_is_the_only_ring_of_its_disk() {
    let all: Vec<&str> = ["geometry.Nr=1"].iter().chain(&DAY).copied().collect();
    let ring = Run::finished(&shipped("quick.yml"), &all, &[]);
    let (ring, column) = (ring.table("series/run.parquet"), column(&[]).table("series/run.parquet"));
    assert_eq!(ring.real("time"), column.real("time"));
    for name in ["Sigma_surf", "M_out_dot", "M_sink_dot", "tau"] {
        let (wanted, found) = (ring.real(name), column.real(name));
        assert!(wanted.len() > 10);
        // Only the area is worked out otherwise, with another rounding.
        wanted.iter().zip(&found).for_each(|(wanted, found)| assert_close(*found, *wanted, 1e-14));
    }
}

#[test]
fn a_column_says_so_and_keeps_one_budget() {
    let run = column(&[]);
    let summary = run.summary();
    assert_eq!((&summary["geometry_mode"], &summary["geometry"]["Nr"]), (&"0D".into(), &1.into()));
    assert!(run.path("checks/mass_budget.csv").exists() && !run.path("checks/mass_budget_cells.csv").exists());
    let area = run.table("series/diagnostics.parquet").real("area_m2")[0];
    assert_close(area, PI * R_MARS * R_MARS * (2.7 * 2.7 - 1.0), 1e-14);
    assert_close(last(&run, "r_RM"), 1.85, 1e-15);
}

#[test]
fn a_column_that_becomes_opaque_ends_the_run() {
    let run = column(&["supply.const.mu_orbit10pct=100", "optical_depth.tau_stop=0.06", "radiation.TM_K=2000"]);
    let summary = run.summary();
    assert_eq!(summary["early_stop_reason"], "tau_exceeded");
    assert_eq!(summary["stop_reason"], "tau_exceeded");
}

#[test]
fn a_column_needs_no_disk_block() {
    let radii = [format!("geometry.r_in={}", 1.5 * R_MARS), format!("geometry.r_out={}", 1.7 * R_MARS)];
    let run = column(&["disk=null", &radii[0], &radii[1]]);
    assert_eq!(run.summary()["geometry_source"], "geometry.r_in_out");
    let area = run.table("series/diagnostics.parquet").real("area_m2")[0];
    assert_close(area, PI * (1.6 * R_MARS).powi(2), 1e-14);
    let narrow = column(&["disk.geometry.r_in_RM=2.7"]);
    assert_close(last(&narrow, "r_RM"), 2.7, 1e-15);
}

#[test]
fn a_column_without_an_optical_depth_starts_from_what_is_given() {
    let free = |more: &[&str]| {
        let all: Vec<&str> = ["optical_depth=null", "supply.enabled=false"].iter().chain(more).copied().collect();
        column(&all)
    };
    let with_depth = column(&["optical_depth.tau0_target=0.3"]);
    let target = free(&["init_tau1.enabled=true", "init_tau1.target_tau=0.3"]);
    assert_close(start(&target), start(&with_depth), 1e-14);
    assert_eq!(start(&free(&["surface.sigma_surf_init_override=0.125"])), 0.125);
    // 3e-5 of the mass of Mars over the ring, and no more than makes it opaque.
    let mass = "inner_disk_mass={M_in_ratio: 3.0e-5}";
    let thick = free(&[mass, "surface.init_policy=\"none\""]);
    let sigma = 3e-5 * M_MARS / (PI * R_MARS * R_MARS * (2.7 * 2.7 - 1.0));
    assert_close(start(&thick), sigma, 1e-14);
    let opaque = start(&free(&["init_tau1.enabled=true"]));
    assert_close(start(&free(&[mass])), opaque, 1e-14);
    assert_eq!(start(&free(&[])), 0.0);
}

#[test]
fn a_fixed_optical_depth_shields_for_ever() {
    // Φ falls from 1 at τ = 0 to 0.2 at τ = 1.
    let table = format!("shielding.table_path={}", support::data("phi_020.csv").display());
    let run = column(&["shielding.mode=fixed_tau1", "shielding.fixed_tau1_tau=0.7", &table]);
    let series = run.table("series/run.parquet");
    assert!(series.real("phi_used").iter().all(|phi| (phi - 0.44).abs() < 1e-15));
    for (sigma, kappa) in series.real("Sigma_tau1").iter().zip(series.real("kappa_eff")) {
        assert_close(*sigma, 0.7 / kappa, 1e-14);
    }
    // The start and the reference of the supply are at the same optical depth, both by the table.
    let reference = run.json("run_config.json")["sigma_surf_mu_reference"].as_f64().unwrap();
    assert_close(reference, start(&run), 1e-14);
    let given = column(&["shielding.mode=fixed_tau1", "shielding.fixed_tau1_sigma=2.5", &table]);
    assert!(given.table("series/run.parquet").real("Sigma_tau1").iter().all(|sigma| *sigma == 2.5));
}

#[test]
fn a_seed_draws_the_orbits_that_numpy_draws() {
    let run = column(&[
        "dynamics.e_profile.mode=off",
        "dynamics.e_mode=mars_clearance",
        "dynamics.dr_min_m=1e5",
        "dynamics.dr_max_m=1e6",
        "dynamics.i_mode=obs_tilt_spread",
        "dynamics.obs_tilt_deg=20",
        "dynamics.i_spread_deg=10",
        "dynamics.rng_seed=42",
    ]);
    let series = run.table("series/run.parquet");
    // numpy.random.default_rng(42): .uniform(1e5, 1e6), then .uniform(radians(10), radians(30)).
    let clearance = 1e5 + 9e5 * 0.773_956_048_555_963_3;
    assert_close(series.real("e_value")[0], 1.0 - (R_MARS + clearance) / (1.85 * R_MARS), 1e-14);
    let [low, high] = [10_f64.to_radians(), 30_f64.to_radians()];
    let kernel = series.real("i_kernel_used").into_iter().find(|i| i.is_finite()).unwrap();
    assert_close(kernel, low + (high - low) * 0.438_878_439_752_052_3, 1e-14);
    assert_eq!(run.summary()["seed"], 42);
}

#[test]
fn vapour_escapes_and_is_booked() {
    // Mars is hot enough to vaporise everything; nothing but escape acts.
    let run = column(&[
        "phase.temperature_input=mars_surface",
        "sinks.enable_sublimation=false",
        "blowout.enabled=false",
        "supply.enabled=false",
        "sinks.hydro_escape.enable=true",
        "sinks.hydro_escape.strength=1e-5",
        "sinks.hydro_escape.T_ref_K=4000",
        "sinks.hydro_escape.temp_power=0",
        "numerics.rtol=1e-8",
    ]);
    let series = run.table("series/run.parquet");
    assert!(series.text("sink_selected").iter().all(|sink| sink.as_deref() == Some("hydro_escape")));
    for (time, sigma) in series.real("time").iter().zip(series.real("Sigma_surf")) {
        assert_close(sigma, start(&run) * (-1e-5 * time).exp(), 1e-6);
    }
    let (lost, initial) = (last(&run, "M_loss_hydro"), run.summary()["mass_initial"].as_f64().unwrap());
    assert_eq!(lost, last(&run, "M_loss_cum"));
    assert_close(initial - last(&run, "mass_total_bins"), lost, 1e-10);
}

#[test]
fn every_switch_of_blowout_works_in_a_column_of_either_profile() {
    let cold = ["phase.enabled=false", "supply.enabled=false", "numerics.t_end_years=1e-4", "sinks.mode=\"none\""];
    for profile in ["profile=conservative", "profile=python"] {
        let blown = |switch: &[&str]| {
            let all: Vec<&str> = cold.iter().chain([&profile]).chain(switch).copied().collect();
            column(&all).summary()["M_out_cum"].as_f64().unwrap()
        };
        if profile == "profile=conservative" {
            assert!(blown(&[]) > 0.0);
        }
        for switch in [
            "blowout.enabled=false",
            "sinks.rp_blowout.enable=false",
            "radiation.use_mars_rp=false",
            "radiation.source=off",
        ] {
            assert_eq!(blown(&[switch]), 0.0, "{profile} {switch}");
        }
    }
}

#[test]
fn surface_energy_raises_the_smallest_size() {
    let run = column(&["surface_energy.enabled=true", "psd.alpha=3.5", "surface_energy.gamma_J_m2=1e6"]);
    let series = run.table("series/run.parquet");
    let (floor, smallest, blown) = (series.real("s_min_surface_energy"), series.real("s_min"), series.real("a_blow"));
    assert!(floor[0] > blown[0], "{} > {}", floor[0], blown[0]);
    assert_eq!(floor, smallest);
}

/// Constant drivers, nothing but one equation for the surface density.
const SURFACE: [&str; 7] = [
    "surface.collision_solver=surface_ode",
    "sinks.mode=\"none\"",
    "phase.enabled=false",
    "radiation.TM_K=2500",
    "radiation.mars_temperature_driver.enabled=false",
    "optical_depth.tau_stop=100",
    "chi_blow=1",
];

/// Coefficients of that equation, from the columns of a run: supply, loss by blow-out, collisions.
fn coefficients(run: &Run) -> (f64, f64, f64) {
    let series = run.table("series/run.parquet");
    let supply = *series.real("supply_rate_applied").last().unwrap();
    (supply, 1.0 / series.real("t_blow_s")[0], series.real("Omega_s")[0] * series.real("kappa_surf")[0])
}

#[test]
fn the_surface_equation_is_solved_to_rounding() {
    let run = column(&SURFACE);
    let (supply, blowout, collisions) = coefficients(&run);
    let series = run.table("series/run.parquet");
    // The closed form: Σ relaxes to its rest point like tanh.
    let root = (blowout * blowout + 4.0 * collisions * supply).sqrt();
    let (rest, other) = ((root - blowout) / (2.0 * collisions), -(root + blowout) / (2.0 * collisions));
    let ratio = (start(&run) - rest) / (start(&run) - other);
    for (time, sigma) in series.real("time").iter().zip(series.real("Sigma_surf")) {
        let decayed = ratio * (-root * time).exp();
        let expected = (rest - other * decayed) / (1.0 - decayed);
        // `rest` is a difference; it keeps some ten digits.
        assert_close(sigma, expected, 1e-9);
    }
    let summary = run.summary();
    assert!(summary["mass_budget_max_error_percent"].as_f64().unwrap() < 1e-10);
    assert_eq!(summary["M_out_cum"], summary["M_loss"]);
}

#[test]
fn a_column_tells_its_collision_time() {
    let thin = column(&SURFACE);
    let series = thin.table("series/run.parquet");
    let (tau, omega) = (series.real("tau"), series.real("Omega_s"));
    for (row, time) in series.real("t_coll").into_iter().enumerate() {
        assert_close(time, 1.0 / (omega[row] * tau[row]), 1e-14);
        assert_close(series.real("ts_ratio")[row], series.real("t_blow_s")[row] / time, 1e-14);
    }
    let bins = column(&["phase.enabled=false"]);
    let series = bins.table("series/run.parquet");
    assert_eq!(series.real("t_coll"), series.real("t_coll_kernel_min"));
}

#[test]
fn the_python_program_takes_implicit_steps_of_the_surface_equation() {
    let python: Vec<&str> = ["profile=python", "numerics.dt_init=500"].iter().chain(&SURFACE).copied().collect();
    for sub in [1, 3] {
        let mut overrides = python.clone();
        if sub > 1 {
            overrides.extend(["io.substep_max_ratio=0.1", "io.substep_fast_blowout=true"]);
        }
        let run = column(&overrides);
        let (_, blowout, collisions) = coefficients(&run);
        let series = run.table("series/run.parquet");
        let (dt, active) = (series.real("dt"), series.text("sink_selected"));
        let counted = series.integer("n_substeps");
        let mut sigma = start(&run);
        for (row, supply) in series.real("supply_rate_applied").into_iter().enumerate() {
            let loss = if active[row].as_deref() == Some("rp_blowout") { blowout } else { 0.0 };
            let steps = if sub > 1 { (dt[row] * blowout / 0.1).ceil() as i64 } else { 1 };
            assert_eq!(counted[row], steps, "row {row}");
            let h = dt[row] / steps as f64;
            for _ in 0..steps {
                sigma = (sigma + h * supply) / (1.0 + h * (loss + collisions * sigma));
            }
            assert_close(series.real("Sigma_surf")[row], sigma, 1e-11);
        }
    }
}

#[test]
fn evaporation_beside_the_surface_equation_closes_its_budget() {
    let run = column(&["surface.collision_solver=surface_ode", "phase.temperature_input=mars_surface"]);
    assert!(run.summary()["mass_budget_max_error_percent"].as_f64().unwrap() < 1e-9);
    let hot = column(&["surface.collision_solver=surface_ode", "phase.enabled=false", "supply.enabled=false"]);
    let summary = hot.summary();
    assert!(summary["losses"]["sublimation"].as_f64().unwrap() > 0.0);
    assert!(summary["mass_budget_max_error_percent"].as_f64().unwrap() < 1e-9);
    // A tighter tolerance of the splitting gives the same.
    let fine = column(&[
        "surface.collision_solver=surface_ode",
        "phase.enabled=false",
        "supply.enabled=false",
        "numerics.rtol=1e-6",
    ]);
    assert_close(last(&hot, "M_loss_cum"), last(&fine, "M_loss_cum"), 1e-3);
}

/// What both columns of column_radau.json have in common.
const RADAU: [&str; 11] = [
    "numerics.rtol=1e-10",
    "radiation.qpr_table_path=null",
    "radiation.Q_pr=1",
    "radiation.TM_K=2000",
    "radiation.mars_temperature_driver.enabled=false",
    "initial.s0_mode=melt_truncated_powerlaw",
    // As the reference starts.
    "initial.quadrature=midpoint",
    "supply.const.mu_orbit10pct=null",
    // The first dust is so opaque that the column would stop.
    "optical_depth.tau_stop=1e6",
    "chi_blow=1",
    "blowout.target_phase=any",
];
const GAS: [&str; 5] = [
    "phase.enabled=false",
    "sinks.enable_sublimation=false",
    "sinks.enable_gas_drag=true",
    "sinks.rho_g=1e-10",
    "supply.const.prod_area_rate_kg_m2_s=1e-6",
];
/// Vapour that still has grains in it: they shrink while it escapes.
const VAPOUR: [&str; 6] = [
    "supply.enabled=false",
    "sinks.sub_params.mode=exponential",
    "sinks.sub_params.dT=20",
    "phase.temperature_input=mars_surface",
    "phase.thresholds={T_condense_K: 1000, T_vaporize_K: 2400, tau_ref: 1e13}",
    "sinks.hydro_escape={enable: true, strength: 1e-5, temp_power: 2}",
];

#[test]
fn scipy_finds_the_same_columns() {
    let text = std::fs::read_to_string(support::data("column_radau.json")).unwrap();
    let wanted: serde_json::Value = serde_json::from_str(&text).unwrap();
    let number = |key: &str| wanted[key].as_f64().unwrap();
    let years = format!("numerics.t_end_years={}", number("seconds") / marsdisk_mpi::physics::constants::YEAR);
    for (name, overrides) in [("gas", &GAS[..]), ("vapour", &VAPOUR[..])] {
        let run = column(&[&[years.as_str()], &RADAU[..], overrides].concat());
        let (summary, case) = (run.summary(), &wanted["cases"][name]);
        assert_eq!(summary["stop_reason"], "t_end_reached");
        assert_close(last(&run, "a_blow"), number("s_blow"), 1e-12);
        assert_close(start(&run), number("start"), 1e-12);
        let bins = run.table("series/psd_hist.parquet").real("Sigma_bin");
        let end = &bins[bins.len() - 24..];
        let total: f64 = end.iter().sum();
        for (found, wanted) in end.iter().zip(case["surface_density"].as_array().unwrap()) {
            let wanted = wanted.as_f64().unwrap();
            assert!((found - wanted).abs() <= 1e-8 * wanted + 1e-14 * total, "{name}: {found:e} instead of {wanted:e}");
        }
        let per_area = M_MARS / run.table("series/diagnostics.parquet").real("area_m2")[0];
        for (door, wanted) in case["lost"].as_object().unwrap() {
            let found = summary["losses"][door].as_f64().unwrap_or_else(|| last(&run, door));
            assert_close(found, wanted.as_f64().unwrap() / per_area, 1e-8);
        }
    }
}

#[test]
fn evaporation_without_collisions_takes_from_the_bins_what_it_books() {
    for profile in ["profile=conservative", "profile=python"] {
        let run = column(&[
            profile,
            "physics_mode=sublimation_only",
            "surface.collision_solver=surface_ode",
            "sinks.sublimation_location=smol",
            "phase.enabled=false",
            "supply.enabled=false",
            "numerics.t_end_years=1e-4",
        ]);
        let summary = run.summary();
        let (initial, booked) =
            (summary["mass_initial"].as_f64().unwrap(), summary["losses"]["sublimation"].as_f64().unwrap());
        let bins = run.table("series/psd_hist.parquet").real("Sigma_bin");
        let remaining: f64 = bins[bins.len() - 24..].iter().sum();
        let dropped = initial * (1.0 - remaining / start(&run));
        assert!(booked > 1e-6 * initial, "{profile}: {booked:e} of {initial:e}");
        assert_close(booked, dropped, 1e-6);
        assert_eq!(summary["M_out_cum"], 0.0, "{profile}");
    }
}

#[test]
fn tables_on_request_are_whole_and_agree_with_the_series() {
    let run = column(&[
        "io.step_diagnostics.enable=true",
        "io.debug_sinks=true",
        "diagnostics.energy_bookkeeping.enabled=true",
        "diagnostics.extended_diagnostics.enable=true",
    ]);
    let series = run.table("series/run.parquet");
    let steps = run.csv_text("series/step_diagnostics.csv");
    assert_eq!(steps["time"].len(), series.real("time").len());
    for (text, number) in steps["sigma_surf"].iter().zip(series.real("Sigma_surf")) {
        assert_eq!(text.parse::<f64>().unwrap(), number);
    }
    let trace = std::fs::read_to_string(run.path("debug/sinks_trace.jsonl")).unwrap();
    assert_eq!(trace.lines().count(), series.real("time").len());
    for line in trace.lines() {
        serde_json::from_str::<serde_json::Value>(line).unwrap();
    }
    let energy = run.table("series/energy.parquet");
    let (all, lost, kept) =
        (energy.real("E_rel_step"), energy.real("E_dissipated_step"), energy.real("E_retained_step"));
    assert!(!all.is_empty() && all.iter().all(|energy| *energy > 0.0));
    for row in 0..all.len() {
        assert_close(lost[row] + kept[row], all[row], 1e-12);
    }
    assert!(run.csv_text("checks/energy_budget.csv")["error_flag"].iter().all(|flag| flag == "ok"));
    assert_eq!(series.real("cum_mloss_total"), series.real("M_loss_cum"));
    assert_eq!(series.real("f_ke_energy").len(), series.real("time").len());
    let summary = run.summary();
    assert_eq!(summary["extended_diagnostics_version"], "extended-minimal-v1");
    assert_eq!(summary["M_loss_total"], summary["M_loss"]);
    assert!(summary["max_mloss_rate"].as_f64().unwrap() > 0.0);
    let card = std::fs::read_to_string(run.path("run_card.md")).unwrap();
    assert!(card.contains("- status: complete") && card.contains("- energy_bookkeeping: true"), "{card}");
    let lines = column(&["io.step_diagnostics.enable=true", "io.step_diagnostics.format=jsonl"]);
    assert!(lines.path("series/step_diagnostics.jsonl").exists() && !lines.path("debug").exists());
    assert!(run.files().iter().chain(&lines.files()).all(|file| file.extension().is_none_or(|end| end != "part")));
}

#[test]
fn a_temperature_table_is_written_once_and_read_again() {
    let folder = tempfile::tempdir().unwrap();
    let tables = folder.path().join("tables");
    let driver = "radiation.mars_temperature_driver";
    let keys = [
        format!("{driver}.autogenerate.enabled=true"),
        format!("{driver}.autogenerate.output_dir={}", tables.display()),
        format!("{driver}.autogenerate.min_years=0.01"),
    ];
    let overrides: Vec<&str> = keys.iter().map(String::as_str).collect();
    let generated = column(&overrides);
    let path = tables.join("mars_temperature_T4000p0K.csv");
    let (text, written) = (std::fs::read(&path).unwrap(), std::fs::metadata(&path).unwrap().modified().unwrap());
    assert!(text.starts_with(b"time_day,T_K\n0.0,4000"));
    // The slab itself, in the middle of the last step: between its hours the table is linear.
    let middle = last(&generated, "time") - 0.5 * last(&generated, "dt");
    let cooled = 3.0 * SIGMA_SB / (1e5 * 3000.0 * 1000.0) * middle;
    assert_close(last(&generated, "T_M_used"), (4000_f64.powi(-3) + cooled).powf(-1.0 / 3.0), 1e-8);
    column(&overrides);
    assert_eq!(std::fs::metadata(&path).unwrap().modified().unwrap(), written);
    // A longer run needs a longer table.
    let longer: Vec<&str> = overrides.iter().copied().chain(["numerics.min_duration_years=0.02"]).collect();
    column(&longer);
    assert!(std::fs::read(&path).unwrap().len() > text.len());
}
