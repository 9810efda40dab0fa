//! Radiation-pressure efficiencies of grains, from the refractive index of their material.
//!
//! [`mie`] scatters light off a homogeneous sphere, [`geometric`] traces rays through a sphere too large for that,
//! [`efficiency`] joins the two. [`refractive_index`] reads n and k of a material, [`planck_mean`] averages the
//! efficiency over a black-body spectrum, [`table_file`] writes the result with its provenance. The command that
//! calls them in this order is [`crate::cli::qpr`].
//!
//! What does not live here: reading a finished table back and interpolating in it, which is what a run does
//! ([`crate::tables`], [`crate::physics`]). Start with [`mie`].

pub mod efficiency;
pub mod error;
pub mod geometric;
pub mod mie;
pub mod planck_mean;
pub mod refractive_index;
pub mod table_file;

pub use error::OpticsError;
