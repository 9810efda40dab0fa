//! Dense LU factorisation with partial pivoting, in place, in tiles of eight rows and columns.
//!
//! The systems are small, 40 to 160 unknowns, and each is solved six times. So the factors of the tiles on the diagonal are
//! inverted too: a solution is then nothing but products of tiles and vectors. Eight columns at a time are eliminated; the
//! tiles right of them are updated by products of tiles, which keep the vector units busy.

use super::operator::products;
use super::simd::{Block, Kernel, LANES, Lanes, Level, Mask, Padded, Tile, Tiles};

/// The lanes from the one after c on.
const AFTER: [Mask; LANES] = masks(true);
/// All lanes but c.
const OTHERS: [Mask; LANES] = masks(false);
/// −1 in lane c.
const MINUS_ONE: [Block; LANES] = {
    let mut blocks = [[0.0; LANES]; LANES];
    let mut c = 0;
    while c < LANES {
        blocks[c][c] = -1.0;
        c += 1;
    }
    blocks
};
/// Bits of a row's number in [`pivot`]; the lowest bits of its entry have to give way.
const ROW_BITS: u64 = 0xfff;
/// Largest system.
const MOST_ROWS: usize = ROW_BITS as usize + 1;

const fn masks(after: bool) -> [Mask; LANES] {
    let mut masks = [[0; LANES]; LANES];
    let mut c = 0;
    while c < LANES {
        let mut lane = 0;
        while lane < LANES {
            if lane > c || !after && lane < c {
                masks[c][lane] = u64::MAX;
            }
            lane += 1;
        }
        c += 1;
    }
    masks
}

/// A square matrix, its factors, and the scratch space to compute and use them.
#[derive(Debug, Clone)]
pub struct DenseLu {
    n: usize,
    level: Level,
    /// The matrix before [`DenseLu::factorize`], its factors afterwards.
    entries: Tiles,
    /// Inverses of the factors of the tiles on the diagonal: lower and upper.
    inverses: Vec<[Tile; 2]>,
    /// Which row of the matrix is in row k of the factors.
    order: Vec<usize>,
    solution: Padded,
}

impl DenseLu {
    /// Room for an n × n system.
    ///
    /// # Panics
    /// If n is more than 4096.
    pub fn new(n: usize) -> Self {
        Self::with_level(n, Level::widest())
    }

    /// Room for an n × n system, and the vector unit to be used.
    pub fn with_level(n: usize, level: Level) -> Self {
        assert!(n <= MOST_ROWS, "{n} unknowns; the pivot search numbers {MOST_ROWS}");
        DenseLu {
            n,
            level,
            entries: Tiles::zeros(n),
            inverses: vec![[[[0.0; LANES]; LANES]; 2]; n.div_ceil(LANES)],
            order: vec![0; n],
            solution: Padded::zeros(n),
        }
    }

    /// The entries, to be filled before [`DenseLu::factorize`]; those outside of n × n must stay zero.
    pub fn entries_mut(&mut self) -> &mut Tiles {
        &mut self.entries
    }

    /// Sets the entries to those of `diagonal` × identity − `matrix`.
    pub fn set_shifted(&mut self, diagonal: f64, matrix: &Tiles) {
        let numbers = matrix.all().as_flattened().as_flattened();
        for (entry, number) in self.entries.all_mut().as_flattened_mut().as_flattened_mut().iter_mut().zip(numbers) {
            *entry = -number;
        }
        for k in 0..self.n {
            *self.entries.get_mut(k, k) += diagonal;
        }
    }

    /// Replaces the matrix by its factors. A singular matrix shows as non-finite solutions.
    pub fn factorize(&mut self) {
        self.level.run(Factorize(self));
    }

    /// Overwrites the right-hand side (n entries) with the solution.
    pub fn solve(&mut self, rhs: &mut [f64]) {
        for (x, row) in self.solution.all_mut().iter_mut().zip(&self.order) {
            *x = rhs[*row];
        }
        self.level.run(Solve(self));
        rhs.copy_from_slice(&self.solution.all()[..self.n]);
    }
}

struct Factorize<'a>(&'a mut DenseLu);

impl Kernel for Factorize<'_> {
    type Output = ();
    #[inline(always)]
    fn run<L: Lanes>(self, lanes: L) {
        let DenseLu { n, entries, inverses, order, .. } = self.0;
        for (k, row) in order.iter_mut().enumerate() {
            *row = k;
        }
        let width = entries.width();
        for p in 0..width {
            for k in LANES * p..(*n).min(LANES * (p + 1)) {
                let best = pivot(entries, p, k);
                if best != k {
                    swap_rows(entries, k, best);
                    order.swap(k, best);
                }
                eliminate(lanes, entries, p, k % LANES);
            }
            let (above, below) = entries.all_mut().split_at_mut((p + 1) * width);
            let (diagonal, right) = above[p * width..].split_at_mut(p + 1);
            let diagonal = &diagonal[p];
            for tile in right.iter_mut() {
                divide(lanes, diagonal, tile);
            }
            for band in below.chunks_exact_mut(width) {
                let (left, rest) = band.split_at_mut(p + 1);
                for (tile, upper) in rest.iter_mut().zip(right.iter()) {
                    subtract_product(lanes, &left[p], upper, tile);
                }
            }
            invert(lanes, diagonal, (*n - LANES * p).min(LANES), &mut inverses[p]);
        }
    }
}

