//! The folder of a run: which files it holds, and that it can be written before the run begins.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use super::OutputError;
use super::chunks::{Chunks, chunk_files};
use super::growing::saved_length;
use super::lock::Lock;
use super::offload::remove_chunk;
use crate::checkpoint::snapshot::Snapshot;
use crate::files::{PART, part_path};

/// Files that a run writes, relative to its folder: at once,
const WHOLE: [&str; 3] = ["run_config.json", "summary.json", "run_card.md"];
/// in chunks that are joined at the end,
const JOINED: [&str; 4] =
    ["series/run.parquet", "series/diagnostics.parquet", "series/psd_hist.parquet", "series/energy.parquet"];
/// and row by row.
const GROWING: [&str; 8] = [
    "checks/mass_budget.csv",
    "checks/mass_budget_cells.csv",
    "orbit_rollup.csv",
    "checks/energy_budget.csv",
    "series/energy.csv",
    "series/step_diagnostics.csv",
    "series/step_diagnostics.jsonl",
    "debug/sinks_trace.jsonl",
];

fn files() -> impl Iterator<Item = &'static str> {
    WHOLE.into_iter().chain(JOINED).chain(GROWING)
}

/// Default names of the step diagnostics.
const STEPS: [&str; 2] = ["series/step_diagnostics.csv", "series/step_diagnostics.jsonl"];

/// Folder of the checkpoints, unless the configuration says otherwise.
pub const CHECKPOINTS: &str = "checkpoints";

/// A folder that is ready for a run, which alone may write there.
#[derive(Debug, Clone)]
pub struct OutputFolder {
    path: PathBuf,
    /// A growing table that the configuration has put elsewhere.
    elsewhere: Option<PathBuf>,
    _lock: Arc<Lock>,
}

impl OutputFolder {
    /// Makes the folder `path` with `series/` and `checks/`, and tries whether it can be written.
    ///
    /// A folder that holds files of an earlier run is refused; with `overwrite` exactly these files are removed, also
    /// those that were never completed, and everything else stays.
    ///
    /// # Errors
    /// [`OutputError`]: `path` is a file, holds a run, cannot be created or cannot be written.
    pub fn create(path: &Path, overwrite: bool) -> Result<Self, OutputError> {
        let folder = Self::claim(path, Duration::ZERO)?;
        folder.begin(overwrite)?;
        Ok(folder)
    }

    /// Makes the folder, if it is not there, and takes its lock, for which it waits up to `patience`; what is in it stays.
    ///
    /// # Errors
    /// [`OutputError`]: `path` is a file, another run writes there, or it cannot be created or written.
    pub fn claim(path: &Path, patience: Duration) -> Result<Self, OutputError> {
        if path.exists() && !path.is_dir() {
            return Err(OutputError::NotAFolder { path: path.to_path_buf() });
        }
        fs::create_dir_all(path).map_err(OutputError::io("create the folder", path))?;
        Ok(OutputFolder { path: path.to_path_buf(), elsewhere: None, _lock: Arc::new(Lock::take(path, patience)?) })
    }

    /// The same for a run with a growing table in the file `name`, which the configuration has chosen.
    ///
    /// # Errors
    /// [`OutputError`]: another table has that name.
    pub fn with_table(mut self, name: &Path) -> Result<Self, OutputError> {
        if name == Path::new(STEPS[0]) || name == Path::new(STEPS[1]) {
            return Ok(self);
        }
        // Checkpoints know growing tables by the names of their files.
        let mut others = files().filter(|other| !STEPS.contains(other)).map(Path::new);
        if others.any(|other| other.file_name() == name.file_name()) {
            return Err(OutputError::Taken { path: self.path.join(name) });
        }
        self.elsewhere = Some(name.to_path_buf());
        Ok(self)
    }

    /// The tables that grow row by row.
    fn growing(&self) -> impl Iterator<Item = PathBuf> {
        let elsewhere = self.elsewhere.iter().map(|name| self.path.join(name));
        GROWING.iter().map(|name| self.file(name)).chain(elsewhere)
    }

