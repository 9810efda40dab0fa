//! The run: time loop, clock and stop conditions.
//!
//! - [`driver`]: the time loop, read it first
//! - `member`: what every process does with its cells, the [`block`]; `leader`: what process 0 does with the reports, and its
//!   `writer`
//! - [`batch`]: several steps as a process reports them, [`travel`]: as bytes, [`books`]: as records
//! - [`time_grid`], [`clock`]: when
//! - [`stop`]: why it ends; [`orders`], [`keeper`]: when it is interrupted, and its checkpoints
//! - [`orbits`], [`interval`]: what came in, what left, what is there; their sums are in [`crate::disk::budget`]

pub mod batch;
pub mod block;
pub mod books;
pub mod clock;
pub mod driver;
pub mod interval;
pub mod keeper;
mod leader;
mod member;
pub mod orbits;
pub mod orders;
pub mod stop;
pub mod time_grid;
pub mod travel;
mod writer;
