//! cli
pub mod qpr;
