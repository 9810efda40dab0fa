//! The smallest fragment that the energy of an impact can pay new surface for.

/// What the energy balance of fragmentation needs (Krijt & Kama 2014, A&A 566, L2).
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SurfaceEnergy {
    /// Surface energy γ [J m⁻²], positive.
    pub gamma: f64,
    /// Share η of the impact's energy that makes surface, above 0, at most 1.
    pub efficiency: f64,
    /// Size s₀ of the colliding bodies [m], positive.
    pub collider: f64,
    /// Mass of the largest fragment over that of a collider, above 0, at most 1.
    pub largest_fragment: f64,
}

impl SurfaceEnergy {
    /// Size of the smallest fragment [m]; 0 where the balance sets none.
    ///
    /// s = [ (α − 3)/(4 − α) (1/s₀ + η ρ v²/(24 γ)) s_L^(4−α) ]^(1/(3−α)), s_L = s₀ f^(1/3), at most s_L.
    ///
    /// - `alpha`: exponent of dN/ds ∝ s^−α; the law holds for 3 < α < 4, where surface is in the small and mass in the
    ///   large fragments
    /// - `density`: ρ of the grain material [kg m⁻³]
    /// - `speed`: v of the encounter [m s⁻¹]
    pub fn smallest_fragment(&self, alpha: f64, density: f64, speed: f64) -> f64 {
        if !(alpha > 3.0 && alpha < 4.0) {
            return 0.0;
        }
        let largest = self.collider * self.largest_fragment.cbrt();
        let surface = 1.0 / self.collider + self.efficiency * density * speed * speed / (24.0 * self.gamma);
        let balance = (alpha - 3.0) / (4.0 - alpha) * surface * largest.powf(4.0 - alpha);
        let size = balance.powf(1.0 / (3.0 - alpha));
        if size.is_finite() { size.min(largest) } else { 0.0 }
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{ROUNDING, assert_close};
    use super::*;

    const LAW: SurfaceEnergy = SurfaceEnergy { gamma: 1.0, efficiency: 0.1, collider: 1.0, largest_fragment: 0.5 };

    #[test]
    fn for_a_slope_of_three_and_a_half_it_falls_with_the_fourth_power_of_the_speed() {
        // (α − 3)/(4 − α) = 1, so s = [(1 + 12.5 v²) s_L^½]^−2.
        let expected = |speed: f64| 1.0 / ((1.0 + 12.5 * speed * speed).powi(2) * 0.5_f64.cbrt());
        for speed in [1.0, 30.0, 3000.0] {
            assert_close(LAW.smallest_fragment(3.5, 3000.0, speed), expected(speed), ROUNDING);
        }
    }

    #[test]
    fn it_is_never_larger_than_the_largest_fragment_and_nothing_outside_its_range() {
        assert_close(LAW.smallest_fragment(3.5, 3000.0, 0.0), 0.5_f64.cbrt(), ROUNDING);
        for alpha in [1.83, 3.0, 4.0, f64::NAN] {
            assert_eq!(LAW.smallest_fragment(alpha, 3000.0, 100.0), 0.0);
        }
    }
}
