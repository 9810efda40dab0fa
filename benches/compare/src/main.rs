//! Error of the lost mass against time for RODAS4 and diffsol's BDF: `cargo run --release` in this folder.
//!
//! Once without a pause, and once in coupling steps as the program has them: rates change between them, so every method
//! begins anew.

use compare::{BINS, Problem, TIME};
use diffsol::{
    ConstantOp, Matrix, NalgebraContext, NalgebraLU, NalgebraMat, NalgebraVec, NonLinearOp, NonLinearOpJacobian,
    OdeBuilder, OdeEquations, OdeEquationsRef, OdeSolverMethod, OdeSolverStopReason, Op, ParameterisedOp, UnitCallable,
};
use marsdisk_mpi::smoluchowski::cell_integrator::Workspace;
use std::rc::Rc;
use std::time::Instant;

type M = NalgebraMat<f64>;
type V = NalgebraVec<f64>;
type C = NalgebraContext;

#[derive(Clone)]
struct Equations {
    problem: Rc<Problem>,
    start: Vec<f64>,
    context: C,
}

struct Part<'a>(&'a Equations);

macro_rules! op {
    ($($name:ty),*) => {$(
        impl Op for $name {
            type T = f64;
            type V = V;
            type M = M;
            type C = C;
            fn nstates(&self) -> usize { BINS }
            fn nout(&self) -> usize { BINS }
            fn nparams(&self) -> usize { 0 }
            fn context(&self) -> &C { self.equations_context() }
        }
    )*};
}

impl Equations {
    fn equations_context(&self) -> &C {
        &self.context
    }
}

impl Part<'_> {
    fn equations_context(&self) -> &C {
        &self.0.context
    }
}

op!(Equations, Part<'_>);

impl NonLinearOp for Part<'_> {
    fn call_inplace(&self, x: &V, _t: f64, y: &mut V) {
        self.0.problem.rate(x.batch_as_slice(0), y.batch_as_mut_slice(0));
    }
}

impl NonLinearOpJacobian for Part<'_> {
    fn jac_mul_inplace(&self, x: &V, _t: f64, v: &V, y: &mut V) {
        y.batch_as_mut_slice(0).fill(0.0);
        let (v, y) = (v.batch_as_slice(0), y.batch_as_mut_slice(0));
        self.0.problem.jacobian(x.batch_as_slice(0), |k, l, value| y[k] += value * v[l]);
    }
    fn jacobian_inplace(&self, x: &V, _t: f64, y: &mut M) {
        let inner = y.inner_mut();
        self.0.problem.jacobian(x.batch_as_slice(0), |k, l, value| inner[(k, l)] = value);
    }
}

impl ConstantOp for Part<'_> {
    fn call_inplace(&self, _t: f64, y: &mut V) {
        y.batch_as_mut_slice(0).copy_from_slice(&self.0.start);
    }
}

impl<'a> OdeEquationsRef<'a> for Equations {
    type Rhs = Part<'a>;
    type Init = Part<'a>;
    type Mass = ParameterisedOp<'a, UnitCallable<M>>;
    type Root = ParameterisedOp<'a, UnitCallable<M>>;
    type Out = ParameterisedOp<'a, UnitCallable<M>>;
    type Reset = ParameterisedOp<'a, UnitCallable<M>>;
}

impl OdeEquations for Equations {
    fn rhs(&self) -> Part<'_> {
        Part(self)
    }
    fn init(&self) -> Part<'_> {
        Part(self)
    }
    fn mass(&self) -> Option<<Self as OdeEquationsRef<'_>>::Mass> {
        None
    }
    fn out(&self) -> Option<<Self as OdeEquationsRef<'_>>::Out> {
        None
    }
    fn root(&self) -> Option<<Self as OdeEquationsRef<'_>>::Root> {
        None
    }
    fn set_params(&mut self, _p: &V) {}
    fn get_params(&self, _p: &mut V) {}
}

/// What left the cell, and steps.
fn bdf(problem: &Rc<Problem>, relative: f64, coupling_steps: usize) -> (f64, usize) {
    let absolute = 1e-5 * relative * problem.mass();
    let (mut state, mut steps) = (problem.cell.state.clone(), 0);
    for _ in 0..coupling_steps {
        let equations = Equations { problem: problem.clone(), start: state.clone(), context: C::default() };
        let builder = OdeBuilder::<M>::new().rtol(relative).atol([absolute]);
        let ode = builder.build_from_eqn(equations).expect("a valid problem");
        let mut solver = ode.bdf::<NalgebraLU<f64>>().expect("a valid solver");
        solver.set_stop_time(TIME / coupling_steps as f64).expect("a time ahead");
        while solver.step().expect("the step succeeds") != (OdeSolverStopReason::TstopReached {}) {}
        state.copy_from_slice(solver.state().y.batch_as_slice(0));
        steps += solver.get_statistics().number_of_steps;
    }
    (problem.mass() - state.iter().sum::<f64>(), steps)
}

/// Fastest of many [µs].
fn time<T>(mut work: impl FnMut() -> T) -> (f64, T) {
    let mut fastest = f64::INFINITY;
    let mut result = work();
    for _ in 0..30 {
        let start = Instant::now();
        result = work();
        fastest = fastest.min(start.elapsed().as_secs_f64() * 1e6);
    }
    (fastest, result)
}

fn main() {
    let problem = Rc::new(Problem::default());
    let reference = problem.reference();
    println!("lost: {:.6} of {:.6} kg/m²", reference, problem.mass());
    let mut workspace = Workspace::new(BINS);
    for coupling_steps in [1, 20] {
        println!("\ncoupling steps: {coupling_steps}");
        println!("{:10}{:>12}{:>12}{:>8}{:>12}", "method", "tolerance", "error", "steps", "time/µs");
        let report = |method, tolerance: f64, (time, (lost, steps)): (f64, (f64, usize))| {
            let error = (lost / reference - 1.0).abs();
            println!("{method:10}{tolerance:12.0e}{error:12.1e}{steps:8}{time:12.1}");
        };
        for half_decades in 2..=20 {
            let tolerance = 10_f64.powf(-0.5 * f64::from(half_decades));
            report("rodas4", tolerance, time(|| problem.rodas4(tolerance, coupling_steps, &mut workspace)));
            report("diffsol", tolerance, time(|| bdf(&problem, tolerance, coupling_steps)));
        }
    }
}
