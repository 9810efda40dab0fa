//! Everything about a run that stays constant, resolved into plain numbers and enums; shared read-only by all cells.
//!
//! [`super::setup`] makes it from the configuration; [`super::step`] uses it.

use super::cell::CellModel;
use super::collisions::Breakup;
use super::encounters::Stirring;
use super::evolve_surface::SurfaceSolver;
use super::floor::{Floor, FloorRule};
use super::grid::{Layout, RadialGrid};
use super::report::{RunFacts, StepFacts};
use super::supply::SupplyModel;
use crate::physics::PhysicsError;
use crate::physics::cooling::Cooling;
use crate::physics::escape::HydrodynamicEscape;
use crate::physics::phase::PhaseLaw;
use crate::physics::radiation::{self, Efficiency};
use crate::physics::shielding::Shielding;
use crate::physics::sinks::BlowoutBinRule;
use crate::physics::size_distribution::SizeGrid;
use crate::physics::vapour::SublimationLaw;
use crate::smoluchowski::cell_integrator::Tolerances;

/// How a cell is integrated and its losses are booked.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Scheme {
    /// RODAS4 over the whole step, losses from its ledger.
    Rodas4(Tolerances),
    /// One step of the Python program; losses are rates at the old state times the whole step.
    ImexBdf1,
}

/// At which moment of a step the drivers are taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DriverTime {
    /// In its middle.
    Middle,
    /// At its start.
    Start,
}

/// How the blow-out size is found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BlowoutSolver {
    /// The largest root of β(s) = ½.
    Converged,
    /// Seven evaluations, starting from this size [m], as in the Python program.
    Iterated,
}

/// Blow-out.
#[derive(Debug, Clone, Copy)]
pub struct Blowout {
    /// Whether it acts at all.
    pub enabled: bool,
    /// How its size is found.
    pub solver: BlowoutSolver,
    /// Which bins it empties.
    pub bin_rule: BlowoutBinRule,
    /// Whether only solid material is blown out.
    pub solids_only: bool,
    /// Optical depth from which the radiation no longer reaches the grains; infinite without that gate.
    pub tau_max: f64,
    /// What competes with it.
    pub gate: Gate,
}

/// A process that takes grains before radiation expels them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Gate {
    /// None.
    Open,
    /// Sublimation of the smallest grains that stay.
    Sublimation,
    /// Collisions.
    Collisions,
}

/// Which temperature the phase rule receives.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum PhaseTemperature {
    /// That of Mars.
    MarsSurface,
    /// That of grains with this mean absorption efficiency.
    Particle(f64),
}

/// Phase of the material.
#[derive(Debug, Clone)]
pub struct PhaseRule {
    /// How it follows from temperature and optical depth.
    pub law: PhaseLaw,
    /// Temperature that decides.
    pub temperature: PhaseTemperature,
    /// Pressure that the rule sees [bar], in a column.
    pub pressure: Option<f64>,
    /// Absorption efficiency for the reported grain temperature.
    pub q_abs_mean: f64,
    /// Whether liquid grains evaporate too.
    pub liquid_evaporates: bool,
}

/// How evaporation acts on the bins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SublimationScheme {
    /// Grains shrink into the next smaller bin.
    Drift,
    /// Bins that would cross the blow-out size within the step vanish, booked as blow-out.
    Crossing,
    /// Whole grains vanish at the rate |ds/dt|/s.
    Lifetime,
    /// Every bin has the life time of a 1 µm grain.
    Surface,
}

/// Evaporation.
#[derive(Debug, Clone)]
pub struct Sublimation {
    /// Mass flux of the grains' surface.
    pub law: SublimationLaw,
    /// Action on the bins.
    pub scheme: SublimationScheme,
    /// Whether it moves the sizes of the bins of a column, as in the Python program.
    pub moves_sizes: Option<MovingSizes>,
    /// The saturation pressure of an earlier temperature serves as long as that is at most this far away [K].
    pub pressure_tolerance: f64,
}

/// How the Python program lets the grains of a column shrink.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MovingSizes {
    /// Whether it books what that takes as blow-out (`mass_conserving`).
    pub booked_as_blowout: bool,
}

