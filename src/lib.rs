//! Evolution of the dust disk around Mars after a giant impact, radius by radius.
//!
//! In every radial cell a size distribution of grains grinds itself down ([`smoluchowski`]), the radiation of the
//! glowing planet blows the smallest grains out, hot grains sublimate and fresh material is supplied ([`physics`]).
//! [`disk`] holds the cells, one coupling step of each and the mass budget, [`run`] the time loop, [`parallel`]
//! spreads the cells, [`output`] writes tables and JSON, [`checkpoint`] lets a run go on, [`config`] reads the YAML file,
//! [`optics`] computes the radiation-pressure efficiencies that the disk needs and [`tables`] reads them. [`panics`] guards
//! against libraries that panic; [`files`] says how a file becomes whole, [`wire`] how values travel.
//!
//! Data goes one way: YAML → [`config`] → [`disk`] → step → records → files. Everything is in SI units.

pub mod checkpoint;
pub mod cli;
pub mod config;
pub mod disk;
pub mod files;
pub mod optics;
pub mod output;
pub mod panics;
pub mod parallel;
pub mod physics;
pub mod run;
pub mod smoluchowski;
pub mod tables;
pub mod wire;
