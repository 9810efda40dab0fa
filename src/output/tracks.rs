//! What a summary needs from every record: tracks of a few drivers and area averages, sums, and the last state.
//!
//! A track keeps the number of every record, because a median needs them all, up to a limit (a million in profile
//! `python`). Beyond it, those of every second record, then of every fourth, and so on: a sample at equal distances.
//! Smallest and largest stay exact.

use crate::checkpoint::snapshot::{Exchange, SnapshotError};
use crate::disk::budget::{BudgetRow, larger_or_none};
use crate::disk::report::{CellFacts, CellReport, RunFacts, StepFacts};
use crate::output::columns::{Bin, Row};
use crate::output::step_columns::loss_rate;
use crate::physics::constants::M_MARS;

/// Numbers gathered while a run goes on.
#[derive(Debug, Default)]
pub struct Tracks {
    /// Temperature of Mars [K].
    pub temperature: Track,
    /// β at the smallest size that stays.
    pub beta: Track,
    /// Blow-out size [m].
    pub s_blow: Track,
    /// dt over t_blow, averaged over the area.
    pub dt_over_t_blow: Track,
    /// As `clip_factor`, but see [`Row::supply_visibility`].
    pub visibility: Track,
    /// Supply handed to the surface over scaled supply, averaged over the area.
    pub clip_factor: Track,
    /// Factor of the temperature of Mars on the supply, averaged over the area.
    pub temperature_scale: Track,
    /// Factor of the feedback on the supply, averaged over the area.
    pub feedback_scale: Track,
    /// Left in the reservoirs of the cells, averaged over the area [Mars masses].
    pub reservoir: Track,
    /// Supply after every scaling, whether the phase lets it in or not, of the first cell in the first record that has one [kg m⁻² s⁻¹].
    pub supply_scaled_initial: Option<f64>,
    /// Drivers of the last record.
    pub last: Option<StepFacts>,
    /// Mass budget of the disk in the last record.
    pub budget: BudgetRow,
    /// Largest error of that budget in any record [%].
    pub max_error_percent: f64,
    /// Largest error of the budget of any cell in any record [%].
    pub max_cell_error_percent: f64,
    /// Largest error of the ledger, of the disk or of a cell, in any record [%].
    pub max_ledger_error_percent: f64,
    /// Cells that no longer evolve after the last record.
    pub cells_stopped: usize,
    /// Numbers of the extended diagnostics.
    pub extended: Extended,
    /// Orbits completed.
    pub orbits: u64,
    time: f64,
    supply_nominal: f64,
    supply_applied: f64,
}

impl Tracks {
    /// Before the first record: all that the cells held at the start is there.
    pub fn of(cells: &[CellFacts]) -> Self {
        let initial = cells.iter().map(|cell| cell.initial_surface_density * cell.area / M_MARS).sum();
        Tracks { budget: BudgetRow { initial, remaining: initial, ..BudgetRow::default() }, ..Tracks::default() }
    }

