//! Conditions on the values of keys, as data: what loading tests, the JSON Schema says and the page shows is the same.

use serde_json::{Value as Json, json};

use super::source::{Node, Value};

/// Something that is true of a configuration or not.
#[derive(Debug, Clone, Copy)]
pub(super) enum Condition {
    /// Always true.
    Always,
    /// A key has one of these values, `true` and `false` among them.
    Is(&'static str, &'static [&'static str]),
    /// A key has a value: not null, no blank text, no empty list.
    Given(&'static str),
    /// A key has a number above this one.
    Above(&'static str, f64),
    /// All of these.
    All(&'static [Condition]),
    /// At least one of these.
    Any(&'static [Condition]),
    /// Not this.
    Not(&'static Condition),
}

impl Condition {
    /// Whether it holds in a configuration whose defaults are filled in.
    pub(super) fn holds(&self, tree: &Node) -> bool {
        match self {
            Self::Always => true,
            Self::Is(key, words) => tree.get(key).is_some_and(|value| {
                let flag = || value.flag().map(|flag| if flag { "true" } else { "false" });
                words.iter().any(|word| value.text() == Some(word) || flag() == Some(word))
            }),
            Self::Given(key) => tree.get(key).is_some_and(|value| match value {
                Value::Text(text) => !text.trim().is_empty(),
                Value::List(items) => !items.is_empty(),
                _ => true,
            }),
            Self::Above(key, low) => tree.get(key).and_then(Value::number).is_some_and(|number| number > *low),
            Self::All(parts) => parts.iter().all(|part| part.holds(tree)),
            Self::Any(parts) => parts.iter().any(|part| part.holds(tree)),
            Self::Not(part) => !part.holds(tree),
        }
    }

    /// The condition as a clause, `a.b` is `word`.
    pub(super) fn words(&self) -> String {
        self.clause(["is", "is not"])
    }

    /// The condition as a demand, `a.b` must be `word`.
    pub(super) fn demand(&self) -> String {
        self.clause(["must be", "must not be"])
    }

    fn clause(&self, verbs: [&str; 2]) -> String {
        let joined = |parts: &[Condition], word: &str| {
            parts.iter().map(|part| part.clause(verbs)).collect::<Vec<_>>().join(word)
        };
        let [is, _] = verbs;
        match self {
            Self::Always => "in every run".to_owned(),
            Self::Is(key, words) => format!("`{key}` {is} {}", listed(words)),
            Self::Given(key) => format!("`{key}` {is} given"),
            Self::Above(key, low) => format!("`{key}` {is} above {low}"),
            Self::All(parts) => joined(parts, " and "),
            Self::Any(parts) => joined(parts, ", or "),
            Self::Not(part) => part.clause([verbs[1], verbs[0]]),
        }
    }

    /// The keys that are asked about.
    pub(super) fn keys(&self) -> Vec<&'static str> {
        match self {
            Self::Always => Vec::new(),
            Self::Is(key, _) | Self::Given(key) | Self::Above(key, _) => vec![key],
            Self::All(parts) | Self::Any(parts) => parts.iter().flat_map(Self::keys).collect(),
            Self::Not(part) => part.keys(),
        }
    }

    /// The condition as a JSON Schema of a configuration in which keys may be missing.
    ///
    /// - `default`: what a missing key is
    /// - `synonyms`: old words for a word of a key
    pub(super) fn schema(
        &self,
        default: &dyn Fn(&str) -> Option<Json>,
        synonyms: &dyn Fn(&str, &str) -> Vec<&'static str>,
    ) -> Json {
        let all = |parts: &[Condition]| parts.iter().map(|part| part.schema(default, synonyms)).collect::<Vec<_>>();
        match self {
            Self::Always => json!({}),
            Self::Is(key, words) => {
                let value = |word: &&str| match *word {
                    "true" => json!(true),
                    "false" => json!(false),
                    word => json!(word),
                };
                let old = words.iter().flat_map(|word| synonyms(key, word)).map(|word| json!(word));
                let values: Vec<Json> = words.iter().map(value).chain(old).collect();
                let by_default = default(key).is_some_and(|default| values.contains(&default));
                at(key, json!({ "enum": values }), by_default)
            }
            Self::Given(key) => {
                let by_default = default(key).is_some_and(|default| !default.is_null() && default != json!([]));
                at(key, json!({ "not": { "enum": [null, []] }, "pattern": "\\S" }), by_default)
            }
            Self::Above(key, low) => {
                let by_default =
                    default(key).and_then(|default| default.as_f64()).is_some_and(|default| default > *low);
                at(key, json!({ "type": "number", "exclusiveMinimum": low }), by_default)
            }
            Self::All(parts) => json!({ "allOf": all(parts) }),
            Self::Any(parts) => json!({ "anyOf": all(parts) }),
            Self::Not(part) => json!({ "not": part.schema(default, synonyms) }),
        }
    }
}

/// A schema of the whole whose key at a dotted path fits `inner`, or is missing if that is enough.
fn at(path: &str, inner: Json, may_be_missing: bool) -> Json {
    path.rsplit('.').fold(inner, |inner, key| match may_be_missing {
        true => json!({ "properties": { key: inner } }),
        false => json!({ "type": "object", "properties": { key: inner }, "required": [key] }),
    })
}

/// `a`, `b` or `c`; true and false stand as they are.
fn listed(words: &[&str]) -> String {
    let shown = |word: &&str| match *word {
        "true" | "false" => (*word).to_owned(),
        word => format!("`{word}`"),
    };
    words.iter().map(shown).collect::<Vec<_>>().join(" or ")
}

#[cfg(test)]
mod tests {
    use super::{super::source::parse, Condition::*, *};

    const HOT: Condition = All(&[Is("a.mode", &["hot", "warm"]), Not(&Given("a.table")), Above("x", 0.0)]);

    #[test]
    fn a_condition_is_tested_on_values_in_any_writing() {
        for (text, holds) in [
            ("a: { mode: hot }\nx: '1e-3'", true),
            ("a: { mode: warm, table: ' ' }\nx: 1", true),
            ("a: { mode: warm, table: t }\nx: 1", false),
            ("a: { mode: cold }\nx: 1", false),
            ("a: { mode: hot }\nx: 0", false),
            ("a: { mode: hot }", false),
        ] {
            assert_eq!(HOT.holds(&parse(text).unwrap()), holds, "{text}");
        }
        let on = Is("flag", &["true"]);
        assert!(["true", "yes", "1"].iter().all(|word| on.holds(&parse(&format!("flag: {word}")).unwrap())));
        assert!(!on.holds(&parse("flag: off").unwrap()) && Always.holds(&parse("a: 1").unwrap()));
    }

    #[test]
    fn a_condition_reads_as_a_clause() {
        assert_eq!(HOT.words(), "`a.mode` is `hot` or `warm` and `a.table` is not given and `x` is above 0");
        assert_eq!(Any(&[Is("b", &["true"]), Given("c")]).demand(), "`b` must be true, or `c` must be given");
        assert_eq!(HOT.keys(), ["a.mode", "a.table", "x"]);
    }

    #[test]
    fn the_schema_of_a_condition_agrees_with_the_test_of_it() {
        let default = |key: &str| (key == "a.mode").then(|| json!("hot"));
        let validator = jsonschema::draft202012::new(&HOT.schema(&default, &|_, _| Vec::new())).unwrap();
        for (text, holds) in [
            ("a: { mode: hot }\nx: 1", true),
            ("a:\nx: 1", true),
            ("x: 1", true),
            ("a: { table: t }\nx: 1", false),
            ("a: { mode: cold }\nx: 1", false),
            ("x: 0", false),
            ("x: null", false),
        ] {
            assert_eq!(validator.is_valid(&Json::from(&parse(text).unwrap())), holds, "{text}");
        }
    }
}
