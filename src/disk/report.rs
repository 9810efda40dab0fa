//! What the disk tells the rest of the program: plain numbers about the run, a step, a cell, and a cell in a step.
//!
//! Nothing here computes. `disk::step` fills these structures, `disk::budget` adds them up and `output::columns` turns
//! them into columns. A number that does not exist is `NaN` here and null in the files.

use crate::physics::phase::Phase;
use crate::physics::stirring::Excitation;
use crate::smoluchowski::energy::{EnergyRates, Retention};

/// Mass per area that crossed the border of a cell, by channel [kg m⁻²].
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Ledger {
    /// Expelled by the radiation of Mars.
    pub blowout: f64,
    /// Evaporated from grains.
    pub sublimation: f64,
    /// Removed by gas drag.
    pub gas_drag: f64,
    /// Escaped as vapour.
    pub escape: f64,
    /// Brought to the surface by the supply.
    pub supplied: f64,
    /// Put into the deep buffer by the supply, less what rose from there; negative while the buffer empties.
    pub buffered: f64,
    /// Added when round-off negatives of the integrator were set to zero.
    pub clipped: f64,
}

impl Ledger {
    /// Mass per area lost by sinks other than blow-out [kg m⁻²].
    pub fn sinks(&self) -> f64 {
        self.sublimation + self.gas_drag + self.escape
    }

    /// Mass per area lost through every channel [kg m⁻²].
    pub fn lost(&self) -> f64 {
        self.blowout + self.sinks()
    }

    /// Mass per area that came in from outside, to the surface or into the deep buffer [kg m⁻²].
    pub fn entered(&self) -> f64 {
        self.supplied + self.buffered
    }

    /// Adds the other ledger, channel by channel.
    pub fn add(&mut self, other: &Ledger) {
        self.blowout += other.blowout;
        self.sublimation += other.sublimation;
        self.gas_drag += other.gas_drag;
        self.escape += other.escape;
        self.supplied += other.supplied;
        self.buffered += other.buffered;
        self.clipped += other.clipped;
    }
}

/// Seed of random draws.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Seed {
    /// The seed.
    pub value: u64,
    /// How it was found.
    pub expression: String,
    /// Text that it was found from.
    pub basis: String,
}

/// Facts that hold for the whole run.
#[derive(Debug, Clone)]
pub struct RunFacts {
    /// `0D` or `1D`.
    pub geometry_mode: &'static str,
    /// Which configuration block set the radii: `disk.geometry` or `geometry.r_in_out`.
    pub r_source: &'static str,
    /// Label of the temperature driver.
    pub temperature_source: String,
    /// `mars_surface` or `particle`: which temperature the phase rule receives.
    pub phase_temperature_input: &'static str,
    /// `threshold`, `map` or `disabled`.
    pub phase_method: &'static str,
    /// Why the phase rule answered: `phase.thresholds`, `phase.map` or `phase.disabled`.
    pub phase_reason: &'static str,
    /// Thresholds of the phase rule (condensation K, vaporisation K, reference pressure bar, reference optical depth).
    pub phase_thresholds: [f64; 4],
    /// Temperature of Mars at the start [K].
    pub initial_temperature: f64,
    /// Smallest configured size [m].
    pub s_min_config: f64,
    /// Smallest fragment that surface energy allows [m]; NaN where it is not asked for.
    pub s_min_surface_energy: f64,
    /// Density of the grain material [kg m⁻³].
    pub density: f64,
    /// Multiplier of the orbital time in the blow-out time.
    pub chi: f64,
    /// β at the smallest configured size and the initial temperature.
    pub beta_at_smin_config: f64,
    /// `blowout`, `ok` or `no_blowout`.
    pub case_status: &'static str,
    /// What becomes of the energy of collisions, where it is asked for.
    pub energy: Option<Retention>,
    /// Version of the extended columns, where they are asked for.
    pub extended: Option<String>,
    /// Seed of what was drawn at random.
    pub seed: Seed,
    /// Whether blow-out is switched on.
    pub blowout_enabled: bool,
    /// Label `blowout.layer`.
    pub blowout_layer: &'static str,
    /// `solid_only` or `any`.
    pub blowout_target_phase: &'static str,
    /// Whether the supply is switched on.
    pub supply_enabled: bool,
    /// Share of the raw supply that reaches the surface.
    pub epsilon_mix: f64,
    /// Supply in units of the reference rate, where configured; else NaN.
    pub mu_orbit10pct: f64,
    /// Surface density that this unit refers to [kg m⁻²].
    pub mu_reference_surface_density: f64,
    /// `direct` or `deep_mixing`.
    pub supply_transport_mode: &'static str,
    /// `scale` or `rate`: what the number of the supply's temperature law is.
    pub supply_temperature_kind: &'static str,
    /// Factor between vertical and line-of-sight optical depth.
    pub line_of_sight_factor: f64,
    /// Whether missing numbers are written as 0.0 where the Python program did (profile `python`).
    pub missing_as_zero: bool,
    /// Whether a smallest size that drifts by itself is in the files.
    pub s_min_evolves: bool,
    /// Whether the outflux in the files is cut to what leaves within a step where that is much longer than the blow-out
    /// time, as the Python program's columns may ask.
    pub corrects_fast_blowout: bool,
    /// Whether sublimation is booked as such; the Python program counts that of the whole surface among the sinks alone.
    pub sublimation_booked: bool,
}