    /// Prepares the folder for a run from the start, see [`OutputFolder::create`].
    ///
    /// # Errors
    /// [`OutputError`]: it holds a run, or cannot be written.
    pub fn begin(&self, overwrite: bool) -> Result<(), OutputError> {
        let present = self.present()?;
        match present.first() {
            Some(found) if !overwrite => {
                return Err(OutputError::HoldsARun { path: self.path.clone(), found: found.clone() });
            }
            _ => {}
        }
        present.iter().try_for_each(|name| self.remove(name))?;
        for sub in ["", "series", "checks"] {
            let sub = self.path.join(sub);
            fs::create_dir_all(&sub).map_err(OutputError::io("create the folder", &sub))?;
            probe(&sub)?;
        }
        Ok(())
    }

    /// Prepares the folder for a run that goes on: takes back what an end has made of the files, so that they are as they
    /// were while the run went on.
    ///
    /// # Errors
    /// [`OutputError`]: a file cannot be renamed or removed.
    pub fn reopen(&self) -> Result<(), OutputError> {
        for file in self.growing() {
            if file.exists() {
                fs::rename(&file, part_path(&file)).map_err(OutputError::io("rename", &file))?;
            }
        }
        for name in JOINED.into_iter().chain(["summary.json", "run_card.md"]) {
            for file in [self.file(name), part_path(&self.file(name))] {
                if file.exists() {
                    fs::remove_file(&file).map_err(OutputError::io("remove", &file))?;
                }
            }
        }
        Ok(())
    }

    /// Whether the growing tables of the run in this folder are at least as long as a checkpoint says, and its chunks are
    /// what they were: what is wrong otherwise.
    ///
    /// # Errors
    /// [`OutputError`]: a file is missing, too short or has changed.
    pub fn suits(&self, checkpoint: &Snapshot) -> Result<(), OutputError> {
        for name in JOINED {
            Chunks::of(&self.file(name)).verify(checkpoint)?;
        }
        for path in self.growing() {
            let Some(length) = saved_length(&path, checkpoint) else { continue };
            let file = if path.exists() { path } else { part_path(&path) };
            let found = fs::metadata(&file).map_err(OutputError::io("look at", &file))?.len();
            if found < length {
                return Err(OutputError::Changed { path: file });
            }
        }
        Ok(())
    }

    /// Removes chunks that are left although the tables are whole.
    ///
    /// # Errors
    /// [`OutputError`]: one cannot be removed.
    pub fn remove_chunks(&self) -> Result<(), OutputError> {
        self.chunks()?.iter().try_for_each(|file| remove_chunk(file))
    }

    /// Whether files of a run are there.
    ///
    /// # Errors
    /// [`OutputError`]: they cannot be looked at.
    pub fn holds_a_run(&self) -> Result<bool, OutputError> {
        Ok(!self.present()?.is_empty())
    }

    /// Refuses a folder that holds files of a run which are whole.
    ///
    /// # Errors
    /// [`OutputError`]: it does, or they cannot be looked at.
    pub fn refuse_whole_files(&self) -> Result<(), OutputError> {
        match self.present()?.into_iter().find(|name| !name.ends_with(PART)) {
            Some(found) => Err(OutputError::HoldsARun { path: self.path.clone(), found }),
            None => Ok(()),
        }
    }

    fn remove(&self, name: &str) -> Result<(), OutputError> {
        remove_chunk(&self.file(name))
    }

    fn chunks(&self) -> Result<Vec<PathBuf>, OutputError> {
        Ok(self.chunks_of_tables()?.concat())
    }

    /// Files of chunks, whole or not, of each table.
    ///
    /// # Errors
    /// [`OutputError`]: they cannot be looked at.
    pub fn chunks_of_tables(&self) -> Result<Vec<Vec<PathBuf>>, OutputError> {
        JOINED.iter().map(|name| chunk_files(&self.file(name))).collect()
    }

    /// The folder itself.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// A file in it.
    pub fn file(&self, name: &str) -> PathBuf {
        self.path.join(name)
    }

    /// Files of a run that are there, whole or not.
    fn present(&self) -> Result<Vec<String>, OutputError> {
        let mut present = Vec::new();
        let elsewhere = self.elsewhere.iter().map(|name| self.path.join(name));
        for path in files().map(|name| self.file(name)).chain(elsewhere) {
            for file in [path.clone(), part_path(&path)] {
                if file.try_exists().map_err(OutputError::io("look at", &file))? {
                    let name = file.strip_prefix(&self.path).unwrap_or(&file);
                    present.push(name.display().to_string());
                }
            }
        }
        let chunks = self.chunks()?;
        present.extend(chunks.iter().map(|file| file.strip_prefix(&self.path).unwrap_or(file).display().to_string()));
        Ok(present)
    }
}

