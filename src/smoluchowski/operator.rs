//! Right-hand side, Jacobian and rate matrix of dΣ/dt = A(Σ) Σ + processes, in O(n²).
//!
//! The transfer rate from bin i to bin k ≠ i is A_ki = Σ_j κ_ij N_j Y_kij, with the yield
//! Y_kij = f_ij δ(k, k_ij) + ε_ij I_k / Σ_{l ≤ k_ij} I_l (k ≤ k_ij) and N_j = Σ_j / m_j. Fragments of a pair fill all bins
//! up to k_ij in fixed proportions, so a suffix sum over k_ij replaces the third loop of the tensor form.
//!
//! With N the numbers, g and a the tables of [`PairTables`] (own gain and fragments of pairs at home):
//! dΣ_k/dt = N_k (g N)_k + R_k + I_k Σ_{b ≥ k} (N_b (a N)_b + F_b), R_b and F_b from the list of other pairs. Two products
//! of a matrix and a vector and a short list: the vector units of [`super::simd`] do the first.

use super::pairs::PairTables;
use super::processes::Rates;
use super::simd::{Block, Kernel, LANES, Lanes, Level, Padded, Tile, Tiles};

/// Buffers of the operator for n bins, allocated once, and the vector unit that it uses.
#[derive(Debug, Clone)]
pub struct Scratch {
    level: Level,
    /// A block of zeros longer than the bins.
    state: Padded,
    counts: Padded,
    rate: Padded,
    /// (g N) and (a N).
    gained: Padded,
    fragments: Padded,
    /// Derivative of the fragments that fill this bin and those below.
    suffix: Padded,
    /// What the list adds to two neighbouring rows of the Jacobian: remnants, and fragments for this row and all below.
    additions: [[Padded; 2]; 2],
}

impl Scratch {
    /// Buffers for n bins, for the widest vectors that the processor has.
    pub fn new(n: usize) -> Self {
        Self::with_level(n, Level::widest())
    }

    /// Buffers for n bins and a vector unit.
    pub fn with_level(n: usize, level: Level) -> Self {
        let zeros = || Padded::zeros(n);
        Scratch {
            level,
            state: Padded::zeros(n.next_multiple_of(LANES) + LANES),
            counts: zeros(),
            rate: zeros(),
            gained: zeros(),
            fragments: zeros(),
            suffix: zeros(),
            additions: std::array::from_fn(|_| std::array::from_fn(|_| zeros())),
        }
    }

    /// Its vector unit.
    pub fn level(&self) -> Level {
        self.level
    }

    fn set_state(&mut self, state: &[f64]) {
        self.state.all_mut()[..state.len()].copy_from_slice(state);
    }

    /// N_k = Σ_k / m_k.
    #[inline(always)]
    fn count<L: Lanes>(&mut self, lanes: L, tables: &PairTables) {
        let masses = self.state.blocks().iter().zip(tables.inverse_masses.blocks());
        for (count, (mass, inverse)) in self.counts.blocks_mut().iter_mut().zip(masses) {
            lanes.store(lanes.mul(lanes.load(mass), lanes.load(inverse)), count);
        }
    }

    /// (g N) and (a N).
    #[inline(always)]
    fn multiply<L: Lanes>(&mut self, lanes: L, tables: &PairTables) {
        let counts = self.counts.blocks();
        let results = self.gained.blocks_mut().iter_mut().zip(self.fragments.blocks_mut());
        for (band, (gained, fragments)) in results.enumerate() {
            let home = &tables.home_fragments.band(band)[..tables.home_ends[band] as usize];
            lanes.store(products(lanes, tables.own_gain.band(band), counts), gained);
            lanes.store(products(lanes, home, counts), fragments);
        }
    }
}

/// Eight rows of a matrix times a vector, which may be longer than they are.
#[inline(always)]
pub(super) fn products<L: Lanes>(lanes: L, band: &[Tile], vector: &[Block]) -> L::V {
    if L::MANY {
        return lanes.sums(partial_products(lanes, band, vector, 0));
    }
    let [a, b, c, d] = partial_products(lanes, band, vector, 0);
    let [e, f, g, h] = partial_products(lanes, band, vector, 4);
    lanes.sums([a, b, c, d, e, f, g, h])
}

