use super::*;
use crate::output::fixtures::{Fixture, config, ending};

/// Keys of the Python program's summary of a 1-D run.
const PYTHON_KEYS: &str = "M_loss M_loss_from_sinks M_loss_from_sublimation M_loss_mean_per_orbit M_out_cum \
    M_out_mean_per_orbit M_sink_cum M_sink_mean_per_orbit Q_pr_used T_M_final T_M_initial T_M_max T_M_median T_M_min \
    T_M_used a_blow_final a_blow_max a_blow_median a_blow_min beta_at_smin_config beta_at_smin_effective \
    beta_at_smin_max beta_at_smin_median beta_at_smin_min beta_threshold case_status cells_stopped cells_total \
    chi_blow_eff dt_over_t_blow_median early_stop_reason effective_prod_rate_kg_m2_s geometry geometry_mode \
    geometry_source mass_budget_max_error_percent orbits_completed qpr_table_path rho_used s_blow_m s_blow_m_effective \
    s_min_components s_min_effective seed seed_basis seed_expr sigma_midplane_avg sigma_surf0_avg sigma_surf0_target \
    solar_radiation status stop_reason supply_blocked_fraction supply_clipping supply_feedback_scale_max \
    supply_feedback_scale_median supply_feedback_scale_min supply_headroom_policy supply_mixing_fraction \
    supply_rate_nominal_kg_m2_s supply_rate_scaled_initial_kg_m2_s supply_reservoir_remaining_stats_Mmars supply_spill \
    supply_temperature_scale_max supply_temperature_scale_median supply_temperature_scale_min \
    supply_transport_headroom_gate supply_transport_mode supply_transport_t_mix_orbits supply_visibility_max \
    supply_visibility_median supply_visibility_min temperature_driver time_end_s time_grid";

const PYTHON_TIME_GRID: &str = "dt_input dt_min_tcoll_ratio dt_mode dt_nominal dt_nominal_s dt_sources dt_step \
    min_duration_years n_steps t_blow_nominal t_end_basis t_end_input t_end_s t_end_seconds \
    t_end_seconds_from_temperature t_end_seconds_pre_min_duration t_end_temperature_search_years temperature_stop_K";

fn summary_of(records: usize, outcome: Outcome, f: &Fixture) -> Value {
    let mut tracks = Tracks::default();
    for _ in 0..records {
        tracks.add(&f.run, &f.step, &f.cells, &f.reports, &f.total, &f.budgets);
    }
    summary(&f.run, &f.cells, &config(), &tracks, &ending(outcome))
}

/// Of a run with everything that a configuration may ask for.
pub(super) fn extended_summary() -> Value {
    let mut f = Fixture::new();
    f.run.extended = Some("extended-minimal-v1".to_owned());
    summary_of(1, Outcome::Complete, &f)
}

#[test]
fn every_key_of_the_python_program_is_there() {
    let value = summary_of(1, Outcome::Complete, &Fixture::new());
    for key in PYTHON_KEYS.split_whitespace() {
        assert!(value.get(key).is_some(), "{key}");
    }
    for key in PYTHON_TIME_GRID.split_whitespace() {
        assert!(value["time_grid"].get(key).is_some(), "time_grid.{key}");
    }
}

#[test]
fn a_run_without_a_record_has_nulls_and_is_valid_json() {
    let value = summary_of(0, Outcome::Complete, &Fixture::new());
    let text = format!("{value:#}");
    assert!(!text.contains("NaN") && !text.contains("inf"));
    let read: Value = serde_json::from_str(&text).unwrap();
    for key in ["T_M_final", "dt_over_t_blow_median", "a_blow_min", "M_out_mean_per_orbit", "sigma_midplane_avg"] {
        assert!(read[key].is_null(), "{key}");
    }
    assert_eq!(read["M_loss"], 0.0);
    assert!(read["time_grid"]["temperature_stop_K"].is_null());
}

#[test]
fn keys_are_sorted() {
    let value = summary_of(1, Outcome::Complete, &Fixture::new());
    let keys: Vec<_> = value.as_object().unwrap().keys().collect();
    assert!(keys.is_sorted());
}

#[test]
fn a_failed_run_says_when_and_where() {
    let outcome = Outcome::Failed { reason: "T_M = 990 K".to_owned(), time: 99.5, cell: Some(3) };
    let value = summary_of(1, outcome, &Fixture::new());
    assert_eq!(value["status"], "failed");
    assert_eq!(value["failure"], json!({"reason": "T_M = 990 K", "time_s": 99.5, "cell": 3}));
}

#[test]
fn losses_by_channel_add_up_to_the_loss() {
    let value = summary_of(1, Outcome::Complete, &Fixture::new());
    let losses = &value["losses"];
    let sum = ["blowout", "sublimation", "gas_drag", "escape"].map(|k| losses[k].as_f64().unwrap()).iter().sum::<f64>();
    assert!((sum - value["M_loss"].as_f64().unwrap()).abs() < 1e-24); // round-off of 1.5e-9
    assert_eq!(value["M_loss_from_sublimation"], losses["sublimation"]);
}

#[test]
fn the_budget_error_is_the_largest_of_total_and_cells() {
    let value = summary_of(2, Outcome::Complete, &Fixture::new());
    assert_eq!(value["mass_budget_max_error_percent"], 0.0);
    // 4.5e-11 of 4.5e-9
    let cells = value["mass_budget_max_error_percent_cells"].as_f64().unwrap();
    assert!((cells - 1.0).abs() < 1e-12);
}

#[test]
fn missing_ranges_are_null_or_zero_as_the_profile_asks() {
    let mut f = Fixture::new();
    f.run.supply_enabled = false;
    assert!(summary_of(1, Outcome::Complete, &f)["supply_visibility_min"].is_null());
    f.run.missing_as_zero = true;
    let value = summary_of(1, Outcome::Complete, &f);
    assert_eq!(value["supply_visibility_min"], 0.0);
    assert_eq!(value["supply_clipping"]["headroom_max"], 0.0);
    assert!(value["supply_rate_scaled_initial_kg_m2_s"].is_null());
}

#[test]
fn surface_densities_are_averaged_over_area() {
    let mut f = Fixture::new();
    f.cells[0].initial_surface_density = 1.0;
    f.cells[1].initial_surface_density = 3.0;
    (f.cells[0].area, f.cells[1].area) = (3.0, 1.0);
    assert_eq!(summary_of(1, Outcome::Complete, &f)["sigma_surf0_avg"], 1.5);
}
