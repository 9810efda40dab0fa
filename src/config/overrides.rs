//! `--override KEY=VALUE`: a dotted key and a value in the notation of the command line.

use super::error::{Place, Problem};
use super::source::{Node, Origin, Value, parse};

/// Puts every `KEY=VALUE` into the tree, in order.
pub(super) fn apply(tree: &mut Node, overrides: &[String]) -> Result<(), Box<Problem>> {
    overrides.iter().try_for_each(|text| apply_one(tree, text))
}

fn apply_one(tree: &mut Node, text: &str) -> Result<(), Box<Problem>> {
    let problem = |sentence: String| Box::new(Problem::new(sentence, Place::Override(text.to_owned())));
    let Some((key, value)) = text.split_once('=') else {
        return Err(Box::new(
            problem("an override has no `=`".to_owned()).help("write KEY=VALUE, e.g. sizes.n_bins=60"),
        ));
    };
    let key = match key.trim() {
        "physics.mode" => "physics_mode",
        key => key.strip_prefix("physics.").unwrap_or(key),
    };
    if key.split('.').any(|part| part.trim().is_empty()) {
        return Err(problem(format!("the key `{key}` of an override has an empty part")));
    }
    let origin = Origin::Override(text.to_owned());
    let value = value_of(value.trim()).map_err(|error| problem(error.headline().to_owned()))?;
    tree.set(key, &origin, value.with_origin(&origin))
        .map_err(|parent| problem(format!("cannot set `{key}`: `{parent}` holds a value, not a block of keys")))
}

/// Lists and blocks are YAML; then true/false, none/null, numbers, quoted text; anything else is text.
fn value_of(text: &str) -> Result<Node, Box<Problem>> {
    if text.starts_with(['[', '{']) {
        return parse(text);
    }
    let quoted = |mark: char| text.len() >= 2 && text.starts_with(mark) && text.ends_with(mark);
    let value = match text.to_ascii_lowercase().as_str() {
        "true" => Value::Bool(true),
        "false" => Value::Bool(false),
        "none" | "null" => Value::Null,
        _ if quoted('"') || quoted('\'') => Value::Text(text[1..text.len() - 1].to_owned()),
        _ => match (text.parse(), text.parse()) {
            (Ok(integer), _) => Value::Integer(integer),
            (_, Ok(float)) => Value::Float(float),
            _ => Value::Text(text.to_owned()),
        },
    };
    Ok(Node::default(value))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn apply_to(yaml: &str, text: &str) -> Result<Node, String> {
        let mut tree = parse(yaml).unwrap();
        apply(&mut tree, &[text.to_owned()]).map_err(|problem| problem.to_string())?;
        Ok(tree)
    }

    #[test]
    fn a_value_is_read_by_its_look() {
        let cases = [
            ("true", Value::Bool(true)),
            ("False", Value::Bool(false)),
            ("none", Value::Null),
            ("null", Value::Null),
            ("7", Value::Integer(7)),
            ("-7", Value::Integer(-7)),
            ("1e-7", Value::Float(1e-7)),
            ("inf", Value::Float(f64::INFINITY)),
            ("-Infinity", Value::Float(f64::NEG_INFINITY)),
            ("\"7\"", Value::Text("7".into())),
            ("'none'", Value::Text("none".into())),
            ("off", Value::Text("off".into())),
            ("a=b", Value::Text("a=b".into())),
            ("", Value::Text(String::new())),
            ("'", Value::Text("'".into())),
        ];
        for (text, value) in cases {
            assert_eq!(value_of(text).unwrap().value, value, "{text}");
        }
        assert!(matches!(value_of("nan").unwrap().value, Value::Float(x) if x.is_nan()));
        let tree = apply_to("a: 1", "a=[1, {b: 2}]").unwrap();
        assert_eq!(tree.get("a").unwrap().to_string(), "a list of 2");
    }

    #[test]
    fn parents_are_made_and_the_physics_prefix_is_dropped() {
        let tree = apply_to("a:\n", "physics.a.b.c = 3").unwrap();
        assert_eq!(tree.get("a.b.c"), Some(&Value::Integer(3)));
        assert_eq!(tree.entry("a.b.c").unwrap().node.origin, Origin::Override("physics.a.b.c = 3".into()));
        assert!(apply_to("a: 1", "physics.mode=default").unwrap().get("physics_mode").is_some());
    }

    #[test]
    fn what_cannot_be_set_is_refused_with_the_override_in_the_message() {
        for (text, words) in [
            ("sizes.n_bins", "has no `=`"),
            ("a.b=1", "`a` holds a value"),
            ("=1", "empty part"),
            ("a..b=1", "empty part"),
            ("a=[1", "not valid YAML"),
        ] {
            let message = apply_to("a: 1", text).expect_err(text);
            assert!(message.contains(words) && message.contains(&format!("--override {text}")), "{message}");
        }
    }

    #[test]
    fn the_last_of_two_overrides_counts() {
        let mut tree = parse("a: 1").unwrap();
        apply(&mut tree, &["a=2".into(), "a=3".into()]).unwrap();
        assert_eq!(tree.get("a"), Some(&Value::Integer(3)));
    }
}
