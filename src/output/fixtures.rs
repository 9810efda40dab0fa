//! A small made-up disk for the tests of this room: two cells, three bins, every number different from its neighbours.

use serde_json::{Value, json};

use crate::disk::budget::BudgetRow;
use crate::disk::report::{
    CellFacts, CellReport, InnerSteps, KernelReport, Ledger, RunFacts, SmallestGrains, SmolReport, StepFacts,
    SupplyReport,
};
use crate::output::columns::{Bin, Row};
use crate::output::recorder::{BinFacts, Distributions};
use crate::output::run_config::RunConfigFacts;
use crate::output::summary::{Outcome, Performance, StepCounts, SummaryFacts, TimeGridFacts};
use crate::physics::phase::Phase;
use crate::physics::stirring::Excitation;

pub(crate) struct Fixture {
    pub run: RunFacts,
    pub step: StepFacts,
    pub cells: Vec<CellFacts>,
    pub reports: Vec<CellReport>,
    pub sizes: BinFacts,
    pub distributions: Vec<f64>,
    pub total: BudgetRow,
    pub budgets: Vec<BudgetRow>,
}

impl Fixture {
    pub fn new() -> Self {
        let total = BudgetRow {
            time: 120.0,
            initial: 4e-9,
            remaining: 3e-9,
            lost: 1.5e-9,
            supplied: 0.5e-9,
            deep: 0.0,
            lost_blowout: 1e-9,
            lost_sublimation: 0.4e-9,
            lost_gas_drag: 0.06e-9,
            lost_escape: 0.04e-9,
            clipped: 0.0,
            tolerance_percent: 0.5,
            residual: 0.0,
            identity: false,
        };
        Fixture {
            run: run(),
            step: step(),
            cells: vec![cell(0), cell(1)],
            reports: vec![report(0), report(1)],
            sizes: BinFacts { centres: vec![1e-6, 1e-4, 1e-2], widths: vec![2e-6, 2e-4, 2e-2] },
            distributions: vec![0.1, 0.3, 0.6, 0.0, 0.0, 0.0],
            total,
            budgets: vec![total, BudgetRow { residual: 4.5e-11, ..total }],
        }
    }

    pub fn distributions(&self) -> Distributions<'_> {
        Distributions { bins: &self.distributions, sizes: &[] }
    }

    pub fn row(&self, i: usize) -> Row<'_> {
        Row {
            run: &self.run,
            step: &self.step,
            cell: &self.cells[i],
            report: &self.reports[i],
            time: self.step.time,
            dt: self.step.dt,
            t_coll_min: 7.0,
            bin: Bin::NONE,
        }
    }
}

pub(crate) fn config() -> RunConfigFacts {
    RunConfigFacts {
        config: json!({"sizes": {"s_min": 1e-7}}),
        config_source_path: Some("disk.yml".into()),
        profile: "conservative".to_owned(),
        physics_mode: "default".to_owned(),
        physics_mode_source: "config",
        init_ei: json!({"e0_config": 0.5}),
        cell_parallel: json!({"enabled": false}),
        threading: Value::Null,
        r_in: 3.4e6,
        r_out: 9.2e6,
        sigma_surf0_target: 1.0,
        supply_mu_reference_tau: 1.0,
        sigma_surf_mu_reference: 0.7,
        supply_orbit_fraction_at_mu1: 0.05,
        supply_t_mix_orbits: f64::NAN,
        supply_headroom_gate: "hard".to_owned(),
        qpr_table_path: None,
        psd_floor_mode: "fixed".to_owned(),
        temperature_driver: json!({"mode": "hyodo", "enabled": true}),
        solar_radiation_requested: false,
        sublimation_provenance: json!({"sublimation_formula": "HKL"}),
        seed: 17,
        seed_expr: "17".to_owned(),
        seed_basis: String::new(),
        external_files: Vec::new(),
        parts: Vec::new(),
    }
}

pub(crate) fn ending(outcome: Outcome) -> SummaryFacts {
    SummaryFacts {
        outcome,
        early_stop_reason: None,
        stop_reason: "t_end_reached",
        time_end: 120.0,
        time_grid: TimeGridFacts {
            t_end_basis: "t_end_orbits".to_owned(),
            t_end_input: 0.25,
            t_end_s: 120.0,
            t_end_seconds: 120.0,
            t_end_seconds_pre_min_duration: f64::NAN,
            t_end_seconds_from_temperature: f64::NAN,
            t_end_temperature_search_years: f64::NAN,
            temperature_stop: f64::NAN,
            min_duration_years: f64::NAN,
            dt_mode: "explicit".to_owned(),
            dt_input: json!(60.0),
            dt_sources: json!({"explicit": 60.0}),
            dt_nominal: 60.0,
            dt_nominal_s: 60.0,
            dt_step: 60.0,
            dt_capped_by_max_steps: false,
            dt_min_tcoll_ratio: 0.5,
            t_blow_nominal: 1000.0,
            n_steps: 2,
            clock: "adaptive",
        },
        steps: StepCounts { coupling: 2, inner_accepted: 40, inner_rejected: 3, fallback: 1 },
        performance: Performance { wall_s: 0.5, ranks: 1, threads: 2, ..Performance::default() },
    }
}

