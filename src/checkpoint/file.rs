//! A snapshot as an HDF5 file: one dataset per entry, with its unit and what it is beside it.
//!
//! HDF5 leaves 512 bytes at the start of a file to whoever writes it. There stands, as text, how long the whole file is
//! and the SHA-256 of everything behind. A file that was cut or changed anywhere is so found before the HDF5 library,
//! which trusts what it reads, sees it. Any HDF5 program (h5py, h5dump) steps over these bytes.

use std::fs::{self, File};
use std::io::{Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use hdf5::types::VarLenUnicode;

use super::snapshot::{Content, Entry, Snapshot, SnapshotError};
use crate::files::{FileError, PartFile, copy_hashed, part_path};

/// Version of the names and meanings in a checkpoint; it changes when one of them does, or one is added.
///
/// 1 had fewer entries, 2 had whole tracks, 3 had no newest record.
pub const SCHEMA: u64 = 4;

/// Room in front of the HDF5 data [bytes], the least that HDF5 can leave.
const FRONT: usize = 512;
/// First words of every checkpoint.
const MAGIC: &str = "marsdisk-mpi checkpoint";

/// Why a checkpoint cannot be written or read.
#[derive(Debug, thiserror::Error)]
pub enum CheckpointError {
    /// The operating system refused something.
    #[error(transparent)]
    File(#[from] FileError),
    /// The HDF5 library refused something.
    #[error("cannot write the checkpoint {}: {message}", path.display())]
    Hdf5 {
        /// The file.
        path: PathBuf,
        /// What the library says.
        message: String,
    },
    /// The file is not what was once written.
    #[error("the checkpoint {} is damaged: {reason}", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// How that shows.
        reason: String,
    },
    /// Another version of the program wrote the file.
    #[error(
        "the checkpoint {} has schema version {found}, and this program reads {SCHEMA}; go on with the program that \
         wrote it",
        path.display()
    )]
    Schema {
        /// The file.
        path: PathBuf,
        /// Its version.
        found: u64,
    },
    /// It does not hold what a run needs.
    #[error("the checkpoint {} does not fit this run: {source}", path.display())]
    Content {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        source: SnapshotError,
    },
    /// There is no folder of checkpoints where there must be one.
    #[error(
        "no checkpoints of this run can be reached in {}: is the disk there? Name the folder by numerics.checkpoint.path; to \
         begin anew, use --overwrite",
        folder.display()
    )]
    Unreachable {
        /// Folder of the checkpoints.
        folder: PathBuf,
    },
    /// All checkpoints of a run are damaged.
    #[error("no checkpoint in {} can be read: {reasons}", folder.display())]
    NoneGood {
        /// Folder of the checkpoints.
        folder: PathBuf,
        /// What is wrong with each.
        reasons: String,
    },
}

/// Writes a snapshot; the file has its name only when it is whole and was read back.
///
/// # Errors
/// [`CheckpointError::File`] or [`CheckpointError::Hdf5`]; a file of this name that was there before is untouched.
pub fn write(path: &Path, snapshot: &Snapshot) -> Result<(), CheckpointError> {
    let part = part_path(path);
    // What is new has no holes that the disk could have no room for later.
    let failed = |error: hdf5::Error| CheckpointError::Hdf5 { path: part.clone(), message: error.to_string() };
    let written = write_content(&part, snapshot).map_err(failed).and_then(|()| seal(path, snapshot));
    if written.is_err() {
        // The first error is the one to tell.
        let _ = fs::remove_file(&part);
    }
    written
}

fn write_content(part: &Path, snapshot: &Snapshot) -> hdf5::Result<()> {
    let file = hdf5::File::with_options().with_fcpl(|create| create.userblock(FRONT as u64)).create(part)?;
    let text = |text: &str| text.parse::<VarLenUnicode>().map_err(|error| hdf5::Error::from(error.to_string()));
    for (name, value) in [
        ("Conventions", "CF-1.10"),
        ("title", "marsdisk-mpi checkpoint"),
        ("source", concat!(env!("CARGO_PKG_NAME"), " ", env!("CARGO_PKG_VERSION"))),
    ] {
        file.new_attr::<VarLenUnicode>().create(name)?.write_scalar(&text(value)?)?;
    }
    file.new_attr::<u64>().create("schema_version")?.write_scalar(&SCHEMA)?;
    for entry in snapshot.entries() {
        if let Some((group, _)) = entry.name.rsplit_once('/')
            && !file.link_exists(group)
        {
            file.create_group(group)?;
        }
        let name = entry.name.as_str();
        let dataset = match &entry.content {
            Content::Reals { shape, values } => {
                let dataset = file.new_dataset::<f64>().shape(shape.clone()).create(name)?;
                dataset.write_raw(values)?;
                dataset
            }
            Content::Counts { values } => {
                let dataset = file.new_dataset::<u64>().shape([values.len()]).create(name)?;
                dataset.write_raw(values)?;
                dataset
            }
            Content::Bytes { bytes } => {
                let dataset = file.new_dataset::<u8>().shape([bytes.len()]).create(name)?;
                dataset.write_raw(bytes)?;
                dataset
            }
            Content::Text { text: content } => {
                let dataset = file.new_dataset::<VarLenUnicode>().create(name)?;
                dataset.write_scalar(&text(content)?)?;
                dataset
            }
        };
        for (attribute, value) in [("units", &entry.unit), ("long_name", &entry.long_name)] {
            dataset.new_attr::<VarLenUnicode>().create(attribute)?.write_scalar(&text(value)?)?;
        }
    }
    file.flush()?;
    file.close()
}

