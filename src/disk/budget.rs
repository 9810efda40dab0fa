//! The mass budget: initial + supplied − lost − remaining − deep, per cell and in total.
//!
//! What remains is summed over the bins and what waits in the deep buffer is its state; what was lost and supplied comes
//! from the ledger of the integrator. It makes each of its steps add up, by a factor that may differ from one as much as rounding
//! explains (`cell_integrator`); the residual checks all that is done with its results.
//!
//! The Python program has an identity in its place: remaining := initial − lost. The files of its integrator repeat that
//! in its columns and have the check in columns of their own.

use super::model::Scheme;
use super::report::{CellFacts, CellReport};
use crate::physics::constants::M_MARS;
use crate::wire_struct;

/// A conservative run whose budget is off by more than this share [%] has failed. Rounding leaves about 10⁻¹² %.
const TOLERANCE_PERCENT: f64 = 1e-8;
/// What the Python program calls closed [%]; its step does not conserve mass.
const PYTHON_TOLERANCE_PERCENT: f64 = 0.5;

/// Error above which a run of this scheme is not to be trusted [%].
pub fn tolerance_percent(scheme: Scheme) -> f64 {
    match scheme {
        Scheme::Rodas4(_) => TOLERANCE_PERCENT,
        Scheme::ImexBdf1 => PYTHON_TOLERANCE_PERCENT,
    }
}

/// One line of the mass budget, of a cell or of the whole disk; masses in Mars masses.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct BudgetRow {
    /// Time [s].
    pub time: f64,
    /// At the start.
    pub initial: f64,
    /// In the bins now.
    pub remaining: f64,
    /// Left through every channel.
    pub lost: f64,
    /// Brought in from outside, to the surface or into the deep buffer.
    pub supplied: f64,
    /// In the deep buffers now.
    pub deep: f64,
    /// Left by blow-out.
    pub lost_blowout: f64,
    /// Left by sublimation.
    pub lost_sublimation: f64,
    /// Left by gas drag.
    pub lost_gas_drag: f64,
    /// Escaped as vapour.
    pub lost_escape: f64,
    /// Added when round-off negatives were set to zero.
    pub clipped: f64,
    /// initial + supplied + clipped − lost − remaining − deep.
    pub residual: f64,
    /// Whether the Python program's columns repeat its identity.
    pub identity: bool,
    /// Error above which the run is not to be trusted [%].
    pub tolerance_percent: f64,
}

wire_struct!(BudgetRow {
    time,
    initial,
    remaining,
    lost,
    supplied,
    deep,
    lost_blowout,
    lost_sublimation,
    lost_gas_drag,
    lost_escape,
    clipped,
    residual,
    tolerance_percent,
    identity,
});

impl BudgetRow {
    /// The budget of one cell at `time` [s], integrated with `scheme`.
    pub fn of_cell(time: f64, scheme: Scheme, facts: &CellFacts, report: &CellReport) -> Self {
        let scale = facts.area / M_MARS;
        let (initial, remaining, ledger) = (facts.initial_surface_density, report.surface_density, &report.cumulative);
        let deep = report.sigma_deep;
        let residual = (initial - remaining) + ((ledger.entered() - deep) + ledger.clipped - ledger.lost());
        BudgetRow {
            time,
            initial: initial * scale,
            remaining: remaining * scale,
            lost: ledger.lost() * scale,
            supplied: ledger.entered() * scale,
            deep: deep * scale,
            lost_blowout: ledger.blowout * scale,
            lost_sublimation: ledger.sublimation * scale,
            lost_gas_drag: ledger.gas_drag * scale,
            lost_escape: ledger.escape * scale,
            clipped: ledger.clipped * scale,
            residual: residual * scale,
            identity: scheme == Scheme::ImexBdf1,
            tolerance_percent: tolerance_percent(scheme),
        }
    }