fn run() -> RunFacts {
    RunFacts {
        geometry_mode: "1D",
        r_source: "disk.geometry",
        temperature_source: "mars_temperature_driver.hyodo".to_owned(),
        phase_temperature_input: "particle",
        phase_method: "threshold",
        phase_reason: "phase.thresholds",
        phase_thresholds: [2162.0, 2163.0, 1.0, 1.5],
        initial_temperature: 4000.0,
        s_min_surface_energy: f64::NAN,
        s_min_config: 1e-7,
        energy: None,
        extended: None,
        seed: crate::disk::report::Seed::default(),
        density: 3270.0,
        chi: 0.65,
        beta_at_smin_config: 31.6,
        case_status: "blowout",
        blowout_enabled: true,
        blowout_layer: "surface_tau_le_1",
        blowout_target_phase: "solid_only",
        supply_enabled: true,
        epsilon_mix: 0.9,
        mu_orbit10pct: 1.0,
        mu_reference_surface_density: 0.7,
        supply_transport_mode: "direct",
        supply_temperature_kind: "scale",
        line_of_sight_factor: 1.2,
        missing_as_zero: false,
        s_min_evolves: false,
        corrects_fast_blowout: false,
        sublimation_booked: true,
    }
}

pub(crate) fn step() -> StepFacts {
    StepFacts {
        index: 3,
        time: 120.0,
        dt: 60.0,
        temperature: 3990.0,
        s_blow: 3.9e-6,
        s_min_effective: 3.9e-6,
        q_pr_blow: 0.64,
        q_pr_at_smin: 0.65,
        beta_at_smin: 0.5,
        blowout_gate: true,
    }
}

pub(crate) fn cell(index: usize) -> CellFacts {
    let x = index as f64;
    CellFacts {
        index,
        r: 4e6 + 1e6 * x,
        area: 2e13 + 1e13 * x,
        omega: 8e-4 - 1e-4 * x,
        t_orb: 7800.0 + 1000.0 * x,
        t_blow: 800.0 + 100.0 * x,
        eccentricity: 0.1 + 0.1 * x,
        inclination: 0.05,
        initial_surface_density: 0.7,
        midplane_surface_density: f64::NAN,
    }
}

pub(crate) fn report(cell: usize) -> CellReport {
    CellReport {
        cell,
        evolved: true,
        active: true,
        stop: None,
        stop_time: f64::NAN,
        stop_tau: f64::NAN,
        surface_density: 0.68,
        opacity: 1.5,
        opacity_effective: 1.2,
        tau: 0.98,
        tau_before: 0.99,
        sigma_tau1: 0.69,
        sigma_deep: 0.0,
        peak_size: 1e-4,
        smallest: SmallestGrains::of(&step()),
        s_min_evolved: f64::NAN,
        shrinkage: None,
        ledger: Ledger {
            blowout: 0.03,
            sublimation: 0.004,
            gas_drag: 0.001,
            escape: 0.001,
            supplied: 0.006,
            ..Ledger::default()
        },
        cumulative: Ledger {
            blowout: 0.3,
            sublimation: 0.04,
            gas_drag: 0.01,
            escape: 0.01,
            supplied: 0.06,
            ..Ledger::default()
        },
        end_rates: None,
        supply: SupplyReport {
            raw: 1.25e-4,
            nominal: 1e-4,
            offered: 1e-4,
            scaled: 1e-4,
            applied: 1e-4,
            temperature_scale: 1.0,
            temperature_value: f64::NAN,
            feedback_scale: 1.0,
            feedback_error: f64::NAN,
            reservoir: f64::INFINITY,
            reservoir_fraction: f64::NAN,
            allowed: true,
            ..SupplyReport::default()
        },
        smol: Some(SmolReport {
            dt_eff: 60.0,
            sigma_before: 0.7,
            sigma_after: 0.67,
            prod_rate: 1e-4,
            loss_rate: 6e-4,
            gain_rate: 0.5,
            collision_loss_rate: 0.5,
            sink_rate: 6e-4,
            source_rate: 1e-4,
            t_coll: 7.0 + cell as f64,
        }),
        substeps: 0,
        energy: Default::default(),
        kernel: Some(KernelReport {
            used: Excitation { e: 0.31, i: 0.05 },
            base: Excitation { e: 0.3, i: 0.05 },
            supply: Excitation { e: 0.5, i: 0.05 },
            supply_weight: 0.01,
            damping: None,
        }),
        inner: InnerSteps { accepted: 20, rejected: 2, fallback: 0 },
        phase: Phase::SOLID,
        grain_temperature: 2100.0,
        phase_temperature: 2100.0,
        size_rate: -1e-9,
        size_rate_raw: -1e-9,
        sublimation_blocked: false,
        t_sink_sublimation: 1000.0,
        t_sink_gas_drag: f64::NAN,
        t_escape: f64::NAN,
        tau_gate_blocked: false,
        blowout_phase_allowed: true,
        blowout_active: true,
        gate_factor: 1.0,
        t_solid: f64::NAN,
    }
}
