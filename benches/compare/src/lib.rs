//! The cell that every integrator gets: 40 bins, blow-out of the smallest, the collisions of the default disk. The reference
//! is RODAS4 at a tolerance of 10⁻¹². As a C library it serves CVODE (`cvode.py`).

#[path = "../../support/mod.rs"]
mod support;

use marsdisk_mpi::smoluchowski::cell_integrator::{self, Outcome, Tolerances, Workspace};
use marsdisk_mpi::smoluchowski::operator::{self, Scratch};
use marsdisk_mpi::smoluchowski::processes::Rates;
use marsdisk_mpi::smoluchowski::simd::Tiles;
use std::cell::RefCell;
pub use support::Cell;

pub const BINS: usize = 40;
/// Time that is covered [s].
pub const TIME: f64 = 3e4;

/// The cell with what its rates need.
pub struct Problem {
    pub cell: Cell,
    rates: Rates,
    work: RefCell<(Scratch, Tiles)>,
}

impl Default for Problem {
    fn default() -> Self {
        let cell = Cell::new(BINS);
        let rates = Rates::of(&cell.processes);
        Problem { cell, rates, work: RefCell::new((Scratch::new(BINS), Tiles::zeros(BINS))) }
    }
}

impl Problem {
    /// Mass at the start [kg m⁻²].
    pub fn mass(&self) -> f64 {
        self.cell.state.iter().sum()
    }

    /// dΣ/dt.
    pub fn rate(&self, state: &[f64], out: &mut [f64]) {
        operator::rate(Some(&self.cell.tables), &self.rates, state, &mut self.work.borrow_mut().0, out);
    }

    /// Its derivatives, entry by entry.
    pub fn jacobian(&self, state: &[f64], mut set: impl FnMut(usize, usize, f64)) {
        let (scratch, matrix) = &mut *self.work.borrow_mut();
        operator::jacobian(Some(&self.cell.tables), &self.rates, state, scratch, matrix);
        for k in 0..BINS {
            for l in 0..BINS {
                set(k, l, matrix.get(k, l));
            }
        }
    }

    /// RODAS4; what left the cell and what it took.
    pub fn rodas4(&self, relative: f64, workspace: &mut Workspace) -> (f64, Outcome) {
        let (mut state, mut first_step) = (self.cell.state.clone(), 1e-3);
        let tolerances = Tolerances { relative, absolute: 1e-5 * relative };
        let tables = Some(&self.cell.tables);
        let processes = &self.cell.processes;
        let result =
            cell_integrator::advance(tables, processes, &mut state, TIME, &mut first_step, tolerances, workspace);
        let outcome = result.expect("the cell integrates");
        (outcome.lost.iter().sum(), outcome)
    }

    /// What leaves the cell [kg m⁻²], to some 10⁻¹².
    pub fn reference(&self) -> f64 {
        self.rodas4(1e-12, &mut Workspace::new(BINS)).0
    }
}

thread_local!(static PROBLEM: Problem = Problem::default());

/// # Safety
/// `state`: room for 40 numbers.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cell_start(state: *mut f64) -> f64 {
    let state = unsafe { std::slice::from_raw_parts_mut(state, BINS) };
    PROBLEM.with(|problem| {
        state.copy_from_slice(&problem.cell.state);
        problem.reference()
    })
}

/// # Safety
/// `state` and `out`: 40 numbers.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cell_rate(state: *const f64, out: *mut f64) {
    let (state, out) =
        unsafe { (std::slice::from_raw_parts(state, BINS), std::slice::from_raw_parts_mut(out, BINS)) };
    PROBLEM.with(|problem| problem.rate(state, out));
}

/// # Safety
/// `state`: 40 numbers; `out`: 40 × 40, row by row.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cell_jacobian(state: *const f64, out: *mut f64) {
    let (state, out) =
        unsafe { (std::slice::from_raw_parts(state, BINS), std::slice::from_raw_parts_mut(out, BINS * BINS)) };
    PROBLEM.with(|problem| problem.jacobian(state, |k, l, value| out[k * BINS + l] = value));
}
