//! First-order losses of the size bins: blow-out, sublimation, gas drag, and the factors that temper them.
//!
//! Each function gives rates per second for mass that is in a bin; the operator in [`crate::smoluchowski`] applies them.
//! The blow-out size comes from [`super::radiation`], the rate ds/dt from [`super::vapour`]. Slices have one entry per
//! bin, edges one more.

use super::constants::SINK_REFERENCE_SIZE;

/// Sound speed of the gas in the drag law [m s⁻¹]; chosen by the Python program.
const GAS_SOUND_SPEED: f64 = 500.0;
/// How far above the blow-out size an edge may lie by rounding and still count as below it, relative.
const EDGE_TOLERANCE: f64 = 1e-12;
/// Shortest time in which a grain crosses the blow-out size [s].
const CROSSING_TIME_FLOOR: f64 = 1e-30;

/// Which part of a size bin radiation pressure expels.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BlowoutBinRule {
    /// The part of ln(e_(k+1)/e_k) that lies below the blow-out size.
    Fraction,
    /// The whole bin if its lower edge is at or below the blow-out size, as in the Python program.
    LowerEdge,
}

/// Blow-out rate of each bin [s⁻¹]: share below the blow-out size over t_blow.
///
/// - `edges`: of the bins [m], rising
/// - `s_blow`: blow-out size [m]
/// - `t_blow`: blow-out time [s]; no blow-out unless finite and positive
/// - `out`: one rate per bin, overwritten
pub fn blowout_rates(rule: BlowoutBinRule, edges: &[f64], s_blow: f64, t_blow: f64, out: &mut [f64]) {
    if !(t_blow.is_finite() && t_blow > 0.0) {
        out.fill(0.0);
        return;
    }
    for (rate, bin) in out.iter_mut().zip(edges.windows(2)) {
        let share = match rule {
            BlowoutBinRule::Fraction => share_below(bin[0], bin[1], s_blow),
            BlowoutBinRule::LowerEdge => f64::from(bin[0] <= s_blow * (1.0 + EDGE_TOLERANCE)),
        };
        *rate = share / t_blow;
    }
}

/// Share of ln(high/low) below `size`, exactly 0 and 1 outside the bin.
fn share_below(low: f64, high: f64, size: f64) -> f64 {
    if size <= low {
        0.0
    } else if size >= high {
        1.0
    } else {
        (size / low).ln() / (high / low).ln()
    }
}

/// Sublimation as a drift of shrinking grains from bin to bin.
///
/// Grains of bin k arrive in bin k − 1 at the number rate a_k = |ds/dt| / (s_k − s_(k−1)). Of their mass, the share
/// m_(k−1)/m_k arrives with them and the rest becomes vapour; the grains of the lowest bin vanish at |ds/dt| / s_0.
/// In the limit of narrow bins the vapour rate is 3 |ds/dt| / s, that of a shrinking sphere.
///
/// - `sizes`: s_k [m], rising; `masses`: m_k [kg] of these spheres
/// - `size_rate`: ds/dt [m s⁻¹]; nothing happens unless negative
/// - `transfer`: rate at which mass of bin k arrives in bin k − 1 [s⁻¹], overwritten; 0 for k = 0
/// - `vapour`: rate at which mass of bin k becomes vapour [s⁻¹], overwritten
pub fn sublimation_drift(sizes: &[f64], masses: &[f64], size_rate: f64, transfer: &mut [f64], vapour: &mut [f64]) {
    let shrinking = shrinking_speed(size_rate);
    transfer[0] = 0.0;
    vapour[0] = shrinking / sizes[0];
    for k in 1..sizes.len() {
        let (smaller, size) = (sizes[k - 1], sizes[k]);
        transfer[k] = shrinking / (size - smaller) * (masses[k - 1] / masses[k]);
        // a_k (1 − m_(k−1)/m_k) with s_k − s_(k−1) divided out of s_k³ − s_(k−1)³.
        vapour[k] = shrinking * (size * size + size * smaller + smaller * smaller) / (size * size * size);
    }
}

/// Sublimation as a loss of whole grains after their life time: rate |ds/dt| / s_k [s⁻¹].
///
/// One of the Python program's two rules; a shrinking sphere loses mass three times as fast.
///
/// - `sizes`: s_k [m]
/// - `size_rate`: ds/dt [m s⁻¹]; no loss unless negative
/// - `out`: one rate per bin, overwritten
pub fn sublimation_lifetime(sizes: &[f64], size_rate: f64, out: &mut [f64]) {
    let shrinking = shrinking_speed(size_rate);
    for (rate, size) in out.iter_mut().zip(sizes) {
        *rate = shrinking / size;
    }
}