    /// Saves or restores everything.
    ///
    /// # Errors
    /// When restoring: the snapshot is not of a run like this.
    pub fn exchange(&mut self, exchange: &mut Exchange) -> Result<(), SnapshotError> {
        let Tracks {
            temperature,
            beta,
            s_blow,
            dt_over_t_blow,
            visibility,
            clip_factor,
            temperature_scale,
            feedback_scale,
            reservoir,
            supply_scaled_initial,
            last,
            budget,
            max_error_percent,
            max_cell_error_percent,
            max_ledger_error_percent,
            cells_stopped,
            extended,
            orbits,
            time,
            supply_nominal,
            supply_applied,
        } = self;
        exchange.enter("tracks");
        for (name, unit, long_name, track) in [
            ("temperature", "K", "temperature of Mars in each record", temperature),
            ("beta", "1", "beta at the smallest size that stays in each record", beta),
            ("s_blow", "m", "blow-out size in each record", s_blow),
            ("dt_over_t_blow", "1", "length of each record over the blow-out time, area mean", dt_over_t_blow),
            ("visibility", "1", "supply handed to the surface over scaled supply, area mean", visibility),
            ("clip_factor", "1", "supply handed to the surface over scaled supply, area mean", clip_factor),
            ("temperature_scale", "1", "factor of the temperature on the supply, area mean", temperature_scale),
            ("feedback_scale", "1", "factor of the feedback on the supply, area mean", feedback_scale),
            ("reservoir", "6.4171e23 kg", "mass left in the reservoirs, area mean", reservoir),
        ] {
            track.exchange((name, unit, long_name), exchange)?;
        }
        exchange.enter("sums");
        exchange.real("max_error_percent", "%", "largest error of the mass budget", max_error_percent)?;
        exchange.real("max_cell_error_percent", "%", "the same of any cell", max_cell_error_percent)?;
        exchange.real("max_ledger_error_percent", "%", "largest error of the ledgers", max_ledger_error_percent)?;
        exchange.real("recorded_time", "s", "time in records", time)?;
        exchange.real("supply_nominal", "kg m-2", "supply after mixing, area mean", supply_nominal)?;
        exchange.real("supply_applied", "kg m-2", "supply that arrived, area mean", supply_applied)?;
        exchange.count("orbits", "orbits completed", orbits)?;
        exchange.wire("cells_stopped", "cells that no longer evolve", cells_stopped)?;
        exchange.wire("supply_scaled_initial", "first scaled supply of the first cell", supply_scaled_initial)?;
        exchange.wire("last", "drivers of the last record", last)?;
        exchange.wire("budget", "mass budget of the last record", budget)?;
        let Extended { max_loss_rate, ts_ratio, gate_factor, tau_gate_blocked } = extended;
        exchange.enter("extended");
        exchange.wire("max_loss_rate", "largest rate of loss of the disk, and when", max_loss_rate)?;
        ts_ratio.exchange(("ts_ratio", "1", "blow-out over collision time, area mean"), exchange)?;
        gate_factor.exchange(("gate_factor", "1", "factor of the competition on blow-out, area mean"), exchange)?;
        exchange.real("tau_gate_blocked", "s", "time in which opacity blocked blow-out", tau_gate_blocked)
    }

    /// Takes in drivers: those of a record, or of a step that was refused because of them.
    pub fn look_at(&mut self, run: &RunFacts, step: &StepFacts) {
        let most = most_kept(run);
        self.temperature.push(most, step.temperature);
        self.beta.push(most, step.beta_at_smin);
        self.s_blow.push(most, step.s_blow);
        self.last = Some(*step);
    }

