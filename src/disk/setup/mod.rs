//! From the configuration to a [`Model`] and the initial cells: every option is resolved once, here, into plain numbers
//! and enums. Nothing below this room knows the configuration.
//!
//! - `autogenerate`: a temperature table of the program's own
//! - `radiation`: temperature of Mars, radiation-pressure efficiency, blow-out
//! - `bins`: size bins, initial distribution, how grains break
//! - `processes`: phase, evaporation, gas drag, integrator
//! - `sampling`: what is drawn at random
//! - `stirring`: eccentricity, inclination, speed, scale height
//! - `supply`: laws, scalings, reservoir, transport and injection of fresh material
//! - `surface`: self-shielding, surface density at the start
//! - `cells`: orbit, speed and scale height of each cell
//!
//! The order of [`build`] is that of the dependences: temperature → blow-out size → size bins → opacity → surface
//! density → cells.

mod autogenerate;
mod bins;
mod cells;
mod processes;
mod radiation;
mod sampling;
mod stirring;
mod supply;
mod surface;

pub use self::autogenerate::NewTable;
use super::cell::{CellModel, CellState};
use super::floor::FloorState;
use super::grid::RadialGrid;
use super::model::{DriverTime, Model, Scheme, resolve_blowout_size, smallest_size};
use super::report::RunFacts;
use crate::config::Loaded;
use crate::config::geometry::GeometryMode;
use crate::config::{Config, Profile, RadialRange, numerics};
use crate::physics::PhysicsError;
use crate::physics::constants::R_MARS;
use crate::physics::shielding;
use crate::physics::stirring::Excitation;
use crate::physics::{orbit, radiation as formulas};
use crate::smoluchowski::cell_integrator::Tolerances;
use crate::tables::{self, TableError, TableFile};

/// Why a configuration does not make a disk.
#[derive(Debug, thiserror::Error)]
pub enum SetupError {
    /// A table cannot be used.
    #[error("`{key}`: {source}")]
    Table {
        /// Key of the configuration that names the table.
        key: &'static str,
        /// What is wrong.
        source: TableError,
    },
    /// A table cannot be written.
    #[error("`{key}`: cannot write {}: {source}", path.display())]
    Write {
        /// Key of the configuration that asks for the table.
        key: &'static str,
        /// Its file.
        path: std::path::PathBuf,
        /// What the system answered.
        source: std::io::Error,
    },
    /// A formula refuses the configured numbers.
    #[error("`{key}`: {source}")]
    Physics {
        /// Key of the configuration that the numbers come from.
        key: &'static str,
        /// What is wrong.
        source: PhysicsError,
    },
    /// A table that the program is asked to write would be too long.
    #[error("`{key}`: the table would have {rows:e} rows, at most {most:e}; a longer `dt_hours` does it")]
    TooManyRows {
        /// Key of the configuration.
        key: &'static str,
        /// Rows that it would have.
        rows: f64,
        /// Most that are written.
        most: f64,
    },
    /// A table that the program wrote for another run does not suit this one.
    #[error(
        "`{key}`: {} is of another cooling law or unit: {found:.1} K after {time:.0} s instead of {wanted:.1} K; remove it \
         or set `filename_template`",
        path.display()
    )]
    OtherLaw {
        /// Key of the configuration.
        key: &'static str,
        /// The table.
        path: std::path::PathBuf,
        /// A time at which they differ [s].
        time: f64,
        /// Temperature in the table [K].
        found: f64,
        /// Temperature of the law that is asked for [K].
        wanted: f64,
    },
    /// What the disk holds at the start is not a single grain.
    #[error(
        "the disk would hold {mass:e} kg, and its smallest grains have {grain:e} kg each: raise `optical_depth.tau0_target` \
         or `shielding.los_geometry.h_over_r`"
    )]
    LessThanOneGrain {
        /// Mass at the start [kg].
        mass: f64,
        /// Mass of a grain of the smallest bin [kg].
        grain: f64,
    },
    /// Something that the configuration leaves out is needed.
    #[error("`{key}` is missing: {remedy}")]
    Missing {
        /// Key of the configuration.
        key: &'static str,
        /// What to give.
        remedy: &'static str,
    },
}

impl SetupError {
    /// The key of the configuration that it is about.
    pub fn key(&self) -> &'static str {
        match self {
            SetupError::Table { key, .. }
            | SetupError::Write { key, .. }
            | SetupError::Physics { key, .. }
            | SetupError::TooManyRows { key, .. }
            | SetupError::OtherLaw { key, .. }
            | SetupError::Missing { key, .. } => key,
            SetupError::LessThanOneGrain { .. } => "optical_depth.tau0_target",
        }
    }

    /// Exit status of the program: 5 for tables, 2 for the rest.
    pub fn exit_code(&self) -> u8 {
        if matches!(self, SetupError::Table { .. } | SetupError::Write { .. }) { 5 } else { 2 }
    }

    fn physics(key: &'static str) -> impl Fn(PhysicsError) -> SetupError {
        move |source| SetupError::Physics { key, source }
    }
}

