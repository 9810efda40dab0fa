//! What happened to the cells since the record before: several coupling steps seen as one.

use crate::disk::joined::joined;
use crate::disk::report::{CellReport, StepFacts};
use crate::wire_struct;
use std::ops::Range;

/// The coupling steps since the last record.
#[derive(Debug, Clone, Default)]
pub struct Interval {
    elapsed: f64,
    reports: Vec<CellReport>,
}

wire_struct!(Interval { elapsed, reports });

impl Interval {
    /// The same interval of all cells, from blocks of cells in order.
    pub fn of_blocks(blocks: impl IntoIterator<Item = Interval>) -> Self {
        let mut all = Interval::default();
        for block in blocks {
            all.elapsed = block.elapsed;
            all.reports.extend(block.reports);
        }
        all
    }

    /// The same interval of some of its cells.
    pub fn of_cells(&self, cells: Range<usize>) -> Self {
        let reports = if self.is_empty() { Vec::new() } else { self.reports[cells].to_vec() };
        Interval { elapsed: self.elapsed, reports }
    }

    /// Adds one coupling step of all cells.
    pub fn add(&mut self, dt: f64, reports: &[CellReport]) {
        if self.elapsed == 0.0 {
            self.reports.clear();
            self.reports.extend_from_slice(reports);
        } else {
            for (sum, next) in self.reports.iter_mut().zip(reports) {
                *sum = joined((sum, self.elapsed), (next, dt));
            }
        }
        self.elapsed += dt;
    }

    /// Whether it may be of so many cells.
    pub fn suits(&self, cells: usize) -> bool {
        self.is_empty() || self.reports.len() == cells
    }

    /// Whether no step was added since the last record.
    pub fn is_empty(&self) -> bool {
        self.elapsed == 0.0
    }

    /// Closes the interval: the drivers of its last step with the length of the whole, and the joined reports.
    pub fn close(&mut self, last: &StepFacts) -> (StepFacts, &[CellReport]) {
        let dt = std::mem::take(&mut self.elapsed);
        (StepFacts { dt, ..*last }, &self.reports)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::disk::report::{InnerSteps, Ledger, SmolReport};
    use crate::output::fixtures;
    use crate::smoluchowski::energy::EnergyRates;

    #[test]
    fn masses_add_up_rates_are_means_and_the_state_is_the_last_one() {
        let [mut first, mut next] = [fixtures::report(0), fixtures::report(0)];
        first.ledger = Ledger { blowout: 1.0, supplied: 4.0, ..Ledger::default() };
        next.ledger = Ledger { blowout: 2.0, sublimation: 3.0, ..Ledger::default() };
        (first.supply.applied, next.supply.applied) = (1.0, 5.0);
        (first.surface_density, next.surface_density) = (0.7, 0.6);
        next.evolved = false;
        first.energy = EnergyRates { relative: 8.0, cratering: 2.0, shares: 1.0, ..EnergyRates::default() };
        next.kernel = None;
        let mut interval = Interval::default();
        interval.add(30.0, &[first]);
        interval.add(10.0, &[next]);
        let (step, reports) = interval.close(&fixtures::step());
        let [report] = reports else { panic!("one cell went in") };
        assert_eq!(step.dt, 40.0);
        assert_eq!(report.ledger, Ledger { blowout: 3.0, sublimation: 3.0, supplied: 4.0, ..Ledger::default() });
        assert_eq!(report.supply.applied, 2.0); // (30·1 + 10·5) / 40
        // (30·8 + 10·0) / 40; collisions happened in the first step alone.
        assert_eq!((report.energy.relative, report.energy.mean_retention()), (6.0, 0.5));
        assert!(report.kernel.is_some());
        assert_eq!(report.surface_density, 0.6);
        assert!(report.evolved, "it evolved in a part of the record");
        let smol = report.smol.unwrap();
        assert_eq!(smol.dt_eff, 120.0);
        assert_eq!(report.inner, InnerSteps { accepted: 40, rejected: 4, fallback: 0 });
    }

    #[test]
    fn a_closed_interval_starts_anew() {
        let mut interval = Interval::default();
        assert!(interval.is_empty());
        interval.add(30.0, &[fixtures::report(0)]);
        interval.close(&fixtures::step());
        assert!(interval.is_empty());
        interval.add(5.0, &[fixtures::report(0)]);
        let (step, reports) = interval.close(&fixtures::step());
        assert_eq!((step.dt, reports[0].ledger), (5.0, fixtures::report(0).ledger));
    }

    #[test]
    fn cells_take_their_part_of_an_interval_along() {
        let reports: Vec<CellReport> = (0..5).map(fixtures::report).collect();
        let mut all = Interval::default();
        all.add(30.0, &reports);
        let mut blocks = [all.of_cells(0..2), all.of_cells(2..5)];
        blocks[0].add(10.0, &reports[..2]);
        blocks[1].add(10.0, &reports[2..]);
        let mut moved = Interval::of_blocks(blocks);
        all.add(10.0, &reports);
        let (stayed, moved) = (all.close(&fixtures::step()), moved.close(&fixtures::step()));
        assert_eq!(moved.0.dt, 40.0);
        assert_eq!(format!("{:?}", moved.1), format!("{:?}", stayed.1));
        // What was recorded does not move.
        assert!(all.of_cells(1..3).reports.is_empty());
    }

    #[test]
    fn a_time_without_collisions_does_not_count_in_their_rates_nor_in_their_balance() {
        let smol = fixtures::report(0).smol.unwrap();
        let later = SmolReport { sigma_before: 0.5, sigma_after: 0.4, loss_rate: 3.0 * smol.loss_rate, ..smol };
        let mut interval = Interval::default();
        interval.add(1000.0, &[CellReport { smol: None, ..fixtures::report(0) }]);
        interval.add(60.0, &[CellReport { smol: Some(smol), ..fixtures::report(0) }]);
        interval.add(1000.0, &[CellReport { smol: None, ..fixtures::report(0) }]);
        interval.add(60.0, &[CellReport { smol: Some(later), ..fixtures::report(0) }]);
        let joined = interval.close(&fixtures::step()).1[0].smol.unwrap();
        assert_eq!((joined.dt_eff, joined.loss_rate), (120.0, 2.0 * smol.loss_rate));
        let change = (smol.sigma_after - smol.sigma_before) + (0.4 - 0.5);
        assert!((joined.sigma_after - joined.sigma_before - change).abs() < 1e-15);
    }

    #[test]
    fn a_step_without_collisions_does_not_hide_those_before() {
        let mut interval = Interval::default();
        interval.add(1.0, &[fixtures::report(0)]);
        interval.add(1.0, &[CellReport { smol: None, ..fixtures::report(0) }]);
        assert_eq!(interval.close(&fixtures::step()).1[0].smol.unwrap().dt_eff, 60.0);
    }
}
