//! The columns of `series/diagnostics.parquet`: one row per cell and record, for looking into a run.
//!
//! Columns that `run.parquet` has too are taken from its declarations, so that the two files cannot disagree.

use crate::output::columns::{Column, Row, Series, column_named};
use crate::output::run_columns;

type Col = Column<Series>;

const MASS: &str = "M_Mars";

/// Every column of `diagnostics.parquet`, in order.
pub static DIAGNOSTICS: &[Col] = &COLUMNS;

/// A column of `run.parquet`.
const fn run(name: &str) -> Col {
    column_named(&run_columns::COLUMNS, name)
}

/// A column of `run.parquet` that has no value for a frozen cell.
const fn evolving(name: &str) -> Col {
    run(name).null_when_frozen()
}

#[rustfmt::skip] // a table: one column to one or two lines
const COLUMNS: [Col; 120] = [
    run("time"), run("dt"), evolving("dt_over_t_blow"), run("r_m").named("r_m_used"), run("r_RM").named("r_RM_used"),
    run("T_M_used"), evolving("T_p_effective"), evolving("phase_temperature_input"),
    Col::real("phase_temperature_used_K", "K", "Temperature that the phase rule received.",
        |r| r.report.phase_temperature).null_when_frozen(),
    run("rad_flux_Mars"),
    Col::real("F_abs_geom", "W m^-2", "Flux of Mars at the cell, σT⁴ (R_M/r)².",
        |r| r.flux_at_cell()).null_when_frozen(),
    Col::real("F_abs_geom_qpr", "W m^-2", "F_abs_geom times Q_pr_at_smin.", absorbed_flux).null_when_frozen(),
    Col::real("F_abs", "W m^-2", "Equals F_abs_geom_qpr.", absorbed_flux).null_when_frozen(),
    run("Omega_s"), run("t_orb_s"), run("t_blow_s"), evolving("t_solid_s"),
    Col::real("t_sink_total_s", "s", "Shortest life time of a 1 µm grain against the sinks.",
        |r| r.report.t_sink_sublimation.min(r.report.t_sink_gas_drag)).null_when_frozen(),
    Col::real("t_sink_surface_s", "s", "Shortest of these life times without sublimation.",
        |r| r.report.t_sink_gas_drag).null_when_frozen(),
    Col::real("t_sink_sublimation_s", "s", "Life time of a 1 µm grain against sublimation.",
        |r| r.report.t_sink_sublimation).null_when_frozen(),
    Col::real("t_sink_gas_drag_s", "s", "Life time of a 1 µm grain against gas drag.",
        |r| r.report.t_sink_gas_drag).null_when_frozen(),
    evolving("mass_lost_sinks_step").named("mass_loss_sinks_step"), evolving("mass_lost_by_sinks"),
    evolving("mass_lost_sublimation_step").named("mass_loss_sublimation_step"),
    run("sigma_tau1"), run("Sigma_tau1_active").named("sigma_tau1_active"), run("Sigma_tau1_last_finite"),
    run("tau_los_mars"), evolving("tau_phase_los"), evolving("tau_phase_used"), run("phase_tau_field"),
    run("kappa_eff"), run("kappa_surf"), evolving("phi_effective"),
    Col::real("psi_shield", "dimensionless", "Equals phi_effective.", |r| r.shielding_factor()).null_when_frozen(),
    run("sigma_surf"), run("sigma_deep"),
    Col::real("kappa_Planck", "m^2 kg^-1", "Equals kappa_surf.", |r| r.report.opacity),
    Col::real("tau_eff", "dimensionless", "Vertical optical depth with self-shielding, kappa_eff times Sigma_surf.",
        |r| r.report.opacity_effective * r.report.surface_density).null_when_frozen(),
    run("s_min"), run("a_blow_at_smin"), run("beta_at_smin_effective"), run("beta_at_smin"), run("Q_pr_at_smin"),
    Col::real("s_peak", "m", "Size of the bin with the largest s³ dN/ds; null in an empty cell.",
        |r| r.report.peak_size),
    Col::real("area_m2", "m^2", "Area of the cell.", |r| r.cell.area),
    run("prod_subblow_area_rate"),
    Col::real("prod_subblow_area_rate_raw", "kg m^-2 s^-1",
        "Configured supply before mixing; null without supply, but zero for a frozen cell of profile python.",
        |r| if r.run.missing_as_zero && !r.report.evolved { 0.0 } else { r.if_supplied(r.report.supply.raw) }),
    run("supply_rate_nominal"),
    run("supply_rate_scaled"), run("supply_rate_applied"), run("supply_tau_clip_spill_rate"),
    evolving("supply_headroom"), evolving("supply_clip_factor"), evolving("headroom").zero_in_python(),
    run("prod_rate_raw"), run("prod_rate_applied_to_surf"), run("prod_rate_diverted_to_deep"),
    run("prod_rate_into_deep"), run("deep_to_surf_flux_attempt"), run("deep_to_surf_flux"),
    run("deep_to_surf_flux_applied"), evolving("supply_visibility_factor"), run("supply_blocked_by_headroom"),
    run("supply_mixing_limited"), run("supply_transport_mode"), evolving("supply_temperature_scale"),
    evolving("supply_temperature_value"), evolving("supply_temperature_value_kind"), evolving("supply_feedback_scale"),
    evolving("supply_feedback_error"), evolving("supply_reservoir_remaining_Mmars"),
    evolving("supply_reservoir_fraction"), run("supply_reservoir_clipped"), run("s_min_effective"),
    run("Qpr_mean").named("qpr_mean"), run("chi_blow_eff"),
    Col::real("ds_step_uniform", "m", "Shift of all sizes; null where the sizes of bins do not move.",
        |r| r.report.shrinkage.map_or(f64::NAN, |s| s.shift)),
    Col::real("mass_ratio_uniform", "dimensionless", "Mass after that shift over mass before.",
        |r| r.report.shrinkage.map_or(f64::NAN, |s| s.mass_ratio)),
    run("mass_lost_by_blowout").named("M_out_cum"), run("M_sink_cum"), run("M_loss_cum"),
    run("cum_mass_lost_tau_clip_spill"), run("M_loss_surface_solid_marsRP"), run("M_loss_hydro").named("M_hydro_cum"),
    evolving("phase_state"), evolving("phase_method"), evolving("phase_reason"), evolving("phase_f_vap"),
    evolving("phase_bulk_state"), evolving("phase_bulk_f_liquid"), evolving("phase_bulk_f_solid"),
    evolving("phase_bulk_f_vapor"),
    Col::structure("phase_payload", "What the phase rule looked at; its members are null in the rows of frozen cells.",
        &PHASE_PAYLOAD),
    run("ds_dt_sublimation"), run("ds_dt_sublimation_raw"), run("sublimation_blocked_by_phase"),
    run("tau_mars_line_of_sight"), run("tau_gate_blocked"), run("blowout_beta_gate"), run("blowout_phase_allowed"),
    run("blowout_layer_mode"), run("blowout_target_phase"), run("sink_selected"),
    Col::real("hydro_timescale_s", "s", "Time of hydrodynamic escape; null where nothing escapes.",
        |r| r.report.t_escape),
    Col::real("mass_loss_surface_solid_step", MASS, "Mass that radiation expelled from the cell in the record.",
        |r| r.mars_masses(r.report.ledger.blowout)),
    evolving("smol_dt_eff"), evolving("smol_sigma_before"), evolving("smol_sigma_after"), evolving("smol_sigma_loss"),
    evolving("smol_prod_mass_rate"), evolving("smol_extra_mass_loss_rate"), evolving("smol_mass_budget_delta"),
    evolving("smol_mass_error"), evolving("smol_gain_mass_rate"), evolving("smol_loss_mass_rate"),
    evolving("smol_sink_mass_rate"), evolving("smol_source_mass_rate"), run("blowout_gate_factor"), run("cell_index"),
];

