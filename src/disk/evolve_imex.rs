//! Evolves the bins of a cell as the Python program does, to compare with its results: one tiny step a clock step,
//! losses booked as rates at the old state times the whole step. It does not conserve mass.

use super::cell::{CellModel, CellState};
use super::encounters::{Encounters, tables_of};
use super::model::{Model, SublimationScheme};
use super::report::{CellFacts, InnerSteps, Ledger, SmolReport, StepFacts};
use super::step::{Conditions, Evolved, competition};
use super::workers::{Workspace, sizes_of};
use crate::physics::sinks;
use crate::physics::size_distribution::SizeGrid;
use crate::smoluchowski::imex_bdf1::{ImexReport, Terms};
use crate::smoluchowski::processes::{Channel, Processes};

pub(super) fn evolve(
    model: &Model,
    cell: &CellModel,
    state: &mut CellState,
    drivers: &StepFacts,
    conditions: &Conditions,
    work: &mut Workspace,
) -> Evolved {
    let Some(met) = conditions.encounters else { return relax(model, state, drivers, conditions) };
    let (evaporation, drag) = uniform_sinks(model, conditions);
    let Collided { vapour, sigma_before, result, evolved } =
        collide(model, cell, state, drivers, (conditions, met, evaporation + drag), work);
    let ledger = Ledger {
        blowout: result.blowout_rate * drivers.dt,
        sublimation: (vapour + evaporation * sigma_before) * drivers.dt,
        gas_drag: drag * sigma_before * drivers.dt,
        supplied: conditions.supply.applied * drivers.dt,
        ..Ledger::default()
    };
    Evolved { ledger, ..evolved }
}

/// The Python program tempers what it books as blow-out, with the optical depth `tau` after the step; the grains are gone
/// all the same. With blow-out switched off it books none, although grains that cross its size leave.
pub(super) fn temper_blowout(
    model: &Model,
    cell: &CellFacts,
    drivers: &StepFacts,
    conditions: &mut Conditions,
    tau: f64,
    ledger: &mut Ledger,
) {
    (conditions.t_solid, conditions.gate_factor) = competition(model, cell, drivers, conditions.size_rate, tau);
    if conditions.blowout {
        ledger.blowout *= conditions.gate_factor;
    }
    if !model.blowout.enabled {
        ledger.blowout = 0.0;
    }
}

/// Rates of the whole-bin sinks [s⁻¹]: gas drag, and evaporation where it acts on the surface as a whole.
fn uniform_sinks(model: &Model, conditions: &Conditions) -> (f64, f64) {
    let surface = model.sublimation.as_ref().is_some_and(|s| s.scheme == SublimationScheme::Surface);
    let evaporation =
        if surface && conditions.t_sink_sublimation.is_finite() { 1.0 / conditions.t_sink_sublimation } else { 0.0 };
    let drag = 1.0 / model.gas_drag_time;
    // The Python program takes the faster of the two, not their sum.
    if evaporation >= drag { (evaporation, 0.0) } else { (0.0, drag) }
}

/// What the collisional step did; its losses are not booked yet.
pub(super) struct Collided {
    /// Mass rate of evaporation from bins at the old state [kg m⁻² s⁻¹].
    pub(super) vapour: f64,
    /// Surface density before [kg m⁻²].
    pub(super) sigma_before: f64,
    pub(super) result: ImexReport,
    pub(super) evolved: Evolved,
}