/// Drivers of one step, equal in all cells.
#[derive(Debug, Clone, Copy)]
pub struct StepFacts {
    /// Number of the coupling step, from 0.
    pub index: u64,
    /// End of the step [s].
    pub time: f64,
    /// Length of the step; in a record the time since the record before [s].
    pub dt: f64,
    /// Temperature of Mars that was used [K].
    pub temperature: f64,
    /// Blow-out size [m].
    pub s_blow: f64,
    /// Larger one of the blow-out size and the smallest configured size [m].
    pub s_min_effective: f64,
    /// Radiation-pressure efficiency at the blow-out size.
    pub q_pr_blow: f64,
    /// Radiation-pressure efficiency at `s_min_effective`.
    pub q_pr_at_smin: f64,
    /// β at `s_min_effective`.
    pub beta_at_smin: f64,
    /// Whether radiation can expel any grain of the grid.
    pub blowout_gate: bool,
}

/// Facts of one cell that do not change.
#[derive(Debug, Clone, Copy)]
pub struct CellFacts {
    /// Index from the inner edge, from 0.
    pub index: usize,
    /// Radius of the centre [m].
    pub r: f64,
    /// Area [m²].
    pub area: f64,
    /// Kepler frequency [s⁻¹].
    pub omega: f64,
    /// Orbital period [s].
    pub t_orb: f64,
    /// Blow-out time χ/Ω [s].
    pub t_blow: f64,
    /// Eccentricity of the profile.
    pub eccentricity: f64,
    /// Inclination [rad].
    pub inclination: f64,
    /// Initial surface density [kg m⁻²].
    pub initial_surface_density: f64,
    /// Diagnostic mid-plane surface density [kg m⁻²]; NaN without `inner_disk_mass`.
    pub midplane_surface_density: f64,
}

/// Supply of one cell in one step; rates in kg m⁻² s⁻¹.
#[derive(Debug, Clone, Copy, Default)]
pub struct SupplyReport {
    /// Before mixing.
    pub raw: f64,
    /// After mixing; zero while the phase keeps it out.
    pub nominal: f64,
    /// After every scaling, whether the phase lets it in or not.
    pub offered: f64,
    /// After every scaling; zero while the phase keeps it out.
    pub scaled: f64,
    /// Handed to the surface.
    pub applied: f64,
    /// Handed to the deep buffer.
    pub into_deep: f64,
    /// Share of the buffer that mixing would raise.
    pub from_deep_attempt: f64,
    /// Raised from the deep buffer to the surface.
    pub from_deep: f64,
    /// Handed to the deep buffer and not raised again.
    pub diverted: f64,
    /// Factor of the temperature of Mars.
    pub temperature_scale: f64,
    /// What the temperature law says before limits, a factor or a rate; NaN without such a law.
    pub temperature_value: f64,
    /// Factor of the feedback.
    pub feedback_scale: f64,
    /// (target − τ)/target; NaN without feedback.
    pub feedback_error: f64,
    /// Left in the reservoir after the step, per area of the cell [kg m⁻²]; infinite when it is unlimited.
    pub reservoir: f64,
    /// Left in the reservoir over its mass at the start; NaN when it is unlimited or never held any.
    pub reservoir_fraction: f64,
    /// Whether the reservoir ran out in the step.
    pub reservoir_clipped: bool,
    /// Whether the phase let the supply in.
    pub allowed: bool,
}

