//! What becomes of two colliding bodies, tabulated for every pair of bins.
//!
//! The tables hold only *transfers*: mass that a collision moves into another bin. What stays in the bin that it came
//! from is never computed. A boulder is hit 10⁹ times a second; gross gain minus gross loss would cancel 17 digits.
//!
//! The inputs are ordered: entry (i, j) describes what becomes of the body of bin i. In the disk they are symmetric, but
//! the closed-form problems of the literature (each body broken by itself) need the general form.

use ndarray::ArrayView2;

/// Outcome of all collisions, n × n for n bins; entry (i, j): the body of bin i hit by one of bin j.
#[derive(Debug, Clone, Copy)]
pub struct PairInputs<'a> {
    /// Mass of a body per bin [kg], length n.
    pub masses: &'a [f64],
    /// Collision kernel κ_ij [m² s⁻¹], symmetric: the rate per area of unordered pairs is κ_ij N_i N_j / (1 + δ_ij).
    pub kernel: ArrayView2<'a, f64>,
    /// Share f of the mass that ends in the largest remnant, 0 … 1.
    pub remnant_fraction: ArrayView2<'a, f64>,
    /// Ejected share ε = 1 − f, computed without cancellation.
    pub ejected_fraction: ArrayView2<'a, f64>,
    /// Bin of the largest remnant, and upper end of the fragments; below n.
    pub remnant_bin: ArrayView2<'a, usize>,
    /// Relative mass of fragments per bin, I_k > 0, length n; fragments fill the bins 0 … remnant bin.
    pub fragment_integrals: &'a [f64],
}

/// A run of partners j with the same remnant bin.
#[derive(Debug, Clone, Copy)]
pub(super) struct Run {
    pub(super) body: u32,
    pub(super) start: u32,
    pub(super) end: u32,
    pub(super) bin: u32,
}

/// Coefficients of the collisional transfers of one cell. Build with [`PairTables::new`], refill with
/// [`PairTables::fill`].
#[derive(Debug, Clone)]
pub struct PairTables {
    pub(super) n: usize,
    pub(super) masses: Vec<f64>,
    pub(super) inverse_masses: Vec<f64>,
    /// I_k.
    pub(super) integrals: Vec<f64>,
    /// κ_ij, f_ij, ε_ij and k_ij as given, row-major.
    pub(super) kernel: Vec<f64>,
    pub(super) remnant_fraction: Vec<f64>,
    pub(super) ejected_fraction: Vec<f64>,
    pub(super) remnant_bin: Vec<u32>,
    /// Σ_{l ≤ k} I_l.
    pub(super) cumulative: Vec<f64>,
    /// L_ij [kg m² s⁻¹]: bin i loses N_i Σ_j L_ij N_j to other bins.
    pub(super) loss: Vec<f64>,
    /// a_ij [kg m² s⁻¹ per unit I]: the pair feeds a_ij N_i N_j I_k into each bin k up to its remnant bin.
    pub(super) fragments: Vec<f64>,
    /// p_ij [kg m² s⁻¹]: the pair feeds p_ij N_i N_j into its remnant bin.
    pub(super) remnants: Vec<f64>,
    /// Stretches of non-zero `fragments` and `remnants` with one remnant bin, row by row.
    pub(super) runs: Vec<Run>,
}

impl PairTables {
    /// Tables for the given outcomes. All shapes must agree; see [`PairInputs`].
    ///
    /// # Panics
    /// If the shapes differ or a remnant bin lies outside the grid: both are set by the program, not by its user.
    pub fn new(inputs: &PairInputs) -> Self {
        let n = inputs.masses.len();
        let mut tables = PairTables {
            n,
            masses: vec![0.0; n],
            inverse_masses: vec![0.0; n],
            integrals: vec![0.0; n],
            kernel: vec![0.0; n * n],
            remnant_fraction: vec![0.0; n * n],
            ejected_fraction: vec![0.0; n * n],
            remnant_bin: vec![0; n * n],
            cumulative: vec![0.0; n],
            loss: vec![0.0; n * n],
            fragments: vec![0.0; n * n],
            remnants: vec![0.0; n * n],
            runs: Vec::with_capacity(n * n),
        };
        tables.fill(inputs);
        tables
    }

