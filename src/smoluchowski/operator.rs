//! Right-hand side, Jacobian and rate matrix of dΣ/dt = A(Σ) Σ + processes, in O(n²).
//!
//! The transfer rate from bin i to bin k ≠ i is A_ki = Σ_j κ_ij N_j Y_kij, with the yield
//! Y_kij = f_ij δ(k, k_ij) + ε_ij I_k / Σ_{l ≤ k_ij} I_l (k ≤ k_ij) and N_j = Σ_j / m_j. Fragments of a pair fill all bins
//! up to k_ij in fixed proportions, so a suffix sum over k_ij replaces the third loop of the tensor form.

use super::pairs::PairTables;
use super::processes::Processes;

/// Buffers of the operator for n bins, allocated once.
#[derive(Debug, Clone)]
pub struct Scratch {
    counts: Vec<f64>,
    /// Per remnant bin: fragments to be spread below it, and remnants.
    spread: Vec<f64>,
    remnants: Vec<f64>,
    /// The same, per remnant bin and bin that the derivative is taken for; row-major n × n.
    spread_rows: Vec<f64>,
    suffix: Vec<f64>,
}

impl Scratch {
    /// Buffers for n bins.
    pub fn new(n: usize) -> Self {
        Scratch {
            counts: vec![0.0; n],
            spread: vec![0.0; n],
            remnants: vec![0.0; n],
            spread_rows: vec![0.0; n * n],
            suffix: vec![0.0; n],
        }
    }
}

/// Σ a_i b_i with eight running sums: the order of additions is fixed, and the compiler can use vector units.
#[inline]
pub(super) fn dot(a: &[f64], b: &[f64]) -> f64 {
    const LANES: usize = 8;
    let (a_blocks, a_rest) = a.as_chunks::<LANES>();
    let (b_blocks, b_rest) = b.as_chunks::<LANES>();
    let mut sums = [0.0; LANES];
    for (x, y) in a_blocks.iter().zip(b_blocks) {
        for lane in 0..LANES {
            sums[lane] += x[lane] * y[lane];
        }
    }
    let rest: f64 = a_rest.iter().zip(b_rest).map(|(x, y)| x * y).sum();
    sums.iter().sum::<f64>() + rest
}

/// y += c x, entry by entry.
#[inline]
fn add_scaled(c: f64, x: &[f64], y: &mut [f64]) {
    for (y, x) in y.iter_mut().zip(x) {
        *y += c * x;
    }
}

/// dΣ/dt [kg m⁻² s⁻¹] of a state Σ [kg m⁻²]; both of length n. Without tables there are no collisions.
pub fn rate(tables: Option<&PairTables>, processes: &Processes, state: &[f64], scratch: &mut Scratch, out: &mut [f64]) {
    out.fill(0.0);
    if let Some(tables) = tables {
        add_collisions(tables, state, scratch, out);
    }
    processes.add_rate(state, out);
}

fn add_collisions(tables: &PairTables, state: &[f64], scratch: &mut Scratch, out: &mut [f64]) {
    let n = tables.n;
    let Scratch { counts, spread, remnants, .. } = scratch;
    count(tables, state, counts);
    gather_gains(tables, counts, spread, remnants);
    let mut suffix = 0.0;
    for k in (0..n).rev() {
        suffix += spread[k];
        let loss = counts[k] * dot(&tables.loss[k * n..(k + 1) * n], counts);
        out[k] += tables.integrals[k] * suffix + remnants[k] - loss;
    }
}

fn count(tables: &PairTables, state: &[f64], counts: &mut [f64]) {
    for ((count, mass), inverse) in counts.iter_mut().zip(state).zip(&tables.inverse_masses) {
        *count = mass * inverse;
    }
}

