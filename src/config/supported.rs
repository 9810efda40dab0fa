//! Values that are part of the schema and that this version does not implement yet.
//!
//! This is the only place that knows them: to add one of these features, delete its line.

use super::{
    Config, Profile,
    dynamics::KernelEiMode,
    error::Problem,
    io::Compression,
    optical_depth::CollisionSolver,
    phase::PhaseSource,
    shielding::{GateMode, ShieldingMode},
    sinks::{PsatModel, SinkMode, SublimationLocation},
    sizes::{FloorMode, InitialMode},
    source::Node,
    supply::VelocityMode,
    validate::problem_at,
};

/// Every refused value of a configuration, with what is taken instead.
pub(super) fn refusals(c: &Config, tree: &Node) -> Vec<Problem> {
    let injection = &c.supply.injection;
    let (arrives, vapour) = (c.supply.delivers(), &c.sinks.sub_params);
    let tabulated = vapour.psat_model == PsatModel::Tabulated || vapour.psat_table_path.is_some();
    let damped = c.dynamics.enable_e_damping && c.profile == Profile::Conservative;
    let codec = matches!(c.io.streaming.compression, Compression::Brotli | Compression::Gzip);
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
        (c.dynamics.kernel_ei_mode != KernelEiMode::Config, "dynamics.kernel_ei_mode", "`config`"),
        (damped, "dynamics.enable_e_damping", "false"),
        (tabulated && vapour.psat_table_path.is_some(), "sinks.sub_params.psat_table_path", "null"),
        (tabulated && vapour.psat_table_path.is_none(), "sinks.sub_params.psat_model", "`auto`, `clausius`"),
        (c.phase.enabled && c.phase.source != PhaseSource::Threshold, "phase.source", "`threshold`"),
        (c.shielding.mode == ShieldingMode::FixedTau1 && !c.geometry.is_column(), "shielding.mode", "`off`, `psitau`"),
        (c.blowout.gate_mode != GateMode::None, "blowout.gate_mode", "`none`"),
        (arrives && injection.velocity.mode != VelocityMode::Inherit, "supply.injection.velocity.mode", "`inherit`"),
        (codec, "io.streaming.compression", "`snappy`, `zstd`, `none`"),
        (c.io.streaming.offload.enabled, "io.streaming.offload.enabled", "false"),
        (c.io.archive.enabled, "io.archive.enabled", "false"),
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
