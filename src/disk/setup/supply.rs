//! Fresh material: the law in time, what scales it, where it waits and which bins it goes to.

use super::super::supply::{CellSupply, SupplyModel, SupplyState};
use super::surface::{Layer, surface_density_of};
use super::{Reader, SetupError};
use crate::config::supply::{
    ConstantSupply, DepletionMode, InjectionMode, Piece, PieceMode, PowerlawSupply, ReservoirScope, SupplyMode,
    SupplyTemperatureMode, SupplyTimeUnit, TableSupply, TransportMode, ValueKind,
};
use crate::config::{Config, Profile};
use crate::physics::PhysicsError;
use crate::physics::constants::{M_MARS, YEAR};
use crate::physics::shielding::{Shielding, optical_depth};
use crate::physics::supply::temperature::TemperatureTable;
use crate::physics::supply::{
    BinRanges, DeepBuffer, Depletion, Ends, Feedback, Injection, Piecewise, PowerLaw, RateGrid, RateTable, SupplyLaw,
    TemperatureLaw, rate_of_fill_time, rate_per_orbit,
};
use crate::tables::supply::{SupplyRates, read, read_temperature};

const TABLE: &str = "supply.table.path";
const PIECES: &str = "supply.piecewise";
const TEMPERATURE: &str = "supply.temperature.table.path";

/// Surface densities that a supply may be given in units of [kg m⁻²].
#[derive(Debug, Clone, Copy)]
pub(super) struct References {
    /// At the optical depth `supply.const.mu_reference_tau`; NaN where nothing is given in units of it.
    pub(super) of_mu: f64,
    /// At optical depth one.
    pub(super) of_unit_depth: f64,
}

impl References {
    /// Those of a layer that starts with the surface density `initial` [kg m⁻²]; `law` shields it as it would without a
    /// fixed optical depth, and sets the reference of µ.
    ///
    /// # Errors
    /// The layer is dark at the optical depth that the configuration refers to.
    pub(super) fn of(
        config: &Config,
        (law, shielding): (&Shielding, &Shielding),
        layer: &Layer,
        initial: f64,
    ) -> Result<Self, SetupError> {
        let tau = optical_depth(layer.opacity, initial, layer.los);
        let effective = shielding.effective_opacity(layer.opacity, tau);
        let constant = &config.supply.constant;
        let asked = config.supply.enabled && config.supply.mode == SupplyMode::Const;
        let of_mu = match constant.mu_orbit10pct.filter(|_| asked) {
            Some(_) => surface_density_of("supply.const.mu_reference_tau", constant.mu_reference_tau, law, layer)?,
            None => f64::NAN,
        };
        let of_unit_depth = shielding.unit_depth(effective, layer.tau1_factor);
        if asked && fill_time(config).is_some() && of_unit_depth.is_infinite() {
            let rule = "the layer is dark and cannot be filled to optical depth one";
            let dark = PhysicsError::BadValue { name: "self-shielding Φ at the start", value: 0.0, rule };
            return Err(SetupError::physics("supply.const.auto_from_tau1_tfill_years")(dark));
        }
        Ok(References { of_mu, of_unit_depth })
    }
}

/// The law in time, before the radius of a cell is known.
#[derive(Debug, Clone)]
enum Source {
    Law(SupplyLaw),
    /// A share of a surface density [kg m⁻²] in each local orbit, after mixing.
    PerOrbit {
        mu: f64,
        fraction: f64,
        reference: f64,
    },
    Grid(RateGrid, Ends),
    Pieces(Vec<(f64, f64, Source)>),
}

/// The supply of every cell.
#[derive(Debug, Clone)]
pub(super) struct CellSupplies {
    source: Source,
    epsilon_mix: f64,
    transport: (TransportMode, f64),
    reservoir: Reservoir,
}

/// Mass of the reservoir [kg].
#[derive(Debug, Clone, Copy)]
enum Reservoir {
    Unlimited,
    /// Shared by all cells: its mass per area [kg m⁻²].
    Shared(f64),
    /// One for each cell [kg].
    Each(f64),
}

impl CellSupplies {
    /// The supply of a cell at the radius `r` [m] with the period `t_orb` [s] and the `area` [m²].
    pub(super) fn at(&self, r: f64, t_orb: f64, area: f64) -> CellSupply {
        let (mode, t_mix_orbits) = self.transport;
        let deep = if t_mix_orbits > 0.0 {
            DeepBuffer { receives: mode == TransportMode::DeepMixing, t_mix: t_mix_orbits * t_orb }
        } else {
            DeepBuffer::NONE
        };
        let reservoir = match self.reservoir {
            Reservoir::Unlimited => f64::INFINITY,
            Reservoir::Shared(per_area) => per_area,
            Reservoir::Each(kilograms) => kilograms / area,
        };
        CellSupply { law: self.source.at(r, t_orb, self.epsilon_mix), reservoir, deep }
    }
}

