//! One equation for the surface density alone: supply, first-order losses and collisions.
//!
//! dΣ/dt = P − a Σ − b Σ², where b Σ = Ω τ is the inverse of the collision time of a layer of vertical optical depth τ
//! (Wyatt 1999). The full model, with a size distribution that evolves, is in [`crate::smoluchowski`].

/// Coefficients of the equation.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SurfaceEquation {
    /// Supply P [kg m⁻² s⁻¹], not negative.
    pub supply: f64,
    /// Loss rate a [s⁻¹], not negative.
    pub loss: f64,
    /// Collisions b = Ω κ [m² kg⁻¹ s⁻¹], not negative.
    pub collisions: f64,
}

/// What the equation did.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Advanced {
    /// Surface density at the end [kg m⁻²].
    pub surface_density: f64,
    /// Its integral over the time [kg m⁻² s], of which each loss rate takes its share.
    pub integral: f64,
    /// Mass lost to collisions [kg m⁻²].
    pub collided: f64,
}

impl SurfaceEquation {
    /// The exact solution after `time` [s] from the surface density `start` [kg m⁻²].
    pub fn exact(&self, start: f64, time: f64) -> Advanced {
        let SurfaceEquation { supply, loss, collisions } = *self;
        let root = (loss * loss + 4.0 * collisions * supply).sqrt();
        if root == 0.0 {
            return self.without_loss(start, time);
        }
        let decay = (-root * time).exp();
        let decayed = -(-root * time).exp_m1();
        // root − loss without its cancellation.
        let excess = 4.0 * collisions * supply / (root + loss);
        let above = start * (excess + decay * (root + loss)) + 2.0 * supply * decayed;
        let below = root * (1.0 + decay) + (loss + 2.0 * collisions * start) * decayed;
        let end = above / below;
        // With the rest point ρ and D = (1 − exp(−root t))/root: ∫Σ = ρ t + ln(1 + b (Σ₀ − ρ) D)/b, sorted by Σ₀ and ρ so
        // that nothing cancels, however slow collisions and losses are.
        let (rest, relaxed) = (2.0 * supply / (root + loss), decayed / root);
        let below_linear = log_shortfall(collisions * (start - rest) * relaxed);
        let integral = start * relaxed * (1.0 - below_linear)
            + rest * (time * decay_shortfall(root * time) + relaxed * below_linear);
        Advanced { surface_density: end, integral, collided: self.collided(start, end, integral, time) }
    }

    /// The same with a = 0 and b P = 0.
    fn without_loss(&self, start: f64, time: f64) -> Advanced {
        let SurfaceEquation { supply, collisions, .. } = *self;
        let end = (start + supply * time) / (1.0 + collisions * start * time);
        let integral = if collisions * start > 0.0 {
            (collisions * start * time).ln_1p() / collisions
        } else {
            start * time + 0.5 * supply * time * time
        };
        Advanced { surface_density: end, integral, collided: self.collided(start, end, integral, time) }
    }

    fn collided(&self, start: f64, end: f64, integral: f64, time: f64) -> f64 {
        if self.collisions > 0.0 { start + self.supply * time - self.loss * integral - end } else { 0.0 }
    }

    /// One implicit Euler step of `time` [s] with the collision rate of its start, as the Python program takes it:
    /// Σ' = (Σ + t P)/(1 + t (a + b Σ)).
    pub fn implicit_step(&self, start: f64, time: f64) -> f64 {
        (start + time * self.supply) / (1.0 + time * (self.loss + self.collisions * start))
    }
}

/// Terms of the two series below; the last is beyond rounding.
const TERMS: i32 = 18;

/// 1 − (1 − exp(−z))/z for z ≥ 0, to rounding: a series where the difference cancels.
fn decay_shortfall(z: f64) -> f64 {
    if z > 0.5 {
        return 1.0 + (-z).exp_m1() / z;
    }
    // z/2! − z²/3! + z³/4! − …
    let term = |(sum, term): (f64, f64), k: i32| (sum + term, -term * z / f64::from(k + 2));
    (1..TERMS).fold((0.0, 0.5 * z), term).0
}

