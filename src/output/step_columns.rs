//! The columns of the tables that a configuration may ask for on top: step diagnostics, sinks, energy, extended columns.

use crate::output::columns::{Column, Row, Series};

type Col = Column<Series>;

const MASS: &str = "M_Mars";
const MASS_RATE: &str = "M_Mars s^-1";
const ENERGY: &str = "J m^-2";
const NONE: &str = "dimensionless";

/// `series/step_diagnostics.csv` or `.jsonl`: a row per cell and record.
#[rustfmt::skip] // a table: one column to one or two lines
pub static STEP_DIAGNOSTICS: &[Col] = &[
    Col::real("time", "s", "End of the record.", |r| r.time),
    Col::real("sigma_surf", "kg m^-2", "Surface density at the end.", |r| r.report.surface_density),
    Col::real("tau_surf", NONE, "Optical depth along the line of sight at the end.", |r| r.report.tau),
    Col::real("t_coll", "s", "Shortest collision time of a bin, or that of the optical depth.",
        |r| if r.run.geometry_mode == "0D" { r.collision_time() } else { r.collision(|s| s.t_coll) }),
    Col::real("t_blow", "s", "Blow-out time.", |r| r.cell.t_blow),
    Col::real("t_sink", "s", "Shortest of the sink times.",
        |r| r.report.t_sink_sublimation.min(r.report.t_sink_gas_drag).min(r.report.t_escape)),
    Col::real("t_sink_sub", "s", "Life time of a 1 µm grain against sublimation.", |r| r.report.t_sink_sublimation),
    Col::real("t_sink_drag", "s", "Life time of a 1 µm grain against gas drag.", |r| r.report.t_sink_gas_drag),
    Col::text("phase_state_step", "category", "solid or vapor.", |r| Some(r.report.phase.state.as_str())),
    Col::text("phase_bulk_state", "category", "solid_dominated, mixed or liquid_dominated.",
        |r| Some(r.report.phase.bulk.as_str())),
    Col::real("phase_bulk_f_liquid", NONE, "Liquid fraction.", |r| r.report.phase.f_liquid),
    Col::real("phase_bulk_f_solid", NONE, "Solid fraction.", |r| r.report.phase.f_solid),
    Col::real("phase_bulk_f_vapor", NONE, "Vapour fraction.", |r| r.report.phase.f_vapor),
    Col::real("ds_dt_sublimation", "m s^-1", "ds/dt that acted.", |r| r.report.size_rate),
    Col::real("ds_dt_sublimation_raw", "m s^-1", "ds/dt before a liquid cell blocks it.", |r| r.report.size_rate_raw),
    Col::flag("sublimation_blocked_by_phase", "Whether the liquid state blocked it.",
        |r| r.report.evolved && r.report.sublimation_blocked),
    Col::real("dM_blowout_step", MASS, "Mass that radiation expelled.",
        |r| r.mars_masses(r.report.ledger.blowout)),
    Col::real("dM_sinks_step", MASS, "Mass that sinks took.", |r| r.mars_masses(r.report.ledger.sinks())),
    Col::real("dM_sublimation_step", MASS, "Part of it that evaporated.",
        |r| r.mars_masses(r.booked_sublimation())),
    Col::real("dM_gas_drag_step", MASS, "Part of it that gas drag removed.",
        |r| r.mars_masses(r.report.ledger.gas_drag)),
    Col::real("mass_total_bins", MASS, "Mass of the cell at the end; in a column of profile python initial minus lost.",
        |r| r.mars_masses(r.claimed_surface_density())),
    Col::real("mass_lost_by_blowout", MASS, "Mass that radiation expelled since the start.",
        |r| r.mars_masses(r.report.cumulative.blowout)),
    Col::real("mass_lost_by_sinks", MASS, "Mass that sinks took since the start.",
        |r| r.mars_masses(r.report.cumulative.sinks())),
    Col::integer("cell_index", "Number of the cell from the inner edge, from 0.", |r| Some(r.cell.index as i64)),
];

