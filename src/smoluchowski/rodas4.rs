//! RODAS4: Rosenbrock method of order 4(3), six stages, one LU factorisation a step, L-stable and stiffly accurate
//! (Hairer & Wanner, *Solving Ordinary Differential Equations II*, IV.7 and VI.4).
//!
//! In the form (I/(γh) − J) U_i = f(y + Σ a_ij U_j) + Σ (c_ij/h) U_j, y' = y + Σ_{j<6} a_6j U_j + U_6, error U_6.
//! It keeps linear invariants, so the mass of a cell plus what its ledger says has left stays constant to rounding.
//! The ledger is a set of extra components whose rates are linear in the state: their rows of the Jacobian are known
//! and cost one dot product a stage instead of a larger factorisation.
//!
//! This file takes one step of a given length; step-size control lives in [`super::cell_integrator`].

use super::linear_solver::DenseLu;
use super::processes::CHANNELS;

const STAGES: usize = 6;
const GAMMA: f64 = 0.25;
const A: [[f64; 5]; STAGES] = [
    [0.0; 5],
    [1.544, 0.0, 0.0, 0.0, 0.0],
    [0.946_678_528_081_582_6, 0.255_701_169_898_328_4, 0.0, 0.0, 0.0],
    [3.314_825_187_068_521, 2.896_124_015_972_201, 0.998_641_913_997_781_7, 0.0, 0.0],
    [1.221_224_509_226_641, 6.019_134_481_288_629, 12.537_083_329_320_87, -0.687_886_036_105_895, 0.0],
    [1.221_224_509_226_641, 6.019_134_481_288_629, 12.537_083_329_320_87, -0.687_886_036_105_895, 1.0],
];
const C: [[f64; 5]; STAGES] = [
    [0.0; 5],
    [-5.668_8, 0.0, 0.0, 0.0, 0.0],
    [-2.430_093_356_833_875, -0.206_359_915_709_191_5, 0.0, 0.0, 0.0],
    [-0.107_352_905_815_137_5, -9.594_562_251_023_355, -20.470_286_148_096_16, 0.0, 0.0],
    [7.496_443_313_967_647, -10.246_804_314_643_52, -33.999_903_528_199_05, 11.708_908_932_061_6, 0.0],
    [
        8.083_246_795_921_522,
        -7.981_132_988_064_893,
        -31.521_594_328_743_71,
        16.319_305_431_231_36,
        -6.058_818_238_834_054,
    ],
];

/// An autonomous system y' = f(y) with ledger components z' = λ·y beside it.
pub trait System {
    /// Number of components n of y.
    fn len(&self) -> usize;
    /// Whether there are no components.
    fn is_empty(&self) -> bool {
        self.len() == 0
    }
    /// f(y), length n.
    fn rate(&mut self, y: &[f64], out: &mut [f64]);
    /// ∂f_k/∂y_l, row-major n × n.
    fn jacobian(&mut self, y: &[f64], out: &mut [f64]);
    /// λ·y of one ledger channel.
    fn ledger_rate(&self, channel: usize, y: &[f64]) -> f64;
}

/// Buffers of the method for n components, allocated once, and the result of the last step.
pub struct Rodas4 {
    lu: DenseLu,
    stages: [Vec<f64>; STAGES],
    ledger_stages: [[f64; CHANNELS]; STAGES],
    argument: Vec<f64>,
    jacobian: Vec<f64>,
    /// y after the step.
    pub solution: Vec<f64>,
    /// What the ledger channels gained in the step.
    pub ledger: [f64; CHANNELS],
}

impl Rodas4 {
    /// Buffers for n components.
    pub fn new(n: usize) -> Self {
        Rodas4 {
            lu: DenseLu::new(n),
            stages: std::array::from_fn(|_| vec![0.0; n]),
            ledger_stages: [[0.0; CHANNELS]; STAGES],
            argument: vec![0.0; n],
            jacobian: vec![0.0; n * n],
            solution: vec![0.0; n],
            ledger: [0.0; CHANNELS],
        }
    }

    /// Evaluates the Jacobian at y. It serves every attempt at a step from there.
    pub fn linearize(&mut self, system: &mut impl System, y: &[f64]) {
        system.jacobian(y, &mut self.jacobian);
    }

