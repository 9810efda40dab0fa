//! A file that has its name only when it is whole.
//!
//! While it is written it is called `NAME.part`; [`PartFile::commit`] brings it to the disk and renames it, which the
//! system does in one step. So a reader never sees half a file under the final name, whenever the program ends.

use std::fs::{self, File};
use std::io::{self, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use super::OutputError;
use crate::checkpoint::snapshot::{Exchange, Snapshot};

/// Ending of a file that is not whole yet.
pub const PART: &str = "part";

/// A file in the making; dropped without [`PartFile::commit`] it stays `NAME.part`.
#[derive(Debug)]
pub struct PartFile {
    file: File,
    path: PathBuf,
}

impl PartFile {
    /// Starts the file that will become `path`; what an earlier attempt left is overwritten.
    ///
    /// # Errors
    /// [`OutputError::Io`] if the file cannot be created.
    pub fn create(path: &Path) -> Result<Self, OutputError> {
        let part = part_path(path);
        let file = File::create(&part).map_err(OutputError::io("create", &part))?;
        Ok(PartFile { file, path: path.to_path_buf() })
    }

    /// Takes over `NAME.part` of the file that will become `path`, opened for writing by somebody else.
    pub fn adopt(file: File, path: &Path) -> Self {
        PartFile { file, path: path.to_path_buf() }
    }

    /// Starts the file that will become `path`, or goes on with it where the checkpoint `from` has left it.
    ///
    /// # Errors
    /// [`OutputError`] if the file cannot be opened, is shorter than it was then, or the checkpoint does not know it.
    pub fn open(path: &Path, from: Option<&Snapshot>) -> Result<Self, OutputError> {
        let Some(snapshot) = from else { return PartFile::create(path) };
        let mut length = 0;
        Exchange::restoring(snapshot, "output").count(&length_of(path), "", &mut length)?;
        PartFile::reopen(path, length)
    }

    /// Goes on with the file that will become `path` behind its first `length` bytes; what follows them is cut off.
    ///
    /// # Errors
    /// [`OutputError::Io`] if the file cannot be opened or is shorter.
    pub fn reopen(path: &Path, length: u64) -> Result<Self, OutputError> {
        let part = part_path(path);
        let open = || {
            let mut file = File::options().write(true).open(&part)?;
            let found = file.metadata()?.len();
            if found < length {
                return Err(io::Error::other(format!("it has {found} bytes, and had {length} before")));
            }
            file.set_len(length)?;
            file.seek(SeekFrom::End(0))?;
            Ok(file)
        };
        Ok(PartFile { file: open().map_err(OutputError::io("go on with", &part))?, path: path.to_path_buf() })
    }

    /// Brings what was written to the disk, and saves how long the file is for [`PartFile::open`].
    ///
    /// # Errors
    /// [`OutputError`] if the system refuses.
    pub fn save(&self, exchange: &mut Exchange) -> Result<(), OutputError> {
        let length = self.file.sync_data().and_then(|()| self.file.metadata()).map(|facts| facts.len());
        let mut length = length.map_err(OutputError::io("write to disk", &part_path(&self.path)))?;
        Ok(exchange.count(&length_of(&self.path), "length of the table in bytes", &mut length)?)
    }

    /// Final name of the file.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Makes the file whole: to the disk, then to its final name.
    ///
    /// # Errors
    /// [`OutputError::Io`] if the system refuses; the file then keeps the ending `.part`.
    pub fn commit(self) -> Result<(), OutputError> {
        let part = part_path(&self.path);
        self.file.sync_all().map_err(OutputError::io("write to disk", &part))?;
        fs::rename(&part, &self.path).map_err(OutputError::io("rename", &part))?;
        let folder = match self.path.parent() {
            Some(folder) if !folder.as_os_str().is_empty() => folder,
            _ => Path::new("."),
        };
        File::open(folder).and_then(|f| f.sync_all()).map_err(OutputError::io("write to disk", folder))
    }

    /// Gives the file up and removes it.
    ///
    /// # Errors
    /// [`OutputError::Io`] if it cannot be removed.
    pub fn discard(self) -> Result<(), OutputError> {
        let part = part_path(&self.path);
        fs::remove_file(&part).map_err(OutputError::io("remove", &part))
    }
}

impl Write for PartFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.file.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

/// Name of the file that will become `path`.
pub fn part_path(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_os_string();
    name.push(".");
    name.push(PART);
    name.into()
}

/// Writes JSON in one piece: two spaces of indent, keys sorted, a newline at the end.
///
/// # Errors
/// [`OutputError::Io`] if the file cannot be written.
pub fn write_json(path: &Path, value: &serde_json::Value) -> Result<(), OutputError> {
    write_text(path, &format!("{value:#}\n"))
}

/// Writes a text in one go.
///
/// # Errors
/// [`OutputError::Io`] if the system refuses.
pub fn write_text(path: &Path, text: &str) -> Result<(), OutputError> {
    let mut file = PartFile::create(path)?;
    file.write_all(text.as_bytes()).map_err(OutputError::io("write", &part_path(path)))?;
    file.commit()
}

/// How long a checkpoint says that the table of `path` is [bytes], if it knows it.
pub fn saved_length(path: &Path, checkpoint: &Snapshot) -> Option<u64> {
    checkpoint.count(&format!("output/{}", length_of(path)))
}

/// Name under which a checkpoint keeps the length of a table.
fn length_of(path: &Path) -> String {
    format!("{}_length", path.file_name().unwrap_or_default().display())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_has_its_name_only_after_commit() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.csv");
        let mut file = PartFile::create(&path).unwrap();
        file.write_all(b"whole").unwrap();
        assert!(!path.exists() && part_path(&path).exists());
        file.commit().unwrap();
        assert!(!part_path(&path).exists());
        assert_eq!(fs::read(&path).unwrap(), b"whole");
    }

    #[test]
    fn a_file_that_is_dropped_leaves_the_earlier_one_untouched() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.json");
        write_json(&path, &serde_json::json!({"b": 1, "a": null})).unwrap();
        let before = fs::read_to_string(&path).unwrap();
        assert_eq!(before, "{\n  \"a\": null,\n  \"b\": 1\n}\n");
        PartFile::create(&path).unwrap().write_all(b"half").unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), before);
    }

    #[test]
    fn a_missing_folder_is_an_error_that_names_the_file() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("none").join("a.csv");
        let message = PartFile::create(&path).unwrap_err().to_string();
        assert!(message.contains("cannot create") && message.contains("a.csv.part"), "{message}");
    }
}
