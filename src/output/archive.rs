//! The archive: a copy of a finished run in another place, compared by SHA-256 before anything here is removed.
//!
//! A file gets its name there when it is whole. `archive_manifest.json` lists the files with their hashes,
//! `ARCHIVE_DONE` says that all of them are there. When something goes wrong, the run stays as it is and a file
//! `INCOMPLETE` in it says why.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::time::Instant;

use serde_json::{Value, json};

use super::OutputError;
use super::folder::{CHECKPOINTS, OutputFolder};
use super::lock::LOCK_FILE;
use super::offload::remove_chunk;
use crate::files::{self, PartFile, copy_hashed, hash, part_path, write_json};

/// List of the files, in the archive.
pub const MANIFEST: &str = "archive_manifest.json";
/// Says in the archive that it is whole.
pub const DONE: &str = "ARCHIVE_DONE";
/// Says in the output folder why there is no whole archive.
pub const INCOMPLETE: &str = "INCOMPLETE";
/// Bytes in a megabyte and a gigabyte, as disks are sold.
const MEGA: f64 = 1e6;
const GIGA: f64 = 1e9;

/// What stays in the output folder.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeepLocal {
    /// Nothing.
    Nothing,
    /// All but the Parquet tables.
    Metadata,
    /// Everything.
    All,
}

/// What to do with a finished run.
#[derive(Debug, Clone, PartialEq)]
pub struct ArchivePlan {
    /// Folder of the archive, in which the run gets a folder of the name that it has.
    pub dir: PathBuf,
    /// What stays.
    pub keep: KeepLocal,
    /// Whether the copies are read back even if nothing is removed.
    pub verify: bool,
    /// Whether the manifest says where the archive is.
    pub volume_info: bool,
    /// Warn below this speed [MB s⁻¹] …
    pub slow: Option<f64>,
    /// … if there is more than this [GB].
    pub slow_from: f64,
    /// Space that must be left [GB].
    pub min_free: Option<f64>,
}

/// Copies a finished run, compares, and removes what need not stay; returns the folder in the archive.
///
/// # Errors
/// [`OutputError`]: a file cannot be copied or is another there; nothing is removed then.
pub fn archive(folder: &OutputFolder, plan: &ArchivePlan) -> Result<PathBuf, OutputError> {
    let target = target(folder.path(), plan)?;
    let result = copy_all(folder.path(), &target, plan);
    let note = folder.file(INCOMPLETE);
    match &result {
        Ok(_) => drop(fs::remove_file(&note)),
        // The error itself is what to tell.
        Err(error) => drop(fs::write(&note, format!("{error}\n"))),
    }
    let files = result?;
    for file in files.iter().filter(|file| goes(file, plan.keep)) {
        let path = folder.file(&file.to_string_lossy());
        remove_chunk(&path)?;
    }
    Ok(target)
}

/// The folder of a run in the archive. The archive's own folder is made.
///
/// # Errors
/// [`OutputError`]: it cannot be made, or lies in the run's folder or is it, where removing what was copied would remove
/// the copies; or a whole archive is there, which is never overwritten.
pub fn target(folder: &Path, plan: &ArchivePlan) -> Result<PathBuf, OutputError> {
    let is_new = !plan.dir.exists();
    fs::create_dir_all(&plan.dir).map_err(OutputError::io("create the folder", &plan.dir))?;
    let find = |path: &Path| fs::canonicalize(path).map_err(OutputError::io("find", path));
    let (run, archive) = (find(folder)?, find(&plan.dir)?);
    let target = archive.join(run.file_name().unwrap_or_default());
    let real = if target.exists() { find(&target)? } else { target.clone() };
    if real.starts_with(&run) || run.starts_with(&real) {
        if is_new {
            // Nothing is left of what is refused; the refusal is what to tell.
            drop(fs::remove_dir(&plan.dir));
        }
        return Err(OutputError::ArchiveInside { archive: plan.dir.clone(), folder: folder.to_path_buf() });
    }
    if target.join(DONE).exists() {
        return Err(OutputError::Archived { path: target });
    }
    Ok(target)
}

/// Whether a file need not stay.
fn goes(file: &Path, keep: KeepLocal) -> bool {
    match keep {
        KeepLocal::Nothing => true,
        KeepLocal::Metadata => file.extension().is_some_and(|ending| ending == "parquet"),
        KeepLocal::All => false,
    }
}

