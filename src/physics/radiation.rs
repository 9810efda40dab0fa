//! Light of the planet against its gravity: β, the blow-out size, the blow-out time factor and grain temperatures.
//!
//! The table of Q_pr is in [`super::qpr`]; what blow-out does to the size bins is in [`super::sinks`].

use super::constants::{BETA_BLOWOUT, C, G, M_MARS, R_MARS, SIGMA_SB};
use super::qpr::{Isotherm, QprTable};

/// Smallest size handed to the efficiency or returned by the iterated blow-out size [m].
const SIZE_FLOOR: f64 = 1e-12;
/// Unconverged updates that the Python program makes before its last evaluation.
const ITERATIONS: usize = 6;
/// Limits of χ, the blow-out time in units of 1/Ω.
const CHI_RANGE: (f64, f64) = (0.5, 2.0);

/// Planck-mean efficiency of radiation pressure, Q_pr(s, T).
#[derive(Debug, Clone, PartialEq)]
pub enum Efficiency {
    /// The same for all sizes and temperatures.
    Constant(f64),
    /// Interpolated from a table.
    Table(QprTable),
}

impl Efficiency {
    /// Q_pr for a grain of `size` [m] (taken as at least 1e-12 m) lit by a surface at `temperature` [K].
    pub fn at(&self, size: f64, temperature: f64) -> f64 {
        match self {
            Self::Constant(q) => *q,
            Self::Table(table) => table.at(size.max(SIZE_FLOOR), temperature),
        }
    }
}

/// Radiation pressure of Mars over its gravity, β = 3 σ T⁴ R² Q_pr / (4 G M c ρ s).
///
/// Both forces fall as r⁻², so β does not depend on distance (Burns, Lamy & Soter 1979, Icarus 40, 1, with the planet
/// as the source).
///
/// - `size`: grain radius [m], positive
/// - `temperature`: of the surface of Mars [K]
/// - `density`: of the grain material [kg m⁻³], positive
/// - `q_pr`: efficiency
///
/// The operations stand in the order of the Python program, here and in [`blowout_size_for`]: its blow-out gate compares
/// β of the blow-out size itself with ½, so that the last bit decides.
pub fn beta(size: f64, temperature: f64, density: f64, q_pr: f64) -> f64 {
    let light = 3.0 * SIGMA_SB * temperature.powf(4.0) * (R_MARS * R_MARS) * q_pr;
    light / (4.0 * G * M_MARS * C * density * size)
}

/// Size at which β = ½ if Q_pr did not depend on size, s = 3 σ T⁴ R² Q_pr / (2 G M c ρ) [m].
///
/// - `q_pr`: efficiency
/// - `temperature`: of the surface of Mars [K]
/// - `density`: of the grain material [kg m⁻³], positive
pub fn blowout_size_for(q_pr: f64, temperature: f64, density: f64) -> f64 {
    const LIGHT_OVER_GRAVITY: f64 = 3.0 * SIGMA_SB * (R_MARS * R_MARS) / (2.0 * G * M_MARS * C);
    let squared = temperature * temperature;
    LIGHT_OVER_GRAVITY * (squared * squared) * q_pr / density
}

/// Largest size at which the light of Mars still expels a grain: the largest root of β(s) = ½ over all sizes [m].
///
/// Q_pr of a table is a polyline in s at given T, so β(s) = ½ is linear within each interval and its root is exact; the
/// intervals are searched from the largest size down. Below and above the table its end values hold.
///
/// - `temperature`: of the surface of Mars [K], 1000 … 6500
/// - `density`: of the grain material [kg m⁻³], positive
///
/// `None` when no size is expelled, which needs Q_pr ≤ 0 at the smallest size.
pub fn blowout_size(temperature: f64, density: f64, efficiency: &Efficiency) -> Option<f64> {
    let size_per_q = blowout_size_for(1.0, temperature, density);
    let root = match efficiency {
        Efficiency::Constant(q) => size_per_q * q,
        Efficiency::Table(table) => largest_root(size_per_q, &table.isotherm(temperature)),
    };
    (root > 0.0).then_some(root)
}

/// Largest s with s = size_per_q · Q(s).
fn largest_root(size_per_q: f64, q: &Isotherm<'_>) -> f64 {
    let bound = |k: usize| q.size(k) - size_per_q * q.node(k); // positive where the grain of node k stays
    let last = q.len() - 1;
    let mut above = bound(last);
    if above <= 0.0 {
        return size_per_q * q.node(last);
    }
    for k in (0..last).rev() {
        let below = bound(k);
        if below <= 0.0 {
            return q.size(k) + (q.size(k + 1) - q.size(k)) * (below / (below - above));
        }
        above = below;
    }
    size_per_q * q.node(0)
}

