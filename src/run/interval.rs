//! What happened to the cells since the record before: several coupling steps seen as one.

use crate::disk::report::{CellReport, SmolReport, StepFacts};

/// The coupling steps since the last record.
#[derive(Debug, Clone, Default)]
pub struct Interval {
    elapsed: f64,
    reports: Vec<CellReport>,
}

impl Interval {
    /// Adds one coupling step of all cells.
    pub fn add(&mut self, dt: f64, reports: &[CellReport]) {
        if self.elapsed == 0.0 {
            self.reports.clear();
            self.reports.extend_from_slice(reports);
        } else {
            for (sum, next) in self.reports.iter_mut().zip(reports) {
                *sum = joined(sum, self.elapsed, next, dt);
            }
        }
        self.elapsed += dt;
    }

    /// Closes the interval: the drivers of its last step with the length of the whole, and the joined reports.
    pub fn close(&mut self, last: &StepFacts) -> (StepFacts, &[CellReport]) {
        let dt = std::mem::take(&mut self.elapsed);
        (StepFacts { dt, ..*last }, &self.reports)
    }
}

/// Later state, summed masses, mean rates.
fn joined(first: &CellReport, dt_first: f64, next: &CellReport, dt_next: f64) -> CellReport {
    let mean = |a: f64, b: f64| (a * dt_first + b * dt_next) / (dt_first + dt_next);
    let mut both = *next;
    both.ledger = first.ledger;
    both.ledger.add(&next.ledger);
    both.evolved |= first.evolved;
    both.supply.raw = mean(first.supply.raw, next.supply.raw);
    both.supply.nominal = mean(first.supply.nominal, next.supply.nominal);
    both.supply.scaled = mean(first.supply.scaled, next.supply.scaled);
    both.supply.applied = mean(first.supply.applied, next.supply.applied);
    both.smol = match (first.smol, next.smol) {
        (Some(a), Some(b)) => Some(SmolReport {
            dt_eff: a.dt_eff + b.dt_eff,
            sigma_before: a.sigma_before,
            prod_rate: mean(a.prod_rate, b.prod_rate),
            loss_rate: mean(a.loss_rate, b.loss_rate),
            sink_rate: mean(a.sink_rate, b.sink_rate),
            source_rate: mean(a.source_rate, b.source_rate),
            steps: a.steps + b.steps,
            rejected: a.rejected + b.rejected,
            fallback: a.fallback + b.fallback,
            ..b
        }),
        (a, b) => b.or(a),
    };
    both
}
