//! A smallest grain size that drifts by itself (`sizes.evolve_min_size`), as the Python program follows one beside a column.

/// What moves the size.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum SizeDrift {
    /// Nothing.
    None,
    /// It falls at k₀ + k_T T/T_ref.
    Decay {
        /// k₀ [m s⁻¹].
        base: f64,
        /// k_T/T_ref [m s⁻¹ K⁻¹].
        per_kelvin: f64,
    },
    /// Evaporation: what shrinks must have been larger, so that the size never falls.
    Sublimation,
}

/// The size and its lower limit.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct MinimumSize {
    /// What moves it.
    pub drift: SizeDrift,
    /// Limit of its own [m].
    pub least: f64,
}

impl MinimumSize {
    /// The size [m] after `dt` [s], not below its own limit nor the smallest grains that stay.
    ///
    /// - `size`: before [m]
    /// - `temperature`: of Mars [K]
    /// - `size_rate`: ds/dt of evaporating grains [m s⁻¹]
    /// - `smallest`: grains that stay [m]
    pub fn next(&self, size: f64, temperature: f64, size_rate: f64, dt: f64, smallest: f64) -> f64 {
        let moved = match self.drift {
            SizeDrift::None => size,
            SizeDrift::Decay { base, per_kelvin } => size - (base + per_kelvin * temperature) * dt,
            SizeDrift::Sublimation => size.max(size + size_rate * dt),
        };
        moved.max(self.least).max(smallest)
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{ROUNDING, assert_close};
    use super::*;

    fn next(drift: SizeDrift, least: f64) -> f64 {
        MinimumSize { drift, least }.next(5e-6, 2000.0, -1e-9, 100.0, 1e-6)
    }

    #[test]
    fn each_law_moves_the_size_as_by_hand() {
        assert_eq!(next(SizeDrift::None, 0.0), 5e-6);
        assert_close(next(SizeDrift::Decay { base: 1e-8, per_kelvin: 0.0 }, 0.0), 4e-6, ROUNDING);
        assert_close(next(SizeDrift::Decay { base: 1e-8, per_kelvin: 1e-8 / 2000.0 }, 0.0), 3e-6, ROUNDING);
        assert_eq!(next(SizeDrift::Sublimation, 0.0), 5e-6);
    }

    #[test]
    fn both_limits_hold() {
        let fast = SizeDrift::Decay { base: 1.0, per_kelvin: 0.0 };
        assert_eq!(next(fast, 0.0), 1e-6);
        assert_eq!(next(fast, 2e-6), 2e-6);
    }
}
