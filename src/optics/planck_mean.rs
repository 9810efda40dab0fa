//! The mean of Q_pr over a black-body spectrum, for every temperature and size of a table:
//!
//! ```text
//! ⟨Q_pr⟩(T, s) = ∫ Q_pr(λ, s) B_λ(T) dλ / ∫ B_λ(T) dλ
//! ```
//!
//! Both integrals are sums by the trapezoidal rule in ln λ over the same wavelengths: those of the data, so that no
//! feature is missed, and a uniform grid of ln λ between and beyond them. Their quotient makes the mean of a constant
//! that constant. Of a crystal, Q_pr is the mean over its three axes. A sphere's Q_pr(λ) is computed once and serves
//! all temperatures; sizes are shared among threads, and each is summed in the same order whatever thread does it.
//!
//! What does not live here: Q_pr of one sphere ([`super::efficiency`]), n and k ([`super::refractive_index`]). The
//! table goes to a file in [`super::table_file`], the file to read next.

use super::OpticsError;
use super::efficiency::RadiationPressure;
use super::refractive_index::OpticalConstants;
use rayon::prelude::*;
use std::f64::consts::{PI, TAU};

/// Second radiation constant hc/k_B \[m K\] (CODATA 2018, exact).
const SECOND_RADIATION: f64 = 6.626_070_15e-34 * 299_792_458.0 / 1.380_649e-23;
/// hc/(λ k_B T) at the short end of the spectrum: less than 1e-12 of the energy lies beyond.
const SHORT_END: f64 = 40.0;
/// hc/(λ k_B T) at the long end of the spectrum: less than 1e-10 of the energy lies beyond.
const LONG_END: f64 = 1e-3;

/// Wavelengths and the weight of each in the spectrum of each temperature.
#[derive(Clone, Debug)]
pub struct Quadrature {
    /// Wavelengths \[m\], increasing.
    pub wavelengths: Vec<f64>,
    /// Weights per temperature; each row has the length of `wavelengths` and the sum 1.
    weights: Vec<Vec<f64>>,
}

impl Quadrature {
    /// Nodes and weights for black bodies.
    ///
    /// - `data`: wavelengths \[m\] of the optical constants, any order, duplicates allowed; all become nodes
    /// - `temperatures`: \[K\], positive
    /// - `step`: largest distance of two nodes in ln λ, positive
    ///
    /// # Errors
    /// [`OpticsError::Grid`] when a temperature or the step is not a positive number.
    pub fn new(data: &[f64], temperatures: &[f64], step: f64) -> Result<Self, OpticsError> {
        check_positive("temperatures in K", temperatures)?;
        check_positive("wavelength step in ln λ", &[step])?;
        let (coldest, hottest) = extremes(temperatures);
        let (shortest, longest) = extremes(data);
        let first = shortest.min(SECOND_RADIATION / (SHORT_END * hottest)).ln();
        let last = longest.max(SECOND_RADIATION / (LONG_END * coldest)).ln();
        let steps = ((last - first) / step).ceil() as usize;
        let uniform = (0..=steps).map(|i| (first + (last - first) * i as f64 / steps as f64).exp());
        let mut wavelengths: Vec<f64> = uniform.chain(data.iter().copied()).collect();
        wavelengths.sort_by(f64::total_cmp);
        // Nodes of the two families that fall together up to rounding count once.
        wavelengths.dedup_by(|b, a| *b / *a - 1.0 < 1e-9);
        let weights = temperatures.iter().map(|&temperature| black_body_weights(&wavelengths, temperature)).collect();
        Ok(Self { wavelengths, weights })
    }

    /// Mean of `values`, one per wavelength, over the spectrum of the `temperature`-th temperature.
    pub fn mean(&self, temperature: usize, values: &[f64]) -> f64 {
        self.weights[temperature].iter().zip(values).map(|(weight, value)| weight * value).sum()
    }
}

