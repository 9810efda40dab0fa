//! Where a run came from: program, machine, moment, command line and the files it read.

use std::path::PathBuf;

use crate::files::hash;
use serde_json::{Value, json};

/// A file that a run read.
#[derive(Debug, Clone)]
pub struct ExternalFile {
    /// Path as it is configured.
    pub path: PathBuf,
    /// File that was opened, which may be a sibling with another ending; `None` if nothing was.
    pub read_path: Option<PathBuf>,
}

/// The block `provenance` of `run_config.json`.
pub fn provenance(external_files: &[ExternalFile]) -> Value {
    json!({
        "timestamp_utc": chrono::Utc::now().format("%Y-%m-%dT%H:%M:%SZ").to_string(),
        "cwd": std::env::current_dir().ok().map(|path| path.display().to_string()),
        "argv": std::env::args_os().map(|arg| arg.to_string_lossy().into_owned()).collect::<Vec<_>>(),
        "program": {"name": env!("CARGO_PKG_NAME"), "version": env!("CARGO_PKG_VERSION")},
        "platform": {
            "system": std::env::consts::OS,
            "release": kernel_release(),
            "machine": std::env::consts::ARCH,
        },
        "git_commit": option_env!("MARSDISK_GIT_COMMIT"),
        "external_files": external_files.iter().map(describe).collect::<Vec<_>>(),
    })
}

fn kernel_release() -> Option<String> {
    let text = std::fs::read_to_string("/proc/sys/kernel/osrelease").ok()?;
    Some(text.trim().to_owned())
}

/// Size and hash of the file that was read; null where it is gone.
fn describe(file: &ExternalFile) -> Value {
    let read_path = file.read_path.as_deref().unwrap_or(&file.path);
    let (size, sum) = match hash(read_path) {
        Ok((size, sum)) => (Some(size), Some(sum)),
        Err(_) => (None, None),
    };
    json!({
        "path": file.path.display().to_string(),
        "read_path": file.read_path.as_ref().map(|path| path.display().to_string()),
        "exists": read_path.is_file(),
        "size_bytes": size,
        "sha256": sum,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_file_that_was_read_is_the_one_described() {
        let folder = tempfile::tempdir().unwrap();
        let configured = folder.path().join("table.csv");
        let read = folder.path().join("table.parquet");
        std::fs::write(&read, "abc").unwrap();
        let file = ExternalFile { path: configured, read_path: Some(read) };
        let block = provenance(&[file]);
        let file = &block["external_files"][0];
        assert_eq!(file["exists"], true);
        assert_eq!(file["size_bytes"], 3);
        // FIPS 180-2, example B.1
        assert_eq!(file["sha256"], "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
        assert!(block["timestamp_utc"].as_str().unwrap().ends_with('Z'));
    }

    #[test]
    fn a_file_that_is_gone_has_no_size() {
        let file = ExternalFile { path: "/nowhere/table.csv".into(), read_path: None };
        let block = provenance(&[file]);
        let file = &block["external_files"][0];
        assert_eq!(file["exists"], false);
        assert!(file["size_bytes"].is_null() && file["sha256"].is_null());
    }
}
