//! From a file to a checked configuration, step by step.
//!
//! text → tree ([`super::source`]) → top-level `physics` block inlined → overrides → forbidden and deprecated keys
//! ([`super::legacy`]) → defaults of the profile and of the keys → ranges → types ([`super::decode`]) → derived values
//! → what keys demand of each other ([`super::demands`], [`super::validate`]) → what this version has not got
//! ([`super::supported`]) → warnings ([`super::inert`]).

use std::{
    fs::File,
    io::Read,
    path::{Path, PathBuf},
    sync::LazyLock,
};

use crate::files::sha256;

use super::{
    Config, Profile,
    decode::decode,
    demands,
    error::{ConfigError, Place, Problem},
    inert, legacy, overrides,
    profile::defaults,
    sinks::PsatModel,
    source::{Node, Origin, Value, parse},
    supported,
    validate::{self, fault_to_problem},
};

/// Larger files are not configurations.
const LARGEST_FILE: u64 = 16 * 1024 * 1024;

/// Keys that take a number or a word, where a number in quotation marks must not pass for a word.
const NUMBERS_OR_WORDS: [&str; 3] = ["chi_blow", "numerics.dt_init", "shielding.fixed_tau1_sigma"];

/// Blocks that must be there, even when all their keys have defaults.
pub(super) const REQUIRED_BLOCKS: &[&str] =
    &["geometry", "material", "sizes", "initial", "dynamics", "qstar", "numerics", "io"];

/// Defaults of every key.
pub(super) static DEFAULTS: LazyLock<Node> = LazyLock::new(|| embedded(include_str!("defaults.yml")));
/// Defaults inside blocks that may be left out.
pub(super) static BLOCK_DEFAULTS: LazyLock<Node> = LazyLock::new(|| embedded(include_str!("block_defaults.yml")));

fn embedded(text: &str) -> Node {
    // Both texts are part of the program and read by every test of this module.
    parse(text).expect("the embedded defaults are valid YAML").with_origin(&Origin::Default)
}

/// A loaded configuration and where it came from.
#[derive(Debug, Clone, PartialEq)]
pub struct Loaded {
    /// The configuration, complete and checked.
    pub config: Config,
    /// Sentences for the user: deprecated keys, keys without effect.
    pub warnings: Vec<String>,
    /// The file as it was named.
    pub path: PathBuf,
    /// Its folder, from which relative paths are taken first.
    pub folder: PathBuf,
    /// Its size \[bytes\].
    pub size_bytes: u64,
    /// SHA-256 of its content, hexadecimal.
    pub sha256: String,
    /// The overrides that were applied, in order.
    pub overrides: Vec<String>,
    /// The values before they were read as types, with their origins.
    pub(super) tree: Node,
    /// The text of the file.
    text: String,
}

/// Reads and checks a configuration file.
///
/// - `overrides`: `KEY=VALUE` texts, later ones win
/// - `profile`: from the command line; wins over the file's `profile`
///
/// # Errors
/// [`ConfigError::Unreadable`] when the file cannot be read, is a folder or is above 16 MiB, otherwise
/// [`ConfigError::Invalid`] with every range that is violated, or the first other problem.
pub fn load(path: &Path, overrides: &[String], profile: Option<Profile>) -> Result<Loaded, ConfigError> {
    let bytes = read(path).map_err(|reason| ConfigError::Unreadable { path: path.to_owned(), reason })?;
    from_bytes(&bytes, path, overrides, profile)
}

