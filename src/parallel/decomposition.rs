//! Which cells belong to which process: one contiguous block each, so that the order of the processes is the order of
//! the cells.
//!
//! A block is as long as its cost allows: what a cell costs is the number of inner steps that it took lately. Who
//! computes a cell never changes a result.

use std::ops::Range;

/// A new decomposition has to lower the largest load by this factor to be worth moving cells.
const WORTH_A_MOVE: f64 = 1.1;

/// One block of cells for each process.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decomposition {
    /// Ends of the blocks: process p has the cells `ends[p - 1]..ends[p]`.
    ends: Vec<usize>,
}

impl Decomposition {
    /// Blocks that differ by at most one cell; at least one process.
    pub fn even(cells: usize, processes: usize) -> Self {
        Decomposition { ends: (1..=processes).map(|p| p * cells / processes).collect() }
    }

    /// The contiguous blocks with the smallest largest load, none empty.
    ///
    /// - `costs`: not negative, one for each cell, at least as many as processes
    /// - `processes`: at least one
    /// - `first_load`: what process 0 has to do beside its cells, in the unit of the costs
    pub fn balanced(costs: &[f64], processes: usize, first_load: f64) -> Self {
        let total: f64 = costs.iter().sum::<f64>() + first_load;
        let (mut too_little, mut enough) = (0.0, total);
        let mut best = fill(costs, processes, first_load, enough);
        // 50 halvings: far below any difference that matters.
        for _ in 0..50 {
            let limit = 0.5 * (too_little + enough);
            let blocks = fill(costs, processes, first_load, limit);
            if blocks.largest_load(costs, first_load) <= limit {
                (best, enough) = (blocks, limit);
            } else {
                too_little = limit;
            }
        }
        best
    }

    /// From the ends of the blocks.
    pub fn from_ends(ends: Vec<usize>) -> Self {
        Decomposition { ends }
    }

    /// Ends of the blocks.
    pub fn ends(&self) -> &[usize] {
        &self.ends
    }

    /// The cells of a process.
    pub fn block(&self, process: usize) -> Range<usize> {
        let start = if process == 0 { 0 } else { self.ends[process - 1] };
        start..self.ends[process]
    }

    /// The blocks in order.
    pub fn blocks(&self) -> impl Iterator<Item = Range<usize>> {
        (0..self.ends.len()).map(|process| self.block(process))
    }

    /// A better decomposition, if there is one that is worth moving cells.
    pub fn better(&self, costs: &[f64], first_load: f64) -> Option<Decomposition> {
        let new = Decomposition::balanced(costs, self.ends.len(), first_load);
        let gain = self.largest_load(costs, first_load) / new.largest_load(costs, first_load);
        (gain > WORTH_A_MOVE).then_some(new)
    }

    /// Largest load over mean load; 1 is perfect.
    pub fn imbalance(&self, costs: &[f64], first_load: f64) -> f64 {
        let mean = (costs.iter().sum::<f64>() + first_load) / self.ends.len() as f64;
        if mean > 0.0 { self.largest_load(costs, first_load) / mean } else { 1.0 }
    }

    fn largest_load(&self, costs: &[f64], first_load: f64) -> f64 {
        let load = |(process, block): (usize, Range<usize>)| {
            let other = if process == 0 { first_load } else { 0.0 };
            costs[block].iter().sum::<f64>() + other
        };
        self.blocks().enumerate().map(load).fold(0.0, f64::max)
    }
}

