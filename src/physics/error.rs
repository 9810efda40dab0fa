//! What can be wrong with the numbers given to this room.

use thiserror::Error;

use super::constants::TEMPERATURE_RANGE;

/// An input that a formula cannot work with; every variant carries the values that show why.
#[derive(Debug, Clone, PartialEq, Error)]
pub enum PhysicsError {
    /// One number breaks one rule.
    #[error("{name} = {value}: {rule}")]
    BadValue {
        /// What the number is.
        name: &'static str,
        /// What it is instead.
        value: f64,
        /// What it has to be.
        rule: &'static str,
    },
    /// Grains stay at Mars on bound orbits alone.
    #[error("eccentricity {eccentricity}: grains need bound orbits, 0 <= e < 1")]
    UnboundOrbit {
        /// The offending eccentricity.
        eccentricity: f64,
    },
    /// Mars left the range in which the model holds.
    #[error("Mars is at {temperature} K at t = {t} s, outside {} … {} K", TEMPERATURE_RANGE.0, TEMPERATURE_RANGE.1)]
    TemperatureOutOfRange {
        /// Time [s].
        t: f64,
        /// Temperature [K].
        temperature: f64,
    },
    /// A temperature table was asked for a time that it does not hold.
    #[error("t = {t} s is outside the temperature table, which spans {first} … {last} s and does not hold its ends")]
    TimeOutsideTable {
        /// Time asked for [s].
        t: f64,
        /// First time of the table [s].
        first: f64,
        /// Last time of the table [s].
        last: f64,
    },
    /// Two columns of a table have different lengths.
    #[error("{table}: {found} values where {expected} are needed")]
    LengthMismatch {
        /// Which table.
        table: &'static str,
        /// Length that fits the axes.
        expected: usize,
        /// Length found.
        found: usize,
    },
    /// A table is too short.
    #[error("{table}: {column} has {found} distinct entries, at least {needed} are needed")]
    TooFewEntries {
        /// Which table.
        table: &'static str,
        /// Which column.
        column: &'static str,
        /// Entries needed.
        needed: usize,
        /// Entries found.
        found: usize,
    },
    /// An axis does not rise strictly.
    #[error("{table}: {column} must rise strictly, but entry {index} is {value} after {previous}")]
    NotAscending {
        /// Which table.
        table: &'static str,
        /// Which column.
        column: &'static str,
        /// Position of the second of the two, counted from 0.
        index: usize,
        /// The entry before.
        previous: f64,
        /// The entry.
        value: f64,
    },
    /// A table entry is NaN, infinite, or has the wrong sign.
    #[error("{table}: {column}, entry {index} is {value}: {rule}")]
    BadEntry {
        /// Which table.
        table: &'static str,
        /// Which column.
        column: &'static str,
        /// Position, counted from 0.
        index: usize,
        /// The entry.
        value: f64,
        /// What it has to be.
        rule: &'static str,
    },
    /// A Q_pr table gives the same point twice.
    #[error("Q_pr table: the point T = {temperature} K, s = {size:e} m appears more than once")]
    DuplicatePoint {
        /// Temperature [K].
        temperature: f64,
        /// Grain size [m].
        size: f64,
    },
    /// A Q_pr table is not a full rectangle.
    #[error("Q_pr table: the point T = {temperature} K, s = {size:e} m is missing from the rectangle")]
    MissingPoint {
        /// Temperature [K].
        temperature: f64,
        /// Grain size [m].
        size: f64,
    },
    /// A table of a temperature is asked beyond its ends.
    #[error("{table}: {temperature} K lies outside {first} … {last} K")]
    TemperatureOutsideTable {
        /// Which table.
        table: &'static str,
        /// Temperature [K].
        temperature: f64,
        /// First temperature of the table [K].
        first: f64,
        /// Last temperature of the table [K].
        last: f64,
    },
    /// A size distribution has no mass on this grid.
    #[error("{distribution}: no bin between {lower:e} and {upper:e} m receives any mass")]
    EmptyDistribution {
        /// Which distribution.
        distribution: &'static str,
        /// Smallest size that may hold mass [m].
        lower: f64,
        /// Largest size that may hold mass [m].
        upper: f64,
    },
}

impl PhysicsError {
    /// `Ok(value)` if it is finite and positive.
    pub(crate) fn positive(name: &'static str, value: f64) -> Result<f64, PhysicsError> {
        if value.is_finite() && value > 0.0 {
            Ok(value)
        } else {
            Err(PhysicsError::BadValue { name, value, rule: "must be finite and positive" })
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_names_the_values() {
        let text = PhysicsError::TemperatureOutOfRange { t: 12.5, temperature: 997.0 }.to_string();
        for part in ["997", "12.5", "1000", "6500"] {
            assert!(text.contains(part), "{part} missing in: {text}");
        }
    }

    #[test]
    fn zero_negative_and_nan_are_not_positive() {
        assert_eq!(PhysicsError::positive("x", 2.0), Ok(2.0));
        for bad in [0.0, -1.0, f64::INFINITY, f64::NAN] {
            assert!(PhysicsError::positive("x", bad).is_err(), "{bad}");
        }
    }
}
