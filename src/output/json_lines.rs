//! Tables of one JSON object a line, keys in alphabetical order, null for what is missing.

use std::io::{BufWriter, Write};
use std::path::Path;

use serde_json::{Map, Value};

use super::OutputError;
use super::columns::{Column, Field, Table};
use super::csv::length_of;
use super::part_file::{PartFile, part_path};
use crate::checkpoint::snapshot::{Exchange, Snapshot};

/// A table in the making; its file ends in `.part` until [`JsonLines::finish`].
pub struct JsonLines<T: Table> {
    columns: &'static [Column<T>],
    writer: BufWriter<PartFile>,
    path: std::path::PathBuf,
}

impl<T: Table> JsonLines<T> {
    /// Starts the table that will become `path`.
    ///
    /// # Errors
    /// [`OutputError::Io`] if the file cannot be created.
    pub fn create(path: &Path, columns: &'static [Column<T>]) -> Result<Self, OutputError> {
        Ok(JsonLines { columns, writer: BufWriter::new(PartFile::create(path)?), path: path.to_path_buf() })
    }

    /// Goes on with the table that will become `path` where a checkpoint of the run has left it.
    ///
    /// # Errors
    /// [`OutputError`] if the checkpoint does not know the table, or the file is shorter than it was then.
    pub fn resume(path: &Path, columns: &'static [Column<T>], from: &Snapshot) -> Result<Self, OutputError> {
        let mut length = 0;
        Exchange::restoring(from, "output").count(&length_of(path), "", &mut length)?;
        let writer = BufWriter::new(PartFile::reopen(path, length)?);
        Ok(JsonLines { columns, writer, path: path.to_path_buf() })
    }

    /// Brings the table to the disk and saves how long it is.
    ///
    /// # Errors
    /// [`OutputError::Io`] if it cannot be written.
    pub fn save(&mut self, exchange: &mut Exchange) -> Result<(), OutputError> {
        self.writer.flush().map_err(OutputError::io("write", &part_path(&self.path)))?;
        let mut length = self.writer.get_ref().sync()?;
        Ok(exchange.count(&length_of(&self.path), "length of the table in bytes", &mut length)?)
    }

    /// Adds a row.
    ///
    /// # Errors
    /// [`OutputError::Io`] if it cannot be written.
    pub fn push(&mut self, row: &T::Row<'_>) -> Result<(), OutputError> {
        let object: Map<String, Value> =
            self.columns.iter().map(|column| (column.name.to_owned(), json(column.field(row)))).collect();
        let path = &self.path;
        writeln!(self.writer, "{}", Value::Object(object)).map_err(|e| OutputError::io("write", &part_path(path))(e))
    }

    /// Makes the file whole.
    ///
    /// # Errors
    /// [`OutputError::Io`] if the rest cannot be written; the file then keeps the ending `.part`.
    pub fn finish(self) -> Result<(), OutputError> {
        let path = self.path;
        let file = self.writer.into_inner().map_err(|e| OutputError::io("write", &part_path(&path))(e.into_error()))?;
        file.commit()
    }
}

fn json(field: Field<'_>) -> Value {
    match field {
        Field::Missing => Value::Null,
        Field::Real(x) => x.into(),
        Field::Integer(n) => n.into(),
        Field::Flag(flag) => flag.into(),
        Field::Text(text) => text.into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::output::fixtures::Fixture;
    use crate::output::step_columns::SINKS_TRACE;

    #[test]
    fn a_line_is_an_object_with_every_key_in_order() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("trace.jsonl");
        let mut table = JsonLines::create(&path, SINKS_TRACE).unwrap();
        let fixture = Fixture::new();
        table.push(&fixture.row(0)).unwrap();
        assert!(!path.exists());
        table.finish().unwrap();
        let text = std::fs::read_to_string(&path).unwrap();
        let keys: Vec<&str> = text.split('"').skip(1).step_by(2).filter(|word| *word != "solid").collect();
        let mut sorted: Vec<&str> = SINKS_TRACE.iter().map(|column| column.name).collect();
        sorted.sort_unstable();
        assert_eq!(keys, sorted);
        let row: Value = serde_json::from_str(text.trim_end()).unwrap();
        assert_eq!((&row["t_escape_s"], &row["ds_dt_m_s"]), (&Value::Null, &Value::from(-1e-9)));
    }
}
