//! A supply that is tabulated in time, or in time and radius.

use super::super::error::PhysicsError;
use super::super::interpolate::{check_axis, check_values};

/// What a table says outside its range.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ends {
    /// The value at its end.
    Held,
    /// The straight line through its last two nodes, as in the Python program; it may become negative.
    Extrapolated,
}

/// Rates at nodes in time, joined by straight lines.
#[derive(Debug, Clone, PartialEq)]
pub struct RateTable {
    times: Vec<f64>,
    rates: Vec<f64>,
    ends: Ends,
}

impl RateTable {
    /// A table of `rates` [kg m⁻² s⁻¹] at `times` [s], which rise strictly; a single row is a constant.
    ///
    /// # Errors
    /// No rows, unequal lengths, a number that is not finite, times that do not rise.
    pub fn new(times: Vec<f64>, rates: Vec<f64>, ends: Ends) -> Result<Self, PhysicsError> {
        check_axis("supply table", "t", &times, 1)?;
        check_values("supply table", "rate", &rates, times.len())?;
        Ok(RateTable { times, rates, ends })
    }

    /// Rate at time `t` [s], in kg m⁻² s⁻¹.
    pub fn rate(&self, t: f64) -> f64 {
        let last = self.times.len() - 1;
        if self.ends == Ends::Held && t <= self.times[0] {
            return self.rates[0];
        }
        if last == 0 || (self.ends == Ends::Held && t >= self.times[last]) {
            return self.rates[last];
        }
        let left = self.times.partition_point(|&node| node < t).clamp(1, last) - 1;
        let weight = (t - self.times[left]) / (self.times[left + 1] - self.times[left]);
        (1.0 - weight) * self.rates[left] + weight * self.rates[left + 1]
    }

    /// Mass per area that arrives from `from` to `to` [s], in kg m⁻²: the trapezia between the nodes.
    pub fn amount(&self, from: f64, to: f64) -> f64 {
        let (mut sum, mut left) = (0.0, from);
        while left < to {
            let right = self.next_node_after(left).unwrap_or(to).min(to);
            sum += 0.5 * (self.rate(left) + self.rate(right)) * (right - left);
            left = right;
        }
        sum
    }

    /// The first node after `t` [s]; `None` beyond the last.
    pub fn next_node_after(&self, t: f64) -> Option<f64> {
        self.times.get(self.times.partition_point(|&node| node <= t)).copied()
    }
}

/// Rates on a rectangle of times and radii.
#[derive(Debug, Clone, PartialEq)]
pub struct RateGrid {
    times: Vec<f64>,
    radii: Vec<f64>,
    /// Row by row: all radii of the first time, of the second, …
    rates: Vec<f64>,
}

impl RateGrid {
    /// A table of `rates` [kg m⁻² s⁻¹] at `times` [s] and `radii` [m], each of which rises strictly.
    ///
    /// # Errors
    /// Fewer than two times or radii, a number that is not finite, an axis that does not rise, a wrong number of rates.
    pub fn new(times: Vec<f64>, radii: Vec<f64>, rates: Vec<f64>) -> Result<Self, PhysicsError> {
        check_axis("supply table", "t", &times, 2)?;
        check_axis("supply table", "r", &radii, 2)?;
        check_values("supply table", "rate", &rates, times.len() * radii.len())?;
        Ok(RateGrid { times, radii, rates })
    }

    /// The rates over time at the radius `r` [m]: bilinear interpolation, one variable after the other.
    pub fn at_radius(&self, r: f64, ends: Ends) -> RateTable {
        let last = self.radii.len() - 1;
        let r = if ends == Ends::Held { r.clamp(self.radii[0], self.radii[last]) } else { r };
        let left = self.radii.partition_point(|&node| node < r).clamp(1, last) - 1;
        let weight = (r - self.radii[left]) / (self.radii[left + 1] - self.radii[left]);
        let at = |row: &[f64]| (1.0 - weight) * row[left] + weight * row[left + 1];
        let rates = self.rates.chunks_exact(self.radii.len()).map(at).collect();
        RateTable { times: self.times.clone(), rates, ends }
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::testing::{ROUNDING, assert_close};
    use super::*;

    fn hat(ends: Ends) -> RateTable {
        RateTable::new(vec![10.0, 20.0, 40.0], vec![1.0, 3.0, 0.0], ends).unwrap()
    }

    #[test]
    fn nodes_are_met_and_the_ends_are_held_or_prolonged() {
        for ends in [Ends::Held, Ends::Extrapolated] {
            let table = hat(ends);
            assert_eq!([10.0, 15.0, 20.0, 30.0, 40.0].map(|t| table.rate(t)), [1.0, 2.0, 3.0, 1.5, 0.0]);
        }
        assert_eq!([0.0, 50.0].map(|t| hat(Ends::Held).rate(t)), [1.0, 0.0]);
        assert_eq!([0.0, 50.0].map(|t| hat(Ends::Extrapolated).rate(t)), [-1.0, -1.5]);
    }

    #[test]
    fn the_amount_is_the_area_under_the_lines() {
        let table = hat(Ends::Held);
        assert_close(table.amount(0.0, 60.0), 10.0 + 20.0 + 30.0, ROUNDING);
        assert_close(table.amount(12.0, 14.0), 2.0 * 1.6, ROUNDING);
        assert_eq!((table.amount(45.0, 60.0), table.amount(30.0, 30.0)), (0.0, 0.0));
        let constant = RateTable::new(vec![5.0], vec![2.0], Ends::Held).unwrap();
        assert_eq!((constant.rate(0.0), constant.amount(0.0, 10.0)), (2.0, 20.0));
    }

    #[test]
    fn nodes_follow_each_other() {
        let table = hat(Ends::Held);
        assert_eq!(
            [0.0, 10.0, 39.0, 40.0].map(|t| table.next_node_after(t)),
            [Some(10.0), Some(20.0), Some(40.0), None]
        );
    }

    #[test]
    fn a_bilinear_function_is_reproduced_at_any_radius() {
        let f = |t: f64, r: f64| 1.0 + 2.0 * t + 3.0 * r + 0.5 * t * r;
        let (times, radii) = (vec![0.0, 1.0, 4.0], vec![1.0, 2.0, 5.0]);
        let rates = times.iter().flat_map(|t| radii.iter().map(|r| f(*t, *r))).collect();
        let grid = RateGrid::new(times, radii, rates).unwrap();
        for r in [0.0, 1.0, 1.7, 2.0, 4.9, 7.0] {
            let (held, prolonged) = (grid.at_radius(r, Ends::Held), grid.at_radius(r, Ends::Extrapolated));
            for t in [0.0, 0.3, 1.0, 3.0] {
                assert_close(prolonged.rate(t), f(t, r), ROUNDING);
                assert_close(held.rate(t), f(t, r.clamp(1.0, 5.0)), ROUNDING);
            }
            assert_close(prolonged.rate(9.0), f(9.0, r), ROUNDING);
        }
    }

    #[test]
    fn a_table_that_is_none_is_refused() {
        assert!(RateTable::new(vec![], vec![], Ends::Held).is_err());
        assert!(RateTable::new(vec![0.0, 0.0], vec![1.0; 2], Ends::Held).is_err());
        assert!(RateGrid::new(vec![0.0, 1.0], vec![1.0], vec![1.0; 2]).is_err());
        assert!(RateGrid::new(vec![0.0, 1.0], vec![1.0, 2.0], vec![1.0; 3]).is_err());
    }
}
