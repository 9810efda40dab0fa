//! The checkpoints of a run in their folder: `ckpt_step_NNNNNNNNN.h5`, of which the newest few stay.

use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use super::file::{self, CheckpointError};
use super::snapshot::Snapshot;
use crate::files::{FileError, PART};

const PREFIX: &str = "ckpt_step_";
const ENDING: &str = ".h5";

/// The folder of a run's checkpoints.
#[derive(Debug, Clone)]
pub struct Generations {
    folder: PathBuf,
    keep: usize,
    /// Whether the folder is not in that of the run. Then it stays even when it is empty: if it is not there, its disk is
    /// not.
    elsewhere: bool,
}

/// A checkpoint that was found to be good.
#[derive(Debug, Clone, PartialEq)]
pub struct Found {
    /// Its file.
    pub path: PathBuf,
    /// What it holds.
    pub snapshot: Snapshot,
    /// What is wrong with newer ones.
    pub damaged: Vec<String>,
}

impl Generations {
    /// The checkpoints in `folder`, which is in that of the run; the newest `keep` stay, or all for 0.
    pub fn new(folder: PathBuf, keep: usize) -> Self {
        Generations { folder, keep, elsewhere: false }
    }

    /// The same in a folder that is not in that of the run.
    pub fn elsewhere(folder: PathBuf, keep: usize) -> Self {
        Generations { folder, keep, elsewhere: true }
    }

    /// Makes sure that checkpoints can be written: makes the folder, writes a small file and removes it.
    ///
    /// # Errors
    /// If they cannot.
    pub fn probe(&self) -> Result<(), CheckpointError> {
        let file = self.folder.join(format!(".write-test-{}", std::process::id()));
        fs::create_dir_all(&self.folder)
            .and_then(|()| fs::write(&file, b"test"))
            .and_then(|()| fs::remove_file(&file))
            .map_err(FileError::of("write checkpoints to", &self.folder))?;
        self.remove_if_empty();
        Ok(())
    }

    /// Tells a run without checkpoints from one whose checkpoints cannot be reached; `written`: there must be one.
    ///
    /// # Errors
    /// [`CheckpointError::Unreachable`].
    pub fn require(&self, written: bool) -> Result<(), CheckpointError> {
        let is_link = fs::symlink_metadata(&self.folder).is_ok_and(|facts| facts.is_symlink());
        if written || ((self.elsewhere || is_link) && !self.folder.exists()) {
            return Err(CheckpointError::Unreachable { folder: self.folder.clone() });
        }
        Ok(())
    }

    fn remove_if_empty(&self) {
        if !self.elsewhere {
            let _ = fs::remove_dir(&self.folder);
        }
    }

    /// The folder.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Steps of which there is a checkpoint, the newest first.
    ///
    /// # Errors
    /// If the folder is there and cannot be read.
    pub fn steps(&self) -> Result<Vec<u64>, CheckpointError> {
        let names = match fs::read_dir(&self.folder) {
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
            names => names.map_err(FileError::of("read the checkpoints in", &self.folder))?,
        };
        let step = |name: &str| name.strip_prefix(PREFIX)?.strip_suffix(ENDING)?.parse().ok();
        let mut steps: Vec<u64> = names.filter_map(|entry| step(entry.ok()?.file_name().to_str()?)).collect();
        steps.sort_unstable_by(|a, b| b.cmp(a));
        Ok(steps)
    }

    /// The file of a step.
    pub fn path(&self, step: u64) -> PathBuf {
        self.folder.join(format!("{PREFIX}{step:09}{ENDING}"))
    }

    /// Writes the checkpoint of a step and removes those that are too old.
    ///
    /// # Errors
    /// If it cannot be written; the older ones are still there.
    pub fn write(&self, step: u64, snapshot: &Snapshot) -> Result<PathBuf, CheckpointError> {
        fs::create_dir_all(&self.folder).map_err(FileError::of("create the folder", &self.folder))?;
        let path = self.path(step);
        file::write(&path, snapshot)?;
        if self.keep > 0 {
            for old in self.steps()?.into_iter().skip(self.keep) {
                remove(&self.path(old))?;
            }
        }
        Ok(path)
    }

    /// Writes the state before a step that has failed: `failure_step_NNNNNNNNN.h5`, which nobody goes on from unasked.
    ///
    /// # Errors
    /// If it cannot be written.
    pub fn write_failure(&self, step: u64, snapshot: &Snapshot) -> Result<PathBuf, CheckpointError> {
        fs::create_dir_all(&self.folder).map_err(FileError::of("create the folder", &self.folder))?;
        let path = self.folder.join(format!("failure_step_{step:09}{ENDING}"));
        file::write(&path, snapshot)?;
        Ok(path)
    }

    /// The newest checkpoint that can be read and that `accept` accepts; `None` if there is no checkpoint at all.
    ///
    /// # Errors
    /// All of them are damaged or not accepted, or were written by another version of the program.
    pub fn newest_good(
        &self,
        accept: impl Fn(&Path, &Snapshot) -> Result<(), CheckpointError>,
    ) -> Result<Option<Found>, CheckpointError> {
        let mut damaged = Vec::new();
        for step in self.steps()? {
            let path = self.path(step);
            let read = file::read(&path).and_then(|snapshot| accept(&path, &snapshot).map(|()| snapshot));
            match read {
                Ok(snapshot) => return Ok(Some(Found { path, snapshot, damaged })),
                Err(error @ CheckpointError::Damaged { .. }) => damaged.push(error.to_string()),
                Err(error) => return Err(error),
            }
        }
        if damaged.is_empty() {
            return Ok(None);
        }
        Err(CheckpointError::NoneGood { folder: self.folder.clone(), reasons: damaged.join("; ") })
    }

