//! Values that are part of the schema and that this version does not implement yet.
//!
//! This is the only place that knows them: to add one of these features, delete its line.

use super::{
    Config, Profile,
    error::Problem,
    optical_depth::CollisionSolver,
    phase::{BUILT_IN_MAP, PhaseSource},
    shielding::ShieldingMode,
    sinks::{SinkMode, SublimationLocation},
    sizes::{FloorMode, InitialMode},
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
    let column = c.geometry.is_column();
    let mono = column && c.initial.s0_mode == InitialMode::Mono;
    let surface_ode = c.surface.collision_solver == CollisionSolver::SurfaceOde;
    // The Python program moves the centres of the bins.
    let drifts = column
        && c.profile == Profile::Python
        && c.physics_mode.sinks()
        && c.sinks.mode != SinkMode::None
        && c.sinks.sublimation_location != SublimationLocation::Smol;
    let table = [
        (c.sizes.evolve_min_size, "sizes.evolve_min_size", "false"),
        (c.sizes.apply_evolved_min_size, "sizes.apply_evolved_min_size", "false"),
        (c.surface.freeze_sigma, "surface.freeze_sigma", "false"),
        (surface_ode && !column, "surface.collision_solver", "`smol`"),
        (mono, "initial.s0_mode", "`upper`, `melt_lognormal_mixture`, `melt_truncated_powerlaw`"),
        (column && c.psd.floor.mode != FloorMode::Fixed, "psd.floor.mode", "`fixed`"),
        (drifts, "sinks.sublimation_location", "`smol`"),
        (foreign_map, "phase.entrypoint", MAPS),
        (c.shielding.mode == ShieldingMode::FixedTau1 && !column, "shielding.mode", "`off`, `psitau`"),
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
