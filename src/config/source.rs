//! YAML text as a tree that remembers where each value came from.
//!
//! The steps of [`super::load`] change this tree (overrides, aliases, defaults); [`super::decode`] then turns it into
//! types. Nothing here knows any key.

use std::fmt;

use serde::{
    Deserialize, Deserializer,
    de::{self, MapAccess, SeqAccess},
};
use serde_yaml::{Spanned, UserMessageFormatter, options::NonFiniteFloatPolicy};

use super::error::{Place, Problem};

/// Where a key or a value came from.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Origin {
    /// The file: line and column from 1, length in characters.
    File {
        /// Line, from 1.
        line: usize,
        /// Column, from 1.
        column: usize,
        /// Characters.
        length: usize,
    },
    /// The text `KEY=VALUE` of an override.
    Override(String),
    /// A default, or an implied value.
    Default,
}

/// A value and where it came from.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Node {
    pub origin: Origin,
    pub value: Value,
}

/// A key, where it came from, and its value.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Entry {
    pub key: String,
    pub origin: Origin,
    pub node: Node,
}

/// What a YAML node can be.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Value {
    Null,
    Bool(bool),
    Integer(i64),
    Float(f64),
    Text(String),
    List(Vec<Node>),
    Block(Vec<Entry>),
}

impl Node {
    /// A node that no file and no override names.
    pub(super) fn default(value: Value) -> Self {
        Self { origin: Origin::Default, value }
    }

    /// The entries of a block; empty for anything else.
    pub(super) fn entries(&self) -> &[Entry] {
        match &self.value {
            Value::Block(entries) => entries,
            _ => &[],
        }
    }

    /// The entry at a dotted path.
    pub(super) fn entry(&self, path: &str) -> Option<&Entry> {
        let (block, key) = match path.rsplit_once('.') {
            Some((parent, key)) => (&self.entry(parent)?.node, key),
            None => (self, path),
        };
        block.entries().iter().find(|entry| entry.key == key)
    }

    /// The value at a dotted path, unless it is missing or null.
    pub(super) fn get(&self, path: &str) -> Option<&Value> {
        self.entry(path).map(|entry| &entry.node.value).filter(|value| **value != Value::Null)
    }

    /// The value at a dotted path, to change it.
    pub(super) fn get_mut(&mut self, path: &str) -> Option<&mut Node> {
        path.split('.').try_fold(self, |node, key| match &mut node.value {
            Value::Block(entries) => entries.iter_mut().find(|entry| entry.key == key).map(|entry| &mut entry.node),
            _ => None,
        })
    }

    /// Takes the entry at a dotted path out of the tree.
    pub(super) fn remove(&mut self, path: &str) -> Option<Entry> {
        let (block, key) = match path.rsplit_once('.') {
            Some((parent, key)) => (self.get_mut(parent)?, key),
            None => (self, path),
        };
        match &mut block.value {
            Value::Block(entries) => {
                let index = entries.iter().position(|entry| entry.key == key)?;
                Some(entries.remove(index))
            }
            _ => None,
        }
    }

    /// Puts a value at a dotted path, making the blocks above it where they are missing or null.
    ///
    /// `Err` gives the path of a parent that is not a block.
    pub(super) fn set(&mut self, path: &str, origin: &Origin, new: Node) -> Result<(), String> {
        let (first, rest) = match path.split_once('.') {
            Some((first, rest)) => (first, Some(rest)),
            None => (path, None),
        };
        if self.value == Value::Null {
            self.value = Value::Block(Vec::new());
        }
        let Value::Block(entries) = &mut self.value else { return Err(String::new()) };
        let index = entries.iter().position(|entry| entry.key == first).unwrap_or_else(|| {
            let node = Node { origin: origin.clone(), value: Value::Null };
            entries.push(Entry { key: first.to_owned(), origin: origin.clone(), node });
            entries.len() - 1
        });
        match rest {
            Some(rest) => entries[index].node.set(rest, origin, new).map_err(|above| match above.as_str() {
                "" => first.to_owned(),
                _ => format!("{first}.{above}"),
            }),
            None => {
                entries[index].origin = origin.clone();
                entries[index].node = new;
                Ok(())
            }
        }
    }