    /// One step of length h [s] from y, at which [`Rodas4::linearize`] was called. Leaves the result in `solution` and
    /// `ledger`, and the error estimates in [`Rodas4::error`] and [`Rodas4::ledger_error`].
    pub fn step(&mut self, system: &mut impl System, y: &[f64], h: f64) {
        let n = y.len();
        let diagonal = 1.0 / (GAMMA * h);
        let matrix = self.lu.entries_mut();
        for (entry, slope) in matrix.iter_mut().zip(&self.jacobian) {
            *entry = -slope;
        }
        for k in 0..n {
            matrix[k * n + k] += diagonal;
        }
        self.lu.factorize();
        for stage in 0..STAGES {
            self.stage(system, y, h, stage);
        }
        self.solution.copy_from_slice(y);
        self.ledger = [0.0; CHANNELS];
        for stage in 0..STAGES {
            let weight = if stage + 1 < STAGES { A[STAGES - 1][stage] } else { 1.0 };
            for (sum, u) in self.solution.iter_mut().zip(&self.stages[stage]) {
                *sum += weight * u;
            }
            for (sum, u) in self.ledger.iter_mut().zip(&self.ledger_stages[stage]) {
                *sum += weight * u;
            }
        }
    }

    fn stage(&mut self, system: &mut impl System, y: &[f64], h: f64, stage: usize) {
        let (done, rest) = self.stages.split_at_mut(stage);
        let u = &mut rest[0];
        self.argument.copy_from_slice(y);
        for (j, earlier) in done.iter().enumerate() {
            for (sum, x) in self.argument.iter_mut().zip(earlier) {
                *sum += A[stage][j] * x;
            }
        }
        system.rate(&self.argument, u);
        for (j, earlier) in done.iter().enumerate() {
            let weight = C[stage][j] / h;
            for (sum, x) in u.iter_mut().zip(earlier) {
                *sum += weight * x;
            }
        }
        self.lu.solve(u);
        // Row of the ledger: U/(γh) − λ·U_y = λ·argument + Σ (c/h) U.
        for (sum, x) in self.argument.iter_mut().zip(u.iter()) {
            *sum += x;
        }
        for channel in 0..CHANNELS {
            let earlier: f64 = (0..stage).map(|j| C[stage][j] * self.ledger_stages[j][channel]).sum();
            let rate = system.ledger_rate(channel, &self.argument);
            self.ledger_stages[stage][channel] = GAMMA * (h * rate + earlier);
        }
    }

    /// Error estimate of each component of the last step.
    pub fn error(&self) -> &[f64] {
        &self.stages[STAGES - 1]
    }

    /// Error estimate of each ledger channel of the last step.
    pub fn ledger_error(&self) -> &[f64; CHANNELS] {
        &self.ledger_stages[STAGES - 1]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Predator and prey: smooth and nonlinear; the reference is a run with tiny steps.
    struct Predator;

    impl System for Predator {
        fn len(&self) -> usize {
            2
        }
        fn rate(&mut self, y: &[f64], out: &mut [f64]) {
            out[0] = y[0] * (1.0 - y[1]);
            out[1] = y[1] * (y[0] - 1.0);
        }
        fn jacobian(&mut self, y: &[f64], out: &mut [f64]) {
            out.copy_from_slice(&[1.0 - y[1], -y[0], y[1], y[0] - 1.0]);
        }
        fn ledger_rate(&self, channel: usize, y: &[f64]) -> f64 {
            if channel == 0 { 0.5 * y[0] } else { 0.0 }
        }
    }

    fn integrate(steps: usize) -> [f64; 3] {
        let mut method = Rodas4::new(2);
        let mut y = vec![1.5, 0.6];
        let mut ledger = 0.0;
        for _ in 0..steps {
            method.linearize(&mut Predator, &y);
            method.step(&mut Predator, &y, 4.0 / steps as f64);
            y.copy_from_slice(&method.solution);
            ledger += method.ledger[0];
        }
        [y[0], y[1], ledger]
    }

    #[test]
    fn the_observed_order_is_four_for_state_and_ledger() {
        let exact = integrate(4096);
        let error = |steps| {
            let found = integrate(steps);
            (0..3).map(|c| (found[c] - exact[c]).abs()).fold(0.0, f64::max)
        };
        let errors = [16, 32, 64].map(error);
        for pair in errors.windows(2) {
            let order = (pair[0] / pair[1]).log2();
            assert!(order > 3.7, "order {order}, errors {errors:?}");
        }
    }
}