/// The collisional step; `uniform` is the rate of the sinks that take from all bins alike [s⁻¹].
pub(super) fn collide(
    model: &Model,
    cell: &CellModel,
    state: &mut CellState,
    drivers: &StepFacts,
    (conditions, met, uniform): (&Conditions, Encounters, f64),
    work: &mut Workspace,
) -> Collided {
    set_rates(model, sizes_of(model, &work.moved), Some(cell), drivers, conditions, &mut work.processes);
    let losses = &work.processes.losses;
    let tables = tables_of(model, cell, met, &work.moved, &mut work.moving);
    let masses = tables.masses();
    let sigma_before = state.surface_density();
    let vapour = work.processes.loss_rate(Channel::Sublimation, &state.bins);
    for k in 0..masses.len() {
        work.counts[k] = state.bins[k] / masses[k];
        work.sinks[k] = losses[Channel::Sublimation][k] + uniform;
        work.source[k] = work.processes.source[k] / masses[k];
    }
    let terms = Terms { blowout: &losses[Channel::Blowout], sinks: &work.sinks, source: &work.source };
    let result = work.imex.step(tables, &mut work.counts, &terms, drivers.dt);
    for ((mass, count), body) in state.bins.iter_mut().zip(&work.counts).zip(masses) {
        *mass = count * body;
    }
    let inner = InnerSteps { accepted: 1, ..InnerSteps::default() };
    let smol = Some(smol_report(&result, sigma_before, state.surface_density()));
    let evolved = Evolved { duration: drivers.dt, smol, inner, ..Evolved::default() };
    Collided { vapour, sigma_before, result, evolved }
}

/// Rates of the bins; blow-out of grains only where a cell is given.
pub(super) fn set_rates(
    model: &Model,
    grid: &SizeGrid,
    cell: Option<&CellModel>,
    drivers: &StepFacts,
    conditions: &Conditions,
    processes: &mut Processes,
) {
    processes.clear();
    let rate = conditions.supply.applied;
    model.supply.injection.fill(grid, drivers.s_min_effective, rate, &mut processes.source);
    let edges = &grid.edges;
    if let Some(cell) = cell.filter(|_| conditions.blowout) {
        let rates = &mut processes.losses[Channel::Blowout];
        sinks::blowout_rates(model.blowout.bin_rule, edges, drivers.s_blow, cell.facts.t_blow, rates);
    }
    let Some(sublimation) = model.sublimation.as_ref().filter(|_| conditions.size_rate < 0.0) else { return };
    let (sizes, rate) = (&grid.sizes, conditions.size_rate);
    match sublimation.scheme {
        SublimationScheme::Lifetime => {
            sinks::sublimation_lifetime(sizes, rate, &mut processes.losses[Channel::Sublimation]);
        }
        SublimationScheme::Crossing => {
            let losses = &mut processes.losses;
            sinks::sublimation_crossing(sizes, rate, drivers.s_blow, drivers.dt, &mut losses[Channel::Sublimation]);
            for k in 0..sizes.len() {
                losses[Channel::Blowout][k] += std::mem::take(&mut losses[Channel::Sublimation][k]);
            }
        }
        SublimationScheme::Surface | SublimationScheme::Drift => {}
    }
}

/// Without collisions: Σ' = (Σ + dt P)/(1 + dt/t_sink), the shape of the distribution unchanged.
fn relax(model: &Model, state: &mut CellState, drivers: &StepFacts, conditions: &Conditions) -> Evolved {
    let (evaporation, drag) = uniform_sinks(model, conditions);
    let dt = drivers.dt;
    let before = state.surface_density();
    let after = (before + dt * conditions.supply.applied) / (1.0 + dt * (evaporation + drag));
    let growth = if before > 0.0 { after / before } else { 0.0 };
    for mass in &mut state.bins {
        *mass *= growth;
    }
    let ledger = Ledger {
        blowout: 0.0,
        sublimation: evaporation * after * dt,
        gas_drag: drag * after * dt,
        escape: 0.0,
        supplied: conditions.supply.applied * dt,
        ..Ledger::default()
    };
    Evolved { duration: dt, ledger, ..Evolved::default() }
}

fn smol_report(result: &ImexReport, sigma_before: f64, sigma_after: f64) -> SmolReport {
    SmolReport {
        dt_eff: result.dt_eff,
        sigma_before,
        sigma_after,
        prod_rate: result.source_rate,
        loss_rate: result.blowout_rate + result.sink_rate,
        gain_rate: result.gain_rate,
        collision_loss_rate: result.loss_rate,
        sink_rate: result.blowout_rate + result.sink_rate,
        source_rate: result.source_rate,
        t_coll: result.t_coll,
    }
}
