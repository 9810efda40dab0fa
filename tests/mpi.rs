//! The program under `mpirun`: any number of processes and threads writes the same bytes, errors are said once, and no
//! process that panics or is killed leaves the others waiting.
//!
//! Two parts of these tests are members of a distributed run themselves: the test that checks them starts this very
//! test program under `mpirun`. `MARSDISK_TEST_MPI=full` compares all numbers of processes, threads and cells.
#![cfg(feature = "mpi")]

mod support;

use marsdisk_mpi::parallel::world::World;
use marsdisk_mpi::run::clock::{Clock, OutputTimes};
use marsdisk_mpi::run::driver::{self, Desk};
use serde_json::Value;
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};
use support::{ADAPTIVE, course, disk, files_below, shipped, time_grid};

/// No run of these tests takes longer unless it hangs.
const PATIENCE: Duration = Duration::from_secs(60);
/// A run that lost a process ends within this time.
const END_OF_A_BROKEN_RUN: Duration = Duration::from_secs(10);

const PROGRAM: &str = env!("CARGO_BIN_EXE_marsdisk-mpi");
/// Lets the processes share few cells, and few cores without spinning.
const SHARE: [(&str, &str); 3] =
    [("MARSDISK_CELL_MIN_CELLS", "1"), ("MARSDISK_CELL_MIN_CELLS_PER_JOB", "1"), ("OMPI_MCA_mpi_yield_when_idle", "1")];

/// A job under `mpirun`, and what became of it.
struct Job {
    launcher: Child,
    output: PathBuf,
    started: Instant,
}

struct Ending {
    status: i32,
    text: String,
    took: Duration,
}

impl Job {
    /// Starts `processes` of a program; its output goes to files in `folder`.
    fn start(processes: usize, program: &Path, arguments: &[&str], variables: &[(&str, &str)], folder: &Path) -> Job {
        let output = folder.join("job.txt");
        let file = fs::File::create(&output).unwrap();
        let launcher = Command::new("mpirun")
            .args(["--oversubscribe", "--bind-to", "none", "--allow-run-as-root", "-n", &processes.to_string()])
            .arg(program)
            .args(arguments)
            .envs(variables.iter().copied())
            .stdin(Stdio::null())
            .stdout(file.try_clone().unwrap())
            .stderr(file)
            .spawn()
            .expect("mpirun of Open MPI is needed");
        Job { launcher, output, started: Instant::now() }
    }

    /// Waits for its end; fails if that takes longer than `patience`.
    fn wait(mut self, patience: Duration) -> Ending {
        let start = Instant::now();
        while start.elapsed() < patience {
            if let Some(status) = self.launcher.try_wait().unwrap() {
                let text = fs::read_to_string(&self.output).unwrap();
                return Ending { status: status.code().unwrap_or(-1), text, took: self.started.elapsed() };
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        panic!("still running after {patience:?}:\n{}", fs::read_to_string(&self.output).unwrap());
    }

    /// The processes that it started.
    fn members(&self) -> Vec<u32> {
        let pids = fs::read_dir("/proc").unwrap().filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok());
        pids.filter(|pid| state_and_parent(*pid).is_some_and(|(_, parent)| parent == self.launcher.id())).collect()
    }
}

impl Drop for Job {
    /// Ends the launcher, which ends its processes; should it hang, all of them.
    fn drop(&mut self) {
        if !matches!(self.launcher.try_wait(), Ok(None)) {
            return;
        }
        let members = self.members();
        signal("TERM", &[self.launcher.id()]);
        let start = Instant::now();
        while start.elapsed() < Duration::from_secs(5) {
            if !matches!(self.launcher.try_wait(), Ok(None)) {
                return;
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        signal("KILL", &members);
        let _ = self.launcher.kill();
        let _ = self.launcher.wait();
    }
}

/// What a process is doing (`Z`: it is dead and only its entry is left), and who started it.
fn state_and_parent(pid: u32) -> Option<(String, u32)> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // The name in brackets may hold anything; state and parent follow it.
    let mut words = stat.rsplit_once(')')?.1.split_whitespace();
    Some((words.next()?.to_string(), words.next()?.parse().ok()?))
}

fn signal(name: &str, pids: &[u32]) {
    let _ = Command::new("kill").arg(format!("-{name}")).args(pids.iter().map(u32::to_string)).status();
}

/// The program under `mpirun`, in a folder of its own.
struct Run {
    folder: tempfile::TempDir,
    ending: Ending,
}

impl Run {
    fn new(processes: usize, arguments: &[&str], overrides: &[&str], variables: &[(&str, &str)]) -> Run {
        let folder = tempfile::tempdir().unwrap();
        let out = folder.path().join("out");
        let mut all = vec!["--quiet", "--outdir", out.to_str().unwrap()];
        all.extend(arguments);
        if !overrides.is_empty() {
            all.push("--override");
            all.extend(overrides);
        }
        let ending = Job::start(processes, Path::new(PROGRAM), &all, variables, folder.path()).wait(PATIENCE);
        Run { folder, ending }
    }

