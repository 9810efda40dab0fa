use super::*;
use crate::config::{
    MarsTemperature, NumberOrAuto, RadialRange,
    io::OutputTimes,
    numerics::{Clock, Integrator},
    radiation::BlowoutSolver,
    shielding::BinRule,
    sinks::SublimationScheme,
    sizes::{SizeGrid, SlopeOf},
};

pub(in super::super) const QUICK: &str = include_str!("../../configs/quick.yml");
const FIDUCIAL: &str = include_str!("../../configs/fiducial.yml");
const BASE: &str = include_str!("../../configs/base.yml");

pub(in super::super) fn read_text(text: &str, overrides: &[&str]) -> Result<Loaded, ConfigError> {
    let overrides: Vec<String> = overrides.iter().map(|text| (*text).to_owned()).collect();
    from_bytes(text.as_bytes(), Path::new("configs/run.yml"), &overrides, None)
}

pub(in super::super) fn quick(overrides: &[&str]) -> Config {
    read_text(QUICK, overrides).unwrap_or_else(|error| panic!("{error}")).config
}

pub(in super::super) fn refused(overrides: &[&str]) -> String {
    read_text(QUICK, overrides).expect_err(&overrides.join(" ")).to_string()
}

#[test]
fn the_shipped_configurations_load_without_needless_keys() {
    for (name, text) in [("quick", QUICK), ("fiducial", FIDUCIAL)] {
        let loaded = read_text(text, &[]).unwrap_or_else(|error| panic!("{name}: {error}"));
        assert_eq!(loaded.warnings, Vec::<String>::new(), "{name}");
        assert_eq!(loaded.config.optical_depth.map(|depth| depth.tau0_target), Some(0.05));
    }
    let base = read_text(BASE, &[]).unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(base.warnings.len(), 1, "{:?}", base.warnings);
    assert_eq!((base.config.geometry.nr, base.config.sizes.n_bins), (Some(32), 40));
    assert_eq!(base.config.numerics.dt_init, NumberOrAuto::Number(100.0));
    assert_eq!(base.config.numerics.t_end_years, Some(2.0));
}

#[test]
fn base_marks_the_keys_that_have_no_effect() {
    let warning = read_text(BASE, &[]).unwrap().warnings.remove(0);
    for key in warning.split_once(": ").unwrap().1.split(", ") {
        let name = format!("{}:", key.rsplit('.').next().unwrap());
        let marked = BASE.lines().any(|line| line.trim_start().starts_with(&name) && line.contains("(no effect"));
        assert!(marked, "{key} is not marked in base.yml");
    }
}

#[test]
fn quick_is_fiducial_in_small() {
    let small = ["geometry.Nr=4", "sizes.n_bins=24", "numerics.t_end_years=0.02", "io.outdir=out/quick"];
    assert_eq!(read_text(FIDUCIAL, &small).unwrap().config, quick(&[]));
}

#[test]
fn a_resolved_configuration_loads_again_to_itself() {
    for (text, profile) in [(QUICK, None), (FIDUCIAL, None), (BASE, None), (BASE, Some(Profile::Python))] {
        let config = from_bytes(text.as_bytes(), Path::new("a.yml"), &[], profile).unwrap().config;
        let json = serde_json::to_string(&config).unwrap();
        let again = from_bytes(json.as_bytes(), Path::new("b.json"), &[], None).unwrap_or_else(|e| panic!("{e}"));
        assert_eq!(again.config, config);
        let yaml = serde_yaml::to_string(&config).unwrap();
        let again = from_bytes(yaml.as_bytes(), Path::new("b.yml"), &[], None).unwrap_or_else(|e| panic!("{e}"));
        assert_eq!(again.config, config);
    }
}

#[test]
fn a_resolved_configuration_has_the_names_of_the_yaml() {
    let json = serde_json::to_value(quick(&[])).unwrap();
    for pointer in [
        "/geometry/Nr",
        "/disk/geometry/r_in_RM",
        "/radiation/TM_K",
        "/sinks/sub_params/A_liq",
        "/qstar/coeff_table/1.0/3",
        "/supply/const/mu_orbit10pct",
        "/numerics/integrator",
        "/numerics/rtol",
    ] {
        assert!(json.pointer(pointer).is_some_and(|value| !value.is_null()), "{pointer}");
    }
}