/// Writes, reads off the disk's answer, and removes a small file: permissions alone do not tell.
fn probe(folder: &Path) -> Result<(), OutputError> {
    let file = folder.join(format!(".write-test-{}", std::process::id()));
    fs::write(&file, b"test").map_err(OutputError::io("write to the folder", folder))?;
    fs::remove_file(&file).map_err(OutputError::io("remove", &file))
}

#[cfg(test)]
mod tests {
    use super::super::lock::LOCK_FILE;
    use super::*;

    #[test]
    fn a_new_folder_has_its_subfolders_and_nothing_else() {
        let base = tempfile::tempdir().unwrap();
        let path = base.path().join("a/b");
        let folder = OutputFolder::create(&path, false).unwrap();
        // Its lock lasts as long as it.
        drop(folder.clone());
        assert!(path.join(LOCK_FILE).exists());
        drop(folder);
        let mut names: Vec<_> = fs::read_dir(&path).unwrap().map(|e| e.unwrap().file_name()).collect();
        names.sort();
        assert_eq!(names, ["checks", "series"]);
        assert_eq!(fs::read_dir(path.join("series")).unwrap().count(), 0);
    }

    #[test]
    fn an_empty_folder_or_one_with_other_files_is_accepted() {
        let base = tempfile::tempdir().unwrap();
        fs::write(base.path().join("notes.txt"), "mine").unwrap();
        OutputFolder::create(base.path(), false).unwrap();
        OutputFolder::create(base.path(), false).unwrap();
    }

    #[test]
    fn a_folder_with_a_run_is_refused_and_untouched() {
        for name in ["run_config.json", "summary.json.part", "series/run.parquet", "checks/mass_budget.csv.part"] {
            let base = tempfile::tempdir().unwrap();
            let file = base.path().join(name);
            fs::create_dir_all(file.parent().unwrap()).unwrap();
            fs::write(&file, "old").unwrap();
            let error = OutputFolder::create(base.path(), false).unwrap_err();
            assert!(matches!(&error, OutputError::HoldsARun { found, .. } if found == name), "{error}");
            assert!(error.to_string().contains(name), "{error}");
            assert_eq!(fs::read(&file).unwrap(), b"old");
        }
    }

    #[test]
    fn overwriting_removes_the_files_of_a_run_and_nothing_else() {
        let base = tempfile::tempdir().unwrap();
        let folder = OutputFolder::create(base.path(), false).unwrap();
        fs::create_dir(folder.file("debug")).unwrap();
        for name in files() {
            fs::write(folder.file(name), "old").unwrap();
            fs::write(part_path(&folder.file(name)), "old").unwrap();
        }
        let mine = ["notes.txt", "series/figure.png", "series/run.parquet.bak"];
        mine.iter().for_each(|name| fs::write(folder.file(name), "mine").unwrap());
        let chunk = folder.file("series/run_chunk_000000000_000000005.parquet");
        fs::write(&chunk, "old").unwrap();
        assert!(matches!(OutputFolder::create(base.path(), true).unwrap_err(), OutputError::Locked { .. }));
        folder.begin(true).unwrap();
        assert!(!chunk.exists());
        assert!(files().all(|name| !folder.file(name).exists() && !part_path(&folder.file(name)).exists()));
        assert!(mine.iter().all(|name| folder.file(name).exists()));
    }

    #[test]
    fn a_file_is_no_output_folder() {
        let base = tempfile::tempdir().unwrap();
        let path = base.path().join("file");
        fs::write(&path, "x").unwrap();
        let error = OutputFolder::create(&path, true).unwrap_err();
        assert!(matches!(error, OutputError::NotAFolder { .. }));
        assert_eq!(error.exit_code(), 5);
        let error = OutputFolder::create(&path.join("below"), true).unwrap_err();
        assert!(matches!(error, OutputError::Io { .. }), "{error}");
    }

    #[test]
    fn a_folder_that_cannot_be_written_is_an_error_before_the_run() {
        // /proc refuses new folders to everybody, root included
        if Path::new("/proc/self").exists() {
            let error = OutputFolder::create(Path::new("/proc/marsdisk-out"), false).unwrap_err();
            assert!(error.to_string().contains("/proc/marsdisk-out"), "{error}");
        }
    }
}