impl Source {
    fn at(&self, r: f64, t_orb: f64, epsilon_mix: f64) -> SupplyLaw {
        match self {
            Source::Law(law) => law.clone(),
            Source::PerOrbit { mu, fraction, reference } => {
                SupplyLaw::Constant(rate_per_orbit(*mu, *fraction, *reference, t_orb, epsilon_mix))
            }
            Source::Grid(grid, ends) => SupplyLaw::Table(grid.at_radius(r, *ends)),
            Source::Pieces(pieces) => {
                let piece =
                    |(start, end, source): &(f64, f64, Source)| (*start, *end, source.at(r, t_orb, epsilon_mix));
                SupplyLaw::Piecewise(Piecewise::new(&pieces.iter().map(piece).collect::<Vec<_>>()))
            }
        }
    }
}

/// The state of a cell's supply at the start.
pub(super) fn initial_state(model: &SupplyModel, config: &Config, cell: &CellSupply) -> SupplyState {
    let feedback_scale = if model.feedback.is_some() { config.supply.feedback.initial_scale } else { 1.0 };
    SupplyState { feedback_scale, reservoir: cell.reservoir, deep: 0.0 }
}

pub(super) fn transport_label(config: &Config) -> &'static str {
    match config.supply.transport.mode {
        TransportMode::Direct => "direct",
        TransportMode::DeepMixing => "deep_mixing",
    }
}

/// What the number of the temperature law is.
pub(super) fn temperature_label(config: &Config) -> &'static str {
    let law = &config.supply.temperature;
    let replaces = law.enabled && law.mode == SupplyTemperatureMode::Table && law.table.value_kind == ValueKind::Rate;
    if replaces { "rate" } else { "scale" }
}

/// Whether the source has a finite mass: also when only its mass is given, as in the Python program.
fn is_finite(config: &Config) -> bool {
    let reservoir = &config.supply.reservoir;
    config.supply.enabled && (reservoir.enabled || reservoir.mass_total_mmars.is_some())
}

impl Reader<'_> {
    /// What all cells have in common.
    pub(super) fn supply_model(
        &mut self,
        config: &Config,
        initial_fractions: &[f64],
    ) -> Result<SupplyModel, SetupError> {
        let supply = &config.supply;
        let depletion = match supply.reservoir.depletion_mode {
            DepletionMode::HardStop => Depletion::HardStop,
            DepletionMode::Taper => Depletion::Taper(supply.reservoir.taper_fraction),
        };
        let feedback = Feedback {
            target: supply.feedback.target_tau,
            rate: supply.feedback.gain / (supply.feedback.response_time_years * YEAR),
            limits: (supply.feedback.min_scale, supply.feedback.max_scale),
        };
        Ok(SupplyModel {
            enabled: supply.enabled,
            epsilon_mix: supply.mixing.epsilon_mix,
            temperature: self.supply_temperature(config)?,
            feedback: (supply.enabled && supply.feedback.enabled).then_some(feedback),
            depletion: is_finite(config).then_some(depletion),
            injection: injection(config, initial_fractions),
            in_first_step: config.profile != Profile::Python,
        })
    }

    fn supply_temperature(&mut self, config: &Config) -> Result<Option<TemperatureLaw>, SetupError> {
        let law = &config.supply.temperature;
        if !(config.supply.enabled && law.enabled) {
            return Ok(None);
        }
        let limits = (law.floor, law.cap);
        if law.mode == SupplyTemperatureMode::Scale {
            let (reference, exponent, scale_at_reference) = (law.reference_k, law.exponent, law.scale_at_reference);
            return Ok(Some(TemperatureLaw::Power { reference, exponent, scale_at_reference, limits }));
        }
        let columns = (law.table.column_temperature.as_str(), law.table.column_value.as_str());
        let read = |path: &std::path::Path| read_temperature(path, columns.0, columns.1);
        let (temperatures, values) = self.read(TEMPERATURE, &law.table.path, read)?;
        let table = TemperatureTable::new(temperatures, values).map_err(SetupError::physics(TEMPERATURE))?;
        Ok(Some(match law.table.value_kind {
            ValueKind::Scale => TemperatureLaw::Scale { table, limits },
            ValueKind::Rate => TemperatureLaw::Rate(table),
        }))
    }

    /// The supply of every cell; `disk_area` [m²] is that of all of them.
    pub(super) fn cell_supplies(
        &mut self,
        config: &Config,
        references: References,
        disk_area: f64,
    ) -> Result<CellSupplies, SetupError> {
        let supply = &config.supply;
        let kilograms = supply.reservoir.mass_total_mmars.unwrap_or(0.0) * M_MARS;
        Ok(CellSupplies {
            source: if supply.enabled { self.source(config, references)? } else { constant(0.0) },
            epsilon_mix: supply.mixing.epsilon_mix,
            transport: (supply.transport.mode, supply.transport.t_mix_orbits.unwrap_or(0.0)),
            reservoir: match supply.reservoir.scope {
                _ if !is_finite(config) => Reservoir::Unlimited,
                ReservoirScope::Disk => Reservoir::Shared(kilograms / disk_area),
                ReservoirScope::Cell => Reservoir::Each(kilograms),
            },
        })
    }

    fn source(&mut self, config: &Config, references: References) -> Result<Source, SetupError> {
        let supply = &config.supply;
        match supply.mode {
            SupplyMode::Const => Ok(constant_source(config, references)),
            SupplyMode::Powerlaw => Ok(Source::Law(power_law(&supply.powerlaw))),
            SupplyMode::Table => self.rate_table(config, TABLE, &supply.table),
            SupplyMode::Piecewise => {
                let pieces = supply.piecewise.iter().map(|piece| self.piece(config, piece));
                Ok(Source::Pieces(pieces.collect::<Result<_, _>>()?))
            }
        }
    }

    fn piece(&mut self, config: &Config, piece: &Piece) -> Result<(f64, f64, Source), SetupError> {
        let source = match piece.mode {
            PieceMode::Const => constant(piece.constant.prod_area_rate_kg_m2_s),
            PieceMode::Powerlaw => Source::Law(power_law(&piece.powerlaw)),
            PieceMode::Table => self.rate_table(config, PIECES, &piece.table)?,
        };
        Ok((piece.t_start_s, piece.t_end_s, source))
    }

    fn rate_table(&mut self, config: &Config, key: &'static str, table: &TableSupply) -> Result<Source, SetupError> {
        let unit = match table.time_unit {
            SupplyTimeUnit::S => 1.0,
            SupplyTimeUnit::Year => YEAR,
        };
        let seconds = |times: Vec<f64>| times.into_iter().map(|time| time * unit).collect();
        let wrong = SetupError::physics(key);
        match self.read(key, &table.path, read)? {
            SupplyRates::Curve((times, rates)) => {
                let table = RateTable::new(seconds(times), rates, Ends::Held).map_err(wrong)?;
                Ok(Source::Law(SupplyLaw::Table(table)))
            }
            SupplyRates::Grid { times, radii, rates } => {
                // Beyond its rectangle the Python program prolongs the table's last straight lines, also below zero.
                let ends = if config.profile == Profile::Python { Ends::Extrapolated } else { Ends::Held };
                Ok(Source::Grid(RateGrid::new(seconds(times), radii, rates).map_err(wrong)?, ends))
            }
        }
    }
}

