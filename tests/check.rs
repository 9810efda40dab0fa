//! The commands `check` and `schema`: what they promise, against runs.

mod support;

use std::fs;
use std::path::Path;
use std::process::Output;
use support::{Run, files_below, program, shipped};

fn check(config: &Path, arguments: &[&str]) -> Output {
    program(&["check"]).arg(config).args(arguments).output().unwrap()
}

fn stdout(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

/// The text behind `# name` in what `check` prints.
fn fact(page: &str, name: &str) -> String {
    let start = format!("# {name} ");
    let line = page.lines().find(|line| line.starts_with(&start)).unwrap_or_else(|| panic!("no {name} in\n{page}"));
    line[start.len()..].trim().to_owned()
}

/// The first number in a text, in bytes if a unit of bytes follows.
fn number(text: &str) -> f64 {
    let digits = text.find(|c: char| c.is_ascii_digit()).unwrap_or_else(|| panic!("no number in {text}"));
    let end = text[digits..].find(|c: char| !(c.is_ascii_digit() || c == '.')).map_or(text.len(), |end| digits + end);
    let unit = match text[end..].trim_start().get(..2) {
        Some("kB") => 1e3,
        Some("MB") => 1e6,
        Some("GB") => 1e9,
        _ => 1.0,
    };
    text[digits..end].parse::<f64>().unwrap() * unit
}

#[test]
fn steps_and_records_are_foretold_exactly_and_bytes_to_a_factor_of_one_and_a_half() {
    for changes in [
        &["io.output.times=log"] as &[&str],
        &["io.output.times=linear", "io.output.every=7000"],
        &["io.output.times=every_step", "numerics.t_end_years=0.05"],
        &["io.output.times=log", "io.output.per_decade=60", "io.series_stride=3", "io.psd_history_stride=2"],
        &["io.psd_history=false", "io.mass_budget_cells=false", "numerics.dt_max=3000"],
        &["geometry.mode=0D"],
    ] {
        let mut arguments = vec!["--brief", "--override"];
        arguments.extend(changes);
        let page = stdout(&check(&shipped("quick.yml"), &arguments));
        let run = Run::finished(&shipped("quick.yml"), changes, &[]);
        let steps = run.summary()["steps"]["coupling"].as_f64().unwrap();
        assert_eq!(number(&fact(&page, "clock")), steps, "{changes:?}\n{page}");
        let records = run.csv("checks/mass_budget.csv")["time"].len() as f64;
        assert_eq!(number(&fact(&page, "records")), records, "{changes:?}\n{page}");
        let bytes: u64 = run.files().iter().map(|file| fs::metadata(run.path("").join(file)).unwrap().len()).sum();
        let ratio = number(&fact(&page, "output")) / bytes as f64;
        assert!((1.0 / 1.5..1.5).contains(&ratio), "{changes:?}: {bytes} bytes\n{page}");
    }
}

#[test]
fn a_clock_that_follows_the_collisions_takes_no_more_steps_than_foretold() {
    let arguments = ["--brief", "--profile", "python", "--override", "numerics.t_end_years=0.002"];
    let page = stdout(&check(&shipped("quick.yml"), &arguments));
    assert!(fact(&page, "clock").starts_with("at most"), "{page}");
    let run = Run::finished(&shipped("quick.yml"), &["numerics.t_end_years=0.002"], &["--profile", "python"]);
    assert!(run.summary()["steps"]["coupling"].as_f64().unwrap() <= number(&fact(&page, "clock")), "{page}");
}

#[test]
fn a_stop_of_the_drivers_is_foretold() {
    // Blow-out ends when Mars has cooled, in this profile after 1.3 years; base.yml asks for a stop there.
    let page = stdout(&check(&shipped("base.yml"), &["--brief", "--profile", "python"]));
    assert!(fact(&page, "clock").contains("a_blow_below_s_min_config"), "{page}");
}

#[test]
fn nothing_is_written_and_what_is_printed_is_a_configuration() {
    let folder = tempfile::tempdir().unwrap();
    let output = program(&["check"]).arg(shipped("quick.yml")).current_dir(folder.path()).output().unwrap();
    assert_eq!((output.status.code(), files_below(folder.path()).len()), (Some(0), 0));
    let page = stdout(&output);
    assert!(page.contains("  rho: 3270.0 # line 10\n"), "{page}");
    let copy = folder.path().join("resolved.yml");
    fs::write(&copy, &page).unwrap();
    let again = program(&["check"]).arg(&copy).current_dir(folder.path()).output().unwrap();
    assert_eq!(again.status.code(), Some(0), "{}", String::from_utf8_lossy(&again.stderr));
    // The copy gives every key, so it is warned of those without effect; its name is another one.
    let is_fact = |line: &&str| {
        line.starts_with('#') && !["# warning", "# valid", "# table"].iter().any(|name| line.starts_with(name))
    };
    let facts = |page: &str| page.lines().filter(is_fact).map(str::to_owned).collect::<Vec<_>>();
    assert_eq!(facts(&stdout(&again)), facts(&page));
}

#[test]
fn tables_and_the_output_folder_are_named_in_full() {
    let folder = tempfile::tempdir().unwrap();
    let here = fs::canonicalize(folder.path()).unwrap();
    let checked = |change: &str| {
        let arguments = ["check", "--brief", "--config", shipped("quick.yml").to_str().unwrap(), "--override", change]
            .map(str::to_owned);
        let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
        stdout(&program(&arguments).current_dir(folder.path()).output().unwrap())
    };
    let page = checked("io.outdir=some/where");
    assert_eq!(fact(&page, "folder"), here.join("some/where").display().to_string(), "{page}");
    let page = checked("radiation.qpr_table_path=../data/qpr_forsterite.csv");
    let table = fs::canonicalize(shipped("../data/qpr_forsterite.csv")).unwrap();
    assert!(fact(&page, "table").contains(&format!(": {}, SHA-256 ", table.display())), "{page}");
    let built_in = checked("radiation.qpr_table_path=forsterite");
    assert!(fact(&built_in, "table").starts_with("forsterite: built in, SHA-256 "), "{built_in}");
    // The same table is the same, wherever it comes from.
    let sum = |page: &str| fact(page, "table").rsplit(' ').next().unwrap().to_owned();
    assert_eq!(sum(&built_in), sum(&page));
    assert_eq!(fact(&built_in, "blow-out"), fact(&page, "blow-out"));
}

#[test]
fn what_would_not_run_is_refused_with_the_same_words_and_status() {
    for (changes, status) in
        [("sizes.n_bin=3", 2), ("radiation.qpr_table_path=none.csv", 5), ("numerics.t_end_years=1e305", 2)]
    {
        let checked = check(&shipped("quick.yml"), &["--override", changes]);
        let run = Run::new(&shipped("quick.yml"), &[changes], &[]);
        assert_eq!(checked.status.code(), Some(status), "{changes}");
        assert_eq!((checked.status.code(), checked.stderr), (run.output.status.code(), run.output.stderr), "{changes}");
        assert!(checked.stdout.is_empty());
    }
    assert_eq!(check(Path::new("nowhere.yml"), &[]).status.code(), Some(5));
}

#[test]
fn warnings_have_codes_and_count_when_strict() {
    let cases = [
        ("sizes.n_bins=12", "SIZE001"),
        ("sizes.s_min=2e-5", "SIZE002"),
        ("sinks.enable_gas_drag=true", "GAS001"),
        ("sinks.rho_g=1e-9", "GAS002"),
        ("disk.geometry.r_in_RM=2.5", "DISK001"),
        ("disk.geometry.r_out_RM=3.6", "DISK002"),
        ("numerics.safety=0.6", "NUM001"),
        ("numerics.atol=1e-6", "NUM002"),
        ("numerics.dt_over_t_blow_max=0.1", "NUM003"),
        ("numerics.mass_loss_rate_stop_Mmars_s=1e-30", "NUM004"),
        ("supply.mixing.epsilon_mix=0.0", "error"),
        (
            "numerics={t_end_years: 0.02, t_end_until_temperature_K: 1500, t_end_temperature_search_years: 0.01}",
            "TEMP000",
        ),
        ("radiation.TM_K=1200", "TEMP002"),
        ("sinks.sub_params.valid_liquid_K=[2163,2300]", "TEMP003"),
        ("phase.temperature_input=mars_surface", "TEMP004"),
        ("dynamics.kernel_ei_mode=wyatt_eq dynamics.f_wake=20.0", "PHYS003"),
        ("dynamics.kernel_ei_mode=wyatt_eq dynamics.f_wake=20.0 dynamics.v_rel_mode=ohtsuki", "PHYS003"),
        ("sizes.s_min=5e-6", "PHYS004"),
    ];
    for (change, code) in cases {
        // A block is one word of the command line, whatever is in it.
        let changes = if change.contains('{') { vec![change] } else { change.split(' ').collect() };
        let arguments = [&["--brief", "--override"], &changes[..]].concat();
        let output = check(&shipped("quick.yml"), &arguments);
        let text = stdout(&output) + &String::from_utf8_lossy(&output.stderr);
        assert!(text.contains(code), "{change}: {text}");
        let strict = check(&shipped("quick.yml"), &[&["--strict"], &arguments[..]].concat());
        assert_eq!(strict.status.code(), Some(2), "{change}");
    }
    let clean = check(&shipped("quick.yml"), &["--strict", "--brief", "--override", "sizes.n_bins=40"]);
    assert_eq!(clean.status.code(), Some(0), "{}", stdout(&clean));
}

#[test]
fn the_command_line_changes_the_configuration_in_its_order() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("changes.txt");
    fs::write(&file, "# hotter\nradiation.TM_K=4500 # K\n\ngeometry.Nr=3\n").unwrap();
    let file = file.to_str().unwrap();
    let arguments = [
        "--overrides-file",
        file,
        "--override",
        "geometry.Nr=5",
        "--sinks",
        "none",
        "--physics-mode",
        "collisions_only",
    ];
    let page = stdout(&check(&shipped("quick.yml"), &arguments));
    for line in [
        "  TM_K: 4500.0 # override radiation.TM_K=4500",
        "  Nr: 5 # override geometry.Nr=5",
        "  mode: \"none\" # override sinks.mode=none",
        "physics_mode: \"collisions_only\" # override physics_mode=collisions_only",
    ] {
        assert!(page.lines().any(|shown| shown == line), "{line}\n{page}");
    }
    fs::write(file, "radiation.TM_K 4500\n").unwrap();
    let output = check(&shipped("quick.yml"), &["--overrides-file", file]);
    assert_eq!(output.status.code(), Some(2));
    assert_eq!(check(&shipped("quick.yml"), &["--overrides-file", "nowhere.txt"]).status.code(), Some(5));
}

#[test]
fn flags_of_the_python_program_are_taken() {
    let changes = ["numerics.t_end_years=0.001", "geometry.Nr=2"];
    let flags = ["--progress", "--no-quiet", "--auto-tune", "--auto-tune-profile", "light", "--enforce-mass-budget"];
    let run = Run::finished(&shipped("quick.yml"), &changes, &flags);
    // `--no-quiet` came last: the closing lines are there.
    assert!(String::from_utf8_lossy(&run.output.stdout).contains("finished after"));
    let run = Run::new(&shipped("quick.yml"), &changes, &["--auto-tune-profile", "heavy"]);
    assert_eq!(run.status(), 2);
}

#[test]
fn the_schema_is_one_json_object() {
    let output = program(&["schema"]).output().unwrap();
    let schema: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(schema["$schema"], "https://json-schema.org/draft/2020-12/schema");
    assert_eq!(schema["properties"]["sizes"]["properties"]["n_bins"]["maximum"], 4096);
    assert_eq!(output.status.code(), Some(0));
}
