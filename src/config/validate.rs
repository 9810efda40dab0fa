//! What a configuration must fulfil beyond its types: ranges of single keys, rules across keys.
//!
//! The ranges themselves are declared in the sections. What keys demand of each other is in [`super::demands`], what is
//! refused only because this version has not got it in [`super::supported`].

use std::f64::consts::{FRAC_PI_2, PI};

use super::{
    Config, Profile,
    conditions::Condition::{self, Always, Given, Is, Not},
    decode::{Fault, FaultKind},
    dynamics::{InclinationMode, ScaleHeightMode},
    error::{Place, Problem},
    legacy::WORDS,
    rule::Rule,
    source::{Node, Origin, Value},
    supply::{SupplyMode, VelocityMode},
};

/// The ranges of every section.
pub(super) fn all_rules() -> impl Iterator<Item = &'static Rule> {
    use super::{
        dynamics, geometry, io, numerics, optical_depth, phase, qstar, radiation, shielding, sinks, sizes, supply,
    };
    [
        geometry::RULES,
        sizes::RULES,
        dynamics::RULES,
        qstar::RULES,
        optical_depth::RULES,
        sinks::RULES,
        phase::RULES,
        supply::RULES,
        radiation::RULES,
        shielding::RULES,
        numerics::RULES,
        io::RULES,
    ]
    .into_iter()
    .flatten()
}

/// Every number that lies outside its range.
pub(super) fn ranges(tree: &Node) -> Vec<Problem> {
    let outside =
        |rule: &&Rule| tree.get(rule.key).and_then(Value::number).is_some_and(|number| !rule.range.contains(number));
    let mut problems: Vec<Problem> = all_rules()
        .filter(outside)
        .map(|rule| {
            let found = tree.get(rule.key).map(ToString::to_string).unwrap_or_default();
            Problem::new(format!("`{}` = {found} is out of range", rule.key), place(tree, &[rule.key]))
                .help(format!("allowed: {rule}"))
        })
        .collect();
    problems.extend(ranges_of_pieces(tree));
    problems
}

/// The same in the elements of `supply.piecewise`, whose blocks have the ranges of those of `supply`.
fn ranges_of_pieces(tree: &Node) -> Vec<Problem> {
    let Some(Value::List(pieces)) = tree.get("supply.piecewise") else { return Vec::new() };
    let mut problems = Vec::new();
    for (index, piece) in pieces.iter().enumerate() {
        for rule in all_rules() {
            let Some(key) = rule.key.strip_prefix("supply.") else { continue };
            let Some(entry) = piece.entry(key) else { continue };
            if entry.node.value.number().is_some_and(|number| !rule.range.contains(number)) {
                let headline = format!("`supply.piecewise[{index}].{key}` = {} is out of range", entry.node.value);
                problems.push(Problem::new(headline, Place::from(&entry.node.origin)).help(format!("allowed: {rule}")));
            }
        }
    }
    problems
}

/// The place of the first of `keys` that the user gave, else of the innermost given block around the first.
fn place(tree: &Node, keys: &[&str]) -> Place {
    let given = |key: &str| {
        tree.entry(key).filter(|entry| entry.origin != Origin::Default).map(|entry| match entry.node.value {
            Value::Null | Value::Block(_) => Place::from(&entry.origin),
            _ => Place::from(&entry.node.origin),
        })
    };
    let around = |key: &&str| {
        let ends = key.match_indices('.').map(|(end, _)| end).collect::<Vec<_>>();
        ends.into_iter().rev().find_map(|end| given(&key[..end]))
    };
    keys.iter().find_map(|key| given(key)).or_else(|| keys.first().and_then(around)).unwrap_or(Place::Whole)
}

/// A problem at the first of `keys` that the user gave.
pub(super) fn problem_at(tree: &Node, keys: &[&str], headline: String, help: impl Into<String>) -> Problem {
    Problem::new(headline, place(tree, keys)).help(help)
}

/// Names that `sizes.dsdt_model` may have; the first three do nothing.
const SIZE_MODELS: [&str; 6] = ["noop", "identity", "none", "linear_decay", "constant_decay", "sublimation_min"];

/// Least scale height over radius; collision rates grow as its inverse.
const THINNEST: f64 = 1e-6;