fn constant(rate: f64) -> Source {
    Source::Law(SupplyLaw::Constant(rate))
}

/// The constant rate, from the first that is given of µ, a fill time and the rate itself.
fn constant_source(config: &Config, references: References) -> Source {
    let ConstantSupply { mu_orbit10pct, orbit_fraction_at_mu1, .. } = config.supply.constant;
    let epsilon_mix = config.supply.mixing.epsilon_mix;
    match (mu_orbit10pct, fill_time(config)) {
        (Some(mu), _) => Source::PerOrbit { mu, fraction: orbit_fraction_at_mu1, reference: references.of_mu },
        (None, Some(time)) => constant(rate_of_fill_time(references.of_unit_depth, time, epsilon_mix)),
        (None, None) => constant(config.supply.constant.prod_area_rate_kg_m2_s),
    }
}

/// Time in which the supply fills the surface to optical depth one [s]. The Python program's 1-D runs do not know it.
fn fill_time(config: &Config) -> Option<f64> {
    let unknown = config.profile == Profile::Python && !config.geometry.is_column();
    config.supply.constant.auto_from_tau1_tfill_years.filter(|_| !unknown).map(|years| years * YEAR)
}

/// A law without an amplitude brings nothing; a start before time zero counts as zero.
fn power_law(law: &PowerlawSupply) -> SupplyLaw {
    SupplyLaw::PowerLaw(PowerLaw {
        amplitude: law.a_kg_m2_s.unwrap_or(0.0),
        start: law.t0_s.max(0.0),
        index: law.index,
    })
}

fn injection(config: &Config, initial_fractions: &[f64]) -> Injection {
    let injection = &config.supply.injection;
    let smallest = injection.s_inj_min.unwrap_or(0.0);
    let ranges = if config.profile == Profile::Python { BinRanges::Centred } else { BinRanges::Edges };
    match injection.mode {
        InjectionMode::MinBin => Injection::MinBin { smallest, ranges },
        InjectionMode::PowerlawBins => Injection::PowerLawBins {
            smallest,
            largest: injection.s_inj_max.unwrap_or(f64::INFINITY),
            slope: injection.q,
            ranges,
        },
        InjectionMode::InitialPsd => Injection::InitialPsd(initial_fractions.to_vec()),
    }
}
