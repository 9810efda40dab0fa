//! The program as a user meets it: what it refuses and how it says so, how a run ends, what it leaves behind.

mod support;

use serde_json::Value;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use support::{Run, assert_close, data, files_below, program, shipped};
use tempfile::TempDir;

const CONFIGURATION: i32 = 2;
const NUMERICAL: i32 = 3;
const INPUT_OUTPUT: i32 = 5;

/// `quick.yml` with one line changed, in a folder of its own.
struct Edited {
    folder: TempDir,
    file: PathBuf,
}

fn edited(from: &str, to: &str) -> Edited {
    let text = fs::read_to_string(shipped("quick.yml")).unwrap();
    assert_eq!(text.matches(from).count(), 1, "{from}");
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("run.yml");
    fs::write(&file, text.replace(from, to)).unwrap();
    Edited { folder, file }
}

/// One message with these words, this status, and no trace of a run.
#[track_caller]
fn assert_refused(run: &Run, status: i32, words: &[&str]) {
    let message = run.stderr();
    assert_eq!(run.status(), status, "{message}");
    assert_eq!(message.matches("error:").count(), 1, "{message}");
    assert!(message.starts_with("error: ") && !message.contains("panicked"), "{message}");
    for word in words {
        assert!(message.contains(word), "{word:?} is not in\n{message}");
    }
    assert!(run.output.stdout.is_empty());
    assert!(run.files().is_empty(), "{:?}", run.files());
}

#[track_caller]
fn refused_override(overrides: &[&str], status: i32, words: &[&str]) {
    assert_refused(&Run::new(&shipped("quick.yml"), overrides, &[]), status, words);
}

#[test]
fn a_misspelt_key_is_shown_at_its_line_with_the_nearest_one() {
    let typo = edited("n_bins: 24", "n_bin: 24");
    let words = ["unknown key `sizes.n_bin`", "run.yml:11:37", "^^^^^ did you mean `n_bins`?"];
    assert_refused(&Run::new(&typo.file, &[], &[]), CONFIGURATION, &words);
    let words = ["unknown key `radiation.TMK`", "--override radiation.TMK=3000", "did you mean `TM_K`?"];
    refused_override(&["radiation.TMK=3000"], CONFIGURATION, &words);
}

#[test]
fn a_wrong_type_deep_inside_is_shown_with_what_is_allowed() {
    let deep = edited("d_layer_m: 1.0e5", "d_layer_m: deep");
    let words = [
        "`radiation.mars_temperature_driver.slab.d_layer_m` must be a number, found \"deep\"",
        "run.yml:40:24",
        "allowed: above 0 (m)",
    ];
    assert_refused(&Run::new(&deep.file, &[], &[]), CONFIGURATION, &words);
}

#[test]
fn numbers_out_of_range_are_named_with_their_range() {
    let crossed = ["`sizes.s_min` = 4.0 must be below `sizes.s_max` = 3.0", "--override sizes.s_min=4.0"];
    refused_override(&["sizes.s_min=4.0"], CONFIGURATION, &crossed);
    let cold = ["`radiation.TM_K` = 800 is out of range", "allowed: 1000 to 6500 (K)"];
    refused_override(&["radiation.TM_K=800"], CONFIGURATION, &cold);
    refused_override(&["geometry.Nr=0"], CONFIGURATION, &["`geometry.Nr` = 0 is out of range", "allowed: 1 to"]);
    refused_override(&["radiation.TM_K=.nan"], CONFIGURATION, &["`radiation.TM_K`", "1000 to 6500 (K)"]);
    refused_override(&["sizes.n_bins"], CONFIGURATION, &["has no `=`", "--override sizes.n_bins", "write KEY=VALUE"]);
}

#[test]
fn a_run_without_time_is_refused() {
    let hot = ["numerics.t_end_until_temperature_K=4500"];
    let words = ["Mars is not hotter than `numerics.t_end_until_temperature_K` = 4500", "choose a lower one"];
    refused_override(&hot, CONFIGURATION, &words);
}

