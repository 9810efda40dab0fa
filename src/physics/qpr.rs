//! The table of Planck-mean radiation-pressure efficiencies Q_pr(T, s).
//!
//! How Q_pr turns into forces and sizes is in [`super::radiation`]; reading table files and computing Q_pr from optical
//! constants happen outside this room.

use super::error::PhysicsError;
use super::interpolate::{check_axis, check_positive, check_values};

const TABLE: &str = "Q_pr table";

/// Q_pr on a rectangle of temperatures and grain sizes, bilinear in T and s between the nodes, held outside.
#[derive(Debug, Clone, PartialEq)]
pub struct QprTable {
    temperatures: Vec<f64>,
    sizes: Vec<f64>,
    /// Row-major, one row of sizes per temperature.
    values: Vec<f64>,
}

impl QprTable {
    /// A table from its axes and a row-major block `values[i_T · n_s + i_s]`.
    ///
    /// - `temperatures` [K] and `sizes` [m]: positive, rising strictly, at least two each
    /// - `values`: dimensionless, finite
    ///
    /// # Errors
    /// Names the first entry that breaks one of these rules.
    pub fn new(temperatures: Vec<f64>, sizes: Vec<f64>, values: Vec<f64>) -> Result<Self, PhysicsError> {
        check_axis(TABLE, "T", &temperatures, 2)?;
        check_positive(TABLE, "T", &temperatures)?;
        check_axis(TABLE, "s", &sizes, 2)?;
        check_positive(TABLE, "s", &sizes)?;
        check_values(TABLE, "Q_pr", &values, temperatures.len() * sizes.len())?;
        Ok(Self { temperatures, sizes, values })
    }

    /// A table from rows (T [K], s [m], Q_pr) in any order.
    ///
    /// # Errors
    /// The first row with a number that is not finite or an axis value that is not positive, a point given twice, or
    /// the first point of the rectangle that no row gives.
    pub fn from_long(rows: &[(f64, f64, f64)]) -> Result<Self, PhysicsError> {
        for (index, &(temperature, size, q)) in rows.iter().enumerate() {
            let bad = |column, value, rule| Err(PhysicsError::BadEntry { table: TABLE, column, index, value, rule });
            if !(temperature.is_finite() && temperature > 0.0) {
                return bad("T", temperature, "must be finite and positive");
            }
            if !(size.is_finite() && size > 0.0) {
                return bad("s", size, "must be finite and positive");
            }
            if !q.is_finite() {
                return bad("Q_pr", q, "must be a finite number");
            }
        }
        let temperatures = distinct(rows.iter().map(|row| row.0));
        let sizes = distinct(rows.iter().map(|row| row.1));
        let mut sorted = rows.to_vec();
        sorted.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.total_cmp(&b.1)));
        if let Some(pair) = sorted.windows(2).find(|pair| (pair[0].0, pair[0].1) == (pair[1].0, pair[1].1)) {
            return Err(PhysicsError::DuplicatePoint { temperature: pair[0].0, size: pair[0].1 });
        }
        let points = temperatures.iter().flat_map(|&temperature| sizes.iter().map(move |&size| (temperature, size)));
        for (index, (temperature, size)) in points.enumerate() {
            // Both lists are sorted and free of duplicates: they first differ where a point is missing.
            if sorted.get(index).map(|row| (row.0, row.1)) != Some((temperature, size)) {
                return Err(PhysicsError::MissingPoint { temperature, size });
            }
        }
        Self::new(temperatures, sizes, sorted.into_iter().map(|row| row.2).collect())
    }

    /// Q_pr of a grain of `size` [m] in the light of a surface at `temperature` [K].
    ///
    /// Bilinear in both; outside the table the nearest edge counts. NaN gives NaN. The order, first in s, is that of the
    /// Python program to the last bit.
    pub fn at(&self, size: f64, temperature: f64) -> f64 {
        let (row, by_temperature) = locate(&self.temperatures, temperature);
        let (k, by_size) = locate(&self.sizes, size);
        let along = |row: usize| {
            let start = row * self.sizes.len() + k;
            blend(self.values[start], self.values[start + 1], by_size)
        };
        blend(along(row), along(row + 1), by_temperature)
    }

    /// Smallest and largest size [m].
    pub fn size_range(&self) -> (f64, f64) {
        (self.sizes[0], self.sizes[self.sizes.len() - 1])
    }

    /// Lowest and highest temperature [K].
    pub fn temperature_range(&self) -> (f64, f64) {
        (self.temperatures[0], self.temperatures[self.temperatures.len() - 1])
    }

    /// The table at one temperature [K]: a polyline in size.
    pub(crate) fn isotherm(&self, temperature: f64) -> Isotherm<'_> {
        let (row, weight) = locate(&self.temperatures, temperature);
        let width = self.sizes.len();
        let (cold, hot) = self.values[row * width..(row + 2) * width].split_at(width);
        Isotherm { sizes: &self.sizes, cold, hot, weight }
    }
}

/// Q_pr(s) at one temperature: piecewise linear in s, because a blend of two polylines with the same nodes is one.
pub(crate) struct Isotherm<'a> {
    sizes: &'a [f64],
    cold: &'a [f64],
    hot: &'a [f64],
    weight: f64,
}

