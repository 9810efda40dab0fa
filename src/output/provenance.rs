//! Where a run came from: program, machines, moments, command line and the files it read.

use std::path::PathBuf;

use serde_json::{Value, json};

/// A file that a run read, or a table that is built in.
#[derive(Debug, Clone)]
pub struct ExternalFile {
    /// Path as it is configured, or the name of the table.
    pub path: PathBuf,
    /// File that was opened, which may be a sibling with another ending; `None` for a table that is built in.
    pub read_path: Option<PathBuf>,
    /// Its size when it was read [bytes].
    pub size_bytes: u64,
    /// SHA-256 of what was read.
    pub sha256: String,
}

/// The block `provenance` of `run_config.json`; `parts`: the starts of the run, this one the last.
pub fn provenance(external_files: &[ExternalFile], parts: &[Value]) -> Value {
    json!({
        "timestamp_utc": now(),
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
        "parts": parts,
    })
}

/// One start of a run: of which program, on which machine, with how many processes and threads, at which time of the disk
/// [s].
pub fn part(host: &str, ranks: usize, threads: usize, from: f64) -> Value {
    json!({
        "timestamp_utc": now(),
        "version": env!("CARGO_PKG_VERSION"),
        "git_commit": option_env!("MARSDISK_GIT_COMMIT"),
        "host": host,
        "ranks": ranks,
        "threads": threads,
        "from_s": from,
    })
}

fn now() -> String {
    chrono::Utc::now().format("%Y-%m-%dT%H:%M:%SZ").to_string()
}

fn kernel_release() -> Option<String> {
    let text = std::fs::read_to_string("/proc/sys/kernel/osrelease").ok()?;
    Some(text.trim().to_owned())
}

fn describe(file: &ExternalFile) -> Value {
    json!({
        "path": file.path.display().to_string(),
        "read_path": file.read_path.as_ref().map(|path| path.display().to_string()),
        "built_in": file.read_path.is_none(),
        // It was read, even if it is gone by now.
        "exists": true,
        "size_bytes": file.size_bytes,
        "sha256": file.sha256,
    })
}
