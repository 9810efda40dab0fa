//! Phase, evaporation and gas drag.

use super::super::evolve_surface::SurfaceSolver;
use super::super::model::{MovingSizes, PhaseRule, PhaseTemperature, Sublimation, SublimationScheme};
use super::{Reader, SetupError};
use crate::config::optical_depth::CollisionSolver;
use crate::config::phase::{PhaseSource, TemperatureInput};
use crate::config::sinks::{FluxMode, PsatModel, SinkMode, SublimationLocation, SublimationScheme as SchemeKey};
use crate::config::{Config, PhysicsMode, Profile};
use crate::physics::constants::BAR;
use crate::physics::escape::HydrodynamicEscape;
use crate::physics::phase::{PhaseLaw, PhaseThresholds};
use crate::physics::phase_map::{PhaseMap, PhaseTable};
use crate::physics::saturation::{Branches, ClausiusClapeyron, Continuation, SaturationPressure};
use crate::physics::sinks;
use crate::physics::vapour::{Evaporation, SublimationLaw};
use crate::smoluchowski::energy::Retention;
use crate::tables;

const PSAT_TABLE: &str = "sinks.sub_params.psat_table_path";

impl Reader<'_> {
    pub(super) fn phase_rule(&mut self, config: &Config) -> Result<PhaseRule, SetupError> {
        let phase = &config.phase;
        Ok(PhaseRule {
            law: self.phase_law(config)?,
            temperature: match phase.temperature_input {
                TemperatureInput::MarsSurface => PhaseTemperature::MarsSurface,
                TemperatureInput::Particle => PhaseTemperature::Particle(phase.q_abs_mean),
            },
            pressure: config.geometry.is_column().then_some(config.sinks.sub_params.p_gas / BAR),
            q_abs_mean: phase.q_abs_mean,
            liquid_evaporates: phase.allow_liquid_hkl,
        })
    }

    fn phase_law(&mut self, config: &Config) -> Result<PhaseLaw, SetupError> {
        let phase = &config.phase;
        Ok(match (phase.source, &phase.table_path) {
            _ if !phase.enabled => PhaseLaw::Solid,
            (PhaseSource::Threshold, _) => PhaseLaw::Thresholds(PhaseThresholds {
                t_condense: phase.thresholds.t_condense_k,
                t_vaporize: phase.thresholds.t_vaporize_k,
                p_ref_bar: phase.thresholds.p_ref_bar,
                tau_ref: phase.thresholds.tau_ref,
            }),
            // Another entry point without a table was refused when the configuration was loaded.
            (PhaseSource::Map, None) => PhaseLaw::Map(PhaseMap::Silica),
            (PhaseSource::Map, Some(path)) => {
                const KEY: &str = "phase.table_path";
                let (temperatures, taus, fractions) = self.read(KEY, path, tables::phase::read)?;
                let table = PhaseTable::new(temperatures, taus, fractions).map_err(SetupError::physics(KEY))?;
                PhaseLaw::Map(PhaseMap::Table(table))
            }
        })
    }

    pub(super) fn sublimation(&mut self, config: &Config) -> Result<Option<Sublimation>, SetupError> {
        if !sublimates(config) {
            return Ok(None);
        }
        let pressure_tolerance = config.sinks.sub_params.psat_cache_tol_k;
        let moves_sizes = moving_sizes(config);
        Ok(Some(Sublimation { law: self.law(config)?, scheme: scheme(config), moves_sizes, pressure_tolerance }))
    }

    fn law(&mut self, config: &Config) -> Result<SublimationLaw, SetupError> {
        let params = &config.sinks.sub_params;
        let exponential = SublimationLaw::Exponential { width_k: params.d_t };
        if !matches!(params.mode, FluxMode::Hkl | FluxMode::HklTimescale) {
            return Ok(exponential);
        }
        let pressure = match self.saturation_pressure(config) {
            Err(error @ SetupError::Missing { .. }) if config.profile == Profile::Python => {
                tracing::warn!(
                    "{error}; as in the Python program grains evaporate exponentially, as with `mode: exponential`"
                );
                return Ok(exponential);
            }
            found => found?,
        };
        Ok(SublimationLaw::HertzKnudsenLangmuir(Evaporation {
            pressure,
            alpha: params.alpha_evap,
            molar_mass: params.mu,
            ambient_pressure: params.p_gas,
        }))
    }

    fn saturation_pressure(&mut self, config: &Config) -> Result<SaturationPressure, SetupError> {
        let params = &config.sinks.sub_params;
        let table = match params.psat_model {
            PsatModel::Clausius => None,
            PsatModel::Auto | PsatModel::Tabulated => self.saturation_table(config)?,
        };
        let pressure = match (params.psat_model, table) {
            (PsatModel::Tabulated, None) => {
                return Err(SetupError::Missing { key: PSAT_TABLE, remedy: "psat_model: tabulated needs it" });
            }
            (PsatModel::Tabulated, Some((temperatures, logs))) => SaturationPressure::tabulated(temperatures, logs),
            (_, None) => return Ok(SaturationPressure::Clausius(branches(config)?)),
            (_, Some((temperatures, logs))) => {
                let rule = Continuation {
                    window: params.local_fit_window_k,
                    min_points: params.min_points_local_fit as usize,
                    otherwise: branches(config)?,
                };
                SaturationPressure::continued(temperatures, logs, rule)
            }
        };
        pressure.map_err(SetupError::physics(PSAT_TABLE))
    }

    /// The table of saturation pressures. To the Python program one that is not there is the same as none.
    fn saturation_table(&mut self, config: &Config) -> Result<Option<tables::Curve>, SetupError> {
        let Some(path) = &config.sinks.sub_params.psat_table_path else { return Ok(None) };
        if config.profile == Profile::Python && !tables::choose(&self.loaded.resolve_path(path)).exists() {
            tracing::warn!("`{PSAT_TABLE}`: there is no {path}; as in the Python program the run goes on without it");
            return Ok(None);
        }
        self.read(PSAT_TABLE, path, tables::saturation::read).map(Some)
    }
}

