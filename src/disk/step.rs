//! One coupling step of one cell: the order of operations.
//!
//! A pure function of the cell's state, the read-only model and the drivers, so that any rank and any thread may run any
//! cell. The ways to evolve the bins are in [`super::evolve`], [`super::evolve_imex`], [`super::evolve_column`] and
//! [`super::evolve_surface`].

use super::cell::{CellModel, CellState};
use super::encounters::{Encounters, encounters, tables_of};
use super::evolve_surface::rescale;
use super::grid::Layout;
use super::model::{Gate, Model, PhaseTemperature, Scheme};
use super::report::{
    CellFacts, CellReport, CellStop, EndRates, InnerSteps, Ledger, Shrinkage, SmallestGrains, SmolReport, StepFacts,
    SupplyReport,
};
use super::workers::{Workspace, sizes_of};
use super::{evolve, evolve_column, evolve_imex, evolve_surface, floor, shrink, supply};
use crate::physics::phase::{BulkState, Phase, PhaseState};
use crate::physics::size_distribution::SizeGrid;
use crate::physics::{PhysicsError, collision, radiation, shielding, sinks, vapour};
use crate::smoluchowski::IntegrationError;
use crate::smoluchowski::cell_integrator::check_finite;
use crate::smoluchowski::energy::{EnergyRates, energy_rates};

/// Why a cell cannot take a step.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum StepError {
    /// Its bins cannot be integrated.
    #[error(transparent)]
    Integration {
        /// What is wrong.
        #[from]
        source: IntegrationError,
    },
    /// Its grains are stirred so much that they leave Mars.
    #[error(
        "grains are stirred to e = {eccentricity} at an optical depth τ = {tau}, with dynamics.f_wake = {f_wake}; bound \
         orbits have e < 1, in equilibrium f_wake τ < 0.75. Lower dynamics.f_wake, optical_depth.tau0_target or the \
         eccentricity of the supply"
    )]
    Unbound {
        /// Eccentricity.
        eccentricity: f64,
        /// Line-of-sight optical depth.
        tau: f64,
        /// Stirring factor; NaN where there is none.
        f_wake: f64,
    },
    /// Its grains have a temperature for which there is no saturation pressure.
    #[error(
        "grains of {temperature} K are outside the table of saturation pressures, {first} … {last} K: extend \
         sinks.sub_params.psat_table_path, or set psat_model: auto, which continues it"
    )]
    OutsideTable {
        /// Temperature of the grains [K].
        temperature: f64,
        /// First temperature of the table [K].
        first: f64,
        /// Last temperature of the table [K].
        last: f64,
    },
}

/// How opaque a cell is.
#[derive(Debug, Clone, Copy)]
struct Opacity {
    opacity: f64,
    effective: f64,
    tau: f64,
    /// Line-of-sight optical depth with self-shielding, which the stop looks at.
    shielded_tau: f64,
}

/// What decides which processes act on a cell in this step.
#[derive(Debug, Clone, Copy)]
pub(super) struct Conditions {
    pub(super) phase: Phase,
    grain_temperature: f64,
    phase_temperature: f64,
    pub(super) collisions: bool,
    pub(super) blowout: bool,
    blowout_phase_allowed: bool,
    tau_gate_blocked: bool,
    /// ds/dt that acts, and before a liquid cell blocks it [m s⁻¹].
    pub(super) size_rate: f64,
    size_rate_raw: f64,
    sublimation_blocked: bool,
    pub(super) t_sink_sublimation: f64,
    /// Rate of hydrodynamic escape [s⁻¹].
    pub(super) escape_rate: f64,
    pub(super) supply: SupplyReport,
    /// Life time of solids that competes with blow-out [s]; NaN where nothing does.
    pub(super) t_solid: f64,
    /// Share of the blow-out that the competition leaves.
    pub(super) gate_factor: f64,
    /// How grains meet; `None` where they do not collide.
    pub(super) encounters: Option<Encounters>,
}