#[test]
fn every_key_that_has_a_default_is_a_key_of_its_section() {
    // Reading the defaults is strict, so a misspelt one would be an unknown key in any configuration.
    let mut tree = parse(QUICK).unwrap();
    fill_defaults(&mut tree, None);
    for block in ["disk", "inner_disk_mass", "radiation.mars_temperature_driver.autogenerate"] {
        let _ = tree.set(block, &Origin::Default, BLOCK_DEFAULTS.entry(block).unwrap().node.clone());
    }
    let disk = parse("{ r_in_RM: 1, r_out_RM: 2, r_profile: uniform, p_index: 0 }").unwrap();
    tree.set("disk.geometry", &Origin::Default, disk).unwrap();
    decode::<Config>(&tree).unwrap_or_else(|fault| panic!("{fault}"));
}

#[test]
fn the_profile_fills_what_is_not_given() {
    let ours = quick(&[]);
    assert_eq!(ours.profile, Profile::Conservative);
    assert_eq!((ours.numerics.integrator, ours.numerics.clock), (Integrator::Rodas4, Clock::Adaptive));
    assert_eq!((ours.numerics.rtol, ours.numerics.atol), (1e-4, 1e-9));
    assert_eq!((ours.sizes.grid, ours.fragments.slope_of), (SizeGrid::Full, SlopeOf::Number));
    assert_eq!((ours.blowout.bin_rule, ours.radiation.blowout_solver), (BinRule::Fraction, BlowoutSolver::Converged));
    assert_eq!((ours.sinks.sublimation_scheme, ours.io.output.times), (SublimationScheme::Drift, OutputTimes::Log));

    let bare = QUICK.replace("  output: { times: log, per_decade: 20 }\n", "");
    let python = from_bytes(bare.as_bytes(), Path::new("q.yml"), &[], Some(Profile::Python)).unwrap().config;
    assert_eq!(python.profile, Profile::Python);
    assert_eq!((python.numerics.integrator, python.numerics.clock), (Integrator::ImexBdf1, Clock::Fixed));
    assert_eq!((python.numerics.rtol, python.numerics.atol), (1e-6, 1e-9));
    assert_eq!((python.sizes.grid, python.fragments.slope_of), (SizeGrid::FromBlowout, SlopeOf::Mass));
    assert_eq!(
        (python.blowout.bin_rule, python.radiation.blowout_solver),
        (BinRule::LowerEdge, BlowoutSolver::Iterated)
    );
    assert_eq!(python.sinks.sublimation_scheme, SublimationScheme::Lifetime);
    assert_eq!(python.io.output.times, OutputTimes::EveryStep);
    assert_eq!(python, read_text(&bare, &["profile=python"]).unwrap().config);
}

#[test]
fn a_key_wins_over_the_profile_and_the_command_line_over_the_file() {
    let mixed = quick(&["profile=python", "sizes.grid=full", "sinks.sub_params.mass_conserving=true"]);
    assert_eq!(mixed.sizes.grid, SizeGrid::Full);
    assert_eq!(mixed.sinks.sublimation_scheme, SublimationScheme::Crossing);
    let text = format!("profile: python\n{QUICK}");
    let ours = from_bytes(text.as_bytes(), Path::new("q.yml"), &[], Some(Profile::Conservative)).unwrap().config;
    assert_eq!(ours, quick(&[]));
}

#[test]
fn the_absolute_tolerance_follows_a_given_relative_one() {
    assert_eq!(quick(&["numerics.rtol=1e-6"]).numerics.atol, 1e-6 * 1e-5);
    assert_eq!(quick(&["numerics.rtol=1e-6", "numerics.atol=1e-9"]).numerics.atol, 1e-9);
}

#[test]
fn derived_values_are_those_that_the_keys_mean() {
    let config =
        quick(&["dynamics.i0=90", "dynamics.i0_unit=deg", "numerics.t_end_years=null", "scope.analysis_years=3"]);
    assert_eq!(config.dynamics.i0, std::f64::consts::FRAC_PI_2);
    assert_eq!(config.numerics.t_end_years, Some(3.0));
    assert_eq!(config.sinks.sub_params.psat_model, PsatModel::Clausius);
    assert_eq!(config.radial_range(), Some(RadialRange::MarsRadii { inner: 1.0, outer: 2.7 }));
    let metres = quick(&["disk=null", "geometry.r_in=3.4e6", "geometry.r_out=9e6"]);
    assert_eq!(metres.radial_range(), Some(RadialRange::Metres { inner: 3.4e6, outer: 9e6 }));
}

