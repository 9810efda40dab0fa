//! Why a run ends.

use crate::checkpoint::snapshot::{Exchange, SnapshotError};
use crate::disk::report::{CellReport, StepFacts};
use crate::physics::phase::PhaseState;

/// Why a run ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StopReason {
    /// The planned end.
    EndReached,
    /// The blow-out size fell to the smallest configured size.
    BlowoutBelowSmin,
    /// The only column of a 0-D run is solid and has stopped at its limit of optical depth.
    TauExceeded,
    /// Every cell is solid and has stopped at its limit of optical depth.
    TauExceededInAllCells,
    /// The disk loses less than the configured rate.
    LossRateBelowThreshold,
    /// It was asked to stop, and can go on from its last checkpoint.
    Interrupted,
}

impl StopReason {
    /// Name in the files.
    pub fn as_str(self) -> &'static str {
        match self {
            StopReason::EndReached => "t_end_reached",
            StopReason::BlowoutBelowSmin => "a_blow_below_s_min_config",
            StopReason::TauExceeded => "tau_exceeded",
            StopReason::TauExceededInAllCells => "tau_exceeded_all_cells",
            StopReason::LossRateBelowThreshold => "loss_rate_below_threshold",
            StopReason::Interrupted => "interrupted",
        }
    }

    /// Whether the run ended before its planned end.
    pub fn is_early(self) -> bool {
        self != StopReason::EndReached
    }
}

/// Whether every cell is solid and has stopped.
pub fn all_stopped(reports: &[CellReport]) -> bool {
    reports.iter().all(|report| !report.active && report.phase.state == PhaseState::Solid)
}

/// The configured conditions.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct StopRules {
    /// Stop when the blow-out size is at or below this [m].
    pub blowout_at_most: Option<f64>,
    /// Stop when the loss rate is at or below this [M_Mars s⁻¹].
    pub loss_rate_at_most: Option<f64>,
    /// No stop of these two kinds before this time [s].
    pub not_before: f64,
    /// Whether a loss rate stops a run at once, as in the Python program. Else, and without a time before which it cannot, it
    /// must have been above its limit: at the start of a run the loss is only beginning.
    pub loss_stops_at_once: bool,
    /// Whether the mass budget must close also where the integrator does not conserve mass.
    pub enforce_budget: bool,
    /// Whether the disk is one column.
    pub column: bool,
}

impl StopRules {
    /// Whether the drivers of a step that has not been taken yet end the run.
    pub fn before_step(&self, start: f64, drivers: &StepFacts) -> Option<StopReason> {
        let reached = self.blowout_at_most.is_some_and(|size| drivers.s_blow <= size);
        (reached && start >= self.not_before).then_some(StopReason::BlowoutBelowSmin)
    }
}

/// The conditions after each step, in the order of the steps, and what they remember.
#[derive(Debug, Clone, Copy)]
pub struct StopWatch {
    rules: StopRules,
    /// Whether the loss rate has been above its limit.
    has_lost: bool,
}

impl StopWatch {
    /// Before the first step.
    pub fn new(rules: StopRules) -> Self {
        StopWatch { rules, has_lost: false }
    }

    /// Saves or restores what it remembers.
    ///
    /// # Errors
    /// When restoring: the snapshot is not of a run.
    pub fn exchange(&mut self, exchange: &mut Exchange) -> Result<(), SnapshotError> {
        exchange.enter("stop").wire("has_lost", "whether the loss rate has been above its limit", &mut self.has_lost)
    }

