//! The columns of the CSV tables: mass budget of the disk and of its cells, and the sums per orbit.
//!
//! The first columns are the Python program's. There, the remaining mass was defined as initial minus lost, which its
//! integrator repeats here; otherwise it is what the bins hold, so that `mass_diff` and `error_percent` measure something.
//! The last columns hold what was measured in either case.

use crate::disk::budget::{BudgetRow, OrbitRow};
use crate::disk::report::{CellFacts, RunFacts};
use crate::output::columns::{Column, Table};
use crate::physics::constants::R_MARS;

const MASS: &str = "M_Mars";

/// `checks/mass_budget.csv`: one row per record.
#[derive(Debug, Clone, Copy)]
pub struct DiskBudget;

impl Table for DiskBudget {
    type Row<'a> = BudgetRow;
}

/// `checks/mass_budget_cells.csv`: one row per evolving cell and record.
#[derive(Debug, Clone, Copy)]
pub struct CellsBudget;

impl Table for CellsBudget {
    type Row<'a> = CellBudget<'a>;
}

/// Mass budget of one cell.
#[derive(Debug, Clone, Copy)]
pub struct CellBudget<'a> {
    /// The cell.
    pub cell: &'a CellFacts,
    /// Its budget.
    pub budget: &'a BudgetRow,
    /// Whether the cell goes on evolving.
    pub active: bool,
}

/// `orbit_rollup.csv`: one row per orbit.
#[derive(Debug, Clone, Copy)]
pub struct Orbits;

impl Table for Orbits {
    type Row<'a> = OrbitRow;
}

type Disk = Column<DiskBudget>;
type Cell = Column<CellsBudget>;
type Orbit = Column<Orbits>;

/// Every column of `mass_budget.csv`, in order.
#[rustfmt::skip] // a table: one column to one or two lines
pub static DISK_BUDGET: &[Disk] = &[
    Disk::real("time", "s", "End of the record.", |b| b.time),
    Disk::real("mass_initial", MASS, "Mass of the disk at the start.", |b| b.initial),
    Disk::real("mass_remaining", MASS, "Mass in the bins now; initial − lost in the Python program's scheme.",
        BudgetRow::claimed_remaining),
    Disk::real("mass_lost", MASS, "Mass that left through every channel since the start.", |b| b.lost),
    Disk::real("mass_diff", MASS, "mass_initial + mass_supplied + clipped − mass_lost − mass_remaining − mass_deep; in the Python program's scheme mass_initial − \
         mass_remaining − mass_lost, which is rounding.",
        BudgetRow::claimed_residual),
    Disk::real("error_percent", "%", "|mass_diff| over mass_initial + mass_supplied.",
        BudgetRow::claimed_error_percent),
    Disk::real("tolerance_percent", "%", "Error above which the run is not to be trusted.", |b| b.tolerance_percent),
    Disk::real("mass_supplied", MASS, "Mass that the supply brought in since the start.", |b| b.supplied),
    Disk::real("lost_blowout", MASS, "Part of mass_lost that radiation expelled.", |b| b.lost_blowout),
    Disk::real("lost_sublimation", MASS, "Part of mass_lost that evaporated.", |b| b.lost_sublimation),
    Disk::real("lost_gas_drag", MASS, "Part of mass_lost that gas drag removed.", |b| b.lost_gas_drag),
    Disk::real("lost_escape", MASS, "Part of mass_lost that escaped as vapour.", |b| b.lost_escape),
    Disk::real("clipped", MASS, "Mass added when round-off negatives were set to zero.", |b| b.clipped),
    Disk::real("mass_in_bins", MASS, "Mass in the bins now, whatever the scheme.", |b| b.remaining),
    Disk::real("ledger_error_percent", "%",
        "|mass_initial + mass_supplied + clipped − mass_lost − mass_in_bins − mass_deep| over mass_initial + mass_supplied.",
        BudgetRow::error_percent),
    Disk::real("mass_deep", MASS, "Mass that waits in the deep buffer.", |b| b.deep),
];

/// Where those of a column come: behind the Python program's of every run.
const OF_EVERY_RUN: usize = 7;

/// What `mass_budget.csv` of a column (0-D) has there.
#[rustfmt::skip] // a table: one column to one or two lines
pub static COLUMN_CHANNELS: [Disk; 4] = [
    Disk::real("mass_loss_rp_mars", MASS, "Equals lost_blowout.", |b| b.lost_blowout),
    Disk::real("mass_loss_hydro_drag", MASS, "Equals lost_escape.", |b| b.lost_escape),
    Disk::real("mass_loss_surface_solid_marsRP", MASS, "Equals lost_blowout.", |b| b.lost_blowout),
    Disk::real("mass_loss_tau_clip_spill", MASS, "Mass spilled at an optical-depth limit; zero, there is no such limit.",
        |_| 0.0),
];

