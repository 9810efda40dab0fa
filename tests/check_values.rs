//! Every check value that was taken from the original Python program, formula by formula, in one table.

mod support;

use marsdisk_mpi::disk::grid::RadialGrid;
use marsdisk_mpi::physics::collision::kernel;
use marsdisk_mpi::physics::constants::{BAR, C, G, M_MARS, R_MARS, SIGMA_SB, YEAR};
use marsdisk_mpi::physics::cooling::Cooling;
use marsdisk_mpi::physics::excitation::{RelativeSpeed, ScaleHeight, equilibrium_eccentricity};
use marsdisk_mpi::physics::fragmentation::{
    FragmentSlope, fragment_integrals, largest_remnant_fraction, remnant_bin, specific_energy,
};
use marsdisk_mpi::physics::orbit::{angular_frequency, circular_speed};
use marsdisk_mpi::physics::phase::{BulkState, Phase, PhaseState, PhaseThresholds};
use marsdisk_mpi::physics::qpr::QprTable;
use marsdisk_mpi::physics::quadrature::Quadrature;
use marsdisk_mpi::physics::radiation::{
    Efficiency, beta, blowout_size_for, blowout_size_iterated, chi_auto, grain_temperature,
};
use marsdisk_mpi::physics::saturation::{Branches, ClausiusClapeyron, SaturationPressure};
use marsdisk_mpi::physics::sinks::{fast_blowout_factor, gate_factor};
use marsdisk_mpi::physics::size_distribution::{MeltMixture, SizeGrid, ThreeSlope, lognormal_mixture, three_slope};
use marsdisk_mpi::physics::strength::Strength;
use marsdisk_mpi::physics::surface_density::power_law_surface_density;
use marsdisk_mpi::physics::vapour::Evaporation;
use marsdisk_mpi::smoluchowski::imex_bdf1::{Imex, Terms};
use marsdisk_mpi::smoluchowski::pairs::{PairInputs, PairTables};
use marsdisk_mpi::tables;
use ndarray::Array2;
use support::data;

const RHO: f64 = 3270.0;
/// What only rounding stands in the way of.
const ROUNDING: f64 = 1e-12;

/// Fails with the name of the quantity unless every number is as wanted.
#[track_caller]
fn check(tolerance: f64, rows: &[(&str, f64, f64)]) {
    for (name, found, wanted) in rows {
        assert!((found - wanted).abs() <= tolerance * wanted.abs(), "{name}: {found:e} instead of {wanted:e}");
    }
}

#[test]
fn constants_orbits_and_cells() {
    let (r, ring) = (2.45 * R_MARS, RadialGrid::linear(R_MARS, 2.7 * R_MARS, 32));
    let constants = [G, C, SIGMA_SB, M_MARS, R_MARS, YEAR];
    assert_eq!(constants, [6.67430e-11, 2.99792458e8, 5.670374419e-8, 6.4171e23, 3.3895e6, 31_557_600.0]);
    check(
        ROUNDING,
        &[
            ("angular frequency", angular_frequency(r), 0.00027347629118002826),
            ("circular speed", circular_speed(r), 2271.0223279390298),
            ("centre of cell 0", ring.centres[0], 3479533.59375),
            ("area of cell 0", ring.areas[0], 3.936728673746332e12),
            ("area of cell 31", ring.areas[31], 1.0252272086423096e13),
            ("area of the disk", ring.areas.iter().sum(), 2.2702401216271084e14),
            ("surface density, p = 0", inner_disk(0.0, R_MARS), 84798.5189610796),
            ("surface density, p = 1", inner_disk(1.0, 2.0 * R_MARS), 78438.63003899863),
            ("surface density, p = 2", inner_disk(2.0, 2.0 * R_MARS), 67125.81577486753),
        ],
    );
}

/// Of 3e-5 Mars masses between 1 and 2.7 R_Mars.
fn inner_disk(p: f64, r: f64) -> f64 {
    power_law_surface_density(3e-5 * M_MARS, p, R_MARS, 2.7 * R_MARS, r)
}

