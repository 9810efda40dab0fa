//! What the keys of `summary.json` mean: the page `docs/output.md` is made from this, and a test holds it against a summary.

/// A key: its name, its unit and one sentence. `a.b` is a member of a block; `a_{min,max}` stands for several keys.
pub struct Key {
    /// Name.
    pub name: &'static str,
    /// Unit; empty for texts, counts and ratios.
    pub unit: &'static str,
    /// What it is.
    pub meaning: &'static str,
}

const fn key(name: &'static str, unit: &'static str, meaning: &'static str) -> Key {
    Key { name, unit, meaning }
}

/// Every key, in the order in which one looks for them.
#[rustfmt::skip] // a table
pub const KEYS: &[Key] = &[
    key("status", "", "`complete`, `stopped` (go on with --resume) or `failed`."),
    key("failure", "", "null, or why, when and where the run failed."),
    key("failure.reason", "", "The message."),
    key("failure.time_s", "s", "Time of the disk."),
    key("failure.cell", "", "The cell, if it was one."),
    key("stop_reason", "", "`t_end_reached`, the early stop, `interrupted` or `failed`."),
    key("early_stop_reason", "", "The condition that ended the run early, or null."),
    key("time_end_s", "s", "Time reached."),
    key("M_loss", "M_Mars", "Mass lost, through every channel."),
    key("M_out_cum", "M_Mars", "Mass lost by blow-out."),
    key("M_sink_cum", "M_Mars", "Mass lost by sublimation, gas drag and escape."),
    key("M_loss_from_sinks", "M_Mars", "Equals M_sink_cum."),
    key("M_loss_from_sublimation", "M_Mars", "Mass lost by sublimation."),
    key("M_{out,sink,loss}_mean_per_orbit", "M_Mars", "Mass lost over the number of completed orbits; null without one."),
    key("losses.{blowout,sublimation,gas_drag,escape}", "M_Mars", "Mass lost through each channel."),
    key("mass_initial", "M_Mars", "Mass of the dust at the start."),
    key("mass_supplied", "M_Mars", "Fresh material that reached the disk."),
    key("mass_remaining", "M_Mars", "Mass in the size bins at the end."),
    key("mass_deep", "M_Mars", "Fresh material that waits below the surface."),
    key("mass_clipped", "M_Mars", "Mass that setting negative round-off to zero added."),
    key("mass_ledger_max_error_percent", "%", "Largest |initial + supplied − lost − remaining| over initial + supplied, of any cell or the disk in any record."),
    key("mass_budget_max_error_percent", "%", "The same of the disk; in profile `python` the error of its identity, which is zero by construction."),
    key("mass_budget_max_error_percent_cells", "%", "The same of any cell."),
    key("mass_budget_tolerance_percent", "%", "Error above which the run is not to be trusted."),
    key("orbits_completed", "", "Orbits at the middle radius."),
    key("cells_{total,stopped}", "", "Cells, and those that no longer evolve."),
    key("dt_over_t_blow_median", "", "Median over records of their length over the blow-out time."),
    key("steps.coupling", "", "Coupling steps."),
    key("steps.{inner_accepted,inner_rejected,fallback}", "", "Inner steps of all cells: accepted, rejected, and of the positive fall-back."),
    key("geometry_mode", "", "`1D` or `0D`."),
    key("geometry_source", "", "Block of the configuration that gave the edges."),
    key("geometry.{r_in_m,r_out_m}", "m", "Edges of the disk."),
    key("geometry.Nr", "", "Number of cells."),
    key("sigma_surf0_{avg,target}", "kg m⁻²", "Surface density at the start: area mean, and what was asked for."),
    key("sigma_midplane_avg", "kg m⁻²", "Area mean of the mid-plane's surface density, where it is configured."),
    key("case_status", "", "`blowout` if grains of sizes.s_min are expelled at the start, else `ok`."),
    key("beta_at_smin_config", "", "β of grains of sizes.s_min at the start."),
    key("beta_at_smin_effective", "", "β of the smallest grains that stay, in the last record."),
    key("beta_at_smin_{min,median,max}", "", "The same over all records."),
    key("beta_threshold", "", "β from which grains are unbound."),
    key("s_blow_m", "m", "Blow-out size in the last record."),
    key("a_blow_final", "m", "Equals s_blow_m."),
    key("a_blow_{min,median,max}", "m", "The same over all records."),
    key("s_min_effective", "m", "Smallest size that stays, in the last record."),
    key("s_blow_m_effective", "m", "Equals s_min_effective."),
    key("s_min_components.{config,blowout,blowout_raw,blowout_effective,effective}", "m", "What it is made from: sizes.s_min, the blow-out size, the larger of both."),
    key("Q_pr_used", "", "Radiation-pressure efficiency of the smallest grains that stay, in the last record."),
    key("qpr_table_path", "", "Its table, if it has one."),
    key("rho_used", "kg m⁻³", "Density of the grains."),
    key("chi_blow_eff", "", "Blow-out time in units of 1/Ω."),
    key("T_M_{initial,final,used}", "K", "Temperature of Mars at the start, and in the last record (twice)."),
    key("T_M_{min,median,max}", "K", "The same over all records."),
    key("temperature_driver", "", "How Mars cools: the driver with its numbers."),
    key("solar_radiation.{enabled,requested,note}", "", "Sunlight, which the model does not have."),
    key("supply_rate_nominal_kg_m2_s", "kg m⁻² s⁻¹", "Supply after mixing, mean over area and time."),
    key("supply_rate_scaled_initial_kg_m2_s", "kg m⁻² s⁻¹", "First supply of the innermost cell after every scaling."),
    key("effective_prod_rate_kg_m2_s", "kg m⁻² s⁻¹", "Supply that arrived, mean over area and time."),
    key("supply_transport_{mode,t_mix_orbits,headroom_gate}", "", "supply.transport, as configured."),
    key("supply_headroom_policy", "", "`none`."),
    key("supply_{blocked,mixing}_fraction", "", "0: no supply is held back."),
    key("supply_visibility_{min,median,max}", "", "Supply that arrived over scaled supply, area mean, over all records."),
    key("supply_{feedback,temperature}_scale_{min,median,max}", "", "Factors on the supply, area mean, over all records."),
    key("supply_reservoir_remaining_stats_Mmars.{min,median,max}", "M_Mars", "Left in the reservoirs, area mean, over all records."),
    key("supply_clipping.{clip_factor,visibility}_{min,median,max}", "", "Equal supply_visibility."),
    key("supply_clipping.headroom_{min,median,max}", "kg m⁻²", "null: no headroom limits the supply."),
    key("supply_clipping.{blocked,mixing}_fraction", "", "0, as above."),
    key("supply_spill.{rate_min,rate_median,rate_max,active_fraction,M_loss_cum}", "", "Nothing is spilled."),
    key("seed", "", "Seed of sampled e and i; configured, or made from the text below."),
    key("seed_{expr,basis}", "", "How it was made."),
    key("time_grid", "", "The end of the run and its first step, with what they were made from; `n_steps` is the run over the first step, where an adaptive clock takes far fewer (`steps.coupling`)."),
    key("performance.{wall_s,setup_s,step_s,exchange_s,write_s}", "s", "Real time: all, until the first step, and of process 0 in steps, exchange and waiting for its writer."),
    key("performance.writer_s", "s", "Real time that its writer, a thread, was at work on records."),
    key("performance.checkpoint_s", "s", "Real time that checkpoints took."),
    key("performance.checkpoints", "", "How many were written."),
    key("performance.{ranks,threads}", "", "Processes, and threads of each."),
    key("performance.{batches,moves}", "", "Exchanges between processes, and how often cells changed process."),
    key("performance.imbalance", "", "Time of the busiest process over the mean."),
    key("performance.{messages,bytes}_per_step", "", "Sent by a process in a coupling step."),
    key("performance.per_rank", "", "The same for each process: cells, step_s, exchange_s, messages, bytes, moved_bytes."),
    key("extended_diagnostics_version", "", "With `diagnostics.extended_diagnostics`, as are the following."),
    key("M_loss_{blowout,sink}_total", "M_Mars", "Mass lost by blow-out, and otherwise."),
    key("M_loss_total", "M_Mars", "Equals M_loss."),
    key("max_mloss_rate", "M_Mars s⁻¹", "Largest loss rate of the disk in a record."),
    key("max_mloss_rate_time", "s", "End of that record."),
    key("median_{ts_ratio,gate_factor}", "", "Medians of the area means of t_blow over t_coll, and of the factor of the competition."),
    key("tau_gate_blocked_time_fraction", "", "Share of the time in which the optical depth blocked blow-out in some cell."),
];

