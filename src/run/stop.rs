//! Why a run ends.

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

    /// Whether a step that has been taken ends the run. `all_stopped`: see [`all_stopped`]; `loss_rate` is that of the
    /// whole disk [M_Mars s⁻¹].
    pub fn after_step(&self, drivers: &StepFacts, all_stopped: bool, loss_rate: f64) -> Option<StopReason> {
        if all_stopped {
            let reason = if self.column { StopReason::TauExceeded } else { StopReason::TauExceededInAllCells };
            return Some(reason);
        }
        let low = self.loss_rate_at_most.is_some_and(|threshold| loss_rate <= threshold);
        (low && drivers.time >= self.not_before).then_some(StopReason::LossRateBelowThreshold)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::disk::report::CellStop;
    use crate::output::fixtures;
    use crate::physics::phase::{BulkState, Phase};

    const NONE: StopRules = StopRules {
        blowout_at_most: None,
        loss_rate_at_most: None,
        not_before: 0.0,
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

    #[test]
    fn a_small_loss_rate_stops_a_run_after_its_least_duration() {
        let step = fixtures::step();
        let rule = |not_before: f64| StopRules { loss_rate_at_most: Some(1e-15), not_before, ..NONE };
        assert_eq!(rule(0.0).after_step(&step, false, 1e-15), Some(StopReason::LossRateBelowThreshold));
        assert_eq!(rule(0.0).after_step(&step, false, 1.1e-15), None);
        assert_eq!(rule(step.time + 1.0).after_step(&step, false, 0.0), None);
    }

    #[test]
    fn the_last_solid_cell_that_stops_ends_the_run() {
        let step = fixtures::step();
        assert_eq!(NONE.after_step(&step, all_stopped(&[stopped(), fixtures::report(1)]), 1.0), None);
        assert_eq!(
            NONE.after_step(&step, all_stopped(&[stopped(), stopped()]), 1.0),
            Some(StopReason::TauExceededInAllCells)
        );
        let column = StopRules { column: true, ..NONE };
        assert_eq!(column.after_step(&step, all_stopped(&[stopped()]), 1.0), Some(StopReason::TauExceeded));
        let molten = Phase { state: PhaseState::Vapor, bulk: BulkState::LiquidDominated, ..Phase::SOLID };
        let molten = CellReport { phase: molten, ..stopped() };
        assert_eq!(NONE.after_step(&step, all_stopped(&[stopped(), molten]), 1.0), None);
    }
}
