//! How a run outlives its job: which checkpoint it goes on from, when it writes its own, when it has to stop.

use super::settings::extra_options;
use super::simulate::{SimulateArgs, SimulateError};
use crate::checkpoint::CheckpointError;
use crate::checkpoint::file;
use crate::checkpoint::generations::Generations;
use crate::checkpoint::snapshot::{Exchange, Snapshot};
use crate::config::{Config, io};
use crate::files::sha256;
use crate::output::archive::{self, ArchivePlan, KeepLocal};
use crate::output::folder::{CHECKPOINTS, OutputFolder};
use crate::output::offload::OffloadPlan;
use crate::output::parquet::{Codec, Packing};
use crate::output::provenance::provenance;
use crate::physics::constants::YEAR;
use crate::run::keeper::{Cadence, Keeper};
use crate::tables::TableFile;
use serde_json::{Value, json};
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant, SystemTime};

/// Parts of the configuration that may change when a run goes on: they say where things are and when they are written,
/// not what is computed or how files look.
const FREE: [&str; 11] = [
    "/io/outdir",
    "/io/quiet",
    "/io/progress",
    "/io/archive",
    "/io/streaming/enable",
    "/io/streaming/opt_out",
    "/io/streaming/merge_at_end",
    "/io/streaming/cleanup_chunks",
    "/io/streaming/offload",
    "/numerics/checkpoint",
    "/numerics/resume",
];
/// How long a run that goes on waits for the process that has its folder: one that was killed may still be dying.
const PATIENCE: Duration = Duration::from_secs(5);
/// Keys that are named when a checkpoint is of another configuration.
const MOST_NAMED: usize = 5;
/// Variable of the environment with the end of a SLURM job.
const JOB_END: &str = "SLURM_JOB_END_TIME";
/// Time before the end of a SLURM job that is left to SLURM and the job's script.
const SLURM_MARGIN: Duration = Duration::from_secs(10);

/// What a run computes: its configuration without the free parts, and the tables that it reads.
#[derive(Debug, Clone, PartialEq)]
pub struct Identity {
    facts: Value,
    sha256: String,
}

impl Identity {
    /// Of a complete configuration and the tables that belong to it.
    pub fn new(config: &Config, tables: &[TableFile]) -> Self {
        // A configuration has text keys and finite numbers.
        let mut facts = serde_json::to_value(config).unwrap_or_default();
        remove_free(&mut facts);
        facts["table_files"] = tables.iter().map(|file| json!({"sha256": file.sha256})).collect();
        let sha256 = sha256(facts.to_string().as_bytes());
        Identity { facts, sha256 }
    }

    /// What every checkpoint says about its run.
    fn head(&mut self) -> Snapshot {
        let mut snapshot = Snapshot::default();
        let mut exchange = Exchange::saving(&mut snapshot, "run");
        let mut text = |name: &str, long_name: &str, mut text: String| {
            // Saving does not fail.
            let _ = exchange.text(name, long_name, &mut text);
        };
        text(
            "configuration",
            "configuration without the keys that may change, and the tables, as JSON",
            self.facts.to_string(),
        );
        text("configuration_sha256", "SHA-256 of that text", self.sha256.clone());
        text("provenance", "program, machine, moment and command line, as JSON", provenance(&[], &[]).to_string());
        snapshot
    }

    /// Refuses a checkpoint of another configuration, and says where it differs.
    fn check(&self, path: &Path, checkpoint: &Snapshot) -> Result<(), SimulateError> {
        if checkpoint.text("run/configuration_sha256") == Some(&self.sha256) {
            return Ok(());
        }
        let saved = checkpoint.text("run/configuration").and_then(|text| serde_json::from_str(text).ok());
        Err(self.another(path, &saved.unwrap_or_default()))
    }

    fn another(&self, path: &Path, saved: &Value) -> SimulateError {
        let mut keys = Vec::new();
        differences(saved, &self.facts, "", &mut keys);
        let more =
            if keys.len() > MOST_NAMED { format!(" and {} more", keys.len() - MOST_NAMED) } else { String::new() };
        keys.truncate(MOST_NAMED);
        SimulateError::AnotherConfiguration { path: path.to_path_buf(), keys: keys.join(", ") + &more }
    }
}