fn copy_all(source: &Path, target: &Path, plan: &ArchivePlan) -> Result<Vec<PathBuf>, OutputError> {
    let whole = fs::canonicalize(source).map_err(OutputError::io("find", source))?;
    fs::create_dir_all(target).map_err(OutputError::io("create the folder", target))?;
    let files = files_of(source)?;
    let mut bytes = 0;
    for file in &files {
        bytes += fs::metadata(source.join(file)).map_err(OutputError::io("look at", &source.join(file)))?.len();
    }
    check_space(target, bytes, plan)?;
    let started = Instant::now();
    let mut list = Vec::new();
    for file in &files {
        let (length, sha256) =
            copy_checked(&source.join(file), &target.join(file), plan.verify || goes(file, plan.keep))?;
        list.push(json!({"path": file.display().to_string(), "size_bytes": length, "sha256": sha256}));
    }
    let seconds = started.elapsed().as_secs_f64();
    warn_if_slow(bytes, seconds, plan);
    let manifest = json!({
        "source": whole.display().to_string(),
        "created_utc": chrono::Utc::now().format("%Y-%m-%dT%H:%M:%SZ").to_string(),
        "files": list,
        "size_bytes": bytes,
        "seconds": seconds,
        "volume": if plan.volume_info { volume(target) } else { Value::Null },
    });
    write_json(&target.join(MANIFEST), &manifest)?;
    files::write(&target.join(DONE), b"all files are here\n")?;
    Ok(files)
}

/// Files of the run relative to its folder, without checkpoints, which a finished run does not need.
fn files_of(folder: &Path) -> Result<Vec<PathBuf>, OutputError> {
    let mut found = Vec::new();
    let mut folders = vec![folder.to_path_buf()];
    while let Some(inner) = folders.pop() {
        for entry in fs::read_dir(&inner).map_err(OutputError::io("read", &inner))? {
            let path = entry.map_err(OutputError::io("read", &inner))?.path();
            if path.is_dir() {
                folders.push(path);
            } else {
                found.extend(path.strip_prefix(folder).map(Path::to_path_buf));
            }
        }
    }
    found.retain(|file| {
        !file.starts_with(CHECKPOINTS) && *file != Path::new(LOCK_FILE) && *file != Path::new(INCOMPLETE)
    });
    found.sort();
    Ok(found)
}

/// Copies a file, and compares the copy, by its length or, if `by_hash`, after reading it back; returns its length and
/// SHA-256.
///
/// # Errors
/// [`OutputError`]: it cannot be copied, or the copy is not the same.
pub fn copy_checked(from: &Path, to: &Path, by_hash: bool) -> Result<(u64, String), OutputError> {
    let copied = copy(from, to)?;
    let same = match by_hash {
        true => hash(to)? == copied,
        false => fs::metadata(to).map_err(OutputError::io("look at", to))?.len() == copied.0,
    };
    if same { Ok(copied) } else { Err(OutputError::Changed { path: to.to_path_buf() }) }
}

fn copy(from: &Path, to: &Path) -> Result<(u64, String), OutputError> {
    if let Some(folder) = to.parent() {
        fs::create_dir_all(folder).map_err(OutputError::io("create the folder", folder))?;
    }
    let mut source = File::open(from).map_err(OutputError::io("open", from))?;
    let mut target = PartFile::create(to)?;
    let copied = copy_hashed(&mut source, &mut target).map_err(OutputError::io("copy to", &part_path(to)))?;
    target.commit()?;
    Ok(copied)
}

fn check_space(target: &Path, bytes: u64, plan: &ArchivePlan) -> Result<(), OutputError> {
    let Some(min_free) = plan.min_free else { return Ok(()) };
    let free = free_bytes(target).map_err(OutputError::io("look at", target))?;
    if free as f64 - bytes as f64 >= min_free * GIGA {
        return Ok(());
    }
    let reason = format!(
        "{:.3} GB are free, {:.3} are needed and {min_free} must be left",
        free as f64 / GIGA,
        bytes as f64 / GIGA
    );
    Err(OutputError::io("archive to", target)(io::Error::new(io::ErrorKind::StorageFull, reason)))
}

fn free_bytes(path: &Path) -> io::Result<u64> {
    let facts = rustix::fs::statvfs(path)?;
    Ok(facts.f_bavail * facts.f_frsize)
}

fn volume(path: &Path) -> Value {
    use std::os::unix::fs::MetadataExt;
    json!({
        "device": fs::metadata(path).ok().map(|facts| facts.dev()),
        "free_bytes": free_bytes(path).ok(),
    })
}