/// How the phase is found, and which part of the configuration says so.
pub(super) fn phase_method(config: &Config) -> (&'static str, &'static str) {
    match (config.phase.enabled, config.phase.source) {
        (false, _) => ("disabled", "phase.disabled"),
        (true, PhaseSource::Threshold) => ("threshold", "phase.thresholds"),
        (true, PhaseSource::Map) => ("map", "phase.map"),
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

/// Hydrodynamic escape as configured. The Python program knows it in a column only.
pub(super) fn escape(config: &Config) -> Option<HydrodynamicEscape> {
    let keys = &config.sinks.hydro_escape;
    let python = config.profile == Profile::Python;
    let acts = keys.enable && keys.strength > 0.0 && config.sinks.mode != SinkMode::None;
    (acts && if python { config.geometry.is_column() } else { config.physics_mode.sinks() }).then_some(
        HydrodynamicEscape {
            strength: keys.strength,
            power: keys.temp_power,
            t_ref: keys.t_ref_k,
            least_vapour: keys.f_vap_floor,
        },
    )
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

/// Sublimation on the surface of a column of the Python program moves the sizes of its bins.
fn moving_sizes(config: &Config) -> Option<MovingSizes> {
    let on_surface = config.sinks.sublimation_location != SublimationLocation::Smol;
    let python_column = config.profile == Profile::Python && config.geometry.is_column();
    (python_column && on_surface).then_some(MovingSizes { booked_as_blowout: config.sinks.sub_params.mass_conserving })
}

pub(super) fn sublimation_is_booked(config: &Config) -> bool {
    scheme(config) != SublimationScheme::Surface || config.geometry.is_column()
}

/// Whether the outflux in the files of a column of the Python program is cut to what leaves within a step, be that cut into
/// parts or not.
pub(super) fn corrects_fast_blowout(config: &Config) -> bool {
    config.profile == Profile::Python && config.geometry.is_column() && config.io.correct_fast_blowout
}

/// Fits for solid and liquid.
fn branches(config: &Config) -> Result<Branches, SetupError> {
    let params = &config.sinks.sub_params;
    let missing =
        |key| SetupError::Missing { key, remedy: "the Hertz–Knudsen–Langmuir flux needs log10 P = A − B/T" };
    let a = params.a.ok_or(missing("sinks.sub_params.A"))?;
    let b = params.b.ok_or(missing("sinks.sub_params.B"))?;
    let liquid = match (params.psat_liquid_switch_k, params.a_liq, params.b_liq) {
        (Some(switch), Some(a), Some(b)) if params.enable_liquid_branch => Some((switch, ClausiusClapeyron { a, b })),
        _ => None,
    };
    Ok(Branches { solid: ClausiusClapeyron { a, b }, liquid })
}
