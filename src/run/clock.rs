//! The clock: from one coupling step to the next.
//!
//! A coupling step is the interval over which the drivers (temperature of Mars, blow-out size, supply …) are held.

use super::time_grid::TimeGrid;
use crate::checkpoint::snapshot::{Exchange, SnapshotError};
use crate::disk::model::Model;

/// One coupling step.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Tick {
    /// Number, from 0.
    pub index: u64,
    /// Start [s].
    pub start: f64,
    /// End [s].
    pub end: f64,
    /// Length [s]; the ends are rounded, this is not.
    pub dt: f64,
    /// Whether a record is due at its end.
    pub record: bool,
}

/// When records are written.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum OutputTimes {
    /// `per_decade` times in each decade of time, beginning with the first step.
    Logarithmic {
        /// Records per decade.
        per_decade: u32,
    },
    /// At multiples of this interval [s].
    Linear {
        /// Interval [s].
        every: f64,
    },
    /// After every coupling step.
    EveryStep,
}

/// How long a coupling step may be.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Pace {
    /// As long as the drivers allow.
    Adaptive {
        /// Largest relative change of the temperature of Mars in a step.
        rtol: f64,
        /// Largest step [s].
        dt_max: f64,
    },
    /// The planned number of equal steps, as in a column of the Python program.
    Even,
    /// The rule of its rings: nominal step, or this share of the shortest collision time if that is longer.
    Fixed {
        /// Share of the shortest collision time; `None` keeps the nominal step.
        min_tcoll_ratio: Option<f64>,
    },
}

/// Largest growth of the step from one to the next.
const GROWTH: f64 = 2.0;
/// Largest move of the blow-out size in a step, as a share of a bin's logarithmic width.
const BLOWOUT_MOVE: f64 = 0.1;
/// Largest share of a step's supply by which its halves may differ: the rate changes by a tenth.
const SUPPLY_MOVE: f64 = 0.025;
/// Shortest step, as a share of what the temperature allows, that the blow-out size and the supply can ask for: where β
/// has several roots the size jumps from one to the next, a supply may set in from nothing, and no step is short enough
/// for that.
const JUMP: f64 = 0.01;
/// What remains below this share of the nominal step is round-off, not a step.
const SLIVER: f64 = 1e-9;

/// The clock of a run.
#[derive(Debug, Clone)]
pub struct Clock {
    grid: TimeGrid,
    pace: Pace,
    output: OutputTimes,
    time: f64,
    index: u64,
    /// Step that the pace proposes [s].
    proposal: f64,
    /// Number of the next output time.
    next_output: u64,
}

impl Clock {
    /// A clock at time zero.
    pub fn new(grid: TimeGrid, pace: Pace, output: OutputTimes) -> Self {
        let proposal = match pace {
            Pace::Adaptive { dt_max, .. } => grid.dt_nominal.min(dt_max),
            Pace::Even | Pace::Fixed { .. } => grid.dt_step,
        };
        let next_output = if matches!(output, OutputTimes::Linear { .. }) { 1 } else { 0 };
        Clock { grid, pace, output, time: 0.0, index: 0, proposal, next_output }
    }

    /// Saves or restores where it stands; what was planned comes from the configuration.
    ///
    /// # Errors
    /// When restoring: the snapshot is not of a clock.
    pub fn exchange(&mut self, exchange: &mut Exchange) -> Result<(), SnapshotError> {
        let Clock { grid: _, pace: _, output: _, time, index, proposal, next_output } = self;
        exchange.enter("clock").real("time", "s", "simulated time", time)?;
        exchange.count("steps", "coupling steps taken", index)?;
        exchange.real("proposal", "s", "proposed length of the next coupling step", proposal)?;
        exchange.count("next_output", "number of the next output time", next_output)
    }

    /// Simulated time [s].
    pub fn time(&self) -> f64 {
        self.time
    }

    /// Coupling steps taken.
    pub fn steps(&self) -> u64 {
        self.index
    }

    /// Planned end [s].
    pub fn t_end(&self) -> f64 {
        self.grid.t_end
    }

    /// The next coupling step; `None` at the end.
    pub fn next(&mut self, model: &Model) -> Option<Tick> {
        if self.grid.t_end - self.time <= self.sliver() {
            return None;
        }
        let end = match self.pace {
            Pace::Adaptive { rtol, dt_max } => self.adaptive_end(model, rtol, dt_max),
            Pace::Even => (self.index + 1) as f64 * self.grid.dt_step,
            Pace::Fixed { .. } => self.fixed_end(),
        };
        let last = self.grid.t_end - end <= self.sliver();
        let end = if last { self.grid.t_end } else { end };
        // A nominal step keeps its length to the last bit.
        let nominal = match self.pace {
            Pace::Adaptive { .. } => false,
            Pace::Even => true,
            Pace::Fixed { .. } => !last,
        };
        let dt = if nominal { self.proposal } else { end - self.time };
        let due = self.pass_output_times(end + self.sliver());
        let tick = Tick { index: self.index, start: self.time, end, dt, record: due || last };
        self.time = end;
        self.index += 1;
        Some(tick)
    }

    /// Whether the next step depends on the collision times of this one.
    pub fn follows_collisions(&self) -> bool {
        matches!(self.pace, Pace::Fixed { min_tcoll_ratio: Some(_) })
    }

