//! Kinetic energy of the collisions of one cell: how much of it is there, how much is lost and how much stays motion.

use super::pairs::PairTables;

/// Share of the relative energy that stays motion.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Retention {
    /// Of a collision that leaves more than half in one body.
    pub cratering: f64,
    /// Of any other.
    pub fragmentation: f64,
    /// Coefficient of restitution ε, to which the two are compared.
    pub restitution: f64,
}

/// Rates over all pairs of bins i ≤ j, weighted with their collision rate C = κ N_i N_j / (1 + δ).
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct EnergyRates {
    /// Relative kinetic energy, Σ C ½ µ v² [J m⁻² s⁻¹].
    pub relative: f64,
    /// What of it stays motion [J m⁻² s⁻¹].
    pub retained: f64,
    /// What of it is lost [J m⁻² s⁻¹].
    pub dissipated: f64,
    /// Collisions that crater [m⁻² s⁻¹].
    pub cratering: f64,
    /// Collisions that break both bodies [m⁻² s⁻¹].
    pub fragmentation: f64,
    /// Shares of the collisions that stay motion, summed up [m⁻² s⁻¹].
    pub shares: f64,
    /// Mass fractions of the largest remnants, summed up [m⁻² s⁻¹].
    pub remnants: f64,
}

impl EnergyRates {
    /// Mean share that stays motion; NaN without collisions.
    pub fn mean_retention(&self) -> f64 {
        self.shares / self.collisions()
    }

    /// Mean mass fraction of the largest remnant; NaN without collisions.
    pub fn mean_remnant(&self) -> f64 {
        self.remnants / self.collisions()
    }

    fn collisions(&self) -> f64 {
        self.cratering + self.fragmentation
    }

    /// Every rate joined with its counterpart.
    pub fn join(&self, other: &EnergyRates, join: impl Fn(f64, f64) -> f64) -> Self {
        EnergyRates {
            relative: join(self.relative, other.relative),
            retained: join(self.retained, other.retained),
            dissipated: join(self.dissipated, other.dissipated),
            cratering: join(self.cratering, other.cratering),
            fragmentation: join(self.fragmentation, other.fragmentation),
            shares: join(self.shares, other.shares),
            remnants: join(self.remnants, other.remnants),
        }
    }
}

/// The rates of a cell.
///
/// - `state`: surface density per bin [kg m⁻²], length n of the tables
/// - `speed`: relative speed v [m s⁻¹]
pub fn energy_rates(tables: &PairTables, state: &[f64], speed: f64, retention: &Retention) -> EnergyRates {
    let n = tables.n;
    let inverse_masses = &tables.inverse_masses.all()[..n];
    let mut sum = EnergyRates::default();
    for i in 0..n {
        let count = state[i] * inverse_masses[i];
        for j in i..n {
            let p = i * n + j;
            let pairs = if i == j { 0.5 } else { 1.0 };
            let rate = pairs * tables.kernel.get(i, j) * count * state[j] * inverse_masses[j];
            let (a, b) = (tables.masses[i], tables.masses[j]);
            let energy = rate * 0.5 * (a * b / (a + b)) * speed * speed;
            let remnant = tables.remnant_fraction[p];
            let (share, kind) = if remnant > 0.5 {
                (retention.cratering, &mut sum.cratering)
            } else {
                (retention.fragmentation, &mut sum.fragmentation)
            };
            *kind += rate;
            sum.relative += energy;
            sum.retained += energy * share;
            sum.dissipated += energy * (1.0 - share);
            sum.shares += rate * share;
            sum.remnants += rate * remnant;
        }
    }
    sum
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::smoluchowski::pairs::PairInputs;
    use ndarray::arr2;

    #[test]
    fn pairs_count_once_and_gentle_ones_crater() {
        // Bodies of 1 and 2 kg, one of each per area. Equal ones break, unequal ones crater.
        let tables = PairTables::new(&PairInputs {
            masses: &[1.0, 2.0],
            kernel: arr2(&[[4.0, 3.0], [3.0, 8.0]]).view(),
            remnant_fraction: arr2(&[[0.25, 0.75], [0.75, 0.5]]).view(),
            ejected_fraction: arr2(&[[0.75, 0.25], [0.25, 0.5]]).view(),
            remnant_bin: arr2(&[[0, 1], [1, 1]]).view(),
            fragment_integrals: &[1.0, 1.0],
        });
        let retention = Retention { cratering: 0.1, fragmentation: 0.3, restitution: 0.5 };
        let found = energy_rates(&tables, &[1.0, 2.0], 10.0, &retention);
        // Rates 2, 3 and 4; reduced masses 1/2, 2/3 and 1 kg; ½ v² = 50 J/kg.
        let energies = [2.0 * 0.5 * 50.0, 3.0 * (2.0 / 3.0) * 50.0, 4.0 * 50.0];
        assert!((found.relative - energies.iter().sum::<f64>()).abs() < 1e-12);
        assert!((found.retained - (0.3 * energies[0] + 0.1 * energies[1] + 0.3 * energies[2])).abs() < 1e-12);
        assert!((found.dissipated - (0.7 * energies[0] + 0.9 * energies[1] + 0.7 * energies[2])).abs() < 1e-12);
        assert_eq!((found.cratering, found.fragmentation), (3.0, 6.0));
        assert!((found.mean_retention() - (2.0 * 0.3 + 3.0 * 0.1 + 4.0 * 0.3) / 9.0).abs() < 1e-15);
        assert!((found.mean_remnant() - (2.0 * 0.25 + 3.0 * 0.75 + 4.0 * 0.5) / 9.0).abs() < 1e-15);
        assert!(energy_rates(&tables, &[0.0, 0.0], 10.0, &retention).mean_remnant().is_nan());
    }
}
