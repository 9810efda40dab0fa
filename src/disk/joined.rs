//! What happened to a cell in two successive times, seen as one.

use super::report::{CellReport, SmolReport, SupplyReport};

/// Two successive reports of a cell and how long they are of [s], as one: later state, summed masses, mean rates; what acted in
/// a part of the time has acted.
pub fn joined((first, dt_first): (&CellReport, f64), (next, dt_next): (&CellReport, f64)) -> CellReport {
    let mean = |a: f64, b: f64| (a * dt_first + b * dt_next) / (dt_first + dt_next);
    let mut both = *next;
    both.ledger = first.ledger;
    both.ledger.add(&next.ledger);
    both.inner.add(&first.inner);
    both.evolved |= first.evolved;
    both.blowout_active |= first.blowout_active;
    both.energy = first.energy.join(&next.energy, mean);
    both.kernel = next.kernel.or(first.kernel);
    both.supply = joined_supply(&first.supply, &next.supply, mean);
    both.smol = match (first.smol, next.smol) {
        (Some(a), Some(b)) => Some(joined_collisions(&a, &b)),
        (a, b) => b.or(a),
    };
    both
}

/// The same for the supply.
fn joined_supply(a: &SupplyReport, b: &SupplyReport, mean: impl Fn(f64, f64) -> f64) -> SupplyReport {
    SupplyReport {
        raw: mean(a.raw, b.raw),
        nominal: mean(a.nominal, b.nominal),
        offered: mean(a.offered, b.offered),
        scaled: mean(a.scaled, b.scaled),
        applied: mean(a.applied, b.applied),
        into_deep: mean(a.into_deep, b.into_deep),
        from_deep_attempt: mean(a.from_deep_attempt, b.from_deep_attempt),
        from_deep: mean(a.from_deep, b.from_deep),
        diverted: mean(a.diverted, b.diverted),
        reservoir_clipped: a.reservoir_clipped || b.reservoir_clipped,
        ..*b
    }
}

/// The same for collisions, which may have been off for a part of the time.
fn joined_collisions(a: &SmolReport, b: &SmolReport) -> SmolReport {
    let dt_eff = a.dt_eff + b.dt_eff;
    let mean = |x: f64, y: f64| (x * a.dt_eff + y * b.dt_eff) / dt_eff;
    SmolReport {
        dt_eff,
        // What changed between the two, while collisions were off, is not theirs.
        sigma_before: a.sigma_before + (b.sigma_before - a.sigma_after),
        prod_rate: mean(a.prod_rate, b.prod_rate),
        loss_rate: mean(a.loss_rate, b.loss_rate),
        sink_rate: mean(a.sink_rate, b.sink_rate),
        source_rate: mean(a.source_rate, b.source_rate),
        ..*b
    }
}
