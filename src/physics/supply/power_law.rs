//! A supply that follows a power of the time since its start.

/// Added to the time since the start [s], so that a falling law is finite there. The value is the Python program's.
const SOFTENING: f64 = 1e-12;

/// rate = A (t − t₀ + ε)^p for t ≥ t₀, zero before; ε = 10⁻¹² s.
///
/// For p ≤ −1 nearly all mass of the law arrives in the first instants: its integral is finite only because of ε.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct PowerLaw {
    /// A [kg m⁻² s⁻¹ s⁻ᵖ], not negative: the rate one second after the start.
    pub amplitude: f64,
    /// t₀ [s].
    pub start: f64,
    /// p.
    pub index: f64,
}

impl PowerLaw {
    /// Rate at time `t` [s], in kg m⁻² s⁻¹.
    pub fn rate(&self, t: f64) -> f64 {
        if t < self.start { 0.0 } else { self.amplitude * (t - self.start + SOFTENING).powf(self.index) }
    }

    /// Mass per area that arrives from `from` to `to` [s], in kg m⁻²: ∫ rate dt.
    ///
    /// With x the time since the start and L = ln(x₂/x₁) it is A x₁^(p+1) (e^((p+1)L) − 1)/(p+1), or A L for p = −1;
    /// written so that neither a short interval nor a p near −1 costs digits.
    pub fn amount(&self, from: f64, to: f64) -> f64 {
        let from = from.max(self.start);
        if to <= from {
            return 0.0;
        }
        let first = from - self.start + SOFTENING;
        let stretch = ((to - from) / first).ln_1p();
        let power = self.index + 1.0;
        let exponent = power * stretch;
        let integral = if exponent == 0.0 { stretch } else { exponent.exp_m1() / exponent * stretch };
        self.amplitude * first.powf(power) * integral
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::testing::{ROUNDING, assert_close};
    use super::*;

    #[test]
    fn the_amount_is_the_integral_of_the_rate() {
        // Gauss–Legendre with three nodes on 20 000 panels, equal in log t: exact to 1e-12 for these slopes.
        for index in [-2.0, -1.0, -1.0 + 1e-9, -0.5, 0.0, 0.7, 2.0] {
            let law = PowerLaw { amplitude: 3.0, start: 50.0, index };
            let (a, b) = (60.0_f64, 1e5_f64);
            let edge = |k: usize| 50.0 + (a - 50.0) * ((b - 50.0) / (a - 50.0)).powf(k as f64 / 20_000.0);
            let panel = |k: usize| {
                let (middle, half) = (0.5 * (edge(k) + edge(k + 1)), 0.5 * (edge(k + 1) - edge(k)));
                let x = 0.6_f64.sqrt() * half;
                half * (5.0 * (law.rate(middle - x) + law.rate(middle + x)) + 8.0 * law.rate(middle)) / 9.0
            };
            let quadrature: f64 = (0..20_000).map(panel).sum();
            assert_close(law.amount(a, b), quadrature, 1e-11);
        }
    }

    #[test]
    fn closed_forms_hold_from_the_start_on() {
        let law = PowerLaw { amplitude: 2.0, start: 10.0, index: -0.5 };
        // 4 √x from 0 to 100; the softening is 1e-6 of √x at its start.
        assert_close(law.amount(0.0, 110.0), 40.0, 1e-6);
        let law = PowerLaw { amplitude: 2.0, start: 0.0, index: -1.0 };
        assert_close(law.amount(0.0, 1.0), 2.0 * 1e12_f64.ln(), ROUNDING);
        assert_eq!((law.amount(3.0, 3.0), law.amount(-5.0, 0.0)), (0.0, 0.0));
    }

    #[test]
    fn nothing_arrives_before_the_start() {
        let law = PowerLaw { amplitude: 2.0, start: 10.0, index: 1.0 };
        assert_eq!((law.rate(9.999), law.amount(0.0, 10.0)), (0.0, 0.0));
        assert_close(law.rate(13.0), 6.0, ROUNDING);
    }

    #[test]
    fn a_short_interval_late_keeps_its_digits() {
        let law = PowerLaw { amplitude: 2.0, start: 0.0, index: -0.5 };
        // The rate in the middle is off by 1/32 of the square of the relative length.
        assert_close(law.amount(1e8, 1e8 + 10.0), law.rate(1e8 + 5.0) * 10.0, ROUNDING);
    }
}
