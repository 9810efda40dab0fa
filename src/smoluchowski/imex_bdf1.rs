//! The step of the Python program: reproduces its numbers, does not conserve mass.
//!
//! It treats every hit as a loss of both partners from their bins, so that its step is a tenth of the shortest such
//! loss time, about 10⁻¹⁰ s, and takes one such step per clock step. Use it to compare with old results, for nothing
//! else.

use super::operator::{matrix_times_vector, products};
use super::pairs::PairTables;
use super::simd::{Kernel, Lanes, Level, Padded, Tiles};

/// Share of the shortest loss time that a step may cover.
const SAFETY: f64 = 0.1;
/// Relative mass error up to which a step is accepted.
const MASS_TOLERANCE: f64 = 5e-3;

/// First-order terms of the step, per bin (length n).
#[derive(Debug, Clone, Copy)]
pub struct Terms<'a> {
    /// Blow-out rates [s⁻¹].
    pub blowout: &'a [f64],
    /// Rates of the other sinks [s⁻¹].
    pub sinks: &'a [f64],
    /// Source [m⁻² s⁻¹].
    pub source: &'a [f64],
}

/// What one step reports; areal masses in kg m⁻².
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ImexReport {
    /// Time that was integrated [s].
    pub dt_eff: f64,
    /// Relative mass error of the accepted step.
    pub error: f64,
    /// Mass rate of the source [kg m⁻² s⁻¹].
    pub source_rate: f64,
    /// Mass rate of blow-out at the old state [kg m⁻² s⁻¹].
    pub blowout_rate: f64,
    /// Mass rate of the other sinks at the old state [kg m⁻² s⁻¹].
    pub sink_rate: f64,
    /// Mass that collisions bring into bins [kg m⁻² s⁻¹].
    pub gain_rate: f64,
    /// Mass that collisions take from bins, at the new state [kg m⁻² s⁻¹].
    pub loss_rate: f64,
    /// Shortest collision time [s].
    pub t_coll: f64,
}

/// Coefficients of the gains as the Python program writes them, for pairs i ≥ j at a rate N_i N_j [m² s⁻¹]: mass of
/// remnants κ (m_i + m_j) f / (1 + δ_ij), of fragments κ (m_i + m_j) (1 − f) / ((1 + δ_ij) Σ_{l ≤ k_ij} I_l).
#[derive(Debug, Clone)]
pub(super) struct NumberForm {
    /// Of pairs whose remnant stays in the bin of the larger body.
    home_remnants: Tiles,
    home_fragments: Tiles,
    /// All others.
    others: Vec<Pair>,
}

#[derive(Debug, Clone, Copy)]
struct Pair {
    body: u32,
    partner: u32,
    bin: u32,
    remnants: f64,
    fragments: f64,
}

impl NumberForm {
    fn of(tables: &PairTables) -> Self {
        let n = tables.n;
        let zeros = || Tiles::zeros(n);
        let others = Vec::with_capacity(n * (n + 1) / 2);
        let mut form = NumberForm { home_remnants: zeros(), home_fragments: zeros(), others };
        form.fill(tables);
        form
    }

    /// Refills the form in place, without allocation.
    pub(super) fn fill(&mut self, tables: &PairTables) {
        let n = tables.n;
        let NumberForm { home_remnants, home_fragments, others } = self;
        home_remnants.clear();
        home_fragments.clear();
        others.clear();
        for i in 0..n {
            for j in 0..=i {
                // The outcome of a pair is that of the lower body hit by the higher.
                let p = j * n + i;
                let mass =
                    tables.kernel.get(j, i) * (tables.masses[i] + tables.masses[j]) / if i == j { 2.0 } else { 1.0 };
                let (bin, remnant) = (tables.remnant_bin[p] as usize, tables.remnant_fraction[p]);
                let (remnants, fragments) = (mass * remnant, mass * (1.0 - remnant) / tables.cumulative[bin]);
                if bin == i {
                    *home_remnants.get_mut(i, j) = remnants;
                    *home_fragments.get_mut(i, j) = fragments;
                } else {
                    others.push(Pair { body: i as u32, partner: j as u32, bin: bin as u32, remnants, fragments });
                }
            }
        }
    }
}

/// Buffers for n bins.
#[derive(Debug, Clone)]
pub struct Imex {
    level: Level,
    counts: Padded,
    loss: Padded,
    gain: Padded,
    spread: Padded,
    trial: Vec<f64>,
}

impl Imex {
    /// Buffers for n bins.
    pub fn new(n: usize) -> Self {
        let zeros = || Padded::zeros(n);
        Imex {
            level: Level::widest(),
            counts: zeros(),
            loss: zeros(),
            gain: zeros(),
            spread: zeros(),
            trial: vec![0.0; n],
        }
    }

    /// One step from the number surface densities N [m⁻²] (length n, updated in place) of at most `dt` [s].
    pub fn step(&mut self, tables: &PairTables, counts: &mut [f64], terms: &Terms, dt: f64) -> ImexReport {
        self.collide(tables, counts);
        self.advance(&tables.masses, counts, terms, dt)
    }

