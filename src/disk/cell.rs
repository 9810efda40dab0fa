//! One radial cell: what never changes about it, and what evolves.

use super::collisions::{Breakup, pair_tables};
use super::report::{CellFacts, CellStop, Ledger};
use super::supply::{CellSupply, SupplyState};
use crate::physics::size_distribution::SizeGrid;
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
    /// Outcomes of its collisions. They are worked out when the cell first collides, so that a process keeps those of
    /// its own cells only: they are by far the largest thing about a cell, and cost as much as tens of steps.
    pub fn tables(&self, sizes: &SizeGrid, breakup: &Breakup) -> &PairTables {
        self.tables.get_or_init(|| pair_tables(sizes, breakup, self.speed, self.scale_height))
    }
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
        CellState {
            bins,
            first_step: FIRST_STEP,
            stop: None,
            cumulative: Ledger::default(),
            supply: SupplyState::default(),
        }
    }

    /// Surface density [kg m⁻²].
    pub fn surface_density(&self) -> f64 {
        self.bins.iter().sum()
    }
}