/// Sublimation as a loss of the grains that shrink to the blow-out size within a step (`mass_conserving`).
///
/// t = (s_k − s_blow)/|ds/dt| for s_k > s_blow; where t ≤ dt the bin is lost at the rate 1/t, elsewhere nothing is.
/// The Python program's other rule, which books this loss as blow-out.
///
/// - `sizes`: s_k [m]
/// - `size_rate`: ds/dt [m s⁻¹]; no loss unless negative
/// - `s_blow`: blow-out size [m]
/// - `dt`: step [s]
/// - `out`: one rate per bin [s⁻¹], overwritten
pub fn sublimation_crossing(sizes: &[f64], size_rate: f64, s_blow: f64, dt: f64, out: &mut [f64]) {
    let shrinking = shrinking_speed(size_rate);
    for (rate, &size) in out.iter_mut().zip(sizes) {
        let crossing_time = (size - s_blow) / shrinking;
        let crosses = shrinking > 0.0 && size > s_blow && crossing_time <= dt;
        *rate = if crosses { 1.0 / crossing_time.max(CROSSING_TIME_FLOOR) } else { 0.0 };
    }
}

/// |ds/dt| of a shrinking grain [m s⁻¹], 0 for one that does not shrink.
fn shrinking_speed(size_rate: f64) -> f64 {
    (-size_rate).max(0.0)
}

/// Time in which gas drag removes a grain of 1 µm, t = ρ s / (ρ_g c_s) [s]; `None` without gas.
///
/// The stopping time in the free-molecular regime (Epstein 1924), with c_s = 500 m s⁻¹.
///
/// - `density`: of the grain material [kg m⁻³]
/// - `gas_density`: ρ_g [kg m⁻³]
pub fn gas_drag_time(density: f64, gas_density: f64) -> Option<f64> {
    (gas_density > 0.0).then(|| density * SINK_REFERENCE_SIZE / (gas_density * GAS_SOUND_SPEED))
}

/// Time in which a grain of 1 µm sublimates, t = ρ s / J [s]; `None` where nothing evaporates.
///
/// - `density`: of the grain material [kg m⁻³]
/// - `flux`: mass flux J from the surface [kg m⁻² s⁻¹]
pub fn sublimation_sink_time(density: f64, flux: f64) -> Option<f64> {
    (flux > 0.0).then(|| density * SINK_REFERENCE_SIZE / flux)
}

/// Share of the grains that is blown out before another process takes them, t_solid / (t_solid + t_blow).
///
/// - `t_solid`: time scale of the competing process [s]
/// - `t_blow`: blow-out time [s]
///
/// 1 where either is missing or not finite and positive.
pub fn gate_factor(t_solid: Option<f64>, t_blow: f64) -> f64 {
    let usable = |t: f64| t.is_finite() && t > 0.0;
    match t_solid {
        Some(t_solid) if usable(t_solid) && usable(t_blow) => t_solid / (t_solid + t_blow),
        _ => 1.0,
    }
}

/// Share of a reservoir that leaves within a step at constant rate, 1 − exp(−dt/t_blow).
///
/// - `dt_over_t_blow`: 0 is returned unless positive, 1 where infinite
pub fn fast_blowout_factor(dt_over_t_blow: f64) -> f64 {
    if dt_over_t_blow > 0.0 { -(-dt_over_t_blow).exp_m1() } else { 0.0 }
}

#[cfg(test)]
mod tests {
    use super::super::size_distribution::SizeGrid;
    use super::super::testing::{ROUNDING, assert_close};
    use super::*;

    const EDGES: [f64; 4] = [1.0, 10.0, 100.0, 1000.0];

    fn blowout(rule: BlowoutBinRule, s_blow: f64, t_blow: f64) -> [f64; 3] {
        let mut out = [9.0; 3];
        blowout_rates(rule, &EDGES, s_blow, t_blow, &mut out);
        out
    }

    #[test]
    fn a_bin_is_expelled_as_far_as_the_blowout_size_reaches() {
        let rates = blowout(BlowoutBinRule::Fraction, 10f64.powf(1.25), 2.0);
        assert_eq!((rates[0], rates[2]), (0.5, 0.0));
        assert_close(rates[1], 0.125, ROUNDING);
        assert_eq!(blowout(BlowoutBinRule::Fraction, 1.0, 2.0), [0.0; 3]);
        assert_eq!(blowout(BlowoutBinRule::Fraction, 1000.0, 2.0), [0.5; 3]);
    }

    #[test]
    fn the_lower_edge_rule_takes_whole_bins() {
        assert_eq!(blowout(BlowoutBinRule::LowerEdge, 10.0 * (1.0 - 1e-13), 2.0), [0.5, 0.5, 0.0]);
        assert_eq!(blowout(BlowoutBinRule::LowerEdge, 9.999, 2.0), [0.5, 0.0, 0.0]);
    }