    /// The same without any collision; takes no pair tables and does work of order n. `masses` [kg] has length n.
    pub fn step_without_collisions(
        &mut self,
        masses: &[f64],
        counts: &mut [f64],
        terms: &Terms,
        dt: f64,
    ) -> ImexReport {
        self.loss.all_mut().fill(0.0);
        self.gain.all_mut().fill(0.0);
        self.advance(masses, counts, terms, dt)
    }

    fn advance(&mut self, masses: &[f64], counts: &mut [f64], terms: &Terms, dt: f64) -> ImexReport {
        let loss = &self.loss.all()[..counts.len()];
        let mass_of = |numbers: &[f64]| -> f64 { masses.iter().zip(numbers).map(|(m, n)| m * n).sum() };
        let weighted = |rates: &[f64]| -> f64 { (0..rates.len()).map(|k| masses[k] * rates[k] * counts[k]).sum() };
        let fastest = loss.iter().fold(0.0_f64, |a, b| a.max(*b));
        let (blowout_rate, sink_rate) = (weighted(terms.blowout), weighted(terms.sinks));
        let source_rate = mass_of(terms.source);
        let mass = mass_of(counts);
        let mut h = dt.min(SAFETY / fastest.max(1e-30));
        let error = loop {
            self.try_step(counts, terms, h);
            if self.trial.iter().all(|count| *count >= 0.0) {
                let expected = mass + h * source_rate;
                let residual = mass_of(&self.trial) + h * (blowout_rate + sink_rate) - expected;
                let error = residual.abs() / if mass > 0.0 { mass } else { expected.max(1e-30) };
                if error <= MASS_TOLERANCE || !error.is_finite() {
                    break error;
                }
            }
            h *= 0.5;
            if h == 0.0 {
                // Rates that are not finite; the caller finds what became of the bins.
                break f64::NAN;
            }
        };
        let loss_rate = (0..counts.len()).map(|k| masses[k] * self.loss.all()[k] * self.trial[k]).sum();
        counts.copy_from_slice(&self.trial);
        let t_coll = if fastest > 0.0 { 1.0 / fastest } else { f64::INFINITY };
        let gain_rate = mass_of(self.gain.all());
        ImexReport { dt_eff: h, error, source_rate, blowout_rate, sink_rate, gain_rate, loss_rate, t_coll }
    }

    fn try_step(&mut self, counts: &[f64], terms: &Terms, h: f64) {
        let n = counts.len();
        let (gain, loss) = (&self.gain.all()[..n], &self.loss.all()[..n]);
        for k in 0..n {
            let sinks = (terms.blowout[k] + terms.sinks[k]) * counts[k];
            self.trial[k] = (counts[k] + h * (gain[k] + terms.source[k] - sinks)) / (1.0 + h * loss[k]);
        }
    }

    /// Loss coefficients [s⁻¹] and gains [m⁻² s⁻¹] of every collision, remnants that return to their bin included. The
    /// first collision of a cell sets up its tables.
    fn collide(&mut self, tables: &PairTables, counts: &[f64]) {
        let n = counts.len();
        self.counts.all_mut()[..n].copy_from_slice(counts);
        let form = tables.number_form.get_or_init(|| NumberForm::of(tables));
        self.level.run(Collide { tables, form, imex: self });
        let (loss, gain, spread) = (self.loss.all_mut(), self.gain.all_mut(), self.spread.all_mut());
        for pair in &form.others {
            let (body, partner, bin) = (pair.body as usize, pair.partner as usize, pair.bin as usize);
            let hits = counts[body] * counts[partner];
            gain[bin] += hits * pair.remnants;
            spread[bin] += hits * pair.fragments;
        }
        let mut suffix = 0.0;
        for k in (0..n).rev() {
            suffix += spread[k];
            gain[k] = (gain[k] + tables.integrals[k] * suffix) * tables.inverse_masses.all()[k];
            loss[k] = if counts[k] > 0.0 { loss[k] } else { 0.0 };
        }
    }
}

/// Losses, and gains of the pairs at home.
struct Collide<'a> {
    tables: &'a PairTables,
    form: &'a NumberForm,
    imex: &'a mut Imex,
}

