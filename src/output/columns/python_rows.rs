//! Rows that the Python program wrote, rebuilt from the few numbers that the disk would report: every other column must
//! come out as it stands there.

use serde_json::Value as Json;

use super::*;
use crate::disk::report::{KernelReport, Ledger, SmallestGrains, SmolReport, SupplyReport};
use crate::output::diagnostics_columns::DIAGNOSTICS;
use crate::output::fixtures::Fixture;
use crate::output::run_columns::RUN;
use crate::physics::phase::{BulkState, Phase, PhaseState};
use crate::physics::stirring::Excitation;

/// Not reported by the disk, or decided by round-off in the Python program.
const NOT_COMPARED: [&str; 3] = ["blowout_beta_gate", "supply_temperature_value_kind", "phase_payload"];

/// Differences of nearly equal surface densities (below 3e3 kg m⁻²): only rounding is left of them.
const NOISE: [&str; 3] = ["smol_mass_error", "smol_sigma_loss", "smol_mass_budget_delta"];

struct PythonRow<'a> {
    run: &'a Json,
    diagnostics: &'a Json,
}

impl PythonRow<'_> {
    fn number(&self, name: &str) -> f64 {
        self.run[name].as_f64().or(self.diagnostics[name].as_f64()).unwrap_or(f64::NAN)
    }

    fn flag(&self, name: &str) -> bool {
        self.run[name].as_bool().unwrap()
    }

    /// Mass per area of a mass in Mars masses.
    fn per_area(&self, mass: f64) -> f64 {
        mass * M_MARS / self.number("area_m2")
    }

    /// The fixture with the numbers of this row in its first cell.
    fn fixture(&self) -> Fixture {
        let mut f = Fixture::new();
        let n = |name| self.number(name);
        f.run.missing_as_zero = true;
        f.run.temperature_source = self.run["T_M_source"].as_str().unwrap().to_owned();
        f.run.phase_temperature_input = if n("T_p_effective").is_nan() { "mars_surface" } else { "particle" };
        f.run.phase_method = if self.run["phase_method"] == "disabled" { "disabled" } else { "threshold" };
        f.run.phase_reason = if f.run.phase_method == "disabled" { "phase.disabled" } else { "phase.thresholds" };
        f.run.s_min_config = n("s_min_config");
        f.run.density = n("rho_used");
        f.run.chi = n("chi_blow_eff");
        f.run.beta_at_smin_config = n("beta_at_smin_config");
        f.run.blowout_enabled = self.run["case_status"] != "no_blowout";
        f.run.case_status = match self.run["case_status"].as_str().unwrap() {
            "blowout" => "blowout",
            "ok" => "ok",
            _ => "no_blowout",
        };
        f.run.supply_enabled = !n("prod_subblow_area_rate_raw").is_nan();
        f.run.epsilon_mix = n("epsilon_mix");
        f.run.mu_orbit10pct = n("mu_orbit10pct");
        f.step.time = n("time");
        f.step.dt = n("dt");
        f.step.temperature = n("T_M_used");
        f.step.s_blow = n("a_blow_step");
        f.step.s_min_effective = n("s_min");
        f.step.q_pr_blow = n("Q_pr_blow");
        f.step.q_pr_at_smin = n("Qpr_mean");
        f.step.beta_at_smin = n("beta_at_smin");
        self.fill_cell(&mut f);
        self.fill_report(&mut f);
        f
    }

    fn fill_cell(&self, f: &mut Fixture) {
        let n = |name| self.number(name);
        let cell = &mut f.cells[0];
        cell.index = n("cell_index") as usize;
        cell.r = n("r_m");
        cell.area = n("area_m2");
        cell.omega = n("Omega_s");
        cell.t_orb = n("t_orb_s");
        cell.t_blow = n("t_blow_s");
        cell.eccentricity = n("e_value");
        cell.inclination = 0.05; // dynamics.i0 of every case
        cell.initial_surface_density = n("Sigma_surf0");
        cell.midplane_surface_density = n("Sigma_midplane");
    }

    fn fill_report(&self, f: &mut Fixture) {
        let n = |name| self.number(name);
        let report = &mut f.reports[0];
        report.active = self.flag("cell_active");
        if !report.active {
            report.stop = Some(crate::disk::report::CellStop::TauExceeded);
        }
        (report.stop_time, report.stop_tau) = (n("cell_stop_time"), n("cell_stop_tau"));
        report.surface_density = n("Sigma_surf");
        report.opacity = n("kappa_surf");
        report.opacity_effective = n("kappa_eff");
        report.tau = n("tau");
        report.tau_before = n("tau_phase_los");
        report.sigma_tau1 = n("Sigma_tau1");
        report.peak_size = n("s_peak");
        report.smallest = SmallestGrains::of(&f.step);
        report.ledger = Ledger {
            blowout: self.per_area(n("mass_lost_surface_solid_marsRP_step")),
            sublimation: self.per_area(n("mass_lost_sublimation_step")),
            gas_drag: self.per_area(n("mass_lost_sinks_step") - n("mass_lost_sublimation_step")),
            escape: 0.0,
            supplied: n("supply_rate_applied") * n("dt"),
            ..Ledger::default()
        };
        report.cumulative = Ledger {
            blowout: self.per_area(n("mass_lost_by_blowout")),
            gas_drag: self.per_area(n("mass_lost_by_sinks")),
            ..Ledger::default()
        };
        report.supply = SupplyReport {
            raw: n("prod_subblow_area_rate_raw"),
            nominal: n("supply_rate_nominal"),
            scaled: n("supply_rate_scaled"),
            applied: n("supply_rate_applied"),
            temperature_scale: n("supply_temperature_scale"),
            temperature_value: n("supply_temperature_value"),
            feedback_scale: n("supply_feedback_scale"),
            feedback_error: n("supply_feedback_error"),
            reservoir: f64::INFINITY,
            reservoir_fraction: f64::NAN,
            allowed: n("supply_rate_nominal") > 0.0,
            ..SupplyReport::default()
        };
        report.smol = self.smol();
        report.kernel = report.smol.map(|_| self.kernel());
        report.phase = self.phase();
        report.grain_temperature = n("T_p_effective");
        report.phase_temperature = n("phase_temperature_used_K");
        report.size_rate = n("ds_dt_sublimation");
        report.size_rate_raw = n("ds_dt_sublimation_raw");
        report.sublimation_blocked = self.flag("sublimation_blocked_by_phase");
        report.t_sink_sublimation = n("t_sink_sublimation_s");
        report.t_sink_gas_drag = n("t_sink_gas_drag_s");
        report.tau_gate_blocked = self.flag("tau_gate_blocked");
        report.blowout_phase_allowed = self.flag("blowout_phase_allowed");
        report.blowout_active = self.run["sink_selected"] == "rp_blowout";
        report.gate_factor = n("blowout_gate_factor");
        report.t_solid = n("t_solid_s");
    }

    fn kernel(&self) -> KernelReport {
        let pair = |e, i| Excitation { e: self.number(e), i: self.number(i) };
        KernelReport {
            used: pair("e_kernel_used", "i_kernel_used"),
            base: pair("e_kernel_base", "i_kernel_base"),
            supply: pair("e_kernel_supply", "i_kernel_supply"),
            supply_weight: self.number("supply_velocity_weight_w"),
            damping: None,
        }
    }

    fn smol(&self) -> Option<SmolReport> {
        let n = |name| self.number(name);
        (!n("smol_dt_eff").is_nan()).then(|| SmolReport {
            dt_eff: n("smol_dt_eff"),
            sigma_before: n("smol_sigma_before"),
            sigma_after: n("smol_sigma_after"),
            prod_rate: n("smol_prod_mass_rate"),
            loss_rate: n("smol_extra_mass_loss_rate"),
            gain_rate: n("smol_gain_mass_rate"),
            collision_loss_rate: n("smol_loss_mass_rate"),
            sink_rate: n("smol_sink_mass_rate"),
            source_rate: n("smol_source_mass_rate"),
            t_coll: n("t_coll_kernel_min"),
        })
    }

    fn phase(&self) -> Phase {
        let n = |name| self.number(name);
        Phase {
            state: if self.run["phase_state"] == "solid" { PhaseState::Solid } else { PhaseState::Vapor },
            f_vap: n("phase_f_vap"),
            bulk: match self.run["phase_bulk_state"].as_str().unwrap() {
                "solid_dominated" => BulkState::SolidDominated,
                "mixed" => BulkState::Mixed,
                _ => BulkState::LiquidDominated,
            },
            f_liquid: n("phase_bulk_f_liquid"),
            f_solid: n("phase_bulk_f_solid"),
            f_vapor: n("phase_bulk_f_vapor"),
        }
    }
}

