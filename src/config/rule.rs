//! What a number may be: one [`Rule`] per key, declared beside the section that owns the key.
//!
//! Rules across keys are in [`super::validate`].

use std::{fmt, ops::Bound};

/// An interval of allowed numbers.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Range {
    /// Lower end.
    pub low: Bound<f64>,
    /// Upper end.
    pub high: Bound<f64>,
}

/// The allowed interval of one key.
#[derive(Debug, Clone, Copy)]
pub(super) struct Rule {
    /// Dotted path of the key.
    pub key: &'static str,
    /// What it may be.
    pub range: Range,
    /// Unit for messages; empty when there is none.
    pub unit: &'static str,
}

impl Rule {
    pub(super) const fn new(key: &'static str, range: Range, unit: &'static str) -> Self {
        Self { key, range, unit }
    }
}

/// x > low
pub(super) const fn above(low: f64) -> Range {
    Range { low: Bound::Excluded(low), high: Bound::Unbounded }
}

/// x ≥ low
pub(super) const fn at_least(low: f64) -> Range {
    Range { low: Bound::Included(low), high: Bound::Unbounded }
}

/// low ≤ x ≤ high
pub(super) const fn within(low: f64, high: f64) -> Range {
    Range { low: Bound::Included(low), high: Bound::Included(high) }
}

/// low < x ≤ high
pub(super) const fn above_to(low: f64, high: f64) -> Range {
    Range { low: Bound::Excluded(low), high: Bound::Included(high) }
}

/// low ≤ x < high
pub(super) const fn from_to_below(low: f64, high: f64) -> Range {
    Range { low: Bound::Included(low), high: Bound::Excluded(high) }
}

/// low < x < high
pub(super) const fn between(low: f64, high: f64) -> Range {
    Range { low: Bound::Excluded(low), high: Bound::Excluded(high) }
}

impl Range {
    /// Whether `x` lies in the interval; never true for NaN.
    pub(super) fn contains(self, x: f64) -> bool {
        let over = match self.low {
            Bound::Included(low) => x >= low,
            Bound::Excluded(low) => x > low,
            Bound::Unbounded => true,
        };
        let under = match self.high {
            Bound::Included(high) => x <= high,
            Bound::Excluded(high) => x < high,
            Bound::Unbounded => true,
        };
        over && under
    }
}

impl fmt::Display for Range {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.low, self.high) {
            (Bound::Included(low), Bound::Included(high)) => return write!(f, "{low} to {high}"),
            (Bound::Included(low), _) => write!(f, "at least {low}")?,
            (Bound::Excluded(low), _) => write!(f, "above {low}")?,
            (Bound::Unbounded, _) => {}
        }
        match self.high {
            Bound::Included(high) => write!(f, ", at most {high}"),
            Bound::Excluded(high) => write!(f, ", below {high}"),
            Bound::Unbounded => Ok(()),
        }
    }
}

impl fmt::Display for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.unit.is_empty() { self.range.fmt(f) } else { write!(f, "{} ({})", self.range, self.unit) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_interval_knows_which_of_its_ends_belong_to_it() {
        assert!(!above(0.0).contains(0.0) && above(0.0).contains(f64::MIN_POSITIVE));
        assert!(at_least(0.0).contains(0.0) && !at_least(0.0).contains(-f64::MIN_POSITIVE));
        assert!(within(1.0, 2.0).contains(1.0) && within(1.0, 2.0).contains(2.0) && !within(1.0, 2.0).contains(2.1));
        assert!(!above_to(0.0, 1.0).contains(0.0) && above_to(0.0, 1.0).contains(1.0));
        assert!(from_to_below(0.0, 1.0).contains(0.0) && !from_to_below(0.0, 1.0).contains(1.0));
        assert!(!between(0.0, 1.0).contains(0.0) && !between(0.0, 1.0).contains(1.0));
        assert!(!at_least(0.0).contains(f64::NAN) && !within(0.0, 1.0).contains(f64::NAN));
    }

    #[test]
    fn an_interval_reads_like_a_sentence() {
        assert_eq!(within(1000.0, 5000.0).to_string(), "1000 to 5000");
        assert_eq!(from_to_below(0.0, 1.0).to_string(), "at least 0, below 1");
        assert_eq!(above_to(0.0, 1.0).to_string(), "above 0, at most 1");
        assert_eq!(Rule::new("x", above(1e-6), "m").to_string(), "above 0.000001 (m)");
    }
}