impl Kernel for Collide<'_> {
    type Output = ();
    #[inline(always)]
    fn run<L: Lanes>(self, lanes: L) {
        let Collide { tables, form, imex } = self;
        let Imex { counts, loss, gain, spread, .. } = imex;
        matrix_times_vector(lanes, &tables.kernel, counts, loss);
        let counts = counts.blocks();
        for (band, (gain, spread)) in gain.blocks_mut().iter_mut().zip(spread.blocks_mut()).enumerate() {
            // Partners are not larger than the bodies of the band.
            let (remnants, fragments) = (form.home_remnants.band(band), form.home_fragments.band(band));
            let count = lanes.load(&counts[band]);
            lanes.store(lanes.mul(count, products(lanes, &remnants[..band + 1], counts)), gain);
            lanes.store(lanes.mul(count, products(lanes, &fragments[..band + 1], counts)), spread);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::disk::collisions::{Breakup, pair_tables};
    use crate::physics::constants::R_MARS;
    use crate::physics::excitation::{RelativeSpeed, ScaleHeight};
    use crate::physics::fragmentation::{FragmentSlope, fragment_integrals};
    use crate::physics::orbit::circular_speed;
    use crate::physics::quadrature::Quadrature;
    use crate::physics::size_distribution::{SizeGrid, ThreeSlope, three_slope};
    use crate::physics::strength::Strength;

    const BINS: usize = 12;
    const NOTHING: [f64; BINS] = [0.0; BINS];

    /// The cell of the Python program's check values, and its number densities [m⁻²] for 1 kg m⁻².
    fn cell() -> (PairTables, Vec<f64>) {
        let grid = SizeGrid::logarithmic(1e-6, 1.0, BINS, 3270.0).unwrap();
        let slope = FragmentSlope::Mass(3.5).mass_exponent();
        let fragment_integrals = fragment_integrals(&grid.edges, slope);
        let breakup = Breakup { strength: Strength::default_table(), fragment_integrals };
        let r = 2.45 * R_MARS;
        let speed = RelativeSpeed::Pericenter.speed(circular_speed(r), 0.5, 0.05).unwrap();
        assert_close(speed, 3_933.526_057_113_748, 1e-14);
        let height = ScaleHeight::FromInclination { factor: 1.0 }.at(r, 0.05);
        let law = ThreeSlope { alpha: 1.83, s_min: 1e-6, s_max: 1.0, wavy_strength: 0.0 };
        let fractions = three_slope(&grid, &law, Quadrature::Midpoint).unwrap();
        let counts = fractions.iter().zip(&grid.masses).map(|(mass, body)| mass / body).collect();
        (pair_tables(&grid, &breakup, speed, height), counts)
    }

    fn mass(tables: &PairTables, counts: &[f64]) -> f64 {
        counts.iter().zip(tables.masses()).map(|(count, body)| count * body).sum()
    }

    #[track_caller]
    fn assert_close(found: f64, wanted: f64, tolerance: f64) {
        assert!((found - wanted).abs() <= tolerance * wanted.abs(), "{found:e} is not {wanted:e}");
    }

    #[test]
    fn the_python_program_gives_the_same_step() {
        let (tables, mut counts) = cell();
        let terms = Terms { blowout: &NOTHING, sinks: &NOTHING, source: &NOTHING };
        let report = Imex::new(BINS).step(&tables, &mut counts, &terms, 1.0);
        assert_close(report.t_coll, 2.973_552_741_749_342_3e-6, 1e-13);
        assert_close(report.dt_eff, 2.973_552_741_749_342_4e-7, 1e-13);
        // Both are differences of masses of order 1, good to a few roundings of 1.
        assert!((report.error - 1.0258e-12).abs() < 1e-15, "{:e}", report.error);
        assert!((mass(&tables, &counts) - 1.000_000_000_001_025_8).abs() < 1e-15);
    }

    #[test]
    fn a_rate_that_is_not_finite_ends_and_shows() {
        let (tables, mut counts) = cell();
        let mut sinks = NOTHING;
        sinks[3] = f64::INFINITY;
        let terms = Terms { blowout: &NOTHING, sinks: &sinks, source: &NOTHING };
        let report = Imex::new(BINS).step(&tables, &mut counts, &terms, 1.0);
        assert!(report.error.is_nan() && counts.iter().any(|count| !count.is_finite()));
    }

    #[test]
    fn a_sink_too_strong_for_the_step_halves_it() {
        // So thin that collisions allow 1 s; the sink takes 10 h of every bin, which only h = 1/16 s and less permit.
        let (tables, mut counts) = cell();
        counts.iter_mut().for_each(|count| *count *= 1e-12);
        let before = mass(&tables, &counts);
        let (blowout, sinks) = ([4.0; BINS], [6.0; BINS]);
        let terms = Terms { blowout: &blowout, sinks: &sinks, source: &NOTHING };
        let report = Imex::new(BINS).step(&tables, &mut counts, &terms, 1.0);
        assert_eq!(report.dt_eff, 1.0 / 16.0);
        assert_close(report.blowout_rate, 4.0 * before, 1e-14);
        assert_close(report.sink_rate, 6.0 * before, 1e-14);
        assert!(report.error < MASS_TOLERANCE);
    }

    #[test]
    fn an_empty_cell_takes_what_the_source_brings() {
        let (tables, _) = cell();
        let mut counts = vec![0.0; BINS];
        let source: [f64; BINS] = std::array::from_fn(|k| k as f64);
        let terms = Terms { blowout: &NOTHING, sinks: &NOTHING, source: &source };
        let report = Imex::new(BINS).step(&tables, &mut counts, &terms, 2.0);
        assert_eq!((report.dt_eff, report.t_coll), (2.0, f64::INFINITY));
        assert!(counts.iter().zip(source).all(|(count, rate)| *count == 2.0 * rate));
        assert_close(report.source_rate, 0.5 * mass(&tables, &counts), 1e-15);
    }
}
