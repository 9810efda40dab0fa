//! A run that is killed, stopped or hindered, and goes on: its files are those of a run that nothing happened to.
//!
//! The moments at which runs are killed are random; `MARSDISK_TEST_KILLS` and `MARSDISK_TEST_FULL_DISKS` say how many
//! there are, `MARSDISK_TEST_SEED` which.

mod support;

use std::fs;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::OnceLock;
use std::time::{Duration, Instant};
use support::{files_below, shipped};
use tempfile::TempDir;

const PROGRAM: &str = env!("CARGO_BIN_EXE_marsdisk-mpi");
/// No run of these tests takes longer unless it hangs.
const PATIENCE: Duration = Duration::from_secs(120);
/// Some thousand steps, all of them recorded, in small chunks, with twenty checkpoints.
const BUSY: [&str; 12] = [
    "numerics.t_end_years=0.1",
    "numerics.dt_max=3000",
    "numerics.checkpoint.enabled=true",
    "numerics.checkpoint.interval_years=0.005",
    "io.output.times=every_step",
    "io.streaming.step_flush_interval=25",
    "io.psd_history_stride=3",
    "geometry.Nr=5",
    "io.step_diagnostics.enable=true",
    "io.debug_sinks=true",
    "diagnostics.energy_bookkeeping.enabled=true",
    "diagnostics.extended_diagnostics.enable=true",
];
/// Lets processes share few cells and few cores, and a program be killed without much ado.
const SHARE: [(&str, &str); 7] = [
    ("MARSDISK_CELL_MIN_CELLS", "1"),
    ("MARSDISK_CELL_MIN_CELLS_PER_JOB", "1"),
    ("OMPI_MCA_mpi_yield_when_idle", "1"),
    ("OMPI_MCA_rmaps_base_oversubscribe", "1"),
    ("OMPI_MCA_hwloc_base_binding_policy", "none"),
    ("OMPI_ALLOW_RUN_AS_ROOT", "1"),
    ("OMPI_ALLOW_RUN_AS_ROOT_CONFIRM", "1"),
];

/// A folder for a run of several parts.
struct Run {
    folder: TempDir,
}

impl Run {
    fn new() -> Self {
        Run { folder: tempfile::tempdir().unwrap() }
    }

    fn out(&self) -> PathBuf {
        self.folder.path().join("out")
    }

    fn command(&self, processes: usize, arguments: &[&str]) -> Command {
        let mut command = match processes {
            1 => Command::new(PROGRAM),
            _ => Command::new("mpirun"),
        };
        if processes > 1 {
            command.args(["-n", &processes.to_string(), PROGRAM]);
        }
        command.arg(shipped("quick.yml")).args(["--quiet", "--threads", "1", "--outdir"]).arg(self.out());
        command.args(arguments).arg("--override").args(BUSY);
        command.envs(SHARE).env("MARSDISK_LOG", "warn").stdin(Stdio::null());
        command
    }

    /// Starts a part of the run, in a process group of its own.
    fn start(&self, processes: usize, arguments: &[&str]) -> Part {
        let output = self.folder.path().join("output.txt");
        let file = fs::File::create(&output).unwrap();
        let mut command = self.command(processes, arguments);
        command.stdout(file.try_clone().unwrap()).stderr(file).process_group(0);
        Part { child: command.spawn().unwrap(), output, began: Instant::now() }
    }

    /// Runs a part to its end: its exit status and what it said.
    fn go(&self, processes: usize, arguments: &[&str]) -> (i32, String) {
        self.start(processes, arguments).wait()
    }

    /// Goes on to the end of the run, and compares its files with those of a run that nothing happened to.
    #[track_caller]
    fn assert_completes(&self, processes: usize, what: &str) -> String {
        let (status, text) = self.go(processes, &["--resume"]);
        assert_eq!(status, 0, "{what}: {text}");
        self.assert_whole(what);
        text
    }

    #[track_caller]
    fn assert_whole(&self, what: &str) {
        let whole = undisturbed();
        let names = |run: &Run| {
            let mut names = files_below(&run.out());
            names.retain(|name| !name.starts_with("checkpoints"));
            names
        };
        assert_eq!(names(self), names(whole), "{what}");
        for name in names(self) {
            if name.extension().is_some_and(|ending| ending == "json") {
                let json = |run: &Run| comparable(&run.out().join(&name));
                assert_eq!(json(self), json(whole), "{what}: {}", name.display());
            } else {
                let read = |run: &Run| fs::read(run.out().join(&name)).unwrap();
                assert!(read(self) == read(whole), "{what}: {}", name.display());
            }
        }
    }