    /// The same; fails unless the run finished.
    fn finished(processes: usize, arguments: &[&str], overrides: &[&str], variables: &[(&str, &str)]) -> Run {
        let run = Run::new(processes, arguments, overrides, variables);
        assert_eq!(run.ending.status, 0, "{}", run.ending.text);
        run
    }

    fn out(&self) -> PathBuf {
        self.folder.path().join("out")
    }

    fn json(&self, name: &str) -> Value {
        serde_json::from_str(&fs::read_to_string(self.out().join(name)).unwrap()).unwrap()
    }

    /// One message with these words, this status, and no trace of a run.
    #[track_caller]
    fn assert_refused(&self, status: i32, words: &str) {
        let text = &self.ending.text;
        assert_eq!(self.ending.status, status, "{text}");
        assert_eq!((text.matches("error: ").count(), text.matches(words).count()), (1, 1), "{text}");
        assert!(self.ending.took < END_OF_A_BROKEN_RUN, "{:?}", self.ending.took);
        assert!(files_below(&self.out()).is_empty());
    }
}

/// JSON without what may differ between two runs of the same disk.
fn comparable(mut json: Value) -> Value {
    for key in ["performance", "provenance", "threading", "cell_parallel", "outdir"] {
        json.as_object_mut().unwrap().remove(key);
    }
    if let Some(io) = json.get_mut("io") {
        io["outdir"] = Value::Null;
    }
    json
}

#[track_caller]
fn assert_same_bytes(one: &Run, other: &Run, what: &str) {
    let files = files_below(&one.out());
    assert_eq!(files, files_below(&other.out()), "{what}");
    assert_eq!(files.len(), 8, "{files:?}");
    for name in files {
        if name.extension().is_some_and(|ending| ending == "json") {
            let name = name.to_str().unwrap();
            assert_eq!(comparable(one.json(name)), comparable(other.json(name)), "{name} of {what}");
        } else {
            let read = |run: &Run| fs::read(run.out().join(&name)).unwrap();
            assert!(read(one) == read(other), "{} of {what}", name.display());
        }
    }
}

/// The same run alone and by several processes, each with a number of threads.
fn assert_independent(config: &str, overrides: &[&str], arguments: &[&str], teams: &[(usize, &str)]) {
    let config = shipped(config);
    let arguments = [&[config.to_str().unwrap()], arguments].concat();
    let alone = Run::finished(1, &[&arguments[..], &["--threads", "1"]].concat(), overrides, &SHARE);
    for (processes, threads) in teams {
        let run = Run::finished(*processes, &[&arguments[..], &["--threads", threads]].concat(), overrides, &SHARE);
        let parallel = run.json("run_config.json")["cell_parallel"].clone();
        let cells = run.json("summary.json")["cells_total"].as_u64().unwrap();
        assert_eq!(parallel["ranks"], *processes);
        if *processes > 1 && cells > 1 {
            assert_eq!(parallel["ranks_active"], cells.min(*processes as u64), "{parallel}");
        }
        assert_same_bytes(&alone, &run, &format!("{processes} × {threads} with {overrides:?}"));
    }
}

fn is_full() -> bool {
    std::env::var("MARSDISK_TEST_MPI").is_ok_and(|wanted| wanted == "full")
}

#[test]
fn processes_and_threads_do_not_change_a_byte() {
    let teams: &[(usize, &str)] = &[(2, "2"), (3, "1"), (8, "1")];
    assert_independent("quick.yml", &["geometry.Nr=7"], &[], teams);
    assert_independent("quick.yml", &["geometry.Nr=33", "numerics.t_end_years=0.01"], &[], &[(4, "2")]);
    // The step follows the collision times of all cells here.
    assert_independent(
        "quick.yml",
        &["geometry.Nr=3", "numerics.t_end_years=1e-3"],
        &["--profile", "python"],
        &[(2, "1")],
    );
}

#[test]
fn all_numbers_of_processes_threads_and_cells_give_the_same_bytes() {
    // `MARSDISK_TEST_MPI=full` takes all of them; else a corner of the same table.
    let (processes, all_cells): (&[usize], &[&str]) = match is_full() {
        true => (&[1, 2, 3, 4, 8], &["1", "2", "3", "7", "32", "33"]),
        false => (&[2], &["1", "3"]),
    };
    let teams: Vec<(usize, &str)> = processes.iter().flat_map(|n| [(*n, "1"), (*n, "2")]).collect();
    for cells in all_cells {
        let cells = format!("geometry.Nr={cells}");
        assert_independent("quick.yml", &[&cells], &[], &teams);
        assert_independent("quick.yml", &[&cells], &["--profile", "python"], &teams);
        assert_independent("fiducial.yml", &[&cells, "numerics.t_end_years=0.1"], &[], &teams);
        let stops = ["supply.const.mu_orbit10pct=100", "optical_depth.tau_stop=0.2", "radiation.TM_K=3000"];
        assert_independent("quick.yml", &[&[&cells[..]], &stops[..]].concat(), &[], &teams);
    }
}

#[test]
fn few_cells_stay_on_one_process_and_the_files_say_why() {
    let config = shipped("quick.yml");
    let run = Run::finished(8, &[config.to_str().unwrap()], &[], &SHARE[2..]);
    let parallel = run.json("run_config.json")["cell_parallel"].clone();
    for (key, wanted) in [
        ("requested", Value::from(true)),
        ("enabled", false.into()),
        ("disabled_reason", "too_few_cells_per_job".into()),
        ("jobs_requested", 8.into()),
        ("jobs_effective", 1.into()),
        ("ranks", 8.into()),
        ("ranks_active", 1.into()),
    ] {
        assert_eq!(parallel[key], wanted, "{key} in {parallel}");
    }
    assert_eq!(run.ending.text.matches("process 0 computes alone").count(), 1, "{}", run.ending.text);
    let performance = run.json("summary.json")["performance"].clone();
    assert_eq!((&performance["ranks"], &performance["messages_per_step"]), (&1.into(), &Value::from(0.0)));
}

#[test]
fn what_the_processes_did_is_in_the_summary() {
    let config = shipped("quick.yml");
    let run = Run::finished(3, &[config.to_str().unwrap()], &[], &SHARE);
    let performance = run.json("summary.json")["performance"].clone();
    let number = |value: &Value| value.as_f64().unwrap();
    let members = performance["per_rank"].as_array().unwrap();
    assert_eq!(members.len(), 3);
    assert_eq!(members.iter().map(|member| number(&member["cells"])).sum::<f64>(), 4.0);
    for member in members {
        assert!(number(&member["messages"]) > 0.0 && number(&member["bytes"]) > 0.0 && number(&member["step_s"]) > 0.0);
    }
    assert!(number(&performance["imbalance"]) >= 1.0);
    // Gathered in batches: far fewer messages than steps.
    let steps = number(&run.json("summary.json")["steps"]["coupling"]);
    assert!(number(&performance["batches"]) < 0.5 * steps, "{performance}");
    let parts = ["setup_s", "step_s", "exchange_s", "write_s"].map(|part| number(&performance[part]));
    assert!(parts.iter().sum::<f64>() <= number(&performance["wall_s"]), "{performance}");
}

#[test]
fn what_is_wrong_with_an_input_is_said_once() {
    let config = shipped("quick.yml");
    let config = config.to_str().unwrap();
    Run::new(4, &[config], &["sizes.nbins=3"], &[]).assert_refused(2, "unknown key `sizes.nbins`");
    Run::new(4, &["missing.yml"], &[], &[]).assert_refused(5, "missing.yml");
    let table = "radiation.qpr_table_path=missing.csv";
    Run::new(3, &[config], &[table], &[]).assert_refused(5, "cannot read the table");
    let run = Run::new(2, &[config, "--no-such-option"], &[], &[]);
    run.assert_refused(2, "unexpected argument");
    let run = Run::new(2, &["--help"], &[], &[]);
    assert_eq!((run.ending.status, run.ending.text.matches("Usage:").count()), (0, 1), "{}", run.ending.text);
}

#[test]
fn a_folder_that_holds_a_run_is_refused_by_all() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("summary.json"), "old").unwrap();
    let config = shipped("quick.yml");
    let arguments = ["--outdir", folder.path().to_str().unwrap(), config.to_str().unwrap()];
    let elsewhere = tempfile::tempdir().unwrap();
    let ending = Job::start(3, Path::new(PROGRAM), &arguments, &SHARE, elsewhere.path()).wait(PATIENCE);
    assert_eq!((ending.status, ending.text.matches("already holds a run").count()), (5, 1), "{}", ending.text);
    assert_eq!(fs::read(folder.path().join("summary.json")).unwrap(), b"old");
}

