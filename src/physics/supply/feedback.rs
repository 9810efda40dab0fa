//! A supply that holds a wanted optical depth: its scale grows while the cell is too transparent and shrinks while it is
//! too opaque.

/// Least optical depth that an error is measured against.
const LEAST_TARGET: f64 = 1e-12;

/// The controller dx/dt = x (g/t_r) (τ* − τ)/τ*, with its scale x within limits.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Feedback {
    /// τ*, wanted optical depth along the line of sight, not negative.
    pub target: f64,
    /// g/t_r [s⁻¹], gain over response time, not negative.
    pub rate: f64,
    /// Smallest and largest scale.
    pub limits: (f64, f64),
}

impl Feedback {
    /// (τ* − τ)/τ* of a cell of optical depth τ.
    pub fn error(&self, tau: f64) -> f64 {
        (self.target - tau) / self.target.max(LEAST_TARGET)
    }

    /// The scale after `dt` [s] at a constant optical depth: x exp(g dt/t_r · error).
    pub fn relaxed(&self, scale: f64, tau: f64, dt: f64) -> f64 {
        // The exponent is bounded so that a scale of zero stays zero.
        self.limited(scale * (self.rate * dt * self.error(tau)).min(700.0).exp())
    }

    /// The same in one explicit step, as the Python program takes it: x (1 + g dt/t_r · error).
    pub fn stepped(&self, scale: f64, tau: f64, dt: f64) -> f64 {
        self.limited(scale * (1.0 + self.rate * dt * self.error(tau)))
    }

    fn limited(&self, scale: f64) -> f64 {
        scale.max(self.limits.0).min(self.limits.1)
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::testing::assert_close;
    use super::*;

    const CONTROL: Feedback = Feedback { target: 0.8, rate: 2e-3, limits: (0.1, 3.0) };

    #[test]
    fn the_target_is_a_rest_point() {
        assert_eq!((CONTROL.relaxed(0.7, 0.8, 100.0), CONTROL.stepped(0.7, 0.8, 100.0)), (0.7, 0.7));
    }

    #[test]
    fn many_small_explicit_steps_are_one_exact_one() {
        let mut scale = 1.0;
        for _ in 0..100_000 {
            scale = CONTROL.stepped(scale, 1.0, 1e-3);
        }
        // The explicit scheme is off by half the exponent of a step, 2.5e-7, per unit of the total one, 0.05.
        assert_close(CONTROL.relaxed(1.0, 1.0, 100.0), scale, 1e-7);
        assert_close(scale, (-0.05_f64).exp(), 1e-7);
    }

    #[test]
    fn the_scale_stays_within_its_limits_whatever_the_step() {
        assert_eq!((CONTROL.relaxed(1.0, 0.0, 1e9), CONTROL.stepped(1.0, 0.0, 1e9)), (3.0, 3.0));
        assert_eq!((CONTROL.relaxed(1.0, 9.0, 1e9), CONTROL.stepped(1.0, 9.0, 1e9)), (0.1, 0.1));
        let never = Feedback { target: 0.0, rate: 1.0, limits: (0.0, 1.0) };
        assert_eq!((never.relaxed(1.0, 0.5, 1.0), never.relaxed(0.0, 0.0, 1e300)), (0.0, 0.0));
    }
}