/// Planck means on a rectangular grid.
#[derive(Clone, Debug, PartialEq)]
pub struct QprGrid {
    /// Temperatures of the radiating surface \[K\].
    pub temperatures: Vec<f64>,
    /// Grain radii \[m\].
    pub sizes: Vec<f64>,
    /// ⟨Q_pr⟩, without unit: all sizes of the first temperature, then those of the next.
    pub q_pr: Vec<f64>,
    /// Number of wavelengths in the mean, and the first and last of them \[m\].
    pub wavelengths: (usize, f64, f64),
}

/// Planck means of a material.
///
/// - `constants`: its n and k
/// - `temperatures`: of the radiating surface \[K\], positive
/// - `sizes`: grain radii \[m\], positive
/// - `step`: largest distance of two wavelengths in ln λ; 1e-3 resolves crystalline forsterite to 5e-4
///
/// The cost is that of about 5e4/step partial waves per axis for every size above 1 mm: some seconds at 1e-3. Uses the
/// current rayon pool.
///
/// # Errors
/// [`OpticsError::Grid`] for a temperature, size or step that is not a positive number, [`OpticsError::SizeParameter`]
/// for sizes too small for any wavelength (below about 1e-22 m).
pub fn planck_means(
    constants: &OpticalConstants,
    temperatures: &[f64],
    sizes: &[f64],
    step: f64,
) -> Result<QprGrid, OpticsError> {
    check_positive("sizes in m", sizes)?;
    let data: Vec<f64> = constants.axes.iter().flat_map(|axis| axis.wavelengths.iter().copied()).collect();
    let quadrature = Quadrature::new(&data, temperatures, step)?;
    let indices: Vec<Vec<_>> = constants
        .axes
        .iter()
        .map(|axis| quadrature.wavelengths.iter().map(|&wavelength| axis.at(wavelength)).collect())
        .collect();
    let columns = sizes
        .par_iter()
        .with_max_len(1)
        .map_init(
            || (RadiationPressure::default(), vec![0.0; quadrature.wavelengths.len()]),
            |(pressure, spectrum), &size| {
                for (i, &wavelength) in quadrature.wavelengths.iter().enumerate() {
                    let x = TAU * size / wavelength;
                    let mut sum = 0.0;
                    for axis in &indices {
                        sum += pressure.q_pr(axis[i], x)?;
                    }
                    spectrum[i] = sum / indices.len() as f64;
                }
                Ok((0..temperatures.len()).map(|t| quadrature.mean(t, spectrum)).collect::<Vec<f64>>())
            },
        )
        .collect::<Result<Vec<_>, OpticsError>>()?;
    let q_pr = (0..temperatures.len()).flat_map(|t| columns.iter().map(move |column| column[t])).collect();
    let (first, last) = extremes(&quadrature.wavelengths);
    Ok(QprGrid {
        temperatures: temperatures.to_vec(),
        sizes: sizes.to_vec(),
        q_pr,
        wavelengths: (quadrature.wavelengths.len(), first, last),
    })
}

/// Fraction of a black body's energy that lies outside a range of wavelengths.
///
/// - `range`: shortest and longest wavelength \[m\], positive
/// - `temperature`: \[K\], positive
///
/// From the series of ∫ x³/(eˣ − 1) dx (Chang & Rhee 1984, Int. Commun. Heat Mass Transfer 11, 451).
pub fn fraction_outside(range: (f64, f64), temperature: f64) -> f64 {
    let below = |wavelength: f64| {
        let x = SECOND_RADIATION / (wavelength * temperature);
        let mut sum = 0.0;
        for n in 1.. {
            let n = f64::from(n);
            let term = (-n * x).exp() / n * (x.powi(3) + (3.0 * x * x + (6.0 * x + 6.0 / n) / n) / n);
            sum += term;
            if term <= 1e-17 * sum {
                break;
            }
        }
        15.0 / PI.powi(4) * sum
    };
    below(range.0) + (1.0 - below(range.1)).max(0.0)
}