#[test]
fn a_run_that_fails_on_all_processes_has_its_status_and_its_files() {
    let config = shipped("quick.yml");
    // Mars cools by 17 K a day, below what the model covers.
    let overrides = ["radiation.TM_K=1010", "radiation.mars_temperature_driver.mode=hyodo"];
    let run = Run::new(3, &[config.to_str().unwrap()], &overrides, &SHARE);
    let text = &run.ending.text;
    assert_eq!((run.ending.status, text.matches("the run failed").count()), (3, 1), "{text}");
    assert_eq!(run.json("summary.json")["status"], "failed");
    assert_eq!(files_below(&run.out()).len(), 8);
}

#[test]
fn processes_of_another_program_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let other = folder.path().join("other");
    fs::copy(PROGRAM, &other).unwrap();
    // Behind its end, where it changes nothing but the file.
    fs::OpenOptions::new().append(true).open(&other).unwrap().write_all(&[0]).unwrap();
    let (config, other) = (shipped("quick.yml"), other.to_str().unwrap().to_string());
    let run = Run::new(1, &[config.to_str().unwrap(), ":", "-n", "1", &other, config.to_str().unwrap()], &[], &SHARE);
    run.assert_refused(5, "runs another program (version ");
    assert!(run.ending.text.contains("process 1 on "), "{}", run.ending.text);
}

