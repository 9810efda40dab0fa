//! Values that are part of the schema and that this version does not implement yet.
//!
//! This is the only place that knows them: to add one of these features, delete its line.

use super::{
    Config,
    error::Problem,
    optical_depth::CollisionSolver,
    phase::{BUILT_IN_MAP, PhaseSource},
    source::Node,
    validate::problem_at,
};

/// What takes the place of a function of the user's.
const MAPS: &str = "the map that is built in, or the values of another one as a table in `phase.table_path` (columns T_K, \
                    f_vap and, where they depend on it, tau)";

/// Every refused value of a configuration, with what is taken instead.
pub(super) fn refusals(c: &Config, tree: &Node) -> Vec<Problem> {
    let map = c.phase.enabled && c.phase.source == PhaseSource::Map && c.phase.table_path.is_none();
    let foreign_map = map && c.phase.entrypoint != BUILT_IN_MAP;
    let surface_ode = c.surface.collision_solver == CollisionSolver::SurfaceOde;
    let table = [
        (surface_ode && !c.geometry.is_column(), "surface.collision_solver", "`smol`"),
        (foreign_map, "phase.entrypoint", MAPS),
    ];
    table
        .into_iter()
        .filter(|(refused, ..)| *refused)
        .map(|(_, key, taken)| {
            let found = tree.get(key).map(ToString::to_string).unwrap_or_default();
            let headline = format!("`{key}` = {found} is not available in this version");
            problem_at(tree, &[key], headline, format!("this version takes: {taken}"))
        })
        .collect()
}
