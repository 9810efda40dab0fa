//! The collisional operator of a radial cell against an independent evaluation.
//!
//! `tests/data/operator_cases.json` was made with NumPy and SciPy alone: dense tensors for the rates, Radau with
//! rtol 1e−10 for the solutions; four cells of the default disk with a blow-out sink in the lowest bin and a source shaped
//! like the initial size distribution.

mod common;

use common::{DEFAULT, DiskCell, disk_cells};
use marsdisk_mpi::smoluchowski::cell_integrator::{self, FIRST_STEP, Outcome, Tolerances, Workspace};
use marsdisk_mpi::smoluchowski::operator::{self, Scratch};
use marsdisk_mpi::smoluchowski::processes::Rates;
use marsdisk_mpi::smoluchowski::simd::Tiles;
use serde::Deserialize;

#[derive(Deserialize)]
struct Oracle {
    cases: Vec<Expected>,
}

#[derive(Deserialize)]
struct Expected {
    bin_size_m: Vec<f64>,
    rhs0: Vec<f64>,
    jac0_diag: Vec<f64>,
    t: Vec<f64>,
    sigma: Vec<Vec<f64>>,
    sigma_total: Vec<f64>,
}

/// The cells, each with what the oracle found for it.
fn cases() -> impl Iterator<Item = (DiskCell, Expected)> {
    let text = include_str!("data/operator_cases.json");
    let oracle: Oracle = serde_json::from_str(text).expect("the oracle file is valid JSON");
    disk_cells().into_iter().zip(oracle.cases)
}

fn largest(values: &[f64]) -> f64 {
    values.iter().fold(0.0, |a, b| a.max(b.abs()))
}

/// Integrates to each of the times, always from the start; returns the states and what happened on the way to the last.
fn solve(cell: &DiskCell, times: &[f64], tolerances: Tolerances) -> (Vec<Vec<f64>>, Outcome) {
    let mut workspace = Workspace::new(cell.bins());
    let mut outcome = Outcome::default();
    let reach = |time: &f64| {
        let (mut state, mut first_step) = (cell.start.clone(), FIRST_STEP);
        let (tables, processes) = (Some(&cell.tables), &cell.processes);
        let ws = &mut workspace;
        outcome = cell_integrator::advance(tables, processes, &mut state, *time, &mut first_step, tolerances, ws)
            .expect("the cell integrates");
        state
    };
    (times.iter().map(reach).collect(), outcome)
}

#[test]
fn rates_and_jacobian_agree_with_dense_tensors() {
    for (cell, expected) in cases() {
        let n = cell.bins();
        let off = cell.grid.sizes.iter().zip(&expected.bin_size_m).map(|(a, b)| (a / b - 1.0).abs());
        assert!(off.fold(0.0, f64::max) < 1e-13, "the oracle has other bins");
        let (tables, rates, mut scratch) = (Some(&cell.tables), Rates::of(&cell.processes), Scratch::new(n));
        let mut rate = vec![0.0; n];
        operator::rate(tables, &rates, &cell.start, &mut scratch, &mut rate);
        let mut jacobian = Tiles::zeros(n);
        operator::jacobian(tables, &rates, &cell.start, &mut scratch, &mut jacobian);
        let diagonal: Vec<f64> = (0..n).map(|k| jacobian.get(k, k)).collect();
        for (found, wanted) in [(&rate, &expected.rhs0), (&diagonal, &expected.jac0_diag)] {
            let difference: Vec<f64> = found.iter().zip(wanted).map(|(a, b)| a - b).collect();
            let error = largest(&difference) / largest(wanted);
            assert!(error < 1e-11, "n = {n}: off by {error:e} of the largest entry");
        }
    }
}

#[test]
fn default_tolerances_reach_six_digits_of_mass_in_forty_steps() {
    for (cell, expected) in cases() {
        let (states, outcome) = solve(&cell, &expected.t, DEFAULT);
        let steps = outcome.steps + outcome.rejected;
        assert!(steps <= 40 && outcome.fallback == 0, "{steps} steps for 30 000 s");
        for ((state, wanted), total) in states.iter().zip(&expected.sigma).zip(&expected.sigma_total) {
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
    for (cell, expected) in cases() {
        let (states, _) = solve(&cell, &expected.t, Tolerances::new(1e-8, 1e-13));
        for (state, total) in states.iter().zip(&expected.sigma_total) {
            let error = (state.iter().sum::<f64>() / total - 1.0).abs();
            assert!(error < 1e-10, "total off by {error:e}");
        }
    }
}

#[test]
fn the_ledger_closes_to_rounding() {
    for (cell, expected) in cases() {
        let (states, outcome) = solve(&cell, &expected.t, DEFAULT);
        let before: f64 = cell.start.iter().sum();
        let after: f64 = states[states.len() - 1].iter().sum();
        let lost: f64 = outcome.lost.iter().sum();
        let residual = before + outcome.supplied + outcome.clipped - lost - after;
        // Forty steps of rounding in sums of forty terms.
        assert!(residual.abs() < 1e-13 * (before + outcome.supplied), "residual {residual:e} of {before:e}");
        assert!(lost > 1e-4 * before, "the sink takes a part of the cell");
    }
}