/// The names that a name with alternatives in braces stands for.
#[cfg(test)]
fn expanded(name: &str) -> Vec<String> {
    let Some((before, rest)) = name.split_once('{') else { return vec![name.to_owned()] };
    let (choices, after) = rest.split_once('}').expect("braces come in pairs");
    choices.split(',').flat_map(|choice| expanded(&format!("{before}{choice}{after}"))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::Value;
    use std::collections::BTreeSet;

    /// Dotted names of everything in a block that `known` does not have as a whole.
    fn names(block: &Value, prefix: &str, known: &BTreeSet<String>, found: &mut BTreeSet<String>) {
        for (key, value) in block.as_object().unwrap() {
            let name = format!("{prefix}{key}");
            if value.is_object() && !known.contains(&name) {
                names(value, &format!("{name}."), known, found);
            } else {
                found.insert(name);
            }
        }
    }

    #[test]
    fn every_key_of_a_summary_is_explained_and_every_explained_key_exists() {
        let known: BTreeSet<String> = KEYS.iter().flat_map(|key| expanded(key.name)).collect();
        let mut found = BTreeSet::new();
        names(&super::super::tests::extended_summary(), "", &known, &mut found);
        let explained: BTreeSet<String> = known.iter().filter(|name| !name.starts_with("failure.")).cloned().collect();
        assert_eq!(found.difference(&explained).collect::<Vec<_>>(), Vec::<&String>::new());
        assert_eq!(explained.difference(&found).collect::<Vec<_>>(), Vec::<&String>::new());
    }

    #[test]
    fn alternatives_multiply() {
        assert_eq!(expanded("a_{b,c}_{d,e}"), ["a_b_d", "a_b_e", "a_c_d", "a_c_e"]);
    }
}