fn agrees(column: &Column<Series>, row: &Row<'_>, expected: &Json) -> bool {
    match (column.field(row), expected) {
        (Field::Missing, Json::Null) => true,
        (Field::Real(x), Json::Number(y)) => {
            let y = y.as_f64().unwrap();
            // masses per area go through Mars masses and back: a handful of roundings
            let tolerance = if NOISE.contains(&column.name) { 1e-11 } else { 1e-13 * y.abs() };
            (x - y).abs() <= tolerance
        }
        (Field::Integer(x), y) => y.as_f64() == Some(x as f64),
        (Field::Flag(x), y) => y.as_bool() == Some(x),
        (Field::Text(x), y) => y.as_str() == Some(x),
        _ => false,
    }
}

#[test]
fn columns_have_the_values_of_the_python_program() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/output/python_rows.json");
    let rows: Json = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    let mut compared = 0;
    for json in rows.as_array().unwrap() {
        let python = PythonRow { run: &json["run"], diagnostics: &json["diagnostics"] };
        let fixture = python.fixture();
        let row = Row { t_coll_min: python.number("t_coll_kernel_min"), ..fixture.row(0) };
        for (columns, expected) in [(RUN, &json["run"]), (DIAGNOSTICS, &json["diagnostics"])] {
            for column in columns.iter().filter(|column| !NOT_COMPARED.contains(&column.name)) {
                let Some(value) = expected.get(column.name) else { continue };
                compared += 1;
                assert!(
                    agrees(column, &row, value),
                    "{}: {} is {:?}, the Python program has {value}",
                    json["case"],
                    column.name,
                    column.field(&row)
                );
            }
        }
    }
    assert_eq!(compared, rows.as_array().unwrap().len() * (177 + 120 - 5));
}
