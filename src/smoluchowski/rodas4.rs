//! RODAS4: Rosenbrock method of order 4(3), six stages, one LU factorisation a step, L-stable and stiffly accurate
//! (Hairer & Wanner, *Solving Ordinary Differential Equations II*, IV.7 and VI.4).
//!
//! In the form (I/(γh) − J) U_i = f(y + Σ a_ij U_j) + Σ (c_ij/h) U_j, y' = y + Σ_{j<6} a_6j U_j + U_6, error U_6.
//! It keeps linear invariants, so the mass of a cell plus what its ledger says has left stays constant to rounding.
//! The ledger is a set of extra components whose rates are linear in the state: their rows of the Jacobian are known
//! and cost one dot product a stage instead of a larger factorisation.
//!
//! Where sinks take a cell's mass many times over within a step, argument and U_i cancel but for the last digits, and the
//! rates of the ledger multiply those. The stages are then solved for their sum instead, in which nothing cancels.
//!
//! This file takes one step of a given length; step-size control lives in [`super::cell_integrator`].

use super::linear_solver::DenseLu;
use super::processes::PerChannel;
use super::simd::{Kernel, Lanes, Level, Padded, Tiles};

const STAGES: usize = 6;
const GAMMA: f64 = 0.25;
/// Sinks that would take so many times the mass within a step leave the ledger with that many roundings of it: from here on
/// more than the other form of the stages costs.
const STEEP: f64 = 100.0;
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
    /// ∂f_k/∂y_l, n × n.
    fn jacobian(&mut self, y: &[f64], out: &mut Tiles);
    /// f(y) − J(start)·y without the linear part of f, which cancels; length n.
    fn remainder(&mut self, start: &[f64], y: &[f64], out: &mut [f64]);
    /// λ·y of every ledger channel.
    fn ledger_rates(&self, y: &Padded) -> PerChannel<f64>;
}

/// Buffers of the method for n components, allocated once, and the result of the last step.
pub struct Rodas4 {
    lu: DenseLu,
    n: usize,
    level: Level,
    stages: [Padded; STAGES],
    ledger_stages: [PerChannel<f64>; STAGES],
    start: Padded,
    /// y + Σ a_ij U_j and Σ (c_ij/h) U_j of the stage at hand.
    argument: Padded,
    history: Padded,
    jacobian: Tiles,
    /// y after the step.
    pub solution: Vec<f64>,
    /// What the ledger channels gained in the step.
    pub ledger: PerChannel<f64>,
}

impl Rodas4 {
    /// Buffers for n components.
    pub fn new(n: usize) -> Self {
        Rodas4 {
            lu: DenseLu::new(n),
            n,
            level: Level::widest(),
            stages: std::array::from_fn(|_| Padded::zeros(n)),
            ledger_stages: [PerChannel::default(); STAGES],
            start: Padded::zeros(n),
            argument: Padded::zeros(n),
            history: Padded::zeros(n),
            jacobian: Tiles::zeros(n),
            solution: vec![0.0; n],
            ledger: PerChannel::default(),
        }
    }

    /// Evaluates the Jacobian at y. It serves every attempt at a step from there.
    pub fn linearize(&mut self, system: &mut impl System, y: &[f64]) {
        system.jacobian(y, &mut self.jacobian);
    }

    /// One step of length h [s] from y, at which [`Rodas4::linearize`] was called. Leaves the result in `solution` and
    /// `ledger`, and the error estimates in [`Rodas4::error`] and [`Rodas4::ledger_error`].
    pub fn step(&mut self, system: &mut impl System, y: &[f64], h: f64) {
        self.start.all_mut()[..self.n].copy_from_slice(y);
        self.lu.set_shifted(1.0 / (GAMMA * h), &self.jacobian);
        self.lu.factorize();
        let leaving: f64 = system.ledger_rates(&self.start).sum();
        let steep = h * leaving > STEEP * y.iter().sum::<f64>();
        for stage in 0..STAGES {
            self.stage(system, h, stage, steep);
        }
        self.solution.copy_from_slice(&self.argument.all()[..self.n]);
        self.ledger = self.ledger_stages[STAGES - 1];
        for (stage, weight) in self.ledger_stages.iter().zip(A[STAGES - 1]) {
            self.ledger.add(weight, stage);
        }
    }

    /// Sets `argument` and `history` from the first `done` stages.
    fn combine(&mut self, done: usize, a: &[f64; 5], c: &[f64; 5]) {
        let Rodas4 { start, stages, argument, history, .. } = self;
        let stages = &stages[..done];
        self.level.run(Combine { start, stages, weights: (a, c), sums: (argument, history) });
    }