#[test]
fn the_temperature_comes_from_the_driver_or_from_the_constant() {
    let driver = "radiation.mars_temperature_driver";
    let source = |overrides: &[String]| {
        let overrides: Vec<&str> = overrides.iter().map(String::as_str).collect();
        let config = quick(&overrides);
        let source = format!("{:?}", config.radiation.mars_temperature().unwrap());
        source
    };
    assert_eq!(source(&[format!("{driver}.enabled=false")]), format!("{:?}", MarsTemperature::Constant(4000.0)));
    assert!(source(&[]).starts_with("Slab { start: 4000.0"));
    assert!(source(&[format!("{driver}.mode=hyodo")]).starts_with("Hyodo { start: 4000.0"));
    let constant = [format!("{driver}.mode=constant"), format!("{driver}.constant.value_K=2500")];
    assert_eq!(source(&constant), "Constant(2500.0)");
    let table = [format!("{driver}.mode=table"), format!("{driver}.table.path=t.csv")];
    assert!(
        source(&table).contains("path: \"t.csv\", time_unit: S, column_time: \"time\", column_temperature: \"T_M\"")
    );
}

/// One value outside the range of every ranged key, and the words that the message must have.
const OUTSIDE: &str = include_str!("../../tests/data/config/outside_ranges.txt");

#[test]
fn every_range_is_enforced_and_named() {
    let mut seen = Vec::new();
    for line in OUTSIDE.lines().filter(|line| !line.starts_with('#')) {
        let mut words = line.splitn(3, ' ');
        let (key, value, allowed) = (words.next().unwrap(), words.next().unwrap(), words.next().unwrap());
        let message = refused(&[&format!("{key}={value}")]);
        let number =
            if value.contains(['.', 'e']) { format!("{:?}", value.parse::<f64>().unwrap()) } else { value.into() };
        assert!(message.contains(&format!("error: `{key}` = {number} is out of range")), "{message}");
        assert!(message.contains(&format!("allowed: {allowed}")), "{message}");
        assert!(message.contains(&format!("--override {key}={value}")), "{message}");
        assert_eq!(message.matches("error:").count(), 1, "{message}");
        seen.push(key);
    }
    let ranged: Vec<&str> = validate::all_rules().map(|rule| rule.key).collect();
    assert!(ranged.iter().all(|key| seen.contains(key)), "a ranged key has no case here");
    assert_eq!(ranged.len(), seen.len());
}

#[test]
fn several_ranges_are_reported_at_once_in_one_message() {
    let text = QUICK.replace("rho: 3270.0", "rho: 9.0").replace("TM_K: 4000.0", "TM_K: 40.0");
    let message = read_text(&text, &["numerics.rtol=-1", "io.outdir=[1]"]).unwrap_err().to_string();
    assert_eq!(message.matches("error:").count(), 4, "{message}");
    assert!(message.contains("`io.outdir` must be text, found a list"), "{message}");
}

#[test]
fn what_is_switched_off_is_not_refused() {
    for overrides in [
        &["supply.enabled=false", "supply.mode=table", "supply.feedback.enabled=true", "supply.injection.mode=min_bin"]
            [..],
        &["supply.const.mu_orbit10pct=0", "supply.injection.mode=min_bin"],
        &["phase.enabled=false", "phase.source=map"],
        &["profile=python", "dynamics.enable_e_damping=true"],
    ] {
        quick(overrides);
    }
}

#[test]
fn a_typing_slip_is_answered_with_the_nearest_key_at_its_line() {
    let text = QUICK.replace("n_bins: 24", "n_bin: 24");
    let line = text.lines().position(|line| line.contains("n_bin:")).unwrap() + 1;
    let message = read_text(&text, &[]).unwrap_err().to_string();
    let expected = format!(
        "error: unknown key `sizes.n_bin`\n   --> configs/run.yml:{line}:37\n   |\n{line} | \
         sizes: {{ s_min: 1.0e-7, s_max: 3.0, n_bin: 24 }}\n   | {}^^^^^ did you mean `n_bins`?",
        " ".repeat(36)
    );
    assert_eq!(message, expected);
    assert!(refused(&["n_bins=3"]).contains("did you mean `sizes.n_bins`?"));
    assert!(refused(&["sizes.colour=red"]).contains("keys here: s_min, s_max, n_bins, grid"));
    assert!(refused(&["sinks.mode=sublimatoin"]).contains("did you mean `sublimation`?"));
}