#[test]
fn a_broken_table_is_named_with_its_key_and_place() {
    let key = "`radiation.qpr_table_path`";
    let missing = ["radiation.qpr_table_path=nowhere.csv"];
    refused_override(&missing, INPUT_OUTPUT, &[key, "cannot read the table", "nowhere.csv", "No such file"]);
    for (name, status, words) in [
        ("hole.csv", CONFIGURATION, ["the point T = 3000 K, s = ", "is missing from the rectangle"]),
        ("not_a_number.csv", INPUT_OUTPUT, ["line 4, column `Q_pr`", "\"NaN\" is not a finite number"]),
        ("without_column.csv", INPUT_OUTPUT, ["Q_pr", "T_M, s, Q"]),
        ("empty.csv", INPUT_OUTPUT, ["empty.csv", ""]),
    ] {
        let table = format!("radiation.qpr_table_path={}", data("broken").join(name).display());
        refused_override(&[&table], status, &[&[key], &words[..]].concat());
    }
}

#[test]
fn what_is_no_configuration_is_called_so() {
    let bomb = Run::new(&data("config/alias_bomb.yml"), &[], &[]);
    assert_refused(&bomb, CONFIGURATION, &["not valid YAML", "alias_bomb.yml:6", "too"]);
    let folder = tempfile::tempdir().unwrap();
    let noise = folder.path().join("noise.yml");
    fs::write(&noise, (0..3000_u32).map(|i| (i.wrapping_mul(2_654_435_761) >> 24) as u8).collect::<Vec<_>>()).unwrap();
    let words = ["not a text file: line 1 is not valid UTF-8", "noise.yml", "a YAML file in UTF-8"];
    assert_refused(&Run::new(&noise, &[], &[]), CONFIGURATION, &words);
    let words = ["cannot read", "it is a folder, not a file"];
    assert_refused(&Run::new(folder.path(), &[], &[]), INPUT_OUTPUT, &words);
    let missing = folder.path().join("missing.yml");
    assert_refused(&Run::new(&missing, &[], &[]), INPUT_OUTPUT, &["missing.yml", "No such file"]);
}

#[test]
fn wrong_arguments_get_the_usage() {
    let config = shipped("quick.yml");
    let config = config.to_str().unwrap();
    for (arguments, words) in [
        (&[config, "--frobnicate"][..], ["unexpected argument '--frobnicate'", "--help"]),
        (&[config, "--profile", "other"], ["invalid value 'other'", "possible values: conservative, python"]),
        (&[config, "--threads", "0"], ["invalid value '0'", "1..=65535"]),
        (&[], ["required arguments were not provided", "<RUN.yml>"]),
    ] {
        let output = program(arguments).output().unwrap();
        let message = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(CONFIGURATION), "{message}");
        assert!(words.iter().all(|word| message.contains(word)), "{message}");
    }
    let help = program(&["--help"]).output().unwrap();
    let text = String::from_utf8_lossy(&help.stdout).into_owned();
    assert!(help.status.success() && text.contains("--override") && text.contains("Exit status"), "{text}");
}

/// Status and message of a run of `quick.yml` into `outdir`.
fn run_into(outdir: &Path, arguments: &[&str]) -> (i32, String) {
    let config = shipped("quick.yml");
    let outdir = outdir.to_str().unwrap();
    let all = [&[config.to_str().unwrap(), "--quiet", "--outdir", outdir], arguments].concat();
    let output = program(&all).output().unwrap();
    (output.status.code().unwrap(), String::from_utf8_lossy(&output.stderr).into_owned())
}

#[test]
fn an_output_folder_that_cannot_be_written_is_found_before_the_run() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("file");
    fs::write(&file, "mine").unwrap();
    // Permissions do not stop the superuser; a path below a file and /proc stop everybody.
    for (outdir, words) in [
        (file.clone(), "it is a file"),
        (file.join("below"), "Not a directory"),
        (PathBuf::from("/proc/marsdisk-out"), "/proc/marsdisk-out"),
    ] {
        let (status, message) = run_into(&outdir, &[]);
        assert_eq!(status, INPUT_OUTPUT, "{message}");
        assert!(message.starts_with("error: cannot ") && message.contains(words), "{message}");
        assert!(message.contains(outdir.to_str().unwrap()), "{message}");
    }
    assert_eq!(fs::read(&file).unwrap(), b"mine");
    assert_eq!(files_below(folder.path()).len(), 1);
}

