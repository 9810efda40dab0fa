//! Values for the keys of the configuration, made from its schema, so that new keys are covered as they come.

#![allow(dead_code)] // every test file uses its own part

use marsdisk_mpi::config::json_schema;
use serde_json::{Value as Json, json};

/// A small generator of pseudo-random numbers (xorshift64*), the same everywhere.
pub struct Dice(u64);

impl Dice {
    pub fn new(seed: u64) -> Self {
        Dice(seed.wrapping_add(1).wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1)
    }

    pub fn below(&mut self, count: usize) -> usize {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 33) as usize % count.max(1)
    }

    pub fn unit(&mut self) -> f64 {
        self.below(1 << 30) as f64 / (1u64 << 30) as f64
    }

    pub fn chance(&mut self, share: f64) -> bool {
        self.unit() < share
    }

    pub fn of<'a, T>(&mut self, items: &'a [T]) -> &'a T {
        &items[self.below(items.len())]
    }
}

/// A key that holds a value, and its schema.
pub struct Key {
    pub path: String,
    pub schema: Json,
}

/// Every key that holds a value.
pub fn keys() -> Vec<Key> {
    fn collect(block: &Json, path: &str, found: &mut Vec<Key>) {
        for (name, schema) in block["properties"].as_object().into_iter().flatten() {
            let path = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
            match schema.get("properties") {
                Some(_) => collect(schema, &path, found),
                None if path != "physics" => found.push(Key { path, schema: schema.clone() }),
                None => {}
            }
        }
    }
    let mut found = Vec::new();
    collect(&json_schema(), "", &mut found);
    found
}

/// Types, words and choices that a schema allows, one schema each.
pub fn choices(schema: &Json) -> Vec<Json> {
    if let Some(choices) = schema["anyOf"].as_array().or(schema["oneOf"].as_array()) {
        return choices.iter().flat_map(self::choices).collect();
    }
    if let Some(types) = schema["type"].as_array() {
        let one = |kind: &Json| {
            let mut one = schema.clone();
            one["type"] = kind.clone();
            one
        };
        return types.iter().map(one).collect();
    }
    vec![schema.clone()]
}

/// A value that the schema of a key allows.
pub fn value(key: &Key, dice: &mut Dice) -> Json {
    if key.path.ends_with("autogenerate.enabled") {
        // Such a table is kept for later runs, in a folder of the user's: `disk/setup/autogenerate` tests it.
        return json!(false);
    }
    let options = choices(&key.schema);
    let (nulls, others): (Vec<Json>, Vec<Json>) = options.into_iter().partition(|option| option["type"] == "null");
    if !nulls.is_empty() && (others.is_empty() || dice.chance(0.15)) {
        return Json::Null;
    }
    let mut option = dice.of(&others).clone();
    for limit in ["minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum"] {
        if let Some(number) = key.schema.get(limit) {
            option[limit] = number.clone();
        }
    }
    let value = of_schema(&option, &key.schema["default"], &key.path, dice);
    // Numbers in quotation marks are numbers.
    if value.is_number() && dice.chance(0.05) { json!(value.to_string()) } else { value }
}

fn of_schema(schema: &Json, default: &Json, path: &str, dice: &mut Dice) -> Json {
    if let Some(word) = schema.get("const") {
        return word.clone();
    }
    match schema["type"].as_str() {
        Some("boolean") => json!(dice.chance(0.5)),
        Some("integer") => json!(whole(schema, path, dice)),
        Some("number") => json!(real(schema, default.as_f64(), dice)),
        Some("string") => json!(text(default, path, dice)),
        Some("array") => {
            let (low, high) = (schema["minItems"].as_u64().unwrap_or(0), schema["maxItems"].as_u64().unwrap_or(4));
            let length = low as usize + dice.below((high - low) as usize + 1);
            let items = |index: usize, dice: &mut Dice| {
                let near = default.get(index).or(default.get(0)).unwrap_or(&Json::Null).clone();
                of_any(&schema["items"], &near, path, dice)
            };
            (0..length).map(|index| items(index, dice)).collect()
        }
        Some("object") => object(schema, path, dice),
        _ => json!("anything"),
    }
}

fn of_any(schema: &Json, default: &Json, path: &str, dice: &mut Dice) -> Json {
    let options = choices(schema);
    of_schema(&dice.of(&options).clone(), default, path, dice)
}

