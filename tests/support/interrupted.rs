//! What tests share whose runs do not come to their end at once: runs in several parts, compared with one that nothing
//! happened to.

use super::{files_below, shipped};
use std::fs;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;
use std::time::{Duration, Instant};
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
pub struct Run {
    pub folder: TempDir,
    /// Where its files are, if not in that folder.
    elsewhere: Option<PathBuf>,
}

impl Run {
    pub fn new() -> Self {
        Run { folder: tempfile::tempdir().unwrap(), elsewhere: None }
    }

    /// A run that writes its files below `place`.
    pub fn at(place: &Path) -> Self {
        Run { elsewhere: Some(place.to_path_buf()), ..Run::new() }
    }

    pub fn out(&self) -> PathBuf {
        self.elsewhere.as_deref().unwrap_or(self.folder.path()).join("out")
    }

    pub fn command(&self, processes: usize, arguments: &[&str]) -> Command {
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
    pub fn start(&self, processes: usize, arguments: &[&str]) -> Part {
        self.spawn(self.command(processes, arguments))
    }

    /// Starts a command of this run in the same way.
    pub fn spawn(&self, mut command: Command) -> Part {
        let output = self.folder.path().join("output.txt");
        let file = fs::File::create(&output).unwrap();
        command.stdout(file.try_clone().unwrap()).stderr(file).process_group(0);
        Part { child: command.spawn().unwrap(), output, began: Instant::now() }
    }

    /// Runs a part to its end: its exit status and what it said.
    pub fn go(&self, processes: usize, arguments: &[&str]) -> (i32, String) {
        self.start(processes, arguments).wait()
    }

    /// Goes on to the end of the run, and compares its files with those of a run that nothing happened to.
    #[track_caller]
    pub fn assert_completes(&self, processes: usize, what: &str) -> String {
        let (status, text) = self.go(processes, &["--resume"]);
        assert_eq!(status, 0, "{what}: {text}");
        self.assert_whole(what);
        text
    }

    #[track_caller]
    pub fn assert_whole(&self, what: &str) {
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

    /// The checkpoints that are whole, the oldest first.
    pub fn checkpoints(&self) -> Vec<PathBuf> {
        let folder = self.out().join("checkpoints");
        let is_one = |name: &Path| {
            let name = name.to_str()?.strip_prefix("ckpt_step_")?.strip_suffix(".h5")?;
            Some(name.bytes().all(|byte| byte.is_ascii_digit()))
        };
        let files = files_below(&folder).into_iter().filter(|name| is_one(name) == Some(true));
        files.map(|name| folder.join(name)).collect()
    }

    /// Asks the run for something by a file in its folder.
    pub fn ask(&self, file: &str) {
        fs::write(self.out().join(file), "").unwrap();
    }

    /// The part of the undisturbed run that is in the tables, from 0 to 1.
    pub fn progress(&self) -> f64 {
        let size = |path: &str, run: &Run| fs::metadata(run.out().join(path)).map_or(0, |facts| facts.len());
        size("checks/mass_budget.csv.part", self) as f64 / size("checks/mass_budget.csv", undisturbed()) as f64
    }

    pub fn summary(&self) -> serde_json::Value {
        serde_json::from_slice(&fs::read(self.out().join("summary.json")).unwrap()).unwrap()
    }
}

/// A run that nothing happened to.
pub fn undisturbed() -> &'static Run {
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
pub struct Part {
    pub child: Child,
    output: PathBuf,
    began: Instant,
}

impl Part {
    pub fn wait(mut self) -> (i32, String) {
        while self.began.elapsed() < PATIENCE {
            if let Some(status) = self.child.try_wait().unwrap() {
                return (status.code().unwrap_or(-1), self.text());
            }
            std::thread::sleep(Duration::from_millis(10));
        }
        panic!("still running: {}", self.text());
    }

    pub fn text(&self) -> String {
        String::from_utf8_lossy(&fs::read(&self.output).unwrap()).into_owned()
    }

    pub fn is_running(&mut self) -> bool {
        matches!(self.child.try_wait(), Ok(None))
    }

    /// The program's processes: those that a launcher has started, or the one.
    pub fn members(&self) -> Vec<u32> {
        let children = fs::read_to_string(format!("/proc/{0}/task/{0}/children", self.child.id())).unwrap_or_default();
        let children: Vec<u32> = children.split_whitespace().filter_map(|word| word.parse().ok()).collect();
        if children.is_empty() { vec![self.child.id()] } else { children }
    }

    pub fn signal(&self, name: &str, pids: &[u32]) {
        let _ = Command::new("kill").arg(format!("-{name}")).args(pids.iter().map(u32::to_string)).output();
    }

    /// Ends the launcher and all processes of the program at once, and waits until they are gone.
    pub fn kill(mut self) {
        self.end();
    }

    fn end(&mut self) {
        // A launcher that has stopped starts no process that would be missed.
        let launcher = self.child.id();
        self.signal("STOP", &[launcher]);
        wait_for("the stop of the launcher", || threads(launcher).iter().all(|state| matches!(state, 'T' | 'Z')));
        let mut all = self.members();
        all.push(launcher);
        self.signal("KILL", &all);
        let _ = self.child.wait();
        // Those of a launcher are nobody's children now. They keep their files until the last thread is dead.
        wait_for("the end of all processes", || all.iter().all(|pid| threads(*pid).iter().all(|state| *state == 'Z')));
    }
}

impl Drop for Part {
    fn drop(&mut self) {
        if self.is_running() {
            self.end();
        }
    }
}

/// What the threads of a process are doing (`Z`: dead, `T`: stopped); none if there is no such process.
fn threads(pid: u32) -> Vec<char> {
    let tasks = fs::read_dir(format!("/proc/{pid}/task")).into_iter().flatten().flatten();
    let state = |stat: String| stat.rsplit_once(')')?.1.trim_start().chars().next();
    tasks.filter_map(|task| state(fs::read_to_string(task.path().join("stat")).ok()?)).collect()
}

/// Waits until a condition holds.
#[track_caller]
pub fn wait_for(what: &str, condition: impl Fn() -> bool) {
    let start = Instant::now();
    while !condition() {
        assert!(start.elapsed() < PATIENCE, "{what} does not happen");
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// Numbers without a pattern (xorshift).
pub struct Random(u64);

impl Random {
    pub fn new(what: u64) -> Self {
        let seed = number("MARSDISK_TEST_SEED", 20_261_122);
        Random((seed ^ (what << 32)).wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }

    pub fn below(&mut self, end: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 11) % end
    }
}

pub fn number(variable: &str, default: u64) -> u64 {
    std::env::var(variable).ok().and_then(|text| text.parse().ok()).unwrap_or(default)
}

/// Time that a run takes from its start to its end here and now.
pub fn duration(processes: usize) -> Duration {
    let (run, start) = (Run::new(), Instant::now());
    assert_eq!(run.go(processes, &[]).0, 0);
    start.elapsed()
}

/// How often the program says that something is wrong.
pub fn errors(text: &str) -> usize {
    text.lines().filter(|line| line.starts_with("error: ")).count()
}

/// A run that was stopped, with several checkpoints.
pub fn stopped() -> Run {
    let run = Run::new();
    let part = run.start(1, &[]);
    wait_for("checkpoints", || run.checkpoints().len() >= 3);
    part.signal("USR1", &part.members());
    let (status, text) = part.wait();
    assert_eq!(status, 4, "{text}");
    run
}