#[test]
fn an_earlier_run_is_replaced_only_when_asked() {
    let folder = tempfile::tempdir().unwrap();
    let outdir = folder.path().join("out");
    assert_eq!(run_into(&outdir, &[]).0, 0);
    fs::write(outdir.join("notes.txt"), "mine").unwrap();
    let summary = || fs::read(outdir.join("summary.json")).unwrap();
    let first = summary();
    let (status, message) = run_into(&outdir, &["--override", "radiation.TM_K=3000"]);
    assert_eq!(status, INPUT_OUTPUT);
    assert!(message.contains("already holds a run (run_config.json)") && message.contains("--overwrite"), "{message}");
    assert_eq!(summary(), first);
    assert_eq!(run_into(&outdir, &["--overwrite", "--override", "radiation.TM_K=3000"]).0, 0);
    let second: Value = serde_json::from_slice(&summary()).unwrap();
    assert_eq!(second["T_M_initial"], 3000.0);
    assert_eq!(fs::read(outdir.join("notes.txt")).unwrap(), b"mine");
    // A broken configuration does not cost the old run.
    assert_eq!(run_into(&outdir, &["--overwrite", "--override", "radiation.TM_K=800"]).0, CONFIGURATION);
    assert_eq!(serde_json::from_slice::<Value>(&summary()).unwrap(), second);
}

/// Last time of the series [s].
fn last_time(run: &Run) -> f64 {
    run.table("series/run.parquet").real("time").into_iter().next_back().unwrap()
}

const HYODO: &str = "radiation.mars_temperature_driver.mode=hyodo";

#[test]
fn a_mars_that_becomes_too_cold_ends_the_run_as_failed() {
    let run = Run::new(&shipped("quick.yml"), &[HYODO, "radiation.TM_K=1002"], &[]);
    let message = run.stderr();
    assert_eq!(run.status(), NUMERICAL, "{message}");
    for words in
        ["error: the run failed at ", "Mars is at 999.", "outside 1000 … 6500 K", "everything until then is in"]
    {
        assert!(message.contains(words), "{message}");
    }
    // T = T₀ (1 − t/τ) with τ = 717 d (T₀/3000 K)(T₀/4000 K) passes 1000 K here, in the step that failed.
    let tau = 717.0 * 86_400.0 * (1002.0 / 3000.0) * (1002.0 / 4000.0);
    let crossing = tau * (2.0 / 1002.0);
    let summary = run.summary();
    assert_eq!((&summary["status"], &summary["stop_reason"]), (&"failed".into(), &"failed".into()));
    let (start, reached) = (summary["failure"]["time_s"].as_f64().unwrap(), summary["time_end_s"].as_f64().unwrap());
    assert!(start <= crossing && crossing < 1.2 * start, "{start} and {crossing}");
    assert!(summary["failure"]["reason"].as_str().unwrap().contains("Mars is at 999."));
    assert_eq!(run.json("run_config.json")["status"], "failed");
    // Everything until then is whole.
    assert_eq!((last_time(&run), reached), (start, start));
    assert_eq!(run.files().len(), 8);
    let budget = run.csv("checks/mass_budget.csv");
    assert_eq!(*budget["time"].last().unwrap(), start);
    assert!(budget["error_percent"].iter().all(|percent| *percent < 1e-10));
    let bins = run.table("series/psd_hist.parquet");
    assert_eq!(bins.real("time").len(), budget["time"].len() * 4 * 24);
}

