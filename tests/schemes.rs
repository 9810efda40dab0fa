//! What every scheme of a cell must do, whatever its order: one set of tests over all of them, on cells of the default
//! disk with blow-out, sublimation, gas drag and supply at once. Then the operator that they share, and the control of
//! the inner steps. A new scheme joins [`schemes`] and inherits the tests.

mod common;

use common::{DEFAULT, DiskCell, disk_cells};
use marsdisk_mpi::physics::sinks;
use marsdisk_mpi::physics::size_distribution::SizeGrid;
use marsdisk_mpi::smoluchowski::IntegrationError;
use marsdisk_mpi::smoluchowski::cell_integrator::{self, FIRST_STEP, Outcome, Tolerances, Workspace};
use marsdisk_mpi::smoluchowski::linear_solver::DenseLu;
use marsdisk_mpi::smoluchowski::operator::{self, Scratch};
use marsdisk_mpi::smoluchowski::pairs::{PairInputs, PairTables};
use marsdisk_mpi::smoluchowski::patankar;
use marsdisk_mpi::smoluchowski::processes::{Channel, PerChannel, Processes, Rates};
use marsdisk_mpi::smoluchowski::rodas4::{Rodas4, System};
use marsdisk_mpi::smoluchowski::simd::{Padded, Tiles};
use ndarray::Array2;

/// One step of fixed length; returns what left through each channel.
type Step = Box<dyn FnMut(&DiskCell, &[f64], f64, &mut [f64]) -> PerChannel<f64>>;

struct Scheme {
    name: &'static str,
    /// Observed orders must exceed this.
    order: f64,
    step: Step,
}

/// A cell as the Rosenbrock method sees it.
struct Cell<'a> {
    cell: &'a DiskCell,
    rates: Rates,
    scratch: &'a mut Scratch,
}

impl System for Cell<'_> {
    fn len(&self) -> usize {
        self.cell.bins()
    }
    fn rate(&mut self, y: &[f64], out: &mut [f64]) {
        operator::rate(Some(&self.cell.tables), &self.rates, y, self.scratch, out);
    }
    fn jacobian(&mut self, y: &[f64], out: &mut Tiles) {
        operator::jacobian(Some(&self.cell.tables), &self.rates, y, self.scratch, out);
    }
    fn remainder(&mut self, start: &[f64], y: &[f64], out: &mut [f64]) {
        operator::remainder(Some(&self.cell.tables), &self.rates, start, y, self.scratch, out);
    }
    fn ledger_rates(&self, y: &Padded) -> PerChannel<f64> {
        self.rates.lost(&y.all()[..self.len()])
    }
}

/// All schemes, with buffers for n bins.
fn schemes(n: usize) -> [Scheme; 2] {
    let (mut rodas, mut scratch, mut lu) = (Rodas4::new(n), Scratch::new(n), DenseLu::new(n));
    let rodas4: Step = Box::new(move |cell, y, h, out| {
        let mut system = Cell { cell, rates: Rates::of(&cell.processes), scratch: &mut scratch };
        rodas.linearize(&mut system, y);
        rodas.step(&mut system, y, h);
        out.copy_from_slice(&rodas.solution);
        rodas.ledger
    });
    let patankar: Step = Box::new(move |cell, y, h, out| {
        patankar::step(Some(&cell.tables), &Rates::of(&cell.processes), y, h, &mut lu, out)
    });
    [Scheme { name: "rodas4", order: 3.7, step: rodas4 }, Scheme { name: "patankar", order: 0.9, step: patankar }]
}

impl Scheme {
    /// State, followed by the ledger, after `steps` equal steps.
    fn run(&mut self, cell: &DiskCell, start: &[f64], time: f64, steps: usize) -> Vec<f64> {
        let (mut y, mut next, mut ledger) = (start.to_vec(), start.to_vec(), PerChannel::default());
        for _ in 0..steps {
            let lost = (self.step)(cell, &y, time / steps as f64, &mut next);
            std::mem::swap(&mut y, &mut next);
            ledger.add(1.0, &lost);
        }
        y.extend(ledger.iter());
        y
    }
}