/// The same from the bytes of a file; `path` only names it and gives the folder of relative paths.
///
/// # Errors
/// [`ConfigError::Invalid`], as [`load`].
pub fn from_bytes(
    bytes: &[u8],
    path: &Path,
    overrides: &[String],
    profile: Option<Profile>,
) -> Result<Loaded, ConfigError> {
    let mut warnings = Vec::new();
    let (config, text) = match text_of(bytes) {
        Ok(text) => (checked(text, overrides, profile, &mut warnings), text),
        Err(problem) => (Err(vec![*problem]), ""),
    };
    let place = |problems: Vec<Problem>| problems.into_iter().map(|problem| problem.in_file(path, text)).collect();
    let (config, tree) = config.map_err(|problems| ConfigError::Invalid(place(problems)))?;
    Ok(Loaded {
        config,
        tree,
        warnings,
        path: path.to_owned(),
        folder: path.parent().map(Path::to_owned).unwrap_or_default(),
        size_bytes: bytes.len() as u64,
        sha256: sha256(bytes),
        overrides: overrides.to_vec(),
        text: text.to_owned(),
    })
}

impl Loaded {
    /// Where a key was given, or else the block that it is in: lines that follow an error's sentence; nothing for a default.
    pub fn place_of(&self, key: &str) -> String {
        let blocks = std::iter::successors(Some(key), |key| key.rsplit_once('.').map(|(block, _)| block));
        let given = blocks.filter_map(|key| self.tree.entry(key)).find(|entry| entry.origin != Origin::Default);
        let place = given.map_or(Place::Whole, |entry| Place::from(&entry.origin));
        Problem::new("", place).in_file(&self.path, &self.text).lines_of_place()
    }

    /// The file that a path in the configuration means.
    ///
    /// A relative path is taken from the configuration's folder and, when nothing is there, from the working folder. A
    /// `.csv` name counts as there when its `.parquet` sibling is, and the other way round. When nothing is anywhere,
    /// the path in the configuration's folder is returned, for the message of whoever opens it.
    pub fn resolve_path(&self, configured: &str) -> PathBuf {
        let configured = Path::new(configured);
        let beside = self.folder.join(configured); // an absolute path stays as it is
        let exists = |path: &Path| {
            path.exists() || path.with_extension("csv").exists() || path.with_extension("parquet").exists()
        };
        if !exists(&beside) && exists(configured) { configured.to_owned() } else { beside }
    }
}

fn read(path: &Path) -> Result<Vec<u8>, String> {
    let file = File::open(path).map_err(|error| error.to_string())?;
    if file.metadata().map_err(|error| error.to_string())?.is_dir() {
        return Err("it is a folder, not a file".to_owned());
    }
    let mut bytes = Vec::new();
    file.take(LARGEST_FILE + 1).read_to_end(&mut bytes).map_err(|error| error.to_string())?;
    if bytes.len() as u64 > LARGEST_FILE {
        return Err(format!("it is larger than {} MiB", LARGEST_FILE / 1024 / 1024));
    }
    Ok(bytes)
}

fn text_of(bytes: &[u8]) -> Result<&str, Box<Problem>> {
    let text = std::str::from_utf8(bytes).map_err(|error| {
        let line = bytes[..error.valid_up_to()].iter().filter(|byte| **byte == b'\n').count() + 1;
        let sentence = format!("not a text file: line {line} is not valid UTF-8");
        Box::new(Problem::new(sentence, Place::Whole).help("a configuration is a YAML file in UTF-8"))
    })?;
    Ok(text.strip_prefix('\u{feff}').unwrap_or(text))
}

fn checked(
    text: &str,
    overrides: &[String],
    profile: Option<Profile>,
    warnings: &mut Vec<String>,
) -> Result<(Config, Node), Vec<Problem>> {
    let tree = prepared(text, overrides, profile, warnings).map_err(|problem| vec![*problem])?;
    let mut problems = validate::ranges(&tree);
    let mut config: Config = match decode(&tree) {
        Ok(config) if problems.is_empty() => config,
        Ok(_) => return Err(problems),
        Err(fault) => {
            if !problems.iter().any(|problem| problem.headline().starts_with(&format!("`{}`", fault.path()))) {
                problems.push(fault_to_problem(&fault, &tree, &DEFAULTS));
            }
            return Err(problems);
        }
    };
    derive(&mut config);
    problems = demands::unmet(&tree);
    problems.extend(validate::rules(&config, &tree));
    problems.extend(supported::refusals(&tree));
    if !problems.is_empty() {
        return Err(problems);
    }
    warnings.extend(validate::doubts(&config));
    warnings.extend(inert::warning(&config, &tree));
    Ok((config, tree))
}

