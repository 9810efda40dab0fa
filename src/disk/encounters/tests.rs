use super::*;
use crate::output::fixtures;

/// An optical depth, a supply [kg m⁻² s⁻¹] and how long it lasts [s].
const TAU: f64 = 0.2;
const SUPPLY: f64 = 1e-6;
const LONG: f64 = 1e4;

fn stirring() -> Stirring {
    Stirring {
        source: Source::Profile,
        speed: RelativeSpeed::Pericenter,
        height: ScaleHeight::FromInclination { factor: 1.0 },
        supply: SupplyExcitation::Inherited,
        blend: Blend::Rms,
        weight: Weight::DeltaSigma,
        damping: None,
        remembered: true,
    }
}

/// e and i that a cell ends with when the time is taken in so many steps.
fn end(stirring: &Stirring, steps: u32) -> Excitation {
    let cell = fixtures::cell(1);
    let mut state = CellState::new(vec![0.01, 0.02], own());
    let dt = LONG / f64::from(steps);
    for _ in 0..steps {
        let drivers = StepFacts { dt, ..fixtures::step() };
        state.excitation = encounters(stirring, &cell, &state, &drivers, SUPPLY, TAU).unwrap().next;
        state.bins[0] += SUPPLY * dt;
    }
    state.excitation
}

fn own() -> Excitation {
    let cell = fixtures::cell(1);
    Excitation { e: cell.eccentricity, i: cell.inclination }
}

fn once(stirring: &Stirring) -> Result<Encounters, StepError> {
    let state = CellState::new(vec![0.01, 0.02], own());
    encounters(stirring, &fixtures::cell(1), &state, &fixtures::step(), SUPPLY, TAU)
}

#[track_caller]
fn assert_close(found: f64, wanted: f64, tolerance: f64) {
    assert!((found - wanted).abs() <= tolerance * wanted.abs(), "{found:e} is not {wanted:e}");
}

#[test]
fn a_disk_that_nothing_stirs_keeps_its_profile() {
    assert!(stirring().is_constant());
    assert_eq!(end(&stirring(), 7), own());
    let met = once(&stirring()).unwrap();
    assert_eq!((met.report.used, met.report.base, met.report.supply), (own(), own(), own()));
    let cell = fixtures::cell(1);
    assert_close(met.speed, cell.r * cell.omega * ((1.0 + own().e) / (1.0 - own().e)).sqrt(), 1e-15);
    assert_close(met.scale_height, own().i * cell.r, 1e-15);
}

#[test]
fn what_a_supply_does_to_a_cell_does_not_depend_on_the_steps() {
    for supply in [SupplyExcitation::Fixed(Excitation { e: 0.6, i: 0.3 }), SupplyExcitation::Factor(2.0)] {
        let stirring = Stirring { supply, ..stirring() };
        assert!(!stirring.is_constant());
        // 0.01 of 0.04 kg m⁻² are new at the end: energies add up.
        let fresh = if let SupplyExcitation::Fixed(excitation) = supply { excitation } else { own().scaled(2.0) };
        let wanted = (0.75 * own().e.powi(2) + 0.25 * fresh.e.powi(2)).sqrt();
        for steps in [1, 10, 1000] {
            assert_close(end(&stirring, steps).e, wanted, 1e-12); // a thousand roundings
        }
    }
}

#[test]
fn the_python_program_forgets_what_came_before() {
    let supply = SupplyExcitation::Fixed(Excitation { e: 0.6, i: 0.3 });
    let forgetful = Stirring { supply, remembered: false, ..stirring() };
    let met = once(&forgetful).unwrap();
    let weight = SUPPLY * fixtures::step().dt / (0.03 + SUPPLY * fixtures::step().dt);
    assert_close(met.report.supply_weight, weight, 1e-14);
    let wanted = ((1.0 - weight) * own().e.powi(2) + weight * 0.36).sqrt();
    assert_close(met.report.used.e, wanted, 1e-14);
    // The base of every step is the profile, so that the shorter the steps, the less the supply counts.
    assert!(end(&forgetful, 1000).e - own().e < 0.01 * (end(&forgetful, 1).e - own().e));
}

#[test]
fn damping_brings_a_cell_to_the_equilibrium_whatever_the_steps() {
    let damping = Damping { restitution: 0.5, f_wake: 1.5, los: 2.0 };
    let damped = Stirring { damping: Some(damping), ..stirring() };
    let target = (1.5 * TAU / 0.75_f64).sqrt();
    // t_damp = 4/(Ω τ/2)
    let left = (-LONG * fixtures::cell(1).omega * TAU / 8.0).exp();
    for steps in [1, 10, 1000] {
        assert_close(end(&damped, steps).e, target + left * (own().e - target), 1e-12);
        assert_close(end(&damped, steps).i, 0.5 * target + left * (own().i - 0.5 * target), 1e-12);
    }
    let report = once(&damped).unwrap().report.damping.unwrap();
    assert_close(report.target, target, 1e-15);
    assert_close(report.time, 8.0 / (fixtures::cell(1).omega * TAU), 1e-15);
}

#[test]
fn grains_stirred_out_of_their_orbits_are_an_error_that_says_what_to_do() {
    let wild = Stirring { source: Source::Equilibrium { f_wake: 4.0 }, ..stirring() };
    let error = once(&wild).unwrap_err();
    assert!(matches!(error, StepError::Unbound { tau: TAU, f_wake: 4.0, .. }), "{error:?}");
    let sentence = error.to_string();
    for word in ["τ = 0.2", "f_wake = 4", "e < 1"] {
        assert!(sentence.contains(word), "{sentence}");
    }
    let calm = Stirring { source: Source::Equilibrium { f_wake: 2.0 }, ..stirring() };
    assert_close(once(&calm).unwrap().report.used.e, (0.4_f64 / 0.75).sqrt(), 1e-15);
    let swarm = Stirring { speed: RelativeSpeed::Ohtsuki, ..wild };
    assert_eq!(once(&swarm).unwrap_err(), error);
    let python = Stirring { remembered: false, ..swarm };
    assert!(once(&python).unwrap().report.used.e > 1.0);
}