/// A disk, ready to run.
#[derive(Debug)]
pub struct Setup {
    /// Its constants.
    pub model: Model,
    /// Its cells at time zero.
    pub cells: Vec<CellState>,
    /// Tables that were read.
    pub files: Vec<TableFile>,
    /// Tables among them that are not on the disk yet.
    pub new_tables: Vec<NewTable>,
}

/// Reads the tables that a configuration names.
struct Reader<'a> {
    loaded: &'a Loaded,
    files: Vec<TableFile>,
    new_tables: Vec<NewTable>,
}

/// Resolves a configuration.
///
/// # Errors
/// A table that cannot be used, or numbers that a formula refuses.
pub fn build(loaded: &Loaded) -> Result<Setup, SetupError> {
    let config = &loaded.config;
    let mut reader = Reader { loaded, files: Vec::new(), new_tables: Vec::new() };
    let density = config.material.rho;

    let (grid, r_source) = radial_grid(config)?;
    let efficiency = reader.efficiency(config)?;
    let t_orb = orbit::orbital_period(grid.middle());
    let (cooling, temperature_source) = reader.cooling(config, t_orb)?;
    let start = cooling.temperature(0.0).map_err(SetupError::physics("radiation.TM_K"))?;
    let blowout = radiation::blowout(config);
    let s_min_config = config.sizes.s_min;
    let (s_blow, _) = resolve_blowout_size(blowout.solver, s_min_config, start, density, &efficiency);
    let seed = sampling::seed(&config.dynamics, &grid, (r_source, start, density));
    let drawn = sampling::draw(&config.dynamics, &seed)?;
    let eccentricity = match drawn.eccentricity {
        Some(profile) => profile,
        None => reader.eccentricity(config)?,
    };
    let s_min_surface_energy = bins::smallest_fragment(config, &eccentricity, grid.middle())?;
    let floor = bins::floor(config)?;
    let no_floor = if config.profile == Profile::Python && config.geometry.is_column() { 0.0 } else { f64::NAN };
    let s_min_surface_energy = s_min_surface_energy.unwrap_or(no_floor);
    let s_min_effective = smallest_size(floor.rule, s_blow, s_min_config, s_min_surface_energy);

    let sizes = bins::size_grid(config, s_min_effective)?;
    let initial_fractions = bins::initial_fractions(config, &sizes, s_min_effective)?;
    let initial_opacity = sizes.opacity(&initial_fractions);
    let los = line_of_sight_factor(config);
    let tau1_factor = if config.profile == Profile::Python { 1.0 } else { los };
    let layer = surface::Layer { grid: &grid, opacity: initial_opacity, los, tau1_factor };
    let law = reader.shielding(config)?;
    let (surface_density, shielding) = surface::start(config, law.clone(), &layer)?;
    let references = supply::References::of(config, (&law, &shielding), &layer, surface_density)?;
    let (mass, grain) = (surface_density * grid.areas.iter().sum::<f64>(), sizes.masses[0]);
    if mass < grain && surface_density > 0.0 {
        return Err(SetupError::LessThanOneGrain { mass, grain });
    }

    let q_pr_at_smin = efficiency.at(s_min_effective, start);
    let beta_at_smin = formulas::beta(s_min_effective, start, density, q_pr_at_smin);
    let beta_at_smin_config = formulas::beta(s_min_config, start, density, efficiency.at(s_min_config, start));
    let chi = match config.chi_blow {
        numerics::NumberOrAuto::Auto => formulas::chi_auto(beta_at_smin, q_pr_at_smin),
        numerics::NumberOrAuto::Number(chi) => formulas::clamp_chi(chi),
    };
    let (phase_method, phase_reason) = processes::phase_method(config);
    let run = RunFacts {
        geometry_mode: grid.layout.as_str(),
        r_source,
        temperature_source,
        phase_temperature_input: processes::phase_temperature_label(config),
        phase_method,
        phase_reason,
        phase_thresholds: processes::threshold_numbers(config),
        initial_temperature: start,
        s_min_config,
        s_min_surface_energy,
        energy: processes::energy(config),
        extended: config
            .diagnostics
            .extended_diagnostics
            .enable
            .then(|| config.diagnostics.extended_diagnostics.schema_version.clone()),
        seed,
        density,
        chi,
        beta_at_smin_config,
        case_status: radiation::case_status(config, beta_at_smin_config),
        blowout_enabled: blowout.enabled,
        blowout_layer: radiation::layer_label(config),
        blowout_target_phase: radiation::target_label(config),
        supply_enabled: config.supply.enabled,
        epsilon_mix: config.supply.mixing.epsilon_mix,
        mu_orbit10pct: config.supply.constant.mu_orbit10pct.unwrap_or(f64::NAN),
        mu_reference_surface_density: references.of_mu,
        supply_transport_mode: supply::transport_label(config),
        supply_temperature_kind: supply::temperature_label(config),
        line_of_sight_factor: los,
        missing_as_zero: config.profile == Profile::Python && !config.geometry.is_column(),
        s_min_evolves: floor.evolution.is_some(),
        corrects_fast_blowout: processes::corrects_fast_blowout(config),
        sublimation_booked: processes::sublimation_is_booked(config),
    };

    let stirring = stirring::stirring(config, los)?;
    let supply = reader.supply_model(config, &initial_fractions)?;
    let circumstances = cells::Circumstances {
        stirring,
        grid: &grid,
        eccentricity,
        inclination: drawn.inclination.unwrap_or(config.dynamics.i0),
        chi,
        surface_density,
        supply: reader.cell_supplies(config, references, grid.areas.iter().sum())?,
    };
    let cell_models = cells::cell_models(config, &circumstances)?;
    let breakup = bins::breakup(config, &sizes)?;
    let bins: Vec<f64> = initial_fractions.iter().map(|share| share * surface_density).collect();
    let sublimation = reader.sublimation(config)?;
    let moves = sublimation.as_ref().is_some_and(|sublimation| sublimation.moves_sizes.is_some());
    let state = |cell: &CellModel| {
        let excitation = Excitation { e: cell.facts.eccentricity, i: cell.facts.inclination };
        let supply = supply::initial_state(&supply, config, &cell.supply);
        let floor = FloorState { raised: s_min_effective, evolved: s_min_effective };
        let sizes = if moves { sizes.sizes.clone() } else { Vec::new() };
        CellState { supply, floor, sizes, ..CellState::new(bins.clone(), excitation) }
    };
    let states = cell_models.iter().map(state).collect();
    let adaptive = config.numerics.clock == numerics::Clock::Adaptive;
    let model = Model {
        run,
        grid,
        sizes,
        initial_fractions,
        initial_opacity,
        breakup,
        cells: cell_models,
        cooling,
        driver_time: if adaptive { DriverTime::Middle } else { DriverTime::Start },
        efficiency,
        blowout,
        floor,
        surface_frozen: config.surface.freeze_sigma,
        shielding,
        tau1_factor,
        opacity_frozen: config.radiation.freeze_kappa,
        phase: reader.phase_rule(config)?,
        sublimation,
        escape: processes::escape(config),
        gas_drag_time: processes::gas_drag_time(config),
        collisions: config.physics_mode.collides(),
        surface_solver: processes::surface_solver(config),
        sink_has_time_scale: processes::sink_has_time_scale(config),
        stirring,
        supply,
        tau_stop: config
            .optical_depth
            .as_ref()
            .map_or(f64::INFINITY, |depth| depth.tau_stop * (1.0 + depth.tau_stop_tol)),
        scheme: scheme(config),
    };
    Ok(Setup { model, cells: states, files: reader.files, new_tables: reader.new_tables })
}