/// `debug/sinks_trace.jsonl`: what every sink had to work with and what it took.
#[rustfmt::skip] // a table: one column to one or two lines
pub static SINKS_TRACE: &[Col] = &[
    Col::real("time_s", "s", "End of the record.", |r| r.time),
    Col::real("dt_s", "s", "Time since the record before.", |r| r.dt),
    Col::integer("cell_index", "Number of the cell from the inner edge, from 0.", |r| Some(r.cell.index as i64)),
    Col::real("T_M_K", "K", "Temperature of Mars.", |r| r.step.temperature),
    Col::real("T_grain_K", "K", "Temperature of grains that absorb with phase.q_abs_mean.",
        |r| r.report.grain_temperature),
    Col::text("phase_state", "category", "solid or vapor.", |r| Some(r.report.phase.state.as_str())),
    Col::real("ds_dt_m_s", "m s^-1", "ds/dt that acted.", |r| r.report.size_rate),
    Col::real("ds_dt_raw_m_s", "m s^-1", "ds/dt before a liquid cell blocks it.", |r| r.report.size_rate_raw),
    Col::real("t_sublimation_s", "s", "Life time of a 1 µm grain against sublimation.",
        |r| r.report.t_sink_sublimation),
    Col::real("t_gas_drag_s", "s", "Life time of a 1 µm grain against gas drag.", |r| r.report.t_sink_gas_drag),
    Col::real("t_escape_s", "s", "Time of hydrodynamic escape.", |r| r.report.t_escape),
    Col::real("t_blow_s", "s", "Blow-out time.", |r| r.cell.t_blow),
    Col::flag("blowout_active", "Whether blow-out acted.", |r| r.report.evolved && r.report.blowout_active),
    Col::real("blowout_cum_kg", "kg", "Mass that radiation expelled since the start.",
        |r| r.report.cumulative.blowout * r.cell.area),
    Col::real("sublimation_cum_kg", "kg", "Mass that evaporated since the start.",
        |r| r.report.cumulative.sublimation * r.cell.area),
    Col::real("gas_drag_cum_kg", "kg", "Mass that gas drag removed since the start.",
        |r| r.report.cumulative.gas_drag * r.cell.area),
    Col::real("escape_cum_kg", "kg", "Mass that escaped as vapour since the start.",
        |r| r.report.cumulative.escape * r.cell.area),
];

/// Energy of collisions in the record. In a column of the Python program its "steps" are rates.
#[rustfmt::skip] // a table: one column to one or two lines
pub(crate) const ENERGY_COLUMNS: [Col; 11] = [
    Col::real("E_rel_step", ENERGY, "Relative kinetic energy of the collisions; in a column of profile python its rate per second, at the start of the step.",
        |r| r.energy(r.report.energy.relative)),
    Col::real("E_dissipated_step", ENERGY, "Part of E_rel_step that was lost.",
        |r| r.energy(r.report.energy.dissipated)),
    Col::real("E_retained_step", ENERGY, "Part of E_rel_step that stayed motion.",
        |r| r.energy(r.report.energy.retained)),
    Col::real("f_ke_mean", NONE, "Mean share of a collision's energy that stays motion.",
        |r| r.report.energy.mean_retention()),
    Col::real("f_ke_energy", NONE, "E_retained_step over E_rel_step.",
        |r| r.report.energy.retained / r.report.energy.relative),
    Col::real("F_lf_mean", NONE, "Mean mass fraction of the largest remnant.", |r| r.report.energy.mean_remnant()),
    Col::real("n_cratering", NONE, "Collisions per area and second that leave more than half in one body.",
        |r| r.report.energy.cratering),
    Col::real("n_fragmentation", NONE, "Collisions per area and second that break both bodies.",
        |r| r.report.energy.fragmentation),
    Col::real("frac_cratering", NONE, "Share of the collisions that crater.",
        |r| fraction(r.report.energy.cratering, r.report.energy.fragmentation)),
    Col::real("frac_fragmentation", NONE, "Share of the collisions that break both bodies.",
        |r| fraction(r.report.energy.fragmentation, r.report.energy.cratering)),
    Col::real("f_ke_eps_mismatch", NONE, "Difference of f_ke_fragmentation from the square of eps_restitution.",
        |r| r.run.energy.map_or(f64::NAN, |rule| (rule.fragmentation - rule.restitution.powi(2)).abs())),
];

