//! A run that is killed or stopped, and goes on: its files are those of a run that nothing happened to.
//!
//! Runs are killed after a random part of their work; `MARSDISK_TEST_KILLS` says how often, `MARSDISK_TEST_SEED` when. What
//! goes wrong with disks and files is in `faults.rs`.

mod support;

use std::fs;
use std::process::Stdio;
use std::time::{Duration, Instant};
use support::interrupted::{Part, Random, Run, duration, number, undisturbed, wait_for};

/// Kills runs of `processes` in the middle of their work, some of them twice, and goes on with `later` processes.
fn assert_survives_kills(processes: usize, later: impl Fn(&mut Random) -> usize, kills: u64) {
    undisturbed();
    let (mut random, mut from_checkpoint) = (Random::new(processes as u64), 0);
    for kill in 0..kills {
        let (run, mut arguments, mut reached) = (Run::new(), &[][..], 0.0);
        for _ in 0..1 + random.below(2) {
            reached += (0.8 - reached) * random.below(1000) as f64 / 1000.0;
            let mut part = run.start(processes, arguments);
            wait_for("so much work", || run.progress() > reached);
            assert!(part.is_running(), "the run is over: {}", part.text());
            part.kill();
            assert!(!run.out().join("summary.json").exists());
            arguments = &["--resume"];
        }
        from_checkpoint += u64::from(!run.checkpoints().is_empty());
        let text = run.assert_completes(later(&mut random), &format!("kill {kill} of {processes} processes"));
        assert!(!text.contains("damaged"), "{text}");
    }
    println!("{kills} runs of {processes} processes were killed; {from_checkpoint} went on from a checkpoint");
}

#[test]
fn a_killed_run_goes_on_to_the_same_bytes() {
    assert_survives_kills(1, |_| 1, number("MARSDISK_TEST_KILLS", 6));
}

#[test]
#[cfg(feature = "mpi")]
fn a_killed_distributed_run_goes_on_to_the_same_bytes() {
    assert_survives_kills(4, |_| 4, number("MARSDISK_TEST_KILLS", 3));
}

#[test]
#[cfg(feature = "mpi")]
fn a_killed_run_goes_on_with_any_number_of_processes() {
    assert_survives_kills(2, |random| [1, 3, 4, 5][random.below(4) as usize], number("MARSDISK_TEST_KILLS", 2));
}

/// A run that is stopped by `stop` once it has written its first chunks, and goes on.
fn assert_stops(processes: usize, what: &str, stop: impl Fn(&Run, &Part)) {
    let run = Run::new();
    let part = run.start(processes, &[]);
    wait_for("a chunk", || run.out().join("series/run_chunk_000000000_000000124.parquet").exists());
    stop(&run, &part);
    let (status, text) = part.wait();
    assert_eq!(status, 4, "{what}: {text}");
    assert!(text.contains("go on with --resume"), "{what}: {text}");
    assert_eq!(run.summary()["status"], "stopped", "{what}");
    run.assert_completes(processes, what);
    let facts: serde_json::Value =
        serde_json::from_slice(&fs::read(run.out().join("run_config.json")).unwrap()).unwrap();
    let starts: Vec<f64> =
        facts["provenance"]["parts"].as_array().unwrap().iter().map(|part| part["from_s"].as_f64().unwrap()).collect();
    assert!(starts.len() == 2 && starts[0] == 0.0 && starts[1] > 0.0, "{what}: {starts:?}");
}

#[test]
fn signals_stop_a_run_which_goes_on() {
    for name in ["TERM", "INT", "USR1"] {
        assert_stops(1, name, |_, part| part.signal(name, &part.members()));
    }
}

#[test]
fn a_second_interrupt_ends_a_run_at_once() {
    // A step of so many cells and bins takes seconds.
    let heavy = ["geometry.Nr=400", "sizes.n_bins=300", "numerics.checkpoint.interval_years=null"];
    for (name, status) in [("INT", 130), ("TERM", 143)] {
        let run = Run::new();
        let file = run.folder.path().join("status");
        let mut command = run.command(1, &[]);
        command.args(heavy).env("MARSDISK_STATUS_FILE", &file);
        let mut part = run.spawn(command);
        wait_for("the beginning", || fs::read_to_string(&file).is_ok_and(|text| text == "begun\n"));
        let began = Instant::now();
        // `timeout` sends two at once, which count as one.
        part.signal(name, &part.members());
        part.signal(name, &part.members());
        std::thread::sleep(Duration::from_millis(1100));
        assert!(part.is_running(), "{}", part.text());
        part.signal(name, &part.members());
        let (found, text) = part.wait();
        assert_eq!(found, status, "{text}");
        assert!(began.elapsed() < Duration::from_secs(3), "{:?}", began.elapsed());
        assert_eq!(fs::read_to_string(&file).unwrap(), format!("ended {status}\n"));
        assert!(run.checkpoints().is_empty());
    }
}