/// What evolving the bins did.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Evolved {
    /// Over how much of the step [s].
    pub(super) duration: f64,
    pub(super) ledger: Ledger,
    pub(super) smol: Option<SmolReport>,
    pub(super) inner: InnerSteps,
    /// Sub-steps of the equation for the surface density; 0 where there is none.
    pub(super) substeps: u32,
    /// How the sizes of the bins moved.
    pub(super) shrinkage: Option<Shrinkage>,
    /// Rates that stand for the step in the files of a column of the Python program.
    pub(super) end_rates: Option<EndRates>,
}

impl Conditions {
    /// Whether blow-out acts on a cell of this optical depth.
    fn look_through(&mut self, model: &Model, drivers: &StepFacts, tau: f64) {
        self.tau_gate_blocked = tau >= model.blowout.tau_max;
        let allowed = self.collisions && self.blowout_phase_allowed && !self.tau_gate_blocked;
        self.blowout = allowed && model.blowout.enabled && drivers.blowout_gate;
    }

    /// The same with every process at rest, for a cell that has stopped.
    fn at_rest(self) -> Self {
        Conditions {
            blowout: false,
            size_rate: 0.0,
            size_rate_raw: 0.0,
            escape_rate: 0.0,
            sublimation_blocked: false,
            encounters: None,
            t_solid: f64::NAN,
            gate_factor: 1.0,
            ..self
        }
    }
}

