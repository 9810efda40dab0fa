//! Checks of the series against closed limits, published values and exact identities. The comparison with other codes
//! over the whole domain is `tests/optics.rs`.

use super::*;

fn sphere(n: f64, k: f64, x: f64) -> Efficiencies {
    MieWorkspace::new().efficiencies(RefractiveIndex::new(n, k).unwrap(), x).unwrap()
}

fn assert_close(found: f64, expected: f64, tolerance: f64, what: &str) {
    assert!((found / expected - 1.0).abs() <= tolerance, "{what}: found {found}, expected {expected}");
}

/// Wiscombe (1979), NCAR/TN-140, test cases of MIEV0: n, k, x, Q_ext, Q_sca, g as printed (six digits).
#[test]
fn the_published_cases_of_wiscombe_are_reproduced() {
    for (n, k, x, q_ext, q_sca, g) in [
        (1.33, 1e-5, 1.0, 0.093952, 0.093923, 0.184517),
        (1.33, 1e-5, 100.0, 2.101321, 2.096594, 0.868959),
        (1.33, 1e-5, 1e4, 2.004089, 1.723857, 0.907840),
        (1.5, 1.0, 0.055, 0.101491, 0.000011, 0.000491),
        (1.5, 1.0, 0.056, 0.103347, 0.000012, 0.000509),
        (1.5, 1.0, 1.0, 2.336321, 0.663454, 0.192136),
        (1.5, 1.0, 100.0, 2.097502, 1.283697, 0.850252),
        (1.5, 1.0, 1e4, 2.004368, 1.236574, 0.846310),
        (1.5, 0.0, 10.0, 2.881999, 2.881999, 0.742913),
        (10.0, 10.0, 1.0, 2.532993, 2.049405, -0.110664),
        (10.0, 10.0, 100.0, 2.071124, 1.836785, 0.556215),
        (10.0, 10.0, 1e4, 2.005914, 1.795393, 0.548194),
    ] {
        let found = sphere(n, k, x);
        let printed = [(found.extinction(), q_ext), (found.scattering, q_sca), (found.asymmetry, g)];
        for (value, expected) in printed {
            // Half a unit of the last printed digit, and a little for the printed rounding.
            assert!((value - expected).abs() < 0.6e-6, "m {n} + {k}i, x {x}: found {value}, printed {expected}");
        }
    }
}

/// Q_sca = (8/3) x⁴ |L|², Q_abs = 4x Im L with L = (m² − 1)/(m² + 2) (B&H eqs. 5.7 to 5.9). The next term is x² times
/// a factor of order |m|², so at x = 1e-6 the limit holds to 1e-10.
#[test]
fn small_spheres_scatter_and_absorb_as_rayleigh_says() {
    for (n, k) in [(1.5, 0.0), (1.6, 1e-8), (1.2, 0.9), (0.07, 3.0), (8.6, 0.02)] {
        let x = 1e-6;
        let m2 = Complex64::new(n, k) * Complex64::new(n, k);
        let l = (m2 - 1.0) / (m2 + 2.0);
        let found = sphere(n, k, x);
        assert_close(found.scattering, 8.0 / 3.0 * x.powi(4) * l.norm_sqr(), 1e-9, "Q_sca");
        if k > 0.0 {
            assert_close(found.absorption, 4.0 * x * l.im, 1e-9, "Q_abs");
        }
        assert!(found.asymmetry.abs() < 1e-9, "g {} must vanish like x²", found.asymmetry);
    }
}

#[test]
fn a_transparent_sphere_absorbs_nothing() {
    for n in [0.3, 1.33, 1.65, 8.0] {
        for x in [1e-8, 0.01, 1.0, 30.0, 2e3] {
            assert_eq!(sphere(n, 0.0, x).absorption, 0.0, "n {n}, x {x}");
        }
    }
}

/// Power balance the other way round: Q_ext from the optical theorem, (2/x²) Σ (2n+1) Re(a_n + b_n), with the
/// coefficients in their textbook form (B&H 4.88) from log derivatives, must equal the sum of scattering and
/// absorption.
#[test]
fn extinction_from_the_optical_theorem_is_scattering_plus_absorption() {
    for (n, k, x) in [(1.5, 0.0, 3.0), (1.6, 0.01, 20.0), (0.5, 2.0, 5.0), (1.7, 1e-4, 60.0)] {
        let m = Complex64::new(n, k);
        let last = last_order(x);
        let mut derivative = vec![Complex64::new(0.0, 0.0); last + 200];
        for i in (1..derivative.len()).rev() {
            let over = (m * x).inv() * i as f64;
            derivative[i - 1] = over - (derivative[i] + over).inv();
        }
        let (mut psi_below, mut psi) = (f64::sin(x), f64::sin(x) / x - f64::cos(x));
        let (mut chi_below, mut chi) = (f64::cos(x), f64::cos(x) / x + f64::sin(x));
        let mut sum = 0.0;
        for (i, d) in derivative.iter().enumerate().take(last).skip(1) {
            let over = i as f64 / x;
            for factor in [d / m + over, d * m + over] {
                let upper = factor * psi - psi_below;
                let lower = factor * Complex64::new(psi, -chi) - Complex64::new(psi_below, -chi_below);
                sum += (2 * i + 1) as f64 * (upper / lower).re;
            }
            let growth = (2 * i + 1) as f64 / x;
            (psi_below, psi) = (psi, growth * psi - psi_below);
            (chi_below, chi) = (chi, growth * chi - chi_below);
        }
        // The textbook form loses digits by cancellation, some 1e-14 times a few hundred terms.
        assert_close(sphere(n, k, x).extinction(), 2.0 * sum / (x * x), 1e-11, "Q_ext");
    }
}

#[test]
fn a_metal_of_any_size_is_summed_without_overflow() {
    for x in [1e-15, 1e-3, 1.0, 1e3, 1e5, 1e6] {
        let found = sphere(10.0, 100.0, x);
        assert!(found.scattering > 0.0 && found.absorption > 0.0 && found.asymmetry.abs() < 1.0, "x {x}: {found:?}");
    }
}

#[test]
fn a_workspace_that_has_seen_the_largest_sphere_allocates_no_more() {
    let m = RefractiveIndex::new(1.6, 0.1).unwrap();
    let mut workspace = MieWorkspace::new();
    let first = workspace.efficiencies(m, 2e3).unwrap();
    let kept = (workspace.inside.capacity(), workspace.inside.as_ptr(), workspace.outside.as_ptr());
    for x in [1e-5, 3.0, 700.0, 1999.0] {
        workspace.efficiencies(m, x).unwrap();
    }
    assert_eq!(workspace.efficiencies(m, 2e3).unwrap(), first, "what a buffer held before must not matter");
    assert_eq!((workspace.inside.capacity(), workspace.inside.as_ptr(), workspace.outside.as_ptr()), kept);
}

#[test]
fn what_is_not_a_sphere_is_refused() {
    assert!(RefractiveIndex::new(0.0, 0.0).is_err());
    assert!(RefractiveIndex::new(1.5, -1e-5).is_err());
    assert!(RefractiveIndex::new(f64::NAN, 0.0).is_err());
    assert!(RefractiveIndex::new(1.5, f64::INFINITY).is_err());
    let m = RefractiveIndex::new(1.5, 0.0).unwrap();
    for x in [0.0, -1.0, f64::NAN, f64::INFINITY, 2e6] {
        assert!(MieWorkspace::new().efficiencies(m, x).is_err(), "x {x}");
    }
}
