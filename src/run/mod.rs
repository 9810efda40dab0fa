//! The run: time loop, clock, stop conditions and the mass budget.
//!
//! - [`budget`]: what came in, what left, what is there; per cell and in total.

pub mod budget;
