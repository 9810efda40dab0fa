//! Renders `docs/configuration.md` from the schema, so that the page cannot fall behind.

use std::fmt::Write;

use serde_json::Value as Json;

use super::{
    conditions::Condition,
    demands::{DEMANDS, Demand},
    legacy::{FORBIDDEN, OLD_FLAG, RENAMED, WORDS},
    rule::Rule,
    schema::json_schema,
    validate::{ORDERS, Order, all_rules},
};

const INTRODUCTION: &str = "\
# Configuration

This page is generated from the declarations in `src/config`; do not edit it.

A configuration is a YAML 1.2 file. A key that is left out takes its default; **required** ones have none. Unknown keys,
words and types are errors with the line and what would be right. Where a number is asked for it may stand in quotation
marks; where true or false is, `yes`, `no`, `on`, `off`, 1 and 0 will do; `null` means \"not given\". `marsdisk-mpi check RUN.yml` shows every value of a configuration with its origin and
what follows from it; `marsdisk-mpi schema` prints the JSON Schema behind this page, for editors.

`--override KEY=VALUE` sets a key by its dotted path, `--overrides-file FILE` reads such lines from a file (`#` begins a
comment); the file's come first. The blocks `geometry`, `material`, `sizes`, `initial`, `dynamics`, `qstar`, `numerics`, `io`
must be there, if only as `{}`. A top-level block `physics` may hold keys of the top level.

Where two defaults are given, the second one is that of profile `python`.

Tables are files with named columns: `.csv`, `.parquet` (`.pq`), `.json` (a list of rows, or columns) and `.txt` or `.dat` (a
header, blanks or commas between columns). A relative path is taken from the folder of the configuration, then from the
working folder; a `.csv` name finds a `.parquet` file and the other way round.
";

/// The page `docs/configuration.md`.
pub fn configuration_markdown() -> String {
    let schema = json_schema();
    let mut page = INTRODUCTION.to_owned();
    page.push_str("\n## Top level\n\n");
    page.push_str(HEAD);
    let sections: Vec<(&String, &Json)> = schema["properties"].as_object().into_iter().flatten().collect();
    for (name, key) in sections.iter().filter(|(_, key)| key.get("properties").is_none()) {
        row(&mut page, name, key, is_required(&schema["then"], name));
    }
    for (name, key) in sections.iter().filter(|(_, key)| key.get("properties").is_some()) {
        // writing to a String cannot fail
        let _ = write!(page, "\n## {name}\n\n{}\n\n{HEAD}", meaning(key));
        rows(&mut page, name, key);
    }
    across_keys(&mut page);
    old_keys(&mut page);
    page
}

/// Rules across keys, as loading enforces them.
fn across_keys(page: &mut String) {
    page.push_str("\n## Rules across keys\n\n| where | rule |\n|---|---|\n");
    for Demand { when, must, .. } in DEMANDS {
        let _ = writeln!(page, "| {} | {} |", when.words(), must.demand());
    }
    for Order { low, high, strict, when } in ORDERS {
        let relation = match strict {
            Condition::Not(Condition::Always) => "must not be above".to_owned(),
            Condition::Always => "must be below".to_owned(),
            strict => format!("must not be above (where {} not equal to)", strict.words()),
        };
        let _ = writeln!(page, "| {} | `{low}` {relation} `{high}` |", when.words());
    }
}

const HEAD: &str = "| key | allowed | default | unit | meaning |\n|---|---|---|---|---|\n";

fn rows(page: &mut String, path: &str, block: &Json) {
    for (name, key) in block["properties"].as_object().into_iter().flatten() {
        let path = format!("{path}.{name}");
        let required = is_required(block, name);
        row(page, &path, key, required);
        rows(page, &path, key);
        rows(page, &format!("{path}[]"), &key["items"]);
    }
}

fn is_required(block: &Json, name: &str) -> bool {
    block["required"].as_array().is_some_and(|all| all.iter().any(|required| required == name))
}

fn row(page: &mut String, path: &str, key: &Json, required: bool) {
    if key["deprecated"] == true {
        return; // they have a table of their own
    }
    let rule = all_rules().find(|rule| rule.key == path);
    let cells = [allowed(key, rule), default(key, required), text(&key["x-unit"]), explained(key)];
    let cells = cells.map(|cell| cell.replace('|', "\\|"));
    let _ = writeln!(page, "| `{path}` | {} |", cells.join(" | "));
}

fn text(value: &Json) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

fn meaning(key: &Json) -> String {
    text(&key["description"])
}

/// The meaning, the meanings of the words, and when the key has no effect.
fn explained(key: &Json) -> String {
    let mut text = meaning(key);
    for word in words(key).filter(|word| word["deprecated"] != true) {
        if let (Some(name), Some(meaning)) = (word["const"].as_str(), word["description"].as_str()) {
            let _ = write!(text, " `{name}`: {}", lower_first(meaning));
        }
    }
    if let Some(effect) = key["x-effect"].as_str() {
        let _ = write!(text, " *{}.*", upper_first(effect));
    }
    if let Some(refused) = key["x-refused"].as_str() {
        let _ = write!(text, " **Not available** where {refused}.");
    }
    text
}