/// 1 − ln(1 + y)/y for y > −1, in the same way.
fn log_shortfall(y: f64) -> f64 {
    if y.abs() > 0.1 {
        return 1.0 - y.ln_1p() / y;
    }
    // y/2 − y²/3 + y³/4 − … by Horner's rule
    (1..TERMS).rev().fold(0.0, |sum, k| y * (1.0 / f64::from(k + 1) - sum))
}

#[cfg(test)]
mod tests {
    use super::super::testing::{ROUNDING, assert_close};
    use super::*;

    fn equation(supply: f64, loss: f64, collisions: f64) -> SurfaceEquation {
        SurfaceEquation { supply, loss, collisions }
    }

    /// Classical Runge–Kutta for Σ and its integral; error (time/steps)⁴.
    fn integrated(law: &SurfaceEquation, start: f64, time: f64) -> (f64, f64) {
        let rate = |y: f64| law.supply - law.loss * y - law.collisions * y * y;
        let (steps, mut y, mut sum) = (20_000, start, 0.0);
        let h = time / f64::from(steps);
        for _ in 0..steps {
            let k1 = rate(y);
            let (y2, k2) = (y + 0.5 * h * k1, rate(y + 0.5 * h * k1));
            let (y3, k3) = (y + 0.5 * h * k2, rate(y + 0.5 * h * k2));
            let (y4, k4) = (y + h * k3, rate(y + h * k3));
            sum += h / 6.0 * (y + 2.0 * y2 + 2.0 * y3 + y4);
            y += h / 6.0 * (k1 + 2.0 * k2 + 2.0 * k3 + k4);
        }
        (y, sum)
    }

    #[test]
    fn the_exact_solution_solves_the_equation() {
        for law in [
            equation(0.3, 0.7, 2.0),
            equation(0.0, 0.7, 2.0),
            equation(0.3, 0.0, 2.0),
            equation(0.3, 0.7, 0.0),
            equation(0.3, 0.0, 0.0),
            equation(0.0, 0.0, 2.0),
            equation(0.0, 0.0, 0.0),
            equation(1e-9, 1e-7, 1e-12),
        ] {
            for start in [0.0, 0.2, 5.0] {
                let (found, (end, integral)) = (law.exact(start, 3.0), integrated(&law, start, 3.0));
                assert!((found.surface_density - end).abs() <= 1e-11 * (start + end), "{law:?} {start}: {found:?}");
                assert!((found.integral - integral).abs() <= 1e-11 * (start + integral), "{law:?} {start}: {found:?}");
            }
        }
    }

    #[test]
    fn two_half_times_are_the_whole_time_however_fast_the_losses_are() {
        for law in [equation(0.3, 700.0, 2e3), equation(0.0, 2.0, 1e-3), equation(1e-3, 1e-9, 5.0)] {
            let (whole, half) = (law.exact(4.0, 10.0), law.exact(4.0, 5.0));
            let rest = law.exact(half.surface_density, 5.0);
            assert_close(rest.surface_density, whole.surface_density, ROUNDING);
            assert_close(half.integral + rest.integral, whole.integral, ROUNDING);
        }
    }

    #[test]
    fn supply_and_loss_balance_in_the_end() {
        let law = equation(0.3, 0.7, 2.0);
        let end = law.exact(5.0, 1e3).surface_density;
        assert_close(0.7 * end + 2.0 * end * end, 0.3, ROUNDING);
        // The implicit step has the same rest point.
        assert_close(law.implicit_step(end, 1e3), end, ROUNDING);
    }

    #[test]
    fn the_implicit_step_is_of_first_order() {
        let law = equation(0.3, 0.7, 2.0);
        let off = |steps: u32| {
            let h = 1.0 / f64::from(steps);
            let end = (0..steps).fold(5.0, |sigma, _| law.implicit_step(sigma, h));
            (end - law.exact(5.0, 1.0).surface_density).abs()
        };
        let ratio = off(1000) / off(2000);
        assert!((ratio - 2.0).abs() < 0.02, "{ratio}");
    }
}
