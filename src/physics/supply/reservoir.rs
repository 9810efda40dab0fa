//! A finite source: how much of the wanted supply it can still give.

/// How a finite reservoir runs dry.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Depletion {
    /// It gives what is wanted until it is empty.
    HardStop,
    /// Once less than this share of its mass is left, it gives the share (left / this share) of what is wanted.
    Taper(f64),
}

/// What a reservoir gives in a step.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Grant {
    /// Mean rate [kg m⁻² s⁻¹], at most the wanted one.
    pub rate: f64,
    /// Whether it ran out.
    pub clipped: bool,
}

impl Depletion {
    /// What a reservoir gives when `wanted` [kg m⁻² s⁻¹] is asked of it for `dt` [s]: the solution of
    /// dR/dt = −wanted · min(1, R/(x R₀)), so that never more than what is left leaves.
    ///
    /// - `left`, `total`: its mass R now and R₀ at the start, per area of the cell [kg m⁻²]
    pub fn grant(self, wanted: f64, left: f64, total: f64, dt: f64) -> Grant {
        let asked = wanted * dt;
        let knee = self.knee() * total;
        let full = (left - knee).max(0.0);
        if asked <= full {
            return Grant { rate: wanted, clipped: false };
        }
        if knee <= 0.0 {
            return Grant { rate: left / dt, clipped: true };
        }
        let ramp = left - full;
        let tapered = -ramp * (-(asked - full) / knee).exp_m1();
        Grant { rate: ((full + tapered) / dt).min(wanted), clipped: false }
    }

    /// The same as the Python program decides it, from what is left at the start of the step.
    pub fn grant_at_start(self, wanted: f64, left: f64, total: f64, dt: f64) -> Grant {
        let mut share: f64 = 1.0;
        let knee = self.knee() * total;
        if left < knee {
            share = left / knee;
        }
        let most = left / dt;
        let clipped = most < wanted;
        if clipped {
            share = share.min(most / wanted);
        }
        Grant { rate: wanted * share, clipped }
    }

    fn knee(self) -> f64 {
        match self {
            Depletion::HardStop => 0.0,
            Depletion::Taper(share) => share,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::testing::{ROUNDING, assert_close};
    use super::*;

    #[test]
    fn a_hard_stop_gives_all_and_nothing_more() {
        let stop = Depletion::HardStop;
        assert_eq!(stop.grant(2.0, 10.0, 20.0, 4.0), Grant { rate: 2.0, clipped: false });
        assert_eq!(stop.grant(2.0, 10.0, 20.0, 8.0), Grant { rate: 1.25, clipped: true });
        assert_eq!(stop.grant(2.0, 0.0, 20.0, 8.0), Grant { rate: 0.0, clipped: true });
        assert_eq!(stop.grant(0.0, 0.0, 20.0, 8.0), Grant { rate: 0.0, clipped: false });
        assert_eq!(stop.grant_at_start(2.0, 10.0, 20.0, 8.0), Grant { rate: 1.25, clipped: true });
    }

    #[test]
    fn a_taper_follows_its_equation() {
        // Explicit steps of 1e-5 of the time scale: relative error 1e-5 of the total change.
        let (taper, total, wanted) = (Depletion::Taper(0.25), 8.0_f64, 0.5);
        let mut left = total;
        for step in 1..=2_000_000 {
            left -= wanted * (left / 2.0).min(1.0) * 1e-5;
            if step % 500_000 == 0 {
                let time = f64::from(step) * 1e-5;
                let given = taper.grant(wanted, total, total, time).rate * time;
                assert_close(total - given, left, 1e-5);
            }
        }
    }

    #[test]
    fn the_length_of_the_steps_does_not_matter() {
        for depletion in [Depletion::HardStop, Depletion::Taper(0.3)] {
            let mut left = 5.0;
            for _ in 0..7 {
                left -= depletion.grant(0.4, left, 5.0, 2.0).rate * 2.0;
            }
            assert_close(5.0 - depletion.grant(0.4, 5.0, 5.0, 14.0).rate * 14.0 + 1.0, left + 1.0, ROUNDING);
        }
    }

    #[test]
    fn the_python_program_looks_at_the_start_of_the_step() {
        let taper = Depletion::Taper(0.5);
        assert_eq!(taper.grant_at_start(2.0, 6.0, 10.0, 1.0), Grant { rate: 2.0, clipped: false });
        assert_eq!(taper.grant_at_start(2.0, 4.0, 10.0, 1.0), Grant { rate: 1.6, clipped: false });
        assert_eq!(taper.grant_at_start(2.0, 1.0, 10.0, 1.0), Grant { rate: 0.4, clipped: true });
        assert_eq!(Depletion::HardStop.grant_at_start(2e-20, 1e-20, 10.0, 1.0), Grant { rate: 1e-20, clipped: true });
    }
}
