//! What a job script has to know for certain: whether a run has begun, and how the program has ended.
//!
//! Launchers have been seen to end with status 0 without having started anything. So process 0 also says it in the file
//! that the variable `MARSDISK_STATUS_FILE` names, if it is set: `begun` once the run has its folder, `ended N` with the
//! exit status at the end. `slurm/run.sbatch` believes that file alone.

use crate::files;
use std::path::Path;

/// Variable of the environment that names the file.
pub const VARIABLE: &str = "MARSDISK_STATUS_FILE";

/// The run has its folder: whoever starts the program again goes on with it.
pub fn begun() {
    tell("begun\n");
}

/// The program ends with this exit status.
pub fn ended(status: u8) {
    tell(&format!("ended {status}\n"));
}

fn tell(text: &str) {
    let Some(path) = std::env::var_os(VARIABLE).filter(|path| !path.is_empty()) else { return };
    if let Err(error) = files::write(Path::new(&path), text.as_bytes()) {
        // Whoever reads it takes silence for a failure.
        tracing::warn!("{VARIABLE}: {error}");
    }
}