    fn checkpoints(&self) -> Vec<PathBuf> {
        let mut files: Vec<_> = files_below(&self.out().join("checkpoints"));
        files.retain(|name| name.extension().is_some_and(|ending| ending == "h5"));
        files.into_iter().map(|name| self.out().join("checkpoints").join(name)).collect()
    }

    fn summary(&self) -> serde_json::Value {
        serde_json::from_slice(&fs::read(self.out().join("summary.json")).unwrap()).unwrap()
    }
}

/// A run that nothing happened to.
fn undisturbed() -> &'static Run {
    static WHOLE: OnceLock<Run> = OnceLock::new();
    WHOLE.get_or_init(|| {
        let run = Run::new();
        let (status, text) = run.go(1, &[]);
        assert_eq!(status, 0, "{text}");
        run
    })
}

/// JSON without what may differ between two runs of the same disk.
fn comparable(path: &Path) -> serde_json::Value {
    let mut json: serde_json::Value = serde_json::from_slice(&fs::read(path).unwrap()).unwrap();
    for key in ["performance", "provenance", "threading", "cell_parallel", "outdir"] {
        json.as_object_mut().unwrap().remove(key);
    }
    if let Some(io) = json.get_mut("io") {
        io["outdir"] = serde_json::Value::Null;
    }
    json
}

/// A part of a run that is under way.
struct Part {
    child: Child,
    output: PathBuf,
    began: Instant,
}

impl Part {
    fn wait(mut self) -> (i32, String) {
        while self.began.elapsed() < PATIENCE {
            if let Some(status) = self.child.try_wait().unwrap() {
                return (status.code().unwrap_or(-1), self.text());
            }
            std::thread::sleep(Duration::from_millis(10));
        }
        panic!("still running: {}", self.text());
    }

    fn text(&self) -> String {
        String::from_utf8_lossy(&fs::read(&self.output).unwrap()).into_owned()
    }

    fn is_running(&mut self) -> bool {
        matches!(self.child.try_wait(), Ok(None))
    }

    /// The program's processes: those that a launcher has started, or the one.
    fn members(&self) -> Vec<u32> {
        let children = fs::read_to_string(format!("/proc/{0}/task/{0}/children", self.child.id())).unwrap_or_default();
        let children: Vec<u32> = children.split_whitespace().filter_map(|word| word.parse().ok()).collect();
        if children.is_empty() { vec![self.child.id()] } else { children }
    }

    fn signal(&self, name: &str, pids: &[u32]) {
        let _ = Command::new("kill").arg(format!("-{name}")).args(pids.iter().map(u32::to_string)).output();
    }

    /// Ends the launcher and all processes of the program at once.
    fn kill(mut self) {
        let mut all = self.members();
        all.push(self.child.id());
        self.signal("KILL", &all);
        self.child.wait().unwrap();
    }
}

impl Drop for Part {
    fn drop(&mut self) {
        if self.is_running() {
            let mut all = self.members();
            all.push(self.child.id());
            self.signal("KILL", &all);
            let _ = self.child.wait();
        }
    }
}

