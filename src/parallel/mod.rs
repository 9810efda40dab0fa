//! How the cells are spread over processes and threads. Knows nothing of the physics.
//!
//! - [`policy`]: how many processes and threads are worth it, and why
//! - [`decomposition`]: which cells belong to which process
//! - [`communicator`]: what the processes of a run say to each other; alone, or with MPI
//! - [`world`]: the processes from the start of the program to its end, also when one of them fails

pub mod communicator;
pub mod decomposition;
#[cfg(test)]
pub(crate) mod local_communicator;
#[cfg(feature = "mpi")]
mod mpi_communicator;
#[cfg(feature = "mpi")]
mod patience;
pub mod policy;
pub mod world;
