//! The configuration as a JSON Schema (draft 2020-12), for editors and for whoever makes configurations by program.
//!
//! Nothing is declared here: types, words and meanings come from the sections, ranges and units from their rules,
//! defaults from the default files and the profiles, old names from [`super::legacy`], what keys demand of each other from
//! [`super::demands`], what is not available from [`super::supported`]. What a schema cannot say, such as that one key must
//! be below another, is left to [`super::load()`]; numbers in quotation marks, which the program takes, are marked.

use std::ops::Bound;

use schemars::generate::SchemaSettings;
use serde_json::{Map, Value as Json, json};

use super::{
    Config,
    conditions::Condition,
    demands::DEMANDS,
    inert,
    legacy::{OLD_FLAG, RENAMED, WORDS},
    load::{BLOCK_DEFAULTS, DEFAULTS, REQUIRED_BLOCKS},
    profile::{self, Profile},
    rule::{Range, Rule},
    source::{Node, Value},
    supported::REFUSALS,
    validate::all_rules,
};

type Object = Map<String, Json>;

/// The JSON Schema of a configuration file.
///
/// Beside the standard keywords a key may have `x-unit`, `x-default-python` (its default in profile `python`, where
/// that differs), `x-effect` (when it has none) and `x-refused` (when a value of it is not available).
pub fn json_schema() -> Json {
    let settings = SchemaSettings::draft2020_12().with(|settings| settings.inline_subschemas = true);
    let mut schema = settings.into_generator().into_root_schema_for::<Config>().to_value();
    tidy(&mut schema);
    if let Some(root) = schema.as_object_mut() {
        complete(root, "");
        root.insert("title".to_owned(), json!("Configuration of marsdisk-mpi"));
        add_old_names(root);
        add_physics_block(root);
    }
    schema
}

/// Adds to every key of a block what its type does not say.
fn complete(block: &mut Object, path: &str) {
    let names: Vec<String> = properties(block).map(|all| all.keys().cloned().collect()).unwrap_or_default();
    for name in &names {
        let path = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
        let Some(key) = properties(block).and_then(|all| all.get_mut(name)).and_then(as_object) else { continue };
        join_null(key);
        complete_key(key, &path);
    }
    let given = |name: &Json| name.as_str().is_some_and(|name| default_of(&dotted(path, name)).is_some());
    if let Some(Json::Array(required)) = block.get_mut("required") {
        required.retain(|name| !given(name));
        if path.is_empty() {
            let missing = REQUIRED_BLOCKS.iter().map(|block| json!(block)).filter(|block| !required.contains(block));
            let missing: Vec<Json> = missing.collect();
            required.extend(missing);
        }
    }
}

fn dotted(block: &str, name: &str) -> String {
    if block.is_empty() { name.to_owned() } else { format!("{block}.{name}") }
}

fn complete_key(key: &mut Object, path: &str) {
    let (default, python) = (default_of(path), python_default_of(path));
    let rule = rule_of(path);
    if let Some(rule) = rule {
        limit(key, rule.range);
    }
    if let Some(unit) = unit(rule, key) {
        key.insert("x-unit".to_owned(), json!(unit));
    }
    if let Some(effect) = inert::condition(path) {
        key.insert("x-effect".to_owned(), json!(effect));
    }
    if let Some(refusal) = REFUSALS.iter().find(|refusal| refusal.key == path) {
        key.insert("x-refused".to_owned(), json!(format!("{}; take {}", refusal.when.words(), refusal.taken)));
    }
    let of_keys = key.contains_key("properties");
    if of_keys {
        complete(key, path);
        let complete_without = key.get("required").and_then(Json::as_array).is_none_or(Vec::is_empty);
        if complete_without && matches!(default, Some(Json::Object(_))) {
            key.insert("type".to_owned(), json!(["object", "null"]));
        }
    } else if let Some(default) = default {
        if let Some(python) = python.filter(|python| *python != default) {
            key.insert("x-default-python".to_owned(), python);
        }
        key.insert("default".to_owned(), default);
    }
    if let Some(items) = key.get_mut("items").and_then(Json::as_object_mut) {
        items.remove("description");
        complete_key(items, &format!("{path}[]"));
    }
}