/// Sums by lane of as many rows as there are registers for.
#[inline(always)]
fn partial_products<L: Lanes, const ROWS: usize>(
    lanes: L,
    band: &[Tile],
    vector: &[Block],
    first: usize,
) -> [L::V; ROWS] {
    let mut sums = [lanes.splat(0.0); ROWS];
    for (tile, block) in band.iter().zip(vector) {
        let block = lanes.load(block);
        for row in 0..ROWS {
            sums[row] = lanes.mul_add(lanes.load(&tile[first + row]), block, sums[row]);
        }
    }
    sums
}

/// dΣ/dt [kg m⁻² s⁻¹] of a state Σ [kg m⁻²]; both of length n. Without tables there are no collisions.
pub fn rate(tables: Option<&PairTables>, rates: &Rates, state: &[f64], scratch: &mut Scratch, out: &mut [f64]) {
    scratch.set_state(state);
    scratch.level.run(Rate { tables, rates: Some(rates), scratch });
    out.copy_from_slice(&scratch.rate.all()[..out.len()]);
}

/// dΣ/dt by collisions alone [kg m⁻² s⁻¹] of a state Σ [kg m⁻²]; both of length n.
pub fn collision_rate(tables: &PairTables, state: &[f64], scratch: &mut Scratch, out: &mut [f64]) {
    scratch.set_state(state);
    scratch.level.run(Rate { tables: Some(tables), rates: None, scratch });
    out.copy_from_slice(&scratch.rate.all()[..out.len()]);
}

/// dΣ/dt − J(start) Σ without what the linear processes do, which cancels [kg m⁻² s⁻¹]; all of length n.
///
/// Collisions are a quadratic form q, so q(Σ) − q'(start) Σ = q(Σ − start) − q(start).
pub fn remainder(
    tables: Option<&PairTables>,
    rates: &Rates,
    start: &[f64],
    state: &[f64],
    scratch: &mut Scratch,
    out: &mut [f64],
) {
    out.copy_from_slice(rates.source());
    scratch.set_state(start);
    scratch.level.run(Rate { tables, rates: None, scratch });
    for (sum, rate) in out.iter_mut().zip(scratch.rate.all()) {
        *sum -= rate;
    }
    for (difference, (state, start)) in scratch.state.all_mut().iter_mut().zip(state.iter().zip(start)) {
        *difference = state - start;
    }
    scratch.level.run(Rate { tables, rates: None, scratch });
    for (sum, rate) in out.iter_mut().zip(scratch.rate.all()) {
        *sum += rate;
    }
}

struct Rate<'a> {
    tables: Option<&'a PairTables>,
    rates: Option<&'a Rates>,
    scratch: &'a mut Scratch,
}

impl Kernel for Rate<'_> {
    type Output = ();
    #[inline(always)]
    fn run<L: Lanes>(self, lanes: L) {
        let Rate { tables, rates, scratch } = self;
        match tables {
            Some(tables) => {
                scratch.count(lanes, tables);
                scratch.multiply(lanes, tables);
                collect(lanes, tables, scratch);
            }
            None => scratch.rate.all_mut().fill(0.0),
        }
        if let Some(rates) = rates {
            rates.add_rate(lanes, &scratch.state, scratch.rate.blocks_mut());
        }
    }
}

/// The rates of all bins from the products and the list.
#[inline(always)]
fn collect<L: Lanes>(lanes: L, tables: &PairTables, scratch: &mut Scratch) {
    let n = tables.n;
    let (counts, gained) = (&scratch.counts.all()[..n], &scratch.gained.all()[..n]);
    let (fragments, rate) = (&scratch.fragments.all()[..n], &mut scratch.rate.all_mut()[..n]);
    let mut suffix = 0.0;
    for k in (0..n).rev() {
        let (mut spread, mut remnants) = (counts[k] * fragments[k], counts[k] * gained[k]);
        for pair in tables.others_in(k) {
            let hits = counts[pair.body as usize] * counts[pair.partner as usize];
            spread = lanes.fuse(pair.fragments, hits, spread);
            remnants = lanes.fuse(pair.remnants, hits, remnants);
        }
        suffix += spread;
        rate[k] = lanes.fuse(tables.integrals[k], suffix, remnants);
    }
}

