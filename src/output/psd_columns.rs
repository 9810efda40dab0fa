//! The columns of `series/psd_hist.parquet`: one row per size bin, evolving cell and record.

use crate::output::columns::{Column, Series, column_named};
use crate::output::run_columns;

type Col = Column<Series>;

/// Every column of `psd_hist.parquet`, in order.
pub static PSD_HIST: &[Col] = &COLUMNS;

const fn run(name: &str) -> Col {
    column_named(&run_columns::COLUMNS, name)
}

#[rustfmt::skip] // a table: one column to one or two lines
const COLUMNS: [Col; 10] = [
    run("time"), run("cell_index"), run("r_m"), run("r_RM"),
    Col::integer("bin_index", "Number of the size bin from the smallest, from 0.", |r| Some(r.bin.index as i64)),
    Col::real("s_bin_center", "m", "Size that represents the bin.", |r| r.bin.size),
    Col::real("N_bin", "dimensionless",
        "Grains per size and area times (4/3)πρ over the initial surface density: the Python program's scale.",
        |r| r.bin.number),
    Col::real("Sigma_bin", "kg m^-2", "Surface density in the bin.", |r| r.bin.share * r.report.surface_density),
    Col::real("f_mass", "dimensionless", "Share of the cell's surface density in the bin; zero in an empty cell.",
        |r| r.bin.share),
    run("Sigma_surf"),
];