/// Starts this test program as a distributed run of one of its ignored tests.
fn member_job(name: &str, processes: usize, folder: &Path) -> Job {
    let arguments = [name, "--exact", "--ignored", "--nocapture", "--test-threads=1"];
    Job::start(processes, &std::env::current_exe().unwrap(), &arguments, &SHARE, folder)
}

#[test]
fn a_panic_of_one_process_ends_all() {
    let folder = tempfile::tempdir().unwrap();
    let ending = member_job("member_of_a_run_with_a_panic", 4, folder.path()).wait(PATIENCE);
    let text = &ending.text;
    assert_ne!(ending.status, 0, "{text}");
    assert_eq!(text.matches("error: process 2 of 4: ").count(), 1, "{text}");
    assert!(text.contains("panicked at"), "{text}");
    assert!(ending.took < END_OF_A_BROKEN_RUN, "{:?}", ending.took);
}

/// A worker thread of process 2 panics in a step of a cell that lacks bins, while the others wait for its report.
#[test]
#[ignore = "started by a_panic_of_one_process_ends_all under mpirun"]
fn member_of_a_run_with_a_panic() {
    let world = World::join().unwrap();
    let mut setup = disk(&shipped("quick.yml"), &["geometry.Nr=8"], None);
    if world.rank() == 2 {
        setup.cells[5].bins.truncate(3);
    }
    take_part(&world, &mut setup);
}