#[test]
fn opaque_cells_freeze_and_when_all_have_the_run_ends() {
    let opaque = ["radiation.TM_K=2500", "optical_depth.tau0_target=1e-4", "optical_depth.tau_stop=2e-3"];
    let run = Run::finished(&shipped("quick.yml"), &[&opaque[..], &["numerics.dt_max=100"]].concat(), &[]);
    let summary = run.summary();
    for key in ["stop_reason", "early_stop_reason"] {
        assert_eq!(summary[key], "tau_exceeded_all_cells");
    }
    assert_eq!(summary["cells_stopped"], 4);
    assert_eq!(summary["time_end_s"].as_f64(), Some(last_time(&run)));

    let series = run.table("series/run.parquet");
    let (times, cells, active) = (series.real("time"), series.integer("cell_index"), series.flag("cell_active"));
    let stops = series.real("cell_stop_time");
    let (mass, lost, supplied) = (series.real("Sigma_surf"), series.real("M_loss_cum"), series.real("M_supplied_cum"));
    let rates = ["outflux_surface", "sink_flux_surface", "supply_rate_applied", "M_out_dot", "mass_supplied_step"];
    let rates = rates.map(|name| series.real(name));
    let mut frozen_rows = 0;
    for row in 0..times.len() {
        assert_eq!(active[row], stops[row].is_nan(), "row {row}");
        // Rows of the cell after the record in which it stopped.
        if active[row] || times[row] == stops[row] || active[row - 4] {
            continue;
        }
        frozen_rows += 1;
        assert_eq!(cells[row - 4], cells[row]);
        assert!(rates.iter().all(|rate| rate[row] == 0.0), "row {row}");
        let state = |row: usize| (mass[row], lost[row], supplied[row], stops[row]);
        assert_eq!(state(row), state(row - 4), "row {row}");
    }
    assert!(frozen_rows > 3, "the cells stop one after the other");
    let reasons = series.text("cell_stop_reason");
    assert!(reasons[reasons.len() - 4..].iter().all(|reason| reason.as_deref() == Some("tau_exceeded")));
    // A frozen cell has no row in its budget after the record in which it stopped.
    let budget = run.csv("checks/mass_budget_cells.csv");
    assert_eq!(budget["time"].len(), times.len() - frozen_rows);
}

#[test]
fn a_blowout_size_below_the_bins_ends_the_run_when_asked() {
    let constant_q = ["radiation.qpr_table_path=null", "radiation.Q_pr=1.0", HYODO, "radiation.TM_K=2000"];
    let stop = ["numerics.stop_on_blowout_below_smin=true", "sizes.s_min=3.5e-7"];
    let run = Run::finished(&shipped("quick.yml"), &[&constant_q[..], &stop].concat(), &[]);
    let summary = run.summary();
    assert_eq!(summary["early_stop_reason"], "a_blow_below_s_min_config");
    let number = |key: &str| summary[key].as_f64().unwrap();
    // The last step taken is just above; s_blow goes as T⁴, which moves by at most 0.4 % in a step.
    assert!(number("a_blow_final") > 3.5e-7 && number("a_blow_final") < 3.5e-7 * 1.004, "{}", number("a_blow_final"));
    assert_eq!(number("time_end_s"), last_time(&run));
    assert!(number("time_end_s") < 0.02 * 31_557_600.0);

    // Already below at the start: no step, but the disk is there.
    let at_once =
        Run::finished(&shipped("quick.yml"), &["numerics.stop_on_blowout_below_smin=true", "sizes.s_min=1e-4"], &[]);
    let summary = at_once.summary();
    assert_eq!((&summary["time_end_s"], &summary["steps"]["coupling"]), (&0.0.into(), &0.into()));
    let (initial, remaining) = (&summary["mass_initial"], &summary["mass_remaining"]);
    assert!(initial.as_f64().unwrap() > 0.0 && initial == remaining, "{initial} and {remaining}");
}

#[test]
fn a_small_loss_rate_ends_the_run_when_asked() {
    // No supply: what is left sublimates and is blown out ever more slowly.
    let decaying = ["supply.enabled=false", "numerics.mass_loss_rate_stop_Mmars_s=1e-17", "io.output.times=every_step"];
    let run = Run::finished(&shipped("quick.yml"), &decaying, &[]);
    let summary = run.summary();
    assert_eq!(summary["early_stop_reason"], "loss_rate_below_threshold", "{}", summary["M_loss"]);
    let budget = run.csv("checks/mass_budget.csv");
    let lost: Vec<f64> = budget["mass_lost"].windows(2).map(|pair| pair[1] - pair[0]).collect();
    let dt: Vec<f64> = budget["time"].windows(2).map(|pair| pair[1] - pair[0]).collect();
    let rates: Vec<f64> = lost.iter().zip(&dt).map(|(lost, dt)| lost / dt).collect();
    let (last, before) = rates.split_last().unwrap();
    assert!(*last <= 1e-17 && before.iter().all(|rate| *rate > 1e-17), "{last:e}");
    // A least duration postpones the stop.
    let patient = [&decaying[..], &["numerics.min_duration_years=0.03"]].concat();
    let patient = Run::finished(&shipped("quick.yml"), &patient, &[]);
    assert!(patient.summary()["time_end_s"].as_f64().unwrap() >= 0.03 * 31_557_600.0);
}

