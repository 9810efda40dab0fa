use std::fs;
use std::path::{Path, PathBuf};

use jsonschema::Validator;

use super::super::{from_bytes, source::parse};
use super::*;

fn validator() -> Validator {
    jsonschema::draft202012::new(&json_schema()).expect("the schema is one")
}

fn yaml(text: &str) -> Json {
    Json::from(&parse(text).unwrap_or_else(|problem| panic!("{problem}")))
}

fn here(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

/// Every configuration below a folder that the program itself can read.
fn configurations(folder: &Path) -> Vec<(PathBuf, String)> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.is_dir() {
            found.extend(configurations(&path));
        } else if path.extension().is_some_and(|end| end == "yml")
            && let Ok(text) = fs::read_to_string(&path)
            && from_bytes(text.as_bytes(), &path, &[], None).is_ok()
        {
            found.push((path, text));
        }
    }
    found
}

const QUICK: &str = include_str!("../../../configs/quick.yml");

/// The configuration `quick.yml` with some keys changed.
fn changed(changes: &[&str]) -> Json {
    let mut tree = parse(QUICK).unwrap();
    let changes: Vec<String> = changes.iter().map(|text| (*text).to_owned()).collect();
    super::super::overrides::apply(&mut tree, &changes).unwrap();
    Json::from(&tree)
}

#[test]
fn every_configuration_of_the_repository_is_valid() {
    let validator = validator();
    let mut checked = 0;
    for folder in ["configs", "tests/data"] {
        for (path, text) in configurations(&here(folder)) {
            let errors: Vec<String> =
                validator.iter_errors(&yaml(&text)).map(|e| format!("{}: {e}", e.instance_path())).collect();
            assert!(errors.is_empty(), "{}: {errors:?}", path.display());
            checked += 1;
        }
    }
    assert!(checked >= 4, "{checked} configurations found");
}

#[test]
fn a_resolved_configuration_is_valid() {
    for profile in [Profile::Conservative, Profile::Python] {
        let loaded = from_bytes(QUICK.as_bytes(), Path::new("quick.yml"), &[], Some(profile)).unwrap();
        let resolved = serde_json::to_value(&loaded.config).unwrap();
        let errors: Vec<String> =
            validator().iter_errors(&resolved).map(|e| format!("{}: {e}", e.instance_path())).collect();
        assert!(errors.is_empty(), "{errors:?}");
    }
}

#[test]
fn old_names_and_the_physics_block_are_valid() {
    let validator = validator();
    for changes in [
        &["supply.reservoir.smooth_fraction=0.1", "supply.reservoir.depletion_mode=smooth"] as &[&str],
        &["physics_mode=full", "radiation.source='none'", "shielding.mode=table"],
        &["io.columnar_records=true"],
        &["inner_disk_mass.M_over_Mmars=1e-5", "supply.injection.deep_reservoir_tmix_orbits=null"],
        &["sizes.n_bins=40.0", "optical_depth={}", "chi_blow=2"],
    ] {
        assert!(validator.is_valid(&changed(changes)), "{changes:?}");
    }
    let moved = yaml(&format!("physics:\n{}", QUICK.lines().map(|line| format!("  {line}\n")).collect::<String>()));
    assert!(validator.is_valid(&moved));
}

#[test]
fn what_the_program_refuses_by_type_name_or_range_is_not_valid() {
    let validator = validator();
    for change in [
        "sizes.n_bin=40",
        "sizes.n_bins=40.5",
        "sizes.n_bins=0",
        "sizes.n_bins=forty",
        "sizes.s_min=null",
        "geometry.mode=2D",
        "geometry.r=1",
        "material.rho=999",
        "radiation.Q_pr=1.6",
        "dynamics.e0=1.0",
        "chi_blow=0",
        "chi_blow=sometimes",
        "qstar.coeff_table={}",
        "qstar.coeff_table={fast: [1, 2, 3, 4]}",
        "qstar.coeff_table={1.0: [1, 2, 3]}",
        "shielding.fixed_tau1_sigma=automatic",
        "temps=1000",
        "phase.enabled=perhaps",
        "numerics=3",
        "physics.sizes=3",
    ] {
        assert!(!validator.is_valid(&changed(&[change])), "{change}");
        let refused = from_bytes(QUICK.as_bytes(), Path::new("quick.yml"), &[change.to_owned()], None);
        assert!(refused.is_err(), "{change} is accepted by the program");
    }
    for block in REQUIRED_BLOCKS {
        let mut without = yaml(QUICK);
        without.as_object_mut().unwrap().remove(*block);
        assert!(!validator.is_valid(&without), "{block}");
    }
    assert!(!validator.is_valid(&yaml("[1, 2]")) && !validator.is_valid(&yaml("physics: { size: 1 }")));
}

#[test]
fn what_keys_demand_of_each_other_is_in_the_schema() {
    let validator = validator();
    for (allowed, refused) in
        super::super::across_keys_tests::ACROSS_KEYS.iter().map(|(_, allowed, refused)| (allowed, refused))
    {
        for (changes, valid) in [(allowed, true), (refused, false)] {
            let program = from_bytes(
                QUICK.as_bytes(),
                Path::new("quick.yml"),
                &changes.iter().map(|change| (*change).to_owned()).collect::<Vec<_>>(),
                None,
            );
            let errors: Vec<String> =
                validator.iter_errors(&changed(changes)).map(|e| format!("{}: {e}", e.instance_path())).collect();
            assert_eq!((program.is_ok(), errors.is_empty()), (valid, valid), "{changes:?}: {errors:?}");
        }
    }
}

/// Every key of the schema that holds a value, by its path.
fn leaves(block: &Json, path: &str, found: &mut Vec<(String, Json)>) {
    for (name, key) in block["properties"].as_object().into_iter().flatten() {
        let path = dotted(path, name);
        if key.get("properties").is_some() { leaves(key, &path, found) } else { found.push((path, key.clone())) }
    }
}

#[test]
fn every_range_default_and_meaning_is_in_the_schema() {
    let mut keys = Vec::new();
    leaves(&json_schema(), "", &mut keys);
    for (path, key) in &keys {
        assert!(key["description"].as_str().is_some_and(|text| text.len() > 3), "{path} is not described: {key}");
        assert!(!key.to_string().contains("\\\\["), "{path}: {key}");
    }
    for rule in all_rules() {
        let (_, key) = keys.iter().find(|(path, _)| path == rule.key).unwrap_or_else(|| panic!("{}", rule.key));
        let limited = ["minimum", "exclusiveMinimum", "maximum", "exclusiveMaximum"];
        assert!(limited.iter().any(|word| key.get(word).is_some()), "{}: {key}", rule.key);
    }
    // Keys without a default are those that the program asks for.
    let (_, tau) = keys.iter().find(|(path, _)| path == "optical_depth.tau_stop").unwrap();
    assert_eq!((&tau["default"], &tau["exclusiveMinimum"]), (&json!(1.0), &json!(0)));
    let (_, clock) = keys.iter().find(|(path, _)| path == "numerics.clock").unwrap();
    assert_eq!((&clock["default"], &clock["x-default-python"]), (&json!("adaptive"), &json!("fixed")));
}
