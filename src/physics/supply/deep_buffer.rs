//! Material that waits below the surface and mixes up to it.
//!
//! The Python program also limits what reaches the surface by the room below optical depth one. In every run with an
//! optical depth in its configuration that limit is off, so there is none here: supply in excess never goes down by
//! itself, and with direct transport the buffer stays empty.

/// Exchange with the deep buffer of one cell.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct DeepBuffer {
    /// Whether the supply goes into the buffer first, and only from there to the surface.
    pub receives: bool,
    /// t_mix, time in which the buffer mixes up [s], positive; infinite without a buffer.
    pub t_mix: f64,
}

impl DeepBuffer {
    /// No buffer: everything reaches the surface at once.
    pub const NONE: DeepBuffer = DeepBuffer { receives: false, t_mix: f64::INFINITY };

    /// Mass that rises to the surface in `dt` [s], in kg m⁻²: the solution of dD/dt = inflow − D/t_mix.
    ///
    /// D₀ (1 − e⁻ˣ) + inflow t_mix (x − 1 + e⁻ˣ) with x = dt/t_mix.
    ///
    /// - `stored`: D₀, in the buffer at the start [kg m⁻²]
    /// - `inflow`: into the buffer [kg m⁻² s⁻¹]
    pub fn risen(&self, stored: f64, inflow: f64, dt: f64) -> f64 {
        let x = dt / self.t_mix;
        if x == 0.0 {
            return 0.0;
        }
        // Below 1e-3 the series loses less than the difference.
        let lag = if x < 1e-3 { x * x * (0.5 - x * (1.0 / 6.0 - x / 24.0)) } else { x + (-x).exp_m1() };
        -stored * (-x).exp_m1() + inflow * dt * (lag / x)
    }

    /// The same as the Python program takes it: what is there at the end, times x, at most all of it.
    pub fn risen_at_end(&self, stored: f64, inflow: f64, dt: f64) -> (f64, f64) {
        let there = stored + inflow * dt;
        let attempt = there * (dt / self.t_mix);
        (attempt, attempt.min(there))
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::testing::{ROUNDING, assert_close};
    use super::*;

    #[test]
    fn the_solution_does_not_depend_on_the_steps() {
        let buffer = DeepBuffer { receives: true, t_mix: 7.0 };
        for steps in [1, 3, 1000, 100_000] {
            let (mut stored, mut risen, dt) = (2.0, 0.0, 30.0 / f64::from(steps));
            for _ in 0..steps {
                let up = buffer.risen(stored, 0.5, dt);
                stored += 0.5 * dt - up;
                risen += up;
            }
            // D(t) = inflow t_mix + (D₀ − inflow t_mix) e^(−t/t_mix); 1e5 steps leave 1e5 roundings.
            assert_close(stored, 3.5 - 1.5 * (-30.0_f64 / 7.0).exp(), 1e-11);
            assert_close(stored + risen, 17.0, 1e-11);
        }
    }

    #[test]
    fn short_and_long_steps_are_the_limits_of_the_solution() {
        let buffer = DeepBuffer { receives: true, t_mix: 7.0 };
        assert_close(buffer.risen(1.0, 0.0, 7e-9), 1e-9, 1e-8);
        assert_close(buffer.risen(0.0, 2.0, 7e-3), 7e-3 * 1e-3, 1e-3);
        assert_close(buffer.risen(0.0, 2.0, 6.999e-3), buffer.risen(0.0, 2.0, 7.001e-3), 1e-3);
        assert_close(buffer.risen(1.0, 2.0, 7e9), 1.0 + 2.0 * (7e9 - 7.0), ROUNDING);
        assert_eq!(DeepBuffer::NONE.risen(0.0, 0.0, 100.0), 0.0);
    }

    #[test]
    fn the_python_program_mixes_up_what_has_just_come_in() {
        let buffer = DeepBuffer { receives: true, t_mix: 2.0 };
        assert_eq!(buffer.risen_at_end(0.0, 1.0, 1.0), (0.5, 0.5));
        assert_eq!(buffer.risen_at_end(1.0, 1.0, 4.0), (10.0, 5.0));
    }
}
