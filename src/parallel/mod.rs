//! How the cells are spread over processes and threads. Knows nothing of the physics.
//!
//! - [`communicator`]: the small interface that the time loop needs

pub mod communicator;
