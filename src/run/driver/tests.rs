use super::*;
use crate::checkpoint::file;
use crate::checkpoint::generations::Generations;
use crate::config;
use crate::disk::model::Scheme;
use crate::disk::setup::{self, Setup};
use crate::output::fixtures;
use crate::output::folder::OutputFolder;
use crate::output::recorder::{BinFacts, End, OutputOptions};
use crate::output::summary::Outcome;
use crate::parallel::communicator::Serial;
use crate::parallel::local_communicator::LocalCommunicator;
use crate::physics::orbit::angular_frequency;
use crate::physics::supply::SupplyLaw;
use crate::run::clock::{OutputTimes, Pace};
use crate::run::keeper::Cadence;
use crate::run::time_grid::{FirstStep, Request, TimeGrid};
use std::collections::BTreeMap;
use std::path::Path;

/// A run that is done by several threads instead of processes.
struct Case {
    overrides: &'static [&'static str],
    spoil: fn(&mut Setup),
    rules: StopRules,
    pace: Pace,
    output: OutputTimes,
    seconds: f64,
}

const PLAIN: Case = Case {
    overrides: &["geometry.Nr=7"],
    spoil: |_| {},
    rules: StopRules {
        blowout_at_most: None,
        loss_rate_at_most: None,
        not_before: 0.0,
        column: false,
        enforce_budget: false,
    },
    pace: Pace::Adaptive { rtol: 1e-3, dt_max: 1000.0 },
    output: OutputTimes::Logarithmic { per_decade: 7 },
    seconds: 1e5,
};

type Files = BTreeMap<String, Vec<u8>>;

impl Case {
    fn setup(&self) -> Setup {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("configs/quick.yml");
        let overrides: Vec<String> = self.overrides.iter().map(|text| text.to_string()).collect();
        let mut setup = setup::build(&config::load(&path, &overrides, None).unwrap()).unwrap();
        (self.spoil)(&mut setup);
        setup
    }

    fn clock(&self, model: &Model) -> Clock {
        let request = Request {
            years: Some(1.0),
            orbits: None,
            until_temperature: None,
            temperature_margin_years: 0.0,
            temperature_search_years: None,
            min_years: None,
            first_step: FirstStep::Seconds(100.0),
        };
        let omega = angular_frequency(model.grid.middle());
        let grid = TimeGrid::resolve(request, 1.0, &model.cooling, omega).unwrap();
        Clock::new(TimeGrid { t_end: self.seconds, ..grid }, self.pace, self.output)
    }

    /// What process 0 of `size` learns, the cells of all, and the tables that it writes.
    fn run(&self, size: usize) -> (Ended, Vec<CellState>, Files) {
        let folder = tempfile::tempdir().unwrap();
        let results: Vec<_> = std::thread::scope(|scope| {
            let member = |communicator| scope.spawn(|| self.take_part(communicator, folder.path()));
            let threads: Vec<_> = LocalCommunicator::team(size).into_iter().map(member).collect();
            threads.into_iter().map(|thread| thread.join().unwrap()).collect()
        });
        let blocks: Vec<usize> = results[0].0.as_ref().unwrap().effort.per_rank.iter().map(|one| one.cells).collect();
        let mut cells = Vec::new();
        for ((_, all), length) in results.iter().zip(blocks) {
            let start = cells.len();
            cells.extend_from_slice(&all[start..start + length]);
        }
        let read = |path: std::path::PathBuf| (path.display().to_string(), std::fs::read(path).unwrap());
        let files =
            ["series/run.parquet", "series/psd_hist.parquet", "checks/mass_budget_cells.csv", "orbit_rollup.csv"]
                .map(|name| (name.to_string(), read(folder.path().join(name)).1));
        (results.into_iter().find_map(|result| result.0).unwrap(), cells, files.into())
    }

    fn take_part(&self, communicator: LocalCommunicator, folder: &Path) -> (Option<Ended>, Vec<CellState>) {
        let Setup { model, mut cells, .. } = self.setup();
        let mut recorder = communicator.is_root().then(|| recorder(&model, folder));
        let course = Course {
            model: &model,
            cells: &mut cells,
            clock: self.clock(&model),
            rules: self.rules,
            threads: None,
            chunk: 1,
            communicator: &communicator,
            from: None,
            signals: Signals::default(),
        };
        let desk = Desk { recorder: recorder.as_mut(), keeper: None };
        let ended = run(course, desk, &mut |_| {});
        if let Some(recorder) = recorder {
            recorder.finish(&fixtures::ending(Outcome::Complete), End::Now).unwrap();
        }
        (ended, cells)
    }

