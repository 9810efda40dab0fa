use super::*;
use crate::config;
use crate::disk::setup;
use crate::physics::cooling::Cooling;
use crate::run::time_grid::{FirstStep, Request};

/// A disk of one cell with the given temperature of Mars; the clock asks it for nothing but drivers.
fn model(cooling: Cooling) -> Model {
    let overrides = ["geometry.Nr=1", "sizes.n_bins=24", "radiation.qpr_table_path=null", "radiation.Q_pr=1.0"];
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/configs/quick.yml");
    let loaded = config::load(path.as_ref(), &overrides.map(str::to_string), None).unwrap();
    Model { cooling, ..setup::build(&loaded).unwrap().model }
}

fn constant() -> Model {
    model(Cooling::constant(3000.0).unwrap())
}

/// A grid of `t_end` and a first step of `dt` [s].
fn grid(t_end: f64, dt: f64) -> TimeGrid {
    let request = Request {
        years: Some(t_end / crate::physics::constants::YEAR),
        orbits: None,
        until_temperature: None,
        temperature_margin_years: 0.0,
        temperature_search_years: None,
        temperature_by_halving: false,
        min_years: None,
        first_step: FirstStep::Seconds(dt),
    };
    let grid = TimeGrid::resolve(request, 1.0, &Cooling::constant(3000.0).unwrap(), 1e-3).unwrap();
    TimeGrid { t_end, ..grid }
}

fn adaptive(rtol: f64) -> Pace {
    Pace::Adaptive { rtol, dt_max: f64::INFINITY }
}

/// All steps of a clock; every run of it is checked to be without gap, overlap or sliver.
fn ticks(clock: &mut Clock, model: &Model) -> Vec<Tick> {
    let sliver = clock.sliver();
    let ticks: Vec<Tick> = std::iter::from_fn(|| clock.next(model)).take(100_000).collect();
    let mut time = 0.0;
    for (index, tick) in ticks.iter().enumerate() {
        assert_eq!((tick.index, tick.start), (index as u64, time));
        assert!(tick.dt > sliver, "{tick:?}");
        time = tick.end;
    }
    assert_eq!(time, clock.t_end());
    assert!(ticks.last().is_some_and(|tick| tick.record));
    ticks
}

fn recorded(ticks: &[Tick]) -> Vec<f64> {
    ticks.iter().filter(|tick| tick.record).map(|tick| tick.end).collect()
}

#[test]
fn an_adaptive_clock_hits_output_times_exactly() {
    let model = model(Cooling::slab(4000.0).unwrap());
    let output = OutputTimes::Logarithmic { per_decade: 7 };
    let found = recorded(&ticks(&mut Clock::new(grid(2e7, 90.0), adaptive(1e-3), output), &model));
    let mut wanted: Vec<f64> = (0..38).map(|k| 90.0 * 10f64.powf(f64::from(k) / 7.0)).collect();
    wanted.retain(|time| *time < 2e7);
    wanted.push(2e7);
    assert_eq!(found, wanted);

    let output = OutputTimes::Linear { every: 1e5 / 3.0 };
    let found = recorded(&ticks(&mut Clock::new(grid(1e6, 90.0), adaptive(1e-3), output), &model));
    let wanted: Vec<f64> = (1..30).map(|k| f64::from(k) * (1e5 / 3.0)).chain([1e6]).collect();
    assert_eq!(found, wanted);
}

#[test]
fn an_adaptive_clock_hits_the_nodes_of_a_table_exactly() {
    let nodes = vec![0.0, 1234.5, 7000.25, 7001.0, 90_000.125, 5e5];
    let table = Cooling::table(nodes.clone(), vec![4000.0, 3900.0, 3950.0, 3000.0, 3100.0, 2000.0], true).unwrap();
    let output = OutputTimes::Linear { every: 1e5 };
    let ends: Vec<f64> = ticks(&mut Clock::new(grid(1e6, 10.0), adaptive(1e-2), output), &model(table))
        .iter()
        .map(|tick| tick.end)
        .collect();
    assert!(nodes[1..].iter().all(|node| ends.contains(node)), "{ends:?}");
}

#[test]
fn targets_that_differ_by_rounding_are_one() {
    // 3 × 0.1 is not 0.3 in binary; the node and the output time are meant to be the same moment.
    let nodes = vec![0.0, 0.3, 0.7, 2.0];
    let model = model(Cooling::table(nodes, vec![4000.0, 3990.0, 3980.0, 3970.0], true).unwrap());
    let mut clock = Clock::new(grid(1.0, 0.05), adaptive(1e-2), OutputTimes::Linear { every: 0.1 });
    let ticks = ticks(&mut clock, &model);
    assert_eq!(recorded(&ticks).len(), 10);
    let shortest = ticks.iter().map(|tick| tick.dt).fold(f64::INFINITY, f64::min);
    assert!(shortest > 0.02, "{shortest}");
}

#[test]
fn an_adaptive_step_at_most_doubles() {
    for (output, t_end) in [(OutputTimes::EveryStep, 1e6), (OutputTimes::Linear { every: 777.0 }, 1e5)] {
        let ticks = ticks(&mut Clock::new(grid(t_end, 1.0), adaptive(1e-3), output), &constant());
        assert_eq!(ticks[0].dt, 1.0);
        let mut longest = 1.0;
        for tick in &ticks[1..] {
            assert!(tick.dt <= 2.0 * longest * (1.0 + 1e-9), "{tick:?} after {longest}");
            longest = tick.dt.max(longest);
        }
    }
    // Dense nodes hold the step down; when they end, it does not leap.
    let nodes: Vec<f64> = (0..101).map(|k| 10.0 * f64::from(k)).collect();
    let dense = model(Cooling::table(nodes, vec![3000.0; 101], true).unwrap());
    let ticks = ticks(&mut Clock::new(grid(1e6, 1.0), adaptive(1e-3), OutputTimes::EveryStep), &dense);
    let after = ticks.iter().find(|tick| tick.start == 1000.0).unwrap();
    assert!(after.dt <= 20.0, "{after:?}");
}

