//! A lock against two runs in one folder.
//!
//! The lock is the system's (`flock`) on a file in the folder, so that it ends with the process, however that ends. What
//! stands in the file only tells a person who has it.

use std::fs::{self, File, TryLockError};
use std::io::{Read, Write};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use super::OutputError;

/// Name of the file.
pub const LOCK_FILE: &str = ".marsdisk.lock";
/// Time between two attempts.
const LOOK_INTERVAL: Duration = Duration::from_millis(20);

/// The right to write in a folder; ends when dropped.
#[derive(Debug)]
pub struct Lock {
    path: PathBuf,
    file: File,
}

impl Lock {
    /// Takes the lock of a folder, for which it waits up to `patience`. On a file system without locks there is a warning
    /// and no lock.
    ///
    /// # Errors
    /// [`OutputError`]: another process has it, or the file cannot be written.
    pub fn take(folder: &Path, patience: Duration) -> Result<Self, OutputError> {
        let (path, started) = (folder.join(LOCK_FILE), Instant::now());
        loop {
            let open = || File::options().read(true).write(true).create(true).truncate(false).open(&path);
            let mut file = open().map_err(OutputError::io("create", &path))?;
            match file.try_lock() {
                Ok(()) => {}
                Err(TryLockError::WouldBlock) if started.elapsed() < patience => {
                    std::thread::sleep(LOOK_INTERVAL);
                    continue;
                }
                Err(TryLockError::WouldBlock) => {
                    let mut holder = String::new();
                    // It is there to be told, no more.
                    let _ = file.read_to_string(&mut holder);
                    let holder = if holder.is_empty() { "another process".to_string() } else { holder };
                    return Err(OutputError::Locked { path: folder.to_path_buf(), holder });
                }
                Err(TryLockError::Error(error)) => {
                    tracing::warn!(
                        "{} cannot be locked ({error}); see to it that no other run writes there",
                        path.display()
                    );
                }
            }
            // Its last owner may have removed the file between the two calls; then others lock a new one.
            let same = |facts: fs::Metadata| file.metadata().is_ok_and(|mine| mine.ino() == facts.ino());
            if fs::metadata(&path).is_ok_and(same) {
                let written = file.set_len(0).and_then(|()| file.write_all(holder().as_bytes()));
                written.map_err(OutputError::io("write", &path))?;
                return Ok(Lock { path, file });
            }
        }
    }
}

impl Drop for Lock {
    fn drop(&mut self) {
        // Before the lock ends with the file; if it stays, the next run takes it.
        let _ = fs::remove_file(&self.path);
        let _ = self.file.unlock();
    }
}

/// Who this process is.
fn holder() -> String {
    let host = fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
    let job = std::env::var("SLURM_JOB_ID").map_or_else(|_| String::new(), |job| format!(", job {job}"));
    format!("process {} on {}{job}", std::process::id(), host.trim())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_has_one_lock_and_gets_it_back() {
        let folder = tempfile::tempdir().unwrap();
        let lock = Lock::take(folder.path(), Duration::ZERO).unwrap();
        let error = Lock::take(folder.path(), Duration::ZERO).unwrap_err().to_string();
        assert!(error.contains(&format!("process {}", std::process::id())), "{error}");
        std::thread::scope(|scope| {
            let waiting = scope.spawn(|| Lock::take(folder.path(), Duration::from_secs(60)));
            std::thread::sleep(3 * LOOK_INTERVAL);
            drop(lock);
            drop(waiting.join().unwrap().unwrap());
        });
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
        drop(Lock::take(folder.path(), Duration::ZERO).unwrap());
    }

    #[test]
    fn a_lock_file_without_owner_does_not_lock() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join(LOCK_FILE), "process 1 that was killed, whose name is longer than the next")
            .unwrap();
        let _lock = Lock::take(folder.path(), Duration::ZERO).unwrap();
        assert_eq!(fs::read_to_string(folder.path().join(LOCK_FILE)).unwrap(), holder());
    }
}