    /// Adds every entry of `defaults` that is missing here, block by block. An empty block counts as missing.
    pub(super) fn fill_from(&mut self, defaults: &Node) {
        if self.value == Value::Null && matches!(defaults.value, Value::Block(_)) {
            *self = defaults.clone();
        }
        let Value::Block(entries) = &mut self.value else { return };
        for default in defaults.entries() {
            match entries.iter_mut().find(|entry| entry.key == default.key) {
                Some(entry) => entry.node.fill_from(&default.node),
                None => entries.push(default.clone()),
            }
        }
    }

    /// Fills blocks of `defaults` only where the same block exists here.
    pub(super) fn fill_existing_from(&mut self, defaults: &Node) {
        let Value::Block(entries) = &mut self.value else { return };
        for default in defaults.entries() {
            let existing = entries.iter_mut().find(|entry| entry.key == default.key);
            match (existing, &default.node.value) {
                (Some(entry), Value::Block(_)) => entry.node.fill_existing_from(&default.node),
                (None, Value::Block(_)) | (Some(_), _) => {}
                (None, _) => entries.push(default.clone()),
            }
        }
    }

    /// Gives every node the same origin.
    pub(super) fn with_origin(mut self, origin: &Origin) -> Self {
        self.origin = origin.clone();
        match &mut self.value {
            Value::List(items) => {
                for item in items {
                    *item = std::mem::replace(item, Node::default(Value::Null)).with_origin(origin);
                }
            }
            Value::Block(entries) => {
                for entry in entries {
                    entry.origin = origin.clone();
                    entry.node = std::mem::replace(&mut entry.node, Node::default(Value::Null)).with_origin(origin);
                }
            }
            _ => {}
        }
        self
    }
}

impl Value {
    /// The number, where one is asked for: also in quotation marks, and true and false as 1 and 0, as the Python program
    /// reads it.
    pub(super) fn number(&self) -> Option<f64> {
        match self {
            Value::Integer(integer) => Some(*integer as f64),
            Value::Float(float) => Some(*float),
            Value::Bool(flag) => Some(f64::from(u8::from(*flag))),
            Value::Text(text) => number_in(text),
            _ => None,
        }
    }

    /// True or false, where that is asked for: also as a word such as `yes` or `off`, or 1 or 0, as the Python program reads
    /// it.
    pub(super) fn flag(&self) -> Option<bool> {
        match self {
            Value::Bool(flag) => Some(*flag),
            Value::Text(word) => match word.to_ascii_lowercase().as_str() {
                "1" | "on" | "t" | "true" | "y" | "yes" => Some(true),
                "0" | "off" | "f" | "false" | "n" | "no" => Some(false),
                _ => None,
            },
            Value::Integer(_) | Value::Float(_) => match self.number() {
                Some(1.0) => Some(true),
                Some(0.0) => Some(false),
                _ => None,
            },
            _ => None,
        }
    }

    /// The text, when it is one.
    pub(super) fn text(&self) -> Option<&str> {
        match self {
            Value::Text(text) => Some(text),
            _ => None,
        }
    }
}

/// A number written as text, with single underscores between digits where the user likes them.
fn number_in(text: &str) -> Option<f64> {
    let text = text.trim();
    let digit = |part: Option<char>| part.is_some_and(|c| c.is_ascii_digit());
    let parts: Vec<&str> = text.split('_').collect();
    let between_digits = |pair: &[&str]| digit(pair[0].chars().next_back()) && digit(pair[1].chars().next());
    if parts.windows(2).all(between_digits) { parts.concat().parse().ok() } else { None }
}

/// As a message names the value: short, and without control characters.
impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const LONGEST: usize = 60;
        match self {
            Value::Null => f.write_str("null"),
            Value::Bool(flag) => write!(f, "{flag}"),
            Value::Integer(integer) => write!(f, "{integer}"),
            Value::Float(float) => write!(f, "{float:?}"),
            Value::Text(text) => {
                let shown: String = text.chars().take(LONGEST).flat_map(char::escape_debug).collect();
                write!(f, "\"{shown}{}\"", if text.chars().nth(LONGEST).is_some() { "…" } else { "" })
            }
            Value::List(items) => write!(f, "a list of {}", items.len()),
            Value::Block(_) => f.write_str("a block of keys"),
        }
    }
}

