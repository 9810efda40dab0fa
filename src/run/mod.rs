//! The run: time loop, clock, stop conditions and the mass budget.
//!
//! - [`time_grid`], [`clock`]: when
//! - [`stop`]: why it ends
//! - [`budget`], [`orbits`], [`interval`]: what came in, what left, what is there

pub mod budget;
pub mod clock;
pub mod interval;
pub mod orbits;
pub mod stop;
pub mod time_grid;