fn remove_free(config: &mut Value) {
    for pointer in FREE {
        let (block, key) = pointer.rsplit_once('/').unwrap_or_default();
        if let Some(Value::Object(block)) = config.pointer_mut(block) {
            block.remove(key);
        }
    }
}

/// Dotted keys with the values that two configurations have.
fn differences(saved: &Value, now: &Value, key: &str, found: &mut Vec<String>) {
    if let (Value::Object(saved), Value::Object(now)) = (saved, now) {
        let mut names: Vec<&String> = saved.keys().chain(now.keys()).collect();
        names.sort();
        names.dedup();
        for name in names {
            let inner = if key.is_empty() { name.clone() } else { format!("{key}.{name}") };
            let of = |block: &serde_json::Map<String, Value>| block.get(name).cloned().unwrap_or_default();
            differences(&of(saved), &of(now), &inner, found);
        }
    } else if saved != now {
        found.push(format!("{key} was {saved} and is {now}"));
    }
}

/// The output folder of a run, ready for it, and the checkpoint from which it goes on.
pub struct Place {
    /// The folder.
    pub folder: OutputFolder,
    /// The checkpoint; `None` for a run from the start.
    pub from: Option<Snapshot>,
}

/// Finds out where a run begins, and prepares its folder.
///
/// # Errors
/// The folder holds another run or one that is over, or no checkpoint in it can be read.
pub fn find_place(args: &SimulateArgs, config: &Config, identity: &Identity) -> Result<Place, SimulateError> {
    let outdir = args.outdir.clone().unwrap_or_else(|| PathBuf::from(&config.io.outdir));
    let generations = generations(config, &outdir);
    let resume = args.resume || config.numerics.resume.enabled;
    let mut folder = OutputFolder::claim(&outdir, if resume { PATIENCE } else { Duration::ZERO })?;
    if archives(config) && archive_plan(config).is_none() {
        tracing::warn!("IO_ARCHIVE asks for an archive, and io.archive.dir names no folder for it: there will be none");
    }
    // Better now than after the run.
    archive_plan(config).map_or(Ok(()), |plan| archive::target(&outdir, &plan).map(drop))?;
    if let Some((steps, _)) = extra_options(config).step_diagnostics {
        folder = folder.with_table(&steps)?;
    }
    let holds_a_run = folder.holds_a_run()?;
    if !resume || !holds_a_run {
        let asked = config.numerics.resume.from_path.as_ref().filter(|_| resume);
        let found = generations.steps()?.first().map(|step| generations.path(*step));
        // Checkpoints in a folder of their own may be those of another run, or all that is left of this one.
        let found = found.filter(|_| !holds_a_run && (resume || !args.overwrite));
        if let Some(checkpoint) = asked.map(PathBuf::from).or(found) {
            return Err(SimulateError::WithoutTables { checkpoint, folder: outdir });
        }
        // Before anything is removed.
        if !holds_a_run || args.overwrite {
            generations.probe()?;
        }
        folder.begin(args.overwrite)?;
        generations.clear()?;
        return Ok(Place { folder, from: None });
    }
    let ended = status(&folder);
    if ended.as_deref() == Some("complete") {
        check_folder(&folder, identity)?;
        if packing(config).removes_chunks() {
            folder.remove_chunks()?;
        }
        return Err(SimulateError::Complete { folder: outdir });
    }
    let Some((path, snapshot)) = find_checkpoint(config, &generations, &folder)? else {
        check_folder(&folder, identity)?;
        generations.require(ended.as_deref() == Some("stopped"))?;
        generations.probe()?;
        tracing::warn!("there is no checkpoint in {} yet: the run begins anew", generations.folder().display());
        folder.begin(true)?;
        return Ok(Place { folder, from: None });
    };
    identity.check(&path, &snapshot)?;
    generations.probe()?;
    folder.reopen()?;
    generations.cut_back(snapshot.count("clock/steps").unwrap_or(u64::MAX))?;
    let years = snapshot.number("clock/time").unwrap_or(f64::NAN) / YEAR;
    tracing::info!("going on from {} at {years:.6} years", path.display());
    Ok(Place { folder, from: Some(snapshot) })
}

