//! The disk: radial cells, what a cell holds, and one coupling step of one cell.
//!
//! - [`setup`]: from the configuration to a [`model::Model`] and the initial cells; nothing else here knows the configuration
//! - [`model`]: a run's constants and the drivers of a step
//! - [`grid`], [`cell`]: radial cells
//! - [`collisions`]: pair tables of a cell
//! - [`advance`]: one coupling step, in parts where something turns within it ([`joined`]: two reports as one)
//! - [`step`]: one step or part, with [`evolve`] (error-controlled) or [`evolve_imex`] (the Python program's step);
//!   a column may follow one equation ([`evolve_surface`]) and has rules of its own in the Python program ([`evolve_column`])
//! - [`supply`]: fresh material in that step
//! - [`floor`]: the smallest size that stays; [`shrink`]: how the Python program lets grains of a column evaporate
//! - [`workers`]: one workspace a thread
//! - [`report`]: the numbers that leave this room, read by `run` and `output`; [`budget`]: the mass budget made of them
//!
//! Start reading in [`step`].

pub mod advance;
pub mod budget;
pub mod cell;
pub mod collisions;
pub mod encounters;
mod evolve;
mod evolve_column;
mod evolve_imex;
pub mod evolve_surface;
pub mod floor;
pub mod grid;
pub mod joined;
pub mod model;
pub mod report;
pub mod setup;
mod shrink;
pub mod step;
pub mod supply;
pub mod workers;
