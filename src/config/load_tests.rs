use super::*;
use crate::config::{
    MarsTemperature, NumberOrAuto, RadialRange,
    conditions::Condition,
    demands::DEMANDS,
    io::OutputTimes,
    numerics::{Clock, Integrator},
    radiation::BlowoutSolver,
    shielding::BinRule,
    sinks::SublimationScheme,
    sizes::{SizeGrid, SlopeOf},
    supported::REFUSALS,
    validate::{ORDERS, Order},
};

const QUICK: &str = include_str!("../../configs/quick.yml");
const FIDUCIAL: &str = include_str!("../../configs/fiducial.yml");
const BASE: &str = include_str!("../../configs/base.yml");

fn read_text(text: &str, overrides: &[&str]) -> Result<Loaded, ConfigError> {
    let overrides: Vec<String> = overrides.iter().map(|text| (*text).to_owned()).collect();
    from_bytes(text.as_bytes(), Path::new("configs/run.yml"), &overrides, None)
}

fn quick(overrides: &[&str]) -> Config {
    read_text(QUICK, overrides).unwrap_or_else(|error| panic!("{error}")).config
}

fn refused(overrides: &[&str]) -> String {
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

/// Demands of keys: words of the message, changes of `quick.yml` that meet the demand, and others that do not.
pub(in super::super) const ACROSS_KEYS: &[(&str, &[&str], &[&str])] = &[
    ("missing key `geometry.Nr`", &["geometry.Nr=null", "geometry.mode=0D"], &["geometry.Nr=null"]),
    ("missing key `optical_depth`", &["optical_depth=null", "geometry.mode=0D"], &["optical_depth=null"]),
    (
        "missing key `disk`",
        &["disk=null", "geometry.r_in=4e6", "geometry.r_out=8e6"],
        &["disk=null", "geometry.r_in=4e6"],
    ),
    ("missing key `psd.alpha`", &["initial.s0_mode=upper", "psd.alpha=2"], &["initial.s0_mode=upper"]),
    ("missing key `psd.alpha`", &["initial.s0_mode=mono", "geometry.mode=0D"], &["initial.s0_mode=mono"]),
    (
        "missing key `psd.alpha`",
        &["surface_energy.enabled=true", "psd.alpha=3.5"],
        &["surface_energy.enabled=true", "sizes.n_bins=20"],
    ),
    (
        "missing key `dynamics.dr_min_m`",
        &["dynamics.e_profile.mode=off", "dynamics.e_mode=mars_clearance", "dynamics.dr_max_m=1e6"],
        &["dynamics.e_profile.mode=off", "dynamics.e_mode=mars_clearance"],
    ),
    (
        "`dynamics.e_profile.mode` must be `off`",
        &["dynamics.e_profile.mode=off", "dynamics.e_mode=mars_clearance", "dynamics.dr_min_m=1e6"],
        &["dynamics.e_mode=mars_clearance", "dynamics.dr_min_m=1e6"],
    ),
    (
        "`dynamics.dr_min_m` must be above 0",
        &["dynamics={i0: 0.05, e_profile: {mode: off}, e_mode: mars_clearance, dr_dist: uniform, dr_min_m: 0}"],
        &["dynamics={i0: 0.05, e_profile: {mode: off}, e_mode: mars_clearance, dr_dist: loguniform, dr_min_m: 0}"],
    ),
    (
        "missing key `dynamics.e0`",
        &["dynamics.e_profile.mode=off", "dynamics.e0=0.1"],
        &["dynamics.e_profile.mode=off"],
    ),
    (
        "missing key `dynamics.e_profile.table_path`",
        &["dynamics.e_profile.mode=table", "dynamics.e_profile.table_path=e.csv"],
        &["dynamics.e_profile.mode=table"],
    ),
    (
        "missing key `dynamics.H_fixed_over_a`",
        &["dynamics.kernel_H_mode=fixed", "dynamics.H_fixed_over_a=0.1"],
        &["dynamics.kernel_H_mode=fixed"],
    ),
    (
        "missing key `qstar.coeff_table`",
        &["qstar={override_coeffs: true, Qs: 1e7, a_s: 0.4, B: 0.3, b_g: 1.4, v_ref_kms: [3]}"],
        &["qstar={override_coeffs: true, Qs: 1e7, a_s: 0.4, B: 0.3, b_g: 1.4, v_ref_kms: []}"],
    ),
    (
        "`qstar.Qs` must be above 0",
        &["qstar={override_coeffs: false, Qs: 0, a_s: 0.4, B: 0.3, b_g: 1.4, v_ref_kms: [3]}"],
        &["qstar={override_coeffs: true, Qs: 0, a_s: 0.4, B: 0.3, b_g: 1.4, v_ref_kms: [3]}"],
    ),
    (
        "`qstar.B` must be above 0",
        &["qstar.B=0"],
        &["qstar={override_coeffs: true, Qs: 1, a_s: 0, B: 0, b_g: 1, v_ref_kms: [3]}"],
    ),
    (
        "missing key `radiation.qpr_table_path`",
        &["radiation.qpr_table_path=null", "radiation.Q_pr=1"],
        &["radiation.qpr_table_path=null"],
    ),
    (
        "missing key `radiation.TM_K`",
        &["radiation.TM_K=null", "radiation.mars_temperature_driver={enabled: true, constant: {value_K: 2500}}"],
        &["radiation.TM_K=null"],
    ),
    (
        "missing key `radiation.TM_K`",
        &["radiation.mars_temperature_driver=null"],
        &["radiation.mars_temperature_driver=null", "radiation.TM_K=null"],
    ),
    (
        "missing key `radiation.mars_temperature_driver.constant`",
        &["radiation.mars_temperature_driver={enabled: false, mode: constant}"],
        &["radiation.mars_temperature_driver={enabled: true, mode: constant}"],
    ),
    (
        "missing key `radiation.mars_temperature_driver.table`",
        &["radiation.mars_temperature_driver={enabled: true, mode: table, table: {path: t.csv}}"],
        &["radiation.mars_temperature_driver={enabled: true, mode: table}"],
    ),
    (
        "`surface.use_tcoll` must be true",
        &["blowout.gate_mode=collision_competition"],
        &["blowout.gate_mode=collision_competition", "surface.use_tcoll=false"],
    ),
    (
        "missing key `sinks.sub_params.psat_table_path`",
        &["sinks.sub_params.psat_model=tabulated", "sinks.sub_params.psat_table_path=p.csv"],
        &["sinks.sub_params.psat_model=tabulated"],
    ),
    (
        "`optical_depth` must not be given",
        &["init_tau1.scale_to_tau1=true", "optical_depth=null", "geometry.mode=0D"],
        &["init_tau1.scale_to_tau1=true"],
    ),
    (
        "`supply.transport.t_mix_orbits` must be above 0",
        &["supply.transport={mode: deep_mixing, t_mix_orbits: 5}"],
        &["supply.transport={mode: deep_mixing, t_mix_orbits: 0}"],
    ),
    (
        "missing key `supply.reservoir.mass_total_Mmars`",
        &["supply.reservoir={enabled: true, mass_total_Mmars: 1e-9}"],
        &["supply.reservoir={enabled: true}"],
    ),
    (
        "`supply.mixing.epsilon_mix` must be above 0",
        &["supply.mixing.epsilon_mix=0.1"],
        &["supply.mixing.epsilon_mix=0"],
    ),
    (
        "`supply.mixing.epsilon_mix` must be above 0",
        &["supply={const: {prod_area_rate_kg_m2_s: 1e-7}, mixing: {epsilon_mix: 0}}"],
        &["supply={const: {auto_from_tau1_tfill_years: 1}, mixing: {epsilon_mix: 0}}"],
    ),
    (
        "missing key `supply.injection.velocity.e_inj`",
        &["supply.injection.velocity={mode: fixed_ei, e_inj: 0.1, i_inj: 0.1}"],
        &["supply.injection.velocity={mode: fixed_ei, i_inj: 0.1}"],
    ),
    (
        "missing key `supply.injection.velocity.i_inj`",
        &["supply.injection.velocity={mode: inherit, e_inj: 0.1}"],
        &["supply.injection.velocity={mode: fixed_ei, e_inj: 0.1}"],
    ),
    (
        "missing key `supply.injection.velocity.vrel_factor`",
        &["supply.injection.velocity={mode: factor, vrel_factor: 2}"],
        &["supply.injection.velocity={mode: factor}"],
    ),
    (
        "missing key `io.archive.dir`",
        &["io.archive.enabled=true", "io.archive.dir=there"],
        &["io.archive.enabled=true", "io.archive.dir=' '"],
    ),
    (
        "missing key `io.streaming.offload.dir`",
        &["io.streaming.offload.enabled=true", "io.streaming.offload.dir=/there"],
        &["io.streaming.offload.enabled=true"],
    ),
    (
        "`surface.collision_solver` = \"surface_ode\" is not available in this version",
        &["surface.collision_solver=surface_ode", "physics_mode=sublimation_only"],
        &["surface.collision_solver=surface_ode", "physics_mode=full"],
    ),
    (
        "`phase.entrypoint` = \"my.module:map\" is not available in this version",
        &["phase={enabled: true, source: map, entrypoint: 'my.module:map', table_path: p.csv}"],
        &["phase={enabled: true, source: map, entrypoint: 'my.module:map'}"],
    ),
];

#[test]
fn what_keys_demand_of_each_other_is_enforced_and_explained() {
    for (words, allowed, overrides) in ACROSS_KEYS {
        quick(allowed);
        let message = refused(overrides);
        assert_eq!(message.matches("error:").count(), 1, "{message}");
        assert!(message.contains(words) && message.contains("--> "), "{words}\n{message}");
    }
    for demand in DEMANDS {
        let words = match demand.must {
            Condition::Given(ref key) | Condition::Any(&[Condition::Given(ref key), ..]) => {
                format!("missing key `{key}`")
            }
            must => must.demand(),
        };
        assert!(ACROSS_KEYS.iter().any(|(shown, ..)| *shown == words), "{words} has no case");
    }
    assert_eq!(ACROSS_KEYS.iter().filter(|(words, ..)| words.contains("not available")).count(), REFUSALS.len());
}

#[test]
fn numbers_in_order_lists_and_texts_are_checked() {
    let generated = "radiation.mars_temperature_driver.autogenerate.filename_template=table.csv";
    let cases: &[(&[&str], &str)] = &[
        (&["sizes.s_min=3"], "`sizes.s_min` = 3.0 must be below `sizes.s_max` = 3.0"),
        (&["disk.geometry.r_in_RM=2.7"], "`disk.geometry.r_in_RM` = 2.7 must be below `disk.geometry.r_out_RM`"),
        (&["disk.geometry.r_in_RM=2.8", "geometry.mode=0D"], "must be at most `disk.geometry.r_out_RM` = 2.7"),
        (&["disk=null", "geometry.r_in=2", "geometry.r_out=1"], "`geometry.r_in` = 2.0 must be below"),
        (&["initial.melt_psd.s_min_solid=5"], "`initial.melt_psd.s_min_solid` = 5.0 must be below"),
        (&["phase.thresholds.T_condense_K=2163"], "must be below `phase.thresholds.T_vaporize_K`"),
        (&["dynamics.dr_min_m=2", "dynamics.dr_max_m=1"], "`dynamics.dr_min_m` = 2.0 must be at most"),
        (&["supply.injection.s_inj_min=1", "supply.injection.s_inj_max=1"], "must be below"),
        (&["dynamics.e_profile.clip_min=0.5", "dynamics.e_profile.clip_max=0.4"], "must be at most"),
        (&["supply.feedback.min_scale=20"], "`supply.feedback.min_scale` = 20.0 must be at most"),
        (&["dynamics.i0=3.2"], "`dynamics.i0` = 3.2 rad is out of range"),
        (&["dynamics.i0=181", "dynamics.i0_unit=deg"], "180 deg"),
        (&["dynamics.i0=0"], "too thin for a finite collision rate"),
        (&["qstar.coeff_table={1: [0, 1, 1, 1]}"], "`qstar.coeff_table` has Qs = 0.0"),
        (&["qstar.coeff_table={}"], "at least one row"),
        (&["qstar.coeff_table={fast: [1, 1, 1, 1]}"], "the speed `fast` must be a number above 0"),
        (&["qstar.coeff_table={1: [1,1,1,1], 1.0: [1,1,1,1]}"], "the speed 1 km/s stands in two rows"),
        (&["qstar.coeff_table={1: [1,1,1]}"], "`qstar.coeff_table.1` must be a list of 4 numbers"),
        (&["qstar.v_ref_kms=[1, -2]"], "`qstar.v_ref_kms[1]` = -2.0 is out of range"),
        (&["supply.piecewise=[{t_start_s: 2, t_end_s: 1}]"], "`supply.piecewise[0]` ends at 1.0 s"),
        (
            &["supply.piecewise=[{t_start_s: 0, t_end_s: 1, const: {mu_reference_tau: 0}}]"],
            "`supply.piecewise[0].const.mu",
        ),
        (&[generated], "has no {tag}"),
        (&["io.streaming.offload.dir=there"], "is no absolute path"),
        (&["io.outdir=' '"], "`io.outdir` is empty"),
    ];
    for (overrides, expected) in cases {
        let message = refused(overrides);
        assert!(message.contains(expected) && message.contains("--override "), "{overrides:?}\n{message}");
        assert_eq!(message.matches("error:").count(), 1, "{message}");
    }
    for Order { low, high, .. } in ORDERS {
        let is_case =
            |overrides: &[&str]| [low, high].iter().any(|key| overrides.iter().any(|text| text.starts_with(*key)));
        assert!(cases.iter().any(|(overrides, _)| is_case(overrides)), "{low} and {high} have no case");
    }
    // What is not used may be in any order.
    quick(&["geometry.r_in=2", "geometry.r_out=1"]);
    quick(&["geometry.mode=0D", "disk.geometry.r_in_RM=2.7"]);
}

#[test]
fn numbers_in_quotation_marks_and_flags_in_words_are_taken() {
    let text = QUICK.replace("TM_K: 4000.0", "TM_K: '4e3'").replace("n_bins: 24", "n_bins: '24'");
    assert_ne!(text, QUICK);
    assert_eq!(
        read_text(&text, &["radiation.tau_gate.enable='off'", "chi_blow='1'"]).unwrap().config,
        quick(&["chi_blow=1"])
    );
    assert_eq!(quick(&["numerics.dt_init='1e2'"]).numerics.dt_init, NumberOrAuto::Number(100.0));
    assert_eq!(quick(&["numerics.dt_init=auto"]).numerics.dt_init, NumberOrAuto::Auto);
    let sigma = quick(&["shielding.fixed_tau1_sigma='0.1'"]).shielding.fixed_tau1_sigma;
    assert_eq!(sigma, Some(crate::config::shielding::FixedSigma::Number(0.1)));
    assert!(refused(&["radiation.TM_K='400'"]).contains("is out of range"));
    assert!(quick(&["phase.enabled=Yes", "sinks.sub_params.mass_conserving=on", "profile=python"]).phase.enabled);
    assert!(read_text(QUICK, &["numerics.collision_cache.persist=off"]).unwrap().warnings.is_empty());
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
