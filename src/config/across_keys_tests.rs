//! A case for every rule across keys.

use super::{
    conditions::Condition,
    demands::DEMANDS,
    load::tests::{QUICK, quick, read_text, refused},
    numerics::NumberOrAuto,
    shielding::FixedSigma,
    supported::REFUSALS,
    validate::{ORDERS, Order},
};

/// Demands of keys: words of the message, changes of `quick.yml` that meet the demand, and others that do not.
pub(super) const ACROSS_KEYS: &[(&str, &[&str], &[&str])] = &[
    ("missing key `geometry.Nr`", &["geometry.Nr=null", "geometry.mode=0D"], &["geometry.Nr=null"]),
    ("missing key `optical_depth`", &["optical_depth=null", "geometry.mode=0D"], &["optical_depth=null"]),
    (
        "missing key `disk`",
        &["disk=null", "geometry.r_in=4e6", "geometry.r_out=8e6"],
        &["disk=null", "geometry.r_in=4e6"],
    ),
    ("missing key `psd.alpha`", &["initial.s0_mode=upper", "psd.alpha=2"], &["initial.s0_mode=upper"]),
    ("missing key `psd.alpha`", &["initial.s0_mode=mono", "geometry.mode=0D"], &["initial.s0_mode=mono"]),
    (
        "missing key `psd.alpha`",
        &["surface_energy.enabled=true", "psd.alpha=3.5"],
        &["surface_energy.enabled=true", "sizes.n_bins=20"],
    ),
    (
        "missing key `dynamics.dr_min_m`",
        &["dynamics.e_profile.mode=off", "dynamics.e_mode=mars_clearance", "dynamics.dr_max_m=1e6"],
        &["dynamics.e_profile.mode=off", "dynamics.e_mode=mars_clearance"],
    ),
    (
        "`dynamics.e_profile.mode` must be `off`",
        &["dynamics.e_profile.mode=off", "dynamics.e_mode=mars_clearance", "dynamics.dr_min_m=1e6"],
        &["dynamics.e_mode=mars_clearance", "dynamics.dr_min_m=1e6"],
    ),
    (
        "`dynamics.dr_min_m` must be above 0",
        &["dynamics={i0: 0.05, e_profile: {mode: off}, e_mode: mars_clearance, dr_dist: uniform, dr_min_m: 0}"],
        &["dynamics={i0: 0.05, e_profile: {mode: off}, e_mode: mars_clearance, dr_dist: loguniform, dr_min_m: 0}"],
    ),
    (
        "missing key `dynamics.e0`",
        &["dynamics.e_profile.mode=off", "dynamics.e0=0.1"],
        &["dynamics.e_profile.mode=off"],
    ),
    (
        "missing key `dynamics.e_profile.table_path`",
        &["dynamics.e_profile.mode=table", "dynamics.e_profile.table_path=e.csv"],
        &["dynamics.e_profile.mode=table"],
    ),
    (
        "missing key `dynamics.H_fixed_over_a`",
        &["dynamics.kernel_H_mode=fixed", "dynamics.H_fixed_over_a=0.1"],
        &["dynamics.kernel_H_mode=fixed"],
    ),
    (
        "missing key `qstar.coeff_table`",
        &["qstar={override_coeffs: true, Qs: 1e7, a_s: 0.4, B: 0.3, b_g: 1.4, v_ref_kms: [3]}"],
        &["qstar={override_coeffs: true, Qs: 1e7, a_s: 0.4, B: 0.3, b_g: 1.4, v_ref_kms: []}"],
    ),
    (
        "`qstar.Qs` must be above 0",
        &["qstar={override_coeffs: false, Qs: 0, a_s: 0.4, B: 0.3, b_g: 1.4, v_ref_kms: [3]}"],
        &["qstar={override_coeffs: true, Qs: 0, a_s: 0.4, B: 0.3, b_g: 1.4, v_ref_kms: [3]}"],
    ),
    (
        "`qstar.B` must be above 0",
        &["qstar.B=0"],
        &["qstar={override_coeffs: true, Qs: 1, a_s: 0, B: 0, b_g: 1, v_ref_kms: [3]}"],
    ),
    (
        "missing key `radiation.qpr_table_path`",
        &["radiation.qpr_table_path=null", "radiation.Q_pr=1"],
        &["radiation.qpr_table_path=null"],
    ),
    (
        "missing key `radiation.TM_K`",
        &["radiation.TM_K=null", "radiation.mars_temperature_driver={enabled: true, constant: {value_K: 2500}}"],
        &["radiation.TM_K=null"],
    ),
    (
        "missing key `radiation.TM_K`",
        &["radiation.mars_temperature_driver=null"],
        &["radiation.mars_temperature_driver=null", "radiation.TM_K=null"],
    ),
    (
        "missing key `radiation.mars_temperature_driver.constant`",
        &["radiation.mars_temperature_driver={enabled: false, mode: constant}"],
        &["radiation.mars_temperature_driver={enabled: true, mode: constant}"],
    ),
    (
        "missing key `radiation.mars_temperature_driver.table`",
        &["radiation.mars_temperature_driver={enabled: true, mode: table, table: {path: t.csv}}"],
        &["radiation.mars_temperature_driver={enabled: true, mode: table}"],
    ),
    (
        "`surface.use_tcoll` must be true",
        &["blowout.gate_mode=collision_competition", "surface.use_tcoll=false", "geometry.mode=0D"],
        &["blowout.gate_mode=collision_competition", "surface.use_tcoll=false"],
    ),
    (
        "missing key `sinks.sub_params.psat_table_path`",
        &["sinks.sub_params.psat_model=tabulated", "sinks.sub_params.psat_table_path=p.csv"],
        &["sinks.sub_params.psat_model=tabulated"],
    ),
    (
        "`optical_depth` must not be given",
        &["init_tau1.scale_to_tau1=true", "optical_depth=null", "geometry.mode=0D"],
        &["init_tau1.scale_to_tau1=true"],
    ),
    (
        "`supply.transport.t_mix_orbits` must be above 0",
        &["supply.transport={mode: deep_mixing, t_mix_orbits: 5}"],
        &["supply.transport={mode: deep_mixing, t_mix_orbits: 0}"],
    ),
    (
        "missing key `supply.reservoir.mass_total_Mmars`",
        &["supply.reservoir={enabled: true, mass_total_Mmars: 1e-9}"],
        &["supply.reservoir={enabled: true}"],
    ),
    (
        "`supply.mixing.epsilon_mix` must be above 0",
        &["supply.mixing.epsilon_mix=0.1"],
        &["supply.mixing.epsilon_mix=0"],
    ),
    (
        "`supply.mixing.epsilon_mix` must be above 0",
        &["supply={const: {prod_area_rate_kg_m2_s: 1e-7}, mixing: {epsilon_mix: 0}}"],
        &["supply={const: {auto_from_tau1_tfill_years: 1}, mixing: {epsilon_mix: 0}}"],
    ),
    (
        "missing key `supply.injection.velocity.e_inj`",
        &["supply.injection.velocity={mode: fixed_ei, e_inj: 0.1, i_inj: 0.1}"],
        &["supply.injection.velocity={mode: fixed_ei, i_inj: 0.1}"],
    ),
    (
        "missing key `supply.injection.velocity.i_inj`",
        &["supply.injection.velocity={mode: inherit, e_inj: 0.1}"],
        &["supply.injection.velocity={mode: fixed_ei, e_inj: 0.1}"],
    ),
    (
        "missing key `supply.injection.velocity.vrel_factor`",
        &["supply.injection.velocity={mode: factor, vrel_factor: 2}"],
        &["supply.injection.velocity={mode: factor}"],
    ),
    (
        "missing key `io.archive.dir`",
        &["io.archive.enabled=true", "io.archive.dir=there"],
        &["io.archive.enabled=true", "io.archive.dir=' '"],
    ),
    (
        "missing key `io.streaming.offload.dir`",
        &["io.streaming.offload.enabled=true", "io.streaming.offload.dir=/there"],
        &["io.streaming.offload.enabled=true"],
    ),
    (
        "`surface.collision_solver` = \"surface_ode\" is not available in this version",
        &["surface.collision_solver=surface_ode", "physics_mode=sublimation_only"],
        &["surface.collision_solver=surface_ode", "physics_mode=full"],
    ),
    (
        "`phase.entrypoint` = \"my.module:map\" is not available in this version",
        &["phase={enabled: true, source: map, entrypoint: 'my.module:map', table_path: p.csv}"],
        &["phase={enabled: true, source: map, entrypoint: 'my.module:map'}"],
    ),
];