/// Fills process after process up to a load, with at least one cell each; the last takes the rest.
fn fill(costs: &[f64], processes: usize, first_load: f64, limit: f64) -> Decomposition {
    let mut ends = Vec::with_capacity(processes);
    let mut next = 0;
    let mut load = first_load;
    for process in 1..processes {
        let leave = processes - process;
        load += costs[next];
        next += 1;
        while next < costs.len() - leave && load + costs[next] <= limit {
            load += costs[next];
            next += 1;
        }
        ends.push(next);
        load = 0.0;
    }
    ends.push(costs.len());
    Decomposition { ends }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Numbers 0 … 1 in a fixed irregular order.
    fn numbers(count: usize, seed: u64) -> Vec<f64> {
        let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
        let mut next = || {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            (state >> 11) as f64 / (1_u64 << 53) as f64
        };
        (0..count).map(|_| next()).collect()
    }

    fn assert_covers(blocks: &Decomposition, cells: usize, processes: usize) {
        assert_eq!(blocks.blocks().count(), processes);
        let joined: Vec<usize> = blocks.blocks().flatten().collect();
        assert!(joined.into_iter().eq(0..cells), "{blocks:?}");
        if cells >= processes {
            assert!(blocks.blocks().all(|block| !block.is_empty()), "{blocks:?}");
        }
    }

    /// Smallest largest load over all contiguous decompositions without empty blocks, by trying them all.
    fn optimum(costs: &[f64], processes: usize, first_load: f64) -> f64 {
        if processes == 1 {
            return costs.iter().sum::<f64>() + first_load;
        }
        let rest = |end: usize| optimum(&costs[end..], processes - 1, 0.0);
        let largest = |end: usize| rest(end).max(costs[..end].iter().sum::<f64>() + first_load);
        (1..=costs.len() + 1 - processes).map(largest).fold(f64::INFINITY, f64::min)
    }

    #[test]
    fn every_cell_belongs_to_one_process_and_no_process_is_idle() {
        for cells in 1..40 {
            for processes in 1..=12 {
                assert_covers(&Decomposition::even(cells, processes), cells, processes);
                if cells >= processes {
                    for seed in 0..5 {
                        let costs: Vec<f64> = numbers(cells, seed).iter().map(|x| x.powi(seed as i32)).collect();
                        let blocks = Decomposition::balanced(&costs, processes, 0.3 * seed as f64);
                        assert_covers(&blocks, cells, processes);
                    }
                }
            }
        }
    }

    #[test]
    fn the_largest_load_is_the_smallest_possible() {
        for (cells, processes) in [(3, 3), (7, 2), (9, 4), (12, 3), (14, 5)] {
            for seed in 0..20 {
                let costs: Vec<f64> = numbers(cells, seed).iter().map(|x| x * x * x).collect();
                let first_load = if seed % 2 == 0 { 0.0 } else { 0.4 };
                let found = Decomposition::balanced(&costs, processes, first_load).largest_load(&costs, first_load);
                let best = optimum(&costs, processes, first_load);
                assert!(found <= best * (1.0 + 1e-12), "{found} instead of {best}");
            }
        }
    }

    #[test]
    fn equal_cells_are_shared_evenly() {
        let blocks = Decomposition::balanced(&[2.5; 32], 8, 0.0);
        assert!(blocks.blocks().all(|block| block.len() == 4), "{blocks:?}");
        assert_eq!(blocks.imbalance(&[2.5; 32], 0.0), 1.0);
        let lengths: Vec<_> = Decomposition::even(7, 3).blocks().map(|block| block.len()).collect();
        assert_eq!(lengths, [2, 2, 3]);
    }

    #[test]
    fn who_writes_the_files_gets_fewer_cells() {
        let blocks = Decomposition::balanced(&[1.0; 12], 3, 3.0);
        assert_eq!(blocks.ends(), [2, 7, 12]);
        assert_eq!(blocks.imbalance(&[1.0; 12], 3.0), 1.0);
    }

    #[test]
    fn cells_move_only_when_it_is_worth_it() {
        let even = Decomposition::even(8, 2);
        assert_eq!(even.better(&[1.0; 8], 0.0), None);
        assert_eq!(even.better(&[1.0, 1.0, 1.0, 1.0, 1.05, 1.05, 1.05, 1.05], 0.0), None);
        let moved = even.better(&[3.0, 3.0, 3.0, 3.0, 1.0, 1.0, 1.0, 1.0], 0.0).unwrap();
        assert_eq!(moved.ends(), [3, 8]);
    }

    #[test]
    fn cells_without_cost_are_no_trouble() {
        let blocks = Decomposition::balanced(&[0.0; 5], 2, 0.0);
        assert_covers(&blocks, 5, 2);
        assert_eq!(blocks.imbalance(&[0.0; 5], 0.0), 1.0);
        assert_eq!(blocks.better(&[0.0; 5], 0.0), None);
    }
}
