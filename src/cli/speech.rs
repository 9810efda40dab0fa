//! What the program says to whoever started it. A reader that has heard enough (`marsdisk-mpi check run.yml | head`) is no
//! error, and no reason to end a run.

use crate::output::OutputError;
use std::fmt::Display;
use std::io::{self, ErrorKind, Write};
use std::path::Path;

/// Prints text on stdout; to a pipe that is closed it goes nowhere.
///
/// # Errors
/// [`OutputError`]: stdout takes no more for another reason, such as a full disk.
pub fn print(text: &str) -> Result<(), OutputError> {
    let mut out = io::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => {
            Err(OutputError::io("write to", Path::new("the standard output"))(error))
        }
        _ => Ok(()),
    }
}

/// Says a line on stderr. If that cannot be done, nobody is left to be told.
pub fn tell(line: impl Display) {
    let _ = writeln!(io::stderr(), "{line}");
}