/// The tree with everything in it that the types need.
fn prepared(
    text: &str,
    overrides: &[String],
    profile: Option<Profile>,
    warnings: &mut Vec<String>,
) -> Result<Node, Box<Problem>> {
    let mut tree = parse(text)?;
    if !matches!(tree.value, Value::Block(_)) {
        let found = if tree.value == Value::Null { "nothing".to_owned() } else { tree.value.to_string() };
        let sentence = format!("a configuration must be a block of keys at its top, found {found}");
        return Err(Box::new(Problem::new(sentence, Place::Whole)));
    }
    legacy::inline_physics(&mut tree, warnings)?;
    overrides::apply(&mut tree, overrides)?;
    legacy::refuse_forbidden(&tree)?;
    legacy::rename_deprecated(&mut tree, warnings)?;
    for key in NUMBERS_OR_WORDS {
        if let Some(node) = tree.get_mut(key).filter(|node| node.value.text().is_some())
            && let Some(number) = node.value.number()
        {
            node.value = Value::Float(number);
        }
    }
    if let Some(block) = REQUIRED_BLOCKS.iter().find(|block| tree.entry(block).is_none()) {
        return Err(Box::new(validate::missing_block(&tree, block, &DEFAULTS)));
    }
    // Null has a meaning of its own here: a start without a given optical depth.
    let start = tree.entry("optical_depth").filter(|entry| entry.node.value == Value::Null);
    let start = start.map(|entry| (entry.origin.clone(), entry.node.clone()));
    fill_defaults(&mut tree, profile);
    if let Some((origin, null)) = start {
        // The top of the tree is a block of keys.
        let _ = tree.set("optical_depth", &origin, null);
    }
    Ok(tree)
}

fn fill_defaults(tree: &mut Node, profile: Option<Profile>) {
    let profile = match (profile, tree.get("profile").and_then(Value::text)) {
        (Some(profile), _) => {
            tree.remove("profile");
            profile
        }
        (None, Some("python")) => Profile::Python,
        (None, _) => Profile::Conservative, // another word is refused when the types are read
    };
    let crossing = tree.get("sinks.sub_params.mass_conserving").and_then(Value::flag) == Some(true);
    // The absolute tolerance follows only a sound relative one, so that one slip is reported once.
    let rtol = tree.get("numerics.rtol").and_then(Value::number).filter(|rtol| *rtol > 0.0 && *rtol <= 0.1);
    let word = match profile {
        Profile::Conservative => "conservative",
        Profile::Python => "python",
    };
    tree.fill_existing_from(&BLOCK_DEFAULTS);
    tree.fill_from(&DEFAULTS);
    let named = ("profile", Value::Text(word.to_owned()));
    for (key, value) in defaults(profile, crossing, rtol).into_iter().chain([named]) {
        if tree.get(key).is_none() {
            // Fails only where a block of keys is something else, which the types refuse with a message of their own.
            let _ = tree.set(key, &Origin::Default, Node::default(value));
        }
    }
}

/// Values that follow from others.
fn derive(config: &mut Config) {
    config.dynamics.use_radians();
    let numerics = &mut config.numerics;
    if numerics.t_end_years.is_none() && numerics.t_end_orbits.is_none() {
        numerics.t_end_years = Some(config.scope.analysis_years);
    }
    let vapour = &mut config.sinks.sub_params;
    if vapour.psat_model == PsatModel::Auto && vapour.psat_table_path.is_none() {
        vapour.psat_model = PsatModel::Clausius;
    }
}

#[cfg(test)]
#[path = "load_tests.rs"]
pub(super) mod tests;