/// Stops a run of profile `python` at its first checkpoint, goes on, and compares these files with those of a whole run.
fn assert_same_after_a_stop(overrides: &[&str], check: impl Fn(&Run), names: &[&str]) {
    let start = |run: &Run, arguments: &[&str]| {
        let mut command = run.command(1, &[&["--profile", "python"], arguments].concat());
        command.args(overrides).arg("numerics.checkpoint.interval_years=0.0002");
        command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap()
    };
    let whole = Run::new();
    assert_eq!(start(&whole, &[]).wait().unwrap().code(), Some(0));
    check(&whole);

    let run = Run::new();
    let mut part = start(&run, &[]);
    wait_for("a checkpoint", || !run.checkpoints().is_empty());
    run.ask("STOP");
    assert_eq!(part.wait().unwrap().code(), Some(4));
    assert_eq!(start(&run, &["--resume"]).wait().unwrap().code(), Some(0));
    for name in names {
        let read = |run: &Run| fs::read(run.out().join(name)).unwrap();
        assert!(read(&run) == read(&whole), "{name}");
    }
}

#[test]
fn rows_that_stopped_cells_repeat_are_the_same_after_a_stop() {
    // The outer cells are solid and opaque from the start; the innermost one is too hot.
    let frozen = ["numerics.t_end_years=0.003", "radiation.TM_K=4300", "optical_depth.tau_stop=0.04"];
    let names = ["series/run.parquet", "series/diagnostics.parquet", "checks/mass_budget.csv"];
    assert_same_after_a_stop(&frozen, |whole| assert_eq!(whole.summary()["cells_stopped"], 4), &names);
}

#[test]
fn a_column_is_the_same_after_a_stop_with_its_moved_sizes_and_the_orbits_that_waited_for_records() {
    let column = [
        "numerics.t_end_years=0.003",
        "geometry.mode=0D",
        "phase.enabled=false",
        "radiation.TM_K=2800",
        "sinks.sublimation_location=both",
        "psd.floor.mode=evolve_smin",
    ];
    let names = [
        "series/run.parquet",
        "series/diagnostics.parquet",
        "series/psd_hist.parquet",
        "series/energy.csv",
        "checks/mass_budget.csv",
        "checks/energy_budget.csv",
        "orbit_rollup.csv",
    ];
    assert_same_after_a_stop(&column, |whole| assert_eq!(whole.summary()["orbits_completed"], 6), &names);
}

#[test]
fn signals_during_the_write_do_no_harm() {
    assert_stops(1, "many signals", |_, part| {
        for _ in 0..30 {
            part.signal("USR2", &part.members());
            part.signal("USR1", &part.members());
            std::thread::sleep(Duration::from_millis(3));
        }
    });
}

#[test]
#[cfg(feature = "mpi")]
fn a_signal_to_one_process_stops_all() {
    assert_stops(3, "USR1 to the last of three", |_, part| part.signal("USR1", &[part.members()[2]]));
    assert_stops(3, "USR1 to the launcher", |_, part| part.signal("USR1", &[part.child.id()]));
}

#[test]
fn a_file_stops_a_run_which_goes_on() {
    assert_stops(1, "STOP", |run, _| run.ask("STOP"));
}

#[test]
fn a_checkpoint_on_demand_does_not_change_the_run() {
    let run = Run::new();
    let mut part = run.start(1, &[]);
    wait_for("the folder", || run.out().join("run_config.json").exists());
    run.ask("WRITE");
    while part.is_running() {
        part.signal("USR2", &part.members());
        std::thread::sleep(Duration::from_millis(30));
    }
    let (status, text) = part.wait();
    assert_eq!(status, 0, "{text}");
    run.assert_whole("USR2 and WRITE");
}

#[test]
fn a_run_ends_before_its_time_does_as_often_as_it_takes() {
    let run = Run::new();
    for part in 0..200 {
        let began = Instant::now();
        let (status, text) = run.go(1, &["--resume", "--walltime", "00:00:02"]);
        assert!([0, 4].contains(&status), "{text}");
        if status == 0 {
            assert!(part > 0 || duration(1) < Duration::from_secs(3));
            return run.assert_whole("a run of several walltimes");
        }
        assert!(began.elapsed() < Duration::from_secs(4), "{:?}", began.elapsed());
    }
    panic!("the run does not come to its end");
}

#[test]
fn a_job_script_learns_for_certain_how_far_the_program_has_come() {
    let run = Run::new();
    let file = run.folder.path().join("status");
    let said = || fs::read_to_string(&file).unwrap_or_default();
    let start = |arguments: &[&str]| {
        let mut command = run.command(1, arguments);
        command.env("MARSDISK_STATUS_FILE", &file).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap()
    };
    assert_eq!(start(&["--no-such-option"]).wait().unwrap().code(), Some(2));
    assert_eq!(said(), "ended 2\n");
    let mut part = start(&[]);
    wait_for("the beginning", || said() == "begun\n");
    part.kill().unwrap();
    part.wait().unwrap();
    assert_eq!(said(), "begun\n");
    assert_eq!(start(&["--resume"]).wait().unwrap().code(), Some(0));
    assert_eq!(said(), "ended 0\n");
}
