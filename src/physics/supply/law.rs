//! How much leaves the source over time, before any scaling.

use super::{Piecewise, PowerLaw, RateTable};

/// A supply rate over time at one radius.
#[derive(Debug, Clone, PartialEq)]
pub enum SupplyLaw {
    /// The same at all times [kg m⁻² s⁻¹].
    Constant(f64),
    /// A power of time.
    PowerLaw(PowerLaw),
    /// Tabulated.
    Table(RateTable),
    /// One law after the other.
    Piecewise(Piecewise),
}

impl SupplyLaw {
    /// Rate at time `t` [s], in kg m⁻² s⁻¹.
    pub fn rate(&self, t: f64) -> f64 {
        match self {
            SupplyLaw::Constant(rate) => *rate,
            SupplyLaw::PowerLaw(law) => law.rate(t),
            SupplyLaw::Table(table) => table.rate(t),
            SupplyLaw::Piecewise(pieces) => pieces.rate(t),
        }
    }

    /// Mass per area from `from` to `to` [s], in kg m⁻²: the exact integral of the rate.
    pub fn amount(&self, from: f64, to: f64) -> f64 {
        match self {
            SupplyLaw::Constant(rate) => rate * (to - from),
            SupplyLaw::PowerLaw(law) => law.amount(from, to),
            SupplyLaw::Table(table) => table.amount(from, to),
            SupplyLaw::Piecewise(pieces) => pieces.amount(from, to),
        }
    }

    /// Mean rate from `from` to `to` [s], in kg m⁻² s⁻¹; to is above from.
    pub fn mean(&self, from: f64, to: f64) -> f64 {
        match self {
            // Without the roundings of an integral.
            SupplyLaw::Constant(rate) => *rate,
            _ => self.amount(from, to) / (to - from),
        }
    }

    /// The first moment after `t` [s] at which the rate or its slope jumps; `None` when it never does again.
    pub fn next_edge_after(&self, t: f64) -> Option<f64> {
        match self {
            SupplyLaw::Constant(_) => None,
            SupplyLaw::PowerLaw(law) => (t < law.start).then_some(law.start),
            SupplyLaw::Table(table) => table.next_node_after(t),
            SupplyLaw::Piecewise(pieces) => pieces.next_edge_after(t),
        }
    }

    /// How unevenly the mass of a time span [s] is spread over its halves: |second − first| / both, from 0 to 1.
    ///
    /// A rate that changes by the small share x over the span gives x/4.
    pub fn unevenness(&self, from: f64, to: f64) -> f64 {
        let middle = 0.5 * (from + to);
        let (first, second) = match self {
            SupplyLaw::Constant(_) => return 0.0,
            _ => (self.amount(from, middle), self.amount(middle, to)),
        };
        let both = first + second;
        if both > 0.0 { (second - first).abs() / both } else { 0.0 }
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::testing::{ROUNDING, assert_close};
    use super::super::Ends;
    use super::*;

    #[test]
    fn the_mean_lies_between_the_rates_of_a_monotonic_law() {
        let laws = [
            SupplyLaw::Constant(2.0),
            SupplyLaw::PowerLaw(PowerLaw { amplitude: 3.0, start: 0.0, index: -0.5 }),
            SupplyLaw::Table(RateTable::new(vec![0.0, 100.0], vec![5.0, 1.0], Ends::Held).unwrap()),
        ];
        for law in laws {
            let mean = law.mean(10.0, 40.0);
            assert!(mean <= law.rate(10.0) && mean >= law.rate(40.0), "{law:?}: {mean}");
            assert_close(law.amount(10.0, 40.0), 30.0 * mean, ROUNDING);
        }
    }

    #[test]
    fn a_rate_that_changes_little_is_uneven_by_a_quarter_of_the_change() {
        let law = SupplyLaw::Table(RateTable::new(vec![0.0, 1.0], vec![1.0, 1.04], Ends::Held).unwrap());
        assert_close(law.unevenness(0.0, 1.0), 0.01 / 1.02, 1e-9);
        assert_eq!(SupplyLaw::Constant(3.0).unevenness(0.0, 1.0), 0.0);
        assert_eq!(SupplyLaw::Piecewise(Piecewise::new(&[])).unevenness(0.0, 1.0), 0.0);
        let late = SupplyLaw::PowerLaw(PowerLaw { amplitude: 3.0, start: 0.5, index: 0.0 });
        assert_close(late.unevenness(0.0, 1.0), 1.0, 1e-12);
        assert_eq!([0.0, 0.5].map(|t| late.next_edge_after(t)), [Some(0.5), None]);
    }
}