/// Reads one YAML document.
pub(super) fn parse(text: &str) -> Result<Node, Box<Problem>> {
    serde_yaml::from_str_with_options(text, options()).map_err(|error| {
        let error = error.without_snippet();
        let place = error.location().map_or(Place::Whole, |at| Place::from(&origin_of(at)));
        let sentence = error.render_with_formatter(&UserMessageFormatter);
        // The parser ends its sentences with the position, which the message shows anyway.
        let sentence = sentence.split_once(" at line ").map_or(sentence.as_str(), |(before, _)| before).to_owned();
        Box::new(Problem::new(format!("not valid YAML: {sentence}"), place).help(tab_hint(text)))
    })
}

/// The usual reason why a file that looks right is refused.
fn tab_hint(text: &str) -> String {
    let indented = |line: &str| line.chars().take_while(|c| c.is_whitespace()).any(|c| c == '\t');
    match text.lines().position(indented) {
        Some(index) => format!("line {} is indented with a tab: use blanks", index + 1),
        None => String::new(),
    }
}

/// Strict booleans, duplicate keys refused, and limits far above any real configuration.
fn options() -> serde_yaml::Options {
    let budget = serde_yaml::budget! {
        max_events: 200_000,
        max_nodes: 50_000,
        max_aliases: 1_000,
        max_depth: 40,
        max_documents: 8, // a second one is refused with a clearer sentence than this limit has
    };
    let mut options = serde_yaml::options! {
        budget: budget,
        strict_booleans: true,
        underscored_numbers_as_strings: true,
        non_finite_float_policy: NonFiniteFloatPolicy::PassThrough,
    };
    options.alias_limits.max_total_replayed_events = 20_000;
    options
}

fn origin_of(at: serde_yaml::Location) -> Origin {
    let to_usize = |number: u64| usize::try_from(number).unwrap_or(usize::MAX);
    Origin::File {
        line: to_usize(at.line()),
        column: to_usize(at.column()),
        length: at.span().len().try_into().unwrap_or(usize::MAX),
    }
}

impl<'de> Deserialize<'de> for Node {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let spanned = Spanned::<Value>::deserialize(deserializer)?;
        Ok(Self { origin: origin_of(spanned.referenced), value: spanned.value })
    }
}