/// The disk's cells with every process at once: grains of a micrometre sublimate within 10⁶ s, as fast as gas drag acts.
fn busy_cells() -> Vec<DiskCell> {
    disk_cells().into_iter().map(|cell| cell.with_everything(1e-12, 1e6)).collect()
}

fn advance(cell: &DiskCell, state: &mut [f64], dt: f64, tolerances: Tolerances) -> Result<Outcome, IntegrationError> {
    let mut workspace = Workspace::new(cell.bins());
    let mut inner_step = FIRST_STEP;
    cell_integrator::advance(
        Some(&cell.tables),
        &cell.processes,
        state,
        dt,
        &mut inner_step,
        tolerances,
        &mut workspace,
    )
}

/// The cell after its first 1000 s, when the fast transients of its raw initial distribution are over.
fn settled(cell: &DiskCell) -> Vec<f64> {
    let mut state = cell.start.clone();
    advance(cell, &mut state, 1000.0, Tolerances { relative: 1e-6, absolute: 1e-12 }).expect("the cell integrates");
    state
}

fn sum(values: &[f64]) -> f64 {
    values.iter().sum()
}

#[test]
fn every_scheme_shows_its_order_in_state_and_ledger() {
    const TIME: f64 = 1e4;
    let cell = busy_cells().remove(2);
    let start = settled(&cell);
    let exact = schemes(cell.bins())[0].run(&cell, &start, TIME, 1024);
    for mut scheme in schemes(cell.bins()) {
        let errors = [32, 64, 128].map(|steps| {
            let found = scheme.run(&cell, &start, TIME, steps);
            found.iter().zip(&exact).map(|(a, b)| (a - b).abs()).fold(0.0, f64::max) / sum(&exact)
        });
        for pair in errors.windows(2) {
            let order = (pair[0] / pair[1]).log2();
            assert!(order > scheme.order, "{}: order {order}, errors {errors:?}", scheme.name);
        }
    }
}

#[test]
fn every_scheme_keeps_the_mass_to_rounding() {
    for cell in busy_cells() {
        let start = settled(&cell);
        for mut scheme in schemes(cell.bins()) {
            for h in [1.0, 100.0, 1e4] {
                let supplied = 10.0 * h * cell.processes.source_rate();
                let before = sum(&start) + supplied;
                let residual = (sum(&scheme.run(&cell, &start, 10.0 * h, 10)) - before).abs() / before;
                // Ten steps, each a solution of n equations in which sums of n terms cancel.
                assert!(residual < 1e-14, "{}, h = {h} s: {residual:e} of the mass is missing", scheme.name);
            }
        }
    }
}

#[test]
fn the_ledger_of_an_opaque_cell_closes() {
    for cell in busy_cells() {
        for denser in [1.0, 1e3, 1e6] {
            let start: Vec<f64> = cell.start.iter().map(|mass| denser * mass).collect();
            let mut state = start.clone();
            let outcome = advance(&cell, &mut state, 3e4, DEFAULT).expect("the cell integrates");
            let before = sum(&start) + outcome.supplied;
            let residual = (before + outcome.clipped - outcome.lost.sum() - sum(&state)).abs() / before;
            // The last rounding of sums of forty bins, however many steps there were.
            assert!(residual < 2e-15, "{denser:e} times the mass: {residual:e} of it is missing");
        }
    }
}

#[test]
fn an_empty_cell_stays_empty() {
    let mut cell = busy_cells().remove(0);
    cell.processes.source.fill(0.0);
    let empty = vec![0.0; cell.bins()];
    for mut scheme in schemes(cell.bins()) {
        assert!(scheme.run(&cell, &empty, 1e6, 10).iter().all(|mass| *mass == 0.0), "{}", scheme.name);
    }
    let mut state = empty.clone();
    let outcome = advance(&cell, &mut state, 1e6, DEFAULT).expect("nothing can go wrong");
    assert_eq!((state, outcome.lost, outcome.rejected), (empty, PerChannel::default(), 0));
}

