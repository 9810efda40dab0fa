//! The collisional operator of a radial cell against an independent evaluation.
//!
//! `tests/data/operator_cases.json` was made with NumPy and SciPy alone: dense tensors for the rates, Radau with
//! rtol 1e−10 for the solutions; four cells of the default disk with a blow-out sink in the lowest bin and a source shaped
//! like the initial size distribution.

use marsdisk_mpi::disk::collisions::{Breakup, pair_tables};
use marsdisk_mpi::physics::constants::R_MARS;
use marsdisk_mpi::physics::excitation::{EccentricityProfile, RelativeSpeed, ScaleHeight};
use marsdisk_mpi::physics::fragmentation::{FragmentSlope, fragment_integrals};
use marsdisk_mpi::physics::orbit::circular_speed;
use marsdisk_mpi::physics::size_distribution::SizeGrid;
use marsdisk_mpi::physics::strength::{Strength, StrengthCoefficients, StrengthUnits};
use marsdisk_mpi::smoluchowski::cell_integrator::{self, FIRST_STEP, Outcome, Tolerances, Workspace};
use marsdisk_mpi::smoluchowski::operator::{self, Scratch};
use marsdisk_mpi::smoluchowski::pairs::PairTables;
use marsdisk_mpi::smoluchowski::processes::{Channel, Processes};
use serde::Deserialize;

#[derive(Deserialize)]
struct Cases {
    cases: Vec<Case>,
}

#[derive(Deserialize)]
struct Case {
    case: Parameters,
    v_rel: f64,
    bin_size_m: Vec<f64>,
    sigma0: Vec<f64>,
    sink: Vec<f64>,
    source: Vec<f64>,
    rhs0: Vec<f64>,
    jac0_diag: Vec<f64>,
    t: Vec<f64>,
    sigma: Vec<Vec<f64>>,
    sigma_total: Vec<f64>,
}

#[derive(Deserialize)]
struct Parameters {
    r_rm: f64,
    n: usize,
    s_min: f64,
}

const DEFAULT: Tolerances = Tolerances { relative: 1e-4, absolute: 1e-9 };

fn cases() -> Vec<Case> {
    let text = include_str!("data/operator_cases.json");
    serde_json::from_str::<Cases>(text).expect("the oracle file is valid JSON").cases
}

/// Strength of the default disk: (speed km/s, Qs, B) with a_s = 0.38, b_g = 1.36 in the units of Benz & Asphaug.
fn strength() -> Strength {
    const ROWS: [(f64, f64, f64); 7] = [
        (1.0, 195_090_000.0, 0.818_765_252_744_081_1),
        (2.0, 195_090_000.0, 1.284_780_394_426_84),
        (3.0, 195_090_000.0, 1.6722),
        (4.0, 292_635_000.0, 2.2296),
        (5.0, 390_180_000.0, 2.787),
        (6.0, 390_180_000.0, 3.137_652_034_251_613),
        (7.0, 390_180_000.0, 3.468_328_238_792_804_7),
    ];
    let rows = ROWS.map(|(speed_kms, qs, b)| StrengthCoefficients { speed_kms, qs, a_s: 0.38, b, b_g: 1.36 });
    Strength::new(rows.to_vec(), StrengthUnits::Ba99Cgs, 0.45).expect("the default coefficients are valid")
}

fn tables(case: &Case) -> PairTables {
    let sizes = SizeGrid::logarithmic(case.case.s_min, 3.0, case.case.n, 3270.0).expect("a valid grid");
    for (found, wanted) in sizes.sizes.iter().zip(&case.bin_size_m) {
        assert!((found - wanted).abs() < 1e-13 * wanted);
    }
    let r = case.case.r_rm * R_MARS;
    let e = EccentricityProfile::MarsPericenter { clip_min: 0.0, clip_max: 0.999_999 }.at(r);
    let speed = RelativeSpeed::Pericenter.speed(circular_speed(r), e, 0.05).expect("a bound orbit");
    assert!((speed - case.v_rel).abs() < 1e-13 * case.v_rel);
    // The oracle takes the mass of fragments as ∝ s^−3.5 ds, the convention of the Python program.
    let slope = FragmentSlope::Mass(3.5).mass_exponent();
    let breakup = Breakup { strength: strength(), fragment_integrals: fragment_integrals(&sizes.edges, slope) };
    pair_tables(&sizes, &breakup, speed, ScaleHeight::FromInclination { factor: 1.0 }.at(r, 0.05))
}

