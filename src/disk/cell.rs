//! One radial cell: what never changes about it, and what evolves.

use super::collisions::{Breakup, pair_tables};
use super::floor::FloorState;
use super::report::{CellFacts, CellStop, Ledger};
use super::supply::{CellSupply, SupplyState};
use crate::checkpoint::snapshot::{Exchange, SnapshotError};
use crate::physics::size_distribution::SizeGrid;
use crate::physics::stirring::Excitation;
use crate::smoluchowski::cell_integrator::FIRST_STEP;
use crate::smoluchowski::pairs::PairTables;
use std::sync::OnceLock;

/// What never changes about a cell.
#[derive(Debug, Clone)]
pub struct CellModel {
    /// Radius, area, time scales.
    pub facts: CellFacts,
    /// Relative speed of its grains [m s⁻¹].
    pub speed: f64,
    /// Their scale height [m].
    pub scale_height: f64,
    /// Outcomes of its collisions, see [`CellModel::tables`].
    pub(super) tables: OnceLock<PairTables>,
    /// Its fresh material.
    pub supply: CellSupply,
}

impl CellModel {
    /// Outcomes of its collisions while speed and scale height stay. They are worked out when the cell first collides, so
    /// that a process has only those of cells that it has had: they are by far the largest thing about a cell, and cost as much
    /// as tens of steps.
    pub fn tables(&self, sizes: &SizeGrid, breakup: &Breakup) -> &PairTables {
        self.tables.get_or_init(|| pair_tables(sizes, breakup, self.speed, self.scale_height))
    }
}

/// What evolves. The whole future of a cell follows from this, the model and the drivers.
#[derive(Debug, PartialEq)]
pub struct CellState {
    /// Surface density per bin [kg m⁻²].
    pub bins: Vec<f64>,
    /// Sizes that stand for the bins, where they move [m]; else empty, and those of the model hold.
    pub sizes: Vec<f64>,
    /// Smallest sizes that it remembers.
    pub floor: FloorState,
    /// First inner step of the next coupling step [s].
    pub first_step: f64,
    /// Eccentricity and inclination, where the model has the cell remember them.
    pub excitation: Excitation,
    /// Temperature at which the saturation pressure was taken last [K]; zero before.
    pub saturated_at: f64,
    /// Set once the cell no longer evolves: why, when [s] and at which optical depth.
    pub stop: Option<(CellStop, f64, f64)>,
    /// What crossed the border since the start.
    pub cumulative: Ledger,
    /// Fresh material: feedback, reservoir, deep buffer.
    pub supply: SupplyState,
}

impl Clone for CellState {
    fn clone(&self) -> Self {
        CellState { bins: self.bins.clone(), sizes: self.sizes.clone(), ..*self }
    }

    /// Keeps the buffers.
    fn clone_from(&mut self, source: &Self) {
        let (mut bins, mut sizes) = (std::mem::take(&mut self.bins), std::mem::take(&mut self.sizes));
        bins.clone_from(&source.bins);
        sizes.clone_from(&source.sizes);
        *self = CellState { bins, sizes, ..*source };
    }
}

impl CellState {
    /// A cell with the given surface density per bin [kg m⁻²], whose supply is unlimited.
    pub fn new(bins: Vec<f64>, excitation: Excitation) -> Self {
        CellState {
            bins,
            sizes: Vec::new(),
            floor: FloorState::default(),
            first_step: FIRST_STEP,
            excitation,
            saturated_at: 0.0,
            stop: None,
            cumulative: Ledger::default(),
            supply: SupplyState::default(),
        }
    }

    /// Saves or restores cells; when restoring, `cells` are those of the same disk at any time.
    ///
    /// # Errors
    /// When restoring: the snapshot is of another disk.
    pub fn exchange(cells: &mut [CellState], exchange: &mut Exchange) -> Result<(), SnapshotError> {
        const SURFACE: &str = "kg m-2";
        exchange.enter("cells");
        exchange.rows("surface_density", SURFACE, "surface density per cell and size bin", cells, |c| &mut c.bins)?;
        exchange.each("first_step", "s", "first inner step of the next coupling step", cells, |c| &mut c.first_step)?;
        exchange.each("blown_out", SURFACE, "mass per area blown out since the start", cells, |c| {
            // What is missing in the pattern is not saved.
            let CellState {
                bins: _,
                sizes: _,
                floor: _,
                first_step: _,
                excitation: _,
                saturated_at: _,
                stop: _,
                cumulative,
                supply: _,
            } = c;
            let Ledger { blowout, sublimation: _, gas_drag: _, escape: _, supplied: _, clipped: _, buffered: _ } =
                cumulative;
            blowout
        })?;
        exchange.each("sublimated", SURFACE, "the same, evaporated", cells, |c| &mut c.cumulative.sublimation)?;
        exchange.each("dragged", SURFACE, "the same, removed by gas drag", cells, |c| &mut c.cumulative.gas_drag)?;
        exchange.each("escaped", SURFACE, "the same, escaped as vapour", cells, |c| &mut c.cumulative.escape)?;
        exchange.each("supplied", SURFACE, "the same, brought in", cells, |c| &mut c.cumulative.supplied)?;
        exchange
            .each("buffered", SURFACE, "the same, put into the deep buffer", cells, |c| &mut c.cumulative.buffered)?;
        exchange.each("clipped", SURFACE, "the same, added by round-off", cells, |c| &mut c.cumulative.clipped)?;
        exchange.each("feedback", "1", "factor of the feedback on the supply", cells, |c| {
            let SupplyState { feedback_scale, reservoir: _, deep: _ } = &mut c.supply;
            feedback_scale
        })?;
        exchange
            .each("reservoir", SURFACE, "mass per area left in the reservoir", cells, |c| &mut c.supply.reservoir)?;
        exchange.each("deep", SURFACE, "mass per area in the deep buffer", cells, |c| &mut c.supply.deep)?;
        exchange.each("raised_floor", "m", "smallest size as shrinking grains have raised it", cells, |c| {
            let FloorState { raised, evolved: _ } = &mut c.floor;
            raised
        })?;
        exchange.each("evolved_floor", "m", "smallest size that drifts by itself", cells, |c| &mut c.floor.evolved)?;
        if cells.iter().any(|cell| !cell.sizes.is_empty()) {
            exchange.rows("sizes", "m", "sizes that stand for the bins, where they move", cells, |c| &mut c.sizes)?;
        }
        exchange.each("eccentricity", "1", "eccentricity of the grains", cells, |c| {
            let Excitation { e, i: _ } = &mut c.excitation;
            e
        })?;
        exchange.each("inclination", "rad", "inclination of the grains", cells, |c| &mut c.excitation.i)?;
        exchange
            .each("saturated_at", "K", "temperature of the last vapour pressure", cells, |c| &mut c.saturated_at)?;
        let mut stops: Vec<_> = cells.iter().map(|cell| cell.stop).collect();
        exchange.wire("stops", "why, when and at which optical depth cells have stopped", &mut stops)?;
        if stops.len() != cells.len() {
            let (expected, found) = (cells.len(), stops.len());
            return Err(SnapshotError::Size { name: "cells/stops".to_string(), expected, found });
        }
        cells.iter_mut().zip(stops).for_each(|(cell, stop)| cell.stop = stop);
        Ok(())
    }

    /// Surface density [kg m⁻²].
    pub fn surface_density(&self) -> f64 {
        self.bins.iter().sum()
    }
}
