//! The radial cells: rings of equal width between two radii, or one column that stands for all of them.

use std::f64::consts::PI;

/// What the cells of a run are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Layout {
    /// One column at the middle radius (`0D`).
    Column,
    /// Rings side by side (`1D`).
    Rings,
}

impl Layout {
    /// Name in the files.
    pub fn as_str(self) -> &'static str {
        match self {
            Layout::Column => "0D",
            Layout::Rings => "1D",
        }
    }
}

/// Cells between two radii.
#[derive(Debug, Clone, PartialEq)]
pub struct RadialGrid {
    /// One column or rings.
    pub layout: Layout,
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
        RadialGrid { layout: Layout::Rings, r_in, r_out, centres, areas }
    }

    /// One column at the middle between `r_in` and `r_out` [m], 0 < r_in ≤ r_out.
    ///
    /// Its area is that of the ring, π (r_out² − r_in²), where the run is of a whole disk with a width; otherwise π r²,
    /// as in the Python program.
    pub fn column(r_in: f64, r_out: f64, whole_disk: bool) -> Self {
        let r = 0.5 * (r_in + r_out);
        let ring = PI * (r_out * r_out - r_in * r_in);
        let narrow = (r_out - r_in).abs() <= 1e-12 * r_in.abs().max(r_out.abs());
        let area = if whole_disk && !narrow && ring > 0.0 { ring } else { PI * r * r };
        RadialGrid { layout: Layout::Column, r_in, r_out, centres: vec![r], areas: vec![area] }
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
    fn a_column_has_the_area_of_the_disk_or_that_of_a_circle_through_it() {
        let (r_in, r_out) = (R_MARS, 2.7 * R_MARS);
        let ring = RadialGrid::linear(r_in, r_out, 1);
        let column = RadialGrid::column(r_in, r_out, true);
        assert_eq!(column.centres, ring.centres);
        // π (a² − b²) and 2π (a + b)/2 (a − b) round differently.
        assert!((column.areas[0] - ring.areas[0]).abs() < 1e-15 * ring.areas[0]);
        let circle = PI * column.middle().powi(2);
        assert_eq!(RadialGrid::column(r_in, r_out, false).areas, [circle]);
        assert_eq!(RadialGrid::column(2.0, 2.0, true).areas, [4.0 * PI]);
    }

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
