//! The program `marsdisk-mpi`; everything it does is in the library.

use std::process::ExitCode;

fn main() -> ExitCode {
    marsdisk_mpi::cli::main()
}
