//! Two named sets of defaults.
//!
//! A profile only fills keys that a configuration leaves out, so any of them can be set on its own.

use serde::{Deserialize, Serialize};

/// Which defaults the keys that depend on it take.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Profile {
    /// The model integrated correctly, with a mass ledger that closes to rounding.
    #[default]
    Conservative,
    /// The numbers of the Python program from the same file, to compare with it.
    Python,
}