#[test]
fn radiation_and_cooling() {
    let (rows, _) = tables::qpr::read(&data("python_profile/qpr.csv")).unwrap();
    let forsterite = Efficiency::Table(QprTable::from_long(&rows).unwrap());
    let mut iterate = 1e-7_f64;
    let printed = [6.323116e-6, 3.405769e-6, 4.004943e-6, 3.824873e-6, 3.878989e-6, 3.862726e-6, 3.867614e-6];
    for wanted in printed {
        iterate = blowout_size_for(forsterite.at(iterate, 4000.0), 4000.0, RHO);
        check(1.5e-7, &[("iterate of the blow-out size", iterate, wanted)]);
    }
    let used = blowout_size_iterated(1e-7, 4000.0, RHO, &forsterite).0;
    let r = 2.45 * R_MARS;
    let cooled = |law: Cooling| law.temperature(YEAR).unwrap();
    let slab = Cooling::slab(4000.0).unwrap();
    check(
        ROUNDING,
        &[
            ("blow-out size, Q = 1", blowout_size_for(1.0, 4000.0, RHO), 5.958010319911502e-06),
            ("beta, 1 µm, Q = 1", beta(1e-6, 4000.0, RHO, 1.0), 2.9790051599557503),
            ("blow-out size that is used", used, 3.867613653987798e-06),
            ("beta there", beta(used, 4000.0, RHO, forsterite.at(used, 4000.0)), 0.4998101045570654),
            ("black grain", grain_temperature(4000.0, r, 1.0), 1807.0158058105023),
            ("grain of q = 0.4", grain_temperature(4000.0, r, 0.4), 1437.0667767804975),
            ("chi, beta 0.5, Q 0.65", chi_auto(0.5, 0.65), 0.65),
            ("chi, beta 2, Q 1", chi_auto(2.0, 1.0), 0.5),
            ("chi, beta 0.1, Q 1.2", chi_auto(0.1, 1.2), 2.0),
            ("gate factor", gate_factor(Some(30.0), 10.0), 0.75),
            ("fast blow-out", fast_blowout_factor(3.0), 0.950212931632136),
            ("slab after a year", cooled(slab.clone()), 3101.4742306126273),
            ("Hyodo's law after a year", cooled(Cooling::hyodo(4000.0, 1e5).unwrap()), 2471.757322175732),
            ("slab, years to 2000 K", slab.time_to_reach(2000.0, None).unwrap() / YEAR, 6.112267636235991),
        ],
    );
}

#[test]
fn vapour_and_phases() {
    let pressure = SaturationPressure::Clausius(Branches {
        solid: ClausiusClapeyron { a: 13.809441833, b: 28362.904024 },
        liquid: Some((2163.0, ClausiusClapeyron { a: 11.08, b: 22409.0 })),
    });
    let law = Evaporation { pressure, alpha: 0.1, molar_mass: 0.140694, ambient_pressure: 0.0 };
    let at = |temperature: f64| (law.pressure.at(temperature).unwrap(), law.flux(temperature, temperature).unwrap());
    let [cool, warm, liquid] = [1500.0, 1807.0, 2163.0].map(at);
    check(
        ROUNDING,
        &[
            ("pressure at 1500 K", cool.0, 7.958645314425633e-06),
            ("flux at 1500 K", cool.1, 1.0664101809526846e-09),
            ("pressure at 1807 K", warm.0, 0.012981157825499873),
            ("flux at 1807 K", warm.1, 1.5847658923018199e-06),
            ("pressure of the liquid", liquid.0, 5.246287147245435),
            ("flux of the liquid", liquid.1, 5.854024819729157e-04),
        ],
    );
    let rule = PhaseThresholds { t_condense: 1700.0, t_vaporize: 2000.0, p_ref_bar: 1.0, tau_ref: 1.0 };
    let (solid, vapour) = (PhaseState::Solid, PhaseState::Vapor);
    for (temperature, pressure, tau, fraction, state, bulk) in [
        (1730.0, None, 0.5, 0.0666667, solid, BulkState::Mixed),
        (1850.0, Some(1e5 / BAR), 0.0, 0.25, solid, BulkState::Mixed),
        (1850.0, None, 0.0, 0.5, vapour, BulkState::Mixed),
        (2100.0, None, 0.0, 1.0, vapour, BulkState::LiquidDominated),
    ] {
        let found: Phase = rule.evaluate(temperature, pressure, Some(tau));
        check(5e-7, &[("vapour fraction", found.f_vap, fraction)]);
        assert_eq!((found.state, found.bulk), (state, bulk), "{temperature} K");
    }
}

#[test]
fn strength_and_fragments() {
    let strength = Strength::default_table();
    let at = |size: f64, speed: f64| strength.q_star(size, 3000.0, 1e3 * speed);
    check(
        ROUNDING,
        &[
            ("Q*, 1 µm, 3 km/s", at(1e-6, 3.0), 115895.89251890723),
            ("Q*, 1 cm, 2.5 km/s", at(1e-2, 2.5), 3500.000079574284),
            ("Q*, 1 m, 0.5 km/s", at(1.0, 0.5), 608.2450282538316),
            ("Q*, 1 m, 5 km/s", at(1.0, 5.0), 1216.5393012436002),
            ("Q*, 100 m, 9 km/s", at(100.0, 9.0), 271.93327087968066),
            ("Q_R", specific_energy(1.0, 2.0, 1000.0), 111111.11111111111),
            ("remnant, phi = 0", largest_remnant_fraction(0.0), 1.0),
            ("remnant, phi = 1", largest_remnant_fraction(1.0), 0.5),
            ("remnant, phi = 1.7999", largest_remnant_fraction(1.7999), 0.10005),
            ("remnant, phi = 1.8", largest_remnant_fraction(1.8), 0.1),
            ("remnant, phi = 3.6", largest_remnant_fraction(3.6), 0.03535533905932738),
            ("remnant, phi = 100", largest_remnant_fraction(100.0), 2.414953415699773e-4),
            ("equilibrium eccentricity", equilibrium_eccentricity(1.0, 2.0), 1.632993161855452),
        ],
    );
    let weights = debris(&grid());
    let whole: f64 = weights.iter().sum();
    for (weight, printed) in weights.iter().zip([0.943766, 0.0530719, 0.00298445, 0.000167828]) {
        check(2e-6, &[("fragment weight", weight / whole, printed)]);
    }
}

