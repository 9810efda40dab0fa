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
    let n = sizes.len();
    let table = |entry: &dyn Fn(usize, usize) -> f64| Array2::from_shape_fn((n, n), |(i, j)| entry(i, j));
    let kernel = table(&|i, j| collision::kernel(sizes.sizes[i], sizes.sizes[j], speed, scale_height, scale_height));
    let phi = table(&|i, j| {
        let energy = fragmentation::specific_energy(sizes.masses[i], sizes.masses[j], speed);
        let larger = sizes.sizes[i].max(sizes.sizes[j]);
        energy / breakup.strength.q_star(larger, sizes.density, speed)
    });
    let remnant_fraction = phi.mapv(fragmentation::largest_remnant_fraction);
    let remnant_bin = Array2::from_shape_fn((n, n), |(i, j)| {
        let mass = remnant_fraction[(i, j)] * (sizes.masses[i] + sizes.masses[j]);
        fragmentation::remnant_bin(&sizes.edges, sizes.density, mass)
    });
    PairTables::new(&PairInputs {
        masses: &sizes.masses,
        kernel: kernel.view(),
        remnant_fraction: remnant_fraction.view(),
        ejected_fraction: phi.mapv(fragmentation::ejected_fraction).view(),
        remnant_bin: remnant_bin.view(),
        fragment_integrals: &breakup.fragment_integrals,
    })
}
