//! Phase, evaporation and gas drag.

use super::super::evolve_surface::SurfaceSolver;
use super::super::model::{PhaseRule, PhaseTemperature, Sublimation, SublimationScheme};
use super::SetupError;
use crate::config::optical_depth::CollisionSolver;
use crate::config::phase::TemperatureInput;
use crate::config::sinks::{FluxMode, SinkMode, SublimationLocation, SublimationScheme as SchemeKey};
use crate::config::{Config, PhysicsMode, Profile};
use crate::physics::constants::BAR;
use crate::physics::escape::HydrodynamicEscape;
use crate::physics::phase::PhaseThresholds;
use crate::physics::sinks;
use crate::physics::vapour::{ClausiusClapeyron, Evaporation, SaturationPressure, SublimationLaw};
use crate::smoluchowski::energy::Retention;

pub(super) fn phase_rule(config: &Config) -> PhaseRule {
    let phase = &config.phase;
    let thresholds = PhaseThresholds {
        t_condense: phase.thresholds.t_condense_k,
        t_vaporize: phase.thresholds.t_vaporize_k,
        p_ref_bar: phase.thresholds.p_ref_bar,
        tau_ref: phase.thresholds.tau_ref,
    };
    PhaseRule {
        thresholds: phase.enabled.then_some(thresholds),
        temperature: match phase.temperature_input {
            TemperatureInput::MarsSurface => PhaseTemperature::MarsSurface,
            TemperatureInput::Particle => PhaseTemperature::Particle(phase.q_abs_mean),
        },
        pressure: config.geometry.is_column().then_some(config.sinks.sub_params.p_gas / BAR),
        q_abs_mean: phase.q_abs_mean,
        liquid_evaporates: phase.allow_liquid_hkl,
    }
}

pub(super) fn phase_temperature_label(config: &Config) -> &'static str {
    match config.phase.temperature_input {
        TemperatureInput::MarsSurface => "mars_surface",
        TemperatureInput::Particle => "particle",
    }
}

pub(super) fn threshold_numbers(config: &Config) -> [f64; 4] {
    let thresholds = &config.phase.thresholds;
    [thresholds.t_condense_k, thresholds.t_vaporize_k, thresholds.p_ref_bar, thresholds.tau_ref]
}

fn sinks_enabled(config: &Config) -> bool {
    config.sinks.mode != SinkMode::None && config.physics_mode.sinks()
}

/// Life time of a grain against gas drag [s]; infinite without gas.
pub(super) fn gas_drag_time(config: &Config) -> f64 {
    let acts = sinks_enabled(config) && config.sinks.enable_gas_drag;
    let time = if acts { sinks::gas_drag_time(config.material.rho, config.sinks.rho_g) } else { None };
    time.unwrap_or(f64::INFINITY)
}

/// Hydrodynamic escape as configured. The Python program knows it in a column only, and only beside another sink that
/// has a time scale.
pub(super) fn escape(config: &Config) -> Option<HydrodynamicEscape> {
    let keys = &config.sinks.hydro_escape;
    let python = config.profile == Profile::Python;
    let reaches = config.geometry.is_column() && sink_has_time_scale(config);
    let acts = keys.enable && keys.strength > 0.0 && config.sinks.mode != SinkMode::None;
    (acts && if python { reaches } else { config.physics_mode.sinks() }).then_some(HydrodynamicEscape {
        strength: keys.strength,
        power: keys.temp_power,
        t_ref: keys.t_ref_k,
        least_vapour: keys.f_vap_floor,
    })
}

/// One equation for the surface density, where a column asks for it.
pub(super) fn surface_solver(config: &Config) -> Option<SurfaceSolver> {
    let io = &config.io;
    let column = config.geometry.is_column();
    (column && config.surface.collision_solver == CollisionSolver::SurfaceOde).then_some(SurfaceSolver {
        collides: config.surface.use_tcoll,
        longest_substep: if io.substep_fast_blowout { io.substep_max_ratio } else { f64::INFINITY },
    })
}

/// Whether evaporation from the surface or gas drag has a time scale.
pub(super) fn sink_has_time_scale(config: &Config) -> bool {
    let on_surface = sublimates(config) && config.sinks.sublimation_location != SublimationLocation::Smol;
    config.physics_mode.sinks() && (on_surface || gas_drag_time(config).is_finite())
}

/// What becomes of the energy of collisions, where it is asked for.
pub(super) fn energy(config: &Config) -> Option<Retention> {
    let (dynamics, keys) = (&config.dynamics, &config.diagnostics.energy_bookkeeping);
    let restitution = dynamics.eps_restitution;
    keys.enabled.then_some(Retention {
        cratering: dynamics.f_ke_cratering,
        fragmentation: dynamics.f_ke_fragmentation.unwrap_or(restitution * restitution),
        restitution,
    })
}

/// Whether grains evaporate. A column of the Python program asks the master switch and the physics mode alone.
fn sublimates(config: &Config) -> bool {
    if config.profile == Profile::Python && config.geometry.is_column() {
        return config.physics_mode.sinks()
            && (config.physics_mode == PhysicsMode::SublimationOnly || config.sinks.mode != SinkMode::None);
    }
    sinks_enabled(config) && config.sinks.enable_sublimation
}

pub(super) fn sublimation(config: &Config) -> Result<Option<Sublimation>, SetupError> {
    if !sublimates(config) {
        return Ok(None);
    }
    Ok(Some(Sublimation { law: law(config)?, scheme: scheme(config) }))
}

/// In the Python program a location `surface` overrides the scheme; otherwise the location is a label.
fn scheme(config: &Config) -> SublimationScheme {
    let on_surface = config.sinks.sublimation_location == SublimationLocation::Surface;
    if config.profile == Profile::Python && on_surface {
        return SublimationScheme::Surface;
    }
    match config.sinks.sublimation_scheme {
        SchemeKey::Drift => SublimationScheme::Drift,
        SchemeKey::Crossing => SublimationScheme::Crossing,
        SchemeKey::Lifetime => SublimationScheme::Lifetime,
    }
}

pub(super) fn sublimation_is_booked(config: &Config) -> bool {
    scheme(config) != SublimationScheme::Surface
}

fn law(config: &Config) -> Result<SublimationLaw, SetupError> {
    let params = &config.sinks.sub_params;
    if !matches!(params.mode, FluxMode::Hkl | FluxMode::HklTimescale) {
        return Ok(SublimationLaw::Exponential { width_k: params.d_t });
    }
    let missing =
        |key| SetupError::Missing { key, remedy: "the Hertz–Knudsen–Langmuir flux needs log10 P = A − B/T" };
    let a = params.a.ok_or(missing("sinks.sub_params.A"))?;
    let b = params.b.ok_or(missing("sinks.sub_params.B"))?;
    let liquid = match (params.psat_liquid_switch_k, params.a_liq, params.b_liq) {
        (Some(switch), Some(a), Some(b)) if params.enable_liquid_branch => Some((switch, ClausiusClapeyron { a, b })),
        _ => None,
    };
    Ok(SublimationLaw::HertzKnudsenLangmuir(Evaporation {
        pressure: SaturationPressure { solid: ClausiusClapeyron { a, b }, liquid },
        alpha: params.alpha_evap,
        molar_mass: params.mu,
        ambient_pressure: params.p_gas,
    }))
}