#[test]
fn the_fallback_is_positive_and_keeps_the_mass_for_a_step_of_any_length() {
    for cell in busy_cells() {
        let (mut lu, mut after) = (DenseLu::new(cell.bins()), cell.start.clone());
        for h in [1e-12, 1.0, 1e6, 1e12] {
            let lost =
                patankar::step(Some(&cell.tables), &Rates::of(&cell.processes), &cell.start, h, &mut lu, &mut after);
            assert!(after.iter().all(|mass| *mass > 0.0 && mass.is_finite()), "h = {h}: {after:?}");
            let before = sum(&cell.start) + h * cell.processes.source_rate();
            let residual = (sum(&after) + lost.sum() - before).abs() / before;
            // The factors are those of a diagonally dominant matrix: rounding grows with n at most.
            assert!(residual < 1e-14, "h = {h} s: {residual:e} of the mass is missing");
        }
    }
}

/// Numbers between 0 and 1 without order.
fn scattered(seed: usize) -> f64 {
    ((seed as f64 + 1.0) * 12.9898).sin().abs().fract()
}

/// Outcomes in which nothing is symmetric but the kernel: what becomes of i hit by j is not what becomes of j hit by i.
struct Ordered {
    masses: Vec<f64>,
    kernel: Array2<f64>,
    remnant: Array2<f64>,
    bin: Array2<usize>,
    integrals: Vec<f64>,
}

impl Ordered {
    fn new(n: usize) -> Self {
        let table = |seed: usize| Array2::from_shape_fn((n, n), |(i, j)| scattered(seed + i * n + j));
        Ordered {
            masses: (0..n).map(|k| 2f64.powi(k as i32)).collect(),
            kernel: Array2::from_shape_fn((n, n), |(i, j)| scattered(i.min(j) * n + i.max(j))),
            remnant: table(1000),
            // Stretches of two partners share a bin; some pairs agree on it, most do not.
            bin: Array2::from_shape_fn((n, n), |(i, j)| (i + 2 * (j / 2)) % n),
            integrals: (0..n).map(|k| 0.1 + scattered(3000 + k)).collect(),
        }
    }

    fn tables(&self) -> PairTables {
        PairTables::new(&PairInputs {
            masses: &self.masses,
            kernel: self.kernel.view(),
            remnant_fraction: self.remnant.view(),
            ejected_fraction: self.remnant.mapv(|f| 1.0 - f).view(),
            remnant_bin: self.bin.view(),
            fragment_integrals: &self.integrals,
        })
    }

    /// dΣ/dt pair by pair: every hit takes the whole body from its bin and gives all its pieces back.
    fn rate(&self, state: &[f64]) -> Vec<f64> {
        let n = self.masses.len();
        let mut rate = vec![0.0; n];
        for i in 0..n {
            for j in 0..n {
                let mass = self.kernel[(i, j)] * state[i] * state[j] / self.masses[j];
                let (f, bin) = (self.remnant[(i, j)], self.bin[(i, j)]);
                rate[i] -= mass;
                rate[bin] += f * mass;
                for k in 0..=bin {
                    rate[k] += (1.0 - f) * mass * self.integrals[k] / sum(&self.integrals[..=bin]);
                }
            }
        }
        rate
    }
}

#[test]
fn outcomes_without_symmetry_give_the_rates_of_the_sum_over_pairs() {
    for n in [1, 2, 9, 17] {
        let ordered = Ordered::new(n);
        let state: Vec<f64> = (0..n).map(|k| 0.5 + scattered(5000 + k)).collect();
        let mut found = vec![0.0; n];
        operator::rate(Some(&ordered.tables()), &Rates::zeros(n), &state, &mut Scratch::new(n), &mut found);
        let wanted = ordered.rate(&state);
        let scale = wanted.iter().fold(1.0, |a: f64, b| a.max(b.abs()));
        for k in 0..n {
            // 2 n² terms of order 1 in another order of summation.
            assert!((found[k] - wanted[k]).abs() < 1e-13 * scale, "n = {n}, bin {k}: {} not {}", found[k], wanted[k]);
        }
    }
}

