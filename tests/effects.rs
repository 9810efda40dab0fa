//! Every key of the configuration does something: changed among the right other keys, it changes a tiny run or what is
//! written of it. A key that never has an effect says so in a warning.

#[path = "effects/contexts.rs"]
mod contexts;
mod generator;
mod support;

use clap::Parser;
use contexts::CONTEXTS;
use generator::{Key, choices, keys, override_of};
use marsdisk_mpi::cli::simulate::{self, SimulateArgs};
use marsdisk_mpi::config::from_bytes;
use marsdisk_mpi::parallel::world::World;
use serde_json::{Value as Json, json};
use std::collections::{BTreeMap, HashMap};
use std::fs;
use std::sync::Mutex;
use std::thread;
use support::{files_below, shipped};

const QUICK: &str = include_str!("../configs/quick.yml");

/// A disk of two cells and few bins for a few steps.
const TINY: &[&str] = &[
    "geometry.Nr=2",
    "sizes.n_bins=8",
    "numerics.t_end_years=0.0003",
    "radiation.qpr_table_path=../tests/data/qpr_small.csv",
    "io.output.times=every_step",
];

/// Keys that say where or how a run tells of itself, not what; other tests are about them.
const ELSEWHERE: &[&str] = &[
    "io.outdir",
    "io.quiet",
    "io.progress.enable",
    "io.progress.refresh_seconds",
    // A warning, see tests/command_line.rs.
    "numerics.dt_over_t_blow_max",
    // How records become files, and what survives a run: the files of a finished run are the same (tests/survival.rs).
    "io.archive.dir",
    "io.archive.enabled",
    "io.archive.keep_local",
    "io.archive.min_free_gb",
    "io.archive.record_volume_info",
    "io.archive.verify",
    "io.archive.verify_level",
    "io.archive.warn_slow_mb_s",
    "io.archive.warn_slow_min_gb",
    "io.streaming.enable",
    "io.streaming.memory_limit_gb",
    "io.streaming.offload.dir",
    "io.streaming.offload.enabled",
    "io.streaming.offload.keep_last_n",
    "io.streaming.offload.mode",
    "io.streaming.offload.skip_if_same_device",
    "io.streaming.offload.verify",
    "io.streaming.opt_out",
    "io.streaming.step_flush_interval",
    "numerics.checkpoint.enabled",
    "numerics.checkpoint.interval_minutes",
    "numerics.checkpoint.interval_years",
    "numerics.checkpoint.keep_last_n",
    "numerics.checkpoint.path",
    "numerics.resume.enabled",
    "numerics.resume.from_path",
    // Checkpoints are HDF5 whatever it says, and a warning says that.
    "numerics.checkpoint.format",
    // A mass alone makes a reservoir, and without one there is none.
    "supply.reservoir.enabled",
];

#[derive(Parser)]
struct CommandLine {
    #[command(flatten)]
    simulate: SimulateArgs,
}

/// What a run leaves behind, without times, names of folders and the configuration itself; or why it did not run.
type Trace = BTreeMap<String, Vec<u8>>;

fn trace(overrides: &[String]) -> Trace {
    let world = World::join().unwrap_or_else(|error| panic!("{error}"));
    let folder = tempfile::tempdir().unwrap();
    let here = folder.path().to_str().unwrap();
    let (config, out) = (shipped("quick.yml"), format!("{here}/out"));
    let overrides: Vec<String> = overrides.iter().map(|text| text.replace("FRESH", &format!("{here}/fresh"))).collect();
    let mut arguments = vec!["marsdisk-mpi", config.to_str().unwrap(), "--quiet", "--threads", "1", "--outdir"];
    arguments.extend([out.as_str(), "--override"]);
    arguments.extend(TINY.iter().copied().chain(overrides.iter().map(String::as_str)));
    let args = CommandLine::try_parse_from(arguments).unwrap_or_else(|error| panic!("{error}"));
    let mut trace = Trace::new();
    if let Err(error) = simulate::run(&args.simulate, &world) {
        trace.insert("error".to_owned(), error.to_string().replace(here, "").into_bytes());
    }
    for file in files_below(folder.path()) {
        let name = file.display().to_string();
        let bytes = fs::read(folder.path().join(&file)).unwrap();
        let bytes = match name.ends_with(".json") {
            true => plain(serde_json::from_slice(&bytes).unwrap()).to_string().replace(here, "").into_bytes(),
            false => bytes,
        };
        trace.insert(name, bytes);
    }
    trace
}

/// A JSON file without what no two runs share, and without the configuration.
fn plain(mut json: Json) -> Json {
    if let Some(object) = json.as_object_mut() {
        for name in ["config", "provenance", "performance", "outdir", "io", "timestamp_utc", "argv"] {
            object.remove(name);
        }
    }
    json
}