#[test]
fn a_run_can_end_at_a_temperature_or_after_orbits() {
    let run = Run::finished(&shipped("quick.yml"), &["numerics.t_end_until_temperature_K=3990"], &[]);
    let summary = run.summary();
    assert_eq!(summary["time_grid"]["t_end_basis"], "t_end_until_temperature_K");
    assert_eq!(summary["stop_reason"], "t_end_reached");
    // D ρ c_p dT/dt = −σ T⁴
    let end = 1e5 * 3000.0 * 1000.0 / (3.0 * 5.670_374_419e-8) * (3990f64.powi(-3) - 4000f64.powi(-3));
    assert_close(last_time(&run), end, 1e-8);
    let margin = ["numerics.t_end_until_temperature_K=3990", "numerics.t_end_temperature_margin_years=0.001"];
    let later = Run::finished(&shipped("quick.yml"), &margin, &[]);
    assert_close(last_time(&later) - last_time(&run), 31_557.6, 1e-8);

    let run = Run::finished(&shipped("quick.yml"), &["numerics.t_end_orbits=2.5"], &[]);
    let summary = run.summary();
    let orbits = run.csv("orbit_rollup.csv");
    assert_eq!((orbits["orbit_index"].len(), &summary["orbits_completed"]), (2, &2.into()));
    assert_close(last_time(&run), 2.5 * orbits["t_orb_s"][0], 1e-12);
    // Orbits end on time, and hold no more than was lost.
    assert_close(orbits["time_s_end"][1], 2.0 * orbits["t_orb_s"][0], 1e-12);
    assert!(orbits["M_loss_cum"][1] < summary["M_loss"].as_f64().unwrap());
}

#[test]
fn strides_thin_the_tables_out_and_keep_the_last_record() {
    let strides = ["io.series_stride=5", "io.diagnostics_stride=1000", "io.psd_history_stride=7"];
    let run = Run::finished(&shipped("quick.yml"), &strides, &[]);
    let all = Run::finished(&shipped("quick.yml"), &[], &[]);
    let times = |run: &Run, name: &str| {
        let mut times = run.table(name).real("time");
        times.dedup();
        times
    };
    let every = times(&all, "series/run.parquet");
    for (name, stride) in [("run", 5), ("diagnostics", 1000), ("psd_hist", 7)] {
        let name = format!("series/{name}.parquet");
        let last = every.len() - 1;
        let wanted: Vec<f64> =
            every.iter().enumerate().filter(|(k, _)| k % stride == 0 || *k == last).map(|(_, time)| *time).collect();
        assert_eq!(times(&run, &name), wanted, "{name}");
    }
    // The budget is always complete, and the disk does not notice.
    assert_eq!(run.csv("checks/mass_budget.csv"), all.csv("checks/mass_budget.csv"));

    let none = ["io.psd_history=false", "io.mass_budget_cells=false", "numerics.orbit_rollup=false"];
    let files = Run::finished(&shipped("quick.yml"), &none, &[]).files();
    assert_eq!(files.len(), 5, "{files:?}");
}

#[test]
fn the_result_is_told_unless_quiet() {
    let folder = tempfile::tempdir().unwrap();
    let config = shipped("quick.yml");
    let (config, outdir) = (config.to_str().unwrap(), folder.path().join("out"));
    let output = program(&[config, "--outdir", outdir.to_str().unwrap()]).output().unwrap();
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(text.starts_with("finished after 0.0200 years") && text.contains("M_Mars"), "{text}");
    let quiet = Run::finished(&shipped("quick.yml"), &[], &[]);
    assert!(quiet.output.stdout.is_empty() && quiet.stderr().is_empty(), "{}", quiet.stderr());
}