impl Isotherm<'_> {
    /// Number of nodes, at least 2.
    pub(crate) fn len(&self) -> usize {
        self.sizes.len()
    }

    /// Size of node `k` [m].
    pub(crate) fn size(&self, k: usize) -> f64 {
        self.sizes[k]
    }

    /// Q_pr at node `k`.
    pub(crate) fn node(&self, k: usize) -> f64 {
        blend(self.cold[k], self.hot[k], self.weight)
    }
}

/// Left node of the interval that holds `x`, and the weight of its right node; a node belongs to the interval left of
/// it, and `x` is first brought inside the axis.
fn locate(nodes: &[f64], x: f64) -> (usize, f64) {
    let last = nodes.len() - 1;
    let x = x.clamp(nodes[0], nodes[last]);
    let left = nodes.partition_point(|&node| node < x).saturating_sub(1).min(last - 1);
    (left, (x - nodes[left]) / (nodes[left + 1] - nodes[left]))
}

fn blend(left: f64, right: f64, weight: f64) -> f64 {
    (1.0 - weight) * left + weight * right
}

/// Sorted values without repetition.
fn distinct(values: impl Iterator<Item = f64>) -> Vec<f64> {
    let mut values: Vec<f64> = values.collect();
    values.sort_by(f64::total_cmp);
    values.dedup();
    values
}

#[cfg(test)]
mod tests {
    use super::super::testing::{ROUNDING, assert_close};
    use super::*;

    /// A function that is linear in T and in s (but not in both together) is met exactly by bilinear interpolation.
    fn bilinear(t: f64, s: f64) -> f64 {
        0.1 + 2e-4 * t + 3e4 * s - 5.0 * t * s
    }

    fn rows() -> Vec<(f64, f64, f64)> {
        let mut rows = Vec::new();
        for s in [4e-6, 1e-6, 2e-6] {
            for t in [2000.0, 1000.0, 3000.0] {
                rows.push((t, s, bilinear(t, s)));
            }
        }
        rows
    }

    #[test]
    fn a_bilinear_function_is_reproduced_inside_and_clamped_outside() {
        let table = QprTable::from_long(&rows()).unwrap();
        assert_eq!(table.size_range(), (1e-6, 4e-6));
        assert_eq!(table.temperature_range(), (1000.0, 3000.0));
        for (t, s) in [(1234.0, 1.5e-6), (2000.0, 2e-6), (2999.0, 3.9e-6), (1000.0, 1e-6), (3000.0, 4e-6)] {
            assert_close(table.at(s, t), bilinear(t, s), ROUNDING);
        }
        assert_close(table.at(1e-9, 2500.0), bilinear(2500.0, 1e-6), ROUNDING);
        assert_close(table.at(1.0, 9000.0), bilinear(3000.0, 4e-6), ROUNDING);
        assert!(table.at(f64::NAN, 2500.0).is_nan());
    }

    #[test]
    fn nodes_are_met_to_the_last_bit() {
        let table = QprTable::from_long(&rows()).unwrap();
        for (t, s, q) in rows() {
            assert_eq!(table.at(s, t), q);
        }
    }

    #[test]
    fn a_hole_is_named() {
        let rows: Vec<_> = rows().into_iter().filter(|row| (row.0, row.1) != (2000.0, 2e-6)).collect();
        assert_eq!(QprTable::from_long(&rows), Err(PhysicsError::MissingPoint { temperature: 2000.0, size: 2e-6 }));
        let rows: Vec<_> = rows.into_iter().filter(|row| (row.0, row.1) != (3000.0, 4e-6)).collect();
        assert!(matches!(QprTable::from_long(&rows), Err(PhysicsError::MissingPoint { .. })));
        let last: Vec<_> = self::rows().into_iter().filter(|row| (row.0, row.1) != (3000.0, 4e-6)).collect();
        assert_eq!(QprTable::from_long(&last), Err(PhysicsError::MissingPoint { temperature: 3000.0, size: 4e-6 }));
    }

    #[test]
    fn duplicates_and_bad_numbers_are_named() {
        let with = |row| {
            let mut rows = rows();
            rows.push(row);
            QprTable::from_long(&rows)
        };
        assert_eq!(with((1000.0, 4e-6, 9.0)), Err(PhysicsError::DuplicatePoint { temperature: 1000.0, size: 4e-6 }));
        assert!(matches!(with((f64::NAN, 1e-6, 1.0)), Err(PhysicsError::BadEntry { column: "T", index: 9, .. })));
        assert!(matches!(with((1500.0, 0.0, 1.0)), Err(PhysicsError::BadEntry { column: "s", .. })));
        assert!(matches!(with((1500.0, 1e-6, f64::NAN)), Err(PhysicsError::BadEntry { column: "Q_pr", .. })));
    }

    #[test]
    fn one_row_or_one_column_is_no_table() {
        let line: Vec<_> = rows().into_iter().filter(|row| row.0 == 1000.0).collect();
        assert!(matches!(QprTable::from_long(&line), Err(PhysicsError::TooFewEntries { column: "T", .. })));
        assert!(matches!(QprTable::from_long(&[]), Err(PhysicsError::TooFewEntries { .. })));
        assert!(QprTable::new(vec![1.0, 2.0], vec![1.0, 2.0], vec![1.0; 3]).is_err());
        assert!(QprTable::new(vec![2.0, 1.0], vec![1.0, 2.0], vec![1.0; 4]).is_err());
    }
}
