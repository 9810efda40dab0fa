//! What the tests of the Python program assert and no other test of ours does.

mod support;

use marsdisk_mpi::disk::collisions::{Breakup, pair_tables};
use marsdisk_mpi::physics::collision::optical_depth_collision_time;
use marsdisk_mpi::physics::constants::R_MARS;
use marsdisk_mpi::physics::excitation::{RelativeSpeed, ScaleHeight};
use marsdisk_mpi::physics::orbit::{angular_frequency, orbital_period};
use marsdisk_mpi::physics::quadrature::Quadrature;
use marsdisk_mpi::physics::sinks::sublimation_lifetime;
use marsdisk_mpi::physics::size_distribution::{SizeGrid, ThreeSlope, three_slope};
use marsdisk_mpi::physics::stirring::{Excitation, equilibrium};
use marsdisk_mpi::physics::strength::{Strength, StrengthUnits};
use marsdisk_mpi::smoluchowski::imex_bdf1::{Imex, Terms};
use marsdisk_mpi::smoluchowski::operator::{Scratch, collision_totals};
use marsdisk_mpi::smoluchowski::pairs::{PairInputs, PairTables};
use ndarray::{Array2, arr2};
use std::f64::consts::PI;
use support::{Run, assert_close, shipped};

#[test]
fn the_collision_time_is_that_of_the_optical_depth() {
    let r = 1.9 * R_MARS;
    for tau in [1e-3, 0.1, 2.5] {
        let time = optical_depth_collision_time(angular_frequency(r), tau, 1.0).unwrap();
        assert_close(time, orbital_period(r) / (2.0 * PI * tau), 1e-12);
    }
}

#[test]
fn the_kernel_of_one_size_scales_as_the_collision_time_of_the_optical_depth() {
    let (r, sigma, h_factor) = (1.9 * R_MARS, 0.3, 1.3);
    let grid = SizeGrid::logarithmic(0.9e-3, 1.1e-3, 1, 3000.0).unwrap();
    let tau = sigma * grid.opacity(&[1.0]);
    let stirred = equilibrium(tau, 1.5, 0.1);
    for Excitation { e, i } in [Excitation { e: 0.1, i: 0.05 }, stirred] {
        let speed = RelativeSpeed::Ohtsuki.speed(r * angular_frequency(r), e, i).unwrap();
        let height = ScaleHeight::FromInclination { factor: h_factor }.at(r, i);
        let strength = Strength::new(Strength::default_coefficients(), StrengthUnits::Ba99Cgs, 0.45).unwrap();
        let breakup = Breakup { strength, fragment_integrals: vec![1.0] };
        let tables = pair_tables(&grid, &breakup, speed, height);
        let (_, of_kernel) = collision_totals(&tables, &[sigma], &mut Scratch::new(1));
        let of_depth = optical_depth_collision_time(angular_frequency(r), tau, 1.0).unwrap();
        // The Python program asks for a factor of two; this is the exact ratio.
        let wanted = PI.sqrt() * h_factor * i / (2.0 * (1.25 * e * e + i * i).sqrt());
        assert_close(of_kernel / of_depth, wanted, 1e-12);
    }
    assert!((stirred.e - (1.5 * tau / 0.75).sqrt()).abs() < 1e-6, "{stirred:?}");
}

#[test]
fn hits_that_change_nothing_change_nothing() {
    let n = 3;
    let tables = PairTables::new(&PairInputs {
        masses: &[1.0, 2.0, 4.0],
        kernel: arr2(&[[2.0, 0.0, 0.0], [0.0, 3.0, 0.0], [0.0, 0.0, 5.0]]).view(),
        remnant_fraction: Array2::ones((n, n)).view(),
        ejected_fraction: Array2::zeros((n, n)).view(),
        remnant_bin: Array2::from_shape_fn((n, n), |(i, j)| i.max(j)).view(),
        fragment_integrals: &[1.0; 3],
    });
    let before = [10.0, 4.0, 1.0];
    let mut counts = before;
    let zeros = [0.0; 3];
    let terms = Terms { blowout: &zeros, sinks: &zeros, source: &zeros };
    let report = Imex::new(n).step(&tables, &mut counts, &terms, 1.0);
    // Bodies of bin k are hit κ N_k times a second.
    let fastest = 2.0 * 10.0;
    assert_close(report.dt_eff, 0.1 / fastest, 1e-12);
    assert!(report.error < 5e-3);
    for k in 0..n {
        assert!((counts[k] - before[k]).abs() < 5e-3 * before[k], "{counts:?}");
    }
}

