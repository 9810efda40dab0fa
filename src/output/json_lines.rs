//! Tables of one JSON object a line, keys in alphabetical order, null for what is missing.

use std::io::{BufWriter, Write};
use std::path::Path;

use serde_json::{Map, Value};

use super::OutputError;
use super::columns::{Column, Field, Table};
use super::growing;
use crate::checkpoint::snapshot::{Exchange, Snapshot};
use crate::files::{PartFile, part_path};

/// A table in the making; its file ends in `.part` until [`JsonLines::finish`].
pub struct JsonLines<T: Table> {
    columns: &'static [Column<T>],
    writer: BufWriter<PartFile>,
    path: std::path::PathBuf,
}

impl<T: Table> JsonLines<T> {
    /// Starts the table that will become `path`, or goes on with it where the checkpoint `from` has left it.
    ///
    /// # Errors
    /// [`OutputError`] if the file cannot be opened, is shorter than it was then, or the checkpoint does not know it.
    pub fn open(path: &Path, columns: &'static [Column<T>], from: Option<&Snapshot>) -> Result<Self, OutputError> {
        let writer = BufWriter::new(growing::open(path, from)?);
        Ok(JsonLines { columns, writer, path: path.to_path_buf() })
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
        Ok(file.commit()?)
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
        let mut table = JsonLines::open(&path, SINKS_TRACE, None).unwrap();
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