#[rustfmt::skip] // a table: one member to one or two lines
static PHASE_PAYLOAD: [Col; 8] = [
    Col::real("temperature_K", "K", "Temperature that the rule received.",
        |r| r.report.phase_temperature).null_when_frozen(),
    Col::real("pressure_Pa", "Pa", "Pressure that the rule received; null, thresholds ask for none.", |_| f64::NAN),
    Col::real("pressure_bar", "bar", "Pressure that the rule received; null, thresholds ask for none.", |_| f64::NAN),
    Col::real("tau_clamped", "dimensionless", "Optical depth that the rule used; not below zero.",
        |r| r.report.tau_before.max(0.0)).null_when_frozen(),
    Col::real("radius_m", "m", "Distance of the cell from the centre of Mars.", |r| r.cell.r).null_when_frozen(),
    Col::real("time_s", "s", "Start of the record.", |r| r.step.time - r.step.dt).null_when_frozen(),
    Col::real("temperature_initial_K", "K", "Temperature of Mars at the start.",
        |r| r.run.initial_temperature).null_when_frozen(),
    Col::structure("phase_thresholds", "Configured thresholds.", &PHASE_THRESHOLDS),
];

#[rustfmt::skip] // a table: one member to a line
static PHASE_THRESHOLDS: [Col; 4] = [
    Col::real("T_condense_K", "K", "Solid below this temperature.", |r| r.run.phase_thresholds[0]).null_when_frozen(),
    Col::real("T_vaporize_K", "K", "Vapour above this temperature.", |r| r.run.phase_thresholds[1]).null_when_frozen(),
    Col::real("P_ref_bar", "bar", "Reference pressure.", |r| r.run.phase_thresholds[2]).null_when_frozen(),
    Col::real("tau_ref", "dimensionless", "Reference optical depth.", |r| r.run.phase_thresholds[3]).null_when_frozen(),
];

fn absorbed_flux(row: &Row<'_>) -> f64 {
    row.flux_at_cell() * row.report.smallest.q_pr
}
