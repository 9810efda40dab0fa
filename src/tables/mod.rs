//! temporary
#![allow(missing_docs)]
use std::path::{Path, PathBuf};
#[derive(Debug, thiserror::Error)]
#[error("table")]
pub struct TableError;
#[derive(Debug, Clone)]
pub struct TableFile {
    pub configured: PathBuf,
    pub read: PathBuf,
}
type R<T> = Result<(T, TableFile), TableError>;
pub mod qpr {
    use super::*;
    pub fn read(p: &Path) -> R<Vec<(f64, f64, f64)>> {
        let mut r = csv::ReaderBuilder::new().comment(Some(b'#')).from_path(p).map_err(|_| TableError)?;
        let rows = r.deserialize::<(f64, f64, f64)>().collect::<Result<Vec<_>, _>>().map_err(|_| TableError)?;
        Ok((rows, TableFile { configured: p.into(), read: p.into() }))
    }
}
pub mod phi {
    use super::*;
    pub fn read(_: &Path) -> R<(Vec<f64>, Vec<f64>)> {
        Err(TableError)
    }
}
pub mod eccentricity {
    use super::*;
    pub fn read(_: &Path, _: &str) -> R<(Vec<f64>, Vec<f64>)> {
        Err(TableError)
    }
}
pub mod temperature {
    use super::*;
    pub fn read(_: &Path, _: &str, _: &str) -> R<(Vec<f64>, Vec<f64>)> {
        Err(TableError)
    }
}
