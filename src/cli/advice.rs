//! Advice on a configuration that is valid and may still not be what was meant, with the codes of the Python program's
//! configuration checker and more of their kind. What cannot be right is refused when the configuration is loaded.

use crate::config::{
    Config, Loaded, dynamics::KernelEiMode, phase::TemperatureInput, sinks::SinkMode, sizes::InitialMode,
    sizes::SizeGrid,
};
use crate::disk::model::Model;
use crate::physics::constants::R_MARS;
use crate::physics::excitation::{RelativeSpeed, equilibrium_eccentricity};
use crate::physics::radiation::grain_temperature;
use crate::run::time_grid::TimeGrid;

/// Fewest bins per decade of size over which a collisional cascade keeps its slope.
const BINS_PER_DECADE: f64 = 5.0;

/// A sentence for the user, with its code.
#[derive(Debug, Clone, PartialEq)]
pub struct Advice {
    /// As `SIZE001`.
    pub code: &'static str,
    /// The sentence.
    pub text: String,
    /// Whether it tells of what was hardly meant, and not only of coarse numbers.
    pub doubtful: bool,
}

/// Everything worth a second look.
pub fn advice(loaded: &Loaded, model: &Model, grid: &TimeGrid) -> Vec<Advice> {
    let config = &loaded.config;
    let cases = [
        temperatures(loaded, model, grid),
        sizes(config),
        place(model, config),
        numbers(config),
        processes(model, config),
    ];
    cases.into_iter().flatten().flatten().collect()
}

type Case = Option<Advice>;

fn when(wrong: bool, code: &'static str, text: impl FnOnce() -> String) -> Case {
    wrong.then(|| Advice { code, text: text(), doubtful: true })
}

fn coarse(few: bool, code: &'static str, text: impl FnOnce() -> String) -> Case {
    few.then(|| Advice { code, text: text(), doubtful: false })
}

fn temperatures(loaded: &Loaded, model: &Model, grid: &TimeGrid) -> Vec<Case> {
    let config = &loaded.config;
    let (start, end) = (model.run.initial_temperature, model.cooling.raw_temperature(grid.t_end));
    let vapour = &config.sinks.sub_params;
    let sublimates = model.sublimation.is_some();
    let switch = vapour.psat_liquid_switch_k.filter(|_| vapour.enable_liquid_branch).unwrap_or(f64::INFINITY);
    let grains = grain_temperature(start, model.grid.r_in, 1.0);
    let (range, key) = match grains >= switch {
        true => (vapour.valid_liquid_k, "sinks.sub_params.valid_liquid_K"),
        false => (vapour.valid_k, "sinks.sub_params.valid_K"),
    };
    // A range that nobody gave belongs to other coefficients.
    let outside = range.filter(|[low, high]| loaded.is_given(key) && (grains < *low || grains > *high));
    let by_mars = config.phase.enabled && config.phase.temperature_input == TemperatureInput::MarsSurface;
    let thresholds = &config.phase.thresholds;
    let target = config.numerics.t_end_until_temperature_k;
    let covered = model.cooling.last_node().unwrap_or(f64::INFINITY);
    vec![
        when(end < 1000.0, "TEMP001", || {
            format!(
                "Mars cools to {end:.0} K within the run, which fails at 1000 K, where the model ends: a shorter run ends well"
            )
        }),
        when(sublimates && start < config.sinks.t_sub, "TEMP002", || {
            format!(
                "Mars starts at {start:.0} K, below sinks.T_sub = {} K: hardly anything sublimates",
                config.sinks.t_sub
            )
        }),
        when(sublimates && outside.is_some(), "TEMP003", || {
            let [low, high] = outside.unwrap_or_default();
            format!("grains of the inner edge start at {grains:.0} K, where {key} = {low} to {high} K does not reach")
        }),
        when(by_mars && end >= thresholds.t_vaporize_k, "TEMP004", || {
            let limit = thresholds.t_vaporize_k;
            format!("Mars stays above phase.thresholds.T_vaporize_K = {limit} K for the whole run")
        }),
        when(grid.t_end > covered, "TEMP005", || {
            format!(
                "the temperature table ends after {:.3e} s and the run after {:.3e} s: the last temperature stays",
                covered, grid.t_end
            )
        }),
        when(target.is_some() && grid.t_end_from_temperature.is_none(), "TEMP000", || {
            let target = target.unwrap_or_default();
            format!("Mars does not cool to numerics.t_end_until_temperature_K = {target} K: {} counts", grid.basis)
        }),
    ]
}