/// Problems for the operator: the disk's cells, and one whose outcomes are not symmetric. All with every process.
fn operator_problems() -> Vec<(PairTables, Processes, Vec<f64>)> {
    let disk = busy_cells().into_iter().map(|cell| {
        let state = settled(&cell);
        (cell.tables, cell.processes, state)
    });
    let n = 17;
    let mut processes = Processes::none(n);
    let rates = processes.losses.iter_mut().chain([&mut processes.drift, &mut processes.source]);
    for (p, rates) in rates.enumerate() {
        rates.iter_mut().enumerate().for_each(|(k, rate)| *rate = scattered(7000 + p * n + k));
    }
    processes.drift[0] = 0.0;
    let ordered = (Ordered::new(n).tables(), processes, (0..n).map(|k| 0.5 + scattered(9000 + k)).collect());
    disk.chain([ordered]).collect()
}

/// Σ_i |A_ki| Σ_i + F_k: size of what is added up in the rate of bin k.
fn terms(matrix: &Tiles, processes: &Processes, state: &[f64]) -> Vec<f64> {
    let row = |k| state.iter().enumerate().map(move |(l, y)| (matrix.get(k, l) * y).abs());
    processes.source.iter().enumerate().map(|(k, source)| source + row(k).sum::<f64>()).collect()
}

#[test]
fn the_rate_matrix_moves_mass_and_makes_none() {
    for (tables, processes, state) in operator_problems() {
        let n = state.len();
        let (rates, mut matrix) = (Rates::of(&processes), Tiles::zeros(n));
        operator::rate_matrix(Some(&tables), &rates, &state, &mut matrix);
        for i in 0..n {
            let column: Vec<f64> = (0..n).map(|k| matrix.get(k, i)).collect();
            assert!((0..n).all(|k| k == i || column[k] >= 0.0), "column {i}: {column:?}");
            let excess = sum(&column) + processes.loss(i);
            assert!(excess.abs() < 1e-14 * column[i].abs(), "column {i} of {n} makes {excess:e}");
        }
        let mut rate = vec![0.0; n];
        operator::rate(Some(&tables), &rates, &state, &mut Scratch::new(n), &mut rate);
        let terms = terms(&matrix, &processes, &state);
        for k in 0..n {
            let wanted = processes.source[k] + (0..n).map(|l| matrix.get(k, l) * state[l]).sum::<f64>();
            assert!((rate[k] - wanted).abs() < 1e-14 * terms[k], "row {k} of {n}: {} not {wanted}", rate[k]);
        }
    }
}

#[test]
fn the_jacobian_is_the_derivative_of_the_rates_and_moves_mass_only() {
    for (tables, processes, mut state) in operator_problems() {
        let n = state.len();
        let mut scratch = Scratch::new(n);
        let (rates, mut jacobian, mut matrix) = (Rates::of(&processes), Tiles::zeros(n), Tiles::zeros(n));
        operator::jacobian(Some(&tables), &rates, &state, &mut scratch, &mut jacobian);
        let mut rate = |state: &[f64]| {
            let mut out = vec![0.0; n];
            operator::rate(Some(&tables), &rates, state, &mut scratch, &mut out);
            out
        };
        for l in 0..n {
            // The rates are quadratic, so central differences are exact but for rounding, however wide they are.
            let mass = state[l];
            state[l] = 2.0 * mass;
            let high = rate(&state);
            operator::rate_matrix(Some(&tables), &rates, &state, &mut matrix);
            let terms = terms(&matrix, &processes, &state);
            state[l] = 0.0;
            let low = rate(&state);
            state[l] = mass;
            for k in 0..n {
                let (found, wanted) = (jacobian.get(k, l), (high[k] - low[k]) / (2.0 * mass));
                assert!(
                    (found - wanted).abs() < 1e-14 * terms[k] / mass,
                    "({k}, {l}) of {n}: {found:e} not {wanted:e}"
                );
            }
            let column: Vec<f64> = (0..n).map(|k| jacobian.get(k, l)).collect();
            let size: f64 = column.iter().map(|entry| entry.abs()).sum();
            let excess = (sum(&column) + processes.loss(l)).abs();
            assert!(excess < 1e-14 * size, "column {l} of {n} makes {excess:e}");
        }
    }
}

