//! Random configurations: what the schema allows either runs with a closed mass budget or is refused with a sentence;
//! what it forbids is refused with a sentence. Nothing panics.
//!
//! `MARSDISK_RANDOM_CONFIGS=1000000` sets how many there are.

mod generator;
mod support;

use generator::{Dice, Key, forbidden, keys, override_of, value};
use marsdisk_mpi::config::numerics::{Clock as ClockRule, NumberOrAuto};
use marsdisk_mpi::config::{ConfigError, Loaded, from_bytes};
use marsdisk_mpi::disk::model::Scheme;
use marsdisk_mpi::disk::setup;
use marsdisk_mpi::run::clock::{Clock, OutputTimes, Pace};
use marsdisk_mpi::run::driver;
use rayon::prelude::*;
use std::collections::HashSet;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;
use support::{course, shipped, time_grid};

const QUICK: &str = include_str!("../configs/quick.yml");
/// A disk that takes milliseconds, with the one path that other keys cannot do without.
const SMALL: [&str; 5] = [
    "sizes.n_bins=6",
    "geometry.Nr=2",
    "radiation.qpr_table_path=null",
    "radiation.Q_pr=1.0",
    "radiation.mars_temperature_driver.table.path=../tests/data/cooling_small.csv",
];

fn count() -> usize {
    std::env::var("MARSDISK_RANDOM_CONFIGS").ok().and_then(|text| text.parse().ok()).unwrap_or(20_000)
}

fn load(overrides: &[String]) -> Result<Loaded, ConfigError> {
    from_bytes(QUICK.as_bytes(), &shipped("quick.yml"), overrides, None)
}

#[derive(Default)]
struct Tally {
    /// Keys of configurations that ran.
    keys: Mutex<HashSet<String>>,
    ran: AtomicUsize,
    stopped: AtomicUsize,
    refused: AtomicUsize,
    forbidden: AtomicUsize,
}

fn add(counter: &AtomicUsize) {
    counter.fetch_add(1, Ordering::Relaxed);
}

fn assert_sentence(message: &str) {
    assert!(message.len() > 10 && message.chars().all(|c| c == '\n' || !c.is_control()), "{message:?}");
}

/// Three coupling steps, or a sentence why not.
fn run(overrides: &[String], tally: &Tally) {
    let loaded = match load(overrides) {
        Ok(loaded) => loaded,
        Err(error) => {
            assert!(error.to_string().starts_with("error: ") && error.exit_code() == 2, "{error}");
            assert_sentence(&error.to_string());
            return add(&tally.refused);
        }
    };
    let mut built = match setup::build(&loaded) {
        Ok(built) => built,
        Err(error) => {
            assert_sentence(&error.to_string());
            return add(&tally.refused);
        }
    };
    let numerics = &loaded.config.numerics;
    let first = match numerics.dt_init {
        NumberOrAuto::Number(seconds) => seconds.clamp(1e-3, 1e5),
        NumberOrAuto::Auto => 100.0,
    };
    let pace = match numerics.clock {
        ClockRule::Adaptive => Pace::Adaptive { rtol: numerics.clock_rtol, dt_max: first },
        ClockRule::Fixed => Pace::Fixed { min_tcoll_ratio: numerics.dt_min_tcoll_ratio },
    };
    let clock = |seconds: f64| Clock::new(time_grid(&built, first, seconds), pace, OutputTimes::EveryStep);
    // Where the clock stands after three steps, however short it makes them.
    let mut ahead = clock(3.0 * first);
    for _ in 0..3 {
        ahead.next(&built.model);
    }
    let clock = clock(ahead.time());
    let Some(ended) = driver::run(course(&mut built, clock), driver::Desk::default(), &mut |_| {}) else {
        panic!("process 0 has no result")
    };
    if let Err(error) = &ended.result {
        assert_sentence(&error.to_string());
        return add(&tally.stopped);
    }
    assert!(ended.steps.coupling >= 1);
    for (cell, state) in built.model.cells.iter().zip(&built.cells) {
        assert!(state.bins.iter().all(|sigma| sigma.is_finite() && *sigma >= 0.0), "{:?}", state.bins);
        // The Python program's step keeps no ledger.
        if matches!(built.model.scheme, Scheme::Rodas4(_)) {
            let ledger = &state.cumulative;
            let before = cell.facts.initial_surface_density + ledger.supplied + ledger.clipped;
            let after = ledger.lost() + state.surface_density();
            // Rounding of three steps, with rates beyond all reason too.
            let imbalance = (before - after).abs();
            assert!(imbalance <= 1e-12 * before, "{imbalance:e} of {before:e} is missing");
        }
    }
    let given = overrides[SMALL.len()..].iter().filter_map(|text| text.split('=').next()).map(str::to_owned);
    tally.keys.lock().unwrap().extend(given);
    add(&tally.ran);
}