/// Reads the file back, says in front what stands in it, and gives it its name.
fn seal(path: &Path, snapshot: &Snapshot) -> Result<(), CheckpointError> {
    let part = part_path(path);
    let back = read_content(&part).map_err(|reason| CheckpointError::Hdf5 { path: part.clone(), message: reason })?;
    let mut written: Vec<&Entry> = snapshot.entries().iter().collect();
    // That of HDF5.
    written.sort_by(|a, b| a.name.cmp(&b.name));
    if back.len() != written.len() || !back.iter().zip(written).all(|(back, written)| back.is(written)) {
        let message = "the file does not hold what was written; is the disk full?".to_string();
        return Err(CheckpointError::Hdf5 { path: part, message });
    }
    let mut file = fs::OpenOptions::new().read(true).write(true).open(&part).map_err(FileError::of("open", &part))?;
    let (length, sum) = checksum(&mut file).map_err(FileError::of("read", &part))?;
    let mut front = format!("{MAGIC}\nschema {SCHEMA}\nlength {length}\nsha256 {sum}\n").into_bytes();
    front.resize(FRONT, 0);
    file.seek(SeekFrom::Start(0)).and_then(|_| file.write_all(&front)).map_err(FileError::of("write", &part))?;
    Ok(PartFile::adopt(file, path).commit()?)
}

/// Length of the whole file, and SHA-256 of what stands behind its front.
fn checksum(file: &mut File) -> std::io::Result<(u64, String)> {
    let start = file.seek(SeekFrom::Start(FRONT as u64))?;
    let (length, sum) = copy_hashed(file, &mut std::io::sink())?;
    Ok((start + length, sum))
}

/// Reads a checkpoint that is whole.
///
/// # Errors
/// [`CheckpointError`]: it cannot be read, is damaged, or was written by another version of the program.
pub fn read(path: &Path) -> Result<Snapshot, CheckpointError> {
    check(path)?;
    let entries = read_content(path);
    entries.map(Snapshot::of).map_err(|reason| CheckpointError::Damaged { path: path.to_path_buf(), reason })
}

/// Compares the file with what its front says about it.
fn check(path: &Path) -> Result<(), CheckpointError> {
    let damaged = |reason: String| CheckpointError::Damaged { path: path.to_path_buf(), reason };
    let mut file = File::open(path).map_err(FileError::of("open the checkpoint", path))?;
    let found = file.metadata().map_err(FileError::of("look at", path))?.len();
    let mut front = [0; FRONT];
    if found < FRONT as u64 {
        return Err(damaged(format!("it has {found} bytes")));
    }
    file.read_exact(&mut front).map_err(FileError::of("read", path))?;
    let text = String::from_utf8_lossy(&front);
    let text = text.trim_end_matches('\0');
    let mut lines = text.lines();
    let mut word = |name: &str| lines.next().and_then(|line| line.strip_prefix(name)).map(str::trim);
    if word(MAGIC) != Some("") {
        return Err(damaged("it does not begin like a checkpoint".to_string()));
    }
    let schema = word("schema ").and_then(|text| text.parse().ok());
    match schema {
        Some(SCHEMA) => {}
        Some(found) => return Err(CheckpointError::Schema { path: path.to_path_buf(), found }),
        None => return Err(damaged("its first lines are not readable".to_string())),
    }
    let (length, sum) = (word("length ").and_then(|text| text.parse::<u64>().ok()), word("sha256 "));
    let (Some(length), Some(sum)) = (length, sum) else {
        return Err(damaged("its first lines are not readable".to_string()));
    };
    if found != length {
        return Err(damaged(format!("it has {found} bytes instead of {length}")));
    }
    if checksum(&mut file).map_err(FileError::of("read", path))?.1 != sum {
        return Err(damaged("its bytes have changed since it was written".to_string()));
    }
    // All of the front is accounted for, padding included.
    let mut written = format!("{MAGIC}\nschema {SCHEMA}\nlength {length}\nsha256 {sum}\n").into_bytes();
    written.resize(FRONT, 0);
    if written == front { Ok(()) } else { Err(damaged("its first lines have changed".to_string())) }
}

/// The entries of an HDF5 file in the order of their names; what is wrong as text.
fn read_content(path: &Path) -> Result<Vec<Entry>, String> {
    let text = |error: hdf5::Error| error.to_string();
    let file = hdf5::File::open(path).map_err(text)?;
    let mut entries = Vec::new();
    for group in file.groups().map_err(text)? {
        for dataset in group.datasets().map_err(text)? {
            entries.push(read_entry(&dataset)?);
        }
    }
    entries.sort_by(|a: &Entry, b| a.name.cmp(&b.name));
    Ok(entries)
}