/// Trapezoidal weights in ln λ of λ B_λ ∝ u⁴/(eᵘ − 1), u = hc/(λ k_B T), scaled to the sum 1.
fn black_body_weights(wavelengths: &[f64], temperature: f64) -> Vec<f64> {
    let last = wavelengths.len() - 1;
    let mut weights: Vec<f64> = (0..=last)
        .map(|i| {
            let width = 0.5 * (wavelengths[(i + 1).min(last)] / wavelengths[i.saturating_sub(1)]).ln();
            let u = SECOND_RADIATION / (wavelengths[i] * temperature);
            // Where eᵘ overflows the weight is 0, as it should be.
            width * u.powi(4) / u.exp_m1()
        })
        .collect();
    let sum: f64 = weights.iter().sum();
    weights.iter_mut().for_each(|weight| *weight /= sum);
    weights
}

/// Smallest and largest of some numbers.
fn extremes(values: &[f64]) -> (f64, f64) {
    values.iter().fold((f64::INFINITY, 0.0), |(low, high), &value| (f64::min(low, value), f64::max(high, value)))
}

fn check_positive(what: &'static str, values: &[f64]) -> Result<(), OpticsError> {
    match values.iter().find(|value| !(value.is_finite() && **value > 0.0)) {
        Some(value) => Err(OpticsError::Grid { what, problem: format!("found {value}; must be a positive number") }),
        None if values.is_empty() => Err(OpticsError::Grid { what, problem: "none given".to_owned() }),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::super::mie::RefractiveIndex;
    use super::super::refractive_index::Axis;
    use super::*;

    fn glass(axes: &[(f64, f64)]) -> OpticalConstants {
        let axis = |&(n, k): &(f64, f64)| Axis {
            name: String::new(),
            wavelengths: vec![1e-7, 1e-4],
            indices: vec![RefractiveIndex::new(n, k).unwrap(); 2],
        };
        OpticalConstants { axes: axes.iter().map(axis).collect(), sha256: String::new() }
    }

    #[test]
    fn the_mean_of_a_constant_is_the_constant() {
        let quadrature = Quadrature::new(&[1e-7, 3e-6, 1e-4], &[300.0, 6500.0], 0.01).unwrap();
        let values = vec![0.7; quadrature.wavelengths.len()];
        for t in 0..2 {
            assert!((quadrature.mean(t, &values) - 0.7).abs() < 1e-13);
        }
    }

    /// ⟨1/λ⟩ = (k_B T/hc) Γ(5)ζ(5)/(Γ(4)ζ(4)) for a black body; what the ends cut off is below 1e-9 of it.
    #[test]
    fn the_mean_inverse_wavelength_is_that_of_planck() {
        let quadrature = Quadrature::new(&[1e-6], &[300.0, 2000.0, 6500.0], 5e-3).unwrap();
        let values: Vec<f64> = quadrature.wavelengths.iter().map(|wavelength| wavelength.recip()).collect();
        for (t, temperature) in [300.0, 2000.0, 6500.0].into_iter().enumerate() {
            let expected = temperature / SECOND_RADIATION * 24.0 * 1.036_927_755_143_37 / (PI.powi(4) / 15.0);
            assert!((quadrature.mean(t, &values) / expected - 1.0).abs() < 1e-6, "T {temperature}");
        }
    }

    /// Half of a black body's energy lies below λT = 4107.2 µm K (4.1072e-3 m K, tables of radiation functions).
    #[test]
    fn half_of_the_energy_lies_below_the_median_wavelength() {
        assert!((fraction_outside((4.1072e-3 / 300.0, 1e3), 300.0) - 0.5).abs() < 1e-4);
        assert!((fraction_outside((1e-9, 4.1072e-3 / 300.0), 300.0) - 0.5).abs() < 1e-4);
        // Long tail: (15/π⁴) u³/3 at u = hc/(λkT) ≪ 1, first correction 3u/8.
        let u = 0.01;
        let found = fraction_outside((1e-9, SECOND_RADIATION / (u * 300.0)), 300.0);
        assert!((found / (5.0 / PI.powi(4) * u.powi(3)) - 1.0).abs() < 0.5 * u, "{found}");
    }

    /// Rayleigh limit with constant m: Q_pr = Q_abs = 4 x Im L, linear in 1/λ, so the mean follows from ⟨1/λ⟩.
    #[test]
    fn tiny_grains_have_the_mean_of_the_rayleigh_efficiency() {
        let m = num_complex::Complex64::new(1.6, 0.5);
        let l = (m * m - 1.0) / (m * m + 2.0);
        let size = 1e-11;
        let grid = planck_means(&glass(&[(1.6, 0.5)]), &[1000.0], &[size], 5e-3).unwrap();
        let inverse = 1000.0 / SECOND_RADIATION * 24.0 * 1.036_927_755_143_37 / (PI.powi(4) / 15.0);
        assert!((grid.q_pr[0] / (4.0 * TAU * size * inverse * l.im) - 1.0).abs() < 1e-6);
    }

    #[test]
    fn a_crystal_has_the_mean_of_its_axes() {
        let (temperatures, sizes) = ([500.0, 3000.0], [1e-7, 2e-6]);
        let axes = [(1.5, 0.01), (1.7, 0.1), (2.5, 0.001)];
        let crystal = planck_means(&glass(&axes), &temperatures, &sizes, 0.02).unwrap();
        let alone = axes.map(|axis| planck_means(&glass(&[axis]), &temperatures, &sizes, 0.02).unwrap());
        for i in 0..4 {
            let expected = alone.iter().map(|grid| grid.q_pr[i]).sum::<f64>() / 3.0;
            assert!((crystal.q_pr[i] / expected - 1.0).abs() < 1e-13);
        }
    }

    /// A band like that of silicates at 10 µm, one Lorentz oscillator on n = 1.6, and no absorption at 0.3 to 2 µm,
    /// where resonances of the sphere are sharpest. What is left of them at the default step is below 1e-3.
    #[test]
    fn half_the_default_step_changes_the_mean_by_less_than_a_thousandth() {
        let wavelengths: Vec<f64> = (0..=400).map(|i| 1e-7 * 1e4_f64.powf(i as f64 / 400.0)).collect();
        let index = |&wavelength: &f64| {
            let nu = 1e-5 / wavelength;
            let oscillator = (num_complex::Complex64::new(1.0 - nu * nu, -0.02 * nu)).inv();
            let m = (oscillator * 0.8 + 2.56).sqrt();
            RefractiveIndex::new(m.re, if wavelength < 2e-6 && wavelength > 3e-7 { 0.0 } else { m.im }).unwrap()
        };
        let indices = wavelengths.iter().map(index).collect();
        let axes = vec![Axis { name: String::new(), wavelengths, indices }];
        let material = OpticalConstants { axes, sha256: String::new() };
        let (temperatures, sizes) = ([300.0, 1500.0, 6000.0], [3e-8, 3e-7, 1.5e-6, 1e-5]);
        let coarse = planck_means(&material, &temperatures, &sizes, 1e-3).unwrap();
        let fine = planck_means(&material, &temperatures, &sizes, 5e-4).unwrap();
        for (i, (a, b)) in coarse.q_pr.iter().zip(&fine.q_pr).enumerate() {
            assert!((a / b - 1.0).abs() < 1e-3, "T {}, s {:e}: {a} and {b}", temperatures[i / 4], sizes[i % 4]);
        }
    }

    #[test]
    fn a_grid_that_is_not_positive_is_refused() {
        let material = glass(&[(1.5, 0.0)]);
        assert!(planck_means(&material, &[0.0], &[1e-6], 0.1).is_err());
        assert!(planck_means(&material, &[300.0], &[f64::NAN], 0.1).is_err());
        assert!(planck_means(&material, &[300.0], &[1e-6], -0.1).is_err());
        assert!(planck_means(&material, &[], &[1e-6], 0.1).is_err());
    }
}