/// A run's constants.
#[derive(Debug, Clone)]
pub struct Model {
    /// Labels and numbers that the files repeat.
    pub run: RunFacts,
    /// Radial cells.
    pub grid: RadialGrid,
    /// Size bins.
    pub sizes: SizeGrid,
    /// Mass fractions of the initial size distribution; length n.
    pub initial_fractions: Vec<f64>,
    /// Opacity of the initial size distribution [m² kg⁻¹].
    pub initial_opacity: f64,
    /// How grains break.
    pub breakup: Breakup,
    /// What is particular to each cell.
    pub cells: Vec<CellModel>,
    /// Temperature of Mars.
    pub cooling: Cooling,
    /// When drivers are taken.
    pub driver_time: DriverTime,
    /// Radiation-pressure efficiency.
    pub efficiency: Efficiency,
    /// Blow-out.
    pub blowout: Blowout,
    /// Smallest size that stays.
    pub floor: Floor,
    /// Whether the surface density is held at its initial value.
    pub surface_frozen: bool,
    /// Self-shielding.
    pub shielding: Shielding,
    /// Factor in Σ_τ1 = 1/(κ_eff × this).
    pub tau1_factor: f64,
    /// Whether the opacity keeps its initial value.
    pub opacity_frozen: bool,
    /// Phase of the material.
    pub phase: PhaseRule,
    /// Evaporation, unless switched off.
    pub sublimation: Option<Sublimation>,
    /// Life time against gas drag [s]; infinite without gas.
    pub gas_drag_time: f64,
    /// Hydrodynamic escape of vaporised cells, unless switched off.
    pub escape: Option<HydrodynamicEscape>,
    /// Whether grains collide.
    pub collisions: bool,
    /// One equation for the surface density instead of collisions between bins, in a column.
    pub surface_solver: Option<SurfaceSolver>,
    /// Whether a sink of the whole surface has a time scale; a column of the Python program rests without one.
    pub sink_has_time_scale: bool,
    /// What stirs them.
    pub stirring: Stirring,
    /// Fresh material.
    pub supply: SupplyModel,
    /// A cell with a larger line-of-sight optical depth stops.
    pub tau_stop: f64,
    /// Integrator.
    pub scheme: Scheme,
}

impl Model {
    /// Whether the sizes that stand for the bins of a cell move, as in a column of the Python program.
    pub fn moves_sizes(&self) -> bool {
        self.sublimation.as_ref().is_some_and(|sublimation| sublimation.moves_sizes.is_some())
    }

    /// Opacity of grains of these sizes [m² kg⁻¹].
    pub fn opacity(&self, sizes: &SizeGrid, bins: &[f64]) -> f64 {
        if self.opacity_frozen { self.initial_opacity } else { sizes.opacity(bins) }
    }

    /// Drivers of the step number `index` from `start` over `dt` [s].
    ///
    /// # Errors
    /// A temperature outside the range of the model.
    pub fn drivers(&self, index: u64, start: f64, dt: f64) -> Result<StepFacts, PhysicsError> {
        let moment = match self.driver_time {
            DriverTime::Middle => start + 0.5 * dt,
            DriverTime::Start => start,
        };
        let temperature = self.cooling.temperature(moment)?;
        let (s_blow, q_pr_blow) = match (self.blowout.solver, self.grid.layout) {
            (BlowoutSolver::Iterated, Layout::Column) => self.blowout_size_in_column(index, moment, dt)?,
            _ => self.blowout_size(temperature),
        };
        Ok(self.drivers_at(index, (start, dt), temperature, (s_blow, q_pr_blow)))
    }

    /// The drivers of the part of a step that begins at `start` [s] and lasts `dt` [s]. Whether Mars is in the range of the
    /// laws was looked at for the whole step.
    pub(super) fn drivers_of_part(&self, whole: &StepFacts, start: f64, dt: f64) -> StepFacts {
        let temperature = self.cooling.raw_temperature(start + 0.5 * dt);
        self.drivers_at(whole.index, (start, dt), temperature, self.blowout_size(temperature))
    }

    fn drivers_at(
        &self,
        index: u64,
        (start, dt): (f64, f64),
        temperature: f64,
        (s_blow, q_pr_blow): (f64, f64),
    ) -> StepFacts {
        let facts = StepFacts {
            index,
            time: start + dt,
            dt,
            temperature,
            s_blow,
            s_min_effective: f64::NAN,
            q_pr_blow,
            q_pr_at_smin: f64::NAN,
            beta_at_smin: f64::NAN,
            blowout_gate: false,
        };
        let run = &self.run;
        self.with_smallest(facts, smallest_size(self.floor.rule, s_blow, run.s_min_config, run.s_min_surface_energy))
    }