/// Meanings of words begin small inside a sentence, unless they begin with a name or a symbol.
fn lower_first(text: &str) -> String {
    let plain =
        text.split_whitespace().next().is_some_and(|word| word.chars().skip(1).all(|c| c.is_lowercase() || c == ','));
    let name =
        ["Mars", "Snappy", "Zstandard", "Brotli", "Gzip", "Julian", "Wyatt"].iter().any(|name| text.starts_with(name));
    match text.chars().next() {
        Some(first) if plain && !name => first.to_lowercase().chain(text.chars().skip(1)).collect(),
        _ => text.to_owned(),
    }
}

fn upper_first(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default()
}

/// The words of an enumeration, also of one that may be null.
fn words(key: &Json) -> impl Iterator<Item = &Json> {
    let inner = key["anyOf"].as_array().into_iter().flatten().flat_map(|choice| choice["oneOf"].as_array());
    key["oneOf"].as_array().into_iter().chain(inner).flatten()
}

/// Types, words and range.
fn allowed(key: &Json, rule: Option<&Rule>) -> String {
    let mut kinds = Vec::new();
    collect_kinds(key, &mut kinds);
    kinds.dedup();
    let kinds = kinds.join(", ");
    match rule {
        Some(rule) => format!("{kinds}; {}", rule.range),
        None => kinds,
    }
}

fn collect_kinds(key: &Json, kinds: &mut Vec<String>) {
    let kind = |word: &str, key: &Json| match word {
        "object" if key.get("properties").is_some() => "block".to_owned(),
        "object" => "map".to_owned(),
        "array" => match key["items"]["type"].as_str() {
            Some(items) if key["minItems"].is_u64() && key["minItems"] == key["maxItems"] => {
                format!("list of {} {items}s", key["minItems"])
            }
            Some(items) => format!("list of {items}s"),
            None => "list".to_owned(),
        },
        "boolean" => "true, false".to_owned(),
        "integer" => "whole number".to_owned(),
        "string" => "text".to_owned(),
        other => other.to_owned(),
    };
    if let Some(words) = key["oneOf"].as_array() {
        let all = words.iter().filter(|word| word["deprecated"] != true);
        kinds.extend(all.filter_map(|word| word["const"].as_str()).map(|word| format!("`{word}`")));
    } else if let Some(word) = key["const"].as_str() {
        kinds.push(format!("`{word}`"));
    } else if let Some(words) = key["enum"].as_array() {
        kinds.extend(words.iter().filter_map(Json::as_str).map(|word| format!("`{word}`")));
    } else if let Some(choices) = key["anyOf"].as_array() {
        choices.iter().for_each(|choice| collect_kinds(choice, kinds));
    } else if let Some(word) = key["type"].as_str() {
        kinds.push(kind(word, key));
    } else if let Some(types) = key["type"].as_array() {
        kinds.extend(types.iter().filter_map(Json::as_str).map(|word| kind(word, key)));
    } else {
        kinds.push("anything".to_owned());
    }
}

fn default(key: &Json, required: bool) -> String {
    let shown = |value: &Json| format!("`{}`", value.as_str().map_or_else(|| value.to_string(), str::to_owned));
    match (key.get("default"), key.get("x-default-python")) {
        _ if required => "**required**".to_owned(),
        (Some(ours), Some(python)) => format!("{} / {}", shown(ours), shown(python)),
        (Some(ours), None) => shown(ours),
        (None, _) => String::new(),
    }
}

fn old_keys(page: &mut String) {
    page.push_str(
        "\n## Old names\n\nThese still work; the deprecated ones with a warning.\n\n| old | new |\n|---|---|\n",
    );
    for (old, new) in RENAMED.iter().chain([&OLD_FLAG]) {
        let _ = writeln!(page, "| `{old}` | `{new}` |");
    }
    for (key, old, new, _) in WORDS {
        let _ = writeln!(page, "| `{key}: {old}` | `{key}: {new}` |");
    }
    page.push_str("\nThese are refused:\n\n| key | use instead |\n|---|---|\n");
    for (key, instead) in FORBIDDEN {
        let _ = writeln!(page, "| `{key}` | {instead} |");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `MARSDISK_BLESS=1 cargo test docs` writes the page anew.
    #[test]
    fn the_page_on_the_configuration_says_what_the_program_reads() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/configuration.md");
        let page = configuration_markdown();
        if std::env::var_os("MARSDISK_BLESS").is_some() {
            std::fs::write(path, &page).unwrap();
        }
        let written = std::fs::read_to_string(path).unwrap();
        assert!(written == page, "docs/configuration.md is not up to date; run this test with MARSDISK_BLESS=1");
    }

    #[test]
    fn every_key_has_a_row_of_five_cells() {
        let page = configuration_markdown();
        for rule in all_rules() {
            assert!(page.contains(&format!("| `{}` |", rule.key)), "{}", rule.key);
        }
        for line in page.lines().filter(|line| line.starts_with("| `") && !line.contains("| `use")) {
            let bars = line.replace("\\|", "").matches('|').count();
            assert!(bars == 6 || bars == 3, "{line}");
        }
    }
}
