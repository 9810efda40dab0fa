//! A column: its name, unit and meaning, and where its value comes from.
//!
//! The declarations themselves are in `run_columns`, `diagnostics_columns`, `psd_columns` and `budgets`; how they reach
//! a file is in `parquet` and `csv`.

use crate::disk::report::{CellFacts, CellReport, DampingReport, KernelReport, RunFacts, StepFacts};
use crate::physics::collision::optical_depth_collision_time;
use crate::physics::constants::{M_MARS, R_MARS};
use crate::physics::{radiation, sinks};

/// Rate that the Python program divides by where the scaled supply is zero [kg m⁻² s⁻¹].
const LEAST_SCALED_RATE: f64 = 1e-30;

/// A kind of table: what its columns look at to find their values.
pub trait Table: 'static {
    /// What one row is made from.
    type Row<'a>;

    /// Whether the row is of a cell that no longer evolves.
    fn is_frozen(_row: &Self::Row<'_>) -> bool {
        false
    }

    /// Whether the run writes 0.0 where the Python program did although there is no number.
    fn missing_as_zero(_row: &Self::Row<'_>) -> bool {
        false
    }
}

/// Type of a column and the function that finds its value in a row.
pub enum Value<T: Table> {
    /// A 64-bit number; one that is not finite becomes null.
    Real(for<'a> fn(&T::Row<'a>) -> f64),
    /// A 64-bit integer.
    Integer(for<'a> fn(&T::Row<'a>) -> Option<i64>),
    /// Yes or no.
    Flag(for<'a> fn(&T::Row<'a>) -> bool),
    /// UTF-8 text.
    Text(for<'r, 'a> fn(&'r T::Row<'a>) -> Option<&'r str>),
    /// A structure of named members.
    Struct(&'static [Column<T>]),
}

/// One column of a table.
pub struct Column<T: Table> {
    /// Name in the file.
    pub name: &'static str,
    /// Unit, in the words of the Python program's metadata.
    pub unit: &'static str,
    /// One sentence that says what the number is.
    pub meaning: &'static str,
    /// Type, and where the value comes from.
    pub value: Value<T>,
    /// A number that does not exist is written as 0.0 when the table's rows ask for it.
    pub zero_in_python: bool,
    /// Null in the rows of frozen cells.
    pub null_when_frozen: bool,
}

// derive would ask that the rows can be copied, too
impl<T: Table> Clone for Value<T> {
    fn clone(&self) -> Self {
        *self
    }
}
impl<T: Table> Copy for Value<T> {}
impl<T: Table> Clone for Column<T> {
    fn clone(&self) -> Self {
        *self
    }
}
impl<T: Table> Copy for Column<T> {}

/// One value on its way into a file.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Field<'a> {
    /// There is none.
    Missing,
    /// A finite number.
    Real(f64),
    /// An integer.
    Integer(i64),
    /// Yes or no.
    Flag(bool),
    /// Text.
    Text(&'a str),
}

impl<T: Table> Column<T> {
    const fn new(name: &'static str, unit: &'static str, meaning: &'static str, value: Value<T>) -> Self {
        Column { name, unit, meaning, value, zero_in_python: false, null_when_frozen: false }
    }

    /// A column of 64-bit numbers.
    pub const fn real(
        name: &'static str,
        unit: &'static str,
        meaning: &'static str,
        f: for<'a> fn(&T::Row<'a>) -> f64,
    ) -> Self {
        Self::new(name, unit, meaning, Value::Real(f))
    }

    /// A column of counts and indices.
    pub const fn integer(name: &'static str, meaning: &'static str, f: for<'a> fn(&T::Row<'a>) -> Option<i64>) -> Self {
        Self::new(name, "count", meaning, Value::Integer(f))
    }

    /// A column of flags.
    pub const fn flag(name: &'static str, meaning: &'static str, f: for<'a> fn(&T::Row<'a>) -> bool) -> Self {
        Self::new(name, "bool", meaning, Value::Flag(f))
    }

    /// A column of text; `unit` is `text` or `category`.
    pub const fn text(
        name: &'static str,
        unit: &'static str,
        meaning: &'static str,
        f: for<'r, 'a> fn(&'r T::Row<'a>) -> Option<&'r str>,
    ) -> Self {
        Self::new(name, unit, meaning, Value::Text(f))
    }

    /// A column whose values are structures.
    pub const fn structure(name: &'static str, meaning: &'static str, members: &'static [Column<T>]) -> Self {
        Self::new(name, "-", meaning, Value::Struct(members))
    }

    /// The same column, but 0.0 instead of null where the run asks for the Python program's habit.
    pub const fn zero_in_python(mut self) -> Self {
        self.zero_in_python = true;
        self
    }

    /// The same column, but null in the rows of frozen cells.
    pub const fn null_when_frozen(mut self) -> Self {
        self.null_when_frozen = true;
        self
    }

    /// The same column under another name.
    pub const fn named(mut self, name: &'static str) -> Self {
        self.name = name;
        self
    }

    /// The number that `f`, the column's own, finds in a row, if there is one.
    pub(super) fn number(&self, f: for<'a> fn(&T::Row<'a>) -> f64, row: &T::Row<'_>) -> Option<f64> {
        let x = f(row);
        if x.is_finite() { Some(x) } else { (self.zero_in_python && T::missing_as_zero(row)).then_some(0.0) }
    }

    /// The value in a row; a structure has none of its own, its members have.
    pub fn field<'r>(&self, row: &'r T::Row<'_>) -> Field<'r> {
        if self.null_when_frozen && T::is_frozen(row) {
            return Field::Missing;
        }
        match self.value {
            Value::Real(f) => self.number(f, row).map_or(Field::Missing, Field::Real),
            Value::Integer(f) => f(row).map_or(Field::Missing, Field::Integer),
            Value::Flag(f) => Field::Flag(f(row)),
            Value::Text(f) => f(row).map_or(Field::Missing, Field::Text),
            Value::Struct(_) => Field::Missing,
        }
    }

    /// Name of the type, for documentation and tests: `f64`, `i64`, `bool`, `utf8`, `struct`.
    pub fn type_name(&self) -> &'static str {
        match self.value {
            Value::Real(_) => "f64",
            Value::Integer(_) => "i64",
            Value::Flag(_) => "bool",
            Value::Text(_) => "utf8",
            Value::Struct(_) => "struct",
        }
    }
}