    /// Checks that several processes do what one does; returns what one does.
    fn assert_equal(&self, sizes: &[usize]) -> (Ended, Files) {
        let (alone, cells, files) = self.run(1);
        for &size in sizes {
            let (ended, other_cells, other_files) = self.run(size);
            assert_eq!(format!("{:?}", ended.result), format!("{:?}", alone.result), "{size} processes");
            assert_eq!((ended.time, format!("{:?}", ended.steps)), (alone.time, format!("{:?}", alone.steps)));
            assert_eq!(ended.effort.per_rank.len(), size);
            assert!(other_cells == cells, "{size} processes");
            for (name, content) in &files {
                assert!(*content == other_files[name], "{name} of {size} processes");
            }
        }
        (alone, files)
    }
}

fn recorder(model: &Model, folder: &Path) -> Recorder {
    let cells: Vec<_> = model.cells.iter().map(|cell| cell.facts).collect();
    let sizes = BinFacts::of(&model.sizes);
    let folder = OutputFolder::create(folder, true).unwrap();
    Recorder::create(folder, &model.run, &cells, &sizes, OutputOptions::default(), fixtures::config(), None).unwrap()
}

#[test]
fn any_number_of_processes_does_the_same() {
    let (alone, files) = PLAIN.assert_equal(&[2, 3, 7]);
    assert_eq!(alone.result.unwrap(), StopReason::EndReached);
    assert!(alone.steps.coupling > 100 && alone.effort.batches < alone.steps.coupling, "{:?}", alone.steps);
    assert!(files.values().all(|content| content.len() > 100));
}

#[test]
fn cells_that_move_to_other_processes_go_on_as_if_nothing_had_happened() {
    // Stopped cells cost next to nothing, so that the blocks of equal length are far from equal work.
    let half_idle = |setup: &mut Setup| {
        for cell in &mut setup.cells[..6] {
            cell.stop = Some((crate::disk::report::CellStop::TauExceeded, 0.0, 3.0));
        }
    };
    let case = Case { overrides: &["geometry.Nr=12"], spoil: half_idle, ..PLAIN };
    case.assert_equal(&[2, 5]);
    let (ended, ..) = case.run(2);
    assert!(ended.effort.moves >= 1, "{:?}", ended.effort);
    assert!(ended.effort.per_rank[0].cells > 6, "{:?}", ended.effort);
}

#[test]
fn a_fixed_clock_follows_the_shortest_collision_time_of_all_processes() {
    let pace = Pace::Fixed { min_tcoll_ratio: Some(1e10) };
    let case = Case { pace, ..PLAIN };
    let (alone, _) = case.assert_equal(&[2, 4]);
    let (free, ..) = Case { pace: Pace::Fixed { min_tcoll_ratio: None }, ..PLAIN }.run(2);
    assert!(alone.steps.coupling < free.steps.coupling, "{} {}", alone.steps.coupling, free.steps.coupling);
}

#[test]
fn a_cell_that_fails_ends_the_run_for_all() {
    // An infinite supply from the second step on.
    let spoil = |setup: &mut Setup| {
        setup.model.supply.in_first_step = false;
        setup.model.cells[4].supply.law = SupplyLaw::Constant(f64::INFINITY);
        setup.model.cells[6].supply.law = SupplyLaw::Constant(f64::INFINITY);
    };
    for pace in [PLAIN.pace, Pace::Fixed { min_tcoll_ratio: Some(0.05) }] {
        let case = Case { overrides: &["geometry.Nr=7", "radiation.TM_K=2500"], spoil, pace, ..PLAIN };
        let (alone, _) = case.assert_equal(&[2, 3, 7]);
        assert!(matches!(alone.result, Err(RunError::Cell { cell: 4, .. })), "{:?}", alone.result);
        assert_eq!((alone.steps.coupling, alone.failed_on), (1, Some(0)));
        assert_eq!(case.run(7).0.failed_on, Some(4));
    }
}

#[test]
fn a_failure_late_in_a_batch_takes_the_others_back() {
    // The phase rule lets the supply in once the grains have cooled.
    let spoil = |setup: &mut Setup| setup.model.cells[5].supply.law = SupplyLaw::Constant(f64::INFINITY);
    let overrides = &["geometry.Nr=7", "radiation.TM_K=6000"];
    let case = Case { overrides, spoil, output: OutputTimes::Linear { every: 7e4 }, seconds: 3e6, ..PLAIN };
    let (alone, files) = case.assert_equal(&[2, 7]);
    let Err(RunError::Cell { cell: 5, time, .. }) = alone.result else { panic!("{:?}", alone.result) };
    assert!(alone.steps.coupling > 10 && time == alone.time, "{:?}", alone.steps);
    let budget = String::from_utf8(files["checks/mass_budget_cells.csv"].clone()).unwrap();
    assert!(budget.lines().last().unwrap().starts_with(&format!("{time:?},6,")), "{budget}");
}