    /// Tells the clock the shortest collision time of the step just taken [s]; a fixed clock may follow it.
    pub fn observe_collision_time(&mut self, t_coll: f64) {
        if let Pace::Fixed { min_tcoll_ratio } = self.pace {
            let floor = min_tcoll_ratio.map_or(0.0, |ratio| ratio * t_coll);
            self.proposal = if floor.is_finite() { self.grid.dt_nominal.max(floor) } else { self.grid.dt_nominal };
        }
    }

    fn fixed_end(&self) -> f64 {
        (self.time + self.proposal).min(self.grid.t_end)
    }

    /// Two moments closer than this are the same [s]; also below what the clock's last digits can tell apart.
    fn sliver(&self) -> f64 {
        (SLIVER * self.grid.dt_nominal).max(4.0 * f64::EPSILON * self.grid.t_end)
    }

    /// The next output time [s]; `None` when every step is recorded.
    fn output_time(&self) -> Option<f64> {
        match self.output {
            OutputTimes::Logarithmic { per_decade } => {
                let decades = self.next_output as f64 / f64::from(per_decade);
                Some(self.grid.dt_nominal * 10f64.powf(decades))
            }
            OutputTimes::Linear { every } => Some(self.next_output as f64 * every),
            OutputTimes::EveryStep => None,
        }
    }

    /// Passes the output times up to `moment` [s]; whether a record is due.
    fn pass_output_times(&mut self, moment: f64) -> bool {
        let before = self.next_output;
        if let OutputTimes::Linear { every } = self.output {
            self.next_output = before.max((moment / every) as u64);
        }
        while self.output_time().is_some_and(|time| time <= moment) {
            self.next_output += 1;
        }
        self.next_output > before || self.output == OutputTimes::EveryStep
    }

    fn adaptive_end(&mut self, model: &Model, rtol: f64, dt_max: f64) -> f64 {
        let later = self.time + self.sliver();
        let (node, edge) = (model.cooling.next_node_after(later), model.supply_edge_after(later));
        let targets = [Some(self.grid.t_end), self.output_time(), node, edge];
        let target = targets.into_iter().flatten().fold(f64::INFINITY, f64::min);
        let remaining = target - self.time;
        // Beyond the target the drivers may turn, so that the ends of a longer step would say nothing.
        let longest = self.proposal.min(remaining);
        let (allowed, limit) = self.allowed_step(model, rtol, longest);
        let (end, step) = if allowed >= remaining {
            (target, remaining)
        } else {
            let step = if allowed > 0.5 * remaining { 0.5 * remaining } else { allowed };
            (self.time + step, step)
        };
        // A step that a target cut short says nothing against a longer one.
        let proposal = if allowed < longest { GROWTH * allowed } else { self.proposal.max(GROWTH * step) };
        self.proposal = proposal.min(dt_max);
        let limit = limit.unwrap_or(if longest == remaining { "output, node or end" } else { "growth or dt_max" });
        tracing::debug!(step = self.index, start = self.time, dt = step, limit, "coupling step");
        end
    }

    /// The longest step up to `longest` over which temperature, blow-out size and supply move little enough [s], and
    /// which of them made it shorter.
    fn allowed_step(&self, model: &Model, rtol: f64, longest: f64) -> (f64, Option<&'static str>) {
        let state = |time: f64| {
            let temperature = model.cooling.raw_temperature(time);
            let size = model.blowout_size(temperature).0;
            (temperature, size)
        };
        let bin = (model.sizes.edges[1] / model.sizes.edges[0]).ln();
        let (temperature, size) = state(self.time);
        let heat = |dt: f64| (state(self.time + dt).0 - temperature).abs() / (rtol * temperature);
        let blowout = |dt: f64| {
            let then = state(self.time + dt).1;
            let moved = if size > 0.0 && then > 0.0 { (then / size).ln().abs() } else { 0.0 };
            moved / (BLOWOUT_MOVE * bin)
        };
        let supply = |dt: f64| model.supply_unevenness(self.time, self.time + dt) / SUPPLY_MOVE;
        let held = longest.min(model.supply.longest_step(rtol).max(self.sliver()));
        let cooled = shortened(held, self.sliver(), heat);
        let floor = (JUMP * cooled).max(self.sliver());
        let supplied = shortened(cooled, floor, supply);
        let dt = shortened(supplied, floor, blowout);
        let shorter = [
            (dt < supplied, "blow-out size"),
            (supplied < cooled, "supply"),
            (cooled < held, "temperature of Mars"),
            (held < longest, "supply"),
        ];
        (dt, shorter.into_iter().find_map(|(it, limit)| it.then_some(limit)))
    }
}

/// The longest step up to `dt`, but not below `floor`, of which `excess` is at most one [s].
fn shortened(mut dt: f64, floor: f64, excess: impl Fn(f64) -> f64) -> f64 {
    let floor = floor.min(dt);
    // Each pass shortens the step in proportion to the excess; drivers are smooth between targets.
    while dt > floor {
        let excess = excess(dt);
        if excess <= 1.0 {
            return dt;
        }
        dt *= (0.95 / excess).max(0.1);
    }
    floor
}

#[cfg(test)]
mod tests;
