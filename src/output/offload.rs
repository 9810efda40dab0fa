//! Old chunks go to another place while the run goes on: copied there, or moved and replaced by a link.
//!
//! A thread of its own looks for them, so that a slow place does not hold the run up. A chunk that is moved leaves its
//! folder only when the copy was read back and has the same SHA-256; a symbolic link takes its name in the same step, so
//! that everybody finds it where it was. What cannot be moved stays, with a warning.

use std::collections::HashSet;
use std::fs;
use std::os::unix::fs::{MetadataExt, symlink};
use std::path::{Path, PathBuf};
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::thread::JoinHandle;
use std::time::Duration;

use super::OutputError;
use super::archive::copy_checked;
use super::folder::OutputFolder;
use crate::files::{PART, hash, part_path, sha256};

/// Time between two looks into the folder.
const INTERVAL: Duration = Duration::from_secs(1);

/// Where old chunks go, and which.
#[derive(Debug, Clone, PartialEq)]
pub struct OffloadPlan {
    /// Folder in which every run has one of its own.
    pub dir: PathBuf,
    /// Chunks of a table that stay.
    pub keep: usize,
    /// Whether they leave their place; else they are copied.
    pub moves: bool,
    /// Whether copies are read back even if nothing is removed.
    pub verify: bool,
    /// Whether nothing happens if the place is on the same device.
    pub other_device_only: bool,
}

/// Moves old chunks until it is dropped.
#[derive(Debug)]
pub struct Offloader {
    /// Dropped to say that it is enough.
    stop: Option<Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Offloader {
    /// Starts to move the chunks of the run in `folder`; `None` if the plan is for another device and this is the same.
    ///
    /// # Errors
    /// [`OutputError`]: the place cannot be made or looked at, or there can be no thread.
    pub fn start(folder: &OutputFolder, plan: OffloadPlan) -> Result<Option<Self>, OutputError> {
        let mut sweeper = Sweeper::new(folder, plan)?;
        if sweeper.plan.other_device_only && sweeper.is_on_same_device()? {
            tracing::warn!("{} is on the device of the run: chunks stay where they are", sweeper.plan.dir.display());
            return Ok(None);
        }
        let place = sweeper.place.clone();
        let (stop, stopped) = channel();
        let work = move || {
            while stopped.recv_timeout(INTERVAL) == Err(RecvTimeoutError::Timeout) {
                sweeper.sweep();
            }
            sweeper.sweep();
        };
        let thread = std::thread::Builder::new().name("offload".to_string()).spawn(work);
        let thread = thread.map_err(OutputError::io("start a thread for", &place))?;
        Ok(Some(Offloader { stop: Some(stop), thread: Some(thread) }))
    }
}

impl Drop for Offloader {
    /// Waits for the chunk that is on its way.
    fn drop(&mut self) {
        self.stop = None;
        if let Some(thread) = self.thread.take() {
            // It has warned of everything that went wrong.
            let _ = thread.join();
        }
    }
}

struct Sweeper {
    folder: OutputFolder,
    plan: OffloadPlan,
    /// Where the chunks of this run go.
    place: PathBuf,
    /// Chunks that are there.
    done: HashSet<PathBuf>,
    /// The last warning, which is not repeated.
    said: String,
}

impl Sweeper {
    fn new(folder: &OutputFolder, plan: OffloadPlan) -> Result<Self, OutputError> {
        let whole = fs::canonicalize(folder.path()).map_err(OutputError::io("find", folder.path()))?;
        // Folders of the same name, such as those of two arrays of runs, have different places.
        let sum = sha256(whole.as_os_str().as_encoded_bytes());
        let name = whole.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let place = plan.dir.join(format!("{name}-{}", &sum[..8]));
        fs::create_dir_all(&plan.dir).map_err(OutputError::io("create the folder", &plan.dir))?;
        Ok(Sweeper { folder: folder.clone(), plan, place, done: HashSet::new(), said: String::new() })
    }

    fn is_on_same_device(&self) -> Result<bool, OutputError> {
        let device =
            |path: &Path| fs::metadata(path).map(|facts| facts.dev()).map_err(OutputError::io("look at", path));
        Ok(device(self.folder.path())? == device(&self.plan.dir)?)
    }

    /// Moves what is old enough.
    fn sweep(&mut self) {
        if let Err(error) = self.try_sweep() {
            let text = error.to_string();
            if text != self.said {
                tracing::warn!("a chunk stays where it is: {text}");
            }
            self.said = text;
        }
    }

    fn try_sweep(&mut self) -> Result<(), OutputError> {
        for files in self.folder.chunks_of_tables()? {
            let whole: Vec<_> =
                files.into_iter().filter(|file| file.extension().is_some_and(|ending| ending != PART)).collect();
            for file in &whole[..whole.len().saturating_sub(self.plan.keep)] {
                let facts = fs::symlink_metadata(file).map_err(OutputError::io("look at", file))?;
                if !facts.is_symlink() && !self.done.contains(file) {
                    self.offload(file)?;
                    self.done.insert(file.clone());
                }
            }
        }
        Ok(())
    }