fn sizes(config: &Config) -> Vec<Case> {
    let sizes = &config.sizes;
    let per_decade = sizes.n_bins as f64 / (sizes.s_max / sizes.s_min).log10();
    let melt_psd = &config.initial.melt_psd;
    let melt = config.initial.s0_mode == InitialMode::MeltLognormalMixture;
    vec![
        coarse(per_decade < BINS_PER_DECADE, "SIZE001", || {
            format!(
                "sizes.n_bins = {} gives {per_decade:.1} bins per decade of size; {BINS_PER_DECADE} are few",
                sizes.n_bins
            )
        }),
        when(sizes.s_min > 1e-5, "SIZE002", || {
            format!("sizes.s_min = {:e} m is above the usual blow-out sizes, so that no dust is blown out", sizes.s_min)
        }),
        when(sizes.s_min < 1e-9, "SIZE003", || {
            format!("sizes.s_min = {:e} m is smaller than a molecule; sizes are radii in metres", sizes.s_min)
        }),
        when(melt && melt_psd.s_meter > sizes.s_max, "SIZE004", || {
            format!(
                "initial.melt_psd.s_meter = {} m is above sizes.s_max = {} m: the boulders are cut off",
                melt_psd.s_meter, sizes.s_max
            )
        }),
    ]
}

fn place(model: &Model, config: &Config) -> Vec<Case> {
    let depth = config.target_tau();
    let (inner, outer) = (model.grid.r_in / R_MARS, model.grid.r_out / R_MARS);
    vec![
        when(inner < 1.0, "DISK003", || format!("the inner edge at {inner:.2} R_Mars lies inside Mars")),
        when(depth >= model.tau_stop, "DISK004", || {
            format!("τ = {depth:.3} at the start is above optical_depth.tau_stop: no cell evolves")
        }),
        when(inner > 2.4, "DISK001", || format!("the inner edge at {inner:.2} R_Mars lies beyond the Roche limit")),
        when(outer > 3.5, "DISK002", || format!("the outer edge at {outer:.2} R_Mars lies far outside the inner disk")),
    ]
}

fn numbers(config: &Config) -> Vec<Case> {
    let numerics = &config.numerics;
    vec![
        coarse(numerics.safety > 0.5, "NUM001", || {
            let share = 1.0 - numerics.safety;
            format!("numerics.safety = {} takes steps of {share:.2} times what their errors allow", numerics.safety)
        }),
        coarse(numerics.atol > 1e-8, "NUM002", || format!("numerics.atol = {:e} is coarse", numerics.atol)),
        when(numerics.mass_loss_rate_stop_mmars_s.is_some() && numerics.min_duration_years.is_none(), "NUM004", || {
            "numerics.mass_loss_rate_stop_Mmars_s without min_duration_years: after the first fine dust the loss may pass \
             through a minimum, and the run would end there"
                .to_owned()
        }),
    ]
}

fn processes(model: &Model, config: &Config) -> Vec<Case> {
    let (sinks, dynamics, supply) = (&config.sinks, &config.dynamics, &config.supply);
    let (start, smallest) = (model.run.initial_temperature, model.sizes.edges[0]);
    let s_blow = model.blowout_size(start).0;
    let equilibrium = equilibrium_eccentricity(config.target_tau(), dynamics.f_wake);
    let stirring = &model.stirring;
    let needs_bound = stirring.remembered || stirring.speed == RelativeSpeed::Pericenter;
    let unbound = equilibrium >= 1.0 && stirring.follows_depth() && needs_bound && dynamics.f_wake >= 1.0;
    let drag = sinks.enable_gas_drag;
    let stirred = dynamics.kernel_ei_mode == KernelEiMode::WyattEq;
    let idle = !config.physics_mode.collides() && (sinks.mode == SinkMode::None || !config.physics_mode.sinks());
    vec![
        when(drag && sinks.rho_g == 0.0, "GAS001", || {
            "gas drag is on and sinks.rho_g is 0: it does nothing".to_owned()
        }),
        when(!drag && sinks.rho_g > 0.0, "GAS002", || {
            format!("sinks.rho_g = {:e} kg/m³ and sinks.enable_gas_drag is false: no drag acts", sinks.rho_g)
        }),
        coarse(stirred && dynamics.f_wake > 1.5, "PHYS001", || {
            format!("dynamics.f_wake = {} stirs strongly", dynamics.f_wake)
        }),
        when(idle, "PHYS002", || "neither collisions nor sinks act: grains are only blown out".to_owned()),
        when(unbound, "PHYS003", || {
            format!(
                "at τ = {} with dynamics.f_wake = {} grains are stirred towards e = {equilibrium:.2}: above 1 they leave \
                 Mars, and the run fails",
                config.target_tau(),
                dynamics.f_wake
            )
        }),
        when(model.blowout.enabled && config.sizes.grid == SizeGrid::Full && s_blow <= smallest, "PHYS004", || {
            format!(
                "at {start:.0} K radiation expels grains up to {s_blow:.2e} m, below sizes.s_min = {smallest:e} m: nothing is \
                 blown out"
            )
        }),
        when(supply.delivers() && supply.mixing.epsilon_mix == 0.0, "SUPPLY001", || {
            "supply.mixing.epsilon_mix is 0: nothing of the supply reaches the surface".to_owned()
        }),
    ]
}
