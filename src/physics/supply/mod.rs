//! Fresh material: how much of it arrives per area and time, and in which bins.
//!
//! | room | what it answers |
//! |---|---|
//! | [`law`] | how much leaves the source at a time ([`power_law`], [`rate_table`], [`piecewise`] are its parts) |
//! | [`temperature`] | how the temperature of Mars scales that |
//! | [`feedback`] | how the optical depth of the cell scales it |
//! | [`reservoir`] | how much of it a finite source can still give |
//! | [`deep_buffer`] | how much of it waits below the surface |
//! | [`injection`] | which bins receive what reaches the surface |
//!
//! The order of these steps in one coupling step is in `disk::supply`. Here are only the rates that other quantities
//! of the disk define. Optical depths and opacities are in [`super::shielding`].

pub mod deep_buffer;
pub mod feedback;
pub mod injection;
pub mod law;
pub mod piecewise;
pub mod power_law;
pub mod rate_table;
pub mod reservoir;
pub mod temperature;

pub use deep_buffer::DeepBuffer;
pub use feedback::Feedback;
pub use injection::{BinRanges, Injection};
pub use law::SupplyLaw;
pub use piecewise::Piecewise;
pub use power_law::PowerLaw;
pub use rate_table::{Ends, RateGrid, RateTable};
pub use reservoir::Depletion;
pub use temperature::TemperatureLaw;

/// Surface density [kg m⁻²] at which a layer has optical depth τ: Σ = τ / (Φ κ f).
///
/// It sets both the initial surface density and the reference of a supply given in units of it.
///
/// - `tau_ref`: optical depth τ along the line of sight
/// - `phi`: self-shielding factor Φ(τ), positive; 1 without shielding
/// - `kappa`: opacity of the grains κ [m² kg⁻¹], positive
/// - `los`: line-of-sight factor f, at least 1
pub fn reference_surface_density(tau_ref: f64, phi: f64, kappa: f64, los: f64) -> f64 {
    tau_ref / (phi * kappa * los)
}

/// Supply rate before mixing [kg m⁻² s⁻¹] that replaces a given share of a surface density every orbit.
///
/// rate = µ x Σ_ref / (t_orb ε_mix). After mixing, which multiplies by ε_mix, µ x Σ_ref arrive per orbit.
///
/// - `mu`: strength µ of the supply
/// - `orbit_fraction`: share x of Σ_ref per orbit at µ = 1
/// - `sigma_ref`: Σ_ref [kg m⁻²], see [`reference_surface_density`]
/// - `t_orb`: orbital period of the cell [s], positive
/// - `epsilon_mix`: share ε_mix of the supply that reaches the layer, positive
pub fn rate_per_orbit(mu: f64, orbit_fraction: f64, sigma_ref: f64, t_orb: f64, epsilon_mix: f64) -> f64 {
    mu * orbit_fraction * sigma_ref / t_orb / epsilon_mix
}

/// Supply rate before mixing [kg m⁻² s⁻¹] that fills a surface density in a given time: rate = Σ / (t ε_mix).
///
/// - `sigma`: Σ [kg m⁻²], the surface density of optical depth one
/// - `time`: t [s], positive
/// - `epsilon_mix`: share ε_mix of the supply that reaches the layer, positive
pub fn rate_of_fill_time(sigma: f64, time: f64, epsilon_mix: f64) -> f64 {
    sigma / (time * epsilon_mix)
}

#[cfg(test)]
mod tests {
    use super::super::shielding::optical_depth;
    use super::super::testing::{ROUNDING, assert_close};
    use super::*;

    #[test]
    fn the_reference_surface_density_has_the_reference_optical_depth() {
        let sigma = reference_surface_density(1.5, 0.2, 0.03, 20.0);
        assert_close(optical_depth(0.2 * 0.03, sigma, 20.0), 1.5, ROUNDING);
    }

    #[test]
    fn an_orbit_brings_its_share_whatever_is_lost_in_mixing() {
        for epsilon_mix in [0.1, 1.0] {
            let arriving = epsilon_mix * rate_per_orbit(2.0, 0.05, 3.0, 4e4, epsilon_mix);
            assert_close(arriving * 4e4, 0.3, ROUNDING);
            let arriving = epsilon_mix * rate_of_fill_time(0.7, 3e7, epsilon_mix);
            assert_close(arriving * 3e7, 0.7, ROUNDING);
        }
    }
}