    fn offload(&self, file: &Path) -> Result<(), OutputError> {
        let target = self.place.join(file.file_name().unwrap_or_default());
        if target.exists() {
            // The run was killed before it knew, or something else is there, which is not ours to replace.
            if hash(file)? != hash(&target)? {
                return Err(OutputError::Changed { path: target });
            }
        } else {
            copy_checked(file, &target, self.plan.verify || self.plan.moves)?;
        }
        if self.plan.moves {
            let link = part_path(file);
            let linked = symlink(&target, &link).and_then(|()| fs::rename(&link, file));
            linked.map_err(OutputError::io("replace by a link", file))?;
        }
        Ok(())
    }
}

/// Removes a chunk, wherever it has gone.
///
/// # Errors
/// [`OutputError`] if it cannot be removed.
pub fn remove_chunk(file: &Path) -> Result<(), OutputError> {
    if let Ok(target) = fs::read_link(file)
        && target.file_name() == file.file_name()
    {
        match fs::remove_file(&target) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                return Err(OutputError::io("remove", &target)(error));
            }
            _ => {}
        }
        // The last one.
        let _ = target.parent().map(fs::remove_dir);
    }
    fs::remove_file(file).map_err(OutputError::io("remove", file))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plan(dir: &Path, moves: bool) -> OffloadPlan {
        OffloadPlan { dir: dir.to_path_buf(), keep: 2, moves, verify: false, other_device_only: false }
    }

    fn chunk(number: usize) -> String {
        format!("series/run_chunk_{number:09}_{number:09}.parquet")
    }

    /// A folder with five chunks of a run and something else, and the place where they go.
    fn grown(moves: bool) -> (tempfile::TempDir, Sweeper) {
        let base = tempfile::tempdir().unwrap();
        let folder = OutputFolder::create(&base.path().join("hot"), false).unwrap();
        (0..5).for_each(|number| fs::write(folder.file(&chunk(number)), format!("chunk {number}")).unwrap());
        fs::write(part_path(&folder.file(&chunk(5))), "half").unwrap();
        fs::write(folder.file("series/mine.parquet"), "mine").unwrap();
        let sweeper = Sweeper::new(&folder, plan(&base.path().join("archive"), moves)).unwrap();
        (base, sweeper)
    }

    fn names(folder: &Path) -> Vec<String> {
        let entries = fs::read_dir(folder).into_iter().flatten();
        let mut names: Vec<_> = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }

    #[test]
    fn old_chunks_are_elsewhere_and_found_where_they_were() {
        for moves in [true, false] {
            let (_base, mut sweeper) = grown(moves);
            let before = names(&sweeper.folder.file("series"));
            sweeper.try_sweep().unwrap();
            assert_eq!(names(&sweeper.folder.file("series")), before);
            assert_eq!(names(&sweeper.place), (0..3).map(|n| chunk(n)[7..].to_string()).collect::<Vec<_>>());
            for number in 0..5 {
                let file = sweeper.folder.file(&chunk(number));
                assert_eq!(fs::read_to_string(&file).unwrap(), format!("chunk {number}"));
                assert_eq!(file.is_symlink(), moves && number < 3);
            }
            assert_eq!(fs::read_to_string(sweeper.place.join(&chunk(2)[7..])).unwrap(), "chunk 2");
            sweeper.try_sweep().unwrap();
            for number in 0..5 {
                remove_chunk(&sweeper.folder.file(&chunk(number))).unwrap();
            }
            assert_eq!(sweeper.place.exists(), !moves, "copies stay");
        }
    }

    #[test]
    fn what_is_not_the_same_there_stays_here_and_is_not_replaced() {
        let (_base, mut sweeper) = grown(true);
        fs::create_dir_all(&sweeper.place).unwrap();
        let there = sweeper.place.join(&chunk(1)[7..]);
        fs::write(&there, "another").unwrap();
        let error = sweeper.try_sweep().unwrap_err().to_string();
        assert!(error.contains("run_chunk_000000001"), "{error}");
        assert!(!sweeper.folder.file(&chunk(1)).is_symlink() && sweeper.folder.file(&chunk(0)).is_symlink());
        assert_eq!(fs::read_to_string(&there).unwrap(), "another");
        // A copy that was made before the run was killed.
        fs::write(&there, "chunk 1").unwrap();
        sweeper.try_sweep().unwrap();
        assert!(sweeper.folder.file(&chunk(2)).is_symlink());
    }

    #[test]
    fn a_place_that_is_gone_leaves_the_chunks_alone() {
        let (base, mut sweeper) = grown(true);
        fs::remove_dir_all(base.path().join("archive")).unwrap();
        fs::write(base.path().join("archive"), "a file").unwrap();
        sweeper.sweep();
        assert!(sweeper.said.contains("archive"), "{}", sweeper.said);
        assert!((0..5).all(|number| !sweeper.folder.file(&chunk(number)).is_symlink()));
    }

    #[test]
    fn nothing_moves_on_the_same_device_unless_it_may() {
        let (base, sweeper) = grown(true);
        let same = OffloadPlan { other_device_only: true, ..sweeper.plan.clone() };
        assert!(Offloader::start(&sweeper.folder, same).unwrap().is_none());
        let offloader = Offloader::start(&sweeper.folder, plan(&base.path().join("archive"), true)).unwrap().unwrap();
        drop(offloader);
        assert!(sweeper.folder.file(&chunk(2)).is_symlink());
    }
}
