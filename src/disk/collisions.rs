//! What collisions do in one cell: the pair outcomes that the operator needs, from the physics of impacts.

use crate::physics::size_distribution::SizeGrid;
use crate::physics::strength::Strength;
use crate::physics::{collision, fragmentation};
use crate::smoluchowski::pairs::{PairInputs, PairTables};
use ndarray::ArrayView2;

/// Shared by all cells: how grains break.
#[derive(Debug, Clone)]
pub struct Breakup {
    /// Catastrophic disruption threshold.
    pub strength: Strength,
    /// Relative mass of fragments per bin.
    pub fragment_integrals: Vec<f64>,
}

/// Pair tables of a cell in which all bins meet at one speed and share one scale height.
///
/// - `speed`: relative speed [m s⁻¹]
/// - `scale_height`: of every bin [m]
///
/// Largest remnant and ejecta follow Leinhardt & Stewart (2012, ApJ 745, 79), the rate Krivov et al. (2006, A&A 455, 509).
pub fn pair_tables(sizes: &SizeGrid, breakup: &Breakup, speed: f64, scale_height: f64) -> PairTables {
    let mut outcomes = Outcomes::new(sizes.len());
    outcomes.fill(sizes, breakup, speed, scale_height);
    PairTables::new(&outcomes.inputs(sizes, breakup))
}

/// Pair tables of a worker for cells whose speed or scale height changes, refilled in place.
pub struct MovingTables {
    outcomes: Outcomes,
    tables: PairTables,
    /// Speed [m s⁻¹] and scale height [m] that they hold for.
    filled_for: (f64, f64),
    /// And sizes [m].
    filled_sizes: Vec<f64>,
}

impl MovingTables {
    /// Tables for a first speed and scale height, see [`pair_tables`].
    pub fn new(sizes: &SizeGrid, breakup: &Breakup, speed: f64, scale_height: f64) -> Self {
        let mut outcomes = Outcomes::new(sizes.len());
        outcomes.fill(sizes, breakup, speed, scale_height);
        let tables = PairTables::new(&outcomes.inputs(sizes, breakup));
        MovingTables { outcomes, tables, filled_for: (speed, scale_height), filled_sizes: sizes.sizes.clone() }
    }

    /// The tables for another speed and scale height, and other sizes of as many bins; takes no memory.
    pub fn at(&mut self, sizes: &SizeGrid, breakup: &Breakup, speed: f64, scale_height: f64) -> &PairTables {
        if self.filled_for != (speed, scale_height) || self.filled_sizes != sizes.sizes {
            self.outcomes.fill(sizes, breakup, speed, scale_height);
            self.tables.fill(&self.outcomes.inputs(sizes, breakup));
            self.filled_for = (speed, scale_height);
            self.filled_sizes.copy_from_slice(&sizes.sizes);
        }
        &self.tables
    }
}

/// What becomes of every pair of bins, before it is turned into tables; n × n, row after row.
struct Outcomes {
    kernel: Vec<f64>,
    remnant_fraction: Vec<f64>,
    ejected_fraction: Vec<f64>,
    remnant_bin: Vec<usize>,
}

impl Outcomes {
    fn new(n: usize) -> Self {
        let zeros = || vec![0.0; n * n];
        Outcomes { kernel: zeros(), remnant_fraction: zeros(), ejected_fraction: zeros(), remnant_bin: vec![0; n * n] }
    }

    fn fill(&mut self, sizes: &SizeGrid, breakup: &Breakup, speed: f64, scale_height: f64) {
        let SizeGrid { sizes: radii, masses, edges, density, .. } = sizes;
        let n = radii.len();
        // Of bodies that reach one metre; all have one speed and one scale height.
        let kernel_of_one = collision::kernel(0.5, 0.5, speed, scale_height, scale_height);
        for j in 0..n {
            // The larger body sets the strength of a pair, and bins rise.
            let strength = breakup.strength.q_star(radii[j], *density, speed);
            let home = fragmentation::masses_in_bin(edges, *density, j);
            for i in 0..=j {
                let phi = fragmentation::specific_energy(masses[i], masses[j], speed) / strength;
                let fraction = fragmentation::largest_remnant_fraction(phi);
                let ejected = fragmentation::ejected_fraction(phi);
                let remnant = fraction * (masses[i] + masses[j]);
                // Most remnants stay in the bin of the larger body, which costs no root and no search.
                let bin = match home.contains(&remnant) {
                    true => j,
                    false => fragmentation::remnant_bin(edges, *density, remnant),
                };
                let kernel = kernel_of_one * (radii[i] + radii[j]).powi(2);
                for pair in [i * n + j, j * n + i] {
                    self.kernel[pair] = kernel;
                    self.remnant_fraction[pair] = fraction;
                    self.ejected_fraction[pair] = ejected;
                    self.remnant_bin[pair] = bin;
                }
            }
        }
    }

    fn inputs<'a>(&'a self, sizes: &'a SizeGrid, breakup: &'a Breakup) -> PairInputs<'a> {
        fn square<T>(numbers: &[T]) -> ArrayView2<'_, T> {
            let n = numbers.len().isqrt();
            ArrayView2::from_shape((n, n), numbers).expect("n × n numbers, as they were made")
        }
        PairInputs {
            masses: &sizes.masses,
            kernel: square(&self.kernel),
            remnant_fraction: square(&self.remnant_fraction),
            ejected_fraction: square(&self.ejected_fraction),
            remnant_bin: square(&self.remnant_bin),
            fragment_integrals: &breakup.fragment_integrals,
        }
    }
}
