//! Checkpoints: what a run is at the end of a step, in a file from which it goes on as if it had never stopped.
//!
//! - [`snapshot`]: named numbers with units, and how a part of the program lists its own once, to save and to restore
//! - [`file`](mod@file): a snapshot as an HDF5 file with a checksum in front
//! - [`generations`]: the checkpoints of a run in their folder: the newest good one, how many stay
//!
//! What is saved is listed by its owner: `CellState`, `Clock`, `OrbitRollup`, `Tracks`, the tables of `output`; what
//! belongs together and when it is saved is decided in `run`. Nothing here knows the physics.

pub mod file;
pub mod generations;
pub mod snapshot;

pub use file::CheckpointError;
