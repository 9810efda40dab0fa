//! First-order processes of one cell: losses per bin, the drift of shrinking grains, and a source.
//!
//! Every loss belongs to a ledger channel, so that the integrator can say through which door the mass left.

use super::simd::{Block, Kernel, Lanes, Padded, Tiles};
use std::ops::{Index, IndexMut};

/// A door through which mass leaves a cell.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Channel {
    /// Expelled by radiation.
    Blowout,
    /// Evaporated.
    Sublimation,
    /// Removed by gas drag.
    GasDrag,
    /// Escaped as vapour.
    Escape,
}

impl Channel {
    /// All of them, in order.
    pub const ALL: [Channel; 4] = [Channel::Blowout, Channel::Sublimation, Channel::GasDrag, Channel::Escape];
}

/// Something for each channel, which is its index.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct PerChannel<T>([T; Channel::ALL.len()]);

impl<T> PerChannel<T> {
    /// What the function gives for each.
    pub fn of(value: impl FnMut(Channel) -> T) -> Self {
        PerChannel(Channel::ALL.map(value))
    }

    /// In the order of the channels.
    pub fn iter(&self) -> std::slice::Iter<'_, T> {
        self.0.iter()
    }

    /// In the order of the channels.
    pub fn iter_mut(&mut self) -> std::slice::IterMut<'_, T> {
        self.0.iter_mut()
    }
}

impl PerChannel<f64> {
    /// Over all channels.
    pub fn sum(&self) -> f64 {
        self.0.iter().sum()
    }

    /// Multiplies every channel.
    pub fn scale(&mut self, factor: f64) {
        self.0.iter_mut().for_each(|value| *value *= factor);
    }

    /// Adds `weight` times the other, channel by channel.
    pub fn add(&mut self, weight: f64, other: &Self) {
        self.0.iter_mut().zip(&other.0).for_each(|(sum, term)| *sum += weight * term);
    }
}

impl<T> Index<Channel> for PerChannel<T> {
    type Output = T;
    fn index(&self, channel: Channel) -> &T {
        &self.0[channel as usize]
    }
}

impl<T> IndexMut<Channel> for PerChannel<T> {
    fn index_mut(&mut self, channel: Channel) -> &mut T {
        &mut self.0[channel as usize]
    }
}

/// Rates of the first-order processes, all per bin (length n).
#[derive(Debug, Clone)]
pub struct Processes {
    /// Loss rates by channel [s⁻¹], not negative.
    pub losses: PerChannel<Vec<f64>>,
    /// Rate at which mass of bin k arrives in bin k − 1 as grains shrink [s⁻¹], not negative; entry 0 is zero.
    pub drift: Vec<f64>,
    /// Source [kg m⁻² s⁻¹], not negative.
    pub source: Vec<f64>,
}

impl Processes {
    /// No process at all, for n bins.
    pub fn none(n: usize) -> Self {
        Processes { losses: PerChannel::of(|_| vec![0.0; n]), drift: vec![0.0; n], source: vec![0.0; n] }
    }

    /// Sets every rate to zero.
    pub fn clear(&mut self) {
        for rates in self.losses.iter_mut().chain([&mut self.drift, &mut self.source]) {
            rates.fill(0.0);
        }
    }

    /// Rate at which bin k loses mass to the outside [s⁻¹].
    pub fn loss(&self, k: usize) -> f64 {
        self.losses.iter().map(|rates| rates[k]).sum()
    }

    /// Rate at which mass leaves the cell in a given state (length n) through a channel [kg m⁻² s⁻¹].
    pub fn loss_rate(&self, channel: Channel, state: &[f64]) -> f64 {
        self.losses[channel].iter().zip(state).map(|(rate, mass)| rate * mass).sum()
    }

    /// Mass that the source brings in [kg m⁻² s⁻¹].
    pub fn source_rate(&self) -> f64 {
        self.source.iter().sum()
    }
}

/// [`Processes`] in the layout of the kernels.
#[derive(Debug, Clone)]
pub struct Rates {
    n: usize,
    /// All that leaves bin k, to the outside or into the next bin [s⁻¹].
    outflow: Padded,
    /// What arrives from bin k + 1, per mass there [s⁻¹].
    arriving: Padded,
    source: Padded,
    losses: PerChannel<Padded>,
    /// Whether a channel loses anything at all.
    open: PerChannel<bool>,
}

impl Rates {
    /// No process at all, for n bins.
    pub fn zeros(n: usize) -> Self {
        Rates {
            n,
            outflow: Padded::zeros(n),
            arriving: Padded::zeros(n),
            source: Padded::zeros(n),
            losses: PerChannel::of(|_| Padded::zeros(n)),
            open: PerChannel::default(),
        }
    }

    /// Those of the given processes.
    pub fn of(processes: &Processes) -> Self {
        let mut rates = Rates::zeros(processes.source.len());
        rates.set(processes);
        rates
    }

    /// Takes over the given processes, of the same number of bins.
    pub fn set(&mut self, processes: &Processes) {
        let n = self.n;
        for k in 0..n {
            self.outflow.all_mut()[k] = processes.loss(k) + processes.drift[k];
        }
        self.arriving.all_mut()[..n.saturating_sub(1)].copy_from_slice(&processes.drift[n.min(1)..]);
        self.source.all_mut()[..n].copy_from_slice(&processes.source);
        for channel in Channel::ALL {
            self.losses[channel].all_mut()[..n].copy_from_slice(&processes.losses[channel]);
            self.open[channel] = processes.losses[channel].iter().any(|rate| *rate != 0.0);
        }
    }

