//! The glowing planet: its temperature in time, radiation-pressure efficiency, blow-out.

use super::super::model::{Blowout, BlowoutSolver};
use super::{Reader, SetupError};
use crate::config::radiation::{self, Extrapolation, MarsTemperature, RadiationSource, TimeUnit};
use crate::config::shielding::{BinRule, BlowoutLayer, TargetPhase};
use crate::config::{Config, Profile};
use crate::physics::constants::{BETA_BLOWOUT, DAY, YEAR};
use crate::physics::cooling::Cooling;
use crate::physics::qpr::QprTable;
use crate::physics::radiation::Efficiency;
use crate::physics::sinks::BlowoutBinRule;
use crate::tables;

const TEMPERATURE: &str = "radiation.mars_temperature_driver";
const EFFICIENCY: &str = "radiation.qpr_table_path";

impl Reader<'_> {
    /// Efficiency from the table, which wins over a constant one.
    pub(super) fn efficiency(&mut self, config: &Config) -> Result<Efficiency, SetupError> {
        match (&config.radiation.qpr_table_path, config.radiation.q_pr) {
            (Some(path), _) => {
                let rows = self.read(EFFICIENCY, path, tables::qpr::read)?;
                let table = QprTable::from_long(&rows).map_err(SetupError::physics(EFFICIENCY))?;
                Ok(Efficiency::Table(table))
            }
            (None, Some(constant)) => Ok(Efficiency::Constant(constant)),
            (None, None) => Err(SetupError::Missing {
                key: EFFICIENCY,
                remedy: "name a table of Q_pr(T_M, s), such as data/qpr_forsterite.csv, or set radiation.Q_pr",
            }),
        }
    }

    /// Temperature of Mars and the label of its driver; `t_orb` [s] is the period at the middle radius.
    pub(super) fn cooling(&mut self, config: &Config, t_orb: f64) -> Result<(Cooling, String), SetupError> {
        let enabled = config.radiation.mars_temperature_driver.enabled;
        let source = config.radiation.mars_temperature().map_err(|key| SetupError::Missing {
            key,
            remedy: "the temperature of Mars needs radiation.TM_K or an enabled mars_temperature_driver",
        })?;
        let (cooling, mode) = match source {
            MarsTemperature::Constant(value) => (Cooling::constant(value), "constant"),
            MarsTemperature::Table { table, extrapolation } => {
                let unit = match table.time_unit {
                    TimeUnit::S => 1.0,
                    TimeUnit::Day => DAY,
                    TimeUnit::Yr => YEAR,
                    TimeUnit::Orbit => t_orb,
                };
                let columns = (table.column_time.as_str(), table.column_temperature.as_str());
                let (times, temperatures) =
                    self.read(TEMPERATURE, &table.path, |path| tables::temperature::read(path, columns.0, columns.1))?;
                let seconds = times.iter().map(|time| time * unit).collect();
                (Cooling::table(seconds, temperatures, extrapolation == Extrapolation::Hold), "table")
            }
            MarsTemperature::Hyodo { start, layer } => (Cooling::hyodo(start, layer.d_layer_m), "hyodo"),
            MarsTemperature::Slab { start, layer } => {
                (Cooling::slab_of(start, layer.d_layer_m, layer.rho, layer.cp), "slab")
            }
        };
        let label = if enabled { format!("mars_temperature_driver.{mode}") } else { "radiation.TM_K".to_string() };
        Ok((cooling.map_err(SetupError::physics(TEMPERATURE))?, label))
    }
}

/// Blow-out as configured. The rings of the Python program know no switch but `blowout.enabled`.
pub(super) fn blowout(config: &Config) -> Blowout {
    let radiation = &config.radiation;
    let source_acts = radiation.source == RadiationSource::Mars && radiation.use_mars_rp;
    let rings_of_python = config.profile == Profile::Python && !config.geometry.is_column();
    let acts = rings_of_python || (source_acts && config.sinks.rp_blowout.enable);
    Blowout {
        enabled: config.blowout.enabled && acts,
        solver: match radiation.blowout_solver {
            radiation::BlowoutSolver::Converged => BlowoutSolver::Converged,
            radiation::BlowoutSolver::Iterated => BlowoutSolver::Iterated,
        },
        bin_rule: match config.blowout.bin_rule {
            BinRule::Fraction => BlowoutBinRule::Fraction,
            BinRule::LowerEdge => BlowoutBinRule::LowerEdge,
        },
        solids_only: config.blowout.target_phase == TargetPhase::SolidOnly,
        tau_max: if radiation.tau_gate.enable { radiation.tau_gate.tau_max } else { f64::INFINITY },
    }
}

pub(super) fn case_status(config: &Config, beta_at_smin_config: f64) -> &'static str {
    if !blowout(config).enabled {
        "no_blowout"
    } else if beta_at_smin_config >= BETA_BLOWOUT {
        "blowout"
    } else {
        "ok"
    }
}

pub(super) fn layer_label(config: &Config) -> &'static str {
    match config.blowout.layer {
        BlowoutLayer::SurfaceTauLe1 => "surface_tau_le_1",
        BlowoutLayer::FullSurface => "full_surface",
    }
}

pub(super) fn target_label(config: &Config) -> &'static str {
    match config.blowout.target_phase {
        TargetPhase::SolidOnly => "solid_only",
        TargetPhase::Any => "any",
    }
}
