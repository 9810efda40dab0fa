//! Supply rates over time (and radius), and what the temperature of Mars does to them.

use std::path::Path;

use super::{Curve, Read, Source, Table, TableError, read_columns};

/// A table of supply rates.
#[derive(Debug, Clone, PartialEq)]
pub enum SupplyRates {
    /// Rates over time.
    Curve(Curve),
    /// Rates over time and radius.
    Grid {
        /// Times, ascending.
        times: Vec<f64>,
        /// Radii, ascending.
        radii: Vec<f64>,
        /// Rates, all radii of the first time first.
        rates: Vec<f64>,
    },
}

/// Reads supply rates \[kg m⁻² s⁻¹\]; the unit of the time is the caller's business, radii are in metres.
///
/// Columns `t`, `r` and `rate`, in any order of the rows, are a rectangle of times and radii. In any other table the first
/// column is the time, which must ascend, and the last the rate.
///
/// # Errors
/// As [`super::read_columns`]; a negative rate; times that do not ascend; a rectangle that is not full, has a point twice
/// or fewer than two times or radii.
pub fn read(path: &Path) -> Read<SupplyRates> {
    let source = Source::open(path)?;
    if ["t", "r", "rate"].iter().all(|name| source.has(name)) { grid(source) } else { curve(source) }
}

fn curve(source: Source) -> Read<SupplyRates> {
    let names = source.names.clone();
    let (Some(first), Some(last)) = (names.first(), names.last()) else {
        return Err(TableError::Table { path: source.file.read, reason: "it has no columns".to_owned() });
    };
    if names.len() < 2 {
        let reason = "it needs two columns, time and rate".to_owned();
        return Err(TableError::Table { path: source.file.read, reason });
    }
    let table = source.columns(&[first, last])?;
    check_rates(&table, 1, last)?;
    check_ascending(&table, first)?;
    Ok((SupplyRates::Curve((table.column(0).to_vec(), table.column(1).to_vec())), table.file))
}

fn grid(source: Source) -> Read<SupplyRates> {
    let table = source.columns(&["t", "r", "rate"])?;
    check_rates(&table, 2, "rate")?;
    let (times, radii) = (axis(table.column(0)), axis(table.column(1)));
    if times.len() < 2 || radii.len() < 2 {
        return Err(table.wrong("it must have at least two different times and two different radii"));
    }
    let mut rates = vec![f64::NAN; times.len() * radii.len()];
    for row in 0..table.len() {
        let (t, r) = (table.column(0)[row], table.column(1)[row]);
        // Both are among the values that the axes were made of.
        let at = times.partition_point(|time| *time < t) * radii.len() + radii.partition_point(|radius| *radius < r);
        if !rates[at].is_nan() {
            return Err(table.wrong_row(row, format!("the point t = {t}, r = {r} occurs twice")));
        }
        rates[at] = table.column(2)[row];
    }
    if let Some(at) = rates.iter().position(|rate| rate.is_nan()) {
        let (t, r) = (times[at / radii.len()], radii[at % radii.len()]);
        return Err(table.wrong(format!("the point t = {t}, r = {r} is missing from the rectangle")));
    }
    Ok((SupplyRates::Grid { times, radii, rates }, table.file))
}

/// Reads temperatures \[K\], sorted, and the values beside them; columns by name.
///
/// # Errors
/// As [`super::read_columns`], a temperature that is not positive or occurs twice.
pub fn read_temperature(path: &Path, temperature: &str, value: &str) -> Read<Curve> {
    let table = read_columns(path, &[temperature, value])?;
    let temperatures = table.column(0);
    if let Some(row) = temperatures.iter().position(|t| *t <= 0.0) {
        return Err(table.wrong_row(row, format!("{temperature} = {} must be positive", temperatures[row])));
    }
    let mut order: Vec<usize> = (0..table.len()).collect();
    order.sort_by(|a, b| temperatures[*a].total_cmp(&temperatures[*b]));
    if let Some(pair) = order.windows(2).find(|pair| temperatures[pair[0]] == temperatures[pair[1]]) {
        return Err(table.wrong_row(pair[1], format!("{temperature} = {} occurs twice", temperatures[pair[1]])));
    }
    let sorted = |column: usize| order.iter().map(|row| table.column(column)[*row]).collect();
    Ok(((sorted(0), sorted(1)), table.file.clone()))
}

/// The different values of a column, ascending.
fn axis(column: &[f64]) -> Vec<f64> {
    // Zero and minus zero are the same.
    let mut values: Vec<f64> = column.iter().map(|value| value + 0.0).collect();
    values.sort_by(f64::total_cmp);
    values.dedup();
    values
}

fn check_rates(table: &Table, column: usize, name: &str) -> Result<(), TableError> {
    let rates = table.column(column);
    match rates.iter().position(|rate| *rate < 0.0) {
        Some(row) => Err(table.wrong_row(row, format!("{name} = {} must not be negative", rates[row]))),
        None => Ok(()),
    }
}

fn check_ascending(table: &Table, name: &str) -> Result<(), TableError> {
    let times = table.column(0);
    match (1..times.len()).find(|row| times[*row] <= times[row - 1]) {
        Some(row) => {
            let reason = format!("{name} = {} must be above the {} before it", times[row], times[row - 1]);
            Err(table.wrong_row(row, reason))
        }
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    fn file(content: &str) -> (tempfile::TempDir, std::path::PathBuf) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("supply.csv");
        fs::write(&path, content).unwrap();
        (folder, path)
    }

    fn complaint(content: &str) -> String {
        read(&file(content).1).unwrap_err().to_string()
    }

    #[test]
    fn the_first_and_the_last_column_are_a_curve() {
        let (_folder, path) = file("time,comment,rate\n0,7,1e-6\n10,7,2e-6\n");
        assert_eq!(read(&path).unwrap().0, SupplyRates::Curve((vec![0.0, 10.0], vec![1e-6, 2e-6])));
    }

    #[test]
    fn rows_of_a_rectangle_may_stand_in_any_order() {
        let (_folder, path) = file("r,rate,t\n2,4,1\n1,1,0\n1,3,1\n2,2,0\n");
        let grid = SupplyRates::Grid { times: vec![0.0, 1.0], radii: vec![1.0, 2.0], rates: vec![1.0, 2.0, 3.0, 4.0] };
        assert_eq!(read(&path).unwrap().0, grid);
    }

    #[test]
    fn a_table_that_cannot_be_meant_is_refused_with_its_line() {
        for (content, part) in [
            ("t,rate\n0,1\n5,-1\n", "line 3"),
            ("t,rate\n5,1\n5,1\n", "line 3"),
            ("t\n5\n", "two columns"),
            ("t,r,rate\n0,1,1\n0,2,1\n1,1,1\n", "missing"),
            ("t,r,rate\n0,1,1\n0,2,1\n1,1,1\n1,1,1\n", "line 5"),
            ("t,r,rate\n0,1,1\n0,2,1\n", "two different"),
        ] {
            assert!(complaint(content).contains(part), "{}", complaint(content));
        }
    }

    #[test]
    fn temperatures_are_sorted_and_must_be_positive_and_different() {
        let (_folder, path) = file("T_K,value\n2000,2\n1500,1\n");
        assert_eq!(read_temperature(&path, "T_K", "value").unwrap().0, (vec![1500.0, 2000.0], vec![1.0, 2.0]));
        for content in ["T_K,value\n0,2\n", "T_K,value\n10,2\n10,3\n"] {
            assert!(read_temperature(&file(content).1, "T_K", "value").is_err());
        }
    }
}