/// Another value than the default, near it.
fn another(key: &Key) -> Vec<String> {
    let default = &key.schema["default"];
    let mut values = Vec::new();
    for option in choices(&key.schema) {
        match (option.get("const"), option["type"].as_str()) {
            (Some(word), _) if word != default && option["deprecated"] != true => values.push(word.clone()),
            (None, Some("boolean")) => values.push(json!(!default.as_bool().unwrap_or(false))),
            (None, Some("integer")) => values.push(json!(default.as_i64().unwrap_or(2) + 1)),
            (None, Some("number")) => {
                let number = default.as_f64().filter(|number| *number != 0.0).unwrap_or(0.5);
                let high = key.schema["maximum"].as_f64().or(key.schema["exclusiveMaximum"].as_f64());
                let changed = if high.is_some_and(|high| number * 1.3 >= high) { number * 0.7 } else { number * 1.3 };
                values.push(json!(changed));
            }
            (None, Some("string")) => values.push(json!("another")),
            (None, Some("array")) => values.push(json!([1.0, 2.0])),
            (None, Some("object")) => values.push(json!({ "a": 1.0 })),
            _ => {}
        }
    }
    values.iter().map(Json::to_string).collect()
}

#[test]
fn every_key_has_an_effect_or_a_warning() {
    let seen: Mutex<HashMap<Vec<String>, Trace>> = Mutex::default();
    let of = |overrides: &[String]| {
        let known = seen.lock().unwrap().get(overrides).cloned();
        known.unwrap_or_else(|| {
            let trace = trace(overrides);
            seen.lock().unwrap().insert(overrides.to_vec(), trace.clone());
            trace
        })
    };
    assert_eq!(of(&[]), trace(&[]), "two equal runs must leave the same behind");
    let all = keys();
    for key in CONTEXTS.iter().map(|(key, ..)| key).chain(ELSEWHERE) {
        assert!(all.iter().any(|known| known.path == *key), "{key} is no key");
    }
    let asked = |key: &&Key| key.schema["deprecated"] != true && !ELSEWHERE.contains(&key.path.as_str());
    let is_idle = |key: &Key| {
        // A key that is idle in some runs must show its effect in another one.
        let never = key.schema["x-effect"] == "without effect";
        let context = CONTEXTS.iter().find(|(path, ..)| *path == key.path);
        let (around, values): (Vec<String>, Vec<String>) = match context {
            Some((_, around, value)) => {
                (around.iter().map(|text| (*text).to_owned()).collect(), vec![(*value).to_owned()])
            }
            None => (Vec::new(), another(key)),
        };
        let with = |value: &String| {
            let mut overrides = around.clone();
            overrides.push(format!("{}={value}", key.path));
            overrides
        };
        let fine = values.iter().any(|value| {
            let overrides = with(value);
            let tiny = TINY.iter().map(|text| (*text).to_owned()).chain(overrides.clone()).collect::<Vec<_>>();
            match from_bytes(QUICK.as_bytes(), &shipped("quick.yml"), &tiny, None) {
                Ok(loaded) if never => loaded.warnings.iter().any(|warning| names(warning, &key.path)),
                Err(error) if error.to_string().contains("is not available in this version") => true,
                Err(error) => {
                    eprintln!("{}: {error}", overrides.join(" "));
                    context.is_some()
                }
                Ok(_) => of(&overrides) != of(&around),
            }
        });
        (!fine && !values.is_empty()).then(|| format!("{} ({})", key.path, values.join(", ")))
    };
    let asked: Vec<&Key> = all.iter().filter(asked).collect();
    // Threads of their own: a run installs a pool, in which a worker of another pool would begin further runs.
    let idle: Vec<String> = thread::scope(|scope| {
        let halves: Vec<_> = asked
            .chunks(asked.len().div_ceil(2))
            .map(|keys| scope.spawn(|| keys.iter().filter_map(|key| is_idle(key)).collect::<Vec<_>>()))
            .collect();
        halves.into_iter().flat_map(|half| half.join().unwrap()).collect()
    });
    println!("{} keys, {} runs", all.len(), seen.lock().unwrap().len());
    assert!(idle.is_empty(), "{} keys do nothing and nobody says so:\n{}", idle.len(), idle.join("\n"));
}

/// Whether a warning names a key or a block that it is in.
fn names(warning: &str, key: &str) -> bool {
    let Some((_, list)) = warning.split_once("no effect in this run: ") else { return false };
    list.split(", ").any(|idle| key.strip_prefix(idle).is_some_and(|rest| rest.is_empty() || rest.starts_with('.')))
}

#[test]
fn an_override_is_written_as_the_command_line_takes_it() {
    assert_eq!(override_of("a.b", &json!([1, "x"])), "a.b=[1,\"x\"]");
}
