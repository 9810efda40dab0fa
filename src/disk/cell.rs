//! One radial cell: what never changes about it, and what evolves.

use super::report::{CellFacts, CellStop, Ledger};
use super::supply::{CellSupply, SupplyState};
use crate::smoluchowski::cell_integrator::FIRST_STEP;
use crate::smoluchowski::pairs::PairTables;

/// What never changes about a cell.
#[derive(Debug, Clone)]
pub struct CellModel {
    /// Radius, area, time scales.
    pub facts: CellFacts,
    /// Outcomes of its collisions.
    pub tables: PairTables,
    /// Its fresh material.
    pub supply: CellSupply,
}

/// What evolves. The whole future of a cell follows from this, the model and the drivers.
#[derive(Debug, Clone, PartialEq)]
pub struct CellState {
    /// Surface density per bin [kg m⁻²].
    pub bins: Vec<f64>,
    /// First inner step of the next coupling step [s].
    pub first_step: f64,
    /// Set once the cell no longer evolves: why, when [s] and at which optical depth.
    pub stop: Option<(CellStop, f64, f64)>,
    /// What crossed the border since the start.
    pub cumulative: Ledger,
    /// Fresh material: feedback, reservoir, deep buffer.
    pub supply: SupplyState,
}

impl CellState {
    /// A cell with the given surface density per bin [kg m⁻²], whose supply is unlimited.
    pub fn new(bins: Vec<f64>) -> Self {
        CellState { bins, first_step: FIRST_STEP, stop: None, cumulative: Ledger::default(), supply: SupplyState::default() }
    }

    /// Surface density [kg m⁻²].
    pub fn surface_density(&self) -> f64 {
        self.bins.iter().sum()
    }
}
