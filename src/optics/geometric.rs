//! Radiation pressure on a sphere so large that light in it travels as rays.
//!
//! A ray that meets the surface at angle of incidence θ is partly reflected (R), refracted to the angle r, dimmed by
//! A = exp(−absorption along one chord) and split again each time it meets the surface from inside. The p-th ray to
//! leave is turned by 2(θ − r) + (p − 1)(π − 2r); the powers T²A(RA)^{p−1} form a geometric series, so that the
//! momentum taken from the beam, per polarisation and per incident ray, is
//!
//! ```text
//! q(θ) = 1 + R cos 2θ − Re[ T² A e^{2i(θ−r)} / (1 + R A e^{−2ir}) ]
//! ```
//!
//! which without absorption is the trapping force of Ashkin (1992, Biophys. J. 61, 569) along the beam. Q_pr is its
//! mean over the cross-section, ∫ q(θ) d(sin²θ), and over both polarisations (van de Hulst 1957, "Light Scattering by
//! Small Particles", §12.2). Diffraction turns light by angles of order 1/x only and takes no momentum in this limit.
//!
//! R is Fresnel's coefficient for the complex index; inside, r is the direction of constant phase and the dimming that
//! of the inhomogeneous wave normal to the surface, exact for a plane surface. What is left out, the waves that creep
//! along the edge, is of relative order x^(−2/3). Valid for x ≫ 1 and 2x|m − 1| ≫ 1; read [`super::efficiency`] next.

use super::mie::RefractiveIndex;
use num_complex::Complex64;
use std::f64::consts::{FRAC_PI_2, PI};

/// Angles of incidence per interval: doubling them moves Q_pr by less than 1e-6 (tested).
const ANGLES: usize = 64;

/// Ray tracing through a sphere, with the nodes of its quadrature.
#[derive(Debug)]
pub struct GeometricOptics {
    /// Gauss–Legendre nodes and weights on (0, 1).
    nodes: Vec<(f64, f64)>,
}

impl Default for GeometricOptics {
    fn default() -> Self {
        Self { nodes: gauss_legendre(ANGLES) }
    }
}

impl GeometricOptics {
    /// Q_pr of a sphere of index `m` and size parameter x = 2πs/λ ≫ 1, without unit; between 0 and 2.
    ///
    /// The cross-section is cut at the critical angle sin θ = n, if there is one, and the angles crowd towards the cut
    /// (towards grazing incidence otherwise), where R rises steeply.
    pub fn q_pr(&self, m: RefractiveIndex, x: f64) -> f64 {
        let m2 = Complex64::new(m.n(), m.k()) * Complex64::new(m.n(), m.k());
        let critical = m.n().min(1.0).asin();
        let beyond = FRAC_PI_2 - critical;
        let mut sum = 0.0;
        for &(t, weight) in &self.nodes {
            sum += weight * critical * 2.0 * t * momentum_of_ring(m2, x, critical * (1.0 - t * t));
            if beyond > 0.0 {
                sum += weight * beyond * 2.0 * t * momentum_of_ring(m2, x, critical + beyond * t * t);
            }
        }
        sum
    }
}

/// q(θ) sin 2θ, mean of both polarisations.
fn momentum_of_ring(m2: Complex64, x: f64, theta: f64) -> f64 {
    let (sin, cos) = theta.sin_cos();
    let incident = Complex64::new(cos, sin);
    // Wave vector inside, normal to the surface, in units of the one outside.
    let normal = (m2 - sin * sin).sqrt();
    let length = normal.re.hypot(sin);
    let refracted = Complex64::new(normal.re / length, -sin / length);
    let dimming = (-4.0 * x * normal.im * refracted.re * refracted.re).exp();
    let turned = (incident * refracted) * (incident * refracted);
    let per_bounce = refracted * refracted * dimming;
    let cos_twice = cos * cos - sin * sin;
    let polarisation = |reflected: f64| {
        let transmitted = 1.0 - reflected;
        let leaving = if transmitted > 0.0 && dimming > 0.0 {
            (turned * (transmitted * transmitted * dimming) / (per_bounce * reflected + 1.0)).re
        } else {
            0.0
        };
        1.0 + reflected * cos_twice - leaving
    };
    let perpendicular = ((cos - normal) / (cos + normal)).norm_sqr();
    let parallel = ((m2 * cos - normal) / (m2 * cos + normal)).norm_sqr();
    0.5 * (polarisation(perpendicular) + polarisation(parallel)) * 2.0 * sin * cos
}

