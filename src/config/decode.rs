//! From the value tree to types, with the path and the place of whatever does not fit.
//!
//! A whole number may be written `40.0` and a real one `40`; numbers may stand in quotation marks, and flags may be words
//! ([`Value::number`], [`Value::flag`]). NaN and infinities are refused.

use std::fmt::{self, Display};

use serde::{
    Deserialize,
    de::{
        self, DeserializeSeed, EnumAccess, IntoDeserializer, MapAccess, SeqAccess, Unexpected, VariantAccess, Visitor,
    },
    forward_to_deserialize_any,
};

use super::source::{Entry, Node, Origin, Value};

/// What does not fit, with its path from the root.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Fault {
    /// Keys and `[index]`es from the innermost to the root; see [`Fault::path`].
    reversed_path: Vec<String>,
    /// Where the key or value came from.
    pub origin: Option<Origin>,
    /// What it is.
    pub kind: FaultKind,
}

/// Kinds of faults.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum FaultKind {
    /// The last part of the path is no key of this block.
    UnknownKey(&'static [&'static str]),
    /// The value, as a message shows it, is none of the words allowed.
    UnknownWord(String, &'static [&'static str]),
    /// A required key is not there.
    Missing(&'static str),
    /// Another type than expected.
    Type { expected: String, found: String },
    /// Anything else, as a sentence without subject.
    Other(String),
}

impl Fault {
    fn new(kind: FaultKind) -> Self {
        Self { reversed_path: Vec::new(), origin: None, kind }
    }

    fn within(mut self, step: impl Into<String>, origin: &Origin) -> Self {
        self.reversed_path.push(step.into());
        self.origin.get_or_insert_with(|| origin.clone());
        self
    }

    /// Dotted path, `qstar.v_ref_kms[2]`.
    pub(super) fn path(&self) -> String {
        let mut path = String::new();
        for step in self.reversed_path.iter().rev() {
            if !path.is_empty() && !step.starts_with('[') {
                path.push('.');
            }
            path.push_str(step);
        }
        path
    }
}

impl Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {:?}", self.path(), self.kind)
    }
}

impl std::error::Error for Fault {}

impl de::Error for Fault {
    fn custom<T: Display>(message: T) -> Self {
        Self::new(FaultKind::Other(message.to_string()))
    }
    fn invalid_type(found: Unexpected<'_>, expected: &dyn de::Expected) -> Self {
        let found = match found {
            Unexpected::Bool(flag) => Value::Bool(flag).to_string(),
            Unexpected::Unsigned(number) => number.to_string(),
            Unexpected::Signed(number) => Value::Integer(number).to_string(),
            Unexpected::Float(number) => Value::Float(number).to_string(),
            Unexpected::Str(text) => Value::Text(text.to_owned()).to_string(),
            Unexpected::Unit | Unexpected::Option => Value::Null.to_string(),
            Unexpected::Seq => "a list".to_owned(),
            Unexpected::Map => "a block of keys".to_owned(),
            other => other.to_string(),
        };
        Self::new(FaultKind::Type { expected: plain_words(&expected.to_string()), found })
    }
    fn invalid_value(found: Unexpected<'_>, expected: &dyn de::Expected) -> Self {
        Self::invalid_type(found, expected)
    }
    fn invalid_length(length: usize, expected: &dyn de::Expected) -> Self {
        let found = Value::List(vec![Node::default(Value::Null); length.min(1000)]).to_string();
        Self::new(FaultKind::Type { expected: plain_words(&expected.to_string()), found })
    }
    fn unknown_field(_: &str, known: &'static [&'static str]) -> Self {
        Self::new(FaultKind::UnknownKey(known))
    }
    fn unknown_variant(word: &str, known: &'static [&'static str]) -> Self {
        Self::new(FaultKind::UnknownWord(Value::Text(word.to_owned()).to_string(), known))
    }
    fn missing_field(key: &'static str) -> Self {
        Self::new(FaultKind::Missing(key))
    }
}

/// Rust's names of types as a user of YAML knows them.
fn plain_words(expected: &str) -> String {
    match expected {
        "usize" | "u64" => "a whole number, 0 or more".to_owned(),
        "f64" => "a number".to_owned(),
        "a boolean" => "true or false".to_owned(),
        "a string" => "text".to_owned(),
        "a sequence" => "a list".to_owned(),
        "a map" => "a block of keys".to_owned(),
        other if other.starts_with("struct ") => "a block of keys".to_owned(),
        other => match other.strip_prefix("an array of length ") {
            Some(length) => format!("a list of {length} numbers"),
            None => other.to_owned(),
        },
    }
}

/// Turns a tree into a type.
pub(super) fn decode<T: for<'de> Deserialize<'de>>(node: &Node) -> Result<T, Fault> {
    T::deserialize(node)
}

