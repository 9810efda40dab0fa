//! Piecewise-linear tables of one variable: checking their axes and reading between their nodes.
//!
//! The two-variable table of Q_pr has its own rule, in [`super::qpr`].

use super::error::PhysicsError;

/// Value at `x` of the polyline through (`nodes`, `values`); the end values are held outside. NaN gives NaN.
///
/// `nodes` rises strictly and has the length of `values`, at least 1.
pub(crate) fn linear(nodes: &[f64], values: &[f64], x: f64) -> f64 {
    let last = nodes.len() - 1;
    if x.is_nan() {
        return x;
    }
    if x <= nodes[0] {
        return values[0];
    }
    if x >= nodes[last] {
        return values[last];
    }
    let right = nodes.partition_point(|&node| node <= x);
    let left = right - 1;
    let slope = (values[right] - values[left]) / (nodes[right] - nodes[left]);
    values[left] + slope * (x - nodes[left])
}

/// Errors unless `nodes` has at least `needed` entries, all finite and rising strictly.
pub(crate) fn check_axis(
    table: &'static str,
    column: &'static str,
    nodes: &[f64],
    needed: usize,
) -> Result<(), PhysicsError> {
    if nodes.len() < needed {
        return Err(PhysicsError::TooFewEntries { table, column, needed, found: nodes.len() });
    }
    check_finite(table, column, nodes)?;
    match (1..nodes.len()).find(|&k| nodes[k] <= nodes[k - 1]) {
        Some(index) => {
            Err(PhysicsError::NotAscending { table, column, index, previous: nodes[index - 1], value: nodes[index] })
        }
        None => Ok(()),
    }
}

/// Errors unless `values` has the length `expected` and only finite entries.
pub(crate) fn check_values(
    table: &'static str,
    column: &'static str,
    values: &[f64],
    expected: usize,
) -> Result<(), PhysicsError> {
    if values.len() != expected {
        return Err(PhysicsError::LengthMismatch { table, expected, found: values.len() });
    }
    check_finite(table, column, values)
}

/// Errors unless every entry is positive.
pub(crate) fn check_positive(table: &'static str, column: &'static str, values: &[f64]) -> Result<(), PhysicsError> {
    check_entries(table, column, values, |value| value > 0.0, "must be positive")
}

fn check_finite(table: &'static str, column: &'static str, values: &[f64]) -> Result<(), PhysicsError> {
    check_entries(table, column, values, f64::is_finite, "must be a finite number")
}

fn check_entries(
    table: &'static str,
    column: &'static str,
    values: &[f64],
    accept: impl Fn(f64) -> bool,
    rule: &'static str,
) -> Result<(), PhysicsError> {
    match values.iter().position(|&value| !accept(value)) {
        Some(index) => Err(PhysicsError::BadEntry { table, column, index, value: values[index], rule }),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nodes_are_met_exactly_and_ends_are_held() {
        let (x, y) = ([1.0, 2.0, 4.0], [10.0, 30.0, 0.0]);
        for k in 0..3 {
            assert_eq!(linear(&x, &y, x[k]), y[k]);
        }
        assert_eq!(linear(&x, &y, 3.0), 15.0);
        assert_eq!(linear(&x, &y, 0.0), 10.0);
        assert_eq!(linear(&x, &y, 9.0), 0.0);
        assert_eq!(linear(&[1.0], &[7.0], -3.0), 7.0);
        assert!(linear(&x, &y, f64::NAN).is_nan());
    }

    #[test]
    fn bad_axes_are_named() {
        assert!(matches!(check_axis("t", "c", &[1.0], 2), Err(PhysicsError::TooFewEntries { found: 1, .. })));
        assert!(matches!(check_axis("t", "c", &[1.0, 1.0], 2), Err(PhysicsError::NotAscending { index: 1, .. })));
        assert!(matches!(check_axis("t", "c", &[1.0, f64::NAN], 2), Err(PhysicsError::BadEntry { index: 1, .. })));
        assert!(matches!(check_values("t", "c", &[1.0], 2), Err(PhysicsError::LengthMismatch { expected: 2, .. })));
        assert!(check_axis("t", "c", &[1.0, 2.0], 2).is_ok());
    }
}
