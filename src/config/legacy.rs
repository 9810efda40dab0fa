//! Keys of the past: those that moved, those that were renamed, those that are refused by name.

use super::error::{Place, Problem};
use super::source::{Node, Origin, Value};

/// Keys whose mere presence is refused, and what replaces them.
pub(super) const FORBIDDEN: &[(&str, &str)] = &[
    ("geometry.r", "disk.geometry.r_in_RM and r_out_RM"),
    ("geometry.runtime_orbital_radius_rm", "disk.geometry.r_in_RM and r_out_RM"),
    ("temps", "radiation.TM_K or radiation.mars_temperature_driver.constant"),
    ("single_process_mode", "physics_mode"),
    ("modes.single_process", "physics_mode"),
    ("process.primary", "physics_mode"),
    ("phase.map", "phase.entrypoint"),
    ("radiation.qpr_table", "radiation.qpr_table_path"),
    ("shielding.phi_table", "shielding.table_path"),
    ("supply.mixing.mu", "supply.mixing.epsilon_mix"),
];

/// Keys that have another name now: a value is copied where the new key is not given.
pub(super) const RENAMED: &[(&str, &str)] = &[
    ("inner_disk_mass.M_over_Mmars", "inner_disk_mass.M_in_ratio"),
    ("supply.reservoir.smooth_fraction", "supply.reservoir.taper_fraction"),
    OLD_MIXING_TIME,
];

/// The same, but two different values are refused.
const OLD_MIXING_TIME: (&str, &str) = ("supply.injection.deep_reservoir_tmix_orbits", "supply.transport.t_mix_orbits");

/// A flag that a word has replaced.
pub(super) const OLD_FLAG: (&str, &str) = ("io.columnar_records", "io.record_storage_mode");

/// Words that mean the same as another one: key, word, what it means, and whether it should no longer be used.
pub(super) const WORDS: &[(&str, &str, &str, bool)] = &[
    ("physics_mode", "full", "default", false),
    ("radiation.source", "none", "off", false),
    ("supply.reservoir.depletion_mode", "smooth", "taper", true),
    ("shielding.mode", "table", "psitau", true),
];

/// Moves the keys of a top-level `physics` block to the root, `physics.mode` to `physics_mode`.
pub(super) fn inline_physics(tree: &mut Node, warnings: &mut Vec<String>) -> Result<(), Box<Problem>> {
    let Some(physics) = tree.remove("physics") else { return Ok(()) };
    if physics.node.value == Value::Null {
        return Ok(());
    }
    let (Value::Block(moved), Value::Block(root)) = (physics.node.value, &mut tree.value) else {
        return Err(Box::new(Problem::new("`physics` must be a block of keys", Place::from(&physics.origin))));
    };
    for mut entry in moved {
        if entry.key == "mode" {
            entry.key = "physics_mode".to_owned();
        }
        if root.iter().any(|known| known.key == entry.key) {
            warnings.push(format!("`physics.{0}` is ignored because `{0}` is also given at the top", entry.key));
        } else {
            root.push(entry);
        }
    }
    Ok(())
}

/// Refuses the first forbidden key.
pub(super) fn refuse_forbidden(tree: &Node) -> Result<(), Box<Problem>> {
    let Some((entry, path, instead)) =
        FORBIDDEN.iter().find_map(|(path, instead)| tree.entry(path).map(|entry| (entry, path, instead)))
    else {
        return Ok(());
    };
    let problem = Problem::new(format!("the key `{path}` is no longer accepted"), Place::from(&entry.origin));
    Err(Box::new(problem.help(format!("use {instead}"))))
}

/// Renames deprecated keys and words, each with a warning, and switches on what a given mass implies.
pub(super) fn rename_deprecated(tree: &mut Node, warnings: &mut Vec<String>) -> Result<(), Box<Problem>> {
    for (old, new) in RENAMED.iter().filter(|pair| **pair != OLD_MIXING_TIME) {
        copy_if_absent(tree, old, new, warnings);
    }
    move_mixing_time(tree, warnings)?;
    for word in WORDS {
        replace_word(tree, word, warnings);
    }
    let (old, new) = OLD_FLAG;
    if let Some(flag) = tree.remove(old) {
        warnings.push(format!("`{old}` is deprecated: use `{new}`"));
        let mode = match flag.node.value.flag() {
            Some(true) => Value::Text("columnar".to_owned()),
            Some(false) => Value::Text("row".to_owned()),
            None => flag.node.value,
        };
        if mode != Value::Null {
            put(tree, new, Node { origin: flag.node.origin, value: mode });
        }
    }
    let reservoir = "supply.reservoir";
    if tree.get(&format!("{reservoir}.mass_total_Mmars")).is_some()
        && tree.entry(&format!("{reservoir}.enabled")).is_none()
    {
        put(tree, &format!("{reservoir}.enabled"), Node::default(Value::Bool(true)));
    }
    Ok(())
}

/// The parent of `path` exists when this is called, so setting cannot fail.
fn put(tree: &mut Node, path: &str, node: Node) {
    let origin: Origin = node.origin.clone();
    let done = tree.set(path, &origin, node);
    debug_assert!(done.is_ok());
}

fn copy_if_absent(tree: &mut Node, old: &str, new: &str, warnings: &mut Vec<String>) {
    let Some(entry) = tree.remove(old) else { return };
    warnings.push(format!("`{old}` is deprecated: use `{new}`"));
    if entry.node.value != Value::Null && tree.entry(new).is_none() {
        put(tree, new, entry.node);
    }
}