impl Node {
    fn wrong_type<T>(&self, expected: &dyn de::Expected) -> Result<T, Fault> {
        let expected = plain_words(&expected.to_string());
        Err(Fault::new(FaultKind::Type { expected, found: self.value.to_string() }))
    }

    fn finite(&self, float: f64) -> Result<f64, Fault> {
        if float.is_finite() {
            return Ok(float);
        }
        Err(Fault::new(FaultKind::Type { expected: "a finite number".to_owned(), found: self.value.to_string() }))
    }

    fn whole(&self) -> Option<i64> {
        const EXACT: f64 = 9_007_199_254_740_992.0; // 2^53: every whole number up to it is a distinct f64
        match &self.value {
            Value::Integer(integer) => Some(*integer),
            other => other.number().filter(|x| x.fract() == 0.0 && x.abs() <= EXACT).map(|x| x as i64),
        }
    }
}

impl<'de> de::Deserializer<'de> for &'de Node {
    type Error = Fault;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        match &self.value {
            Value::Null => visitor.visit_unit(),
            Value::Bool(flag) => visitor.visit_bool(*flag),
            Value::Integer(integer) => visitor.visit_i64(*integer),
            Value::Float(float) => visitor.visit_f64(self.finite(*float)?),
            Value::Text(text) => visitor.visit_str(text),
            Value::List(items) => visitor.visit_seq(List { items: items.iter(), index: 0 }),
            Value::Block(entries) => visitor.visit_map(Block { entries: entries.iter(), current: None }),
        }
    }

    fn deserialize_f64<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        match self.value.number() {
            Some(number) => visitor.visit_f64(self.finite(number)?),
            None => self.wrong_type(&visitor),
        }
    }

    fn deserialize_bool<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        match self.value.flag() {
            Some(flag) => visitor.visit_bool(flag),
            None => self.wrong_type(&visitor),
        }
    }

    fn deserialize_u64<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        match self.whole().and_then(|whole| u64::try_from(whole).ok()) {
            Some(whole) => visitor.visit_u64(whole),
            None => self.wrong_type(&visitor),
        }
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        match self.value {
            Value::Null => visitor.visit_none(),
            _ => visitor.visit_some(self),
        }
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        words: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Fault> {
        match &self.value {
            Value::Text(word) => visitor.visit_enum(Word(word)),
            // The command line writes null and the word alike.
            Value::Null if matches!(self.origin, Origin::Override(_)) && words.contains(&"none") => {
                visitor.visit_enum(Word("none"))
            }
            other => Err(Fault::new(FaultKind::UnknownWord(other.to_string(), words))),
        }
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(self, _: &'static str, visitor: V) -> Result<V::Value, Fault> {
        visitor.visit_newtype_struct(self)
    }

    forward_to_deserialize_any! {
        i8 i16 i32 i64 i128 u8 u16 u32 u128 f32 char str string bytes byte_buf unit unit_struct seq tuple
        tuple_struct map struct identifier ignored_any
    }
}

struct List<'de> {
    items: std::slice::Iter<'de, Node>,
    index: usize,
}

impl<'de> SeqAccess<'de> for List<'de> {
    type Error = Fault;
    fn next_element_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<Option<T::Value>, Fault> {
        let Some(item) = self.items.next() else { return Ok(None) };
        self.index += 1;
        let step = format!("[{}]", self.index - 1);
        seed.deserialize(item).map(Some).map_err(|fault| fault.within(step, &item.origin))
    }
    fn size_hint(&self) -> Option<usize> {
        Some(self.items.len())
    }
}

struct Block<'de> {
    entries: std::slice::Iter<'de, Entry>,
    current: Option<&'de Entry>,
}

impl<'de> MapAccess<'de> for Block<'de> {
    type Error = Fault;
    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, Fault> {
        let Some(entry) = self.entries.next() else { return Ok(None) };
        self.current = Some(entry);
        let key = de::value::StrDeserializer::<Fault>::new(&entry.key);
        seed.deserialize(key).map(Some).map_err(|fault| fault.within(entry.key.as_str(), &entry.origin))
    }
    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, Fault> {
        let Some(entry) = self.current.take() else { return Err(de::Error::custom("a value without a key")) };
        seed.deserialize(&entry.node).map_err(|fault| {
            // What is missing is best shown at the block's key; an empty value has no place of its own.
            let at_key = matches!(fault.kind, FaultKind::Missing(_)) || entry.node.value == Value::Null;
            fault.within(entry.key.as_str(), if at_key { &entry.origin } else { &entry.node.origin })
        })
    }
}

struct Word<'de>(&'de str);