impl<'de> Deserialize<'de> for Value {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;
        impl<'de> de::Visitor<'de> for Visitor {
            type Value = Value;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a value")
            }
            fn visit_unit<E>(self) -> Result<Value, E> {
                Ok(Value::Null)
            }
            fn visit_bool<E>(self, flag: bool) -> Result<Value, E> {
                Ok(Value::Bool(flag))
            }
            fn visit_i64<E>(self, integer: i64) -> Result<Value, E> {
                Ok(Value::Integer(integer))
            }
            fn visit_u64<E>(self, integer: u64) -> Result<Value, E> {
                Ok(i64::try_from(integer).map_or(Value::Float(integer as f64), Value::Integer))
            }
            fn visit_i128<E>(self, integer: i128) -> Result<Value, E> {
                Ok(Value::Float(integer as f64))
            }
            fn visit_u128<E>(self, integer: u128) -> Result<Value, E> {
                Ok(Value::Float(integer as f64))
            }
            fn visit_f64<E>(self, float: f64) -> Result<Value, E> {
                Ok(Value::Float(float))
            }
            fn visit_str<E>(self, text: &str) -> Result<Value, E> {
                Ok(Value::Text(text.to_owned()))
            }
            fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Value, A::Error> {
                let mut items = Vec::new();
                while let Some(item) = list.next_element()? {
                    items.push(item);
                }
                Ok(Value::List(items))
            }
            fn visit_map<A: MapAccess<'de>>(self, mut block: A) -> Result<Value, A::Error> {
                let mut entries = Vec::new();
                while let Some(key) = block.next_key::<Spanned<String>>()? {
                    let node = block.next_value()?;
                    entries.push(Entry { origin: origin_of(key.referenced), key: key.value, node });
                }
                Ok(Value::Block(entries))
            }
        }
        deserializer.deserialize_any(Visitor)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(line: usize, column: usize, length: usize) -> Origin {
        Origin::File { line, column, length }
    }

    #[test]
    fn every_key_and_value_knows_its_line_and_column() {
        let tree = parse("sizes:\n  s_min: 1e-7 # m\n  list: [1, two]\nempty:\n").unwrap();
        let entry = tree.entry("sizes.s_min").unwrap();
        assert_eq!(entry.origin, at(2, 3, 5));
        assert_eq!(entry.node.origin, at(2, 10, 4));
        assert_eq!(entry.node.value, Value::Float(1e-7));
        let Value::List(items) = &tree.entry("sizes.list").unwrap().node.value else { panic!("a list") };
        assert_eq!(items[1], Node { origin: at(3, 13, 3), value: Value::Text("two".into()) });
        assert_eq!(tree.entry("empty").unwrap().node.value, Value::Null);
    }

    #[test]
    fn words_that_yaml_1_1_read_as_booleans_are_text() {
        let tree = parse("a: off\nb: yes\nc: true\nd: 1_000.5\ne: '7'\n").unwrap();
        assert_eq!(tree.get("a"), Some(&Value::Text("off".into())));
        assert_eq!(tree.get("b"), Some(&Value::Text("yes".into())));
        assert_eq!(tree.get("c"), Some(&Value::Bool(true)));
        assert_eq!(tree.get("d"), Some(&Value::Text("1_000.5".into())));
        assert_eq!(tree.get("e"), Some(&Value::Text("7".into())));
    }

    #[test]
    fn numbers_and_flags_may_be_written_as_the_python_program_takes_them() {
        for (text, number) in
            [("1e-6", 1e-6), ("' 40 '", 40.0), ("1_000.5", 1000.5), ("'+.5'", 0.5), ("true", 1.0), ("-3", -3.0)]
        {
            assert_eq!(parse(&format!("a: {text}")).unwrap().get("a").unwrap().number(), Some(number), "{text}");
        }
        for text in ["forty", "''", "_1", "1_", "1__0", "1_e5", "[1]"] {
            assert_eq!(parse(&format!("a: {text}")).unwrap().get("a").unwrap().number(), None, "{text}");
        }
        for (text, flag) in [("Yes", Some(true)), ("off", Some(false)), ("1", Some(true)), ("0.0", Some(false))] {
            assert_eq!(parse(&format!("a: {text}")).unwrap().get("a").unwrap().flag(), flag, "{text}");
        }
        assert_eq!(parse("a: maybe").unwrap().get("a").unwrap().flag(), None);
        assert_eq!(parse("a: 2").unwrap().get("a").unwrap().flag(), None);
    }

    #[test]
    fn an_alias_points_to_where_it_is_used() {
        let tree = parse("a: &x 5\nb: *x\n").unwrap();
        assert_eq!(tree.get("b"), Some(&Value::Integer(5)));
        assert!(matches!(tree.entry("b").unwrap().node.origin, Origin::File { line: 2, column: 4, .. }));
    }

    #[test]
    fn setting_a_path_makes_the_blocks_above_it() {
        let mut tree = parse("a: 1\nb:\n").unwrap();
        let new = || Node::default(Value::Integer(9));
        tree.set("b.c.d", &Origin::Default, new()).unwrap();
        assert_eq!(tree.get("b.c.d"), Some(&Value::Integer(9)));
        assert_eq!(tree.set("a.x", &Origin::Default, new()), Err("a".to_owned()));
        assert_eq!(tree.set("b.c.d.e", &Origin::Default, new()), Err("b.c.d".to_owned()));
    }

    #[test]
    fn defaults_fill_only_what_is_missing() {
        let mut tree = parse("a: { x: 1 }\nn:\n").unwrap();
        let defaults = parse("a: { x: 2, y: 3 }\nn: 4\nb: { z: 5 }\n").unwrap();
        tree.fill_existing_from(&defaults);
        assert_eq!((tree.get("a.y"), tree.get("b")), (Some(&Value::Integer(3)), None));
        tree.fill_from(&defaults);
        assert_eq!(tree.get("a.x"), Some(&Value::Integer(1)));
        assert_eq!(tree.get("b.z"), Some(&Value::Integer(5)));
        assert_eq!(tree.entry("n").unwrap().node.value, Value::Null);
    }
}