    /// Number of bins.
    pub fn len(&self) -> usize {
        self.n
    }

    /// Whether there are no bins.
    pub fn is_empty(&self) -> bool {
        self.n == 0
    }

    /// Masses of the bodies per bin [kg].
    pub fn masses(&self) -> &[f64] {
        &self.masses
    }

    /// Refills the tables in place, without allocation; the number of bins must be the same.
    ///
    /// # Panics
    /// As [`PairTables::new`].
    pub fn fill(&mut self, inputs: &PairInputs) {
        let n = self.n;
        let shape = (n, n);
        assert!(
            inputs.masses.len() == n
                && inputs.fragment_integrals.len() == n
                && inputs.kernel.dim() == shape
                && inputs.remnant_fraction.dim() == shape
                && inputs.ejected_fraction.dim() == shape
                && inputs.remnant_bin.dim() == shape,
            "pair tables of {n} bins were given other shapes"
        );
        let mut sum = 0.0;
        for k in 0..n {
            self.masses[k] = inputs.masses[k];
            self.inverse_masses[k] = 1.0 / inputs.masses[k];
            self.integrals[k] = inputs.fragment_integrals[k];
            sum += inputs.fragment_integrals[k];
            self.cumulative[k] = sum;
        }
        for i in 0..n {
            for j in 0..n {
                let bin = inputs.remnant_bin[(i, j)];
                assert!(bin < n, "remnant bin {bin} of a grid of {n} bins");
                self.kernel[i * n + j] = inputs.kernel[(i, j)];
                self.remnant_fraction[i * n + j] = inputs.remnant_fraction[(i, j)];
                self.ejected_fraction[i * n + j] = inputs.ejected_fraction[(i, j)];
                self.remnant_bin[i * n + j] = bin as u32;
            }
        }
        self.derive();
    }

    /// Transfer coefficients and runs from the stored outcomes.
    fn derive(&mut self) {
        let n = self.n;
        self.loss.fill(0.0);
        self.fragments.fill(0.0);
        self.remnants.fill(0.0);
        for i in 0..n {
            for j in 0..n {
                let p = i * n + j;
                let bin = self.remnant_bin[p] as usize;
                // Fragments of the lowest bin that stay in the lowest bin are the one case in which the whole ejecta
                // return to their own bin. Elsewhere the own share is part of both the loss and the gain.
                let ejected = if i == 0 && bin == 0 { 0.0 } else { self.ejected_fraction[p] };
                let remnant = if bin == i { 0.0 } else { self.remnant_fraction[p] };
                let mass_rate = self.kernel[p] * self.masses[i];
                self.loss[p] = mass_rate * (ejected + remnant);
                // A pair i = j enters once per ordered pair; two different bodies share one entry, in the row of the
                // larger one, when both break into the same bins.
                let shared = self.remnant_bin[j * n + i] == self.remnant_bin[p];
                let entry = if shared && j > i { j * n + i } else { p };
                self.fragments[entry] += mass_rate * ejected / self.cumulative[bin];
                self.remnants[entry] += mass_rate * remnant;
            }
        }
        self.find_runs();
    }

    fn find_runs(&mut self) {
        let n = self.n;
        self.runs.clear();
        for i in 0..n {
            let mut open: Option<Run> = None;
            for j in 0..n {
                let p = i * n + j;
                let idle = self.fragments[p] == 0.0 && self.remnants[p] == 0.0;
                let bin = self.remnant_bin[p];
                match &mut open {
                    Some(run) if !idle && run.bin == bin && run.end == j as u32 => run.end += 1,
                    _ if idle => {}
                    _ => {
                        self.runs.extend(open.take());
                        open = Some(Run { body: i as u32, start: j as u32, end: j as u32 + 1, bin });
                    }
                }
            }
            self.runs.extend(open);
        }
    }
}
