//! A cell of the default disk with any number of bins, for the benchmarks.

#![allow(dead_code)] // every binary uses its own part

use marsdisk_mpi::disk::collisions::{Breakup, pair_tables};
use marsdisk_mpi::physics::constants::R_MARS;
use marsdisk_mpi::physics::excitation::{EccentricityProfile, RelativeSpeed, ScaleHeight};
use marsdisk_mpi::physics::fragmentation::{FragmentSlope, fragment_integrals};
use marsdisk_mpi::physics::orbit::circular_speed;
use marsdisk_mpi::physics::size_distribution::{SizeGrid, three_slope};
use marsdisk_mpi::physics::strength::Strength;
use marsdisk_mpi::smoluchowski::cell_integrator::{self, Outcome, Tolerances, Workspace};
use marsdisk_mpi::smoluchowski::pairs::PairTables;
use marsdisk_mpi::smoluchowski::processes::{Channel, Processes};

/// Tolerances of the integrator unless configured.
pub const DEFAULT: Tolerances = Tolerances { relative: 1e-4, absolute: 1e-9 };

/// A cell at 1.29 radii of Mars, its smallest grains expelled within 1000 s.
pub struct Cell {
    pub tables: PairTables,
    pub processes: Processes,
    pub masses: Vec<f64>,
    /// Surface density per bin [kg m⁻²], collisionally relaxed, so that no bin is empty.
    pub state: Vec<f64>,
}

impl Cell {
    pub fn new(n: usize) -> Self {
        let r = 1.29 * R_MARS;
        let grid = SizeGrid::logarithmic(1e-7, 3.0, n, 3270.0).expect("a valid grid");
        let e = EccentricityProfile::MarsPericenter { clip_min: 0.0, clip_max: 0.999_999 }.at(r);
        let speed = RelativeSpeed::Pericenter.speed(circular_speed(r), e, 0.05).expect("a bound orbit");
        let slope = FragmentSlope::Number(3.5).mass_exponent();
        let integrals = fragment_integrals(&grid.edges, slope);
        let breakup = Breakup { strength: Strength::default_table(), fragment_integrals: integrals };
        let height = ScaleHeight::FromInclination { factor: 1.0 }.at(r, 0.05);
        let tables = pair_tables(&grid, &breakup, speed, height);
        let mut processes = Processes::none(n);
        processes.losses[Channel::Blowout][..n / 8].fill(1e-3);
        let fractions = three_slope(&grid, 1.83, 1e-7, 3.0, 0.0).expect("a valid distribution");
        let state = fractions.iter().map(|fraction| 1e3 * fraction).collect();
        let mut cell = Cell { tables, processes, masses: grid.masses, state };
        let mut relaxed = cell.state.clone();
        cell.advance(&mut relaxed, 1e3, &mut Workspace::new(n));
        cell.state = relaxed;
        cell
    }

    /// Integrates a state of this cell, from an inner step of 1 ms on.
    pub fn advance(&self, state: &mut [f64], dt: f64, workspace: &mut Workspace) -> Outcome {
        let mut first_step = 1e-3;
        let tables = Some(&self.tables);
        cell_integrator::advance(tables, &self.processes, state, dt, &mut first_step, DEFAULT, workspace)
            .expect("the cell integrates")
    }

    /// Numbers per bin [m⁻²].
    pub fn counts(&self) -> Vec<f64> {
        self.state.iter().zip(&self.masses).map(|(mass, body)| mass / body).collect()
    }
}