/// Mass that collisions move into other bins in a given state [kg m⁻² s⁻¹], and the collision time [s]: the shortest
/// mean time between two hits of a body in an occupied bin, however gentle the hits (infinite in an empty cell).
pub fn collision_totals(tables: &PairTables, state: &[f64], scratch: &mut Scratch) -> (f64, f64) {
    scratch.set_state(state);
    scratch.level.run(Totals { tables, scratch });
    let (mut moved, mut most_hits) = (0.0, 0.0_f64);
    let Scratch { counts, gained: losses, fragments: hits, .. } = scratch;
    for k in (0..tables.n).filter(|k| state[*k] > 0.0) {
        moved += counts.all()[k] * losses.all()[k];
        most_hits = most_hits.max(hits.all()[k]);
    }
    (moved, 1.0 / most_hits)
}

/// (L N) and (κ N).
struct Totals<'a> {
    tables: &'a PairTables,
    scratch: &'a mut Scratch,
}

impl Kernel for Totals<'_> {
    type Output = ();
    #[inline(always)]
    fn run<L: Lanes>(self, lanes: L) {
        let Totals { tables, scratch } = self;
        scratch.count(lanes, tables);
        let Scratch { counts, gained, fragments, .. } = scratch;
        matrix_times_vector(lanes, &tables.loss, counts, gained);
        matrix_times_vector(lanes, &tables.kernel, counts, fragments);
    }
}

/// out = matrix × vector.
#[inline(always)]
pub(super) fn matrix_times_vector<L: Lanes>(lanes: L, matrix: &Tiles, vector: &Padded, out: &mut Padded) {
    for (band, out) in out.blocks_mut().iter_mut().enumerate() {
        lanes.store(products(lanes, matrix.band(band), vector.blocks()), out);
    }
}

/// ∂(dΣ_k/dt)/∂Σ_l [s⁻¹]. Its columns sum to minus the loss rates, as the mass of the cell demands.
pub fn jacobian(tables: Option<&PairTables>, rates: &Rates, state: &[f64], scratch: &mut Scratch, out: &mut Tiles) {
    match tables {
        Some(tables) => {
            scratch.set_state(state);
            scratch.level.run(Jacobian { tables, scratch, out });
        }
        None => out.clear(),
    }
    rates.add_jacobian(out);
}

struct Jacobian<'a> {
    tables: &'a PairTables,
    scratch: &'a mut Scratch,
    out: &'a mut Tiles,
}

impl Kernel for Jacobian<'_> {
    type Output = ();
    #[inline(always)]
    fn run<L: Lanes>(self, lanes: L) {
        let Jacobian { tables, scratch, out } = self;
        let n = tables.n;
        scratch.count(lanes, tables);
        scratch.multiply(lanes, tables);
        scratch.suffix.all_mut().fill(0.0);
        if n > 0 {
            list_row(tables, scratch, n - 1);
        }
        for k in (0..n).rev() {
            // One row ahead: what was written number by number is read as vectors only after a while.
            if k > 0 {
                list_row(tables, scratch, k - 1);
            }
            jacobian_row(lanes, tables, scratch, k, out.band_mut(k / LANES));
        }
    }
}

/// Derivatives of what the list, and body k itself, bring to bin k.
#[inline(always)]
fn list_row(tables: &PairTables, scratch: &mut Scratch, k: usize) {
    let n = tables.n;
    let counts = &scratch.counts.all()[..n];
    let [remnants, fragments] = &mut scratch.additions[k % 2];
    let (remnants, fragments) = (&mut remnants.all_mut()[..n], &mut fragments.all_mut()[..n]);
    remnants[k] += scratch.gained.all()[k];
    fragments[k] += scratch.fragments.all()[k];
    for pair in tables.others_in(k) {
        let (body, partner) = (pair.body as usize, pair.partner as usize);
        remnants[body] += pair.remnants * counts[partner];
        fragments[body] += pair.fragments * counts[partner];
        remnants[partner] += pair.remnants * counts[body];
        fragments[partner] += pair.fragments * counts[body];
    }
}