/// The column of that name; used while the program is compiled, so that a misspelt name does not compile.
pub const fn column_named<T: Table>(columns: &[Column<T>], name: &str) -> Column<T> {
    let mut i = 0;
    while i < columns.len() {
        if same_text(columns[i].name, name) {
            return columns[i];
        }
        i += 1;
    }
    panic!("no column has this name")
}

const fn same_text(a: &str, b: &str) -> bool {
    let (a, b) = (a.as_bytes(), b.as_bytes());
    if a.len() != b.len() {
        return false;
    }
    let mut i = 0;
    while i < a.len() {
        if a[i] != b[i] {
            return false;
        }
        i += 1;
    }
    true
}

/// The tables in `series/`: a row per cell and record (`run`, `diagnostics`) or per bin, cell and record (`psd_hist`).
#[derive(Debug, Clone, Copy)]
pub struct Series;

impl Table for Series {
    type Row<'a> = Row<'a>;

    fn is_frozen(row: &Row<'_>) -> bool {
        !row.report.evolved
    }

    fn missing_as_zero(row: &Row<'_>) -> bool {
        row.run.missing_as_zero
    }
}

/// One cell in one record.
#[derive(Debug, Clone, Copy)]
pub struct Row<'a> {
    /// Facts of the run.
    pub run: &'a RunFacts,
    /// End of the record [s].
    pub time: f64,
    /// Time since the record before [s].
    pub dt: f64,
    /// Drivers at the end of the record, with the same time and length; those of an earlier one in a stale row.
    pub step: &'a StepFacts,
    /// The cell.
    pub cell: &'a CellFacts,
    /// What happened in the cell since the record before.
    pub report: &'a CellReport,
    /// Shortest collision time of all cells [s]; NaN if none.
    pub t_coll_min: f64,
    /// One size bin, in `psd_hist` only.
    pub bin: Bin,
}

/// One size bin of one cell.
#[derive(Debug, Clone, Copy)]
pub struct Bin {
    /// Index from the smallest size, from 0.
    pub index: usize,
    /// Size that represents the bin [m].
    pub size: f64,
    /// Number of grains per size, in the Python program's normalisation.
    pub number: f64,
    /// Share of the cell's surface density.
    pub share: f64,
}