fn processes(case: &Case) -> Processes {
    let mut processes = Processes::none(case.case.n);
    processes.loss_mut(Channel::Blowout).copy_from_slice(&case.sink);
    processes.source.copy_from_slice(&case.source);
    processes
}

fn largest(values: &[f64]) -> f64 {
    values.iter().fold(0.0, |a, b| a.max(b.abs()))
}

/// Integrates to each of the times; returns the states and what happened in all.
fn solve(case: &Case, tolerances: Tolerances) -> (Vec<Vec<f64>>, Outcome) {
    let (tables, processes) = (tables(case), processes(case));
    let mut workspace = Workspace::new(case.case.n);
    let mut sum = Outcome::default();
    // Each time is reached in one coupling step from the start.
    let states = case.t.iter().map(|time| {
        let (mut state, mut inner_step) = (case.sigma0.clone(), FIRST_STEP);
        sum = cell_integrator::advance(
            Some(&tables),
            &processes,
            &mut state,
            *time,
            &mut inner_step,
            tolerances,
            &mut workspace,
        )
        .expect("the cell integrates");
        state
    });
    (states.collect(), sum)
}

#[test]
fn rates_and_jacobian_agree_with_dense_tensors() {
    for case in cases() {
        let n = case.case.n;
        let (tables, processes, mut scratch) = (tables(&case), processes(&case), Scratch::new(n));
        let mut rate = vec![0.0; n];
        operator::rate(Some(&tables), &processes, &case.sigma0, &mut scratch, &mut rate);
        let mut jacobian = vec![0.0; n * n];
        operator::jacobian(Some(&tables), &processes, &case.sigma0, &mut scratch, &mut jacobian);
        let diagonal: Vec<f64> = (0..n).map(|k| jacobian[k * n + k]).collect();
        for (found, wanted) in [(&rate, &case.rhs0), (&diagonal, &case.jac0_diag)] {
            let difference: Vec<f64> = found.iter().zip(wanted).map(|(a, b)| a - b).collect();
            let error = largest(&difference) / largest(wanted);
            assert!(error < 1e-11, "n = {n}: off by {error:e} of the largest entry");
        }
    }
}

#[test]
fn default_tolerances_reach_six_digits_of_mass_in_forty_steps() {
    for case in cases() {
        let (states, outcome) = solve(&case, DEFAULT);
        let steps = outcome.steps + outcome.rejected;
        assert!(steps <= 40 && outcome.fallback == 0, "{steps} steps for 30 000 s");
        for ((state, wanted), total) in states.iter().zip(&case.sigma).zip(&case.sigma_total) {
            let error = (state.iter().sum::<f64>() / total - 1.0).abs();
            assert!(error < 1e-6, "total off by {error:e}");
            for (k, (found, wanted)) in state.iter().zip(wanted).enumerate().filter(|(_, (_, w))| **w > 1e-6 * total) {
                let error = (found / wanted - 1.0).abs();
                assert!(error < 1e-4, "bin {k} off by {error:e}");
            }
        }
    }
}

#[test]
fn tight_tolerances_reach_ten_digits_of_mass() {
    for case in cases() {
        let (states, _) = solve(&case, Tolerances { relative: 1e-8, absolute: 1e-13 });
        for (state, total) in states.iter().zip(&case.sigma_total) {
            let error = (state.iter().sum::<f64>() / total - 1.0).abs();
            assert!(error < 1e-10, "total off by {error:e}");
        }
    }
}

#[test]
fn the_ledger_closes_to_rounding() {
    for case in cases() {
        let (states, outcome) = solve(&case, DEFAULT);
        let before: f64 = case.sigma0.iter().sum();
        let after: f64 = states[states.len() - 1].iter().sum();
        let lost: f64 = outcome.lost.iter().sum();
        let residual = before + outcome.supplied + outcome.clipped - lost - after;
        // Forty steps of rounding in sums of forty terms.
        assert!(residual.abs() < 1e-13 * (before + outcome.supplied), "residual {residual:e} of {before:e}");
        assert!(lost > 1e-4 * before, "the sink takes a part of the cell");
    }
}