/// Evolves one cell over one coupling step and reports.
///
/// # Errors
/// If the grains' speed is not defined or the bins cannot be integrated; the state is then that of the failure.
pub fn step(
    model: &Model,
    cell: &CellModel,
    state: &mut CellState,
    drivers: &StepFacts,
    work: &mut Workspace,
) -> Result<CellReport, StepError> {
    work.take_sizes(model, state);
    let drivers = &floor::drivers_of(model, &state.floor, drivers);
    let before = opacity(model, sizes_of(model, &work.moved), &state.bins);
    let mut conditions = conditions(model, cell, state, drivers, before.tau)?;
    if state.stop.is_some() {
        conditions.supply = supply::at_rest(model, cell, state, drivers);
        let (sizes, at_rest) = (sizes_of(model, &work.moved), conditions.at_rest());
        return Ok(report((model, cell, sizes), state, (drivers, &at_rest), (before, before), Evolved::default()));
    }
    state.floor.raise(model, drivers, conditions.size_rate);
    let drivers = &floor::drivers_after(model, &state.floor, drivers);
    let shrinkage = shrink::shrink(model, state, drivers, &conditions, work);
    if model.scheme == Scheme::ImexBdf1 && model.surface_frozen {
        hold(model, &cell.facts, state);
    }
    let shrunk = match shrinkage {
        Some(_) => opacity(model, sizes_of(model, &work.moved), &state.bins),
        None => before,
    };
    conditions.look_through(model, drivers, shrunk.tau);
    let python_column = model.scheme == Scheme::ImexBdf1 && model.grid.layout == Layout::Column;
    let parts = if python_column { evolve_column::parts(model, cell, drivers) } else { 1 };
    conditions.supply = if python_column && evolve_column::idles(model, &conditions) {
        supply::at_rest(model, cell, state, drivers)
    } else {
        let (first, allowed) = (evolve_column::part_of(drivers, 0, parts), conditions.supply.allowed);
        supply::deliver(model, cell, &mut state.supply, &first, shrunk.tau, allowed)
    };
    // Above its limit from the start, because it has just become solid.
    let stops_at_once = model.scheme != Scheme::ImexBdf1 && stops(model, &conditions.phase, &shrunk);
    if conditions.collisions && !stops_at_once {
        let met = encounters(&model.stirring, &cell.facts, state, drivers, conditions.supply.applied, shrunk.tau);
        conditions.encounters = match model.surface_solver {
            // Its equation does not ask how grains meet.
            Some(_) => met.ok(),
            None => Some(met?),
        };
        // Else it is known only after the step.
        if let Some(met) = conditions.encounters.filter(|_| !evolves_in_stretches(model)) {
            state.excitation = met.next;
        }
    }
    // The Python program looks at the pairs before they act.
    let before_step = (model.scheme == Scheme::ImexBdf1).then(|| energy(model, cell, &state.bins, &conditions, work));
    let mut evolved = match model.scheme {
        Scheme::Rodas4(_) if stops_at_once => Evolved::default(),
        Scheme::Rodas4(tolerances) => match &model.surface_solver {
            Some(solver) => {
                evolve_surface::evolve((model, cell), solver, state, drivers, &conditions, tolerances, work)?
            }
            None => {
                let (seen, phase) = (|bins: &[f64]| opacity(model, &model.sizes, bins), conditions.phase);
                let watch = (|bins: &[f64]| stops(model, &phase, &seen(bins)), |bins: &[f64]| seen(bins).tau);
                evolve::evolve((model, cell), state, drivers, &mut conditions, tolerances, watch, work)?
            }
        },
        Scheme::ImexBdf1 if python_column => evolve_column::evolve(model, cell, state, drivers, &mut conditions, work),
        Scheme::ImexBdf1 => evolve_imex::evolve(model, cell, state, drivers, &conditions, work),
    };
    // Whatever the scheme; not all of them look.
    check_finite(&state.bins, drivers.dt)?;
    let held = if model.surface_frozen { hold(model, &cell.facts, state) } else { 0.0 };
    let after = opacity(model, sizes_of(model, &work.moved), &state.bins);
    if model.scheme == Scheme::ImexBdf1 {
        evolved.shrinkage = shrinkage;
        evolve_imex::temper_blowout(model, &cell.facts, drivers, &mut conditions, after.tau, &mut evolved);
    }
    let Evolved { duration, ledger, .. } = &mut evolved;
    // Parts of a step were settled one by one.
    if parts == 1 {
        supply::settle(model, cell, &mut state.supply, &mut conditions.supply, (after.tau, *duration), ledger);
    }
    // Not from the reservoir of the supply.
    ledger.supplied += held;
    state.cumulative.add(&evolved.ledger);
    // A step that its limit has cut short stops the cell, whatever rounding makes of the optical depth.
    if evolved.duration < drivers.dt || stops(model, &conditions.phase, &after) {
        let reached = drivers.time - (drivers.dt - evolved.duration);
        state.stop = Some((CellStop::TauExceeded, reached, after.shielded_tau));
    }
    state.floor.evolve(model, drivers, conditions.size_rate);
    let sizes = sizes_of(model, &work.moved);
    let mut report = report((model, cell, sizes), state, (drivers, &conditions), (before, after), evolved);
    report.evolved = true;
    report.energy = before_step.unwrap_or_else(|| energy(model, cell, &state.bins, &conditions, work));
    Ok(report)
}

/// Gives a cell its initial surface density again; the sizes keep their proportions. Returns what is to be booked for it
/// [kg m⁻²]: the Python program books nothing.
fn hold(model: &Model, cell: &CellFacts, state: &mut CellState) -> f64 {
    let before = state.surface_density();
    rescale(model, &mut state.bins, before, cell.initial_surface_density);
    if model.scheme == Scheme::ImexBdf1 { 0.0 } else { state.surface_density() - before }
}

fn opacity(model: &Model, sizes: &SizeGrid, bins: &[f64]) -> Opacity {
    let opacity = model.opacity(sizes, bins);
    let (sigma, los) = (bins.iter().sum(), model.run.line_of_sight_factor);
    let tau = shielding::optical_depth(opacity, sigma, los);
    let effective = model.shielding.effective_opacity(opacity, tau);
    Opacity { opacity, effective, tau, shielded_tau: shielding::optical_depth(effective, sigma, los) }
}

