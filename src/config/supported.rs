//! Values that are part of the schema and that this version does not implement yet.
//!
//! This is the only place that knows them: to add one of these features, delete its line.

use super::{
    Config,
    dynamics::{EccentricityMode, InclinationMode},
    error::Problem,
    io::Compression,
    optical_depth::CollisionSolver,
    phase::{BUILT_IN_MAP, PhaseSource},
    shielding::ShieldingMode,
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
    let codec = matches!(c.io.streaming.compression, Compression::Brotli | Compression::Gzip);
    let table = [
        (c.sizes.evolve_min_size, "sizes.evolve_min_size", "false"),
        (c.sizes.apply_evolved_min_size, "sizes.apply_evolved_min_size", "false"),
        (c.surface_energy.enabled, "surface_energy.enabled", "false"),
        (c.surface.freeze_sigma, "surface.freeze_sigma", "false"),
        (c.surface.collision_solver != CollisionSolver::Smol, "surface.collision_solver", "`smol`"),
        (c.dynamics.e_mode != EccentricityMode::Fixed, "dynamics.e_mode", "`fixed`"),
        (c.dynamics.i_mode != InclinationMode::Fixed, "dynamics.i_mode", "`fixed`"),
        (c.sinks.hydro_escape.enable, "sinks.hydro_escape.enable", "false"),
        (foreign_map, "phase.entrypoint", MAPS),
        (c.shielding.mode == ShieldingMode::FixedTau1 && !c.geometry.is_column(), "shielding.mode", "`off`, `psitau`"),
        (c.diagnostics.energy_bookkeeping.enabled, "diagnostics.energy_bookkeeping.enabled", "false"),
        (c.io.step_diagnostics.enable, "io.step_diagnostics.enable", "false"),
        (codec, "io.streaming.compression", "`snappy`, `zstd`, `none`"),
        (c.io.streaming.offload.enabled, "io.streaming.offload.enabled", "false"),
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