fn rule_of(path: &str) -> Option<&'static Rule> {
    all_rules().find(|rule| rule.key == path)
}

fn properties(block: &mut Object) -> Option<&mut Object> {
    block.get_mut("properties").and_then(Json::as_object_mut)
}

/// A schema that allows everything may be the word `true`.
fn as_object(schema: &mut Json) -> Option<&mut Object> {
    if !schema.is_object() {
        *schema = json!({});
    }
    schema.as_object_mut()
}

/// `anyOf: [block, null]` as a block that may be null, so that every block looks alike.
fn join_null(key: &mut Object) {
    let Some(Json::Array(choices)) = key.get("anyOf") else { return };
    let [block, null] = choices.as_slice() else { return };
    if *null != json!({ "type": "null" }) || block.get("properties").is_none() {
        return;
    }
    let Some(Json::Array(mut choices)) = key.remove("anyOf") else { return };
    if let Json::Object(block) = choices.swap_remove(0) {
        let description = key.remove("description");
        key.extend(block);
        key.extend(description.map(|text| ("description".to_owned(), text)));
        key.insert("type".to_owned(), json!(["object", "null"]));
    }
}

/// Takes out what only the source has.
fn tidy(schema: &mut Json) {
    match schema {
        Json::Array(items) => items.iter_mut().for_each(tidy),
        Json::Object(object) => {
            object.retain(|name, value| !(value.is_string() && ["format", "title"].contains(&name.as_str())));
            if let Some(Json::String(text)) = object.get_mut("description") {
                *text = plain(text);
            }
            object.values_mut().for_each(tidy);
        }
        _ => {}
    }
}

/// A text of the source as a user reads it: no escapes, no remark on the spelling of a key.
fn plain(text: &str) -> String {
    let text = text.replace('\n', " ").replace("\\[", "[").replace("\\]", "]");
    match text.split_once("; YAML key `") {
        Some((before, _)) => format!("{before}."),
        None => text,
    }
}

/// The unit of the rule, else the one in brackets in the description.
fn unit(rule: Option<&Rule>, key: &Object) -> Option<String> {
    if let Some(rule) = rule.filter(|rule| !rule.unit.is_empty()) {
        return Some(rule.unit.to_owned());
    }
    let (_, rest) = key.get("description")?.as_str()?.split_once('[')?;
    rest.split_once(']').map(|(unit, _)| unit.to_owned())
}

fn limit(key: &mut Object, range: Range) {
    let (low, high) = match range.low {
        Bound::Included(low) => (("minimum", Some(low)), range.high),
        Bound::Excluded(low) => (("exclusiveMinimum", Some(low)), range.high),
        Bound::Unbounded => (("minimum", None), range.high),
    };
    let high = match high {
        Bound::Included(high) => ("maximum", Some(high)),
        Bound::Excluded(high) => ("exclusiveMaximum", Some(high)),
        Bound::Unbounded => ("maximum", None),
    };
    for (keyword, number) in [low, high] {
        if let Some(number) = number {
            key.insert(keyword.to_owned(), short(number));
        }
    }
}

/// A whole number without `.0`.
fn short(number: f64) -> Json {
    if number.fract() == 0.0 && number.abs() < 1e15 { json!(number as i64) } else { json!(number) }
}

/// What a key is without being given, in profile `conservative`.
fn default_of(path: &str) -> Option<Json> {
    if path == "profile" {
        return Some(json!("conservative"));
    }
    let of_profile = profile_default(path, Profile::Conservative);
    let of_tree = |tree: &Node| tree.entry(path).map(|entry| Json::from(&entry.node));
    of_profile.or_else(|| of_tree(&DEFAULTS).filter(|default| !default.is_null())).or_else(|| {
        let inside = of_tree(&BLOCK_DEFAULTS).filter(|default| !default.is_object());
        inside.or_else(|| of_tree(&DEFAULTS))
    })
}

fn python_default_of(path: &str) -> Option<Json> {
    profile_default(path, Profile::Python)
}