fn conditions(
    model: &Model,
    cell: &CellModel,
    state: &mut CellState,
    drivers: &StepFacts,
    tau: f64,
) -> Result<Conditions, StepError> {
    let r = cell.facts.r;
    let grain_temperature = radiation::grain_temperature(drivers.temperature, r, model.phase.q_abs_mean);
    let (phase_temperature, phase) = phase_under(model, r, drivers.temperature, tau);
    let liquid = phase.bulk == BulkState::LiquidDominated;
    let solid = phase.state == PhaseState::Solid;

    let collisions = model.collisions && !liquid;
    let blowout_phase_allowed = solid || !model.blowout.solids_only;

    let vapour = if phase.state == PhaseState::Vapor { phase.f_vap } else { 0.0 };
    let (size_rate_raw, t_sink_sublimation) = evaporation(model, state, drivers.temperature, r)?;
    let blocked = liquid && !model.phase.liquid_evaporates && size_rate_raw < 0.0;
    let supply_allowed = solid && !liquid && (drivers.index > 0 || model.supply.in_first_step);
    let size_rate = if blocked { 0.0 } else { size_rate_raw };
    let (t_solid, gate_factor) = competition(model, &cell.facts, drivers, size_rate, tau);
    let mut conditions = Conditions {
        phase,
        grain_temperature,
        phase_temperature,
        collisions,
        blowout: false,
        blowout_phase_allowed,
        tau_gate_blocked: false,
        size_rate,
        size_rate_raw,
        sublimation_blocked: blocked,
        t_sink_sublimation,
        escape_rate: model.escape.map_or(0.0, |law| law.rate(drivers.temperature, vapour)),
        t_solid,
        gate_factor,
        encounters: None,
        supply: SupplyReport { allowed: supply_allowed, ..SupplyReport::default() },
    };
    conditions.look_through(model, drivers, tau);
    Ok(conditions)
}

/// Temperature that the phase rule receives at radius `r` [m] under a Mars of `temperature` [K], and what it says at the optical
/// depth `tau`.
pub(super) fn phase_under(model: &Model, r: f64, temperature: f64, tau: f64) -> (f64, Phase) {
    let phase_temperature = match model.phase.temperature {
        PhaseTemperature::MarsSurface => temperature,
        PhaseTemperature::Particle(q_abs) => radiation::grain_temperature(temperature, r, q_abs),
    };
    (phase_temperature, model.phase.law.evaluate(phase_temperature, model.phase.pressure, tau))
}

/// ds/dt of black grains [m s⁻¹] and the life time of a 1 µm grain [s] (NaN without evaporation).
fn evaporation(model: &Model, state: &mut CellState, mars_temperature: f64, r: f64) -> Result<(f64, f64), StepError> {
    let Some(sublimation) = &model.sublimation else { return Ok((0.0, f64::NAN)) };
    let temperature = radiation::grain_temperature(mars_temperature, r, 1.0);
    let near = (temperature - state.saturated_at).abs() <= sublimation.pressure_tolerance;
    let saturated_at = if near { state.saturated_at } else { temperature };
    let flux = match sublimation.law.flux(temperature, saturated_at) {
        Ok(flux) => flux,
        // Nothing evaporates from a cell that has stopped.
        Err(_) if state.stop.is_some() => 0.0,
        Err(PhysicsError::TemperatureOutsideTable { temperature, first, last, .. }) => {
            return Err(StepError::OutsideTable { temperature, first, last });
        }
        // The pressure has no other way to fail.
        Err(_) => f64::NAN,
    };
    state.saturated_at = saturated_at;
    let lifetime = sinks::sublimation_sink_time(model.sizes.density, flux);
    Ok((vapour::size_rate(flux, model.sizes.density), lifetime.unwrap_or(f64::NAN)))
}

/// Life time of solids that competes with blow-out [s] (NaN where nothing does), and the share that it leaves to blow-out.
pub(super) fn competition(
    model: &Model,
    cell: &CellFacts,
    drivers: &StepFacts,
    size_rate: f64,
    tau: f64,
) -> (f64, f64) {
    let t_solid = match model.blowout.gate {
        Gate::Open => None,
        Gate::Sublimation => (size_rate < 0.0).then(|| drivers.s_min_effective / -size_rate),
        Gate::Collisions => collision::optical_depth_collision_time(cell.omega, tau, model.run.line_of_sight_factor),
    };
    (t_solid.unwrap_or(f64::NAN), sinks::gate_factor(t_solid, cell.t_blow))
}