#[test]
fn paths_are_taken_from_the_folder_of_the_configuration() {
    let moved = edited("qpr_table_path: forsterite", "qpr_table_path: table.csv");
    fs::copy(data("python_profile/qpr.csv"), moved.folder.path().join("table.csv")).unwrap();
    let lost = edited("qpr_table_path: forsterite", "qpr_table_path: nowhere.csv");
    let message = Run::new(&lost.file, &[], &[]).stderr();
    assert!(message.contains("nowhere.csv") && message.contains(".yml:41:3") && message.contains("^^^^^"), "{message}");
    let run = Run::finished(&moved.file, &[], &[]);
    let provenance = run.json("run_config.json")["provenance"].to_string();
    assert!(provenance.contains("table.csv"), "{provenance}");
}

#[test]
fn the_configuration_may_be_named_by_a_flag() {
    let folder = tempfile::tempdir().unwrap();
    let (config, outdir) = (shipped("quick.yml"), folder.path().join("out"));
    let (config, out) = (config.to_str().unwrap(), outdir.to_str().unwrap());
    let output = program(&["--config", config, "--outdir", out, "--quiet"]).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let plain = Run::finished(&shipped("quick.yml"), &[], &[]);
    assert_eq!(
        fs::read(outdir.join("series/run.parquet")).unwrap(),
        fs::read(plain.path("series/run.parquet")).unwrap()
    );
    let both = program(&[config, "--config", config]).output().unwrap();
    assert_eq!(both.status.code(), Some(CONFIGURATION));
    assert!(String::from_utf8_lossy(&both.stderr).contains("cannot be used with"));
}

#[test]
fn a_step_beyond_the_limit_is_told_of_once() {
    let limited = Run::finished(&shipped("quick.yml"), &["numerics.dt_over_t_blow_max=0.5"], &[]);
    let message = limited.stderr();
    assert_eq!(message.matches("numerics.dt_over_t_blow_max = 0.5").count(), 1, "{message}");
    let free = Run::finished(&shipped("quick.yml"), &["numerics.dt_over_t_blow_max=1e9"], &[]);
    assert!(free.stderr().is_empty(), "{}", free.stderr());
    assert_eq!(limited.table("series/run.parquet").real("time"), free.table("series/run.parquet").real("time"));
}

#[test]
fn a_larger_margin_takes_more_inner_steps() {
    let inner = |safety: &str| {
        let run = Run::finished(&shipped("quick.yml"), &[&format!("numerics.safety={safety}")], &[]);
        run.summary()["steps"]["inner_accepted"].as_f64().unwrap()
    };
    // Where the error control alone sets the step, half the margin means twice the steps; every coupling step begins anew.
    let (usual, careful) = (inner("0.1"), inner("0.55"));
    assert!(careful > 1.3 * usual, "{careful} and {usual}");
}

#[test]
fn a_run_records_the_sum_of_everything_that_it_read() {
    let run = Run::finished(&shipped("quick.yml"), &[], &[]);
    let facts = run.json("run_config.json");
    let files = facts["provenance"]["external_files"].as_array().unwrap();
    let sum = |path: &Path| format!("{:x}", <sha2::Sha256 as sha2::Digest>::digest(fs::read(path).unwrap()));
    let expected = [sum(&shipped("quick.yml")), sum(&shipped("../data/qpr_forsterite.csv"))];
    assert_eq!(files.iter().map(|file| file["sha256"].as_str().unwrap()).collect::<Vec<_>>(), expected);
    assert_eq!((&files[1]["path"], &files[1]["built_in"]), (&"forsterite".into(), &true.into()));
    assert_eq!(facts["provenance"]["parts"].as_array().unwrap().len(), 1);
    let named = Run::finished(&shipped("quick.yml"), &["radiation.qpr_table_path=../data/qpr_forsterite.csv"], &[]);
    let series = |run: &Run| fs::read(run.path("series/run.parquet")).unwrap();
    assert_eq!(series(&named), series(&run));
}

