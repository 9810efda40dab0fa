//! The operator against closed-form solutions of the fragmentation equation. The pair outcomes of these problems run
//! through the same tables, right-hand side and integrator as the disk.

use marsdisk_mpi::smoluchowski::cell_integrator::{self, FIRST_STEP, Tolerances, Workspace};
use marsdisk_mpi::smoluchowski::pairs::{PairInputs, PairTables};
use marsdisk_mpi::smoluchowski::processes::Processes;
use ndarray::Array2;

/// Logarithmic bins in mass, with geometric-mean centres.
struct MassGrid {
    edges: Vec<f64>,
    centres: Vec<f64>,
}

impl MassGrid {
    fn new(lowest: f64, highest: f64, n: usize) -> Self {
        let edges: Vec<f64> = (0..=n).map(|k| lowest * (highest / lowest).powf(k as f64 / n as f64)).collect();
        let centres = edges.windows(2).map(|e| (e[0] * e[1]).sqrt()).collect();
        MassGrid { edges, centres }
    }

    /// Integral of a function of mass over every bin (Gauss–Legendre, five points).
    fn integrate(&self, f: impl Fn(f64) -> f64) -> Vec<f64> {
        const NODES: [(f64, f64); 5] = [
            (0.0, 0.568_888_888_888_888_9),
            (0.538_469_310_105_683_1, 0.478_628_670_499_366_5),
            (-0.538_469_310_105_683_1, 0.478_628_670_499_366_5),
            (0.906_179_845_938_664, 0.236_926_885_056_189_08),
            (-0.906_179_845_938_664, 0.236_926_885_056_189_08),
        ];
        let bin = |e: &[f64]| {
            let (half, middle) = (0.5 * (e[1] - e[0]), 0.5 * (e[1] + e[0]));
            NODES.iter().map(|(x, w)| half * w * f(middle + half * x)).sum()
        };
        self.edges.windows(2).map(bin).collect()
    }
}

fn solve(tables: &PairTables, mut state: Vec<f64>, time: f64) -> Vec<f64> {
    let n = state.len();
    let mut inner_step = FIRST_STEP;
    let tolerances = Tolerances::new(1e-9, 1e-14);
    let mut workspace = Workspace::new(n);
    let none = Processes::none(n);
    cell_integrator::advance(Some(tables), &none, &mut state, time, &mut inner_step, tolerances, &mut workspace)
        .expect("a closed-form problem integrates");
    state
}

/// Σ |found − exact| over the exact total.
fn distance(found: &[f64], exact: &[f64]) -> f64 {
    found.iter().zip(exact).map(|(a, b)| (a - b).abs()).sum::<f64>() / exact.iter().sum::<f64>()
}

/// Collisional kernel K = x y, each body broken by itself with b(x|y) = 2/y: n(x, t) = (1 + τ)² exp(−x(1 + τ)) with
/// τ = M₁ t (Ziff & McGrady 1985, J. Phys. A 18, 3027; for M₁ = 1 it is also linear fragmentation at rate x).
fn product_kernel_error(n: usize) -> f64 {
    let grid = MassGrid::new(1e-5, 40.0, n);
    let kernel = Array2::from_shape_fn((n, n), |(i, j)| grid.centres[i] * grid.centres[j]);
    let tables = PairTables::new(&PairInputs {
        masses: &grid.centres,
        kernel: kernel.view(),
        remnant_fraction: Array2::zeros((n, n)).view(),
        ejected_fraction: Array2::ones((n, n)).view(),
        remnant_bin: Array2::from_shape_fn((n, n), |(i, _)| i).view(),
        fragment_integrals: &grid.integrate(|x| x),
    });
    let mass = |t: f64| grid.integrate(|x| x * (1.0 + t).powi(2) * (-x * (1.0 + t)).exp());
    let start = mass(0.0);
    let total: f64 = start.iter().sum();
    distance(&solve(&tables, start, 2.0), &mass(2.0 * total))
}

/// K = 1, both bodies shattered into γ²(m₁ + m₂) e^(−γm), starting from N₀(m) = m e^(−m) (Lombart et al. 2024, MNRAS).
fn constant_kernel_error(n: usize) -> f64 {
    const GAMMA: f64 = 3.0;
    let grid = MassGrid::new(1e-5, 40.0, n);
    let tables = PairTables::new(&PairInputs {
        masses: &grid.centres,
        kernel: Array2::ones((n, n)).view(),
        remnant_fraction: Array2::zeros((n, n)).view(),
        ejected_fraction: Array2::ones((n, n)).view(),
        remnant_bin: Array2::from_elem((n, n), n - 1).view(),
        fragment_integrals: &grid.integrate(|m| m * (-GAMMA * m).exp()),
    });
    let initial = |m: f64| m * (-m).exp();
    let (number, mass) = (1.0, 2.0);
    let exact = |t: f64| {
        let growth = (GAMMA * mass * t).exp_m1();
        let gained = |m: f64| GAMMA * number * growth * (-GAMMA * m).exp();
        grid.integrate(|m| m * (initial(m) + gained(m)) / (1.0 + number / (GAMMA * mass) * growth))
    };
    distance(&solve(&tables, exact(0.0), 0.4), &exact(0.4))
}

/// Orders observed between successive halvings of the bin width.
fn orders(error: impl Fn(usize) -> f64, sizes: &[usize]) -> (Vec<f64>, Vec<f64>) {
    let errors: Vec<f64> = sizes.iter().map(|n| error(*n)).collect();
    let orders = errors.windows(2).map(|e| (e[0] / e[1]).log2()).collect();
    (errors, orders)
}

#[test]
fn fragments_of_the_own_bin_converge_at_first_order() {
    // A fragment distribution that ends at the body's own mass fills the body's bin as a whole: an error of one bin.
    let (errors, orders) = orders(product_kernel_error, &[40, 80, 160]);
    assert!(orders.iter().all(|order| *order > 0.9), "errors {errors:?}, orders {orders:?}");
    assert!(errors[2] < 0.08, "errors {errors:?}");
}

#[test]
fn fragments_that_do_not_know_the_own_bin_converge_at_second_order() {
    let (errors, orders) = orders(constant_kernel_error, &[40, 80, 160]);
    assert!(orders.iter().all(|order| *order > 1.8), "errors {errors:?}, orders {orders:?}");
    assert!(errors[2] < 2e-3, "errors {errors:?}");
}