#[test]
fn an_adaptive_step_is_no_longer_than_the_largest() {
    let pace = Pace::Adaptive { rtol: 1e-3, dt_max: 300.0 };
    let ticks = ticks(&mut Clock::new(grid(1e5, 1.0), pace, OutputTimes::EveryStep), &constant());
    assert!(ticks.iter().all(|tick| tick.dt <= 300.0 * (1.0 + 1e-12)));
    assert!(ticks.iter().any(|tick| tick.dt > 299.0));
    let ticks = self::ticks(&mut Clock::new(grid(1e4, 1e3), pace, OutputTimes::EveryStep), &constant());
    assert!(ticks[0].dt <= 300.0);
}

#[test]
fn temperature_and_blowout_size_move_little_in_an_adaptive_step() {
    let zigzag: Vec<f64> = (0..9).map(|k| if k % 2 == 0 { 4000.0 } else { 3500.0 }).collect();
    let zigzag = Cooling::table((0..9).map(|k| 2e4 * f64::from(k)).collect(), zigzag, true).unwrap();
    for cooling in [zigzag, Cooling::slab(4000.0).unwrap(), Cooling::hyodo(4000.0, 1e5).unwrap()] {
        let model = model(cooling);
        let bin = (model.sizes.edges[1] / model.sizes.edges[0]).ln();
        for rtol in [1e-2, 1e-3] {
            let mut clock = Clock::new(grid(1.6e5, 100.0), adaptive(rtol), OutputTimes::Linear { every: 5e4 });
            for tick in ticks(&mut clock, &model) {
                let [before, after] = [tick.start, tick.end].map(|time| model.cooling.raw_temperature(time));
                assert!((after - before).abs() <= rtol * before * (1.0 + 1e-9), "{tick:?}: {before} to {after}");
                // With constant Q_pr the size goes as T⁴.
                let moved = 4.0 * (after / before).ln().abs();
                assert!(moved <= 0.1 * bin * (1.0 + 1e-9), "{tick:?}: {moved}");
            }
        }
    }
}

#[test]
fn a_fixed_clock_divides_the_duration_evenly() {
    // Ten times 0.1 is less than 1 in binary; that is no eleventh step.
    let nominal = Pace::Fixed { min_tcoll_ratio: None };
    let ticks = ticks(&mut Clock::new(grid(1.0, 0.1), nominal, OutputTimes::EveryStep), &constant());
    assert_eq!(ticks.len(), 10);
    assert!(ticks.iter().all(|tick| tick.record));
}

#[test]
fn an_even_clock_takes_equal_steps_to_the_end_where_a_fixed_one_shortens_the_last() {
    // 9.5 steps of 10 s are planned as ten of 9.5 s.
    let lengths = |pace: Pace| {
        let mut clock = Clock::new(grid(95.0, 10.0), pace, OutputTimes::EveryStep);
        let mut lengths = Vec::new();
        while let Some(tick) = clock.next(&constant()) {
            lengths.push(tick.dt);
            clock.observe_collision_time(f64::NAN);
        }
        lengths
    };
    assert_eq!(lengths(Pace::Even), [9.5; 10]);
    let fixed = lengths(Pace::Fixed { min_tcoll_ratio: None });
    assert!(fixed.len() == 10 && fixed[9] < 9.5, "{fixed:?}");
}

#[test]
fn a_fixed_clock_follows_the_shortest_collision_time_upwards_only() {
    let pace = Pace::Fixed { min_tcoll_ratio: Some(0.5) };
    let mut clock = Clock::new(grid(1e4, 10.0), pace, OutputTimes::EveryStep);
    let model = constant();
    let mut length = |t_coll: f64| {
        let dt = clock.next(&model).unwrap().dt;
        clock.observe_collision_time(t_coll);
        dt
    };
    let lengths = [1000.0, 4.0, f64::INFINITY, 100.0, f64::NAN, 0.0].map(&mut length);
    assert_eq!(lengths, [10.0, 500.0, 10.0, 10.0, 50.0, 10.0]);
}

#[test]
fn a_clock_that_steps_over_several_output_times_records_once() {
    let nominal = Pace::Fixed { min_tcoll_ratio: None };
    let logarithmic = OutputTimes::Logarithmic { per_decade: 10 };
    let found = recorded(&ticks(&mut Clock::new(grid(1e4, 10.0), nominal, logarithmic), &constant()));
    // The first step that reaches each of 10, 12.6, 15.8, 20.0, 25.1 …
    let mut wanted: Vec<f64> =
        (0..=30).map(|k| (10f64.powf(1.0 + f64::from(k) / 10.0) / 10.0 - 1e-9).ceil() * 10.0).collect();
    wanted.dedup();
    assert_eq!(found, wanted);
    let dense = OutputTimes::Linear { every: 0.1 };
    assert_eq!(recorded(&ticks(&mut Clock::new(grid(100.0, 10.0), nominal, dense), &constant())).len(), 10);
}
