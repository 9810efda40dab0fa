//! Modified Patankar–Euler: (I − h A(Σⁿ)) Σⁿ⁺¹ = Σⁿ + h F. First order, but positive and conservative for every h
//! (Burchard, Deleersnijder & Meister 2003, Appl. Numer. Math. 47, 1), hence the fall-back where error control fails.

use super::linear_solver::DenseLu;
use super::operator;
use super::pairs::PairTables;
use super::processes::{PerChannel, Rates};

/// One step of length h [s] from the state y (length n), into `out`; returns what left through each channel [kg m⁻²].
pub fn step(
    tables: Option<&PairTables>,
    rates: &Rates,
    y: &[f64],
    h: f64,
    lu: &mut DenseLu,
    out: &mut [f64],
) -> PerChannel<f64> {
    let n = y.len();
    let matrix = lu.entries_mut();
    operator::rate_matrix(tables, rates, y, matrix);
    for entry in matrix.all_mut().as_flattened_mut().as_flattened_mut() {
        *entry *= -h;
    }
    for k in 0..n {
        *matrix.get_mut(k, k) += 1.0;
    }
    lu.factorize();
    for k in 0..n {
        out[k] = y[k] + h * rates.source()[k];
    }
    lu.solve(out);
    let mut lost = rates.lost(out);
    lost.scale(h);
    lost
}
