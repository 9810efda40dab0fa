//! Dense LU factorisation with partial pivoting in buffers that are allocated once (faer does the work).

use faer::dyn_stack::{MemBuffer, MemStack};
use faer::linalg::lu::partial_pivoting::{factor, solve};
use faer::perm::PermRef;
use faer::{MatMut, MatRef, Par};

/// A square matrix, its factors, and the scratch space to compute and use them.
pub struct DenseLu {
    n: usize,
    /// Row-major n × n: the matrix before [`DenseLu::factorize`], its factors afterwards.
    entries: Vec<f64>,
    permutation: Vec<usize>,
    inverse_permutation: Vec<usize>,
    scratch: MemBuffer,
}

impl DenseLu {
    /// Room for an n × n system.
    pub fn new(n: usize) -> Self {
        let factor_scratch = factor::lu_in_place_scratch::<usize, f64>(n, n, Par::Seq, Default::default());
        let solve_scratch = solve::solve_transpose_in_place_scratch::<usize, f64>(n, 1, Par::Seq);
        DenseLu {
            n,
            entries: vec![0.0; n * n],
            permutation: vec![0; n],
            inverse_permutation: vec![0; n],
            scratch: MemBuffer::new(factor_scratch.or(solve_scratch)),
        }
    }

    /// The entries, row-major n × n, to be filled before [`DenseLu::factorize`].
    pub fn entries_mut(&mut self) -> &mut [f64] {
        &mut self.entries
    }

    /// Replaces the matrix by its factors. A singular matrix shows as non-finite solutions.
    pub fn factorize(&mut self) {
        // faer works on columns: it sees our rows as the columns of the transposed matrix, and `solve` transposes back.
        let transposed = MatMut::from_column_major_slice_mut(&mut self.entries, self.n, self.n);
        factor::lu_in_place(
            transposed,
            &mut self.permutation,
            &mut self.inverse_permutation,
            Par::Seq,
            MemStack::new(&mut self.scratch),
            Default::default(),
        );
    }

    /// Overwrites the right-hand side (n entries) with the solution.
    pub fn solve(&mut self, rhs: &mut [f64]) {
        let factors = MatRef::from_column_major_slice(&self.entries, self.n, self.n);
        let permutation = PermRef::new_checked(&self.permutation, &self.inverse_permutation, self.n);
        solve::solve_transpose_in_place(
            factors,
            factors,
            permutation,
            MatMut::from_column_major_slice_mut(rhs, self.n, 1),
            Par::Seq,
            MemStack::new(&mut self.scratch),
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_solution_satisfies_an_unsymmetric_system_that_needs_pivoting() {
        let n = 7;
        let matrix: Vec<f64> =
            (0..n * n).map(|p| if p % (n + 1) == 0 { 0.0 } else { ((p * 37 % 19) as f64 - 8.3).sin() }).collect();
        let expected: Vec<f64> = (0..n).map(|k| 1.0 + k as f64).collect();
        let mut rhs: Vec<f64> = (0..n).map(|k| (0..n).map(|l| matrix[k * n + l] * expected[l]).sum()).collect();
        let mut lu = DenseLu::new(n);
        lu.entries_mut().copy_from_slice(&matrix);
        lu.factorize();
        lu.solve(&mut rhs);
        for (found, wanted) in rhs.iter().zip(&expected) {
            // The condition number of this matrix is below 100.
            assert!((found - wanted).abs() < 1e-12 * wanted, "{found} instead of {wanted}");
        }
    }
}