impl Bin {
    /// No bin: for tables of cells.
    pub const NONE: Bin = Bin { index: 0, size: f64::NAN, number: f64::NAN, share: f64::NAN };
}

impl Row<'_> {
    /// Mass of the whole cell [Mars masses] from mass per area [kg m⁻²].
    pub fn mars_masses(&self, per_area: f64) -> f64 {
        per_area * self.cell.area / M_MARS
    }

    /// Surface density at the end [kg m⁻²], as the files tell it: a column of the Python program claims initial minus lost.
    pub fn claimed_surface_density(&self) -> f64 {
        match self.report.end_rates {
            Some(_) => self.cell.initial_surface_density - self.report.cumulative.lost(),
            None => self.report.surface_density,
        }
    }

    /// Mean rate over the record from an amount in the record.
    pub fn rate(&self, amount: f64) -> f64 {
        amount / self.step.dt
    }

    /// Energy of the record from its mean rate; the rate itself in a column of the Python program.
    pub fn energy(&self, rate: f64) -> f64 {
        if self.report.end_rates.is_some() { rate } else { rate * self.dt }
    }

    /// Mass per area that evaporated in the record, as far as it is booked as such [kg m⁻²].
    pub fn booked_sublimation(&self) -> f64 {
        if self.run.sublimation_booked { self.report.ledger.sublimation } else { 0.0 }
    }

    /// Radius of the cell in radii of Mars.
    pub fn r_rm(&self) -> f64 {
        self.cell.r / R_MARS
    }

    /// Flux at the surface of Mars, σT⁴ [W m⁻²].
    pub fn mars_flux(&self) -> f64 {
        radiation::surface_flux(self.step.temperature)
    }

    /// Flux of Mars at the cell, σT⁴ (R/r)² [W m⁻²].
    pub fn flux_at_cell(&self) -> f64 {
        self.mars_flux() / self.r_rm().powi(2)
    }

    /// Length of the record over the blow-out time.
    pub fn dt_over_t_blow(&self) -> f64 {
        if self.run.blowout_enabled { self.step.dt / self.cell.t_blow } else { 0.0 }
    }

    /// The same, where the smallest grains can be expelled at all; else zero.
    pub fn fast_blowout_ratio(&self) -> f64 {
        if self.run.case_status == "blowout" { self.dt_over_t_blow() } else { 0.0 }
    }

    /// Share of unbound grains that leave within the record.
    pub fn fast_blowout_factor(&self) -> f64 {
        sinks::fast_blowout_factor(self.fast_blowout_ratio())
    }

    /// The same within a sub-step.
    pub fn fast_blowout_factor_of_substep(&self) -> f64 {
        sinks::fast_blowout_factor(self.fast_blowout_ratio() / f64::from(self.report.substeps.max(1)))
    }

    /// Whether the outflux is multiplied by that share.
    pub fn corrects_fast_blowout(&self) -> bool {
        (self.run.corrects_fast_blowout || self.report.substeps > 1) && self.dt_over_t_blow() > 3.0
    }

    /// Rate at which radiation expelled mass, as the files tell it [kg m⁻² s⁻¹].
    pub fn outflux(&self) -> f64 {
        let factor = if self.corrects_fast_blowout() { self.fast_blowout_factor_of_substep() } else { 1.0 };
        factor * self.report.end_rates.map_or_else(|| self.rate(self.report.ledger.blowout), |rates| rates.blowout)
    }

    /// Rate of loss to sinks, as the files tell it [kg m⁻² s⁻¹].
    pub fn sink_rate(&self) -> f64 {
        self.report.end_rates.map_or_else(|| self.rate(self.report.ledger.sinks()), |rates| rates.sinks)
    }

    /// Both together [kg m⁻² s⁻¹].
    pub fn loss_rate(&self) -> f64 {
        self.outflux() + self.sink_rate()
    }

    /// κ_eff / κ; NaN for a cell without opacity.
    pub fn shielding_factor(&self) -> f64 {
        let report = self.report;
        if report.opacity > 0.0 { report.opacity_effective / report.opacity } else { f64::NAN }
    }

    /// A number that exists where the supply is switched on.
    pub fn if_supplied(&self, x: f64) -> f64 {
        if self.run.supply_enabled { x } else { f64::NAN }
    }

    /// Supply rate handed to the surface over the scaled one; NaN where that is not positive.
    pub fn supply_share(&self) -> f64 {
        let scaled = self.if_supplied(self.report.supply.scaled);
        if scaled > 0.0 { self.report.supply.applied / scaled } else { f64::NAN }
    }

    /// The same; the Python program knows it also where nothing but the deep buffer supplies the surface.
    pub fn supply_visibility(&self) -> f64 {
        match self.run.missing_as_zero {
            true => self.if_supplied(self.report.supply.applied) / self.report.supply.scaled.max(LEAST_SCALED_RATE),
            false => self.supply_share(),
        }
    }

    /// A number of the collision kernel; NaN where collisions were off.
    pub fn kernel(&self, f: fn(&KernelReport) -> f64) -> f64 {
        self.report.kernel.as_ref().map_or(f64::NAN, f)
    }

    /// A number of the damping of e and i; NaN where nothing is damped.
    pub fn damping(&self, f: fn(&DampingReport) -> f64) -> f64 {
        self.report.kernel.and_then(|kernel| kernel.damping).as_ref().map_or(f64::NAN, f)
    }

    /// Collision time of a column [s]: the shortest of a bin, or that of its optical depth; NaN in a ring.
    pub fn collision_time(&self) -> f64 {
        match (self.run.geometry_mode, &self.report.smol) {
            ("0D", Some(smol)) => smol.t_coll,
            ("0D", None) => {
                let los = self.run.line_of_sight_factor;
                optical_depth_collision_time(self.cell.omega, self.report.tau, los).unwrap_or(f64::NAN)
            }
            _ => f64::NAN,
        }
    }

    /// A number of the collisional integrator; NaN where collisions were off.
    pub fn collision(&self, f: fn(&crate::disk::report::SmolReport) -> f64) -> f64 {
        self.report.smol.as_ref().map_or(f64::NAN, f)
    }
}

