//! The physics of one place in the disk: each formula once, in its own function, with its equation, units and source.
//!
//! What lives here takes numbers or small structs of numbers and gives numbers back. Reading files, parsing the
//! configuration, deciding what a run does and integrating in time happen elsewhere ([`crate::disk`] puts the formulas
//! together, [`crate::smoluchowski`] integrates). Everything is in SI units. Functions that a time step calls write
//! into slices they are given and never allocate.
//!
//! | room | what it answers |
//! |---|---|
//! | [`constants`] | which number is G, M_Mars …, and which limits hold everywhere |
//! | [`error`] | what can be wrong with an input |
//! | [`orbit`] | how fast is a circular orbit |
//! | [`surface_density`] | how is a given disk mass spread over radius |
//! | [`excitation`] | e, i, scale height and encounter speed |
//! | [`qpr`] | the table of Q_pr(T, s) |
//! | [`radiation`] | β, blow-out size, blow-out time factor χ, grain temperature |
//! | [`shielding`] | opacity and optical depth, self-shielding Φ(τ) |
//! | [`strength`] | Q*_D(s, ρ, v) |
//! | [`fragmentation`] | what is left of two bodies that hit each other |
//! | [`collision`] | how often they do |
//! | [`size_distribution`] | the grid of size bins and the initial distributions on it |
//! | [`quadrature`] | how much of a distribution falls into a bin |
//! | [`vapour`] | saturation pressure, sublimation flux, ds/dt |
//! | [`phase`] | solid, liquid or vapour |
//! | [`escape`] | how fast vapour leaves |
//! | [`surface_energy`] | the smallest fragment that an impact can make |
//! | [`surface_equation`] | how a surface density evolves by itself |
//! | [`uniform_drift`] | how the Python program lets all grains of a column shrink |
//! | [`minimum_size`] | how a smallest size drifts by itself |
//! | [`random`] | NumPy's random numbers |
//! | [`sinks`] | first-order loss rates per bin: blow-out, sublimation, gas drag |
//! | [`cooling`] | T_M(t) |
//! | [`supply`] | how much fresh material arrives, and in which bins |
//!
//! A reader who wants the story in order starts at [`radiation`], then [`collision`], [`fragmentation`] and [`sinks`].

pub mod collision;
pub mod constants;
pub mod cooling;
pub mod error;
pub mod escape;
pub mod excitation;
pub mod fragmentation;
mod interpolate;
pub mod minimum_size;
pub mod orbit;
pub mod pchip;
pub mod phase;
pub mod phase_map;
pub mod qpr;
pub mod quadrature;
pub mod radiation;
pub mod random;
pub mod saturation;
pub mod shielding;
pub mod sinks;
pub mod size_distribution;
pub mod stirring;
pub mod strength;
pub mod supply;
pub mod surface_density;
pub mod surface_energy;
pub mod surface_equation;
pub mod uniform_drift;
pub mod vapour;

pub use error::PhysicsError;

/// Comparison for the tests of this room.
#[cfg(test)]
pub(crate) mod testing {
    /// Same formula in another order of operations: a few dozen roundings at most.
    pub(crate) const ROUNDING: f64 = 1e-12;

    /// Panics unless |actual − expected| ≤ tolerance · |expected|.
    #[track_caller]
    pub(crate) fn assert_close(actual: f64, expected: f64, tolerance: f64) {
        let difference = (actual - expected).abs();
        assert!(
            difference <= tolerance * expected.abs(),
            "{actual:e} is not {expected:e} to {tolerance:e}: off by {:e}",
            difference / expected.abs()
        );
    }
}