#[test]
fn a_cell_that_fails_on_one_process_is_reported_by_process_0() {
    let folder = tempfile::tempdir().unwrap();
    let ending = member_job("member_of_a_run_with_a_failure", 4, folder.path()).wait(PATIENCE);
    let text = &ending.text;
    assert_eq!(ending.status, 0, "{text}");
    assert_eq!(text.matches("failed on Some(2): cell 5, step 0 from ").count(), 1, "{text}");
}

/// Process 2 gets a cell that cannot be integrated.
#[test]
#[ignore = "started by a_cell_that_fails_on_one_process_is_reported_by_process_0 under mpirun"]
fn member_of_a_run_with_a_failure() {
    let world = World::join().unwrap();
    let mut setup = disk(&shipped("quick.yml"), &["geometry.Nr=8"], None);
    if world.rank() == 2 {
        setup.cells[5].bins[0] = f64::NAN;
    }
    take_part(&world, &mut setup);
    world.leave(0);
}

/// Takes a day of steps, with two worker threads; process 0 says what went wrong.
fn take_part(world: &World, setup: &mut marsdisk_mpi::disk::setup::Setup) {
    let communicator = world.first(world.size()).unwrap();
    let clock = Clock::new(time_grid(setup, 100.0, 86_400.0), ADAPTIVE, OutputTimes::EveryStep);
    let mut course = course(setup, clock);
    course.communicator = communicator.as_ref();
    let threads = rayon::ThreadPoolBuilder::new().num_threads(2).build().unwrap();
    course.threads = Some(&threads);
    if let Some(ended) = driver::run(course, Desk::default(), &mut |_| {}) {
        println!("failed on {:?}: {}", ended.failed_on, ended.result.unwrap_err());
    }
}

#[test]
fn a_killed_process_ends_all() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("out");
    let config = shipped("fiducial.yml");
    // Minutes of work.
    let arguments = [
        config.to_str().unwrap(),
        "--outdir",
        out.to_str().unwrap(),
        "--override",
        "geometry.Nr=128",
        "sizes.n_bins=100",
    ];
    let job = Job::start(4, Path::new(PROGRAM), &arguments, &SHARE, folder.path());
    // The tables are opened when everybody is ready to step.
    let start = Instant::now();
    while !out.join("run_config.json").exists() && start.elapsed() < PATIENCE {
        std::thread::sleep(Duration::from_millis(50));
    }
    std::thread::sleep(Duration::from_millis(500));
    let members = job.members();
    assert_eq!(members.len(), 4);
    signal("KILL", &members[3..]);
    let ending = job.wait(END_OF_A_BROKEN_RUN);
    assert_ne!(ending.status, 0, "{}", ending.text);
    let alive = |pid: &u32| state_and_parent(*pid).is_some_and(|(state, _)| state != "Z");
    let start = Instant::now();
    while members.iter().any(alive) {
        assert!(start.elapsed() < END_OF_A_BROKEN_RUN, "{members:?}");
        std::thread::sleep(Duration::from_millis(50));
    }
}
