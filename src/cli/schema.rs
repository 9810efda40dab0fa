//! The JSON Schema of the configuration, on stdout.

use crate::config::json_schema;

/// Prints the schema.
///
/// # Errors
/// What the system says when stdout takes no more.
pub fn run() -> std::io::Result<()> {
    use std::io::Write;
    let mut out = std::io::stdout().lock();
    serde_json::to_writer_pretty(&mut out, &json_schema())?;
    writeln!(out)
}