/// Per remnant bin: fragments (over their cumulative weight) and remnants of all collisions [kg m⁻² s⁻¹].
fn gather_gains(tables: &PairTables, counts: &[f64], spread: &mut [f64], remnants: &mut [f64]) {
    let n = tables.n;
    spread.fill(0.0);
    remnants.fill(0.0);
    for run in &tables.runs {
        let (body, bin) = (run.body as usize, run.bin as usize);
        let partners = run.start as usize..run.end as usize;
        let row = body * n + partners.start..body * n + partners.end;
        spread[bin] += counts[body] * dot(&tables.fragments[row.clone()], &counts[partners.clone()]);
        remnants[bin] += counts[body] * dot(&tables.remnants[row], &counts[partners]);
    }
}

/// Mass that collisions move into other bins in a given state [kg m⁻² s⁻¹], and the collision time [s]: the shortest
/// mean time between two hits of a body in an occupied bin, however gentle the hits (infinite in an empty cell).
pub fn collision_totals(tables: &PairTables, state: &[f64], scratch: &mut Scratch) -> (f64, f64) {
    let n = tables.n;
    count(tables, state, &mut scratch.counts);
    let counts = &scratch.counts;
    let mut moved = 0.0;
    let mut most_hits: f64 = 0.0;
    for k in (0..n).filter(|k| state[*k] > 0.0) {
        let row = k * n..(k + 1) * n;
        moved += counts[k] * dot(&tables.loss[row.clone()], counts);
        most_hits = most_hits.max(dot(&tables.kernel[row], counts));
    }
    (moved, 1.0 / most_hits)
}

/// ∂(dΣ_k/dt)/∂Σ_l [s⁻¹], row-major n × n. Its columns sum to minus the loss rates, as the mass of the cell demands.
pub fn jacobian(
    tables: Option<&PairTables>,
    processes: &Processes,
    state: &[f64],
    scratch: &mut Scratch,
    out: &mut [f64],
) {
    out.fill(0.0);
    if let Some(tables) = tables {
        add_collision_jacobian(tables, state, scratch, out);
    }
    processes.add_jacobian(out);
}

fn add_collision_jacobian(tables: &PairTables, state: &[f64], scratch: &mut Scratch, out: &mut [f64]) {
    let n = tables.n;
    let Scratch { counts, spread_rows, suffix, .. } = scratch;
    count(tables, state, counts);
    spread_rows.fill(0.0);
    for run in &tables.runs {
        let (body, bin) = (run.body as usize, run.bin as usize);
        let partners = run.start as usize..run.end as usize;
        let row = body * n + partners.start..body * n + partners.end;
        for (coefficients, rows) in
            [(&tables.fragments[row.clone()], &mut spread_rows[..]), (&tables.remnants[row], &mut out[..])]
        {
            let rows = &mut rows[bin * n..(bin + 1) * n];
            rows[body] += dot(coefficients, &counts[partners.clone()]);
            add_scaled(counts[body], coefficients, &mut rows[partners.clone()]);
        }
    }
    suffix.fill(0.0);
    for k in (0..n).rev() {
        let row = &mut out[k * n..(k + 1) * n];
        let losses = &tables.loss[k * n..(k + 1) * n];
        for l in 0..n {
            suffix[l] += spread_rows[k * n + l];
            row[l] = (row[l] + tables.integrals[k] * suffix[l] - counts[k] * losses[l]) * tables.inverse_masses[l];
        }
        row[k] -= dot(losses, counts) * tables.inverse_masses[k];
    }
}

/// The rate matrix A(Σ) with the processes, row-major n × n: off-diagonals are not negative and column i sums to minus
/// the loss rate of bin i, to rounding.
pub fn rate_matrix(tables: Option<&PairTables>, processes: &Processes, state: &[f64], out: &mut [f64]) {
    out.fill(0.0);
    if let Some(tables) = tables {
        add_transfers(tables, state, out);
    }
    processes.add_jacobian(out);
}

