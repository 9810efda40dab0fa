//! First-order processes of one cell: losses per bin, the drift of shrinking grains, and a source.
//!
//! Every loss belongs to a ledger channel, so that the integrator can say through which door the mass left.

/// A door through which mass leaves a cell.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(usize)]
pub enum Channel {
    /// Expelled by radiation.
    Blowout = 0,
    /// Evaporated.
    Sublimation = 1,
    /// Removed by gas drag.
    GasDrag = 2,
    /// Escaped as vapour.
    Escape = 3,
}

/// Number of [`Channel`]s.
pub const CHANNELS: usize = 4;

/// Rates of the first-order processes, all per bin (length n).
#[derive(Debug, Clone)]
pub struct Processes {
    /// Loss rates by channel [s⁻¹], not negative.
    pub losses: [Vec<f64>; CHANNELS],
    /// Rate at which mass of bin k arrives in bin k − 1 as grains shrink [s⁻¹], not negative; entry 0 is zero.
    pub drift: Vec<f64>,
    /// Source [kg m⁻² s⁻¹], not negative.
    pub source: Vec<f64>,
}

impl Processes {
    /// No process at all, for n bins.
    pub fn none(n: usize) -> Self {
        Processes { losses: std::array::from_fn(|_| vec![0.0; n]), drift: vec![0.0; n], source: vec![0.0; n] }
    }

    /// Sets every rate to zero.
    pub fn clear(&mut self) {
        for rates in self.losses.iter_mut().chain([&mut self.drift, &mut self.source]) {
            rates.fill(0.0);
        }
    }

    /// Rates of one channel [s⁻¹].
    pub fn loss_mut(&mut self, channel: Channel) -> &mut [f64] {
        &mut self.losses[channel as usize]
    }

    /// Rate at which bin k loses mass to the outside [s⁻¹].
    pub fn loss(&self, k: usize) -> f64 {
        self.losses.iter().map(|rates| rates[k]).sum()
    }

    /// Rate at which mass leaves the cell in a given state (length n) through a channel [kg m⁻² s⁻¹].
    pub fn loss_rate(&self, channel: usize, state: &[f64]) -> f64 {
        self.losses[channel].iter().zip(state).map(|(rate, mass)| rate * mass).sum()
    }

    /// Mass that the source brings in [kg m⁻² s⁻¹].
    pub fn source_rate(&self) -> f64 {
        self.source.iter().sum()
    }

    /// Adds the processes to a right-hand side (length n).
    pub fn add_rate(&self, state: &[f64], rate: &mut [f64]) {
        for k in 0..state.len() {
            let arriving = self.drift.get(k + 1).map_or(0.0, |drift| drift * state[k + 1]);
            rate[k] += self.source[k] + arriving - (self.loss(k) + self.drift[k]) * state[k];
        }
    }

    /// Adds the processes to a row-major n × n Jacobian or rate matrix.
    pub fn add_jacobian(&self, jacobian: &mut [f64]) {
        let n = self.drift.len();
        for k in 0..n {
            jacobian[k * n + k] -= self.loss(k) + self.drift[k];
            if k + 1 < n {
                jacobian[k * n + k + 1] += self.drift[k + 1];
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const STATE: [f64; 3] = [2.0, 3.0, 5.0];

    fn processes() -> Processes {
        let mut processes = Processes::none(3);
        processes.loss_mut(Channel::Blowout).copy_from_slice(&[0.5, 0.25, 0.0]);
        processes.loss_mut(Channel::GasDrag).copy_from_slice(&[0.0, 0.0, 2.0]);
        processes.drift.copy_from_slice(&[0.0, 1.0, 4.0]);
        processes.source.copy_from_slice(&[0.0, 7.0, 0.0]);
        processes
    }

    #[test]
    fn drift_takes_from_a_bin_what_it_gives_to_the_next() {
        let mut rate = [0.0; 3];
        processes().add_rate(&STATE, &mut rate);
        assert_eq!(rate, [3.0 - 1.0, 7.0 + 20.0 - 3.0 - 0.75, -20.0 - 10.0]);
    }

    #[test]
    fn each_loss_is_booked_in_its_own_channel() {
        let processes = processes();
        let booked = [Channel::Blowout, Channel::Sublimation, Channel::GasDrag]
            .map(|channel| processes.loss_rate(channel as usize, &STATE));
        assert_eq!(booked, [1.75, 0.0, 10.0]);
        assert_eq!((processes.loss(1), processes.source_rate()), (0.25, 7.0));
    }

    #[test]
    fn the_jacobian_times_the_state_is_the_rate_without_the_source() {
        let processes = processes();
        let (mut jacobian, mut rate) = ([0.0; 9], [0.0; 3]);
        processes.add_jacobian(&mut jacobian);
        processes.add_rate(&STATE, &mut rate);
        for k in 0..3 {
            let product: f64 = (0..3).map(|l| jacobian[3 * k + l] * STATE[l]).sum();
            assert_eq!(product, rate[k] - processes.source[k]);
        }
    }

    #[test]
    fn nothing_happens_once_they_are_cleared() {
        let (mut processes, mut rate) = (processes(), [0.0; 3]);
        processes.clear();
        processes.add_rate(&STATE, &mut rate);
        assert_eq!(rate, [0.0; 3]);
    }
}