/// The checkpoint that was asked for, or the newest good one.
fn find_checkpoint(
    config: &Config,
    generations: &Generations,
    folder: &OutputFolder,
) -> Result<Option<(PathBuf, Snapshot)>, SimulateError> {
    let suits = |path: &Path, snapshot: &Snapshot| {
        let damaged = |error: crate::output::OutputError| CheckpointError::Damaged {
            path: path.to_path_buf(),
            reason: format!("the tables do not reach so far: {error}"),
        };
        folder.suits(snapshot).map_err(damaged)
    };
    if let Some(path) = &config.numerics.resume.from_path {
        let path = PathBuf::from(path);
        let snapshot = file::read(&path)?;
        suits(&path, &snapshot)?;
        return Ok(Some((path, snapshot)));
    }
    let Some(found) = generations.newest_good(suits)? else { return Ok(None) };
    for reason in &found.damaged {
        tracing::warn!("{reason}; going on from {}", found.path.display());
    }
    Ok(Some((found.path, found.snapshot)))
}

/// How the run in a folder has ended, if it has.
fn status(folder: &OutputFolder) -> Option<String> {
    Some(read_json(folder, "summary.json")?["status"].as_str()?.to_string())
}

/// Refuses a folder in which another configuration was run. A run that has not come so far as to say its configuration
/// has left nothing that is whole.
fn check_folder(folder: &OutputFolder, identity: &Identity) -> Result<(), SimulateError> {
    let path = folder.file("run_config.json");
    let Some(mut facts) = read_json(folder, "run_config.json") else {
        return Ok(folder.refuse_whole_files()?);
    };
    let mut saved = facts["config"].take();
    remove_free(&mut saved);
    let mut now = identity.facts.clone();
    if let Value::Object(now) = &mut now {
        now.remove("table_files");
    }
    if saved == now { Ok(()) } else { Err(Identity { facts: now, ..identity.clone() }.another(&path, &saved)) }
}

/// The starts that the run in a folder has had.
pub fn earlier_parts(folder: &OutputFolder) -> Vec<Value> {
    let parts = read_json(folder, "run_config.json").map(|mut facts| facts["provenance"]["parts"].take());
    match parts {
        Some(Value::Array(parts)) => parts,
        _ => Vec::new(),
    }
}

fn read_json(folder: &OutputFolder, name: &str) -> Option<Value> {
    serde_json::from_slice(&std::fs::read(folder.file(name)).ok()?).ok()
}

fn generations(config: &Config, outdir: &Path) -> Generations {
    let checkpoint = &config.numerics.checkpoint;
    let keep = checkpoint.keep_last_n as usize;
    match &checkpoint.path {
        Some(path) => Generations::elsewhere(PathBuf::from(path), keep),
        None => Generations::new(outdir.join(CHECKPOINTS), keep),
    }
}

/// Who writes the checkpoints of a run in `folder` that goes on from one simulated time to another, `time` [s].
pub fn keeper(
    config: &Config,
    mut identity: Identity,
    folder: &Path,
    time: Range<f64>,
    deadline: Option<Instant>,
) -> Keeper {
    let checkpoint = &config.numerics.checkpoint;
    let cadence = Cadence {
        simulated: checkpoint.interval_years.filter(|_| checkpoint.enabled).map(|years| years * YEAR),
        real: checkpoint
            .interval_minutes
            .filter(|_| checkpoint.enabled)
            .map(|minutes| Duration::try_from_secs_f64(60.0 * minutes).unwrap_or(Duration::MAX)),
        end: Some(time.end),
        deadline,
    };
    Keeper::new(folder, generations(config, folder), identity.head(), cadence, time.start)
}

/// The end of the time: what was asked for, or the end of the SLURM job, whichever is sooner.
pub fn deadline(walltime: Option<Instant>) -> Option<Instant> {
    let job_end = std::env::var(JOB_END).ok().filter(|text| !text.is_empty()).and_then(|text| {
        let left = time_left(&text, SystemTime::now());
        if left.is_none() {
            tracing::warn!("{JOB_END}={text} is no time to come: the run does not stop by it");
        }
        Instant::now().checked_add(left?.saturating_sub(SLURM_MARGIN))
    });
    walltime.into_iter().chain(job_end).min()
}