/// The blow-out size as the Python program finds it: six updates s ← s_blow(Q_pr(s)) and one last evaluation.
///
/// There is no test of convergence; [`blowout_size`] is the exact root. Sizes are kept above 1e-12 m.
///
/// - `s_start`: where to begin [m]
/// - `temperature`: of the surface of Mars [K]
/// - `density`: of the grain material [kg m⁻³], positive
///
/// Returns the size [m] and the Q_pr from which it was computed.
pub fn blowout_size_iterated(s_start: f64, temperature: f64, density: f64, efficiency: &Efficiency) -> (f64, f64) {
    let update = |size: f64| {
        let q = efficiency.at(size, temperature);
        (blowout_size_for(q, temperature, density).max(SIZE_FLOOR), q)
    };
    let mut size = s_start.max(SIZE_FLOOR);
    for _ in 0..ITERATIONS {
        size = update(size).0;
    }
    update(size)
}

/// χ as the `auto` setting chooses it; the blow-out time is χ/Ω.
///
/// χ = χ_β χ_Q, clamped to 0.5 … 2, with χ_β = max(0.1, 1/(1 + ½(β/½ − 1))) and χ_Q = Q_pr clamped to 0.5 … 1.5: grains
/// pushed harder leave sooner. A rule of thumb of the Python program. A β or Q_pr that is not finite and positive counts
/// as ½ and 1.
///
/// - `beta`: of the smallest grains
/// - `q_pr`: of the same grains
pub fn chi_auto(beta: f64, q_pr: f64) -> f64 {
    let usable = |x: f64| x.is_finite() && x > 0.0;
    let beta = if usable(beta) { beta } else { BETA_BLOWOUT };
    let q_pr = if usable(q_pr) { q_pr } else { 1.0 };
    let chi_beta = (1.0 / (1.0 + 0.5 * (beta / BETA_BLOWOUT - 1.0))).max(0.1);
    clamp_chi(chi_beta * q_pr.clamp(0.5, 1.5))
}

/// χ within 0.5 … 2, the range in which a grain's escape takes about a third of an orbit at most.
pub fn clamp_chi(chi: f64) -> f64 {
    chi.clamp(CHI_RANGE.0, CHI_RANGE.1)
}

/// Equilibrium temperature of a grain in the light of Mars [K]: T_M q_abs^¼ √(R_Mars / 2r).
///
/// - `mars_temperature`: of the surface [K]
/// - `r`: distance from the centre of Mars [m], positive
/// - `q_abs`: absorption over emission efficiency, positive; 1 for a black grain
pub fn grain_temperature(mars_temperature: f64, r: f64, q_abs: f64) -> f64 {
    mars_temperature * q_abs.powf(0.25) * (R_MARS / (2.0 * r)).sqrt()
}

/// Flux that a black surface emits, σ T⁴ [W m⁻²].
///
/// - `temperature`: of the surface [K]
pub fn surface_flux(temperature: f64) -> f64 {
    SIGMA_SB * temperature.powi(4)
}

#[cfg(test)]
mod tests {
    use super::super::testing::{ROUNDING, assert_close};
    use super::*;

    const T: f64 = 4000.0;
    const RHO: f64 = 3270.0;

    /// The corner of the Python program's forsterite table that holds the blow-out size at 4000 K.
    fn forsterite() -> Efficiency {
        let sizes = vec![
            1e-6,
            1.465_817_938_297_957e-6,
            2.148_622_228_236_069e-6,
            3.149_489_004_774_151e-6,
            4.616_577_479_670_13e-6,
            6.767_062_083_242_849e-6,
            9.919_280_991_193_291e-6,
        ];
        let values = [FORSTERITE_3800, FORSTERITE_4100].concat();
        Efficiency::Table(QprTable::new(vec![3800.0, 4100.0], sizes, values).unwrap())
    }
    const FORSTERITE_3800: [f64; 7] = [
        1.0783661500282744,
        0.9301263093551904,
        0.796852567297928,
        0.6952629177933916,
        0.6185594078783432,
        0.566687851924817,
        0.5282368287878219,
    ];
    const FORSTERITE_4100: [f64; 7] = [
        1.0527365809759734,
        0.9031373160748448,
        0.7757697768720664,
        0.6800511305895081,
        0.6074002654520045,
        0.5586886436879565,
        0.5223215005443866,
    ];

    /// Two equal temperatures' worth of an efficiency that depends on size alone, in units in which s = Q at T.
    fn polyline(nodes: &[(f64, f64)]) -> Efficiency {
        let unit = blowout_size_for(1.0, T, RHO);
        let rows: Vec<_> =
            [3000.0, 5000.0].into_iter().flat_map(|t| nodes.iter().map(move |&(s, q)| (t, s * unit, q))).collect();
        Efficiency::Table(QprTable::from_long(&rows).unwrap())
    }

    fn root_in_units(nodes: &[(f64, f64)]) -> Option<f64> {
        blowout_size(T, RHO, &polyline(nodes)).map(|s| s / blowout_size_for(1.0, T, RHO))
    }

    #[test]
    fn the_python_program_gives_the_same_beta_and_blowout_size() {
        assert_close(blowout_size_for(1.0, T, RHO), 5.958_010_319_911_502e-6, ROUNDING);
        assert_close(beta(1e-6, T, RHO, 1.0), 2.979_005_159_955_750_3, ROUNDING);
    }