/// What stands there, too, with `diagnostics.extended_diagnostics`.
pub static CHANNELS_CHECK: [Disk; 1] = [Disk::real(
    "delta_mloss_vs_channels",
    "%",
    "|mass_lost − sum of its channels| over mass_lost; zero where nothing was lost.",
    BudgetRow::channels_error_percent,
)];

/// The columns of `mass_budget.csv` in a run.
pub fn disk_budget(run: &RunFacts) -> Vec<Disk> {
    let (first, ours) = DISK_BUDGET.split_at(OF_EVERY_RUN);
    let column = run.geometry_mode == "0D";
    let channels: &[Disk] = if column { &COLUMN_CHANNELS } else { &[] };
    let check: &[Disk] = if column && run.extended.is_some() { &CHANNELS_CHECK } else { &[] };
    [first, channels, check, ours].concat()
}

/// Every column of `mass_budget_cells.csv`, in order.
#[rustfmt::skip] // a table: one column to one or two lines
pub static CELLS_BUDGET: &[Cell] = &[
    Cell::real("time", "s", "End of the record.", |c| c.budget.time),
    Cell::integer("cell_index", "Number of the cell from the inner edge, from 0.", |c| Some(c.cell.index as i64)),
    Cell::real("r_RM", "R_M", "Distance of the cell from the centre of Mars in radii of Mars.", |c| c.cell.r / R_MARS),
    Cell::real("mass_initial", MASS, "Mass of the cell at the start.", |c| c.budget.initial),
    Cell::real("mass_remaining", MASS, "Mass in its bins now; initial − lost in the Python program's scheme.",
        |c| c.budget.claimed_remaining()),
    Cell::real("mass_lost", MASS, "Mass that left through every channel since the start.", |c| c.budget.lost),
    Cell::real("mass_diff", MASS, "mass_initial + mass_supplied + clipped − mass_lost − mass_remaining − mass_deep; in the Python program's scheme mass_initial − \
         mass_remaining − mass_lost, which is rounding.",
        |c| c.budget.claimed_residual()),
    Cell::real("error_percent", "%", "|mass_diff| over mass_initial + mass_supplied.", |c| c.budget.claimed_error_percent()),
    Cell::real("tolerance_percent", "%", "Error above which the run is not to be trusted.",
        |c| c.budget.tolerance_percent),
    Cell::flag("cell_active", "Whether the cell goes on evolving after this record.", |c| c.active),
    Cell::real("mass_supplied", MASS, "Mass that the supply brought in since the start.", |c| c.budget.supplied),
    Cell::real("lost_blowout", MASS, "Part of mass_lost that radiation expelled.", |c| c.budget.lost_blowout),
    Cell::real("lost_sublimation", MASS, "Part of mass_lost that evaporated.", |c| c.budget.lost_sublimation),
    Cell::real("lost_gas_drag", MASS, "Part of mass_lost that gas drag removed.", |c| c.budget.lost_gas_drag),
    Cell::real("lost_escape", MASS, "Part of mass_lost that escaped as vapour.", |c| c.budget.lost_escape),
    Cell::real("clipped", MASS, "Mass added when round-off negatives were set to zero.", |c| c.budget.clipped),
    Cell::real("mass_in_bins", MASS, "Mass in its bins now, whatever the scheme.", |c| c.budget.remaining),
    Cell::real("ledger_error_percent", "%",
        "|mass_initial + mass_supplied + clipped − mass_lost − mass_in_bins − mass_deep| over mass_initial + mass_supplied.",
        |c| c.budget.error_percent()),
    Cell::real("mass_deep", MASS, "Mass that waits in its deep buffer.", |c| c.budget.deep),
];

const RATE: &str = "M_Mars s^-1";

/// Every column of `orbit_rollup.csv`, in order.
#[rustfmt::skip] // a table: one column to one or two lines
pub static ORBITS: &[Orbit] = &[
    Orbit::integer("orbit_index", "Number of the orbit at the middle radius, from 1.", |o| Some(o.index as i64)),
    Orbit::real("time_s", "s", "End of the step in which the orbit was completed.", |o| o.time),
    Orbit::real("time_s_end", "s", "End of the orbit.", |o| o.time_end),
    Orbit::real("t_orb_s", "s", "Orbital period at the middle radius.", |o| o.t_orb),
    Orbit::real("M_out_orbit", MASS, "Mass that radiation expelled in the orbit.", |o| o.blowout),
    Orbit::real("M_sink_orbit", MASS, "Mass that sinks took in the orbit.", |o| o.sinks),
    Orbit::real("M_loss_orbit", MASS, "M_out_orbit plus M_sink_orbit.", |o| o.blowout + o.sinks),
    Orbit::real("M_out_per_orbit", RATE, "M_out_orbit over t_orb_s.", |o| o.blowout / o.t_orb),
    Orbit::real("M_sink_per_orbit", RATE, "M_sink_orbit over t_orb_s.", |o| o.sinks / o.t_orb),
    Orbit::real("M_loss_per_orbit", RATE, "M_loss_orbit over t_orb_s.", |o| (o.blowout + o.sinks) / o.t_orb),
    Orbit::real("mass_loss_frac_per_orbit", "dimensionless", "M_loss_orbit over the mass at the start.",
        |o| o.loss_fraction),
    Orbit::real("M_out_cum", MASS, "Mass that radiation expelled since the start.", |o| o.blowout_cumulative),
    Orbit::real("M_sink_cum", MASS, "Mass that sinks took since the start.", |o| o.sinks_cumulative),
    Orbit::real("M_loss_cum", MASS, "M_out_cum plus M_sink_cum.", |o| o.blowout_cumulative + o.sinks_cumulative),
    Orbit::real("r_RM", "R_M", "Middle radius of the disk in radii of Mars.", |o| o.r_rm),
    Orbit::real("T_M", "K", "Temperature of the surface of Mars.", |o| o.temperature),
    Orbit::real("slope_dlnM_dlnr", "dimensionless", "Radial slope of the loss; always empty.", |_| f64::NAN),
];

