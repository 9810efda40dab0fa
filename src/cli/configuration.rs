//! Which configuration a command reads: the file, and what the command line changes about it.

use crate::config::{self, ConfigError, Loaded, Profile};
use clap::{Args, ValueEnum};
use std::fs;
use std::path::PathBuf;

/// The file and its changes, for every command that reads a configuration.
#[derive(Debug, Args)]
pub struct ConfigurationArgs {
    /// Configuration file (YAML); see configs/ for commented examples
    #[arg(value_name = "RUN.yml", required_unless_present = "config_flag")]
    config: Option<PathBuf>,

    /// The same, as the Python program takes it
    #[arg(long = "config", value_name = "RUN.yml", conflicts_with = "config")]
    config_flag: Option<PathBuf>,

    /// Set a key of the configuration, e.g. radiation.TM_K=4500; may be repeated and take several
    #[arg(long = "override", value_name = "KEY=VALUE", num_args = 1..)]
    overrides: Vec<String>,

    /// Set keys from a file with a KEY=VALUE per line; `#` begins a comment; --override comes after it
    #[arg(long = "overrides-file", value_name = "FILE")]
    overrides_files: Vec<PathBuf>,

    /// Set of defaults: the model integrated correctly, or the Python program's numbers
    #[arg(long, value_enum)]
    profile: Option<ProfileName>,

    /// Set sinks.mode
    #[arg(long, value_name = "MODE", value_parser = ["none", "sublimation"])]
    sinks: Option<String>,

    /// Set physics_mode
    #[arg(long, value_name = "MODE", value_parser = ["default", "sublimation_only", "collisions_only"])]
    physics_mode: Option<String>,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum ProfileName {
    Conservative,
    Python,
}

impl ConfigurationArgs {
    /// Reads the configuration with its changes.
    ///
    /// # Errors
    /// [`ConfigError`]; also for a file of overrides that cannot be read.
    pub fn load(&self) -> Result<Loaded, ConfigError> {
        let profile = self.profile.map(|name| match name {
            ProfileName::Conservative => Profile::Conservative,
            ProfileName::Python => Profile::Python,
        });
        let mut overrides = Vec::new();
        for path in &self.overrides_files {
            let unreadable =
                |error: std::io::Error| ConfigError::Unreadable { path: path.clone(), reason: error.to_string() };
            overrides.extend(lines(&fs::read_to_string(path).map_err(unreadable)?));
        }
        overrides.extend(self.overrides.iter().cloned());
        overrides.extend(self.sinks.iter().map(|mode| format!("sinks.mode={mode}")));
        overrides.extend(self.physics_mode.iter().map(|mode| format!("physics_mode={mode}")));
        // clap has made sure of the file.
        let file = self.config.as_ref().or(self.config_flag.as_ref()).cloned().unwrap_or_default();
        config::load(&file, &overrides, profile)
    }
}

/// The overrides of a file: one a line; what follows a `#` is a comment.
fn lines(text: &str) -> impl Iterator<Item = String> {
    let content = |line: &str| line.split('#').next().unwrap_or_default().trim().to_owned();
    text.lines().map(content).filter(|line| !line.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_of_overrides_has_comments_and_empty_lines() {
        let text = "# all\n\nsizes.n_bins=7 # few\n  io.quiet = true\n#x=1\n";
        assert_eq!(lines(text).collect::<Vec<_>>(), ["sizes.n_bins=7", "io.quiet = true"]);
    }
}
