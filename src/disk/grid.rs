//! The radial cells: rings of equal width between two radii.

use std::f64::consts::PI;

/// Rings of equal width.
#[derive(Debug, Clone, PartialEq)]
pub struct RadialGrid {
    /// Inner edge [m].
    pub r_in: f64,
    /// Outer edge [m].
    pub r_out: f64,
    /// Centres: means of the two edges [m].
    pub centres: Vec<f64>,
    /// Areas 2π r Δr [m²], exact for a ring about its mean radius.
    pub areas: Vec<f64>,
}

impl RadialGrid {
    /// `cells` rings between `r_in` and `r_out` [m], 0 < r_in < r_out.
    pub fn linear(r_in: f64, r_out: f64, cells: usize) -> Self {
        let width = (r_out - r_in) / cells as f64;
        let edge = |k: usize| r_in + width * k as f64;
        let centres: Vec<f64> = (0..cells).map(|k| 0.5 * (edge(k) + edge(k + 1))).collect();
        let areas = (0..cells).map(|k| 2.0 * PI * centres[k] * (edge(k + 1) - edge(k))).collect();
        RadialGrid { r_in, r_out, centres, areas }
    }

    /// Number of cells.
    pub fn len(&self) -> usize {
        self.centres.len()
    }

    /// Whether there are no cells.
    pub fn is_empty(&self) -> bool {
        self.centres.is_empty()
    }

    /// Middle radius [m], the reference of the orbit clock.
    pub fn middle(&self) -> f64 {
        0.5 * (self.r_in + self.r_out)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::physics::constants::R_MARS;

    #[test]
    fn the_rings_of_the_default_disk_have_the_areas_of_the_reference() {
        let grid = RadialGrid::linear(R_MARS, 2.7 * R_MARS, 32);
        assert_eq!(grid.len(), 32);
        // Printed values of the Python program.
        for (found, wanted) in [
            (grid.centres[0], 3_479_533.593_75),
            (grid.areas[0], 3.936_728_673_746_332e12),
            (grid.areas[31], 1.025_227_208_642_309_6e13),
            (grid.areas.iter().sum(), 2.270_240_121_627_108_4e14),
        ] {
            assert!((found - wanted).abs() < 1e-12 * wanted, "{found} instead of {wanted}");
        }
    }
}
