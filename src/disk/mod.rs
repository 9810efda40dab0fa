//! The disk: radial cells, what a cell holds, and one coupling step of one cell.
//!
//! - [`report`]: the numbers that leave this room, read by `run` and `output`.

pub mod report;
