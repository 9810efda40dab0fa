//! Values that are part of the schema and that this version does not implement yet, as data.
//!
//! This is the only place that knows them: to add one of these features, delete its line.

use super::{
    conditions::Condition::{self, All, Given, Is, Not},
    error::Problem,
    phase::BUILT_IN_MAP,
    source::Node,
    validate::problem_at,
};

/// A value that is refused.
pub(super) struct Refusal {
    /// When.
    pub when: Condition,
    /// Key of the value.
    pub key: &'static str,
    /// What is taken instead.
    pub taken: &'static str,
}

/// Every one of them.
pub(super) const REFUSALS: &[Refusal] = &[
    Refusal {
        when: All(&[
            Is("geometry.mode", &["1D"]),
            Is("surface.collision_solver", &["surface_ode"]),
            Not(&Is("physics_mode", &["sublimation_only"])),
        ]),
        key: "surface.collision_solver",
        taken: "`smol`, or `geometry.mode: 0D`",
    },
    Refusal {
        when: All(&[
            Is("phase.enabled", &["true"]),
            Is("phase.source", &["map"]),
            Not(&Given("phase.table_path")),
            Not(&Is("phase.entrypoint", &[BUILT_IN_MAP])),
        ]),
        key: "phase.entrypoint",
        // A function of the user's cannot be called.
        taken: "the map that is built in, or the values of another one as a table in `phase.table_path` (columns T_K, f_vap \
                and, where they depend on it, tau)",
    },
];

/// The refused values of a configuration, with what is taken instead.
pub(super) fn refusals(tree: &Node) -> Vec<Problem> {
    let refused = REFUSALS.iter().filter(|refusal| refusal.when.holds(tree));
    refused
        .map(|refusal| {
            let key = refusal.key;
            let found = tree.get(key).map(ToString::to_string).unwrap_or_default();
            let headline = format!("`{key}` = {found} is not available in this version");
            problem_at(tree, &[key], headline, format!("this version takes: {}", refusal.taken))
        })
        .collect()
}
