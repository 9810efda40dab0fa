//! The collisional operator of one radial cell and the schemes that integrate it.
//!
//! The state is the surface mass density per size bin Σ_k [kg m⁻²]; mass, not number, so that every budget is a sum.
//! Nothing here knows radii, radiation or files: pair outcomes and first-order processes come in as plain numbers.
//!
//! - [`pairs`]: what becomes of two colliding bodies, tabulated for all pairs of bins
//! - [`processes`]: first-order losses, transfers and sources, with one ledger channel for each kind of loss
//! - [`operator`]: right-hand side, Jacobian and rate matrix, all in O(n²)
//! - [`rodas4`]: the default integrator; [`patankar`]: its positive fall-back
//! - [`cell_integrator`]: covers one coupling step of one cell with as many inner steps as it needs
//! - [`imex_bdf1`]: one step of the Python program, for comparison only
//! - [`linear_solver`]: dense LU in place
//! - [`simd`]: vectors of eight numbers on whatever the processor has
//!
//! Start reading in [`operator`].

pub mod cell_integrator;
pub mod energy;
pub mod imex_bdf1;
pub mod linear_solver;
pub mod operator;
pub mod pairs;
pub mod patankar;
pub mod processes;
pub mod rodas4;
pub mod simd;

/// Why a step could not be taken.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum IntegrationError {
    /// The state is not finite.
    #[error("the surface density of bin {bin} is {value} kg m⁻² after {time:e} s of the step")]
    NotFinite {
        /// Index of the bin.
        bin: usize,
        /// What was found.
        value: f64,
        /// Time since the start of the coupling step [s].
        time: f64,
    },
    /// The inner steps made or took mass, more than their tolerance.
    #[error("the inner steps of {dt:e} s made {made:e} kg m⁻² of {mass:e}, more than `numerics.rtol` allows")]
    Unbalanced {
        /// What was made [kg m⁻²]; negative if it was taken.
        made: f64,
        /// What was there and came in [kg m⁻²].
        mass: f64,
        /// Length of the coupling step [s].
        dt: f64,
    },
    /// The inner steps did not reach the end of the coupling step.
    #[error("{steps} inner steps covered only {time:e} s of a coupling step of {dt:e} s")]
    NoProgress {
        /// Inner steps that were tried.
        steps: u32,
        /// Time covered [s].
        time: f64,
        /// Length of the coupling step [s].
        dt: f64,
    },
}