/// Rules across keys.
pub(super) fn rules(config: &Config, tree: &Node) -> Vec<Problem> {
    let mut problems = disorder(tree);
    let mut refuse = |bad: bool, keys: &[&str], headline: String, help: &str| {
        if bad {
            problems.push(problem_at(tree, keys, headline, help));
        }
    };
    let offload = &config.io.streaming.offload;
    refuse(
        offload.dir.as_ref().is_some_and(|dir| !std::path::Path::new(dir).is_absolute()),
        &["io.streaming.offload.dir"],
        "`io.streaming.offload.dir` is no absolute path".to_owned(),
        "begin it with /",
    );
    refuse(
        config.dynamics.i0 > PI,
        &["dynamics.i0"],
        format!("`dynamics.i0` = {} rad is out of range", config.dynamics.i0),
        "allowed: 0 to π rad (180 deg)",
    );
    let supply = &config.supply;
    for (index, piece) in supply.piecewise.iter().enumerate() {
        let headline = format!(
            "`supply.piecewise[{index}]` ends at {:?} s, not after its start at {:?} s",
            piece.t_end_s, piece.t_start_s
        );
        refuse(piece.t_end_s <= piece.t_start_s, &["supply.piecewise"], headline, "t_end_s must be above t_start_s");
    }
    for (index, speed) in config.qstar.v_ref_kms.iter().enumerate() {
        let headline = format!("`qstar.v_ref_kms[{index}]` = {speed:?} is out of range");
        refuse(*speed <= 0.0, &["qstar.v_ref_kms"], headline, "allowed: above 0 (km/s)");
    }
    for row in config.qstar.coeff_table.iter().flat_map(|table| &table.0) {
        let headline =
            format!("`qstar.coeff_table` has Qs = {:?}, B = {:?} at {:?} km/s", row.q_s, row.b, row.speed_kms);
        refuse(row.q_s <= 0.0 || row.b <= 0.0, &["qstar.coeff_table"], headline, "both must be above 0");
    }
    let dynamics = &config.dynamics;
    let velocity = &supply.injection.velocity;
    let fixed = velocity.mode == VelocityMode::FixedEi && config.profile == Profile::Conservative;
    let unbound = velocity.e_inj.filter(|e| fixed && *e >= 1.0);
    refuse(
        unbound.is_some(),
        &["supply.injection.velocity.e_inj"],
        format!("`supply.injection.velocity.e_inj` = {:?} is out of range", unbound.unwrap_or_default()),
        "allowed: 0 to below 1, bound orbits",
    );
    let (thickness_key, thickness) = match dynamics.kernel_h_mode {
        ScaleHeightMode::Ia if dynamics.i_mode == InclinationMode::ObsTiltSpread => {
            ("dynamics.obs_tilt_deg", dynamics.obs_tilt_deg.to_radians() * dynamics.h_factor)
        }
        ScaleHeightMode::Ia => ("dynamics.i0", dynamics.i0 * dynamics.h_factor),
        ScaleHeightMode::Fixed => ("dynamics.H_fixed_over_a", dynamics.h_fixed_over_a.unwrap_or(1.0)),
    };
    refuse(
        config.profile == Profile::Conservative && thickness < THINNEST,
        &[thickness_key],
        format!("`{thickness_key}` makes a disk of scale height {thickness:e} r, too thin for a finite collision rate"),
        "allowed: a scale height of at least 1e-6 r",
    );
    let generated = config.radiation.mars_temperature_driver.autogenerate.as_ref();
    refuse(
        generated.is_some_and(|keys| !keys.filename_template.contains("{tag}")),
        &["radiation.mars_temperature_driver.autogenerate.filename_template"],
        "`radiation.mars_temperature_driver.autogenerate.filename_template` has no {tag}".to_owned(),
        "where {tag} stands comes the temperature at the start, which tells tables apart",
    );
    refuse(config.io.outdir.trim().is_empty(), &["io.outdir"], "`io.outdir` is empty".to_owned(), "name a folder");
    problems
}

/// A pair of keys of which the first must be below the second, or may equal it.
pub(super) struct Order {
    /// The lower one.
    pub low: &'static str,
    /// The higher one.
    pub high: &'static str,
    /// Where they may not be equal.
    pub strict: Condition,
    /// Where it matters at all.
    pub when: Condition,
}

const fn order(low: &'static str, high: &'static str, strict: Condition) -> Order {
    Order { low, high, strict, when: Always }
}

