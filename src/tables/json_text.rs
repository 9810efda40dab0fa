//! JSON: a list of rows, `[{"t": 0, "rate": 1}, …]`, or columns, `{"t": [0, …], …}`, which may be numbered as pandas does it,
//! `{"t": {"0": 0, …}, …}`.

use std::{fmt, path::Path};

use serde::{Deserialize, Deserializer, de};
use serde_json::Value;

use super::{MOST_ROWS, Rows, TableError, error::quoted};

/// An object in the order of the file.
struct Object(Vec<(String, Value)>);

impl<'de> Deserialize<'de> for Object {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;
        impl<'de> de::Visitor<'de> for Visitor {
            type Value = Object;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object of columns, or a list of objects")
            }
            fn visit_map<A: de::MapAccess<'de>>(self, mut map: A) -> Result<Object, A::Error> {
                let mut entries = Vec::new();
                while let Some(entry) = map.next_entry()? {
                    entries.push(entry);
                }
                Ok(Object(entries))
            }
        }
        deserializer.deserialize_map(Visitor)
    }
}

/// Names of the columns and their values, in the order of the file.
type Columns = Vec<(String, Vec<Value>)>;

fn columns(text: &[u8], path: &Path) -> Result<Columns, TableError> {
    let unreadable =
        |error: serde_json::Error| TableError::Unreadable { path: path.to_owned(), reason: error.to_string() };
    let of_rows = text.iter().find(|byte| !byte.is_ascii_whitespace()) == Some(&b'[');
    let all = if of_rows {
        of_list(serde_json::from_slice(text).map_err(unreadable)?)
    } else {
        let Object(entries) = serde_json::from_slice(text).map_err(unreadable)?;
        entries.into_iter().map(|(name, values)| (name, of_column(values))).collect()
    };
    let wrong = |reason: String| TableError::Table { path: path.to_owned(), reason };
    match all.first().map_or(0, |(_, values): &(String, Vec<Value>)| values.len()) {
        _ if all.is_empty() => Err(wrong("it is empty".to_owned())),
        rows if rows > MOST_ROWS => Err(wrong(format!("it has more than {MOST_ROWS} rows"))),
        rows => match all.iter().find(|(_, values)| values.len() != rows) {
            Some((name, values)) => {
                let first = &all[0].0;
                Err(wrong(format!("its column `{name}` has {} rows, `{first}` has {rows}", values.len())))
            }
            None => Ok(all),
        },
    }
}

/// The columns are those of the first row; what a later row leaves out is null.
fn of_list(rows: Vec<Object>) -> Columns {
    let names: Vec<String> =
        rows.first().map_or_else(Vec::new, |Object(row)| row.iter().map(|(name, _)| name.clone()).collect());
    let value = |Object(row): &Object, name: &str| {
        row.iter().find(|(known, _)| known == name).map_or(Value::Null, |(_, value)| value.clone())
    };
    names.into_iter().map(|name| (name.clone(), rows.iter().map(|row| value(row, &name)).collect())).collect()
}

fn of_column(values: Value) -> Vec<Value> {
    match values {
        Value::Array(values) => values,
        Value::Object(numbered) => {
            let mut numbered: Vec<_> = numbered.into_iter().collect();
            numbered.sort_by_key(|(number, _)| number.parse::<u64>().unwrap_or(u64::MAX));
            numbered.into_iter().map(|(_, value)| value).collect()
        }
        single => vec![single],
    }
}

/// The names of the columns.
pub(super) fn names(text: &[u8], path: &Path) -> Result<Vec<String>, TableError> {
    Ok(columns(text, path)?.into_iter().map(|(name, _)| name).collect())
}

/// The columns at `indices`, called `names`.
pub(super) fn read(
    text: &[u8],
    path: &Path,
    indices: &[usize],
    names: &[&str],
) -> Result<(Vec<Vec<f64>>, Rows), TableError> {
    let all = columns(text, path)?;
    let number = |(row, value): (usize, &Value), name: &str| {
        value.as_f64().filter(|number| number.is_finite()).ok_or_else(|| TableError::Value {
            path: path.to_owned(),
            place: format!("row {}", row + 1),
            column: name.to_owned(),
            found: if value.is_null() { "a missing value".to_owned() } else { quoted(&value.to_string()) },
        })
    };
    let column = |(index, name): (&usize, &&str)| all[*index].1.iter().enumerate().map(|at| number(at, name)).collect();
    Ok((indices.iter().zip(names).map(column).collect::<Result<_, _>>()?, Rows::Numbered))
}
