//! Cells of the default disk, as `tests/data/operator_cases.json` describes them: what more than one test needs.
#![allow(dead_code)] // every test binary uses a part of it

use marsdisk_mpi::disk::collisions::{Breakup, pair_tables};
use marsdisk_mpi::physics::constants::R_MARS;
use marsdisk_mpi::physics::excitation::{EccentricityProfile, RelativeSpeed, ScaleHeight};
use marsdisk_mpi::physics::fragmentation::{FragmentSlope, fragment_integrals};
use marsdisk_mpi::physics::orbit::circular_speed;
use marsdisk_mpi::physics::sinks;
use marsdisk_mpi::physics::size_distribution::SizeGrid;
use marsdisk_mpi::physics::strength::{Strength, StrengthCoefficients, StrengthUnits};
use marsdisk_mpi::smoluchowski::cell_integrator::Tolerances;
use marsdisk_mpi::smoluchowski::pairs::PairTables;
use marsdisk_mpi::smoluchowski::processes::{Channel, Processes};
use serde::Deserialize;

/// Tolerances of the integrator unless configured.
pub const DEFAULT: Tolerances = Tolerances { relative: 1e-4, absolute: 1e-9 };

#[derive(Deserialize)]
struct File {
    cases: Vec<Case>,
}

#[derive(Deserialize)]
struct Case {
    case: Parameters,
    sigma0: Vec<f64>,
    sink: Vec<f64>,
    source: Vec<f64>,
}

#[derive(Deserialize)]
struct Parameters {
    r_rm: f64,
    n: usize,
    s_min: f64,
}

/// One cell with its collisions, its first-order processes and the state that it starts from.
pub struct DiskCell {
    pub grid: SizeGrid,
    pub tables: PairTables,
    pub processes: Processes,
    /// Surface density per bin [kg m⁻²].
    pub start: Vec<f64>,
}

impl DiskCell {
    /// Number of bins.
    pub fn bins(&self) -> usize {
        self.start.len()
    }

    /// Lets all grains shrink at `speed` [m s⁻¹], and gas remove them within `drag_time` [s], on top of blow-out and
    /// supply: every process at once.
    pub fn with_everything(mut self, speed: f64, drag_time: f64) -> Self {
        let Processes { losses, drift, .. } = &mut self.processes;
        let vapour = &mut losses[Channel::Sublimation];
        sinks::sublimation_drift(&self.grid.sizes, &self.grid.masses, -speed, drift, vapour);
        self.processes.losses[Channel::GasDrag].fill(1.0 / drag_time);
        self
    }
}

/// The four cells of the file.
pub fn disk_cells() -> Vec<DiskCell> {
    let text = include_str!("../data/operator_cases.json");
    let file: File = serde_json::from_str(text).expect("the oracle file is valid JSON");
    file.cases.into_iter().map(disk_cell).collect()
}

/// Strength that the default configuration sets: (speed [km/s], Q_s, B), a_s = 0.38, b_g = 1.36 in units of Benz & Asphaug.
fn strength() -> Strength {
    const ROWS: [(f64, f64, f64); 7] = [
        (1.0, 195_090_000.0, 0.818_765_252_744_081_1),
        (2.0, 195_090_000.0, 1.284_780_394_426_84),
        (3.0, 195_090_000.0, 1.6722),
        (4.0, 292_635_000.0, 2.2296),
        (5.0, 390_180_000.0, 2.787),
        (6.0, 390_180_000.0, 3.137_652_034_251_613),
        (7.0, 390_180_000.0, 3.468_328_238_792_804_7),
    ];
    let rows = ROWS.map(|(speed_kms, qs, b)| StrengthCoefficients { speed_kms, qs, a_s: 0.38, b, b_g: 1.36 });
    Strength::new(rows.to_vec(), StrengthUnits::Ba99Cgs, 0.45).expect("the default coefficients are valid")
}

fn disk_cell(case: Case) -> DiskCell {
    let Parameters { r_rm, n, s_min } = case.case;
    let grid = SizeGrid::logarithmic(s_min, 3.0, n, 3270.0).expect("a valid grid");
    let r = r_rm * R_MARS;
    let e = EccentricityProfile::MarsPericenter { clip_min: 0.0, clip_max: 0.999_999 }.at(r);
    let speed = RelativeSpeed::Pericenter.speed(circular_speed(r), e, 0.05).expect("a bound orbit");
    let slope = FragmentSlope::Mass(3.5).mass_exponent();
    let breakup = Breakup { strength: strength(), fragment_integrals: fragment_integrals(&grid.edges, slope) };
    let tables = pair_tables(&grid, &breakup, speed, ScaleHeight::FromInclination { factor: 1.0 }.at(r, 0.05));
    let mut processes = Processes::none(n);
    processes.losses[Channel::Blowout].copy_from_slice(&case.sink);
    processes.source.copy_from_slice(&case.source);
    DiskCell { grid, tables, processes, start: case.sigma0 }
}