    /// Takes in one record.
    pub fn add(
        &mut self,
        run: &RunFacts,
        step: &StepFacts,
        cells: &[CellFacts],
        reports: &[CellReport],
        total: &BudgetRow,
        cell_budgets: &[BudgetRow],
    ) {
        let mean = |f: fn(&Row<'_>) -> f64| area_mean(run, step, cells, reports, f);
        let mean_of_evolving = |f: fn(&Row<'_>) -> f64| {
            area_mean(run, step, cells, reports, |row| if row.report.evolved { f(row) } else { f64::NAN })
        };
        let most = most_kept(run);
        self.look_at(run, step);
        self.dt_over_t_blow.push(most, mean_of_evolving(|r| r.dt_over_t_blow()));
        self.visibility.push(most, mean_of_evolving(|r| r.supply_visibility()));
        self.clip_factor.push(most, mean_of_evolving(|r| r.supply_share()));
        self.temperature_scale.push(most, mean_of_evolving(|r| r.if_supplied(r.report.supply.temperature_scale)));
        self.feedback_scale.push(most, mean_of_evolving(|r| r.if_supplied(r.report.supply.feedback_scale)));
        self.reservoir.push(most, mean_of_evolving(|r| r.if_supplied(r.mars_masses(r.report.supply.reservoir))));

        self.time += step.dt;
        self.supply_nominal += finite_or_zero(mean(|r| r.if_supplied(r.report.supply.nominal))) * step.dt;
        self.supply_applied += finite_or_zero(mean(|r| r.report.ledger.supplied));
        if self.supply_scaled_initial.is_none() && run.supply_enabled {
            let scaled = reports.first().map_or(0.0, |report| report.supply.offered);
            self.supply_scaled_initial = scaled.is_finite().then_some(scaled);
        }

        self.extended.add(run, step, cells, reports);
        self.budget = *total;
        self.max_error_percent = larger_or_none(self.max_error_percent, total.claimed_error_percent());
        for budget in cell_budgets {
            self.max_cell_error_percent = larger_or_none(self.max_cell_error_percent, budget.claimed_error_percent());
        }
        for budget in cell_budgets.iter().chain([total]) {
            self.max_ledger_error_percent = larger_or_none(self.max_ledger_error_percent, budget.error_percent());
        }
        self.cells_stopped = reports.iter().filter(|report| !report.active).count();
    }

    /// Supply after mixing, averaged over area and time [kg m⁻² s⁻¹].
    pub fn mean_supply_nominal(&self) -> f64 {
        self.supply_nominal / self.time
    }

    /// Time covered by the records [s].
    pub fn time(&self) -> f64 {
        self.time
    }

    /// Supply that reached the surface, averaged over area and time [kg m⁻² s⁻¹].
    pub fn mean_supply_applied(&self) -> f64 {
        self.supply_applied / self.time
    }
}

/// What the summary says with `diagnostics.extended_diagnostics`.
#[derive(Debug, Default)]
pub struct Extended {
    /// Largest rate of loss of the disk [M_Mars s⁻¹] and the end of its record [s].
    pub max_loss_rate: Option<(f64, f64)>,
    /// Blow-out time over collision time, averaged over the area.
    pub ts_ratio: Track,
    /// Factor of the competition gate, averaged over the area.
    pub gate_factor: Track,
    /// Time in which the optical depth blocked blow-out in some cell [s].
    pub tau_gate_blocked: f64,
}

impl Extended {
    fn add(&mut self, run: &RunFacts, step: &StepFacts, cells: &[CellFacts], reports: &[CellReport]) {
        if run.extended.is_none() {
            return;
        }
        let row = |(cell, report)| Row {
            run,
            time: step.time,
            dt: step.dt,
            step,
            cell,
            report,
            t_coll_min: f64::NAN,
            bin: Bin::NONE,
        };
        let most = most_kept(run);
        let rate = cells.iter().zip(reports).map(|pair| loss_rate(&row(pair))).sum::<f64>();
        if self.max_loss_rate.is_none_or(|(largest, _)| rate > largest) {
            self.max_loss_rate = Some((rate, step.time));
        }
        self.ts_ratio.push(most, area_mean(run, step, cells, reports, |r| r.cell.t_blow / r.collision(|s| s.t_coll)));
        self.gate_factor.push(most, area_mean(run, step, cells, reports, |r| r.report.gate_factor));
        if reports.iter().any(|report| report.evolved && report.tau_gate_blocked) {
            self.tau_gate_blocked += step.dt;
        }
    }
}

/// Most numbers that a track keeps. A sample of half as many has its median within 1/4096 of the middle of the ranks.
const MOST_KEPT: usize = 8192;
/// The same in profile `python`: the medians of the Python program are exact, that of a sample is another number.
const MOST_KEPT_OF_PYTHON: usize = 1 << 20;

fn most_kept(run: &RunFacts) -> usize {
    if run.missing_as_zero { MOST_KEPT_OF_PYTHON } else { MOST_KEPT }
}

/// A number per record.
#[derive(Debug, Default, Clone, PartialEq)]
pub struct Track {
    /// Those of every [`Track::stride`]-th record that has one.
    kept: Vec<f64>,
    /// A power of two, and its exponent is what stands here.
    halvings: u64,
    /// Records that had a number.
    count: u64,
    /// Smallest, largest and last of all; nothing before the first.
    extremes: Option<(f64, (f64, f64))>,
}

impl Track {
    fn stride(&self) -> u64 {
        1 << self.halvings
    }

    /// Takes in a number, and keeps at most so many of them.
    fn push(&mut self, most: usize, x: f64) {
        if !x.is_finite() {
            return;
        }
        if self.count.is_multiple_of(self.stride()) {
            self.kept.push(x);
            if self.kept.len() > most {
                let mut number = 0;
                self.kept.retain(|_| {
                    number += 1;
                    number % 2 == 1
                });
                self.halvings += 1;
            }
        }
        self.count += 1;
        let (least, (most, _)) = self.extremes.unwrap_or((x, (x, x)));
        self.extremes = Some((least.min(x), (most.max(x), x)));
    }