/// Row k from the tables and the list's additions, which are zero again afterwards.
#[inline(always)]
fn jacobian_row<L: Lanes>(lanes: L, tables: &PairTables, scratch: &mut Scratch, k: usize, out: &mut [Tile]) {
    let (band, within) = (k / LANES, k % LANES);
    let (zero, count) = (lanes.splat(0.0), lanes.splat(scratch.counts.all()[k]));
    let integral = lanes.splat(tables.integrals[k]);
    let (gains, home) = (tables.own_gain.band(band), tables.home_fragments.band(band));
    let home_end = tables.home_ends[band] as usize;
    let [remnants, fragments] = &mut scratch.additions[k % 2];
    let additions = remnants.blocks_mut().iter_mut().zip(fragments.blocks_mut());
    let columns = tables.inverse_masses.blocks().iter().zip(scratch.suffix.blocks_mut()).zip(additions);
    let [from, to] = tables.others_span[k].map(|block| block as usize);
    for (l, ((out, gain), ((inverse, suffix), (remnants, fragments)))) in
        out.iter_mut().zip(gains).zip(columns).enumerate()
    {
        let (mut sum, mut own) = (lanes.load(suffix), lanes.mul(count, lanes.load(&gain[within])));
        if l < home_end {
            sum = lanes.mul_add(count, lanes.load(&home[l][within]), sum);
        }
        if l >= from && l < to {
            sum = lanes.add(sum, lanes.load(fragments));
            own = lanes.add(own, lanes.load(remnants));
            lanes.store(zero, remnants);
            lanes.store(zero, fragments);
        }
        lanes.store(sum, suffix);
        lanes.store(lanes.mul(lanes.mul_add(integral, sum, own), lanes.load(inverse)), &mut out[within]);
    }
}

/// The rate matrix A(Σ) with the processes: off-diagonals are not negative and column i sums to minus the loss rate of
/// bin i, to rounding.
pub fn rate_matrix(tables: Option<&PairTables>, rates: &Rates, state: &[f64], out: &mut Tiles) {
    out.clear();
    if let Some(tables) = tables {
        add_transfers(tables, state, out);
    }
    rates.add_jacobian(out);
}

fn add_transfers(tables: &PairTables, state: &[f64], out: &mut Tiles) {
    let n = tables.n;
    let hits = |i: usize, j: usize| tables.kernel.get(i, j) * state[j] * tables.inverse_masses.all()[j];
    for i in 0..n {
        // First the fragments of bin i by remnant bin, in column i; then their suffix sum, bin by bin.
        for j in 0..n {
            let p = i * n + j;
            let bin = tables.remnant_bin[p] as usize;
            *out.get_mut(bin, i) += hits(i, j) * tables.ejected_fraction[p] / tables.cumulative[bin];
        }
        let mut suffix = 0.0;
        for k in (0..n).rev() {
            suffix += out.get(k, i);
            *out.get_mut(k, i) = if k == i { 0.0 } else { tables.integrals[k] * suffix };
        }
        for j in 0..n {
            let p = i * n + j;
            let bin = tables.remnant_bin[p] as usize;
            if bin != i {
                *out.get_mut(bin, i) += hits(i, j) * tables.remnant_fraction[p];
            }
        }
        let transferred: f64 = (0..n).map(|k| out.get(k, i)).sum();
        *out.get_mut(i, i) = -transferred;
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
    fn the_rates_of_three_bins_are_those_of_a_calculation_by_hand() {
        // One body in bins 0 and 2 each: they meet 3 times a second, and each meets its own kind.
        // (0, 0): 0.5 hits, nothing leaves bin 0. (2, 2): 3 hits of 8 kg, 2 kg each ejected, half of it out of bin 2.
        // (0, 2): 3 hits of 5 kg: 3.75 kg remain in bin 2, 1.25 kg go as 1 : 1 : 2 into the bins.
        let mut rate = [0.0; 3];
        super::rate(Some(&tables()), &Rates::zeros(3), &[1.0, 0.0, 4.0], &mut Scratch::new(3), &mut rate);
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
