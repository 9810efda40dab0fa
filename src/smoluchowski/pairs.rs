//! What becomes of two colliding bodies, tabulated for every pair of bins.
//!
//! The tables hold only *transfers*: mass that a collision moves into another bin. What stays in the bin that it came
//! from is never computed. A boulder is hit 10⁹ times a second; gross gain minus gross loss would cancel 17 digits.
//!
//! The inputs are ordered: entry (i, j) describes what becomes of the body of bin i. In the disk they are symmetric, but
//! the closed-form problems of the literature (each body broken by itself) need the general form.

use super::imex_bdf1::NumberForm;
use super::simd::{LANES, Padded, Tiles};
use ndarray::ArrayView2;
use std::sync::OnceLock;

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

/// Two bodies whose largest remnant is in none of the rows' own bins, so that they need a list.
#[derive(Debug, Clone, Copy)]
pub(super) struct Pair {
    pub(super) body: u32,
    pub(super) partner: u32,
    /// As [`PairTables::home_fragments`].
    pub(super) fragments: f64,
    /// Mass that goes into the remnant's bin [kg m² s⁻¹], per N_body N_partner.
    pub(super) remnants: f64,
}

/// Coefficients of the collisional transfers of one cell. Build with [`PairTables::new`], refill with
/// [`PairTables::fill`].
///
/// Two different bodies share one entry, in the row of the larger one, when both break into the same bins. In most pairs
/// the largest remnant stays in the bin of that row: these fill matrices, which stream through the vector units. The
/// others, of similar bodies, are a list in the order of their remnant bins.
#[derive(Debug, Clone)]
pub struct PairTables {
    pub(super) n: usize,
    pub(super) masses: Vec<f64>,
    pub(super) inverse_masses: Padded,
    /// I_k.
    pub(super) integrals: Vec<f64>,
    /// κ_ij [m² s⁻¹].
    pub(super) kernel: Tiles,
    /// f_ij, ε_ij and k_ij as given, row-major.
    pub(super) remnant_fraction: Vec<f64>,
    pub(super) ejected_fraction: Vec<f64>,
    pub(super) remnant_bin: Vec<u32>,
    /// Σ_{l ≤ k} I_l.
    pub(super) cumulative: Vec<f64>,
    /// L_ij [kg m² s⁻¹]: bin i loses N_i Σ_j L_ij N_j to other bins.
    pub(super) loss: Tiles,
    /// What bin i itself gains, its own fragments apart, is N_i Σ_j g_ij N_j: remnants that stay in it less L_ij.
    pub(super) own_gain: Tiles,
    /// Pairs whose remnant stays in bin i feed a_ij N_i N_j I_k into each bin k ≤ i [kg m² s⁻¹ per unit I].
    pub(super) home_fragments: Tiles,
    /// Tiles of a band of `home_fragments` up to the last that is not zero.
    pub(super) home_ends: Vec<u32>,
    /// All other pairs by remnant bin, and where each bin begins.
    pub(super) others: Vec<Pair>,
    pub(super) others_of: Vec<u32>,
    /// Blocks of columns, from and to, that hold bin k and the bodies of its list.
    pub(super) others_span: Vec<[u32; 2]>,
    /// What the Python program's step needs instead.
    pub(super) number_form: OnceLock<NumberForm>,
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
            inverse_masses: Padded::zeros(n),
            integrals: vec![0.0; n],
            kernel: Tiles::zeros(n),
            remnant_fraction: vec![0.0; n * n],
            ejected_fraction: vec![0.0; n * n],
            remnant_bin: vec![0; n * n],
            cumulative: vec![0.0; n],
            loss: Tiles::zeros(n),
            own_gain: Tiles::zeros(n),
            home_fragments: Tiles::zeros(n),
            home_ends: vec![0; n.div_ceil(LANES)],
            others: Vec::with_capacity(n * n),
            others_of: vec![0; n + 1],
            others_span: vec![[0; 2]; n],
            number_form: OnceLock::new(),
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
            self.inverse_masses.all_mut()[k] = 1.0 / inputs.masses[k];
            self.integrals[k] = inputs.fragment_integrals[k];
            sum += inputs.fragment_integrals[k];
            self.cumulative[k] = sum;
        }
        for i in 0..n {
            for j in 0..n {
                *self.kernel.get_mut(i, j) = inputs.kernel[(i, j)];
            }
        }
        let copy = |to: &mut [f64], from: &ArrayView2<f64>| to.iter_mut().zip(from).for_each(|(to, from)| *to = *from);
        copy(&mut self.remnant_fraction, &inputs.remnant_fraction);
        copy(&mut self.ejected_fraction, &inputs.ejected_fraction);
        for (to, bin) in self.remnant_bin.iter_mut().zip(&inputs.remnant_bin) {
            assert!(*bin < n, "remnant bin {bin} of a grid of {n} bins");
            *to = *bin as u32;
        }
        self.derive();
        if let Some(mut form) = self.number_form.take() {
            form.fill(self);
            self.number_form = OnceLock::from(form);
        }
    }

    /// Loss of body i and what it gives to its remnant's bin and, per unit I, to the bins of fragments when one of bin j
    /// hits it [kg m² s⁻¹].
    fn outcome(&self, i: usize, j: usize) -> (f64, f64, f64) {
        let p = i * self.n + j;
        let bin = self.remnant_bin[p] as usize;
        // Fragments of the lowest bin that stay in the lowest bin are the one case in which the whole ejecta
        // return to their own bin. Elsewhere the own share is part of both the loss and the gain.
        let ejected = if i == 0 && bin == 0 { 0.0 } else { self.ejected_fraction[p] };
        let remnant = if bin == i { 0.0 } else { self.remnant_fraction[p] };
        let mass_rate = self.kernel.get(i, j) * self.masses[i];
        (mass_rate * (ejected + remnant), mass_rate * remnant, mass_rate * ejected / self.cumulative[bin])
    }

    /// The entry of row i, with the outcome for body i: what body i gives and, if the two share one entry, what body j
    /// gives.
    fn entry(&self, i: usize, j: usize, (_, remnants, fragments): (f64, f64, f64)) -> (f64, f64) {
        let shared = self.remnant_bin[j * self.n + i] == self.remnant_bin[i * self.n + j];
        // A pair i = j enters once per ordered pair.
        if shared && j > i {
            return (0.0, 0.0);
        }
        if shared && j < i {
            let (_, more_remnants, more_fragments) = self.outcome(j, i);
            return (remnants + more_remnants, fragments + more_fragments);
        }
        (remnants, fragments)
    }

    /// Transfer coefficients from the stored outcomes.
    fn derive(&mut self) {
        let n = self.n;
        self.home_fragments.clear();
        self.home_ends.fill(0);
        self.others_of.fill(0);
        for i in 0..n {
            for j in 0..n {
                let outcome = self.outcome(i, j);
                let (loss, ..) = outcome;
                let (remnants, fragments) = self.entry(i, j, outcome);
                let bin = self.remnant_bin[i * n + j] as usize;
                *self.loss.get_mut(i, j) = loss;
                *self.own_gain.get_mut(i, j) = if bin == i { remnants - loss } else { -loss };
                if bin != i {
                    let listed = remnants != 0.0 || fragments != 0.0;
                    self.others_of[bin + 1] += u32::from(listed);
                } else if fragments != 0.0 {
                    *self.home_fragments.get_mut(i, j) = fragments;
                    let end = &mut self.home_ends[i / LANES];
                    *end = (*end).max((j / LANES + 1) as u32);
                }
            }
        }
        self.list_others();
    }

    /// Fills the list, of whose bins the lengths are known.
    fn list_others(&mut self) {
        let n = self.n;
        for bin in 0..n {
            self.others_of[bin + 1] += self.others_of[bin];
        }
        let length = self.others_of[n] as usize;
        self.others.clear();
        self.others.resize(length, Pair { body: 0, partner: 0, fragments: 0.0, remnants: 0.0 });
        for i in 0..n {
            for j in 0..n {
                let bin = self.remnant_bin[i * n + j] as usize;
                if bin == i {
                    continue;
                }
                let (remnants, fragments) = self.entry(i, j, self.outcome(i, j));
                if remnants != 0.0 || fragments != 0.0 {
                    let place = &mut self.others_of[bin];
                    self.others[*place as usize] = Pair { body: i as u32, partner: j as u32, fragments, remnants };
                    *place += 1;
                }
            }
        }
        // Each place has moved to the start of the next bin.
        self.others_of.copy_within(0..n, 1);
        self.others_of[0] = 0;
        for k in 0..n {
            let bodies = self.others_in(k).iter().flat_map(|pair| [pair.body, pair.partner]);
            let (first, last) = bodies.fold((k as u32, k as u32), |(a, b), body| (a.min(body), b.max(body)));
            self.others_span[k] = [first / LANES as u32, last / LANES as u32 + 1];
        }
    }

    /// The pairs of the list whose remnant is in a bin.
    #[inline]
    pub(super) fn others_in(&self, bin: usize) -> &[Pair] {
        &self.others[self.others_of[bin] as usize..self.others_of[bin + 1] as usize]
    }
}