    /// Number of bins.
    pub fn len(&self) -> usize {
        self.n
    }

    /// Whether there are no bins.
    pub fn is_empty(&self) -> bool {
        self.n == 0
    }

    /// Adds the processes to a right-hand side. The state is followed by a block of zeros.
    #[inline(always)]
    pub(super) fn add_rate<L: Lanes>(&self, lanes: L, state: &Padded, rate: &mut [Block]) {
        let above = state.all()[1..].as_chunks().0;
        let terms = self.source.blocks().iter().zip(self.arriving.blocks()).zip(self.outflow.blocks());
        for (((rate, mass), above), ((source, arriving), outflow)) in
            rate.iter_mut().zip(state.blocks()).zip(above).zip(terms)
        {
            let sum = lanes.add(lanes.load(rate), lanes.load(source));
            let sum = lanes.mul_add(lanes.load(arriving), lanes.load(above), sum);
            lanes.store(lanes.mul_sub(lanes.load(outflow), lanes.load(mass), sum), rate);
        }
    }

    /// Adds the processes to a Jacobian or rate matrix.
    pub fn add_jacobian(&self, jacobian: &mut Tiles) {
        for k in 0..self.n {
            *jacobian.get_mut(k, k) -= self.outflow.all()[k];
            if k + 1 < self.n {
                *jacobian.get_mut(k, k + 1) += self.arriving.all()[k];
            }
        }
    }

    /// Source per bin [kg m⁻² s⁻¹].
    pub(super) fn source(&self) -> &[f64] {
        &self.source.all()[..self.n]
    }

    /// Rate at which mass leaves the cell through each channel in a given state (length n) [kg m⁻² s⁻¹].
    pub fn lost(&self, state: &[f64]) -> PerChannel<f64> {
        PerChannel::of(|channel| self.losses[channel].all().iter().zip(state).map(|(rate, mass)| rate * mass).sum())
    }
}

/// [`Rates::lost`] for a padded state.
pub(super) struct LossRates<'a>(pub(super) &'a Rates, pub(super) &'a Padded);

impl Kernel for LossRates<'_> {
    type Output = PerChannel<f64>;
    #[inline(always)]
    fn run<L: Lanes>(self, lanes: L) -> PerChannel<f64> {
        let LossRates(rates, state) = self;
        let mut lost = PerChannel::default();
        for channel in Channel::ALL.into_iter().filter(|channel| rates.open[*channel]) {
            let mut sum = lanes.splat(0.0);
            for (rate, mass) in rates.losses[channel].blocks().iter().zip(state.blocks()) {
                sum = lanes.mul_add(lanes.load(rate), lanes.load(mass), sum);
            }
            lost[channel] = lanes.sum(sum);
        }
        lost
    }
}

#[cfg(test)]
mod tests {
    use super::super::operator::{self, Scratch};
    use super::*;

    const STATE: [f64; 3] = [2.0, 3.0, 5.0];

    fn processes() -> Processes {
        let mut processes = Processes::none(3);
        processes.losses[Channel::Blowout].copy_from_slice(&[0.5, 0.25, 0.0]);
        processes.losses[Channel::GasDrag].copy_from_slice(&[0.0, 0.0, 2.0]);
        processes.drift.copy_from_slice(&[0.0, 1.0, 4.0]);
        processes.source.copy_from_slice(&[0.0, 7.0, 0.0]);
        processes
    }

    /// Adds the rates of the state, of the processes alone.
    fn add_rate(processes: &Processes, rate: &mut [f64]) {
        operator::rate(None, &Rates::of(processes), &STATE, &mut Scratch::new(3), rate);
    }

    #[test]
    fn drift_takes_from_a_bin_what_it_gives_to_the_next() {
        let mut rate = [0.0; 3];
        add_rate(&processes(), &mut rate);
        assert_eq!(rate, [3.0 - 1.0, 7.0 + 20.0 - 3.0 - 0.75, -20.0 - 10.0]);
    }

    #[test]
    fn each_loss_is_booked_in_its_own_channel() {
        let processes = processes();
        let booked = [Channel::Blowout, Channel::Sublimation, Channel::GasDrag]
            .map(|channel| processes.loss_rate(channel, &STATE));
        assert_eq!(booked, [1.75, 0.0, 10.0]);
        assert_eq!((processes.loss(1), processes.source_rate()), (0.25, 7.0));
    }

    #[test]
    fn the_jacobian_times_the_state_is_the_rate_without_the_source() {
        let processes = processes();
        let (mut jacobian, mut rate) = (Tiles::zeros(3), [0.0; 3]);
        Rates::of(&processes).add_jacobian(&mut jacobian);
        add_rate(&processes, &mut rate);
        for k in 0..3 {
            let product: f64 = (0..3).map(|l| jacobian.get(k, l) * STATE[l]).sum();
            assert_eq!(product, rate[k] - processes.source[k]);
        }
    }

    #[test]
    fn nothing_happens_once_they_are_cleared() {
        let (mut processes, mut rate) = (processes(), [0.0; 3]);
        processes.clear();
        add_rate(&processes, &mut rate);
        assert_eq!(rate, [0.0; 3]);
    }
}