fn object(schema: &Json, path: &str, dice: &mut Dice) -> Json {
    let mut object = serde_json::Map::new();
    for (name, key) in schema["properties"].as_object().into_iter().flatten() {
        let required = schema["required"].as_array().is_some_and(|all| all.iter().any(|other| other == name));
        if required || dice.chance(0.3) {
            object.insert(name.clone(), of_any(key, &key["default"], &format!("{path}.{name}"), dice));
        }
    }
    let more = &schema["additionalProperties"];
    if more.is_object() {
        for index in 0..1 + dice.below(3) {
            // Names that are numbers suit the table of strengths, and any other map.
            object.insert(format!("{}.5", index + 1), of_any(more, &json!(1.0), path, dice));
        }
    }
    Json::Object(object)
}

fn whole(schema: &Json, path: &str, dice: &mut Dice) -> i64 {
    let low = schema["minimum"].as_i64().unwrap_or(0);
    let high = schema["maximum"].as_i64().unwrap_or(i64::MAX);
    // What makes a disk large makes a test slow.
    let high = match path {
        "sizes.n_bins" => 9,
        "geometry.Nr" => 3,
        _ => high.min(low.saturating_add(10_i64.pow(dice.below(6) as u32))),
    };
    low + dice.below((high - low + 1) as usize) as i64
}

fn real(schema: &Json, default: Option<f64>, dice: &mut Dice) -> f64 {
    let limit = |name: &str| schema[name].as_f64();
    let low = limit("minimum").or(limit("exclusiveMinimum"));
    let high = limit("maximum").or(limit("exclusiveMaximum"));
    let drawn = match (low, high) {
        (Some(low), Some(high)) if dice.chance(0.8) => low + (high - low) * dice.unit(),
        _ if dice.chance(0.03) => *dice.of(&[0.0, 1e-300, 1e300, -1.0, 1e9, 1e-9]),
        _ => {
            let near = default.filter(|number| *number != 0.0).unwrap_or(1.0);
            near * 10f64.powf(3.0 * (dice.unit() - 0.5))
        }
    };
    let open = |x: f64| if x == 0.0 { f64::MIN_POSITIVE } else { x.abs() * 1e-12 };
    let drawn = low.map_or(drawn, |low| drawn.max(low));
    let drawn = high.map_or(drawn, |high| drawn.min(high));
    match (limit("exclusiveMinimum"), limit("exclusiveMaximum")) {
        (Some(low), _) if drawn <= low => low + open(low),
        (_, Some(high)) if drawn >= high => high - open(high),
        _ => drawn,
    }
}

fn text(default: &Json, path: &str, dice: &mut Dice) -> String {
    let table = match path {
        "radiation.qpr_table_path" => "../tests/data/qpr_small.csv",
        "shielding.table_path" => "../tests/data/phi_020.csv",
        _ => "",
    };
    match default.as_str() {
        _ if !table.is_empty() && dice.chance(0.8) => table.to_owned(),
        Some(default) if dice.chance(0.7) => default.to_owned(),
        _ => (*dice.of(&["", "x", "data/none.csv", "/nowhere/else", "ν {tag} #"])).to_owned(),
    }
}

/// A value that the schema of a key forbids.
pub fn forbidden(key: &Key, dice: &mut Dice) -> Option<Json> {
    let options = choices(&key.schema);
    let takes = |kind: &str| options.iter().any(|option| option["type"] == kind);
    let is_free = options.iter().any(|option| option.get("type").is_none() && option.get("const").is_none());
    let limit = |name: &str| key.schema[name].as_f64();
    let numeric = takes("number") || takes("integer");
    let mut all = Vec::new();
    if !is_free && !takes("string") && options.iter().all(|option| option.get("const").is_none()) {
        all.push(json!("a word"));
    }
    if options.iter().any(|option| option.get("const").is_some()) {
        all.push(json!("no_such_word"));
    }
    // Where a number is asked for, true is 1.
    if !is_free && !takes("boolean") && !numeric {
        all.push(json!(true));
    }
    if !is_free && !takes("array") {
        all.push(json!([1, 2]));
    }
    if !is_free && !takes("object") {
        all.push(json!({ "a": 1 }));
    }
    if takes("integer") && !takes("number") {
        all.extend([json!(1.5), json!(-1)]);
    }
    if numeric {
        let beyond = |x: f64, way: f64| json!(x + way * x.abs().max(1.0));
        all.extend(limit("minimum").map(|low| beyond(low, -0.5)));
        all.extend(limit("maximum").map(|high| beyond(high, 0.5)));
        all.extend(limit("exclusiveMinimum").map(|low| json!(low)));
        all.extend(limit("exclusiveMaximum").map(|high| json!(high)));
    }
    (!all.is_empty()).then(|| dice.of(&all).clone())
}

/// `KEY=VALUE` as the command line takes it.
pub fn override_of(path: &str, value: &Json) -> String {
    format!("{path}={value}")
}
