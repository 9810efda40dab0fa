//! Why a run ends.

use crate::disk::report::StepFacts;

/// Why a run ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StopReason {
    /// The planned end.
    EndReached,
    /// The blow-out size fell to the smallest configured size.
    BlowoutBelowSmin,
    /// Every cell is solid and has stopped at its limit of optical depth.
    TauExceededInAllCells,
    /// The disk loses less than the configured rate.
    LossRateBelowThreshold,
}

impl StopReason {
    /// Name in the files.
    pub fn as_str(self) -> &'static str {
        match self {
            StopReason::EndReached => "t_end_reached",
            StopReason::BlowoutBelowSmin => "a_blow_below_s_min_config",
            StopReason::TauExceededInAllCells => "tau_exceeded_all_cells",
            StopReason::LossRateBelowThreshold => "loss_rate_below_threshold",
        }
    }

    /// Whether the run ended before its planned end.
    pub fn is_early(self) -> bool {
        self != StopReason::EndReached
    }
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
}

impl StopRules {
    /// Whether the drivers of a step that has not been taken yet end the run.
    pub fn before_step(&self, start: f64, drivers: &StepFacts) -> Option<StopReason> {
        let reached = self.blowout_at_most.is_some_and(|size| drivers.s_blow <= size);
        (reached && start >= self.not_before).then_some(StopReason::BlowoutBelowSmin)
    }

    /// Whether a step that has been taken ends the run; `all_stopped`: every cell is solid and has stopped; `loss_rate`
    /// is that of the whole disk [M_Mars s⁻¹].
    pub fn after_step(&self, drivers: &StepFacts, all_stopped: bool, loss_rate: f64) -> Option<StopReason> {
        if all_stopped {
            return Some(StopReason::TauExceededInAllCells);
        }
        let low = self.loss_rate_at_most.is_some_and(|threshold| loss_rate <= threshold);
        (low && drivers.time >= self.not_before).then_some(StopReason::LossRateBelowThreshold)
    }
}
