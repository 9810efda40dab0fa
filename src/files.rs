//! Files that have their names only when they are whole, and their SHA-256.
//!
//! While a file is written it is called `NAME.part`; [`PartFile::commit`] brings it to the disk and renames it, which
//! the system does in one step. So a reader never sees half a file under the final name, whenever the program ends.

use sha2::{Digest, Sha256};
use std::fs::{self, File};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

/// Ending of a file that is not whole yet.
pub const PART: &str = "part";

/// The operating system refused an operation on a file or folder.
#[derive(Debug, thiserror::Error)]
#[error("cannot {operation} {}: {source}", path.display())]
pub struct FileError {
    /// What was tried.
    pub operation: &'static str,
    /// On which file or folder.
    pub path: PathBuf,
    /// What the system answered.
    pub source: io::Error,
}

impl FileError {
    /// Wraps a system error with what was tried on which path.
    pub fn of(operation: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Self + use<> {
        let path = path.to_path_buf();
        move |source| FileError { operation, path, source }
    }
}

/// A file in the making; dropped without [`PartFile::commit`] it stays `NAME.part`.
#[derive(Debug)]
pub struct PartFile {
    file: File,
    part: PathBuf,
    path: PathBuf,
}

impl PartFile {
    /// Starts the file that will become `path`; what an earlier attempt left is overwritten.
    ///
    /// # Errors
    /// [`FileError`] if the file cannot be created.
    pub fn create(path: &Path) -> Result<Self, FileError> {
        PartFile::create_as(part_path(path), path)
    }

    fn create_as(part: PathBuf, path: &Path) -> Result<Self, FileError> {
        let file = File::create(&part).map_err(FileError::of("create", &part))?;
        Ok(PartFile { file, part, path: path.to_path_buf() })
    }

    /// Takes over `NAME.part` of the file that will become `path`, opened for writing by somebody else.
    pub fn adopt(file: File, path: &Path) -> Self {
        PartFile { file, part: part_path(path), path: path.to_path_buf() }
    }

    /// Goes on with the file that will become `path` behind its first `length` bytes; what follows them is cut off.
    ///
    /// # Errors
    /// [`FileError`] if the file cannot be opened or is shorter.
    pub fn reopen(path: &Path, length: u64) -> Result<Self, FileError> {
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
        let file = open().map_err(FileError::of("go on with", &part))?;
        Ok(PartFile { file, part, path: path.to_path_buf() })
    }

    /// Brings what was written to the disk; how long the file is [bytes].
    ///
    /// # Errors
    /// [`FileError`] if the system refuses.
    pub fn sync(&self) -> Result<u64, FileError> {
        let length = self.file.sync_data().and_then(|()| self.file.metadata()).map(|facts| facts.len());
        length.map_err(FileError::of("write to disk", &self.part))
    }

    /// Final name of the file.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Makes the file whole: to the disk, then to its final name.
    ///
    /// # Errors
    /// [`FileError`] if the system refuses; the file then keeps the ending `.part`.
    pub fn commit(self) -> Result<(), FileError> {
        let PartFile { file, part, path } = self;
        file.sync_all().map_err(FileError::of("write to disk", &part))?;
        fs::rename(&part, &path).map_err(FileError::of("rename", &part))?;
        let folder = match path.parent() {
            Some(folder) if !folder.as_os_str().is_empty() => folder,
            _ => Path::new("."),
        };
        File::open(folder).and_then(|f| f.sync_all()).map_err(FileError::of("write to disk", folder))
    }

    /// Gives the file up and removes it.
    ///
    /// # Errors
    /// [`FileError`] if it cannot be removed.
    pub fn discard(self) -> Result<(), FileError> {
        fs::remove_file(&self.part).map_err(FileError::of("remove", &self.part))
    }

    /// Writes all of the file and makes it whole.
    fn fill(mut self, content: &[u8]) -> Result<(), FileError> {
        self.file.write_all(content).map_err(FileError::of("write", &self.part))?;
        self.commit()
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

/// Writes a whole file.
///
/// # Errors
/// [`FileError`] if the system refuses; a file of this name that was there before is untouched.
pub fn write(path: &Path, content: &[u8]) -> Result<(), FileError> {
    PartFile::create(path)?.fill(content)
}

/// The same where other processes may write the same file at the same time: each has a part of its own, which is removed
/// if it cannot become the file.
///
/// # Errors
/// [`FileError`] if the system refuses; a file of this name that was there before is untouched.
pub fn write_shared(path: &Path, content: &[u8]) -> Result<(), FileError> {
    let part = part_path(&PathBuf::from(format!("{}.{}", path.display(), std::process::id())));
    let written = PartFile::create_as(part.clone(), path).and_then(|file| file.fill(content));
    if written.is_err() {
        // The first error is the one to tell.
        let _ = fs::remove_file(&part);
    }
    written
}

/// Writes JSON in one piece: two spaces of indent, keys sorted, a newline at the end.
///
/// # Errors
/// See [`write`].
pub fn write_json(path: &Path, value: &serde_json::Value) -> Result<(), FileError> {
    write(path, format!("{value:#}\n").as_bytes())
}

/// SHA-256 of bytes, in hexadecimal digits.
pub fn sha256(bytes: &[u8]) -> String {
    format!("{:x}", Sha256::digest(bytes))
}

/// Length [bytes] and SHA-256 of a file.
///
/// # Errors
/// [`FileError`] if it cannot be read.
pub fn hash(path: &Path) -> Result<(u64, String), FileError> {
    let read = File::open(path).and_then(|mut content| copy_hashed(&mut content, &mut io::sink()));
    read.map_err(FileError::of("read", path))
}

/// Copies what is still to be read; how many bytes that is, and their SHA-256.
///
/// # Errors
/// What the system says.
pub fn copy_hashed(from: &mut impl Read, to: &mut impl Write) -> io::Result<(u64, String)> {
    let (mut sum, mut length, mut buffer) = (Sha256::new(), 0, vec![0; 1 << 18]);
    loop {
        let count = from.read(&mut buffer)?;
        if count == 0 {
            return Ok((length, format!("{:x}", sum.finalize())));
        }
        sum.update(&buffer[..count]);
        to.write_all(&buffer[..count])?;
        length += count as u64;
    }
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

    #[test]
    fn a_file_that_others_write_too_is_one_of_theirs_and_leaves_no_part() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("table.csv");
        // Somebody else's.
        fs::write(part_path(&path), "half").unwrap();
        write_shared(&path, b"whole").unwrap();
        assert_eq!((fs::read(&path).unwrap(), fs::read(part_path(&path)).unwrap()), (b"whole".into(), b"half".into()));
        let folder_in_the_way = folder.path().join("folder");
        fs::create_dir(&folder_in_the_way).unwrap();
        write_shared(&folder_in_the_way, b"whole").unwrap_err();
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 3);
    }

    #[test]
    fn a_hash_is_that_of_the_standard() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a");
        write(&path, b"abc").unwrap();
        // FIPS 180-2, example B.1
        let sum = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        assert_eq!((hash(&path).unwrap(), sha256(b"abc")), ((3, sum.to_string()), sum.to_string()));
    }
}
