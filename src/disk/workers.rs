//! One workspace for every worker thread, allocated once and lent for the duration of a cell's step.

use super::advance::HALVINGS;
use super::cell::CellState;
use super::collisions::MovingTables;
use super::model::Model;
use crate::physics::size_distribution::SizeGrid;
use crate::physics::stirring::Excitation;
use crate::smoluchowski::cell_integrator;
use crate::smoluchowski::imex_bdf1::Imex;
use crate::smoluchowski::processes::Processes;
use std::sync::{Mutex, PoisonError};

/// Every buffer that a step of one cell needs.
pub struct Workspace {
    /// Of the error-controlled integrator.
    pub integrator: cell_integrator::Workspace,
    /// Of the Python program's step.
    pub imex: Imex,
    /// First-order processes of the cell at hand.
    pub processes: Processes,
    /// Number densities [m⁻²] for the Python program's step.
    pub counts: Vec<f64>,
    /// Rates of the sinks other than blow-out [s⁻¹] for the Python program's step.
    pub sinks: Vec<f64>,
    /// Source [m⁻² s⁻¹] for the Python program's step.
    pub source: Vec<f64>,
    /// Pair tables of cells whose speed changes; made for the first of them.
    pub moving: Option<MovingTables>,
    /// Bins of the cell at hand where its sizes have moved; else those of the model hold.
    pub moved: Option<SizeGrid>,
    /// Cells before the steps that may have to be taken again.
    pub(super) before: [CellState; HALVINGS],
}

impl Workspace {
    /// Buffers for n bins.
    pub fn new(n: usize) -> Self {
        Workspace {
            integrator: cell_integrator::Workspace::new(n),
            imex: Imex::new(n),
            processes: Processes::none(n),
            counts: vec![0.0; n],
            sinks: vec![0.0; n],
            source: vec![0.0; n],
            moving: None,
            moved: None,
            before: std::array::from_fn(|_| CellState::new(vec![0.0; n], Excitation { e: 0.0, i: 0.0 })),
        }
    }

    /// Takes over the sizes of a cell. The first such cell takes memory for them.
    pub(super) fn take_sizes(&mut self, model: &Model, state: &CellState) {
        if !state.sizes.is_empty() {
            let grid = self.moved.get_or_insert_with(|| model.sizes.clone());
            state.sizes.iter().enumerate().for_each(|(k, size)| grid.set_size(k, *size));
        }
    }
}

/// The bins of the cell at hand.
pub(super) fn sizes_of<'a>(model: &'a Model, moved: &'a Option<SizeGrid>) -> &'a SizeGrid {
    moved.as_ref().unwrap_or(&model.sizes)
}

/// The workspaces of all workers of a thread pool.
pub struct Workers {
    spaces: Vec<Mutex<Workspace>>,
}

impl Workers {
    /// One workspace of n bins for each of `threads` workers.
    pub fn new(threads: usize, n: usize) -> Self {
        Workers { spaces: (0..threads.max(1)).map(|_| Mutex::new(Workspace::new(n))).collect() }
    }

    /// Runs a task with the workspace of the calling thread. It holds scratch only, so what an earlier panic left in it
    /// does no harm.
    pub fn with<T>(&self, task: impl FnOnce(&mut Workspace) -> T) -> T {
        let worker = rayon::current_thread_index().unwrap_or(0) % self.spaces.len();
        task(&mut self.spaces[worker].lock().unwrap_or_else(PoisonError::into_inner))
    }
}