fn radial_grid(config: &Config) -> Result<(RadialGrid, &'static str), SetupError> {
    let missing = SetupError::Missing { key: "disk.geometry", remedy: "give r_in_RM and r_out_RM" };
    let (r_in, r_out, source) = match config.radial_range().ok_or(missing)? {
        RadialRange::MarsRadii { inner, outer } => (inner * R_MARS, outer * R_MARS, "disk.geometry"),
        RadialRange::Metres { inner, outer } => (inner, outer, "geometry.r_in_out"),
    };
    let grid = match config.geometry.mode {
        GeometryMode::ZeroD => RadialGrid::column(r_in, r_out, config.disk.is_some()),
        GeometryMode::OneD => RadialGrid::linear(r_in, r_out, config.geometry.cells()),
    };
    Ok((grid, source))
}

fn line_of_sight_factor(config: &Config) -> f64 {
    use crate::config::shielding::LineOfSightMode;
    let geometry = &config.shielding.los_geometry;
    match geometry.mode {
        LineOfSightMode::None => 1.0,
        LineOfSightMode::AspectRatioFactor => {
            shielding::line_of_sight_factor(geometry.h_over_r, geometry.path_multiplier)
        }
    }
}

fn scheme(config: &Config) -> Scheme {
    match config.numerics.integrator {
        numerics::Integrator::ImexBdf1 => Scheme::ImexBdf1,
        numerics::Integrator::Rodas4 => {
            let numerics::Numerics { rtol, atol, safety, .. } = config.numerics;
            Scheme::Rodas4(Tolerances { relative: rtol, absolute: atol, margin: safety })
        }
    }
}

impl Reader<'_> {
    /// Reads the table that `key` names as `configured`, and remembers its file.
    fn read<T>(
        &mut self,
        key: &'static str,
        configured: &str,
        read: impl FnOnce(&std::path::Path) -> Result<(T, TableFile), TableError>,
    ) -> Result<T, SetupError> {
        let path = self.loaded.resolve_path(configured);
        self.keep(key, read(&path))
    }

    /// Remembers the file of a table that was read for `key`.
    fn keep<T>(&mut self, key: &'static str, read: tables::Read<T>) -> Result<T, SetupError> {
        let (content, file) = read.map_err(|source| SetupError::Table { key, source })?;
        self.files.push(file);
        Ok(content)
    }
}