#[test]
fn a_finished_run_is_archived_and_another_is_refused() {
    let run = Run::finished(&shipped("quick.yml"), &[], &[]);
    let (out, base) = (run.path(""), tempfile::tempdir().unwrap());
    let (dest, name) = (base.path().join("archive"), fs::canonicalize(&out).unwrap());
    let (before, target) = (run.files(), dest.join(name.file_name().unwrap()));
    let archive = |arguments: &[&str]| {
        let output = program(&["archive"]).args(arguments).output().unwrap();
        (output.status.code().unwrap(), String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned())
    };
    let (source, place) = (out.to_str().unwrap(), dest.to_str().unwrap());
    let (status, text) = archive(&[source, place]);
    assert_eq!(status, 0, "{text}");
    assert!(text.contains(target.to_str().unwrap()) && target.join("ARCHIVE_DONE").exists(), "{text}");
    let manifest: Value = serde_json::from_slice(&fs::read(target.join("archive_manifest.json")).unwrap()).unwrap();
    assert_eq!(manifest["files"].as_array().unwrap().len(), before.len());
    for file in &before {
        assert_eq!(fs::read(target.join(file)).unwrap(), fs::read(out.join(file)).unwrap(), "{}", file.display());
    }
    // An archive is not overwritten; another one may be made under the names of the Python program, and clears up here.
    assert_eq!(archive(&[source, place]).0, INPUT_OUTPUT);
    let other = base.path().join("other");
    let (status, text) =
        archive(&["--run-dir", source, "--archive-dir", other.to_str().unwrap(), "--keep-local", "metadata"]);
    assert_eq!(status, 0, "{text}");
    assert!(run.path("summary.json").exists() && !run.path("series/run.parquet").exists());

    let summary = fs::read_to_string(run.path("summary.json")).unwrap();
    fs::write(run.path("summary.json"), summary.replace("\"complete\"", "\"stopped\"")).unwrap();
    let third = base.path().join("third");
    for (change, words, wanted) in [
        ("", "is not complete but stopped: go on with it by --resume", CONFIGURATION),
        ("summary.json", "is not complete but going on, or was cut off", CONFIGURATION),
        ("run_config.json", "holds no run", INPUT_OUTPUT),
    ] {
        if !change.is_empty() {
            fs::remove_file(run.path(change)).unwrap();
        }
        let (status, text) = archive(&[source, third.to_str().unwrap()]);
        assert_eq!(status, wanted, "{text}");
        assert!(text.starts_with("error: ") && text.contains(words), "{text}");
    }
    assert!(!third.exists());
    let (status, help) = archive(&["--help"]);
    assert!(status == 0 && help.contains("ARCHIVE_DONE") && help.contains("--keep-local"), "{help}");
}

#[test]
fn nobody_has_to_listen() {
    let plain = |arguments: &[&str]| {
        let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_marsdisk-mpi"));
        command.args(arguments);
        command
    };
    let config = shipped("quick.yml");
    let config = config.to_str().unwrap();
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("out");
    let run = [config, "--progress", "--no-quiet", "--outdir", out.to_str().unwrap()];
    for arguments in [&["schema"][..], &["check", config], &["--help"], &run] {
        // As with `| head -0`: the pipes are closed before anything is said.
        let mut command = plain(arguments);
        command.env("MARSDISK_LOG", "debug").stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        drop((child.stdout.take(), child.stderr.take()));
        assert_eq!(child.wait().unwrap().code(), Some(0), "{arguments:?}");
    }
    assert!(out.join("summary.json").exists());
    let mut wrong = plain(&["nowhere.yml"]).stderr(Stdio::piped()).spawn().unwrap();
    drop(wrong.stderr.take());
    assert_eq!(wrong.wait().unwrap().code(), Some(INPUT_OUTPUT));
    // A disk that is full is another matter.
    let full = fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
    let output = plain(&["schema"]).stdout(full).output().unwrap();
    assert_eq!(output.status.code(), Some(INPUT_OUTPUT));
    assert!(String::from_utf8_lossy(&output.stderr).contains("cannot write to the standard output"), "{output:?}");
}