const RINGS: Condition = Is("geometry.mode", &["1D"]);

/// Every such pair.
pub(super) const ORDERS: &[Order] = &[
    order("sizes.s_min", "sizes.s_max", Always),
    order("disk.geometry.r_in_RM", "disk.geometry.r_out_RM", RINGS),
    Order { when: Not(&Given("disk")), ..order("geometry.r_in", "geometry.r_out", RINGS) },
    order("initial.melt_psd.s_min_solid", "initial.melt_psd.s_max_solid", Always),
    order("phase.thresholds.T_condense_K", "phase.thresholds.T_vaporize_K", Always),
    order("dynamics.dr_min_m", "dynamics.dr_max_m", Not(&Always)),
    order("supply.injection.s_inj_min", "supply.injection.s_inj_max", Always),
    order("dynamics.e_profile.clip_min", "dynamics.e_profile.clip_max", Not(&Always)),
    order("supply.feedback.min_scale", "supply.feedback.max_scale", Not(&Always)),
];

/// Pairs of numbers in the wrong order.
fn disorder(tree: &Node) -> Vec<Problem> {
    let number = |key: &str| tree.get(key).and_then(Value::number);
    let wrong = |order: &&Order| {
        let Some((low, high)) = number(order.low).zip(number(order.high)) else { return false };
        order.when.holds(tree) && (low > high || (low == high && order.strict.holds(tree)))
    };
    ORDERS
        .iter()
        .filter(wrong)
        .map(|Order { low, high, strict, .. }| {
            let [a, b] = [low, high].map(|key| number(key).unwrap_or(f64::NAN));
            let relation = if strict.holds(tree) { "below" } else { "at most" };
            let headline = format!("`{low}` = {a:?} must be {relation} `{high}` = {b:?}");
            problem_at(tree, &[low, high], headline, format!("the other is `{high}` = {b:?}"))
        })
        .collect()
}

/// Values that are allowed and unusual.
pub(super) fn doubts(config: &Config) -> Vec<String> {
    let mut doubts = Vec::new();
    if config.dynamics.i0 > FRAC_PI_2 {
        doubts.push(format!("`dynamics.i0` = {} rad is above π/2: is `i0_unit` right?", config.dynamics.i0));
    }
    let reservoir = &config.supply.reservoir;
    if let Some(mass) = reservoir.mass_total_mmars.filter(|_| config.supply.enabled && !reservoir.enabled) {
        let key = "supply.reservoir.mass_total_Mmars";
        doubts.push(format!("`{key}` = {mass} makes the source finite, although `supply.reservoir.enabled` is false"));
    }
    let law = &config.supply.powerlaw;
    if config.supply.enabled && config.supply.mode == SupplyMode::Powerlaw && law.index <= -1.0 {
        doubts.push(format!(
            "`supply.powerlaw.index` = {}: most of the mass arrives in the first instants after t0_s",
            law.index
        ));
    }
    if law.t0_s < 0.0 {
        doubts.push(format!("`supply.powerlaw.t0_s` = {} s counts as 0", law.t0_s));
    }
    let model = config.sizes.dsdt_model.as_deref().filter(|_| config.sizes.evolve_min_size);
    if let Some(name) = model.filter(|name| !SIZE_MODELS.contains(name)) {
        let known = SIZE_MODELS.map(|name| format!("`{name}`")).join(", ");
        doubts.push(format!("`sizes.dsdt_model` = {name} is not known and does nothing; known: {known}"));
    }
    if config.phase.q_abs_mean > 1.0 {
        doubts.push(format!("`phase.q_abs_mean` = {} is above 1", config.phase.q_abs_mean));
    }
    doubts
}