#[test]
fn wrong_types_and_missing_keys_say_what_would_be_right() {
    for (overrides, words) in [
        ("sizes.n_bins=40.5", "`sizes.n_bins` must be a whole number, 0 or more, found 40.5"),
        ("sizes.n_bins=forty", "found \"forty\""),
        ("sizes.s_min=nan", "`sizes.s_min` = NaN is out of range"),
        ("psd.alpha=inf", "`psd.alpha` must be a finite number, found inf"),
        ("phase.enabled=ja", "`phase.enabled` must be true or false, found \"ja\""),
        ("sizes=3", "`sizes` must be a block of keys, found 3"),
        ("chi_blow=automatic", "`chi_blow` must be a number or `auto`, found \"automatic\""),
        ("geometry.Nr=null", "missing key `geometry.Nr`"),
        ("physics_mode=Full", "allowed: `default`, `sublimation_only`, `collisions_only`, `full`"),
        ("profile=pyton", "did you mean `python`?"),
    ] {
        assert!(refused(&[overrides]).contains(words), "{}", refused(&[overrides]));
    }
    let message = read_text(&QUICK.replace("s_min: 1.0e-7, ", ""), &[]).unwrap_err().to_string();
    assert!(message.contains("missing key `sizes.s_min`") && message.contains("allowed: above 0 (m)"), "{message}");
    let message = read_text(&QUICK.replace("material: { rho: 3270.0 }", ""), &[]).unwrap_err().to_string();
    assert!(message.contains("missing block `material`"), "{message}");
    assert_eq!(quick(&["sinks.mode=none"]).sinks.mode, crate::config::sinks::SinkMode::None);
    assert!(refused(&["phase.source=none"]).contains("--override phase.source=none"));
    assert_eq!(quick(&["sizes.n_bins=24.0", "physics_mode=full", "radiation.TM_K=4000"]), quick(&[]));
}

#[test]
fn keys_without_effect_are_listed_in_one_warning() {
    let loaded =
        read_text(QUICK, &["dynamics.rng_seed=3", "numerics.dt_min_tcoll_ratio=1", "dynamics.f_wake=2"]).unwrap();
    let expected = "these keys are set and have no effect in this run: dynamics.f_wake, dynamics.rng_seed, \
                    numerics.dt_min_tcoll_ratio";
    assert_eq!(loaded.warnings, [expected]);
    assert!(read_text(QUICK, &["init_tau1.enabled=false", "tables=null"]).unwrap().warnings.is_empty());
}

#[test]
fn relative_paths_are_taken_from_the_configuration_s_folder_first() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("quick.yml");
    std::fs::write(&file, QUICK).unwrap();
    std::fs::write(folder.path().join("table.parquet"), "x").unwrap();
    let loaded = load(&file, &[], None).unwrap();
    assert_eq!(loaded.resolve_path("table.csv"), folder.path().join("table.csv"));
    assert_eq!(loaded.resolve_path("Cargo.toml"), Path::new("Cargo.toml"));
    assert_eq!(loaded.resolve_path("nowhere.csv"), folder.path().join("nowhere.csv"));
    assert_eq!(loaded.resolve_path("/etc/x.csv"), Path::new("/etc/x.csv"));
    assert_eq!((loaded.size_bytes, loaded.sha256.len()), (QUICK.len() as u64, 64));
}

#[test]
fn no_mutation_of_a_configuration_makes_the_reader_panic() {
    // Bytes are replaced, removed, doubled and swapped by a linear congruential generator (Knuth's MMIX constants).
    let mut state = 20_261_122_u64;
    let mut draw = |below: usize| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) as usize % below
    };
    const INTERESTING: &[u8] = b"{}[]:,-?&*!|>'\"%@`#~\n\t 0e.\x00\xff\xc3";
    let (mut good, mut bad) = (0, 0);
    for _ in 0..20_000 {
        let mut bytes = QUICK.as_bytes().to_vec();
        for _ in 0..=draw(4) {
            let at = draw(bytes.len());
            match draw(5) {
                0 => bytes[at] = INTERESTING[draw(INTERESTING.len())],
                1 => bytes[at] ^= 1 << draw(8),
                2 => drop(bytes.remove(at)),
                3 => bytes.insert(at, INTERESTING[draw(INTERESTING.len())]),
                _ => {
                    let end = (at + draw(60)).min(bytes.len());
                    bytes.drain(at..end);
                }
            }
        }
        match from_bytes(&bytes, Path::new("mutant.yml"), &[], None) {
            Ok(_) => good += 1,
            Err(error) => {
                bad += 1;
                let message = error.to_string();
                assert!(message.starts_with("error: ") && message.chars().all(|c| c == '\n' || !c.is_control()));
            }
        }
    }
    assert!(good > 1000 && bad > 1000, "{good} good, {bad} bad: the mutants should be of both kinds");
}