    /// Saves or restores it under a name, with unit and meaning.
    fn exchange(
        &mut self,
        (name, unit, long_name): (&str, &str, &str),
        exchange: &mut Exchange,
    ) -> Result<(), SnapshotError> {
        let Track { kept, halvings, count, extremes } = self;
        exchange.reals(name, unit, long_name, kept)?;
        let mut counts = vec![*halvings, *count];
        exchange.counts(&format!("{name}_counts"), "halvings of that list, and numbers in all", &mut counts)?;
        exchange.wire(&format!("{name}_extremes"), "smallest, largest and last number", extremes)?;
        let nonsense =
            || SnapshotError::Nonsense { name: name.to_string(), reason: "not as long as it says".to_string() };
        let [saved_halvings, saved_count] = counts[..] else { return Err(nonsense()) };
        if saved_halvings > 63 || saved_count.div_ceil(1 << saved_halvings) != kept.len() as u64 {
            return Err(nonsense());
        }
        (*halvings, *count) = (saved_halvings, saved_count);
        Ok(())
    }

    /// Smallest, middle and largest number; NaN without any.
    pub fn min_median_max(&self) -> [f64; 3] {
        let Some((least, (most, _))) = self.extremes else { return [f64::NAN; 3] };
        let mut sorted = self.kept.clone();
        sorted.sort_by(f64::total_cmp);
        let n = sorted.len();
        [least, 0.5 * (sorted[(n - 1) / 2] + sorted[n / 2]), most]
    }