    /// Whether a step that has been taken ends the run. `all_stopped`: see [`all_stopped`]; `loss_rate` is that of the
    /// whole disk [M_Mars s⁻¹].
    pub fn after_step(&mut self, drivers: &StepFacts, all_stopped: bool, loss_rate: f64) -> Option<StopReason> {
        let rules = &self.rules;
        if all_stopped {
            let reason = if rules.column { StopReason::TauExceeded } else { StopReason::TauExceededInAllCells };
            return Some(reason);
        }
        let limit = rules.loss_rate_at_most?;
        self.has_lost |= loss_rate > limit;
        let counts = self.has_lost || rules.loss_stops_at_once || rules.not_before > 0.0;
        let stops = loss_rate <= limit && counts && drivers.time >= rules.not_before;
        stops.then_some(StopReason::LossRateBelowThreshold)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checkpoint::snapshot::Snapshot;
    use crate::disk::report::CellStop;
    use crate::output::fixtures;
    use crate::physics::phase::{BulkState, Phase};

    const NONE: StopRules = StopRules {
        blowout_at_most: None,
        loss_rate_at_most: None,
        not_before: 0.0,
        loss_stops_at_once: false,
        enforce_budget: false,
        column: false,
    };

    fn stopped() -> CellReport {
        CellReport { active: false, stop: Some(CellStop::TauExceeded), ..fixtures::report(0) }
    }

    #[test]
    fn the_blowout_size_stops_a_run_from_its_limit_downwards() {
        let step = fixtures::step();
        let rule = |size: f64| StopRules { blowout_at_most: Some(size), not_before: 60.0, ..NONE };
        assert_eq!(rule(step.s_blow).before_step(60.0, &step), Some(StopReason::BlowoutBelowSmin));
        assert_eq!(rule(0.99 * step.s_blow).before_step(60.0, &step), None);
        assert_eq!(rule(step.s_blow).before_step(59.0, &step), None);
        assert_eq!(NONE.before_step(60.0, &step), None);
    }

    /// What the watch says of steps with these loss rates.
    fn says(rules: StopRules, rates: &[f64]) -> Vec<bool> {
        let mut watch = StopWatch::new(rules);
        rates.iter().map(|rate| watch.after_step(&fixtures::step(), false, *rate).is_some()).collect()
    }

    #[test]
    fn a_small_loss_rate_stops_a_run_after_its_least_duration() {
        let time = fixtures::step().time;
        let rule = |not_before: f64| StopRules { loss_rate_at_most: Some(1e-15), not_before, ..NONE };
        assert_eq!(says(rule(time), &[1.1e-15, 1e-15]), [false, true]);
        assert_eq!(says(rule(time), &[1e-15]), [true]);
        assert_eq!(says(rule(time + 1.0), &[1.1e-15, 0.0]), [false, false]);
    }

    #[test]
    fn a_loss_that_has_not_begun_stops_no_run() {
        let rule = StopRules { loss_rate_at_most: Some(1e-15), ..NONE };
        assert_eq!(says(rule, &[0.0, 1e-15, 2e-15, 1e-15]), [false, false, false, true]);
        assert_eq!(says(StopRules { loss_stops_at_once: true, ..rule }, &[0.0]), [true]);
    }

    #[test]
    fn a_watch_that_was_saved_knows_that_the_loss_has_begun() {
        let rule = StopRules { loss_rate_at_most: Some(1e-15), ..NONE };
        let (mut before, mut after) = (StopWatch::new(rule), StopWatch::new(rule));
        assert_eq!(before.after_step(&fixtures::step(), false, 1.0), None);
        let mut snapshot = Snapshot::default();
        before.exchange(&mut Exchange::saving(&mut snapshot, "stop")).unwrap();
        after.exchange(&mut Exchange::restoring(&snapshot, "stop")).unwrap();
        assert!(after.after_step(&fixtures::step(), false, 0.0).is_some());
    }

    #[test]
    fn the_last_solid_cell_that_stops_ends_the_run() {
        let says = |rules: StopRules, cells: &[CellReport]| {
            StopWatch::new(rules).after_step(&fixtures::step(), all_stopped(cells), 1.0)
        };
        assert_eq!(says(NONE, &[stopped(), fixtures::report(1)]), None);
        assert_eq!(says(NONE, &[stopped(), stopped()]), Some(StopReason::TauExceededInAllCells));
        let column = StopRules { column: true, ..NONE };
        assert_eq!(says(column, &[stopped()]), Some(StopReason::TauExceeded));
        let molten = Phase { state: PhaseState::Vapor, bulk: BulkState::LiquidDominated, ..Phase::SOLID };
        let molten = CellReport { phase: molten, ..stopped() };
        assert_eq!(says(NONE, &[stopped(), molten]), None);
    }
}