/// The 12 bins of all numbers about distributions.
fn grid() -> SizeGrid {
    SizeGrid::logarithmic(1e-6, 1.0, 12, RHO).unwrap()
}

fn debris(grid: &SizeGrid) -> Vec<f64> {
    fragment_integrals(&grid.edges, FragmentSlope::Mass(3.5).mass_exponent())
}

#[test]
fn distributions_and_collisions() {
    let grid = grid();
    let law = ThreeSlope { alpha: 1.83, s_min: 1e-6, s_max: 1.0, wavy_strength: 0.0 };
    let shares = three_slope(&grid, &law, Quadrature::Midpoint).unwrap();
    let number = |k: usize| shares[k] / (grid.sizes[k].powi(3) * grid.widths[k]);
    let r = 2.45 * R_MARS;
    let speed = RelativeSpeed::Pericenter.speed(r * angular_frequency(r), 0.5, 0.05).unwrap();
    let height = ScaleHeight::FromInclination { factor: 1.0 }.at(r, 0.05);
    let mut counts: Vec<f64> = shares.iter().zip(&grid.masses).map(|(share, mass)| share / mass).collect();
    let rate = |i: usize, j: usize| {
        let pairs = if i == j { 0.5 } else { 1.0 };
        pairs * kernel(grid.sizes[i], grid.sizes[j], speed, height, height) * counts[i] * counts[j]
    };
    let melt = MeltMixture { f_fine: 0.03, s_fine: 1e-4, s_meter: 0.5, width_dex: 0.3, s_cut: 1e-6 };
    let mixture = lognormal_mixture(&grid, &melt, Quadrature::Midpoint).unwrap();
    check(
        ROUNDING,
        &[
            ("s_0", grid.sizes[0], 1.7782794100389227e-6),
            ("n_0", number(0), 5.755824990738742e17),
            ("n_1", number(1), 7.000153775906969e16),
            ("n_5", number(5), 2.723375840729985e10),
            ("n_11", number(11), 0.11751886286468416),
            ("opacity", grid.opacity(&shares), 0.017538479549779416),
            ("speed", speed, 3933.526057113748),
            ("C_00", rate(0, 0), 438.37986707311427),
            ("C_01", rate(0, 1), 1460.4365758970353),
            ("C_11,0", rate(11, 0), 1.4152180260792697),
            ("mixture, last but one", mixture[10], 0.0918747456424965),
            ("mixture, last", mixture[11], 0.8775269336498403),
        ],
    );
    let pair = |f: &dyn Fn(usize, usize) -> f64| Array2::from_shape_fn((12, 12), |(i, j)| f(i, j));
    let strength = Strength::default_table();
    let remnant = |i: usize, j: usize| {
        let threshold = strength.q_star(grid.sizes[i.max(j)], RHO, speed);
        largest_remnant_fraction(specific_energy(grid.masses[i], grid.masses[j], speed) / threshold)
    };
    let tables = PairTables::new(&PairInputs {
        masses: &grid.masses,
        kernel: pair(&|i, j| kernel(grid.sizes[i], grid.sizes[j], speed, height, height)).view(),
        remnant_fraction: pair(&remnant).view(),
        ejected_fraction: pair(&|i, j| 1.0 - remnant(i, j)).view(),
        remnant_bin: Array2::from_shape_fn((12, 12), |(i, j)| {
            remnant_bin(&grid.edges, RHO, remnant(i, j) * (grid.masses[i] + grid.masses[j]))
        })
        .view(),
        fragment_integrals: &debris(&grid),
    });
    let none = vec![0.0; 12];
    let step = Imex::new(12).step(&tables, &mut counts, &Terms { blowout: &none, sinks: &none, source: &none }, 1.0);
    let after: f64 = counts.iter().zip(&grid.masses).map(|(count, mass)| count * mass).sum();
    check(
        ROUNDING,
        &[
            ("collision time", step.t_coll, 2.9735527417493423e-06),
            ("step", step.dt_eff, 2.9735527417493424e-07),
            ("surface density after it", after, 1.0000000000010258),
        ],
    );
    // A difference of numbers near one, of which four digits are printed.
    assert!((step.error - 1.0258e-12).abs() < 2e-15, "{:e}", step.error);
}