/// Nodes and weights of the Gauss–Legendre rule on (0, 1), by Newton's method on the Legendre polynomial.
fn gauss_legendre(count: usize) -> Vec<(f64, f64)> {
    (1..=count)
        .map(|i| {
            let mut z = (PI * (i as f64 - 0.25) / (count as f64 + 0.5)).cos();
            let mut slope = 1.0;
            // Quadratic convergence from this start: six steps reach rounding for any count.
            for _ in 0..6 {
                let (mut below, mut here) = (1.0, z);
                for n in 2..=count {
                    let n = n as f64;
                    (below, here) = (here, ((2.0 * n - 1.0) * z * here - (n - 1.0) * below) / n);
                }
                slope = count as f64 * (z * here - below) / (z * z - 1.0);
                z -= here / slope;
            }
            (0.5 * (1.0 + z), 1.0 / ((1.0 - z * z) * slope * slope))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn q_pr(n: f64, k: f64, x: f64) -> f64 {
        GeometricOptics::default().q_pr(RefractiveIndex::new(n, k).unwrap(), x)
    }

    /// For a perfect mirror the reflected light goes out evenly in all directions, so all momentum stays: Q_pr = 1.
    /// A real metal reflects 1 − O(4n/|m|²); n = 1e-6, k = 900 leaves 1e-11, but p-polarised light near grazing
    /// incidence (cos θ < 1/k) still sees the metal's impedance, a ring of relative area 1/k².
    #[test]
    fn a_mirror_takes_exactly_the_momentum_of_the_beam() {
        assert!((q_pr(1e-6, 900.0, 1e6) - 1.0).abs() < 1e-5);
    }

    /// Index 1 bends and reflects nothing; the beam passes or is absorbed along the chord 2s cos θ, so that
    /// Q_pr = Q_abs = 1 + 2e^{−u}/u + 2(e^{−u} − 1)/u², u = 4xk (van de Hulst 1957, ch. 11).
    #[test]
    fn a_sphere_of_index_one_only_absorbs() {
        for u in [0.01, 1.0, 30.0_f64] {
            let x = 1e6;
            let expected = 1.0 + 2.0 * (-u).exp() / u + 2.0 * (-u).exp_m1() / (u * u);
            // k = u/4x ≤ 1e-5 still reflects at grazing incidence, cos θ < √(2k): a ring of relative area 2k.
            assert!((q_pr(1.0, u / (4.0 * x), x) - expected).abs() < 3e-5, "u {u}");
        }
    }

    /// Opaque sphere: only the first reflection escapes, Q_pr = 1 + ∫ R cos 2θ d(sin²θ), here by the midpoint rule.
    #[test]
    fn an_opaque_sphere_loses_only_what_it_reflects() {
        let (n, k) = (1.6, 0.3);
        let m = Complex64::new(n, k);
        let steps = 20_000;
        let expected: f64 = (0..steps)
            .map(|i| {
                let sin2 = (i as f64 + 0.5) / steps as f64;
                let (cos, inner) = ((1.0 - sin2).sqrt(), (m * m - sin2).sqrt());
                let s = ((cos - inner) / (cos + inner)).norm_sqr();
                let p = ((m * m * cos - inner) / (m * m * cos + inner)).norm_sqr();
                (1.0 + 0.5 * (s + p) * (1.0 - 2.0 * sin2)) / steps as f64
            })
            .sum();
        assert!((q_pr(n, k, 1e8) - expected).abs() < 1e-6);
    }

    #[test]
    fn twice_the_angles_change_less_than_a_millionth() {
        let coarse = GeometricOptics::default();
        let fine = GeometricOptics { nodes: gauss_legendre(2 * ANGLES) };
        for n in [0.05, 0.5, 0.99, 1.01, 1.65, 3.0, 8.6] {
            for k in [0.0, 1e-8, 1e-5, 1e-3, 0.1, 3.0] {
                for x in [3e3, 1e5, 1e8] {
                    let m = RefractiveIndex::new(n, k).unwrap();
                    let (a, b) = (coarse.q_pr(m, x), fine.q_pr(m, x));
                    assert!((a - b).abs() < 1e-6, "n {n}, k {k}, x {x}: {a} and {b}");
                }
            }
        }
    }
}