    /// The budget of the whole disk: the sum over its cells, in their order.
    pub fn total(time: f64, scheme: Scheme, cells: &[BudgetRow]) -> Self {
        let identity = scheme == Scheme::ImexBdf1;
        let mut sum =
            BudgetRow { time, identity, tolerance_percent: tolerance_percent(scheme), ..BudgetRow::default() };
        for cell in cells {
            sum.initial += cell.initial;
            sum.remaining += cell.remaining;
            sum.lost += cell.lost;
            sum.supplied += cell.supplied;
            sum.deep += cell.deep;
            sum.lost_blowout += cell.lost_blowout;
            sum.lost_sublimation += cell.lost_sublimation;
            sum.lost_gas_drag += cell.lost_gas_drag;
            sum.lost_escape += cell.lost_escape;
            sum.clipped += cell.clipped;
            sum.residual += cell.residual;
        }
        sum
    }

    /// Remaining mass in the Python program's columns.
    pub fn claimed_remaining(&self) -> f64 {
        if self.identity { self.initial - self.lost } else { self.remaining }
    }

    /// Imbalance in the Python program's columns.
    pub fn claimed_residual(&self) -> f64 {
        if self.identity { self.initial - self.claimed_remaining() - self.lost } else { self.residual }
    }

    /// The same in percent; of an identity only rounding is left.
    pub fn claimed_error_percent(&self) -> f64 {
        match self.identity {
            true if self.initial != 0.0 => (self.claimed_residual() / self.initial).abs() * 100.0,
            true => 0.0,
            false => self.error_percent(),
        }
    }

    /// |lost − sum of its channels| over lost mass [%]; zero where nothing was lost.
    pub fn channels_error_percent(&self) -> f64 {
        let channels = self.lost_blowout + self.lost_sublimation + self.lost_gas_drag + self.lost_escape;
        if self.lost == 0.0 { 0.0 } else { 100.0 * ((self.lost - channels) / self.lost).abs() }
    }

    /// |residual| over initial plus supplied mass [%]; zero where there is neither.
    pub fn error_percent(&self) -> f64 {
        let scale = self.initial + self.supplied;
        if scale == 0.0 { 0.0 } else { 100.0 * self.residual.abs() / scale }
    }
}

/// The larger of two errors; NaN if one is, which [`f64::max`] would hide.
pub fn larger_or_none(a: f64, b: f64) -> f64 {
    if a.is_nan() || b.is_nan() { f64::NAN } else { a.max(b) }
}

/// One orbit (at the middle radius) of the whole disk; masses in Mars masses.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct OrbitRow {
    /// Number of the orbit, from 1.
    pub index: u64,
    /// End of the step in which the orbit was completed [s].
    pub time: f64,
    /// End of the orbit [s].
    pub time_end: f64,
    /// Period [s].
    pub t_orb: f64,
    /// Blown out in this orbit.
    pub blowout: f64,
    /// Lost to sinks in this orbit.
    pub sinks: f64,
    /// Blown out since the start.
    pub blowout_cumulative: f64,
    /// Lost to sinks since the start.
    pub sinks_cumulative: f64,
    /// Lost in this orbit over the initial mass; NaN without one.
    pub loss_fraction: f64,
    /// Middle radius in R_Mars.
    pub r_rm: f64,
    /// Temperature of Mars [K].
    pub temperature: f64,
    /// What the records that it overlaps say.
    pub records: OrbitRecords,
}

/// The records that an orbit of a column overlaps, where they are asked for; else NaN.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct OrbitRecords {
    /// Largest rate of blow-out [M_Mars s⁻¹].
    pub blowout_peak: f64,
    /// Largest rate of the sinks [M_Mars s⁻¹].
    pub sinks_peak: f64,
    /// Largest rate of both [M_Mars s⁻¹].
    pub total_peak: f64,
    /// Median of blow-out time over collision time.
    pub ts_ratio: f64,
    /// Median factor of the competition gate.
    pub gate_factor: f64,
}

impl OrbitRecords {
    /// None.
    pub const NONE: OrbitRecords = OrbitRecords {
        blowout_peak: f64::NAN,
        sinks_peak: f64::NAN,
        total_peak: f64::NAN,
        ts_ratio: f64::NAN,
        gate_factor: f64::NAN,
    };
}

