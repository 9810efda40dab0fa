//! What collisions do in one cell: the pair outcomes that the operator needs, from the physics of impacts.

use crate::physics::size_distribution::SizeGrid;
use crate::physics::strength::Strength;
use crate::physics::{collision, fragmentation};
use crate::smoluchowski::pairs::{PairInputs, PairTables};
use ndarray::Array2;

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

/// What becomes of every pair of bins, before it is turned into tables; n × n.
struct Outcomes {
    kernel: Array2<f64>,
    remnant_fraction: Array2<f64>,
    ejected_fraction: Array2<f64>,
    remnant_bin: Array2<usize>,
}

impl Outcomes {
    fn new(n: usize) -> Self {
        let zeros = || Array2::zeros((n, n));
        Outcomes {
            kernel: zeros(),
            remnant_fraction: zeros(),
            ejected_fraction: zeros(),
            remnant_bin: Array2::zeros((n, n)),
        }
    }

    fn fill(&mut self, sizes: &SizeGrid, breakup: &Breakup, speed: f64, scale_height: f64) {
        let SizeGrid { sizes: radii, masses, edges, density, .. } = sizes;
        for j in 0..radii.len() {
            // The larger body sets the strength of a pair, and bins rise.
            let strength = breakup.strength.q_star(radii[j], *density, speed);
            for i in 0..=j {
                let phi = fragmentation::specific_energy(masses[i], masses[j], speed) / strength;
                let fraction = fragmentation::largest_remnant_fraction(phi);
                let bin = fragmentation::remnant_bin(edges, *density, fraction * (masses[i] + masses[j]));
                let kernel = collision::kernel(radii[i], radii[j], speed, scale_height, scale_height);
                for pair in [(i, j), (j, i)] {
                    self.kernel[pair] = kernel;
                    self.remnant_fraction[pair] = fraction;
                    self.ejected_fraction[pair] = fragmentation::ejected_fraction(phi);
                    self.remnant_bin[pair] = bin;
                }
            }
        }
    }

    fn inputs<'a>(&'a self, sizes: &'a SizeGrid, breakup: &'a Breakup) -> PairInputs<'a> {
        PairInputs {
            masses: &sizes.masses,
            kernel: self.kernel.view(),
            remnant_fraction: self.remnant_fraction.view(),
            ejected_fraction: self.ejected_fraction.view(),
            remnant_bin: self.remnant_bin.view(),
            fragment_integrals: &breakup.fragment_integrals,
        }
    }
}