    /// The last number; NaN without any.
    pub fn last(&self) -> f64 {
        self.extremes.map_or(f64::NAN, |(_, (_, last))| last)
    }
}

/// Mean over the area of the cells that have the number; in the Python program's habit the others count as zero.
fn area_mean(
    run: &RunFacts,
    step: &StepFacts,
    cells: &[CellFacts],
    reports: &[CellReport],
    f: impl Fn(&Row<'_>) -> f64,
) -> f64 {
    let (mut sum, mut area) = (0.0, 0.0);
    for (cell, report) in cells.iter().zip(reports) {
        let x = f(&Row { run, time: step.time, dt: step.dt, step, cell, report, t_coll_min: f64::NAN, bin: Bin::NONE });
        if x.is_finite() {
            sum += x * cell.area;
            area += cell.area;
        } else if run.missing_as_zero {
            area += cell.area;
        }
    }
    sum / area
}

fn finite_or_zero(x: f64) -> f64 {
    if x.is_finite() { x } else { 0.0 }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::output::fixtures::Fixture;

    fn track(values: &[f64]) -> Track {
        let mut track = Track::default();
        values.iter().for_each(|x| track.push(MOST_KEPT, *x));
        track
    }

    #[test]
    fn the_median_is_the_middle_or_the_mean_of_the_two_middles() {
        assert_eq!(track(&[3.0, 1.0, 2.0]).min_median_max(), [1.0, 2.0, 3.0]);
        assert_eq!(track(&[4.0, 1.0, 2.0, 3.0]).min_median_max(), [1.0, 2.5, 4.0]);
        assert_eq!(track(&[4.0, f64::NAN, f64::INFINITY]).min_median_max(), [4.0; 3]);
        assert!(track(&[]).min_median_max().iter().all(|x| x.is_nan()));
    }

    #[test]
    fn a_long_track_is_a_sample_with_exact_extremes() {
        let mut track = Track::default();
        let n = 10 * MOST_KEPT as u64;
        // A descent with a spike that no sample hits.
        for i in 0..n {
            track.push(MOST_KEPT, if i == 12_345 { 2e9 } else { (n - i) as f64 });
        }
        assert!(track.kept.len() <= MOST_KEPT && track.kept.len() > MOST_KEPT / 2);
        let [least, median, most] = track.min_median_max();
        assert_eq!((least, most, track.last()), (1.0, 2e9, 1.0));
        let rank = median / n as f64;
        assert!((rank - 0.5).abs() < 1.0 / MOST_KEPT as f64, "{rank}");
    }

    #[test]
    fn the_profile_python_takes_its_medians_from_all_records() {
        let mut f = Fixture::new();
        f.run.missing_as_zero = true;
        let mut tracks = Tracks::default();
        let n = 2 * MOST_KEPT + 1;
        for i in 0..n {
            f.step.temperature = (i * i) as f64;
            tracks.look_at(&f.run, &f.step);
        }
        assert_eq!(tracks.temperature.min_median_max()[1], (MOST_KEPT * MOST_KEPT) as f64);
    }

    #[test]
    fn a_saved_track_goes_on_as_if_nothing_had_happened() {
        let mut whole = Track::default();
        let numbers = |range: std::ops::Range<u64>| range.map(|i| (i as f64).sin());
        let mut first = Track::default();
        numbers(0..20_001).for_each(|x| first.push(MOST_KEPT, x));
        let mut snapshot = crate::checkpoint::snapshot::Snapshot::default();
        first.exchange(("x", "1", ""), &mut Exchange::saving(&mut snapshot, "tracks")).unwrap();
        let mut second = Track::default();
        second.exchange(("x", "1", ""), &mut Exchange::restoring(&snapshot, "tracks")).unwrap();
        numbers(20_001..40_000).for_each(|x| second.push(MOST_KEPT, x));
        numbers(0..40_000).for_each(|x| whole.push(MOST_KEPT, x));
        assert_eq!(second, whole);
    }

    #[test]
    fn averages_weigh_cells_by_area_and_leave_frozen_ones_out() {
        let mut f = Fixture::new();
        f.cells[0].area = 1.0;
        f.cells[1].area = 3.0;
        f.cells[0].t_blow = 10.0;
        f.cells[1].t_blow = 20.0;
        f.step.dt = 20.0;
        let mut tracks = Tracks::default();
        tracks.add(&f.run, &f.step, &f.cells, &f.reports, &f.total, &f.budgets);
        // (1·2 + 3·1) / 4
        assert_eq!(tracks.dt_over_t_blow.last(), 1.25);
        f.reports[0].evolved = false;
        tracks.add(&f.run, &f.step, &f.cells, &f.reports, &f.total, &f.budgets);
        assert_eq!(tracks.dt_over_t_blow.last(), 1.0);
        f.run.missing_as_zero = true;
        tracks.add(&f.run, &f.step, &f.cells, &f.reports, &f.total, &f.budgets);
        assert_eq!(tracks.dt_over_t_blow.last(), 0.75);
    }

    #[test]
    fn drivers_of_a_refused_step_are_the_last_ones_and_no_record() {
        let mut f = Fixture::new();
        let mut tracks = Tracks::default();
        tracks.add(&f.run, &f.step, &f.cells, &f.reports, &f.total, &f.budgets);
        let (temperature, time) = (f.step.temperature, tracks.time());
        f.step.temperature -= 100.0;
        tracks.look_at(&f.run, &f.step);
        let middle = temperature - 50.0;
        assert_eq!(tracks.temperature.min_median_max(), [temperature - 100.0, middle, temperature]);
        assert_eq!(tracks.last.map(|step| step.temperature), Some(temperature - 100.0));
        assert_eq!(tracks.time(), time);
    }

    #[test]
    fn the_first_supply_is_that_of_the_first_record_also_when_it_is_nothing() {
        let mut f = Fixture::new();
        f.run.supply_enabled = true;
        let mut tracks = Tracks::default();
        for offered in [0.0, 3.0] {
            f.reports[0].supply.offered = offered;
            tracks.add(&f.run, &f.step, &f.cells, &f.reports, &f.total, &f.budgets);
        }
        assert_eq!(tracks.supply_scaled_initial, Some(0.0));
    }

    #[test]
    fn the_mean_supply_weighs_records_by_their_length() {
        let mut f = Fixture::new();
        let mut tracks = Tracks::default();
        for (dt, supplied, nominal) in [(10.0, 0.0, 0.0), (30.0, 60.0, 4.0)] {
            f.step.dt = dt;
            for report in &mut f.reports {
                report.ledger.supplied = supplied;
                report.supply.nominal = nominal;
            }
            tracks.add(&f.run, &f.step, &f.cells, &f.reports, &f.total, &f.budgets);
        }
        assert_eq!(tracks.mean_supply_applied(), 1.5);
        assert_eq!(tracks.mean_supply_nominal(), 3.0);
    }

    #[test]
    fn a_frozen_cell_counts_in_the_mean_supply_of_the_disk() {
        let mut f = Fixture::new();
        (f.cells[0].area, f.cells[1].area) = (1.0, 3.0);
        f.step.dt = 2.0;
        f.reports[0].ledger.supplied = 8.0;
        f.reports[1].evolved = false;
        f.reports[1].ledger.supplied = 0.0;
        let mut tracks = Tracks::default();
        tracks.add(&f.run, &f.step, &f.cells, &f.reports, &f.total, &f.budgets);
        // 8 kg m⁻² over a quarter of the area in 2 s
        assert_eq!(tracks.mean_supply_applied(), 1.0);
    }
}
