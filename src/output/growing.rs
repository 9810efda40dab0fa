//! Tables that grow row by row in a file of their own, which a checkpoint knows by its name and length.

use super::OutputError;
use crate::checkpoint::snapshot::{Exchange, Snapshot};
use crate::files::PartFile;
use std::path::Path;

/// Starts the file that will become `path`, or goes on with it where the checkpoint `from` has left it.
///
/// # Errors
/// [`OutputError`] if the file cannot be opened, is shorter than it was then, or the checkpoint does not know it.
pub fn open(path: &Path, from: Option<&Snapshot>) -> Result<PartFile, OutputError> {
    let Some(snapshot) = from else { return Ok(PartFile::create(path)?) };
    let mut length = 0;
    Exchange::restoring(snapshot, "output").count(&length_of(path), "", &mut length)?;
    Ok(PartFile::reopen(path, length)?)
}

/// Brings what was written to the disk, and saves how long the file is for [`open`].
///
/// # Errors
/// [`OutputError`] if the system refuses.
pub fn save(file: &PartFile, exchange: &mut Exchange) -> Result<(), OutputError> {
    let mut length = file.sync()?;
    Ok(exchange.count(&length_of(file.path()), "length of the table in bytes", &mut length)?)
}

/// How long a checkpoint says that the table of `path` is [bytes], if it knows it.
pub fn saved_length(path: &Path, checkpoint: &Snapshot) -> Option<u64> {
    checkpoint.count(&format!("output/{}", length_of(path)))
}

/// Name under which a checkpoint keeps the length of a table.
fn length_of(path: &Path) -> String {
    format!("{}_length", path.file_name().unwrap_or_default().display())
}