/// What the collisional integrator did in one step of one cell.
#[derive(Debug, Clone, Copy)]
pub struct SmolReport {
    /// Time that was integrated [s].
    pub dt_eff: f64,
    /// Surface density before [kg m⁻²].
    pub sigma_before: f64,
    /// Surface density after [kg m⁻²].
    pub sigma_after: f64,
    /// Rate of supply [kg m⁻² s⁻¹].
    pub prod_rate: f64,
    /// Rate of loss through all sinks [kg m⁻² s⁻¹].
    pub loss_rate: f64,
    /// Mass that collisions move into other bins at the end [kg m⁻² s⁻¹].
    pub gain_rate: f64,
    /// Mass that collisions take out of their bins at the end [kg m⁻² s⁻¹].
    pub collision_loss_rate: f64,
    /// Mass that sinks take from bins [kg m⁻² s⁻¹].
    pub sink_rate: f64,
    /// Mass that the source brings into bins [kg m⁻² s⁻¹].
    pub source_rate: f64,
    /// Shortest collision time of a bin at the end [s].
    pub t_coll: f64,
}

/// Eccentricities and inclinations behind the collisions of a step.
#[derive(Debug, Clone, Copy)]
pub struct KernelReport {
    /// Of the grains that met.
    pub used: Excitation,
    /// Before the supply was mixed in.
    pub base: Excitation,
    /// Of the supply.
    pub supply: Excitation,
    /// Weight of the supply.
    pub supply_weight: f64,
    /// Damping, where it acts.
    pub damping: Option<DampingReport>,
}

/// Damping of eccentricity and inclination by collisions.
#[derive(Debug, Clone, Copy)]
pub struct DampingReport {
    /// At the end of the step.
    pub next: Excitation,
    /// Damping time [s].
    pub time: f64,
    /// Eccentricity that damping tends to.
    pub target: f64,
}

/// The smallest grains that stay in a cell, and those that radiation expels.
#[derive(Debug, Clone, Copy)]
pub struct SmallestGrains {
    /// Their size [m].
    pub size: f64,
    /// Radiation-pressure efficiency there.
    pub q_pr: f64,
    /// β there.
    pub beta: f64,
    /// Whether radiation can expel any grain of the grid.
    pub blowout_gate: bool,
    /// Blow-out size [m].
    pub s_blow: f64,
    /// Radiation-pressure efficiency there.
    pub q_pr_blow: f64,
}

impl SmallestGrains {
    /// Those of a step's drivers.
    pub fn of(step: &StepFacts) -> Self {
        let StepFacts { s_min_effective, q_pr_at_smin, beta_at_smin, blowout_gate, s_blow, q_pr_blow, .. } = *step;
        SmallestGrains {
            size: s_min_effective,
            q_pr: q_pr_at_smin,
            beta: beta_at_smin,
            blowout_gate,
            s_blow,
            q_pr_blow,
        }
    }
}

/// A step in which the sizes that stand for the bins moved.
#[derive(Debug, Clone, Copy)]
pub struct Shrinkage {
    /// Of every size [m].
    pub shift: f64,
    /// Mass after over mass before.
    pub mass_ratio: f64,
    /// Mass that this took [kg m⁻²].
    pub lost: f64,
}

/// Rates at the end of a step, which a column of the Python program shows beside the means over it [kg m⁻² s⁻¹].
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct EndRates {
    /// Of blow-out.
    pub blowout: f64,
    /// Of the sinks.
    pub sinks: f64,
}

/// Inner steps of the integrator in one step of one cell, with or without collisions.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct InnerSteps {
    /// Accepted, those of the fall-back included.
    pub accepted: u32,
    /// Rejected.
    pub rejected: u32,
    /// Taken by the positive fall-back scheme.
    pub fallback: u32,
}

impl InnerSteps {
    /// Adds the other counts.
    pub fn add(&mut self, other: &InnerSteps) {
        self.accepted += other.accepted;
        self.rejected += other.rejected;
        self.fallback += other.fallback;
    }
}

