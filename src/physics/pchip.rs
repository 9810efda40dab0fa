//! Monotone cubic interpolation between the nodes of a table.

use super::error::PhysicsError;
use super::interpolate::{check_axis, check_values};

/// Piecewise cubic Hermite interpolation that neither overshoots nor rings (Fritsch & Butland 1984, SIAM J. Sci. Stat.
/// Comput. 5, 300), with the end slopes of SciPy's PCHIP.
#[derive(Debug, Clone, PartialEq)]
pub struct Pchip {
    nodes: Vec<f64>,
    values: Vec<f64>,
    slopes: Vec<f64>,
}

impl Pchip {
    /// Through (`nodes`, `values`): at least two, the nodes rising strictly.
    ///
    /// # Errors
    /// Names the first entry that breaks one of these rules or is not finite; `table` and `column` go into the message.
    pub fn new(
        table: &'static str,
        (column, nodes): (&'static str, Vec<f64>),
        (value_column, values): (&'static str, Vec<f64>),
    ) -> Result<Self, PhysicsError> {
        check_axis(table, column, &nodes, 2)?;
        check_values(table, value_column, &values, nodes.len())?;
        let slopes = slopes(&nodes, &values);
        Ok(Pchip { nodes, values, slopes })
    }

    /// First and last node.
    pub fn range(&self) -> (f64, f64) {
        (self.nodes[0], self.nodes[self.nodes.len() - 1])
    }

    /// Nodes and values.
    pub fn points(&self) -> impl Iterator<Item = (f64, f64)> {
        self.nodes.iter().copied().zip(self.values.iter().copied())
    }

    /// Value at `x`; `None` outside the nodes.
    pub fn at(&self, x: f64) -> Option<f64> {
        let (first, last) = self.range();
        if !(first..=last).contains(&x) {
            return None;
        }
        let left = self.nodes.partition_point(|&node| node <= x).clamp(1, self.nodes.len() - 1) - 1;
        let width = self.nodes[left + 1] - self.nodes[left];
        let t = (x - self.nodes[left]) / width;
        let (low, high) = (self.values[left], self.values[left + 1]);
        let (rise_low, rise_high) = (width * self.slopes[left], width * self.slopes[left + 1]);
        // Hermite polynomials, in the distance from the nearer node on the left.
        let quadratic = 3.0 * (high - low) - 2.0 * rise_low - rise_high;
        let cubic = rise_low + rise_high - 2.0 * (high - low);
        Some(low + t * (rise_low + t * (quadratic + t * cubic)))
    }
}

fn slopes(nodes: &[f64], values: &[f64]) -> Vec<f64> {
    let widths: Vec<f64> = nodes.windows(2).map(|pair| pair[1] - pair[0]).collect();
    let secants: Vec<f64> = values.windows(2).zip(&widths).map(|(pair, width)| (pair[1] - pair[0]) / width).collect();
    let last = nodes.len() - 1;
    if last == 1 {
        return vec![secants[0]; 2];
    }
    let mut slopes = vec![0.0; nodes.len()];
    slopes[0] = end_slope((widths[0], widths[1]), (secants[0], secants[1]));
    slopes[last] = end_slope((widths[last - 1], widths[last - 2]), (secants[last - 1], secants[last - 2]));
    for k in 1..last {
        let (before, after) = (secants[k - 1], secants[k]);
        if before * after > 0.0 {
            let (w1, w2) = (2.0 * widths[k] + widths[k - 1], widths[k] + 2.0 * widths[k - 1]);
            slopes[k] = (w1 + w2) / (w1 / before + w2 / after);
        }
    }
    slopes
}

/// Three-point slope at an end, limited so that the curve keeps its shape; the interval at the end comes first.
fn end_slope((width, next_width): (f64, f64), (secant, next_secant): (f64, f64)) -> f64 {
    let slope = ((2.0 * width + next_width) * secant - width * next_secant) / (width + next_width);
    if slope * secant <= 0.0 {
        0.0
    } else if secant * next_secant <= 0.0 && slope.abs() > 3.0 * secant.abs() {
        3.0 * secant
    } else {
        slope
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{ROUNDING, assert_close};
    use super::*;

    fn pchip(nodes: &[f64], values: &[f64]) -> Pchip {
        Pchip::new("table", ("x", nodes.to_vec()), ("y", values.to_vec())).unwrap()
    }

    #[test]
    fn scipy_gives_the_same_curve() {
        // scipy.interpolate.PchipInterpolator([0, 1, 3, 4, 7], [0, 1, 2, 2.5, 0.5]), scipy 1.x
        let curve = pchip(&[0.0, 1.0, 3.0, 4.0, 7.0], &[0.0, 1.0, 2.0, 2.5, 0.5]);
        for (x, y) in SCIPY {
            assert_close(curve.at(x).unwrap(), y, ROUNDING);
        }
    }
    const SCIPY: [(f64, f64); 6] = [
        (0.25, 0.2878605769230769),
        (0.8, 0.8447179487179488),
        (2.0, 1.5480769230769231),
        (3.6, 2.372),
        (4.5, 2.4589120370370368),
        (6.9, 0.6505787037037033),
    ];

    #[test]
    fn nodes_are_met_and_nothing_is_said_outside() {
        let curve = pchip(&[0.0, 1.0, 3.0], &[5.0, -1.0, 2.0]);
        assert_eq!([0.0, 1.0, 3.0].map(|x| curve.at(x).unwrap()), [5.0, -1.0, 2.0]);
        assert_eq!((curve.at(-1e-9), curve.at(3.001), curve.at(f64::NAN)), (None, None, None));
    }

    #[test]
    fn a_straight_line_stays_one() {
        let curve = pchip(&[1.0, 2.0, 5.0, 5.5], &[3.0, 5.0, 11.0, 12.0]);
        for x in [1.0, 1.3, 2.7, 4.999, 5.2] {
            assert_close(curve.at(x).unwrap(), 1.0 + 2.0 * x, ROUNDING);
        }
        assert_close(pchip(&[1.0, 2.0], &[3.0, 5.0]).at(1.5).unwrap(), 4.0, ROUNDING);
    }

    #[test]
    fn the_curve_rises_where_its_nodes_rise() {
        let curve = pchip(&[0.0, 1.0, 2.0, 3.0, 4.0], &[0.0, 0.01, 0.02, 10.0, 10.01]);
        let points: Vec<f64> = (0..=400).map(|k| curve.at(0.01 * f64::from(k)).unwrap()).collect();
        assert!(points.windows(2).all(|pair| pair[1] >= pair[0]));
    }
}