    /// Solves for U of one stage; `argument` becomes the sum of both.
    fn stage(&mut self, system: &mut impl System, h: f64, stage: usize, steep: bool) {
        self.combine(stage, &A[stage], &C[stage].map(|weight| weight / h));
        let n = self.n;
        let Rodas4 { lu, start, stages, argument, history, .. } = self;
        let (argument, history, u) =
            (&mut argument.all_mut()[..n], &history.all()[..n], &mut stages[stage].all_mut()[..n]);
        if steep {
            // For the sum: (I/(γh) − J) (argument + U) = argument/(γh) + f(argument) − J·argument + Σ (c/h) U.
            system.remainder(&start.all()[..n], argument, u);
            for ((sum, before), x) in u.iter_mut().zip(argument.iter()).zip(history) {
                *sum += before / (GAMMA * h) + x;
            }
            lu.solve(u);
            for (sum, before) in u.iter_mut().zip(argument) {
                (*sum, *before) = (*sum - *before, *sum);
            }
        } else {
            system.rate(argument, u);
            for (sum, x) in u.iter_mut().zip(history) {
                *sum += x;
            }
            lu.solve(u);
            for (sum, x) in argument.iter_mut().zip(u) {
                *sum += *x;
            }
        }
        // Row of the ledger: U/(γh) − λ·U_y = λ·argument + Σ (c/h) U.
        let (earlier, later) = self.ledger_stages.split_at_mut(stage);
        later[0] = PerChannel::default();
        later[0].add(GAMMA * h, &system.ledger_rates(&self.argument));
        earlier.iter().zip(C[stage]).for_each(|(one, weight)| later[0].add(GAMMA * weight, one));
    }

    /// Error estimate of each component of the last step.
    pub fn error(&self) -> &[f64] {
        &self.stages[STAGES - 1].all()[..self.n]
    }

    /// Error estimate of each ledger channel of the last step.
    pub fn ledger_error(&self) -> &PerChannel<f64> {
        &self.ledger_stages[STAGES - 1]
    }
}

/// Sums of stages with two sets of weights, the first on top of `start`.
struct Combine<'a> {
    start: &'a Padded,
    stages: &'a [Padded],
    weights: (&'a [f64; 5], &'a [f64; 5]),
    sums: (&'a mut Padded, &'a mut Padded),
}

impl Kernel for Combine<'_> {
    type Output = ();
    #[inline(always)]
    fn run<L: Lanes>(self, lanes: L) {
        let Combine { start, stages, weights: (a, c), sums: (first, second) } = self;
        let zero = lanes.splat(0.0);
        let sums = first.blocks_mut().iter_mut().zip(second.blocks_mut());
        for (v, ((first, second), start)) in sums.zip(start.blocks()).enumerate() {
            let (mut x, mut y) = (lanes.load(start), zero);
            for (stage, (a, c)) in stages.iter().zip(a.iter().zip(c)) {
                let u = lanes.load(&stage.blocks()[v]);
                x = lanes.mul_add(lanes.splat(*a), u, x);
                y = lanes.mul_add(lanes.splat(*c), u, y);
            }
            lanes.store(x, first);
            lanes.store(y, second);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::processes::Channel;
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
        fn jacobian(&mut self, y: &[f64], out: &mut Tiles) {
            for (p, slope) in [1.0 - y[1], -y[0], y[1], y[0] - 1.0].into_iter().enumerate() {
                *out.get_mut(p / 2, p % 2) = slope;
            }
        }
        fn remainder(&mut self, start: &[f64], y: &[f64], out: &mut [f64]) {
            let met = (y[0] - start[0]) * (y[1] - start[1]) - start[0] * start[1];
            out.copy_from_slice(&[-met, met]);
        }
        fn ledger_rates(&self, y: &Padded) -> PerChannel<f64> {
            PerChannel::of(|channel| if channel == Channel::Blowout { 0.5 * y.all()[0] } else { 0.0 })
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
            ledger += method.ledger[Channel::Blowout];
        }
        [y[0], y[1], ledger]
    }

    #[test]
    fn both_forms_of_the_stages_take_the_same_step() {
        let y = [1.5, 0.6];
        let step = |steep: bool| {
            let mut method = Rodas4::new(2);
            method.linearize(&mut Predator, &y);
            method.step(&mut Predator, &y, 0.1);
            if steep {
                (0..STAGES).for_each(|stage| method.stage(&mut Predator, 0.1, stage, true));
            }
            let Rodas4 { argument, ledger_stages, .. } = method;
            [argument.all()[0], argument.all()[1], ledger_stages[STAGES - 1][Channel::Blowout]]
        };
        for (found, wanted) in step(true).into_iter().zip(step(false)) {
            // A hundred roundings of numbers of order one.
            assert!((found - wanted).abs() < 1e-14, "{found} instead of {wanted}");
        }
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