fn profile_default(path: &str, profile: Profile) -> Option<Json> {
    let all = profile::defaults(profile, false, None);
    all.into_iter().find(|(key, _)| *key == path).map(|(_, value)| Json::from(&Node::default(value)))
}

impl From<&Node> for Json {
    fn from(node: &Node) -> Self {
        match &node.value {
            Value::Null => Json::Null,
            Value::Bool(flag) => json!(flag),
            Value::Integer(integer) => json!(integer),
            Value::Float(float) => json!(float), // NaN and infinities become null, which no number may be
            Value::Text(text) => json!(text),
            Value::List(items) => Json::Array(items.iter().map(Json::from).collect()),
            Value::Block(entries) => {
                Json::Object(entries.iter().map(|entry| (entry.key.clone(), Json::from(&entry.node))).collect())
            }
        }
    }
}

/// The properties of the block at a path, and the last part of the path.
fn parent<'a, 'p>(root: &'a mut Object, path: &'p str) -> Option<(&'a mut Object, &'p str)> {
    let (block, name) = path.rsplit_once('.').map_or(("", path), |(block, name)| (block, name));
    let mut object = root;
    for step in block.split('.').filter(|step| !step.is_empty()) {
        object = properties(object)?.get_mut(step)?.as_object_mut()?;
    }
    properties(object).map(|all| (all, name))
}

fn add_old_names(root: &mut Object) {
    let mut add = |old: &str, new: &str, mut schema: Json| {
        schema["deprecated"] = json!(true);
        schema["description"] = json!(format!("Deprecated: use `{new}`."));
        if let Some((block, name)) = parent(root, old) {
            block.insert(name.to_owned(), schema);
        }
    };
    add(OLD_FLAG.0, OLD_FLAG.1, json!({ "type": ["boolean", "null"] }));
    for (old, new) in RENAMED {
        let mut schema = json!({ "type": ["number", "null"] });
        if let (Some(rule), Some(key)) = (rule_of(new), schema.as_object_mut()) {
            limit(key, rule.range);
        }
        add(old, new, schema);
    }
    for (path, word, meaning, deprecated) in WORDS {
        let Some((block, name)) = parent(root, path) else { continue };
        if let Some(Json::Array(words)) = block.get_mut(name).and_then(|key| key.get_mut("oneOf")) {
            let description = format!("The same as `{meaning}`.");
            words.push(json!({ "const": word, "deprecated": deprecated, "description": description }));
        }
    }
}

/// What keys demand of each other, and what is not available, one schema each.
fn rules_across_keys() -> Vec<Json> {
    let synonyms = |key: &str, meaning: &str| {
        let same = WORDS.iter().filter(|(of, _, word, _)| *of == key && *word == meaning);
        same.map(|(_, word, ..)| *word).collect()
    };
    let schema = |condition: &Condition| condition.schema(&default_of, &synonyms);
    let demanded = DEMANDS.iter().map(|demand| match demand.when {
        Condition::Always => schema(&demand.must),
        when => json!({ "if": schema(&when), "then": schema(&demand.must) }),
    });
    let refused = REFUSALS.iter().map(|refusal| json!({ "not": schema(&refusal.when) }));
    demanded.chain(refused).collect()
}

/// The `physics` block holds keys of the root, which are then not required there.
fn add_physics_block(root: &mut Object) {
    let mut names: Vec<Json> =
        properties(root).map(|all| all.keys().map(|key| json!(key)).collect()).unwrap_or_default();
    names.push(json!("mode"));
    let block = json!({
        "type": ["object", "null"],
        "description": "Keys of the top level may stand in here too; `mode` is `physics_mode`.",
        "propertyNames": { "enum": names },
    });
    if let Some(all) = properties(root) {
        all.insert("physics".to_owned(), block);
    }
    if let Some(required) = root.remove("required") {
        root.insert("if".to_owned(), json!({ "not": { "required": ["physics"] } }));
        root.insert("then".to_owned(), json!({ "required": required, "allOf": rules_across_keys() }));
    }
}

#[cfg(test)]
mod tests;