/// Whether grains meet differently within a step, see [`evolve`].
fn evolves_in_stretches(model: &Model) -> bool {
    model.stirring.follows_depth() && model.scheme != Scheme::ImexBdf1 && model.surface_solver.is_none()
}

/// Whether a cell this opaque stops: only a solid one does.
fn stops(model: &Model, phase: &Phase, now: &Opacity) -> bool {
    phase.state == PhaseState::Solid && now.shielded_tau > model.tau_stop
}

fn report(
    (model, cell, sizes): (&Model, &CellModel, &SizeGrid),
    state: &CellState,
    (drivers, conditions): (&StepFacts, &Conditions),
    (before, after): (Opacity, Opacity),
    evolved: Evolved,
) -> CellReport {
    let (stop, stop_time, stop_tau) =
        state.stop.map_or((None, f64::NAN, f64::NAN), |(reason, time, tau)| (Some(reason), time, tau));
    CellReport {
        cell: cell.facts.index,
        evolved: false,
        active: stop.is_none(),
        stop,
        stop_time,
        stop_tau,
        surface_density: state.surface_density(),
        opacity: after.opacity,
        opacity_effective: after.effective,
        tau: after.tau,
        tau_before: before.tau,
        sigma_tau1: model.shielding.unit_depth(after.effective, model.tau1_factor),
        sigma_deep: state.supply.deep,
        peak_size: peak_size(sizes, &state.bins),
        smallest: SmallestGrains::of(drivers),
        s_min_evolved: if model.floor.evolution.is_some() { state.floor.evolved } else { f64::NAN },
        shrinkage: evolved.shrinkage,
        ledger: evolved.ledger,
        cumulative: state.cumulative,
        end_rates: evolved.end_rates,
        supply: conditions.supply,
        smol: evolved.smol,
        kernel: conditions.encounters.map(|met| met.report),
        inner: evolved.inner,
        substeps: evolved.substeps,
        energy: EnergyRates::default(),
        phase: conditions.phase,
        grain_temperature: conditions.grain_temperature,
        phase_temperature: conditions.phase_temperature,
        size_rate: conditions.size_rate,
        size_rate_raw: conditions.size_rate_raw,
        sublimation_blocked: conditions.sublimation_blocked,
        t_sink_sublimation: conditions.t_sink_sublimation,
        t_sink_gas_drag: if model.gas_drag_time.is_finite() { model.gas_drag_time } else { f64::NAN },
        t_escape: if conditions.escape_rate > 0.0 { 1.0 / conditions.escape_rate } else { f64::NAN },
        tau_gate_blocked: conditions.tau_gate_blocked,
        blowout_phase_allowed: conditions.blowout_phase_allowed,
        blowout_active: conditions.blowout,
        gate_factor: conditions.gate_factor,
        t_solid: conditions.t_solid,
    }
}

/// Energy of the collisions between the bins now, where it is asked for.
fn energy(model: &Model, cell: &CellModel, bins: &[f64], conditions: &Conditions, work: &mut Workspace) -> EnergyRates {
    let (Some(rule), Some(met)) = (&model.run.energy, conditions.encounters) else { return EnergyRates::default() };
    energy_rates(tables_of(model, cell, met, &work.moved, &mut work.moving), bins, met.speed, rule)
}

/// Size of the bin with the largest s³ dN/ds, which is mass over bin width; NaN for an empty cell.
fn peak_size(sizes: &SizeGrid, bins: &[f64]) -> f64 {
    let densest = bins
        .iter()
        .zip(&sizes.widths)
        .map(|(mass, width)| mass / width)
        .enumerate()
        .filter(|(_, density)| *density > 0.0)
        .max_by(|a, b| a.1.total_cmp(&b.1));
    densest.map_or(f64::NAN, |(bin, _)| sizes.sizes[bin])
}