/// Time from `now` until a moment in seconds since 1970; `None` if it is past, as after a job from whose shell the program
/// was started, or no such number.
fn time_left(text: &str, now: SystemTime) -> Option<Duration> {
    let end = SystemTime::UNIX_EPOCH.checked_add(Duration::from_secs(text.parse().ok()?))?;
    end.duration_since(now).ok()
}

/// A duration as SLURM writes it: `HH:MM:SS`, or with days before a hyphen, `D-HH:MM:SS`. Its shorter forms, in which a lone
/// number is minutes or hours, are easily misread, and refused.
pub fn parse_walltime(text: &str) -> Result<Duration, String> {
    let wrong = || format!("`{text}` is not HH:MM:SS or D-HH:MM:SS");
    let (days, clock) = text.split_once('-').unwrap_or(("0", text));
    let number = |word: &str| {
        let digits = !word.is_empty() && word.len() <= 9 && word.bytes().all(|byte| byte.is_ascii_digit());
        word.parse::<u64>().ok().filter(|_| digits).ok_or_else(wrong)
    };
    let parts = clock.split(':').map(number).collect::<Result<Vec<_>, _>>()?;
    let [hours, minutes, seconds] = parts[..] else { return Err(wrong()) };
    let seconds = 86_400 * number(days)? + 3600 * hours + 60 * minutes + seconds;
    if minutes >= 60 || parts[2] >= 60 || seconds == 0 { Err(wrong()) } else { Ok(Duration::from_secs(seconds)) }
}

/// How tables are written.
pub fn packing(config: &Config) -> Packing {
    let streaming = &config.io.streaming;
    Packing {
        codec: match streaming.compression {
            io::Compression::Zstd => Codec::Zstd,
            io::Compression::Snappy => Codec::Snappy,
            io::Compression::Gzip => Codec::Gzip,
            io::Compression::Brotli => Codec::Brotli,
            io::Compression::None => Codec::None,
        },
        records: streaming.step_flush_interval,
        // Three tables share it.
        memory: (streaming.memory_limit_gb * f64::from(1 << 30) / 3.0) as usize,
        streaming: streams(streaming, |name| std::env::var(name).ok()),
        merge: streaming.merge_at_end,
        clean_up: streaming.cleanup_chunks,
    }
}

/// Where old chunks go, if anywhere.
pub fn offload_plan(config: &Config) -> Option<OffloadPlan> {
    let offload = &config.io.streaming.offload;
    let dir = offload.dir.as_ref().filter(|_| offload.enabled)?;
    Some(OffloadPlan {
        dir: PathBuf::from(dir),
        // 0 means the default.
        keep: if offload.keep_last_n == 0 { 2 } else { offload.keep_last_n as usize },
        moves: offload.mode == io::TransferMode::Move,
        verify: offload.verify == io::OffloadVerify::Hash,
        other_device_only: offload.skip_if_same_device,
    })
}

/// Whether a finished run goes to an archive: the configuration, unless the environment forces it.
fn archives(config: &Config) -> bool {
    std::env::var("IO_ARCHIVE").ok().and_then(|word| flag(&word)).unwrap_or(config.io.archive.enabled)
}

/// What to do with a finished run, if anything.
pub fn archive_plan(config: &Config) -> Option<ArchivePlan> {
    let archive = &config.io.archive;
    let dir = archive.dir.as_ref().filter(|dir| archives(config) && !dir.trim().is_empty())?;
    Some(ArchivePlan {
        dir: PathBuf::from(dir),
        keep: match archive.keep_local {
            io::KeepLocal::None => KeepLocal::Nothing,
            io::KeepLocal::Metadata => KeepLocal::Metadata,
            io::KeepLocal::All => KeepLocal::All,
        },
        verify: archive.verify && archive.verify_level != io::VerifyLevel::Standard,
        volume_info: archive.record_volume_info,
        slow: archive.warn_slow_mb_s,
        slow_from: archive.warn_slow_min_gb,
        min_free: archive.min_free_gb,
    })
}