fn warn_if_slow(bytes: u64, seconds: f64, plan: &ArchivePlan) {
    let speed = bytes as f64 / MEGA / seconds;
    if bytes as f64 >= plan.slow_from * GIGA && plan.slow.is_some_and(|slow| speed < slow) {
        tracing::warn!("the archive {} takes only {speed:.1} MB/s", plan.dir.display());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plan(dir: &Path, keep: KeepLocal) -> ArchivePlan {
        ArchivePlan {
            dir: dir.to_path_buf(),
            keep,
            verify: true,
            volume_info: true,
            slow: None,
            slow_from: 0.0,
            min_free: None,
        }
    }

    /// A folder with a finished run, and one for archives.
    fn finished() -> (tempfile::TempDir, OutputFolder, PathBuf) {
        let base = tempfile::tempdir().unwrap();
        let folder = OutputFolder::create(&base.path().join("hot"), false).unwrap();
        for name in ["summary.json", "series/run.parquet", "checks/mass_budget.csv"] {
            fs::write(folder.file(name), name).unwrap();
        }
        fs::create_dir(folder.file(CHECKPOINTS)).unwrap();
        fs::write(folder.file("checkpoints/ckpt_step_000000001.h5"), "x").unwrap();
        let dir = base.path().join("archive");
        (base, folder, dir)
    }

    #[test]
    fn an_archive_in_the_place_of_the_run_is_refused_and_nothing_is_lost() {
        let (base, folder, _) = finished();
        let link = base.path().join("link");
        std::os::unix::fs::symlink(base.path(), &link).unwrap();
        for dir in [base.path().to_path_buf(), link, folder.path().join("archive")] {
            let error = archive(&folder, &plan(&dir, KeepLocal::Nothing)).unwrap_err();
            assert!(matches!(error, OutputError::ArchiveInside { .. }), "{error}");
            assert_eq!(files_of(folder.path()).unwrap().len(), 3);
        }
    }

    #[test]
    fn what_is_removed_here_is_there_with_its_hash() {
        for (keep, stays) in [(KeepLocal::All, 3), (KeepLocal::Metadata, 2), (KeepLocal::Nothing, 0)] {
            let (_base, folder, dir) = finished();
            let target = archive(&folder, &plan(&dir, keep)).unwrap();
            assert_eq!(target, dir.join("hot"));
            assert_eq!(files_of(folder.path()).unwrap().len(), stays, "{keep:?}");
            let manifest: Value = serde_json::from_slice(&fs::read(target.join(MANIFEST)).unwrap()).unwrap();
            for file in manifest["files"].as_array().unwrap() {
                let content = fs::read(target.join(file["path"].as_str().unwrap())).unwrap();
                assert_eq!(file["sha256"], files::sha256(&content));
            }
            assert_eq!(manifest["files"].as_array().unwrap().len(), 3);
            assert!(target.join(DONE).exists() && !target.join(CHECKPOINTS).exists());
        }
    }

    #[test]
    fn nothing_is_removed_when_the_archive_is_not_whole() {
        let (_base, folder, dir) = finished();
        fs::create_dir_all(dir.join("hot")).unwrap();
        // A file where a folder has to be.
        fs::write(dir.join("hot/series"), "").unwrap();
        let error = archive(&folder, &plan(&dir, KeepLocal::Nothing)).unwrap_err();
        assert!(error.to_string().contains("series"), "{error}");
        assert_eq!(files_of(folder.path()).unwrap().len(), 3);
        assert!(fs::read_to_string(folder.file(INCOMPLETE)).unwrap().contains("series"));
        assert!(!dir.join("hot").join(DONE).exists());
        fs::remove_file(dir.join("hot/series")).unwrap();
        archive(&folder, &plan(&dir, KeepLocal::Nothing)).unwrap();
        assert!(!folder.file(INCOMPLETE).exists());
    }

    #[test]
    fn an_archive_is_not_overwritten_and_does_not_fill_the_disk() {
        let (_base, folder, dir) = finished();
        archive(&folder, &plan(&dir, KeepLocal::All)).unwrap();
        assert!(matches!(archive(&folder, &plan(&dir, KeepLocal::All)), Err(OutputError::Archived { .. })));
        let full = ArchivePlan { min_free: Some(1e9), dir: dir.join("other"), ..plan(&dir, KeepLocal::All) };
        assert!(archive(&folder, &full).unwrap_err().to_string().contains("must be left"));
    }
}