/// Waits until a condition holds.
#[track_caller]
fn wait_for(what: &str, condition: impl Fn() -> bool) {
    let start = Instant::now();
    while !condition() {
        assert!(start.elapsed() < PATIENCE, "{what} does not happen");
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// Numbers without a pattern (xorshift).
struct Random(u64);

impl Random {
    fn new(what: u64) -> Self {
        let seed = number("MARSDISK_TEST_SEED", 20_261_122);
        Random((seed ^ (what << 32)).wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }

    fn below(&mut self, end: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 11) % end
    }
}

fn number(variable: &str, default: u64) -> u64 {
    std::env::var(variable).ok().and_then(|text| text.parse().ok()).unwrap_or(default)
}

/// Time that a run takes from its start to its end here and now.
fn duration(processes: usize) -> Duration {
    let (run, start) = (Run::new(), Instant::now());
    assert_eq!(run.go(processes, &[]).0, 0);
    start.elapsed()
}

/// Kills runs of `processes` at random moments, some of them twice, and goes on with `later` processes.
fn assert_survives_kills(processes: usize, later: impl Fn(&mut Random) -> usize, kills: u64) {
    undisturbed();
    let (length, mut random) = (duration(processes).as_micros() as u64, Random::new(processes as u64));
    let (mut interrupted, mut from_checkpoint) = (0, 0);
    for kill in 0..kills {
        let (run, mut arguments) = (Run::new(), &[][..]);
        let parts = 1 + random.below(2);
        for _ in 0..parts {
            let mut part = run.start(processes, arguments);
            std::thread::sleep(Duration::from_micros(random.below(length)));
            interrupted += u64::from(part.is_running());
            part.kill();
            arguments = &["--resume"];
        }
        from_checkpoint += u64::from(!run.checkpoints().is_empty());
        let text = run.assert_completes(later(&mut random), &format!("kill {kill} of {processes} processes"));
        assert!(!text.contains("damaged"), "{text}");
    }
    println!(
        "{kills} of {kills} runs of {processes} processes survived; {interrupted} kills met them at work, {from_checkpoint} went on from a checkpoint"
    );
    assert!(interrupted > 0);
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
}

#[test]
fn signals_stop_a_run_which_goes_on() {
    for name in ["TERM", "INT", "USR1"] {
        assert_stops(1, name, |_, part| part.signal(name, &part.members()));
    }
}

#[test]
fn rows_that_stopped_cells_repeat_are_the_same_after_a_stop() {
    // The outer cells are solid and opaque from the start; the innermost one is too hot.
    let python = ["--profile", "python"];
    let frozen = ["numerics.t_end_years=0.003", "radiation.TM_K=4300", "optical_depth.tau_stop=0.04"];
    let start = |run: &Run, arguments: &[&str]| {
        let mut command = run.command(1, &[&python, arguments].concat());
        command.args(frozen).arg("numerics.checkpoint.interval_years=0.0002");
        command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap()
    };
    let whole = Run::new();
    assert_eq!(start(&whole, &[]).wait().unwrap().code(), Some(0));
    assert_eq!(whole.summary()["cells_stopped"], 4);

    let run = Run::new();
    let mut part = start(&run, &[]);
    wait_for("a checkpoint", || !run.checkpoints().is_empty());
    fs::write(run.out().join("STOP"), "").unwrap();
    assert_eq!(part.wait().unwrap().code(), Some(4));
    assert_eq!(start(&run, &["--resume"]).wait().unwrap().code(), Some(0));
    for name in ["series/run.parquet", "series/diagnostics.parquet", "checks/mass_budget.csv"] {
        let read = |run: &Run| fs::read(run.out().join(name)).unwrap();
        assert!(read(&run) == read(&whole), "{name}");
    }
}

#[test]
fn signals_during_the_write_do_no_harm() {
    assert_stops(1, "many signals", |_, part| {
        for _ in 0..30 {
            part.signal("USR2", &part.members());
            part.signal("TERM", &part.members());
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
    assert_stops(1, "STOP", |run, _| fs::write(run.out().join("STOP"), "").unwrap());
}

#[test]
fn a_checkpoint_on_demand_does_not_change_the_run() {
    let run = Run::new();
    let mut part = run.start(1, &[]);
    wait_for("the folder", || run.out().join("run_config.json").exists());
    fs::write(run.out().join("WRITE"), "").unwrap();
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

/// How often the program says that something is wrong.
fn errors(text: &str) -> usize {
    text.lines().filter(|line| line.starts_with("error: ")).count()
}

/// A run that was stopped, with several checkpoints.
fn stopped() -> Run {
    let run = Run::new();
    let part = run.start(1, &[]);
    wait_for("checkpoints", || run.checkpoints().len() >= 3);
    part.signal("USR1", &part.members());
    let (status, text) = part.wait();
    assert_eq!(status, 4, "{text}");
    run
}

#[test]
fn a_damaged_checkpoint_is_named_and_the_one_before_is_taken() {
    type Damage = fn(&mut Vec<u8>);
    let damages: [(&str, Damage); 3] = [
        ("cut", |bytes| bytes.truncate(bytes.len() / 2)),
        ("one bit flipped", |bytes| {
            let middle = bytes.len() / 2;
            bytes[middle] ^= 16;
        }),
        ("empty", Vec::clear),
    ];
    for (what, damage) in damages {
        let run = stopped();
        let newest = run.checkpoints().pop().unwrap();
        let mut bytes = fs::read(&newest).unwrap();
        damage(&mut bytes);
        fs::write(&newest, bytes).unwrap();
        let text = run.assert_completes(1, what);
        assert!(text.contains(newest.file_name().unwrap().to_str().unwrap()) && text.contains("damaged"), "{text}");
    }
}

#[test]
fn a_run_without_a_good_checkpoint_is_not_touched() {
    let run = stopped();
    run.checkpoints().iter().for_each(|file| fs::write(file, "").unwrap());
    let before = files_below(&run.out());
    let (status, text) = run.go(1, &["--resume"]);
    assert_eq!(status, 5, "{text}");
    assert!(text.contains("no checkpoint") && text.contains("damaged"), "{text}");
    assert_eq!(files_below(&run.out()), before);
}

#[test]
fn another_configuration_is_refused_with_its_keys() {
    let run = stopped();
    let mut command = run.command(1, &["--resume"]);
    let Output { status, stderr, .. } = command.arg("optical_depth.tau0_target=0.07").output().unwrap();
    let text = String::from_utf8_lossy(&stderr);
    assert_eq!(status.code(), Some(2), "{text}");
    assert!(text.contains("optical_depth.tau0_target was 0.05 and is 0.07"), "{text}");
    run.assert_completes(1, "after a refusal");
    let again = run.command(1, &["--resume"]).arg("optical_depth.tau0_target=0.07").output().unwrap();
    assert_eq!(again.status.code(), Some(2));
    let (status, text) = run.go(1, &["--resume"]);
    assert_eq!(status, 0);
    assert!(text.contains("is complete"), "{text}");
}

#[test]
fn a_chunk_that_has_changed_is_computed_again() {
    let run = stopped();
    let chunk = run.out().join("series/run_chunk_000000000_000000124.parquet");
    let mut bytes = fs::read(&chunk).unwrap();
    bytes[1000] ^= 1;
    fs::write(&chunk, bytes).unwrap();
    // It belongs to all checkpoints.
    let (status, text) = run.go(1, &["--resume"]);
    assert_eq!(status, 5, "{text}");
    assert!(text.contains("run_chunk_000000000_000000124.parquet"), "{text}");
    assert!(run.go(1, &["--overwrite"]).0 == 0);
    run.assert_whole("a run from the start");
}

#[test]
fn two_runs_do_not_share_a_folder() {
    let run = Run::new();
    let part = run.start(1, &[]);
    wait_for("the folder", || run.out().join("run_config.json").exists());
    for arguments in [&["--resume"], &["--overwrite"]] {
        let Output { status, stderr, .. } = run.command(1, arguments).output().unwrap();
        let text = String::from_utf8_lossy(&stderr);
        assert_eq!(status.code(), Some(5), "{text}");
        assert!(text.contains(&format!("process {}", part.members()[0])), "{text}");
    }
    assert_eq!(part.wait().0, 0);
    run.assert_whole("a run beside which others wanted to write");
}

#[test]
fn a_folder_that_vanishes_ends_the_run_with_one_message() {
    let run = Run::new();
    let part = run.start(1, &[]);
    wait_for("a chunk", || run.out().join("series/run_chunk_000000000_000000124.parquet").exists());
    fs::rename(run.out(), run.folder.path().join("gone")).unwrap();
    let (status, text) = part.wait();
    assert_eq!(status, 5, "{text}");
    assert_eq!(errors(&text), 1, "{text}");
    fs::rename(run.folder.path().join("gone"), run.out()).unwrap();
    run.assert_completes(1, "a folder that came back");
}

#[test]
fn a_full_disk_ends_the_run_with_one_message_and_nothing_is_lost() {
    let disks = number("MARSDISK_TEST_FULL_DISKS", 5);
    let whole = files_below(&undisturbed().out());
    let sizes = whole.iter().map(|name| fs::metadata(undisturbed().out().join(name)).unwrap().len());
    let largest = sizes.max().unwrap() / 1024;
    let mut failed = 0;
    for disk in 0..disks {
        // No file may be larger than this [KiB]; evenly spread on a logarithmic scale from 4 KiB on.
        let limit = (4.0 * (largest as f64 / 4.0).powf(disk as f64 / (disks - 1) as f64)) as u64;
        let run = Run::new();
        let inner = run.command(1, &[]);
        let mut command = Command::new("bash");
        command.args(["-c", "trap '' XFSZ; ulimit -f $0; exec \"$@\"", &limit.to_string()]);
        command.arg(inner.get_program()).args(inner.get_args());
        let Output { status, stderr, .. } = command.output().unwrap();
        let text = String::from_utf8_lossy(&stderr);
        if status.code() != Some(0) {
            failed += 1;
            assert_eq!(status.code(), Some(5), "{limit} KiB: {status} {text}");
            assert_eq!(errors(&text), 1, "{limit} KiB: {text}");
            assert!(text.contains("File too large"), "{limit} KiB: {text}");
        }
        for file in files_below(&run.out()).into_iter().filter(|name| name.extension().is_some_and(|e| e == "parquet"))
        {
            let file = fs::File::open(run.out().join(file)).unwrap();
            parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder::try_new(file).unwrap();
        }
        run.assert_completes(1, &format!("a disk of {limit} KiB"));
    }
    println!("{failed} of {disks} runs met a full disk");
    assert!(failed >= disks - 1);
}
