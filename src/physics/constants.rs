//! Constants of nature, of Mars, and the limits that hold everywhere.
//!
//! Numbers that belong to a single formula stand beside that formula instead.

/// Constant of gravitation [m³ kg⁻¹ s⁻²] (CODATA 2018).
pub const G: f64 = 6.674_30e-11;
/// Speed of light [m s⁻¹], exact.
pub const C: f64 = 2.997_924_58e8;
/// Constant of Stefan and Boltzmann [W m⁻² K⁻⁴] (CODATA 2018).
pub const SIGMA_SB: f64 = 5.670_374_419e-8;
/// Molar gas constant [J mol⁻¹ K⁻¹] (CODATA 2018).
pub const R_GAS: f64 = 8.314_462_618;
/// Mass of Mars [kg].
pub const M_MARS: f64 = 6.4171e23;
/// Mean radius of Mars [m].
pub const R_MARS: f64 = 3.3895e6;
/// One bar [Pa].
pub const BAR: f64 = 1e5;
/// One day [s].
pub const DAY: f64 = 86_400.0;
/// One Julian year of 365.25 days [s].
pub const YEAR: f64 = 365.25 * DAY;
/// Radiation pressure over gravity at which a grain released on a circular orbit becomes unbound.
pub const BETA_BLOWOUT: f64 = 0.5;
/// Lowest and highest temperature of the surface of Mars that the model accepts [K].
pub const TEMPERATURE_RANGE: (f64, f64) = (1000.0, 6500.0);
/// Grain size for which the time scales of the uniform sinks are quoted [m]; chosen by the Python program.
pub const SINK_REFERENCE_SIZE: f64 = 1e-6;
/// Optical depth at and below which a collision time is not defined.
pub const TAU_MIN: f64 = 1e-12;