#[test]
fn a_state_that_is_no_number_is_reported_with_its_bin() {
    let cell = disk_cells().remove(2);
    let mut state = cell.start.clone();
    state[7] = f64::NAN;
    match advance(&cell, &mut state, 10.0, DEFAULT) {
        Err(IntegrationError::NotFinite { bin: 7, value, time: 0.0 }) => assert!(value.is_nan()),
        other => panic!("{other:?}"),
    }
}

#[test]
fn where_steps_would_be_too_short_the_fallback_steps_in_and_is_reported() {
    // The raw distribution needs steps of seconds at first. In so long a coupling step they are below the floor of 100 s:
    // longer ones are rejected until the fall-back has smoothed the state.
    let cell = busy_cells().remove(0);
    let mut state = cell.start.clone();
    let outcome = advance(&cell, &mut state, 1e16, DEFAULT).expect("the fall-back always gets through");
    assert!(outcome.fallback > 0 && outcome.rejected > 0 && outcome.steps > outcome.fallback, "{outcome:?}");
    assert!(state.iter().all(|mass| *mass >= 0.0));
    let residual = sum(&cell.start) + outcome.supplied + outcome.clipped - outcome.lost.sum() - sum(&state);
    assert!(residual.abs() < 1e-12 * outcome.supplied, "{residual:e} is missing of {outcome:?}");
}

#[test]
fn tolerances_that_nothing_meets_leave_the_work_to_the_fallback() {
    let cell = disk_cells().remove(2);
    let impossible = Tolerances { relative: 1e-30, absolute: 0.0 };
    let outcome = advance(&cell, &mut cell.start.clone(), 1e4, impossible).expect("the fall-back always gets through");
    assert_eq!(outcome.steps, outcome.fallback);
    // It doubles its step with every use, from 10⁻¹⁴ of the whole: 2⁴⁷ of them make more than one.
    assert!((40..=47).contains(&outcome.fallback), "{outcome:?}");
}

#[test]
fn a_cell_that_loses_everything_ends_empty_and_its_ledger_closes() {
    // Shrinking by 1 m s⁻¹, the last boulder is gone after three of the 10⁶ seconds.
    for supply in [0.0, 1.0] {
        for cell in disk_cells() {
            let mut cell = cell.with_everything(1.0, 1e6);
            cell.processes.source.iter_mut().for_each(|rate| *rate *= supply);
            let mut state = cell.start.clone();
            let outcome = advance(&cell, &mut state, 1e6, DEFAULT).expect("an empty cell is not an error");
            let before = sum(&cell.start) + outcome.supplied;
            let residual = before + outcome.clipped - outcome.lost.sum() - sum(&state);
            assert!(residual.abs() < 1e-13 * before, "{residual:e} of {before:e} is missing");
            assert!(outcome.clipped < 1e-9 * before, "{outcome:?}");
            // What is left is at most what was supplied in the last three seconds, to the tolerance of the integrator.
            let limit = 3.0 * cell.processes.source_rate() + DEFAULT.absolute * sum(&cell.start);
            assert!(sum(&state) <= limit, "{:e} is left", sum(&state));
        }
    }
}