fn add_transfers(tables: &PairTables, state: &[f64], out: &mut [f64]) {
    let n = tables.n;
    for i in 0..n {
        // First the fragments of bin i by remnant bin, in column i; then their suffix sum, bin by bin.
        for j in 0..n {
            let p = i * n + j;
            let bin = tables.remnant_bin[p] as usize;
            let hits = tables.kernel[p] * state[j] * tables.inverse_masses[j];
            out[bin * n + i] += hits * tables.ejected_fraction[p] / tables.cumulative[bin];
        }
        let mut suffix = 0.0;
        for k in (0..n).rev() {
            suffix += out[k * n + i];
            out[k * n + i] = if k == i { 0.0 } else { tables.integrals[k] * suffix };
        }
        for j in 0..n {
            let p = i * n + j;
            let bin = tables.remnant_bin[p] as usize;
            if bin != i {
                let hits = tables.kernel[p] * state[j] * tables.inverse_masses[j];
                out[bin * n + i] += hits * tables.remnant_fraction[p];
            }
        }
        let transferred: f64 = (0..n).map(|k| out[k * n + i]).sum();
        out[i * n + i] = -transferred;
    }
}

#[cfg(test)]
mod tests {
    use super::super::pairs::PairInputs;
    use super::*;
    use ndarray::{Array2, array};

    /// Three bins; every hit moves a quarter of the larger body to the bins below, the smaller joins the larger.
    fn tables() -> PairTables {
        PairTables::new(&PairInputs {
            masses: &[1.0, 2.0, 4.0],
            kernel: array![[1.0, 2.0, 3.0], [2.0, 4.0, 5.0], [3.0, 5.0, 6.0]].view(),
            remnant_fraction: Array2::from_elem((3, 3), 0.75).view(),
            ejected_fraction: Array2::from_elem((3, 3), 0.25).view(),
            remnant_bin: Array2::from_shape_fn((3, 3), |(i, j)| i.max(j)).view(),
            fragment_integrals: &[1.0, 1.0, 2.0],
        })
    }

    #[test]
    fn blocks_and_rest_of_a_dot_product_add_up() {
        for n in [0, 1, 7, 8, 9, 31] {
            let numbers: Vec<f64> = (0..n).map(f64::from).collect();
            let squares = n * (n - 1) * (2 * n - 1) / 6;
            assert_eq!(dot(&numbers, &numbers), f64::from(squares));
        }
    }

    #[test]
    fn the_rates_of_three_bins_are_those_of_a_calculation_by_hand() {
        // One body in bins 0 and 2 each: they meet 3 times a second, and each meets its own kind.
        // (0, 0): 0.5 hits, nothing leaves bin 0. (2, 2): 3 hits of 8 kg, 2 kg each ejected, half of it out of bin 2.
        // (0, 2): 3 hits of 5 kg: 3.75 kg remain in bin 2, 1.25 kg go as 1 : 1 : 2 into the bins.
        let mut rate = [0.0; 3];
        super::rate(Some(&tables()), &Processes::none(3), &[1.0, 0.0, 4.0], &mut Scratch::new(3), &mut rate);
        let (own, mixed) = (3.0 * 2.0, 3.0 * 1.25);
        let wanted = [own / 4.0 + mixed / 4.0 - 3.0, own / 4.0 + mixed / 4.0, 3.0 - own / 2.0 - mixed / 2.0];
        for (found, wanted) in rate.iter().zip(wanted) {
            assert!((found - wanted).abs() < 1e-14, "{rate:?}");
        }
    }

    #[test]
    fn moved_mass_and_collision_time_are_those_of_a_calculation_by_hand() {
        let (moved, time) = collision_totals(&tables(), &[1.0, 0.0, 4.0], &mut Scratch::new(3));
        // The body of bin 2 meets its own kind 6 times and that of bin 0 3 times a second. Bin 0 then gives all of its
        // 3 kg. Of what bin 2 brings, 24 kg and 12 kg, it gives the ejected quarter.
        assert_eq!((moved, time), (3.0 + 0.25 * (24.0 + 12.0), 1.0 / 9.0));
        assert_eq!(collision_totals(&tables(), &[0.0; 3], &mut Scratch::new(3)), (0.0, f64::INFINITY));
    }
}