    #[test]
    fn there_is_no_blowout_without_a_blowout_time() {
        for t_blow in [0.0, -1.0, f64::INFINITY, f64::NAN] {
            assert_eq!(blowout(BlowoutBinRule::Fraction, 50.0, t_blow), [0.0; 3]);
            assert_eq!(blowout(BlowoutBinRule::LowerEdge, 50.0, t_blow), [0.0; 3]);
        }
    }

    #[test]
    fn a_drifting_grain_gives_its_lost_mass_to_the_vapour() {
        let grid = SizeGrid::logarithmic(1e-6, 1.0, 12, 3270.0).unwrap();
        let (mut transfer, mut vapour) = ([0.0; 12], [0.0; 12]);
        sublimation_drift(&grid.sizes, &grid.masses, -1e-9, &mut transfer, &mut vapour);
        assert_eq!(transfer[0], 0.0);
        assert_close(vapour[0], 1e-9 / grid.sizes[0], ROUNDING);
        for k in 1..12 {
            let leaving = 1e-9 / (grid.sizes[k] - grid.sizes[k - 1]);
            assert_close(transfer[k] + vapour[k], leaving, ROUNDING);
            // Number is conserved: what leaves bin k arrives in bin k − 1 as grains of that bin.
            assert_close(transfer[k] * grid.masses[k] / grid.masses[k - 1], leaving, ROUNDING);
        }
    }

    #[test]
    fn narrow_bins_lose_mass_like_a_shrinking_sphere() {
        let grid = SizeGrid::logarithmic(1e-6, 1e-5, 10_000, 3270.0).unwrap();
        let (mut transfer, mut vapour) = (vec![0.0; 10_000], vec![0.0; 10_000]);
        sublimation_drift(&grid.sizes, &grid.masses, -1e-9, &mut transfer, &mut vapour);
        let mut lifetime = vec![0.0; 10_000];
        sublimation_lifetime(&grid.sizes, -1e-9, &mut lifetime);
        // The first correction is the relative bin width, ln(10)/10000 = 2.3e-4.
        assert_close(vapour[5000], 3.0 * lifetime[5000], 3e-4);
        // Neighbouring sizes and masses agree to 2e-4, so their differences keep some twelve digits.
        let difference = (grid.masses[5000] - grid.masses[4999]) / grid.masses[5000];
        assert_close(vapour[5000], 1e-9 / (grid.sizes[5000] - grid.sizes[4999]) * difference, 1e-11);
    }

    #[test]
    fn grains_that_do_not_shrink_lose_nothing() {
        let sizes = [1.0, 2.0];
        for rate in [0.0, 1.0] {
            let (mut a, mut b) = ([9.0; 2], [9.0; 2]);
            sublimation_drift(&sizes, &[1.0, 8.0], rate, &mut a, &mut b);
            assert_eq!((a, b), ([0.0; 2], [0.0; 2]));
            sublimation_lifetime(&sizes, rate, &mut a);
            sublimation_crossing(&sizes, rate, 0.5, 1.0, &mut b);
            assert_eq!((a, b), ([0.0; 2], [0.0; 2]));
        }
    }

    #[test]
    fn only_grains_that_reach_the_blowout_size_within_the_step_cross() {
        let mut out = [9.0; 4];
        // From 2, 3 and 8 down to 2 at unit speed takes 0, 1 and 6; the smallest is already below.
        sublimation_crossing(&[1.0, 2.0, 3.0, 8.0], -1.0, 2.0, 5.0, &mut out);
        assert_eq!(out, [0.0, 0.0, 1.0, 0.0]);
        sublimation_crossing(&[1.0, 2.0, 3.0, 8.0], -2.0, 2.0, 5.0, &mut out);
        assert_eq!(out, [0.0, 0.0, 2.0, 1.0 / 3.0]);
    }

    #[test]
    fn sink_times_are_those_of_a_micrometre_grain() {
        assert_close(gas_drag_time(3000.0, 1e-6).unwrap(), 6.0, ROUNDING);
        assert_eq!(gas_drag_time(3000.0, 0.0), None);
        // A grain that shrinks at J/ρ lives s ρ/J.
        assert_close(sublimation_sink_time(3000.0, 1e-3).unwrap(), 1e-6 / (1e-3 / 3000.0), ROUNDING);
        assert_eq!(sublimation_sink_time(3000.0, 0.0), None);
    }

    #[test]
    fn competition_and_fast_blowout_follow_the_python_program() {
        assert_close(gate_factor(Some(30.0), 10.0), 0.75, ROUNDING);
        for (t_solid, t_blow) in [(None, 10.0), (Some(0.0), 10.0), (Some(f64::INFINITY), 10.0), (Some(30.0), 0.0)] {
            assert_eq!(gate_factor(t_solid, t_blow), 1.0);
        }
        assert_close(fast_blowout_factor(3.0), 0.950_212_931_632_136, ROUNDING);
        assert_eq!((fast_blowout_factor(0.0), fast_blowout_factor(f64::INFINITY)), (0.0, 1.0));
    }
}
