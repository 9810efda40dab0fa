//! The folder of a run: which files it holds, and that it can be written before the run begins.

use std::fs;
use std::path::{Path, PathBuf};

use super::OutputError;
use super::part_file::part_path;

/// Files that a run writes, relative to its folder.
const FILES: [&str; 14] = [
    "run_config.json",
    "summary.json",
    "series/run.parquet",
    "series/diagnostics.parquet",
    "series/psd_hist.parquet",
    "checks/mass_budget.csv",
    "checks/mass_budget_cells.csv",
    "orbit_rollup.csv",
    "run_card.md",
    "series/step_diagnostics.csv",
    "series/step_diagnostics.jsonl",
    "series/energy.parquet",
    "checks/energy_budget.csv",
    "debug/sinks_trace.jsonl",
];

/// A folder that is ready for a run.
#[derive(Debug, Clone)]
pub struct OutputFolder {
    path: PathBuf,
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
        if path.exists() && !path.is_dir() {
            return Err(OutputError::NotAFolder { path: path.to_path_buf() });
        }
        let folder = OutputFolder { path: path.to_path_buf() };
        let present = folder.present()?;
        match present.first() {
            Some(found) if !overwrite => {
                return Err(OutputError::HoldsARun { path: folder.path, found: found.clone() });
            }
            _ => {}
        }
        for name in &present {
            let file = folder.file(name);
            fs::remove_file(&file).map_err(OutputError::io("remove", &file))?;
        }
        for sub in ["", "series", "checks"] {
            let sub = folder.path.join(sub);
            fs::create_dir_all(&sub).map_err(OutputError::io("create the folder", &sub))?;
            probe(&sub)?;
        }
        Ok(folder)
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
        for name in FILES {
            for file in [self.file(name), part_path(&self.file(name))] {
                if file.try_exists().map_err(OutputError::io("look at", &file))? {
                    let name = file.strip_prefix(&self.path).unwrap_or(&file);
                    present.push(name.display().to_string());
                }
            }
        }
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
    use super::*;

    #[test]
    fn a_new_folder_has_its_subfolders_and_nothing_else() {
        let base = tempfile::tempdir().unwrap();
        let path = base.path().join("a/b");
        let folder = OutputFolder::create(&path, false).unwrap();
        let mut names: Vec<_> = fs::read_dir(folder.path()).unwrap().map(|e| e.unwrap().file_name()).collect();
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
        for name in FILES {
            fs::write(folder.file(name), "old").unwrap();
            fs::write(part_path(&folder.file(name)), "old").unwrap();
        }
        let mine = ["notes.txt", "series/figure.png", "series/run.parquet.bak"];
        mine.iter().for_each(|name| fs::write(folder.file(name), "mine").unwrap());
        OutputFolder::create(base.path(), true).unwrap();
        assert!(FILES.iter().all(|name| !folder.file(name).exists() && !part_path(&folder.file(name)).exists()));
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
