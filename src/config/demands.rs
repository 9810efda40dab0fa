//! What the value of one key demands of another, as data.
//!
//! Loading enforces it, the JSON Schema says it and docs/configuration.md shows it. Comparisons of two numbers and of lists
//! are in [`super::validate`].

use super::{
    conditions::Condition::{self, Above, All, Always, Any, Given, Is, Not},
    error::Problem,
    source::Node,
    validate::problem_at,
};

/// Where `when` holds, `must` must hold.
pub(super) struct Demand {
    /// When.
    pub when: Condition,
    /// What must then hold.
    pub must: Condition,
    /// What to do about it, beyond what `must` says; may be empty.
    pub remedy: &'static str,
}

const fn demand(when: Condition, must: Condition, remedy: &'static str) -> Demand {
    Demand { when, must, remedy }
}

const E_PROFILE: &str = "dynamics.e_profile.mode";
const DRIVER: &str = "radiation.mars_temperature_driver.enabled";
const DRIVER_MODE: &str = "radiation.mars_temperature_driver.mode";
const CLEARS: Condition = Is("dynamics.e_mode", &["mars_clearance"]);
const DRIVEN: Condition = Is(DRIVER, &["true"]);
/// The coefficients of a single row.
const ROW: Condition = All(&[Is("qstar.override_coeffs", &["true"]), Not(&Given("qstar.coeff_table"))]);

/// Every demand.
pub(super) const DEMANDS: &[Demand] = &[
    demand(Is("geometry.mode", &["1D"]), Given("geometry.Nr"), ""),
    demand(Is("geometry.mode", &["1D"]), Given("optical_depth"), "`optical_depth: {}` takes its defaults"),
    demand(Always, Any(&[Given("disk"), All(&[Given("geometry.r_in"), Given("geometry.r_out")])]), ""),
    demand(
        Any(&[
            Is("initial.s0_mode", &["upper"]),
            All(&[Is("initial.s0_mode", &["mono"]), Is("geometry.mode", &["1D"])]),
            Is("surface_energy.enabled", &["true"]),
        ]),
        Given("psd.alpha"),
        "",
    ),
    demand(CLEARS, Any(&[Given("dynamics.dr_min_m"), Given("dynamics.dr_max_m")]), ""),
    demand(CLEARS, Is(E_PROFILE, &["off"]), "a drawn clearance takes the place of the profile"),
    demand(
        All(&[CLEARS, Is("dynamics.dr_dist", &["loguniform"]), Given("dynamics.dr_min_m")]),
        Above("dynamics.dr_min_m", 0.0),
        "its logarithm is drawn",
    ),
    demand(All(&[Is(E_PROFILE, &["off"]), Not(&CLEARS)]), Given("dynamics.e0"), ""),
    demand(Is(E_PROFILE, &["table"]), Given("dynamics.e_profile.table_path"), ""),
    demand(Is("dynamics.kernel_H_mode", &["fixed"]), Given("dynamics.H_fixed_over_a"), ""),
    demand(
        Is("qstar.override_coeffs", &["true"]),
        Any(&[
            Given("qstar.coeff_table"),
            All(&[
                Given("qstar.Qs"),
                Given("qstar.a_s"),
                Given("qstar.B"),
                Given("qstar.b_g"),
                Given("qstar.v_ref_kms"),
            ]),
        ]),
        "",
    ),
    demand(All(&[ROW, Given("qstar.Qs")]), Above("qstar.Qs", 0.0), ""),
    demand(All(&[ROW, Given("qstar.B")]), Above("qstar.B", 0.0), ""),
    demand(
        Always,
        Any(&[Given("radiation.qpr_table_path"), Given("radiation.Q_pr")]),
        "`radiation.qpr_table_path: forsterite` is the built-in table",
    ),
    demand(
        Any(&[Not(&DRIVEN), Is(DRIVER_MODE, &["hyodo", "slab"])]),
        Given("radiation.TM_K"),
        "it is the temperature of Mars, or its start",
    ),
    demand(All(&[DRIVEN, Is(DRIVER_MODE, &["constant"])]), Given("radiation.mars_temperature_driver.constant"), ""),
    demand(All(&[DRIVEN, Is(DRIVER_MODE, &["table"])]), Given("radiation.mars_temperature_driver.table"), ""),
    demand(
        All(&[Is("geometry.mode", &["1D"]), Is("blowout.gate_mode", &["collision_competition"])]),
        Is("surface.use_tcoll", &["true"]),
        "the gate compares with that time",
    ),
    demand(
        All(&[Is("sinks.sub_params.psat_model", &["tabulated"]), Is("profile", &["conservative"])]),
        Given("sinks.sub_params.psat_table_path"),
        "",
    ),
    demand(
        Is("init_tau1.scale_to_tau1", &["true"]),
        Not(&Given("optical_depth")),
        "the surface density at the start follows from one of them",
    ),
    demand(
        Is("supply.transport.mode", &["deep_mixing"]),
        Above("supply.transport.t_mix_orbits", 0.0),
        "it is the time in which the buffer mixes up",
    ),
    demand(
        Is("supply.reservoir.enabled", &["true"]),
        Given("supply.reservoir.mass_total_Mmars"),
        "switch it off for an unlimited source",
    ),
    demand(
        Any(&[Given("supply.const.mu_orbit10pct"), Given("supply.const.auto_from_tau1_tfill_years")]),
        Above("supply.mixing.epsilon_mix", 0.0),
        "the rate is divided by it",
    ),
    demand(Is("supply.injection.velocity.mode", &["fixed_ei"]), Given("supply.injection.velocity.e_inj"), ""),
    demand(Is("supply.injection.velocity.mode", &["fixed_ei"]), Given("supply.injection.velocity.i_inj"), ""),
    demand(Is("supply.injection.velocity.mode", &["factor"]), Given("supply.injection.velocity.vrel_factor"), ""),
    demand(Is("io.archive.enabled", &["true"]), Given("io.archive.dir"), "name the folder of the archive"),
    demand(
        Is("io.streaming.offload.enabled", &["true"]),
        Given("io.streaming.offload.dir"),
        "name the folder where old chunks go",
    ),
];

/// Every demand that a configuration does not meet.
pub(super) fn unmet(tree: &Node) -> Vec<Problem> {
    let open = DEMANDS.iter().filter(|demand| demand.when.holds(tree) && !demand.must.holds(tree));
    open.map(|demand| demand.problem(tree)).collect()
}

impl Demand {
    fn problem(&self, tree: &Node) -> Problem {
        let cause = match self.when {
            Always => String::new(),
            when => format!("needed where {}", when.words()),
        };
        let (headline, more) = match self.must {
            Given(key) => (format!("missing key `{key}`"), String::new()),
            Any([Given(key), others @ ..]) => {
                let others = others.iter().flat_map(Condition::keys).map(|key| format!("`{key}`")).collect::<Vec<_>>();
                (format!("missing key `{key}`"), format!("or give {}", others.join(", ")))
            }
            must => (must.demand(), String::new()),
        };
        let help: Vec<&str> =
            [cause.as_str(), &more, self.remedy].into_iter().filter(|part| !part.is_empty()).collect();
        // What stands there and is wrong, else why something is missing.
        let keys: Vec<&str> = match self.must {
            Given(_) | Any(_) => self.when.keys().into_iter().chain(self.must.keys()).collect(),
            must => must.keys().into_iter().chain(self.when.keys()).collect(),
        };
        problem_at(tree, &keys, headline, help.join("; "))
    }
}