/// What `orbit_rollup.csv` of a column (0-D) ends with, given `diagnostics.extended_diagnostics`.
#[rustfmt::skip] // a table: one column to one or two lines
pub static ORBITS_EXTENDED: [Orbit; 8] = [
    Orbit::real("mloss_blowout_rate_mean", RATE, "Equals M_out_per_orbit.", |o| o.blowout / o.t_orb),
    Orbit::real("mloss_sink_rate_mean", RATE, "Equals M_sink_per_orbit.", |o| o.sinks / o.t_orb),
    Orbit::real("mloss_total_rate_mean", RATE, "Equals M_loss_per_orbit.", |o| (o.blowout + o.sinks) / o.t_orb),
    Orbit::real("mloss_blowout_rate_peak", RATE, "Largest M_out_dot of the records that the orbit overlaps.",
        |o| o.records.blowout_peak),
    Orbit::real("mloss_sink_rate_peak", RATE, "Largest M_sink_dot of these records.", |o| o.records.sinks_peak),
    Orbit::real("mloss_total_rate_peak", RATE, "Largest dM_dt_surface_total of these records.",
        |o| o.records.total_peak),
    Orbit::real("ts_ratio_median", "dimensionless", "Median ts_ratio of these records.", |o| o.records.ts_ratio),
    Orbit::real("gate_factor_median", "dimensionless", "Median blowout_gate_factor of these records.",
        |o| o.records.gate_factor),
];

/// The columns of `orbit_rollup.csv` in a run.
pub fn orbits(run: &RunFacts) -> Vec<Orbit> {
    let extended: &[Orbit] = if extends_orbits(run) { &ORBITS_EXTENDED } else { &[] };
    [ORBITS, extended].concat()
}

/// Whether the orbits of a run tell of the records that they overlap.
pub fn extends_orbits(run: &RunFacts) -> bool {
    run.geometry_mode == "0D" && run.extended.is_some()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::disk::budget::OrbitRecords;
    use crate::output::columns::Field;

    fn names<T: Table>(columns: &[Column<T>]) -> String {
        columns.iter().map(|column| column.name).collect::<Vec<_>>().join(",")
    }

    #[test]
    fn headers_begin_with_those_of_the_python_program() {
        let old = "time,mass_initial,mass_remaining,mass_lost,mass_diff,error_percent,tolerance_percent";
        assert!(names(DISK_BUDGET).starts_with(&format!("{old},mass_supplied")));
        let cells = old.replace("time,", "time,cell_index,r_RM,") + ",cell_active,mass_supplied";
        assert!(names(CELLS_BUDGET).starts_with(&cells));
        let orbits = "orbit_index,time_s,time_s_end,t_orb_s,M_out_orbit,M_sink_orbit,M_loss_orbit,M_out_per_orbit,\
                      M_sink_per_orbit,M_loss_per_orbit,mass_loss_frac_per_orbit,M_out_cum,M_sink_cum,M_loss_cum,\
                      r_RM,T_M,slope_dlnM_dlnr";
        assert_eq!(names(ORBITS), orbits);
    }

    #[test]
    fn the_loss_fraction_of_an_empty_disk_is_empty() {
        let orbit = OrbitRow {
            index: 1,
            time: 10.0,
            time_end: 9.0,
            t_orb: 9.0,
            blowout: 0.0,
            sinks: 0.0,
            blowout_cumulative: 0.0,
            sinks_cumulative: 0.0,
            loss_fraction: f64::NAN,
            r_rm: 1.85,
            temperature: 4000.0,
            records: OrbitRecords::NONE,
        };
        let field = |name: &str| ORBITS.iter().find(|column| column.name == name).unwrap().field(&orbit);
        assert_eq!(field("mass_loss_frac_per_orbit"), Field::Missing);
        assert_eq!(field("slope_dlnM_dlnr"), Field::Missing);
        assert_eq!(field("orbit_index"), Field::Integer(1));
    }
}