#[test]
fn a_wavy_start_turns_within_the_first_bins() {
    let grid = SizeGrid::logarithmic(1e-6, 1.0, 42, 3000.0).unwrap();
    let law = |wavy_strength| ThreeSlope { alpha: 1.83, s_min: 1e-6, s_max: 1.0, wavy_strength };
    let of = |wave: f64| three_slope(&grid, &law(wave), Quadrature::Midpoint).unwrap();
    let ratio: Vec<f64> = of(0.3).iter().zip(of(0.0)).take(20).map(|(wavy, flat)| wavy / flat).collect();
    let turns = ratio.windows(3).filter(|w| (w[1] - w[0]) * (w[2] - w[1]) < 0.0).count();
    let (least, most) = ratio.iter().fold((f64::MAX, 0.0_f64), |(least, most), x| (least.min(*x), most.max(*x)));
    assert!(turns >= 1 && most - least > 0.1, "{ratio:?}");
}

#[test]
fn one_rate_of_shrinking_is_the_same_as_one_for_every_bin() {
    let grid = SizeGrid::logarithmic(1e-6, 1.0, 40, 3000.0).unwrap();
    let (size_rate, mut rates) = (-3.7e-7, vec![0.0; 40]);
    sublimation_lifetime(&grid.sizes, size_rate, &mut rates);
    for (rate, size) in rates.iter().zip(&grid.sizes) {
        assert_close(rate * size, 3.7e-7, 1e-15);
    }
}

#[test]
fn bins_sinks_and_blow_out_make_up_the_initial_mass() {
    let run = Run::finished(
        &shipped("quick.yml"),
        &[
            "geometry.mode=0D",
            "phase.enabled=false",
            "supply.enabled=false",
            "numerics.t_end_years=1e-4",
            "numerics.dt_init=1052",
            "numerics.dt_max=1052",
            "io.output.times=every_step",
        ],
        &[],
    );
    let series = run.table("series/run.parquet");
    let column = |name: &str| series.real(name);
    let initial = run.summary()["mass_initial"].as_f64().unwrap();
    let (bins, sinks, blown) =
        (column("mass_total_bins"), column("mass_lost_by_sinks"), column("mass_lost_by_blowout"));
    assert_eq!(bins.len(), 3);
    for row in 0..3 {
        assert!(sinks[row] > 0.0 && blown[row] > 0.0);
        assert!((bins[row] + sinks[row] + blown[row] - initial).abs() < 1e-18, "row {row}");
    }
    assert!(series.text("case_status").iter().all(|status| status.as_deref() == Some("blowout")));
}

#[test]
fn the_budget_of_the_default_disk_as_a_column_is_closed_in_either_profile() {
    for (profile, percent) in [("profile=conservative", 1e-10), ("profile=python", 0.5)] {
        let run = Run::finished(
            &shipped("base.yml"),
            &["geometry.mode=0D", "numerics.t_end_years=1e-3", "numerics.t_end_until_temperature_K=null", profile],
            &[],
        );
        let errors = &run.csv("checks/mass_budget.csv")["error_percent"];
        assert!(!errors.is_empty() && errors.iter().all(|error| *error <= percent), "{profile}: {errors:?}");
        assert!(run.summary()["mass_budget_max_error_percent"].as_f64().unwrap() <= percent, "{profile}");
    }
}