    #[test]
    fn the_iterated_size_follows_the_python_program_update_by_update() {
        let q = forsterite();
        let printed = [
            6.323_116e-6,
            3.405_769e-6,
            4.004_943e-6,
            3.824_873e-6,
            3.878_989e-6,
            3.862_726e-6,
            3.867_613_653_987_798e-6,
        ];
        let mut size = 1e-7;
        for expected in printed {
            size = blowout_size_for(q.at(size, T), T, RHO);
            assert_close(size, expected, 1e-6); // six digits are printed
        }
        let (last, q_last) = blowout_size_iterated(1e-7, T, RHO, &q);
        assert_close(last, 3.867_613_653_987_798e-6, ROUNDING);
        assert_close(blowout_size_for(q_last, T, RHO), last, ROUNDING);
        assert_close(beta(last, T, RHO, q.at(last, T)), 0.499_810_104_557_065_4, ROUNDING);
    }

    #[test]
    fn the_exact_size_is_where_the_iteration_would_end() {
        let q = forsterite();
        let exact = blowout_size(T, RHO, &q).unwrap();
        // Each update shrinks the error by about 0.3, so 100 of them reach the last bits.
        let converged = (0..100).fold(1e-7, |s, _| blowout_size_for(q.at(s, T), T, RHO));
        assert_close(exact, converged, ROUNDING);
        assert_close(beta(exact, T, RHO, q.at(exact, T)), BETA_BLOWOUT, ROUNDING);
    }

    #[test]
    fn a_constant_efficiency_needs_no_iteration() {
        let q = Efficiency::Constant(0.7);
        let expected = 0.7 * 5.958_010_319_911_502e-6;
        assert_close(blowout_size(T, RHO, &q).unwrap(), expected, ROUNDING);
        let (size, q_last) = blowout_size_iterated(1.0, T, RHO, &q);
        assert_close(size, expected, ROUNDING);
        assert_eq!(q_last, 0.7);
        assert_eq!(blowout_size(T, RHO, &Efficiency::Constant(0.0)), None);
    }

    #[test]
    fn the_largest_of_several_roots_is_taken() {
        // Q − s is +0.5, −1, +1, −1 at the nodes: roots at 1 + 1/3, 2.5 and 3.5.
        assert_close(root_in_units(&[(1.0, 1.5), (2.0, 1.0), (3.0, 4.0), (4.0, 3.0)]).unwrap(), 3.5, ROUNDING);
        // A node that touches the line is a root itself.
        assert_close(root_in_units(&[(1.0, 0.5), (2.0, 2.0), (3.0, 2.0)]).unwrap(), 2.0, ROUNDING);
    }

    #[test]
    fn roots_outside_the_table_use_its_end_values() {
        assert_close(root_in_units(&[(1.0, 5.0), (2.0, 6.0)]).unwrap(), 6.0, ROUNDING);
        assert_close(root_in_units(&[(1.0, 0.25), (2.0, 0.5)]).unwrap(), 0.25, ROUNDING);
        assert_eq!(root_in_units(&[(1.0, 0.0), (2.0, 0.5)]), None);
    }

    #[test]
    fn no_grain_above_the_blowout_size_is_expelled() {
        let q = forsterite();
        for temperature in [1500.0, 3800.0, 4000.0, 6000.0] {
            let root = blowout_size(temperature, RHO, &q).unwrap();
            for factor in [1.0 + 1e-9, 1.1, 2.0, 10.0, 1e5] {
                let size = factor * root;
                assert!(beta(size, temperature, RHO, q.at(size, temperature)) < BETA_BLOWOUT, "{temperature} {factor}");
            }
        }
    }

    #[test]
    fn chi_follows_the_python_program() {
        for (beta, q, expected) in [(0.5, 0.65, 0.65), (2.0, 1.0, 0.5), (0.1, 1.2, 2.0)] {
            assert_close(chi_auto(beta, q), expected, ROUNDING);
        }
        assert_eq!(chi_auto(f64::NAN, -1.0), chi_auto(0.5, 1.0));
        assert_eq!((clamp_chi(0.1), clamp_chi(1.3), clamp_chi(9.0)), (0.5, 1.3, 2.0));
    }

    #[test]
    fn grain_temperatures_follow_the_python_program() {
        let r = 2.45 * R_MARS;
        assert_close(grain_temperature(T, r, 1.0), 1_807.015_805_810_502_3, ROUNDING);
        assert_close(grain_temperature(T, r, 0.4), 1_437.066_776_780_497_5, ROUNDING);
    }

    #[test]
    fn a_black_grain_radiates_what_it_absorbs() {
        // Absorbed: the flux diluted by (R/r)² on its cross-section; emitted: its own flux from four times that.
        let r = 3.0 * R_MARS;
        let absorbed = surface_flux(T) * (R_MARS / r).powi(2);
        assert_close(4.0 * surface_flux(grain_temperature(T, r, 1.0)), absorbed, ROUNDING);
    }
}