/// The row, from k on, of the largest entry in column k, which is in the tiles of column p.
#[inline(always)]
fn pivot(entries: &Tiles, p: usize, k: usize) -> usize {
    let (width, c) = (entries.width(), k % LANES);
    let key = |entry: f64, row: usize| (entry.abs().to_bits() & !ROW_BITS) | (ROW_BITS - row as u64);
    // Rows of the tile on the diagonal; then of those below it, two at a time, so that maxima need not wait for each other.
    let tiles = entries.all();
    let mut best = [0; 2];
    for r in c..LANES {
        best[0] = best[0].max(key(tiles[p * width + p][r][c], LANES * p + r));
    }
    for band in p + 1..width {
        let tile = &tiles[band * width + p];
        for r in 0..LANES {
            best[r % 2] = best[r % 2].max(key(tile[r][c], LANES * band + r));
        }
    }
    (ROW_BITS - (best[0].max(best[1]) & ROW_BITS)) as usize
}

#[inline(always)]
fn swap_rows(entries: &mut Tiles, k: usize, other: usize) {
    let width = entries.width();
    for column in 0..width {
        let (a, b) = (k / LANES * width + column, other / LANES * width + column);
        let tiles = entries.all_mut();
        let row = tiles[a][k % LANES];
        tiles[a][k % LANES] = std::mem::replace(&mut tiles[b][other % LANES], row);
    }
}

/// Eliminates column c of the tiles of column p below its pivot; the factors take the place of what vanishes.
#[inline(always)]
fn eliminate<L: Lanes>(lanes: L, entries: &mut Tiles, p: usize, c: usize) {
    let width = entries.width();
    let tiles = &mut entries.all_mut()[p * width..];
    let pivot_row = tiles[p][c];
    let inverse = 1.0 / pivot_row[c];
    // Subtracting −1 times the factor puts it into lane c, which has been cleared.
    let pivot_row = lanes.add(lanes.keep(&AFTER[c], lanes.load(&pivot_row)), lanes.load(&MINUS_ONE[c]));
    for row in &mut tiles[p][c + 1..] {
        reduce(lanes, c, inverse, pivot_row, row);
    }
    for band in tiles[width..].chunks_exact_mut(width) {
        for row in &mut band[p] {
            reduce(lanes, c, inverse, pivot_row, row);
        }
    }
}

#[inline(always)]
fn reduce<L: Lanes>(lanes: L, c: usize, inverse: f64, pivot_row: L::V, row: &mut Block) {
    let factor = lanes.splat(row[c] * inverse);
    let rest = lanes.keep(&OTHERS[c], lanes.load(row));
    lanes.store(lanes.mul_sub(factor, pivot_row, rest), row);
}

/// Tile := L⁻¹ tile, with the unit lower triangle L of `diagonal`.
#[inline(always)]
fn divide<L: Lanes>(lanes: L, diagonal: &Tile, tile: &mut Tile) {
    let mut rows = [lanes.splat(0.0); LANES];
    for r in 0..LANES {
        rows[r] = lanes.load(&tile[r]);
    }
    for c in 0..LANES {
        for r in c + 1..LANES {
            rows[r] = lanes.mul_sub(lanes.splat(diagonal[r][c]), rows[c], rows[r]);
        }
    }
    for (row, vector) in tile.iter_mut().zip(rows) {
        lanes.store(vector, row);
    }
}

/// Tile := tile − left × right.
#[inline(always)]
fn subtract_product<L: Lanes>(lanes: L, left: &Tile, right: &Tile, tile: &mut Tile) {
    if L::MANY {
        subtract_rows::<L, 8>(lanes, left, right, tile, 0);
    } else {
        subtract_rows::<L, 4>(lanes, left, right, tile, 0);
        subtract_rows::<L, 4>(lanes, left, right, tile, 4);
    }
}

#[inline(always)]
fn subtract_rows<L: Lanes, const ROWS: usize>(lanes: L, left: &Tile, right: &Tile, tile: &mut Tile, first: usize) {
    let mut rows = [lanes.splat(0.0); ROWS];
    for r in 0..ROWS {
        rows[r] = lanes.load(&tile[first + r]);
    }
    for c in 0..LANES {
        let vector = lanes.load(&right[c]);
        for r in 0..ROWS {
            rows[r] = lanes.mul_sub(lanes.splat(left[first + r][c]), vector, rows[r]);
        }
    }
    for r in 0..ROWS {
        lanes.store(rows[r], &mut tile[first + r]);
    }
}

/// Row r of the identity.
#[inline(always)]
fn unit<L: Lanes>(lanes: L, r: usize) -> L::V {
    lanes.mul_sub(lanes.load(&MINUS_ONE[r]), lanes.splat(1.0), lanes.splat(0.0))
}