    /// Removes the checkpoints after a step, which belong to a future that will be computed again, and what was never
    /// completed.
    ///
    /// # Errors
    /// If one cannot be removed.
    pub fn cut_back(&self, step: u64) -> Result<(), CheckpointError> {
        for later in self.steps()?.into_iter().filter(|found| *found > step) {
            remove(&self.path(later))?;
        }
        self.remove_unfinished()
    }

    /// Removes all checkpoints.
    ///
    /// # Errors
    /// If one cannot be removed.
    pub fn clear(&self) -> Result<(), CheckpointError> {
        for step in self.steps()? {
            remove(&self.path(step))?;
        }
        self.remove_unfinished()?;
        self.remove_if_empty();
        Ok(())
    }

    fn remove_unfinished(&self) -> Result<(), CheckpointError> {
        let Ok(names) = fs::read_dir(&self.folder) else { return Ok(()) };
        for entry in names.flatten() {
            let path = entry.path();
            let name = entry.file_name();
            let ours = name.to_str().is_some_and(|name| name.starts_with(PREFIX));
            if ours && path.extension().is_some_and(|ending| ending == PART) {
                remove(&path)?;
            }
        }
        Ok(())
    }
}

fn remove(path: &Path) -> Result<(), CheckpointError> {
    Ok(fs::remove_file(path).map_err(FileError::of("remove", path))?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checkpoint::snapshot::tests::sample;
    use crate::files::part_path;

    fn some(steps: &[u64], keep: usize) -> (tempfile::TempDir, Generations) {
        let folder = tempfile::tempdir().unwrap();
        let generations = Generations::new(folder.path().join("checkpoints"), keep);
        steps.iter().for_each(|step| drop(generations.write(*step, &sample()).unwrap()));
        (folder, generations)
    }

    #[test]
    fn the_newest_few_stay() {
        assert_eq!(some(&[1, 20, 300, 4000], 3).1.steps().unwrap(), [4000, 300, 20]);
        assert_eq!(some(&[1, 20, 300, 4000], 0).1.steps().unwrap(), [4000, 300, 20, 1]);
        assert!(some(&[], 3).1.steps().unwrap().is_empty());
        assert_eq!(some(&[], 3).1.newest_good(|_, _| Ok(())).unwrap(), None);
    }

    #[test]
    fn a_place_is_tried_without_a_trace_and_missed_when_it_is_gone() {
        let (folder, inside) = some(&[], 0);
        let elsewhere = Generations::elsewhere(folder.path().join("elsewhere"), 0);
        elsewhere.require(false).unwrap_err();
        inside.require(false).unwrap();
        for generations in [&inside, &elsewhere] {
            generations.probe().unwrap();
            generations.require(false).unwrap();
            assert!(matches!(generations.require(true), Err(CheckpointError::Unreachable { .. })));
        }
        assert!(!inside.folder().exists());
        assert_eq!(fs::read_dir(elsewhere.folder()).unwrap().count(), 0);
        std::os::unix::fs::symlink(folder.path().join("not mounted"), inside.folder()).unwrap();
        assert!(matches!(inside.require(false), Err(CheckpointError::Unreachable { .. })));
        fs::write(folder.path().join("file"), "").unwrap();
        let error = Generations::elsewhere(folder.path().join("file"), 0).probe().unwrap_err().to_string();
        assert!(error.contains("cannot write checkpoints to"), "{error}");
    }

    #[test]
    fn a_damaged_one_is_named_and_the_one_before_is_taken() {
        let (_folder, generations) = some(&[1, 2, 3], 0);
        fs::write(generations.path(3), "").unwrap();
        let found = generations.newest_good(|_, _| Ok(())).unwrap().unwrap();
        assert_eq!(found.path, generations.path(2));
        assert!(found.damaged[0].contains("ckpt_step_000000003.h5 is damaged: it has 0 bytes"), "{:?}", found.damaged);
        for step in [1, 2] {
            let bytes = fs::read(generations.path(step)).unwrap();
            fs::write(generations.path(step), &bytes[..bytes.len() / 2]).unwrap();
        }
        let error = generations.newest_good(|_, _| Ok(())).unwrap_err().to_string();
        assert!((1..=3).all(|step| error.contains(&format!("ckpt_step_00000000{step}.h5"))), "{error}");
    }

    #[test]
    fn cutting_back_removes_the_future_and_nothing_else() {
        let (_folder, generations) = some(&[1, 2, 3], 0);
        let mine = generations.folder().join("notes.part");
        fs::write(&mine, "mine").unwrap();
        fs::write(part_path(&generations.path(4)), "half").unwrap();
        generations.cut_back(2).unwrap();
        assert_eq!(generations.steps().unwrap(), [2, 1]);
        assert_eq!(fs::read_dir(generations.folder()).unwrap().count(), 3);
        generations.clear().unwrap();
        assert!(mine.exists() && generations.steps().unwrap().is_empty());
    }
}
