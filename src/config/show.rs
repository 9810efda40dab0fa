//! A resolved configuration as YAML, each value with a remark on where it came from.

use std::fmt::Write;

use serde_json::Value as Json;

use super::{
    Loaded,
    profile::{self, Profile},
    source::{Entry, Node, Origin, Value, parse},
};

impl Loaded {
    /// The resolved configuration as YAML that loads again to the same; a value without a remark is a default.
    pub fn to_yaml(&self) -> String {
        // A configuration has only names and values that YAML can write, and what it writes it can read.
        let text = serde_yaml::to_string(&self.config).unwrap_or_default();
        let mut yaml = String::new();
        if let Ok(tree) = parse(&text) {
            self.show(&mut yaml, "", tree.entries());
        }
        yaml
    }

    /// Whether the file or an override gives a key.
    pub fn is_given(&self, key: &str) -> bool {
        self.tree.entry(key).is_some_and(|entry| entry.node.origin != Origin::Default)
    }

    fn show(&self, yaml: &mut String, path: &str, entries: &[Entry]) {
        let indent = "  ".repeat(if path.is_empty() { 0 } else { path.split('.').count() });
        for Entry { key, node, .. } in entries {
            let path = if path.is_empty() { key.clone() } else { format!("{path}.{key}") };
            let inner = node.entries();
            // writing to a String cannot fail
            let _ = if inner.is_empty() || self.is_value(&path) {
                let value = Json::from(node).to_string();
                let remark = self.remark(&path, node).map(|remark| format!(" # {remark}")).unwrap_or_default();
                writeln!(yaml, "{indent}{key}: {value}{remark}")
            } else {
                writeln!(yaml, "{indent}{key}:")
            };
            if !self.is_value(&path) {
                self.show(yaml, &path, inner);
            }
        }
    }

    /// Blocks whose keys are chosen by the user are values, not sections.
    fn is_value(&self, path: &str) -> bool {
        ["tables", "sizes.dsdt_params", "qstar.coeff_table", "phase.extra_kwargs"].contains(&path)
    }

    fn remark(&self, path: &str, node: &Node) -> Option<String> {
        let given = self.tree.entry(path).map(|entry| &entry.node);
        match given.map(|node| &node.origin) {
            Some(Origin::File { line, .. }) => Some(format!("line {line}")),
            Some(Origin::Override(text)) => Some(format!("override {}", text.replace('\n', " "))),
            _ if path == "profile" && self.config.profile == Profile::Conservative => None,
            _ if path == "profile" => Some("command line".to_owned()),
            _ if profile::defaults(self.config.profile, false, None).iter().any(|(key, _)| *key == path) => {
                Some("profile".to_owned())
            }
            _ => {
                let same = given.map_or(node.value == Value::Null, |given| Json::from(given) == Json::from(node));
                (!same).then(|| "follows from other keys".to_owned())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::super::from_bytes;

    const QUICK: &str = include_str!("../../configs/quick.yml");
    const BASE: &str = include_str!("../../configs/base.yml");

    #[test]
    fn what_is_shown_loads_again_to_the_same() {
        for (text, profile) in [(QUICK, None), (BASE, Some(super::Profile::Python))] {
            let loaded = from_bytes(text.as_bytes(), Path::new("run.yml"), &[], profile).unwrap();
            let again = from_bytes(loaded.to_yaml().as_bytes(), Path::new("again.yml"), &[], None);
            assert_eq!(again.unwrap_or_else(|error| panic!("{error}")).config, loaded.config);
        }
    }

    #[test]
    fn a_value_says_where_it_came_from() {
        let overrides = ["radiation.TM_K=4500".to_owned(), "numerics.t_end_years=null".to_owned()];
        let yaml = from_bytes(QUICK.as_bytes(), Path::new("quick.yml"), &overrides, None).unwrap().to_yaml();
        for line in [
            "profile: \"conservative\"",
            "  rho: 3270.0 # line 10",
            "  TM_K: 4500.0 # override radiation.TM_K=4500",
            "  integrator: \"rodas4\" # profile",
            "  wavy_strength: 0.0",
            "  analysis_years: 2.0",
        ] {
            assert!(yaml.lines().any(|shown| shown == line), "{line}\n{yaml}");
        }
        assert!(yaml.contains("    psat_model: \"clausius\" # follows from other keys"), "{yaml}");
    }
}