fn read_entry(dataset: &hdf5::Dataset) -> Result<Entry, String> {
    let name = dataset.name().trim_start_matches('/').to_string();
    let text = |error: hdf5::Error| format!("{name}: {error}");
    let attribute = |key: &str| {
        let value: VarLenUnicode = dataset.attr(key).and_then(|attribute| attribute.read_scalar()).map_err(text)?;
        Ok::<_, String>(value.to_string())
    };
    let kind = dataset.dtype().map_err(text)?;
    // The library would turn numbers of one kind into those of another without a word.
    let content = if kind.is::<f64>() {
        Content::Reals { shape: dataset.shape(), values: dataset.read_raw().map_err(text)? }
    } else if kind.is::<u64>() {
        Content::Counts { values: dataset.read_raw().map_err(text)? }
    } else if kind.is::<u8>() {
        Content::Bytes { bytes: dataset.read_raw().map_err(text)? }
    } else if kind.is::<VarLenUnicode>() {
        Content::Text { text: dataset.read_scalar::<VarLenUnicode>().map_err(text)?.to_string() }
    } else {
        return Err(format!("{name} is of a kind that no checkpoint has"));
    };
    Ok(Entry { unit: attribute("units")?, long_name: attribute("long_name")?, content, name: name.clone() })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checkpoint::snapshot::tests::sample;

    fn written() -> (tempfile::TempDir, PathBuf) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("ckpt.h5");
        write(&path, &sample()).unwrap();
        (folder, path)
    }

    #[test]
    fn what_was_written_is_read_to_the_last_bit() {
        let (folder, path) = written();
        let (mut written, back) = (sample().into_entries(), read(&path).unwrap().into_entries());
        written.sort_by(|a, b| a.name.cmp(&b.name));
        assert_eq!(back.len(), written.len());
        assert!(back.iter().zip(&written).all(|(back, written)| back.is(written)));
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[test]
    fn every_dataset_has_its_unit_and_its_name_in_words() {
        let (_folder, path) = written();
        let file = hdf5::File::open(&path).unwrap();
        let roots = file.dataset("pots/roots").unwrap();
        let attribute = |name: &str| roots.attr(name).unwrap().read_scalar::<VarLenUnicode>().unwrap().to_string();
        assert_eq!((attribute("units").as_str(), attribute("long_name").as_str()), ("kg m-2", "roots by depth"));
        assert_eq!(roots.shape(), [2, 3]);
    }

    #[test]
    fn a_changed_byte_is_found_wherever_it_is() {
        let (_folder, path) = written();
        let whole = fs::read(&path).unwrap();
        for position in (0..whole.len()).step_by(7) {
            let mut bytes = whole.clone();
            bytes[position] ^= 1 << (position % 8);
            fs::write(&path, &bytes).unwrap();
            let error = read(&path).unwrap_err();
            assert!(error.to_string().contains("ckpt.h5"), "byte {position}: {error}");
        }
    }

    #[test]
    fn a_file_that_was_cut_or_emptied_is_found() {
        let (_folder, path) = written();
        let whole = fs::read(&path).unwrap();
        for length in [0, 1, 100, FRONT, FRONT + 1, whole.len() - 1] {
            fs::write(&path, &whole[..length]).unwrap();
            assert!(matches!(read(&path).unwrap_err(), CheckpointError::Damaged { .. }), "{length} bytes");
        }
        fs::write(&path, [whole, vec![0]].concat()).unwrap();
        assert!(matches!(read(&path).unwrap_err(), CheckpointError::Damaged { .. }));
        assert!(matches!(read(Path::new("/none")).unwrap_err(), CheckpointError::File(_)));
    }

    #[test]
    fn a_checkpoint_of_another_schema_is_refused_by_its_number() {
        let (_folder, path) = written();
        let mut bytes = fs::read(&path).unwrap();
        let at = MAGIC.len() + "\nschema ".len();
        for (digit, version) in [(b'1', 1), (b'9', 9)] {
            bytes[at] = digit;
            fs::write(&path, &bytes).unwrap();
            let error = read(&path).unwrap_err();
            assert!(matches!(error, CheckpointError::Schema { found, .. } if found == version), "{error}");
            assert!(
                error.to_string().contains(&format!("version {version}, and this program reads {SCHEMA}")),
                "{error}"
            );
        }
    }

    #[test]
    fn a_checkpoint_that_cannot_be_written_leaves_the_one_before() {
        let (folder, path) = written();
        let before = fs::read(&path).unwrap();
        fs::create_dir(part_path(&path)).unwrap();
        assert!(write(&path, &sample()).is_err());
        assert_eq!(fs::read(&path).unwrap(), before);
        let error = write(&folder.path().join("none/ckpt.h5"), &sample()).unwrap_err();
        assert!(error.to_string().contains("none/ckpt.h5"), "{error}");
    }
}