#[test]
fn a_loss_rate_stops_all_at_the_first_step_that_falls_below_it() {
    let output = OutputTimes::EveryStep;
    let free = Case { output, ..PLAIN }.assert_equal(&[3]).1;
    let rates = loss_rates(&free);
    let middle = rates.len() / 2;
    let threshold = rates[middle..].iter().map(|rate| rate.1).fold(f64::INFINITY, f64::min) * (1.0 + 1e-9);
    let first = rates.iter().find(|rate| rate.1 <= threshold).unwrap().0;
    let rules = StopRules { loss_rate_at_most: Some(threshold), ..PLAIN.rules };
    for output in [output, OutputTimes::Linear { every: 1e9 }] {
        let (alone, files) = Case { output, rules, ..PLAIN }.assert_equal(&[2, 7]);
        assert_eq!(alone.result.unwrap(), StopReason::LossRateBelowThreshold);
        assert_eq!(alone.time, first);
        assert_eq!(loss_rates(&files).last().unwrap().0, first);
    }
}

/// End [s] and loss rate [M_Mars s⁻¹] of each record, worked out from the cumulative losses in the tables.
fn loss_rates(files: &Files) -> Vec<(f64, f64)> {
    let mut reader = csv::Reader::from_reader(&files["checks/mass_budget_cells.csv"][..]);
    let header = reader.headers().unwrap().clone();
    let column = |name: &str| header.iter().position(|title| title == name).unwrap();
    let (time, lost) = (column("time"), column("mass_lost"));
    let mut sums: Vec<(f64, f64)> = Vec::new();
    for row in reader.records().map(Result::unwrap) {
        let number = |index: usize| row[index].parse::<f64>().unwrap();
        match sums.last_mut() {
            Some(last) if last.0 == number(time) => last.1 += number(lost),
            _ => sums.push((number(time), number(lost))),
        }
    }
    let before = [(0.0, 0.0)].into_iter().chain(sums.clone());
    sums.iter().zip(before).map(|(now, then)| (now.0, (now.1 - then.1) / (now.0 - then.0))).collect()
}

#[test]
fn a_disk_whose_cells_have_all_stopped_ends_at_the_step_in_which_the_last_one_stopped() {
    let overrides =
        &["geometry.Nr=7", "supply.const.mu_orbit10pct=100", "optical_depth.tau_stop=0.2", "radiation.TM_K=3000"];
    for output in [PLAIN.output, OutputTimes::EveryStep] {
        let case = Case { overrides, output, seconds: 1e7, ..PLAIN };
        let (alone, _) = case.assert_equal(&[2, 7]);
        assert_eq!(alone.result.unwrap(), StopReason::TauExceededInAllCells);
        let stops = case.run(3).1.into_iter().map(|cell| cell.stop.unwrap().1);
        let last = stops.fold(0.0, f64::max);
        // Cells stop within a step; the longest one here is less than a day.
        assert!(last <= alone.time && alone.time - last < 86_400.0, "{last} of {}", alone.time);
    }
}

#[test]
fn a_failure_leaves_the_state_from_which_it_happens_again() {
    let folder = tempfile::tempdir().unwrap();
    let spoiled = |time: f64| {
        let mut setup = PLAIN.setup();
        setup.cells[5].bins[3] = time;
        setup
    };
    let generations = Generations::new(folder.path().to_path_buf(), 0);
    let take_part = |mut setup: Setup, from: Option<&Snapshot>| {
        let mut keeper = Keeper::new(folder.path(), generations.clone(), Snapshot::default(), Cadence::default(), 0.0);
        let course = Course {
            model: &setup.model,
            cells: &mut setup.cells,
            clock: PLAIN.clock(&setup.model),
            rules: PLAIN.rules,
            threads: None,
            chunk: 1,
            communicator: &Serial,
            from,
            signals: Signals::default(),
        };
        run(course, Desk { recorder: None, keeper: Some(&mut keeper) }, &mut |_| {}).unwrap()
    };
    let ended = take_part(spoiled(f64::NAN), None);
    let Err(RunError::Cell { cell: 5, step: 0, source, .. }) = ended.result else { panic!("{ended:?}") };
    assert!(source.to_string().contains("bin 3"), "{source}");
    let dump = ended.dump.unwrap();
    assert!(dump.ends_with("failure_step_000000000.h5"));
    let snapshot = file::read(&dump).unwrap();
    // A disk without the fault, which the dump brings back.
    let again = take_part(PLAIN.setup(), Some(&snapshot));
    assert!(matches!(again.result, Err(RunError::Cell { cell: 5, step: 0, .. })), "{again:?}");
}

#[test]
fn a_budget_that_is_no_number_ends_a_run_of_every_scheme() {
    fn unknown_start(setup: &mut Setup) {
        setup.model.cells[5].facts.initial_surface_density = f64::NAN;
    }
    let spoils: [fn(&mut Setup); 2] = [unknown_start, |setup| {
        unknown_start(setup);
        setup.model.scheme = Scheme::ImexBdf1;
    }];
    for spoil in spoils {
        let ended = Case { spoil, ..PLAIN }.run(1).0;
        let Err(RunError::Budget { percent, .. }) = ended.result else { panic!("{ended:?}") };
        assert!(percent.is_nan(), "{percent}");
    }
}