    /// The same drivers where the smallest grains that stay have another size [m].
    pub(super) fn with_smallest(&self, drivers: StepFacts, s_min_effective: f64) -> StepFacts {
        let StepFacts { temperature, s_blow, .. } = drivers;
        let q_pr_at_smin = self.efficiency.at(s_min_effective, temperature);
        let beta_at_smin = radiation::beta(s_min_effective, temperature, self.sizes.density, q_pr_at_smin);
        let blowout_gate = match self.blowout.solver {
            BlowoutSolver::Converged => s_blow > self.sizes.edges[0],
            BlowoutSolver::Iterated => beta_at_smin >= crate::physics::constants::BETA_BLOWOUT,
        };
        StepFacts { s_min_effective, q_pr_at_smin, beta_at_smin, blowout_gate, ..drivers }
    }

    /// The same drivers with a blow-out size whose iteration begins at a size [m], where it is iterated in a column.
    pub(super) fn iterated_from(&self, start: f64, drivers: &StepFacts) -> StepFacts {
        if (self.blowout.solver, self.grid.layout) != (BlowoutSolver::Iterated, Layout::Column) {
            return *drivers;
        }
        let (s_blow, q_pr_blow) =
            radiation::blowout_size_iterated(start, drivers.temperature, self.sizes.density, &self.efficiency);
        let run = &self.run;
        let size = smallest_size(self.floor.rule, s_blow, run.s_min_config, run.s_min_surface_energy);
        self.with_smallest(StepFacts { s_blow, q_pr_blow, ..*drivers }, size)
    }

    /// A column of the Python program begins its iteration at the smallest size of the step before, and so converges; the
    /// set-up, before the first step, begins at the smallest configured size. Nine steps are enough to tell.
    fn blowout_size_in_column(&self, index: u64, moment: f64, dt: f64) -> Result<(f64, f64), PhysicsError> {
        let (density, s_min) = (self.sizes.density, self.run.s_min_config);
        let back = (index + 1).min(8);
        let (mut start, mut found) = (s_min, (s_min, f64::NAN));
        for before in (0..=back).rev() {
            let temperature = self.cooling.temperature((moment - before as f64 * dt).max(0.0))?;
            found = radiation::blowout_size_iterated(start, temperature, density, &self.efficiency);
            start = smallest_size(self.floor.rule, found.0, s_min, self.run.s_min_surface_energy);
        }
        Ok(found)
    }

    /// The first moment after `t` [s] at which the supply or its slope jumps; the same in all cells.
    pub fn supply_edge_after(&self, t: f64) -> Option<f64> {
        self.cells.first()?.supply.law.next_edge_after(t)
    }

    /// How unevenly the supply is spread over a time span [s], in the cell where it is most uneven, see
    /// [`SupplyLaw::unevenness`](crate::physics::supply::SupplyLaw::unevenness).
    pub fn supply_unevenness(&self, from: f64, to: f64) -> f64 {
        self.cells.iter().map(|cell| cell.supply.law.unevenness(from, to)).fold(0.0, f64::max)
    }

    /// Blow-out size [m] and the efficiency there, at a temperature of Mars [K]. A size of zero: nothing is expelled.
    pub fn blowout_size(&self, temperature: f64) -> (f64, f64) {
        resolve_blowout_size(
            self.blowout.solver,
            self.run.s_min_config,
            temperature,
            self.sizes.density,
            &self.efficiency,
        )
    }
}

/// Smallest size that stays [m], from the blow-out size, the smallest configured size and the smallest fragment that surface
/// energy allows (NaN without such a limit).
pub(super) fn smallest_size(rule: FloorRule, s_blow: f64, s_min: f64, s_min_surface_energy: f64) -> f64 {
    let floor = match rule {
        FloorRule::Fixed | FloorRule::Evolving => s_blow.max(s_min),
        FloorRule::Configured => s_min,
    };
    // NaN loses every comparison.
    floor.max(s_min_surface_energy)
}

/// See [`Model::blowout_size`]; before there is a model.
pub(super) fn resolve_blowout_size(
    solver: BlowoutSolver,
    s_min: f64,
    temperature: f64,
    density: f64,
    efficiency: &Efficiency,
) -> (f64, f64) {
    match solver {
        BlowoutSolver::Converged => {
            let size = radiation::blowout_size(temperature, density, efficiency).unwrap_or(0.0);
            (size, efficiency.at(size.max(f64::MIN_POSITIVE), temperature))
        }
        BlowoutSolver::Iterated => radiation::blowout_size_iterated(s_min, temperature, density, efficiency),
    }
}