/// Whether chunks are written while the run goes on: the configuration, unless a variable of the environment forces it.
fn streams(streaming: &io::Streaming, variable: impl Fn(&str) -> Option<String>) -> bool {
    let flag = |name| flag(&variable(name)?);
    let configured = streaming.enable && !streaming.opt_out;
    let asked = flag("IO_STREAMING").unwrap_or(configured);
    (asked || flag("FORCE_STREAMING_ON") == Some(true)) && flag("FORCE_STREAMING_OFF") != Some(true)
}

/// A word for yes or no, as the Python program reads it; anything else counts as unset.
fn flag(word: &str) -> Option<bool> {
    match word.trim().to_ascii_lowercase().as_str() {
        "1" | "true" | "yes" | "on" | "enable" | "enabled" => Some(true),
        "0" | "false" | "no" | "off" | "disable" | "disabled" => Some(false),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config;

    fn shipped(overrides: &[&str]) -> Config {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("configs/quick.yml");
        let overrides: Vec<String> = overrides.iter().map(|text| text.to_string()).collect();
        config::load(&path, &overrides, None).unwrap().config
    }

    #[test]
    fn where_and_when_files_are_written_is_no_part_of_what_is_computed() {
        let identity = |overrides: &[&str]| Identity::new(&shipped(overrides), &[]);
        let plain = identity(&[]);
        assert_eq!(plain, identity(&["io.outdir=elsewhere", "io.quiet=true", "io.streaming.enable=false"]));
        assert_eq!(plain, identity(&["numerics.checkpoint={enabled: true, interval_years: 0.1}"]));
        assert_ne!(plain, identity(&["io.streaming.step_flush_interval=7"]));
        let mut other = identity(&["optical_depth.tau0_target=0.1", "geometry.Nr=5"]);
        let error = plain.check(Path::new("c.h5"), &other.head()).unwrap_err().to_string();
        assert!(error.contains("optical_depth.tau0_target was 0.1 and is 0.05"), "{error}");
        assert!(error.contains("geometry.Nr was 5 and is 4"), "{error}");
        plain.check(Path::new("c.h5"), &plain.clone().head()).unwrap();
    }

    #[test]
    fn a_walltime_reads_as_slurm_writes_it() {
        let seconds = |text| parse_walltime(text).map(|time| time.as_secs());
        assert_eq!(seconds("01:02:03"), Ok(3723));
        assert_eq!(seconds("100:00:00"), Ok(360_000));
        assert_eq!(seconds("2-00:00:01"), Ok(172_801));
        for wrong in
            ["", "0", "90", "05:00", "1-12", "00:00:00", "1:60:00", "1:00:60", "1:2:3:4", "-1", "1h", "+5", "1:-2:3"]
        {
            assert!(parse_walltime(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn the_end_of_a_job_that_is_past_is_none() {
        let now = SystemTime::UNIX_EPOCH + Duration::from_secs(1_800_000_000);
        assert_eq!(time_left("1800000060", now), Some(Duration::from_secs(60)));
        assert_eq!(time_left("1800000000", now), Some(Duration::ZERO));
        for text in ["1799999999", "0", "N/A", "-5", "1.8e9", "18446744073709551615"] {
            assert_eq!(time_left(text, now), None, "{text}");
        }
    }

    #[test]
    fn variables_force_streaming_and_off_wins() {
        let streaming = shipped(&[]).io.streaming;
        let with = |variables: &[(&str, &str)]| {
            let find = |name: &str| variables.iter().find(|pair| pair.0 == name).map(|pair| pair.1.to_string());
            streams(&streaming, find)
        };
        assert!(with(&[]) && with(&[("IO_STREAMING", "maybe")]) && with(&[("FORCE_STREAMING_OFF", "0")]));
        assert!(!with(&[("IO_STREAMING", "Off")]));
        assert!(with(&[("IO_STREAMING", "0"), ("FORCE_STREAMING_ON", "yes")]));
        assert!(!with(&[("FORCE_STREAMING_OFF", "1"), ("FORCE_STREAMING_ON", "1")]));
        let off = shipped(&["io.streaming.opt_out=true"]).io.streaming;
        assert!(!streams(&off, |_| None));
    }
}