impl<'de> EnumAccess<'de> for Word<'de> {
    type Error = Fault;
    type Variant = Self;
    fn variant_seed<V: DeserializeSeed<'de>>(self, seed: V) -> Result<(V::Value, Self), Fault> {
        let word: de::value::StrDeserializer<'de, Fault> = self.0.into_deserializer();
        Ok((seed.deserialize(word)?, self))
    }
}

impl<'de> VariantAccess<'de> for Word<'de> {
    type Error = Fault;
    fn unit_variant(self) -> Result<(), Fault> {
        Ok(())
    }
    fn newtype_variant_seed<T: DeserializeSeed<'de>>(self, _: T) -> Result<T::Value, Fault> {
        Err(de::Error::custom("must be a single word"))
    }
    fn tuple_variant<V: Visitor<'de>>(self, _: usize, _: V) -> Result<V::Value, Fault> {
        Err(de::Error::custom("must be a single word"))
    }
    fn struct_variant<V: Visitor<'de>>(self, _: &'static [&'static str], _: V) -> Result<V::Value, Fault> {
        Err(de::Error::custom("must be a single word"))
    }
}

#[cfg(test)]
mod tests {
    use super::{super::source::parse, *};

    #[derive(Debug, PartialEq, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Outer {
        inner: Inner,
        pair: Option<[f64; 2]>,
    }

    #[derive(Debug, PartialEq, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Inner {
        count: usize,
        size: f64,
        word: Choice,
        flag: bool,
        name: String,
    }

    #[derive(Debug, PartialEq, Deserialize)]
    #[serde(rename_all = "snake_case")]
    enum Choice {
        Left,
        Right,
    }

    const GOOD: &str = "inner: { count: 40.0, size: 3, word: left, flag: true, name: off }\npair: null\n";

    fn read(text: &str) -> Result<Outer, Fault> {
        decode(&parse(text).unwrap())
    }

    #[test]
    fn numbers_and_flags_may_be_written_in_several_ways() {
        let inner = Inner { count: 40, size: 3.0, word: Choice::Left, flag: true, name: "off".into() };
        let good = Ok(Outer { inner, pair: None });
        assert_eq!(read(GOOD), good);
        let others = GOOD.replace("40.0", "'40'").replace("size: 3", "size: '3.0'").replace("true", "yes");
        assert_eq!(read(&others), good);
    }

    #[test]
    fn a_fault_names_its_path_and_its_place() {
        let cases = [
            ("40.0", "40.5", "inner.count", "a whole number, 0 or more", "40.5", 1, 17),
            ("40.0", "-1", "inner.count", "a whole number, 0 or more", "-1", 1, 17),
            ("40.0", "'forty'", "inner.count", "a whole number, 0 or more", "\"forty\"", 1, 17),
            ("size: 3", "size: .nan", "inner.size", "a finite number", "NaN", 1, 29),
            ("size: 3", "size: [3]", "inner.size", "a number", "a list of 1", 1, 29),
            ("flag: true", "flag: ja", "inner.flag", "true or false", "\"ja\"", 1, 50),
            ("name: off", "name: 12", "inner.name", "text", "12", 1, 62),
            ("pair: null", "pair: [1, x]", "pair[1]", "a number", "\"x\"", 2, 11),
            ("pair: null", "pair: [1]", "pair", "a list of 2 numbers", "a list of 1", 2, 7),
            ("pair: null", "pair: {a: 1}", "pair", "a list of 2 numbers", "a block of keys", 2, 7),
        ];
        for (old, new, path, expected, found, line, column) in cases {
            let text = GOOD.replace(old, new);
            let fault = read(&text).expect_err(&text);
            assert_eq!(fault.path(), path, "{text}");
            assert_eq!(fault.kind, FaultKind::Type { expected: expected.into(), found: found.into() }, "{text}");
            let Some(Origin::File { line: l, column: c, .. }) = fault.origin else { panic!("no place: {text}") };
            assert_eq!((l, c), (line, column), "{text}");
        }
    }

    #[test]
    fn unknown_and_missing_keys_and_words_are_told_apart() {
        let fault = read(&GOOD.replace("count", "coumt")).unwrap_err();
        assert_eq!(fault.path(), "inner.coumt");
        assert_eq!(fault.kind, FaultKind::UnknownKey(&["count", "size", "word", "flag", "name"]));
        let fault = read(&GOOD.replace("size: 3,", "")).unwrap_err();
        assert_eq!((fault.path().as_str(), &fault.kind), ("inner", &FaultKind::Missing("size")));
        let fault = read(&GOOD.replace("left", "LEFT")).unwrap_err();
        assert_eq!(fault.kind, FaultKind::UnknownWord("\"LEFT\"".into(), &["left", "right"]));
    }
}
