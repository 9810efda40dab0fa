//! CSV tables: comma, one header line, the shortest decimal form that reads back to the same number, booleans as
//! `True` and `False`, nothing for what is missing.

use std::path::Path;

use super::OutputError;
use super::columns::{Column, Field, Table};
use super::growing;
use crate::checkpoint::snapshot::{Exchange, Snapshot};
use crate::files::{FileError, PartFile, part_path};

/// A CSV table in the making; its file ends in `.part` until [`CsvTable::finish`].
pub struct CsvTable<T: Table> {
    columns: Vec<Column<T>>,
    writer: csv::Writer<PartFile>,
    path: std::path::PathBuf,
}

impl<T: Table> CsvTable<T> {
    /// Starts the table that will become `path` and writes the header, or goes on with it where the checkpoint `from` has
    /// left it.
    ///
    /// # Errors
    /// [`OutputError`] if the file cannot be written, is shorter than it was then, or the checkpoint does not know it.
    pub fn open(path: &Path, columns: &[Column<T>], from: Option<&Snapshot>) -> Result<Self, OutputError> {
        let mut writer = csv::Writer::from_writer(growing::open(path, from)?);
        if from.is_none() {
            writer.write_record(columns.iter().map(|column| column.name)).map_err(csv_error(path))?;
        }
        Ok(CsvTable { columns: columns.to_vec(), writer, path: path.to_path_buf() })
    }

    /// Brings the table to the disk and saves how long it is.
    ///
    /// # Errors
    /// [`OutputError`] if it cannot be written.
    pub fn save(&mut self, exchange: &mut Exchange) -> Result<(), OutputError> {
        self.writer.flush().map_err(OutputError::io("write", &part_path(&self.path)))?;
        growing::save(self.writer.get_ref(), exchange)
    }

    /// Adds a row.
    ///
    /// # Errors
    /// [`OutputError::Io`] if it cannot be written.
    pub fn push(&mut self, row: &T::Row<'_>) -> Result<(), OutputError> {
        let fields = self.columns.iter().map(|column| text(column.field(row)));
        self.writer.write_record(fields).map_err(csv_error(&self.path))
    }

    /// Makes the file whole.
    ///
    /// # Errors
    /// [`OutputError::Io`] if the rest cannot be written; the file then keeps the ending `.part`.
    pub fn finish(self) -> Result<(), OutputError> {
        let file = self.writer.into_inner().map_err(|e| {
            let e = e.into_error();
            OutputError::io("write", &part_path(&self.path))(e)
        })?;
        Ok(file.commit()?)
    }
}

fn csv_error(path: &Path) -> impl FnOnce(csv::Error) -> OutputError {
    let path = part_path(path);
    move |error| FileError { operation: "write", path, source: error.into() }.into()
}

/// `{:?}` of a number is its shortest form that reads back, with an exponent where it is very small or large.
fn text(field: Field<'_>) -> String {
    match field {
        Field::Missing => String::new(),
        Field::Real(x) => format!("{x:?}"),
        Field::Integer(n) => n.to_string(),
        Field::Flag(true) => "True".to_owned(),
        Field::Flag(false) => "False".to_owned(),
        Field::Text(s) => s.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::disk::budget::BudgetRow;
    use crate::output::budgets::{DISK_BUDGET, DiskBudget};

    #[test]
    fn numbers_read_back_to_the_same_bits() {
        for x in [0.1 + 0.2, 1e-300, 6.4171e23, -0.0, 99.18021947464618, f64::MIN_POSITIVE, 2.0_f64.powi(70)] {
            assert_eq!(text(Field::Real(x)).parse::<f64>().unwrap().to_bits(), x.to_bits());
        }
        assert_eq!(text(Field::Real(1e-10)), "1e-10");
    }

    #[test]
    fn booleans_and_gaps_are_written_as_pandas_reads_them() {
        assert_eq!(text(Field::Flag(true)), "True");
        assert_eq!(text(Field::Flag(false)), "False");
        assert_eq!(text(Field::Missing), "");
    }

    #[test]
    fn an_empty_table_is_a_header_and_an_unfinished_one_has_no_name() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("mass_budget.csv");
        let table = CsvTable::<DiskBudget>::open(&path, DISK_BUDGET, None).unwrap();
        drop(table);
        assert!(!path.exists() && part_path(&path).exists());
        CsvTable::<DiskBudget>::open(&path, DISK_BUDGET, None).unwrap().finish().unwrap();
        let text = std::fs::read_to_string(&path).unwrap();
        assert_eq!(text.lines().count(), 1);
        assert!(!part_path(&path).exists());
    }

    #[test]
    fn a_full_disk_is_an_error_and_no_panic() {
        // /dev/full accepts opening and refuses every write
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("full.csv");
        std::os::unix::fs::symlink("/dev/full", part_path(&path)).unwrap();
        let mut table = CsvTable::<DiskBudget>::open(&path, DISK_BUDGET, None).unwrap();
        table.push(&BudgetRow::default()).unwrap();
        let error = table.finish().unwrap_err();
        assert!(error.to_string().contains("full.csv.part"), "{error}");
        assert_eq!(error.exit_code(), 5);
        assert!(!path.exists());
    }
}