/// A fault of a type or a name as a problem, with what would be right.
pub(super) fn fault_to_problem(fault: &Fault, tree: &Node, defaults: &Node) -> Problem {
    let path = fault.path();
    let place = fault.origin.as_ref().map_or(Place::Whole, Place::from);
    let range_of = |key: &str| all_rules().find(|rule| rule.key == key).map(ToString::to_string);
    match &fault.kind {
        FaultKind::UnknownKey(known) => {
            Problem::new(format!("unknown key `{path}`"), place).help(nearest_key(&path, known, defaults))
        }
        FaultKind::UnknownWord(word, allowed) => {
            let same =
                WORDS.iter().filter(|(key, _, _, deprecated)| *key == path && !deprecated).map(|(_, word, ..)| word);
            let list = allowed.iter().chain(same).map(|word| format!("`{word}`")).collect::<Vec<_>>().join(", ");
            let hint = nearest(word.trim_matches('"'), allowed)
                .map(|near| format!(" (did you mean `{near}`?)"))
                .unwrap_or_default();
            Problem::new(format!("`{path}` = {word} is not one of its values"), place)
                .help(format!("allowed: {list}{hint}"))
        }
        FaultKind::Missing(key) => {
            let full = if path.is_empty() { (*key).to_owned() } else { format!("{path}.{key}") };
            let help = range_of(&full).map_or(String::new(), |range| format!("allowed: {range}"));
            problem_at(tree, &[&path], format!("missing key `{full}`"), help)
        }
        FaultKind::Type { expected, found } => {
            let help = range_of(&path).map_or(String::new(), |range| format!("allowed: {range}"));
            Problem::new(format!("`{path}` must be {expected}, found {found}"), place).help(help)
        }
        FaultKind::Other(sentence) => Problem::new(format!("`{path}`: {sentence}"), place),
    }
}

/// A block that must be there, or an unknown one that is likely meant to be it.
pub(super) fn missing_block(tree: &Node, block: &str, defaults: &Node) -> Problem {
    let unknown = tree.entries().iter().filter(|entry| defaults.entry(&entry.key).is_none());
    let meant = unknown.into_iter().find(|entry| nearest(&entry.key, &[block]).is_some());
    match meant {
        Some(entry) => Problem::new(format!("unknown key `{}`", entry.key), Place::from(&entry.origin))
            .help(format!("did you mean `{block}`?")),
        None => Problem::new(format!("missing block `{block}`"), Place::Whole)
            .help(format!("every run needs it; `{block}: {{}}` takes its defaults")),
    }
}

/// The likeliest of `words`, when one is likely at all.
fn nearest<'a>(word: &str, words: &[&'a str]) -> Option<&'a str> {
    const LIKELY: f64 = 0.8; // similarity by Jaro and Winkler; chosen so that one slip in four letters still counts
    if word.len() > 200 {
        return None;
    }
    let lower = word.to_lowercase();
    let score = |other: &str| strsim::jaro_winkler(&lower, &other.to_lowercase());
    let scored = words.iter().map(|other| (score(other), *other)).filter(|(score, _)| *score >= LIKELY);
    scored.max_by(|a, b| a.0.total_cmp(&b.0)).map(|(_, word)| word)
}

/// A hint for an unknown key: the nearest beside it, the same key elsewhere, or the list of those beside it.
fn nearest_key(path: &str, known: &[&str], defaults: &Node) -> String {
    let key = path.rsplit_once('.').map_or(path, |(_, key)| key);
    if let Some(near) = nearest(key, known) {
        return format!("did you mean `{near}`?");
    }
    if let Some(elsewhere) = find_key(defaults, key) {
        return format!("did you mean `{elsewhere}`?");
    }
    format!("keys here: {}", known.join(", "))
}

/// The path of the first key of that name in the tree of all defaults.
fn find_key(block: &Node, key: &str) -> Option<String> {
    block.entries().iter().find_map(|entry| match entry.key == key {
        true => Some(key.to_owned()),
        false => find_key(&entry.node, key).map(|rest| format!("{}.{rest}", entry.key)),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_word_is_found_only_when_it_is_near() {
        assert_eq!(nearest("n_bin", &["s_min", "s_max", "n_bins"]), Some("n_bins"));
        assert_eq!(nearest("nr", &["mode", "r_in", "r_out", "Nr"]), Some("Nr"));
        assert_eq!(nearest("subl_location", &["sublimation_location", "mode"]), Some("sublimation_location"));
        assert_eq!(nearest("temperature", &["s_min", "n_bins"]), None);
        assert_eq!(nearest(&"x".repeat(100_000), &["x"]), None);
    }

    #[test]
    fn no_key_has_two_ranges() {
        let mut keys: Vec<_> = all_rules().map(|rule| rule.key).collect();
        let all = keys.len();
        keys.sort_unstable();
        keys.dedup();
        assert_eq!(keys.len(), all);
    }
}