#[test]
fn what_keys_demand_of_each_other_is_enforced_and_explained() {
    for (words, allowed, overrides) in ACROSS_KEYS {
        quick(allowed);
        let message = refused(overrides);
        assert_eq!(message.matches("error:").count(), 1, "{message}");
        assert!(message.contains(words) && message.contains("--> "), "{words}\n{message}");
    }
    for demand in DEMANDS {
        let words = match demand.must {
            Condition::Given(ref key) | Condition::Any(&[Condition::Given(ref key), ..]) => {
                format!("missing key `{key}`")
            }
            must => must.demand(),
        };
        assert!(ACROSS_KEYS.iter().any(|(shown, ..)| *shown == words), "{words} has no case");
    }
    assert_eq!(ACROSS_KEYS.iter().filter(|(words, ..)| words.contains("not available")).count(), REFUSALS.len());
}

#[test]
fn numbers_in_order_lists_and_texts_are_checked() {
    let generated = "radiation.mars_temperature_driver.autogenerate.filename_template=table.csv";
    let cases: &[(&[&str], &str)] = &[
        (&["sizes.s_min=3"], "`sizes.s_min` = 3.0 must be below `sizes.s_max` = 3.0"),
        (&["disk.geometry.r_in_RM=2.7"], "`disk.geometry.r_in_RM` = 2.7 must be below `disk.geometry.r_out_RM`"),
        (&["disk.geometry.r_in_RM=2.8", "geometry.mode=0D"], "must be at most `disk.geometry.r_out_RM` = 2.7"),
        (&["disk=null", "geometry.r_in=2", "geometry.r_out=1"], "`geometry.r_in` = 2.0 must be below"),
        (&["initial.melt_psd.s_min_solid=5"], "`initial.melt_psd.s_min_solid` = 5.0 must be below"),
        (&["phase.thresholds.T_condense_K=2163"], "must be below `phase.thresholds.T_vaporize_K`"),
        (&["dynamics.dr_min_m=2", "dynamics.dr_max_m=1"], "`dynamics.dr_min_m` = 2.0 must be at most"),
        (&["supply.injection.s_inj_min=1", "supply.injection.s_inj_max=1"], "must be below"),
        (&["dynamics.e_profile.clip_min=0.5", "dynamics.e_profile.clip_max=0.4"], "must be at most"),
        (&["supply.feedback.min_scale=20"], "`supply.feedback.min_scale` = 20.0 must be at most"),
        (&["dynamics.i0=3.2"], "`dynamics.i0` = 3.2 rad is out of range"),
        (&["dynamics.i0=181", "dynamics.i0_unit=deg"], "180 deg"),
        (&["dynamics.i0=0"], "too thin for a finite collision rate"),
        (&["qstar.coeff_table={1: [0, 1, 1, 1]}"], "`qstar.coeff_table` has Qs = 0.0"),
        (&["qstar.coeff_table={}"], "at least one row"),
        (&["qstar.coeff_table={fast: [1, 1, 1, 1]}"], "the speed `fast` must be a number above 0"),
        (&["qstar.coeff_table={1: [1,1,1,1], 1.0: [1,1,1,1]}"], "the speed 1 km/s stands in two rows"),
        (&["qstar.coeff_table={1: [1,1,1]}"], "`qstar.coeff_table.1` must be a list of 4 numbers"),
        (&["qstar.v_ref_kms=[1, -2]"], "`qstar.v_ref_kms[1]` = -2.0 is out of range"),
        (&["supply.piecewise=[{t_start_s: 2, t_end_s: 1}]"], "`supply.piecewise[0]` ends at 1.0 s"),
        (
            &["supply.piecewise=[{t_start_s: 0, t_end_s: 1, const: {mu_reference_tau: 0}}]"],
            "`supply.piecewise[0].const.mu",
        ),
        (&[generated], "has no {tag}"),
        (&["io.streaming.offload.dir=there"], "is no absolute path"),
        (&["io.outdir=' '"], "`io.outdir` is empty"),
    ];
    for (overrides, expected) in cases {
        let message = refused(overrides);
        assert!(message.contains(expected) && message.contains("--override "), "{overrides:?}\n{message}");
        assert_eq!(message.matches("error:").count(), 1, "{message}");
    }
    for Order { low, high, .. } in ORDERS {
        let is_case =
            |overrides: &[&str]| [low, high].iter().any(|key| overrides.iter().any(|text| text.starts_with(*key)));
        assert!(cases.iter().any(|(overrides, _)| is_case(overrides)), "{low} and {high} have no case");
    }
    // What is not used may be in any order.
    quick(&["geometry.r_in=2", "geometry.r_out=1"]);
    quick(&["geometry.mode=0D", "disk.geometry.r_in_RM=2.7"]);
}

#[test]
fn numbers_in_quotation_marks_and_flags_in_words_are_taken() {
    let text = QUICK.replace("TM_K: 4000.0", "TM_K: '4e3'").replace("n_bins: 24", "n_bins: '24'");
    assert_ne!(text, QUICK);
    assert_eq!(
        read_text(&text, &["radiation.tau_gate.enable='off'", "chi_blow='1'"]).unwrap().config,
        quick(&["chi_blow=1"])
    );
    assert_eq!(quick(&["numerics.dt_init='1e2'"]).numerics.dt_init, NumberOrAuto::Number(100.0));
    assert_eq!(quick(&["numerics.dt_init=auto"]).numerics.dt_init, NumberOrAuto::Auto);
    let sigma = quick(&["shielding.fixed_tau1_sigma='0.1'"]).shielding.fixed_tau1_sigma;
    assert_eq!(sigma, Some(FixedSigma::Number(0.1)));
    assert!(refused(&["radiation.TM_K='400'"]).contains("is out of range"));
    assert!(quick(&["phase.enabled=Yes", "sinks.sub_params.mass_conserving=on", "profile=python"]).phase.enabled);
    assert!(read_text(QUICK, &["numerics.collision_cache.persist=off"]).unwrap().warnings.is_empty());
}
