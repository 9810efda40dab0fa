//! The JSON Schema of the configuration, on stdout.

use super::speech;
use crate::config::json_schema;
use crate::output::OutputError;

/// Prints the schema.
///
/// # Errors
/// [`OutputError`]: stdout takes no more.
pub fn run() -> Result<(), OutputError> {
    speech::print(&format!("{:#}\n", serde_json::json!(json_schema())))
}