#[cfg(test)]
mod python_rows;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::output::fixtures::Fixture;

    type Col = Column<Series>;

    #[test]
    fn a_number_that_is_not_finite_is_missing() {
        let fixture = Fixture::new();
        let row = fixture.row(0);
        for f in [|_: &Row<'_>| f64::NAN, |_: &Row<'_>| f64::INFINITY, |_: &Row<'_>| f64::NEG_INFINITY] {
            let plain = Col::real("x", "m", "x", f);
            assert_eq!(plain.field(&row), Field::Missing);
            assert_eq!(plain.zero_in_python().field(&row), Field::Missing);
        }
    }

    #[test]
    fn only_marked_columns_turn_missing_into_zero_and_only_on_request() {
        let mut fixture = Fixture::new();
        fixture.run.missing_as_zero = true;
        let row = fixture.row(0);
        let plain = Col::real("x", "m", "x", |_| f64::NAN);
        assert_eq!(plain.field(&row), Field::Missing);
        assert_eq!(plain.zero_in_python().field(&row), Field::Real(0.0));
    }

    #[test]
    fn a_column_marked_for_it_is_null_in_a_frozen_row_only() {
        let mut fixture = Fixture::new();
        let column = Col::real("x", "m", "x", |_| 3.0).null_when_frozen();
        assert_eq!(column.field(&fixture.row(0)), Field::Real(3.0));
        fixture.reports[0].evolved = false;
        fixture.run.missing_as_zero = true;
        assert_eq!(column.zero_in_python().field(&fixture.row(0)), Field::Missing);
    }

    #[test]
    fn an_empty_cell_without_opacity_has_no_shielding_factor() {
        let mut fixture = Fixture::new();
        fixture.reports[0].opacity = 0.0;
        assert!(fixture.row(0).shielding_factor().is_nan());
    }

    #[test]
    fn blowout_ratios_are_zero_where_blowout_is_off() {
        let mut fixture = Fixture::new();
        assert_eq!(fixture.row(0).dt_over_t_blow(), fixture.step.dt / fixture.cells[0].t_blow);
        fixture.run.blowout_enabled = false;
        assert_eq!(fixture.row(0).dt_over_t_blow(), 0.0);
    }
}