wire_struct!(OrbitRecords { blowout_peak, sinks_peak, total_peak, ts_ratio, gate_factor });
wire_struct!(OrbitRow {
    index,
    time,
    time_end,
    t_orb,
    blowout,
    sinks,
    blowout_cumulative,
    sinks_cumulative,
    loss_fraction,
    r_rm,
    temperature,
    records,
});

#[cfg(test)]
mod tests {
    use super::*;
    use crate::disk::report::Ledger;
    use crate::output::fixtures;
    use crate::smoluchowski::cell_integrator::Tolerances;

    fn cell(remaining: f64, cumulative: Ledger) -> BudgetRow {
        let report = CellReport { surface_density: remaining, cumulative, ..fixtures::report(0) };
        BudgetRow::of_cell(5.0, Scheme::ImexBdf1, &fixtures::cell(0), &report)
    }

    #[test]
    fn a_cell_that_books_everything_has_no_residual() {
        // 0.7 at the start; binary fractions add up without rounding.
        let ledger = Ledger {
            blowout: 0.25,
            sublimation: 0.125,
            gas_drag: 0.03125,
            escape: 0.03125,
            supplied: 0.5,
            buffered: 0.0,
            clipped: 0.03125,
        };
        let row = cell(0.7 + 0.5 + 0.03125 - 0.4375, ledger);
        assert!(row.residual.abs() <= 4.0 * f64::EPSILON * row.initial, "{row:?}");
        let scale = 2e13 / M_MARS;
        assert_eq!((row.lost, row.lost_blowout, row.supplied), (0.4375 * scale, 0.25 * scale, 0.5 * scale));
    }

    #[test]
    fn mass_that_nobody_booked_is_the_residual() {
        let row = cell(0.7 * 0.75, Ledger::default());
        assert!((row.error_percent() - 25.0).abs() < 1e-12, "{row:?}");
        let row = cell(0.7 * 1.5, Ledger::default());
        assert!(row.residual < 0.0 && (row.error_percent() - 50.0).abs() < 1e-12, "{row:?}");
        // What came in counts in the scale: 0.7 + 0.7, of which nothing is there.
        let row = cell(0.0, Ledger { supplied: 0.7, ..Ledger::default() });
        assert!((row.error_percent() - 100.0).abs() < 1e-12, "{row:?}");
    }

    #[test]
    fn an_identity_stands_beside_the_check_and_does_not_replace_it() {
        // A quarter booked as lost, nothing gone.
        let row = cell(0.7, Ledger { blowout: 0.175, ..Ledger::default() });
        assert!(row.identity && (row.claimed_remaining() / row.initial - 0.75).abs() < 1e-15, "{row:?}");
        assert!(row.claimed_error_percent() < 1e-13 && (row.error_percent() - 25.0).abs() < 1e-12, "{row:?}");
        let report = CellReport { surface_density: 0.7, ..fixtures::report(0) };
        let scheme = Scheme::Rodas4(Tolerances::new(1e-4, 1e-9));
        let row = BudgetRow::of_cell(5.0, scheme, &fixtures::cell(0), &report);
        assert_eq!((row.claimed_remaining(), row.claimed_residual()), (row.remaining, row.residual));
        assert_eq!(row.claimed_error_percent(), row.error_percent());
    }

    #[test]
    fn the_disk_is_the_sum_of_its_cells() {
        let rows = [cell(0.5, Ledger::default()), cell(0.1, Ledger { blowout: 0.25, ..Ledger::default() })];
        let total = BudgetRow::total(5.0, Scheme::ImexBdf1, &rows);
        assert_eq!(total.remaining, rows[0].remaining + rows[1].remaining);
        assert_eq!(total.lost_blowout, rows[1].lost_blowout);
        assert_eq!(total.residual, rows[0].residual + rows[1].residual);
        assert_eq!(BudgetRow::total(5.0, Scheme::ImexBdf1, &[]).error_percent(), 0.0);
    }
}