#[test]
fn coupling_steps_do_not_restart_the_inner_ones() {
    for cell in busy_cells() {
        let mut whole = cell.start.clone();
        let once = advance(&cell, &mut whole, 30_000.0, DEFAULT).expect("the cell integrates");
        let (mut state, mut inner_step) = (cell.start.clone(), FIRST_STEP);
        let mut workspace = Workspace::new(cell.bins());
        let (mut steps, mut lost) = (0, 0.0);
        for _ in 0..30 {
            let (tables, processes) = (Some(&cell.tables), &cell.processes);
            let outcome = cell_integrator::advance(
                tables,
                processes,
                &mut state,
                1000.0,
                &mut inner_step,
                DEFAULT,
                &mut workspace,
            )
            .expect("the cell integrates");
            steps += outcome.steps;
            lost += outcome.lost.sum();
        }
        // Beside those of the long run, each coupling step may take one for its end and one to grow from its first.
        assert!(steps <= once.steps + 60, "{steps} inner steps instead of {}", once.steps);
        assert!((lost / once.lost.sum() - 1.0).abs() < 1e-5, "{lost:e} lost in 30 steps, {:e} in one", once.lost.sum());
    }
}

#[test]
fn the_default_disk_takes_no_more_inner_steps_than_it_did() {
    // Measured; a change that needs more has made the integrator slower.
    for (cell, steps) in disk_cells().iter().zip([32, 28, 25, 39]) {
        let outcome = advance(cell, &mut cell.start.clone(), 30_000.0, DEFAULT).expect("the cell integrates");
        let taken = outcome.steps + outcome.rejected;
        assert!(taken <= steps + 2, "{taken} inner steps for 30 000 s on {} bins, not {steps}", cell.bins());
        assert_eq!(outcome.fallback, 0);
    }
}

/// What is left of grains of one size, as a fraction, when their radius has shrunk to a half; the same from the ledger.
fn half_shrunk(n: usize) -> (f64, f64) {
    let grid = SizeGrid::logarithmic(1e-6, 1e-4, n, 3270.0).expect("a valid grid");
    let speed = 1e-10;
    let mut processes = Processes::none(n);
    let Processes { losses, drift, .. } = &mut processes;
    sinks::sublimation_drift(&grid.sizes, &grid.masses, -speed, drift, &mut losses[Channel::Sublimation]);
    let mut state = vec![0.0; n];
    state[n - 1] = 1.0;
    let (time, mut inner_step, mut workspace) = (0.5 * grid.sizes[n - 1] / speed, FIRST_STEP, Workspace::new(n));
    let tight = Tolerances { relative: 1e-8, absolute: 1e-12 };
    let outcome = cell_integrator::advance(None, &processes, &mut state, time, &mut inner_step, tight, &mut workspace)
        .expect("a linear problem integrates");
    (sum(&state), 1.0 - outcome.lost[Channel::Sublimation] + outcome.clipped)
}

#[test]
fn grains_that_shrink_bin_by_bin_tend_to_the_shrinking_sphere() {
    // m/m₀ = (1 − |ds/dt| t/s₀)³ = 1/8. First-order upwind drift keeps the mean size exact but widens the distribution:
    // σ² grows by (s_k − s_(k−1)) |ds/dt| a second, in all by w (s₀² − s²)/2 for bins of width w in ln s, and the mean of
    // s³ exceeds the cube of the mean by 3 s σ². So the excess is first order in w: 9/16 w of the initial mass.
    let bins = [40, 80, 160, 320];
    let excess = bins.map(|n| {
        let (left, by_ledger) = half_shrunk(n);
        assert!((left - by_ledger).abs() < 1e-13, "{left} is left, {by_ledger} by the ledger");
        left - 0.125
    });
    for (pair, n) in excess.windows(2).zip(bins) {
        let order = (pair[0] / pair[1]).log2();
        assert!((order - 1.0).abs() < 0.1, "from {n} bins: order {order}, excess {excess:?}");
    }
    let width = 100f64.ln() / 320.0;
    assert!((excess[3] / (9.0 / 16.0 * width) - 1.0).abs() < 0.03, "{excess:?}");
}