fn replace_word(tree: &mut Node, word: &(&str, &str, &str, bool), warnings: &mut Vec<String>) {
    let (key, old, new, deprecated) = *word;
    // On the command line `none` is null.
    let is_old = |node: &Node| match &node.value {
        Value::Null => old == "none" && matches!(node.origin, Origin::Override(_)),
        value => value.text() == Some(old),
    };
    if let Some(node) = tree.get_mut(key).filter(|node| is_old(node)) {
        node.value = Value::Text(new.to_owned());
        if deprecated {
            warnings.push(format!("`{key}: {old}` is deprecated: use `{new}`"));
        }
    }
}

fn move_mixing_time(tree: &mut Node, warnings: &mut Vec<String>) -> Result<(), Box<Problem>> {
    let (old, new) = OLD_MIXING_TIME;
    let Some(entry) = tree.remove(old) else { return Ok(()) };
    warnings.push(format!("`{old}` is deprecated: use `{new}`"));
    match (entry.node.value.number(), tree.get(new).and_then(Value::number)) {
        (Some(a), Some(b)) if a != b => {
            let sentence = format!("`{old}` = {} contradicts `{new}` = {b}", entry.node.value);
            Err(Box::new(Problem::new(sentence, Place::from(&entry.node.origin)).help("give the new key alone")))
        }
        (_, None) if entry.node.value != Value::Null => {
            let origin = entry.node.origin.clone();
            tree.set(new, &origin, entry.node).map_err(|parent| {
                Box::new(Problem::new(format!("`{parent}` must be a block of keys"), Place::from(&origin)))
            })
        }
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::{super::source::parse, *};

    fn renamed(yaml: &str) -> (Node, Vec<String>) {
        let (mut tree, mut warnings) = (parse(yaml).unwrap(), Vec::new());
        rename_deprecated(&mut tree, &mut warnings).unwrap();
        (tree, warnings)
    }

    #[test]
    fn every_forbidden_key_is_refused_even_when_empty() {
        for (path, instead) in FORBIDDEN {
            let mut tree = parse("a: 1").unwrap();
            tree.set(path, &Origin::Default, Node::default(Value::Null)).unwrap();
            let message = refuse_forbidden(&tree).expect_err(path).to_string();
            assert!(message.contains(&format!("`{path}`")) && message.contains(instead), "{message}");
        }
    }

    #[test]
    fn the_physics_block_moves_to_the_root_and_yields_to_it() {
        let mut warnings = Vec::new();
        let mut tree = parse("chi_blow: 1\nphysics: { mode: full, chi_blow: 2, sizes: { n_bins: 3 } }").unwrap();
        inline_physics(&mut tree, &mut warnings).unwrap();
        assert_eq!(tree.get("physics_mode"), Some(&Value::Text("full".into())));
        assert_eq!(tree.get("chi_blow"), Some(&Value::Integer(1)));
        assert_eq!(tree.get("sizes.n_bins"), Some(&Value::Integer(3)));
        assert_eq!(warnings.len(), 1);
        assert!(inline_physics(&mut parse("physics: 3").unwrap(), &mut warnings).is_err());
        assert!(inline_physics(&mut parse("physics:").unwrap(), &mut warnings).is_ok());
    }

    #[test]
    fn old_names_become_new_ones_with_a_warning() {
        let (tree, warnings) = renamed(
            "inner_disk_mass: { M_over_Mmars: 2e-5 }\nshielding: { mode: table }\nio: { columnar_records: true }\n\
             supply: { reservoir: { smooth_fraction: 0.1, taper_fraction: 0.2, depletion_mode: smooth } }\n",
        );
        assert_eq!(tree.get("inner_disk_mass.M_in_ratio"), Some(&Value::Float(2e-5)));
        assert_eq!(tree.get("supply.reservoir.taper_fraction"), Some(&Value::Float(0.2)));
        assert_eq!(tree.get("supply.reservoir.depletion_mode"), Some(&Value::Text("taper".into())));
        assert_eq!(tree.get("shielding.mode"), Some(&Value::Text("psitau".into())));
        assert_eq!(tree.get("io.record_storage_mode"), Some(&Value::Text("columnar".into())));
        assert_eq!(warnings.len(), 5, "{warnings:?}");
    }

    #[test]
    fn an_old_and_a_new_mixing_time_must_agree() {
        let (tree, _) = renamed("supply: { injection: { deep_reservoir_tmix_orbits: 5 } }");
        assert_eq!(tree.get("supply.transport.t_mix_orbits"), Some(&Value::Integer(5)));
        let two = "supply: { injection: { deep_reservoir_tmix_orbits: 5 }, transport: { t_mix_orbits: 6 } }";
        assert!(rename_deprecated(&mut parse(two).unwrap(), &mut Vec::new()).is_err());
    }

    #[test]
    fn a_reservoir_mass_switches_the_reservoir_on() {
        let (tree, _) = renamed("supply: { reservoir: { mass_total_Mmars: 1e-9 } }");
        assert_eq!(tree.get("supply.reservoir.enabled"), Some(&Value::Bool(true)));
        let (tree, _) = renamed("supply: { reservoir: { mass_total_Mmars: 1e-9, enabled: false } }");
        assert_eq!(tree.get("supply.reservoir.enabled"), Some(&Value::Bool(false)));
    }
}
