//! The cell that every integrator gets: 40 bins with a collisional cascade of 1 kg m⁻², of which blow-out takes a third. The
//! reference is RODAS4 at a tolerance of 10⁻¹². As a C library it serves CVODE (`cvode.py`).

#[path = "../../support/mod.rs"]
mod support;

use marsdisk_mpi::smoluchowski::cell_integrator::{self, Tolerances, Workspace};
use marsdisk_mpi::smoluchowski::operator::{self, Scratch};
use marsdisk_mpi::smoluchowski::processes::Rates;
use marsdisk_mpi::smoluchowski::simd::Tiles;
use std::cell::RefCell;
pub use support::Cell;

pub const BINS: usize = 40;
/// Time that is covered [s].
pub const TIME: f64 = 1e3;
/// Surface density at the start [kg m⁻²].
const SURFACE_DENSITY: f64 = 1.0;

/// The cell with what its rates need.
pub struct Problem {
    pub cell: Cell,
    rates: Rates,
    work: RefCell<(Scratch, Tiles)>,
}

impl Default for Problem {
    fn default() -> Self {
        let mut cell = Cell::new(BINS);
        // Numbers of a steady cascade fall as mass^(-11/6), masses in logarithmic bins rise as mass^(1/6) (Dohnanyi 1969).
        cell.state = cell.masses.iter().map(|mass| mass.powf(1.0 / 6.0)).collect();
        let sum: f64 = cell.state.iter().sum();
        cell.state.iter_mut().for_each(|mass| *mass *= SURFACE_DENSITY / sum);
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

    /// RODAS4 over as many coupling steps; what left the cell and its inner steps.
    pub fn rodas4(&self, relative: f64, coupling_steps: usize, workspace: &mut Workspace) -> (f64, usize) {
        let (mut state, mut first_step) = (self.cell.state.clone(), 1e-3);
        let tolerances = Tolerances::new(relative, 1e-5 * relative);
        let (mut lost, mut steps) = (0.0, 0);
        for _ in 0..coupling_steps {
            let outcome = cell_integrator::advance(
                Some(&self.cell.tables),
                &self.cell.processes,
                &mut state,
                TIME / coupling_steps as f64,
                &mut first_step,
                tolerances,
                workspace,
            )
            .expect("the cell integrates");
            lost += outcome.lost.iter().sum::<f64>();
            steps += (outcome.steps + outcome.rejected) as usize;
        }
        (lost, steps)
    }

    /// What leaves the cell [kg m⁻²], to some 10⁻¹².
    pub fn reference(&self) -> f64 {
        self.rodas4(1e-12, 1, &mut Workspace::new(BINS)).0
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
    let (state, out) = unsafe { (std::slice::from_raw_parts(state, BINS), std::slice::from_raw_parts_mut(out, BINS)) };
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