fn allowed(keys: &[Key], seed: u64) -> Vec<String> {
    let mut dice = Dice::new(seed);
    let mut overrides: Vec<String> = SMALL.iter().map(|text| (*text).to_owned()).collect();
    for _ in 0..1 + dice.below(6) {
        let key = dice.of(keys);
        overrides.push(override_of(&key.path, &value(key, &mut dice)));
    }
    overrides
}

fn broken(keys: &[Key], seed: u64) -> Vec<String> {
    let mut dice = Dice::new(seed);
    if dice.chance(0.1) {
        let path = &dice.of(keys).path;
        return vec![format!("{path}_{}=1", dice.below(100))];
    }
    loop {
        let key = dice.of(keys);
        if let Some(value) = forbidden(key, &mut dice) {
            return vec![override_of(&key.path, &value)];
        }
    }
}

#[test]
fn a_random_configuration_runs_or_is_refused_with_a_sentence() {
    let (keys, tally, started) = (keys(), Tally::default(), Instant::now());
    assert!(keys.len() > 250, "{} keys", keys.len());
    let count = count();
    let failures: Vec<String> = (0..count as u64)
        .into_par_iter()
        .filter_map(|seed| {
            let breaks = seed % 4 == 3;
            let overrides = if breaks { broken(&keys, seed) } else { allowed(&keys, seed) };
            let task = || match breaks {
                false => run(&overrides, &tally),
                true => {
                    let error = load(&overrides).expect_err("it was accepted").to_string();
                    assert!(error.starts_with("error: "), "{error}");
                    assert_sentence(&error);
                    add(&tally.forbidden);
                }
            };
            let started = Instant::now();
            let outcome = catch_unwind(AssertUnwindSafe(task));
            let seconds = started.elapsed().as_secs_f64();
            if seconds > 20.0 {
                eprintln!("{seconds:.0} s: {overrides:?}");
            }
            outcome.err().map(|_| format!("{seed}: {overrides:?}"))
        })
        .collect();
    let number = |counter: &AtomicUsize| counter.load(Ordering::Relaxed);
    let (ran, stopped) = (number(&tally.ran), number(&tally.stopped));
    println!(
        "{count} configurations in {:.0} s: {ran} ran, {stopped} stopped with an error, {} refused, {} forbidden refused",
        started.elapsed().as_secs_f64(),
        number(&tally.refused),
        number(&tally.forbidden),
    );
    assert!(
        failures.is_empty(),
        "{} of {count} failed:\n{}",
        failures.len(),
        failures[..failures.len().min(20)].join("\n")
    );
    let known = tally.keys.lock().unwrap();
    let never: Vec<&str> = keys.iter().map(|key| key.path.as_str()).filter(|key| !known.contains(*key)).collect();
    assert!(count < 20_000 || never.is_empty(), "in no configuration that ran: {never:?}");
    assert!(ran * 10 > count, "only {ran} of {count} ran");
    assert!(stopped * 20 < count, "{stopped} of {count} stopped with an error");
}

#[test]
fn the_tables_of_the_generator_can_be_read() {
    for name in ["tests/data/qpr_small.csv", "tests/data/phi_020.csv"] {
        assert!(Path::new(env!("CARGO_MANIFEST_DIR")).join(name).is_file(), "{name}");
    }
}
