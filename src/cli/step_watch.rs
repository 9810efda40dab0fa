//! Watches for coupling steps that are longer than `numerics.dt_over_t_blow_max` blow-out times.

use crate::config::Config;
use crate::disk::model::Model;
use crate::run::clock::Tick;

/// The limit, and the longest step until now.
pub struct StepWatch {
    limit: f64,
    /// Shortest blow-out time of any cell [s].
    t_blow: f64,
    longest: f64,
}

impl StepWatch {
    /// Nothing is watched where no limit is configured, or nothing is blown out.
    pub fn new(config: &Config, model: &Model) -> Self {
        let limit = config.numerics.dt_over_t_blow_max.filter(|_| model.blowout.enabled).unwrap_or(f64::INFINITY);
        let t_blow = model.cells.iter().map(|cell| cell.facts.t_blow).fold(f64::INFINITY, f64::min);
        StepWatch { limit, t_blow, longest: 0.0 }
    }

    /// A step is taken; the first one that is too long is told of.
    pub fn see(&mut self, tick: &Tick) {
        if self.longest <= self.limit
            && let Some(sentence) = self.too_long(tick.dt)
        {
            tracing::warn!("at {:.4e} s {sentence}; longer ones are not told of", tick.start);
        }
        self.longest = self.longest.max(tick.dt / self.t_blow);
    }

    /// What is wrong with a step of `dt` [s], if anything is.
    pub fn too_long(&self, dt: f64) -> Option<String> {
        let ratio = dt / self.t_blow;
        (ratio > self.limit).then(|| {
            format!(
                "a coupling step of {dt:.4e} s is {ratio:.3} of the shortest blow-out time, more than \
                 numerics.dt_over_t_blow_max = {}",
                self.limit
            )
        })
    }
}