/// Why a cell no longer evolves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CellStop {
    /// Its line-of-sight optical depth exceeded `optical_depth.tau_stop`.
    TauExceeded,
}

impl CellStop {
    /// Name in the files.
    pub fn as_str(self) -> &'static str {
        match self {
            CellStop::TauExceeded => "tau_exceeded",
        }
    }
}

/// What one step did to one cell.
#[derive(Debug, Clone, Copy)]
pub struct CellReport {
    /// Index of the cell.
    pub cell: usize,
    /// Whether the cell was evolved in this step; a frozen cell reports its last state with zero rates.
    pub evolved: bool,
    /// Whether the cell goes on evolving after this step.
    pub active: bool,
    /// Why and when it stopped.
    pub stop: Option<CellStop>,
    /// When it stopped [s]; NaN while it evolves.
    pub stop_time: f64,
    /// Optical depth at which it stopped; NaN while it evolves.
    pub stop_tau: f64,
    /// Surface density after the step [kg m⁻²].
    pub surface_density: f64,
    /// Opacity of the grains after the step [m² kg⁻¹].
    pub opacity: f64,
    /// Opacity with self-shielding after the step [m² kg⁻¹].
    pub opacity_effective: f64,
    /// Line-of-sight optical depth after the step.
    pub tau: f64,
    /// Line-of-sight optical depth before the step.
    pub tau_before: f64,
    /// Surface density of optical depth one after the step [kg m⁻²]; infinite for a transparent cell.
    pub sigma_tau1: f64,
    /// Surface density in the deep buffer [kg m⁻²].
    pub sigma_deep: f64,
    /// Size of the bin with the largest s³ dN/ds [m]; NaN for an empty cell.
    pub peak_size: f64,
    /// Smallest grains that stay in this step.
    pub smallest: SmallestGrains,
    /// Smallest size that drifts by itself, after the step [m]; NaN where none does.
    pub s_min_evolved: f64,
    /// How the sizes of the bins moved; `None` where they did not.
    pub shrinkage: Option<Shrinkage>,
    /// Mass that crossed the border of the cell in this step.
    pub ledger: Ledger,
    /// The same since the start of the run.
    pub cumulative: Ledger,
    /// Rates that stand for this step in the files; `None` where the means from the ledger do.
    pub end_rates: Option<EndRates>,
    /// Supply in this step.
    pub supply: SupplyReport,
    /// Collisions in this step; `None` where they were off.
    pub smol: Option<SmolReport>,
    /// How grains met in this step; `None` where collisions were off.
    pub kernel: Option<KernelReport>,
    /// Inner steps in this step.
    pub inner: InnerSteps,
    /// Sub-steps of the equation for the surface density; 0 where there is none.
    pub substeps: u32,
    /// Energy of the collisions at the end of the step, where it is asked for.
    pub energy: EnergyRates,
    /// Phase of the material.
    pub phase: Phase,
    /// Temperature of grains that absorb with `phase.q_abs_mean` [K].
    pub grain_temperature: f64,
    /// Temperature that the phase rule received [K].
    pub phase_temperature: f64,
    /// ds/dt of sublimation that was applied [m s⁻¹], not positive.
    pub size_rate: f64,
    /// ds/dt before a liquid cell blocks it [m s⁻¹].
    pub size_rate_raw: f64,
    /// Whether the liquid state blocked sublimation.
    pub sublimation_blocked: bool,
    /// Life time of a 1 µm grain against sublimation [s]; NaN if none.
    pub t_sink_sublimation: f64,
    /// Life time against gas drag [s]; NaN if none.
    pub t_sink_gas_drag: f64,
    /// Time of hydrodynamic escape [s]; NaN if none.
    pub t_escape: f64,
    /// Whether the optical depth blocks the radiation that would expel grains.
    pub tau_gate_blocked: bool,
    /// Whether the phase allows blow-out.
    pub blowout_phase_allowed: bool,
    /// Whether blow-out acted.
    pub blowout_active: bool,
    /// Factor of the competition gate, 1 where unused.
    pub gate_factor: f64,
    /// Life time of solids that the gate used [s]; NaN if none.
    pub t_solid: f64,
}