const CELL: Col =
    Col::integer("cell_index", "Number of the cell from the inner edge, from 0.", |r| Some(r.cell.index as i64));

/// `series/energy.parquet`: a row per cell and record in which grains collided.
pub static ENERGY_SERIES: &[Col] = &{
    let [a, b, c, d, e, f, g, h, i, j, k] = ENERGY_COLUMNS;
    [Col::real("time", "s", "End of the record.", |r| r.time), a, b, c, d, e, f, g, h, i, j, k, CELL]
};

/// `checks/energy_budget.csv`: the same with the step and the check that the parts are the whole.
#[rustfmt::skip] // a table: one column to one or two lines
pub static ENERGY_BUDGET: &[Col] = &{
    let [rel, dissipated, retained, f_ke, _, f_lf, n_c, n_f, frac_c, frac_f, mismatch] = ENERGY_COLUMNS;
    [
        Col::integer("step", "Number of the coupling step, from 0.", |r| Some(r.step.index as i64)),
        Col::real("time", "s", "End of the record.", |r| r.time),
        Col::real("dt", "s", "Time since the record before.", |r| r.dt),
        rel, dissipated, retained, f_ke, f_lf, n_c, n_f, frac_c, frac_f,
        Col::real("eps_restitution", NONE, "Coefficient of restitution.",
            |r| r.run.energy.map_or(f64::NAN, |rule| rule.restitution)),
        mismatch,
        Col::real("E_numerical_error_relative", NONE, "|dissipated + retained − relative| over relative energy.",
            energy_error),
        Col::text("error_flag", "category", "ok, warning above 1e-12, error above 1e-6.", |r| Some(energy_flag(r))),
        CELL,
    ]
};

/// Columns of `run.parquet` with `diagnostics.extended_diagnostics`.
#[rustfmt::skip] // a table: one column to one or two lines
pub(crate) const EXTENDED: [Col; 8] = [
    Col::real("mloss_blowout_rate", MASS_RATE, "Equals M_out_dot.", |r| r.mars_masses(r.outflux())),
    Col::real("mloss_sink_rate", MASS_RATE, "Equals M_sink_dot.", |r| r.mars_masses(r.sink_rate())),
    Col::real("mloss_total_rate", MASS_RATE, "Equals dM_dt_surface_total.",
        |r| r.mars_masses(r.loss_rate())),
    Col::real("cum_mloss_blowout", MASS, "Equals mass_lost_by_blowout.",
        |r| r.mars_masses(r.report.cumulative.blowout)),
    Col::real("cum_mloss_sink", MASS, "Equals mass_lost_by_sinks.", |r| r.mars_masses(r.report.cumulative.sinks())),
    Col::real("cum_mloss_total", MASS, "Equals M_loss_cum.", |r| r.mars_masses(r.report.cumulative.lost())),
    Col::real("beta_eff", NONE, "Equals beta_at_smin_effective.", |r| r.report.smallest.beta),
    Col::real("tau_eff", NONE, "Vertical optical depth with self-shielding.",
        |r| r.report.opacity_effective * r.report.surface_density),
];

fn fraction(part: f64, rest: f64) -> f64 {
    part / (part + rest)
}

fn energy_error(r: &Row<'_>) -> f64 {
    let energy = &r.report.energy;
    (energy.dissipated + energy.retained - energy.relative).abs() / energy.relative
}

fn energy_flag(r: &Row<'_>) -> &'static str {
    match energy_error(r) {
        error if error <= 1e-12 => "ok",
        error if error <= 1e-6 => "warning",
        // There is no error of a record without collisions.
        _ if r.report.energy.relative == 0.0 => "ok",
        _ => "error",
    }
}

/// Rate of loss of the whole disk in Mars masses [s⁻¹], for the summary.
pub(crate) fn loss_rate(row: &Row<'_>) -> f64 {
    row.mars_masses(row.loss_rate())
}
