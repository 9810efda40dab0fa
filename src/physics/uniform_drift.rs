//! All grains shrink by one length and the sizes that stand for the bins move, as in the Python program's columns.
//!
//! It re-bins by edges and gives a bin the mean size of its grains. The cube of a mean is less than the mean of cubes, so
//! where bins merge mass is lost; and grains below a floor are enlarged to it. The conservative way is
//! [`super::sinks::sublimation_drift`].

use super::size_distribution::SizeGrid;

/// Shifts the sizes of all grains and bins them again. Returns their mass after over that before; 1 where nothing was
/// changed because nothing would be left.
///
/// - `grid`: its sizes and masses change, its edges stay
/// - `mass`: per bin [kg m⁻²]
/// - `shift`: of every size [m]
/// - `floor`: smaller grains get this size [m]
/// - `numbers`, `lengths`: for calculations, one entry per bin each
pub fn shift_sizes(
    grid: &mut SizeGrid,
    mass: &mut [f64],
    shift: f64,
    floor: f64,
    (numbers, lengths): (&mut [f64], &mut [f64]),
) -> f64 {
    let before: f64 = mass.iter().sum();
    numbers.fill(0.0);
    lengths.fill(0.0);
    for (k, mass) in mass.iter().enumerate().filter(|(_, mass)| **mass > 0.0) {
        let size = (grid.sizes[k] + shift).max(floor);
        let bin = grid.bin_of(size);
        let number = mass / grid.masses[k];
        numbers[bin] += number;
        lengths[bin] += number * size;
    }
    if !lengths.iter().any(|length| *length > 0.0) {
        return 1.0;
    }
    for k in 0..mass.len() {
        // Grains of no size count for nothing.
        if lengths[k] > 0.0 {
            grid.set_size(k, lengths[k] / numbers[k]);
            mass[k] = numbers[k] * grid.masses[k];
        } else {
            mass[k] = 0.0;
        }
    }
    mass.iter().sum::<f64>() / before
}

#[cfg(test)]
mod tests {
    use super::super::testing::{ROUNDING, assert_close};
    use super::*;

    /// Edges 1, 2, 4, 8 m; one grain per bin.
    fn grains() -> (SizeGrid, Vec<f64>) {
        let grid = SizeGrid::logarithmic(1.0, 8.0, 3, 3000.0).unwrap();
        let masses = grid.masses.clone();
        (grid, masses)
    }

    #[test]
    fn sizes_move_within_their_bins() {
        let (mut grid, mut mass) = grains();
        let sizes = grid.sizes.clone();
        let ratio = shift_sizes(&mut grid, &mut mass, -0.25, 0.0, (&mut [0.0; 3], &mut [0.0; 3]));
        let cubes = |shift: f64| sizes.iter().map(|s| (s + shift).powi(3)).sum::<f64>();
        assert_close(ratio, cubes(-0.25) / cubes(0.0), ROUNDING);
        for k in 0..3 {
            assert_close(grid.sizes[k], sizes[k] - 0.25, ROUNDING);
            assert_close(mass[k], grid.masses[k], ROUNDING);
        }
        assert_eq!(grid.edges[1], 2.0);
    }

    #[test]
    fn grains_that_share_a_bin_get_their_mean_size() {
        // √2, √8 and √32 m less one: 0.414 becomes the floor of 0.5 in bin 0, where 1.83 goes too.
        let (mut grid, mut mass) = grains();
        let kept = grid.sizes[1];
        shift_sizes(&mut grid, &mut mass, -1.0, 0.5, (&mut [0.0; 3], &mut [0.0; 3]));
        let mean = (0.5 + 8f64.sqrt() - 1.0) / 2.0;
        assert_close(grid.sizes[0], mean, ROUNDING);
        assert_close(mass[0], 2.0 * 4.0 / 3.0 * std::f64::consts::PI * 3000.0 * mean.powi(3), ROUNDING);
        // An empty bin keeps its size.
        assert_eq!((mass[1], grid.sizes[1]), (0.0, kept));
        assert_close(grid.sizes[2], 32f64.sqrt() - 1.0, ROUNDING);
    }

    #[test]
    fn nothing_changes_where_nothing_would_be_left() {
        let (mut grid, mut mass) = grains();
        let (sizes, before) = (grid.sizes.clone(), mass.clone());
        assert_eq!(shift_sizes(&mut grid, &mut mass, -100.0, 0.0, (&mut [0.0; 3], &mut [0.0; 3])), 1.0);
        assert_eq!((grid.sizes, mass), (sizes, before));
    }
}