/// Inverses of the unit lower and of the upper triangle of a tile, of which `size` rows and columns count.
#[inline(always)]
fn invert<L: Lanes>(lanes: L, tile: &Tile, size: usize, [lower, upper]: &mut [Tile; 2]) {
    let zero = lanes.splat(0.0);
    let mut rows = [zero; LANES];
    for r in 0..LANES {
        let mut row = unit(lanes, r);
        for c in 0..r {
            row = lanes.mul_sub(lanes.splat(tile[r][c]), rows[c], row);
        }
        rows[r] = row;
        lanes.store(row, &mut lower[r]);
    }
    rows = [zero; LANES];
    for r in (0..LANES).rev() {
        let mut row = unit(lanes, r);
        for c in r + 1..LANES {
            row = lanes.mul_sub(lanes.splat(tile[r][c]), rows[c], row);
        }
        let inverse = if r < size { 1.0 / tile[r][r] } else { 0.0 };
        rows[r] = lanes.mul(lanes.splat(inverse), row);
        lanes.store(rows[r], &mut upper[r]);
    }
}

struct Solve<'a>(&'a mut DenseLu);

impl Kernel for Solve<'_> {
    type Output = ();
    #[inline(always)]
    fn run<L: Lanes>(self, lanes: L) {
        let DenseLu { entries, inverses, solution, .. } = self.0;
        let x = solution.blocks_mut();
        let width = entries.width();
        for (p, [lower, _]) in inverses.iter().enumerate() {
            let known = products(lanes, &entries.band(p)[..p], &x[..p]);
            let rest = lanes.mul_sub(lanes.splat(1.0), known, lanes.load(&x[p]));
            lanes.store(tile_times_vector(lanes, lower, rest), &mut x[p]);
        }
        for (p, [_, upper]) in inverses.iter().enumerate().rev() {
            let known = products(lanes, &entries.band(p)[p + 1..], &x[p + 1..width]);
            let rest = lanes.mul_sub(lanes.splat(1.0), known, lanes.load(&x[p]));
            lanes.store(tile_times_vector(lanes, upper, rest), &mut x[p]);
        }
    }
}

#[inline(always)]
fn tile_times_vector<L: Lanes>(lanes: L, tile: &Tile, vector: L::V) -> L::V {
    let mut terms = [vector; LANES];
    for r in 0..LANES {
        terms[r] = lanes.mul(lanes.load(&tile[r]), vector);
    }
    lanes.sums(terms)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Entries between −1 and 1 without a pattern, the diagonal zero: every column needs its pivot.
    fn matrix(n: usize) -> Vec<f64> {
        (0..n * n).map(|p| if p % (n + 1) == 0 { 0.0 } else { (p as f64 * 37.7).sin() }).collect()
    }

    fn solve(level: Level, n: usize, matrix: &[f64], rhs: &[f64]) -> Vec<f64> {
        let mut lu = DenseLu::with_level(n, level);
        for k in 0..n {
            for l in 0..n {
                *lu.entries_mut().get_mut(k, l) = matrix[k * n + l];
            }
        }
        lu.factorize();
        let mut solution = rhs.to_vec();
        lu.solve(&mut solution);
        solution
    }

    #[test]
    fn the_solution_satisfies_an_unsymmetric_system_that_needs_pivoting() {
        for level in Level::available() {
            for n in [2, 7, 8, 9, 24, 40, 61] {
                let matrix = matrix(n);
                let wanted: Vec<f64> = (0..n).map(|k| 1.0 + k as f64).collect();
                let rhs: Vec<f64> = (0..n).map(|k| (0..n).map(|l| matrix[k * n + l] * wanted[l]).sum()).collect();
                let found = solve(level, n, &matrix, &rhs);
                for row in 0..n {
                    // The residual of a stable method is rounding of sums of n terms, whatever the condition.
                    let terms = || (0..n).map(|l| matrix[row * n + l] * found[l]);
                    let size: f64 = terms().map(f64::abs).sum::<f64>();
                    let residual = (terms().sum::<f64>() - rhs[row]).abs();
                    assert!(residual < 1e-14 * n as f64 * size, "row {row} of {n}: {residual:e} of {size:e}");
                }
            }
        }
    }

    #[test]
    fn a_singular_matrix_shows() {
        let solution = solve(Level::widest(), 3, &[1.0, 2.0, 3.0, 2.0, 4.0, 6.0, 1.0, 0.0, 1.0], &[1.0, 1.0, 1.0]);
        assert!(solution.iter().any(|x| !x.is_finite()), "{solution:?}");
    }

    #[test]
    fn processors_that_fuse_products_give_the_same_digits() {
        let n = 45;
        let rhs: Vec<f64> = (0..n).map(|k| (k as f64).cos()).collect();
        let mut fused = Level::available().skip(1).map(|level| solve(level, n, &matrix(n), &rhs));
        if let Some(first) = fused.next() {
            assert!(fused.all(|other| other == first));
        }
    }
}
