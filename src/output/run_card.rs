//! `run_card.md`: one page about a run, for a person.

use serde_json::Value;
use std::fmt::Write;

/// The page, from `summary.json` and `run_config.json`.
pub fn run_card(summary: &Value, config: &Value) -> String {
    let mut page = String::from("# Run card\n");
    let shown = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    let mut section = |title: &str, rows: &[(&str, String)]| {
        // Writing to a text cannot fail.
        let _ = writeln!(page, "\n## {title}\n");
        for (name, value) in rows {
            let _ = writeln!(page, "- {name}: {value}");
        }
    };
    let found = |key: &str| shown(&summary[key]);
    let set = |pointer: &str| config.pointer(pointer).map_or_else(|| "null".to_owned(), shown);
    section(
        "Outcome",
        &[
            ("status", found("status")),
            ("stop_reason", found("stop_reason")),
            ("time_end_s", found("time_end_s")),
            ("mass_initial [M_Mars]", found("mass_initial")),
            ("mass_supplied [M_Mars]", found("mass_supplied")),
            ("M_out_cum [M_Mars]", found("M_out_cum")),
            ("M_sink_cum [M_Mars]", found("M_sink_cum")),
            ("mass_remaining [M_Mars]", found("mass_remaining")),
            ("mass_ledger_max_error_percent", found("mass_ledger_max_error_percent")),
        ],
    );
    section(
        "Artifacts",
        &[
            ("series", "series/run.parquet, series/diagnostics.parquet, series/psd_hist.parquet".to_owned()),
            ("checks", "checks/mass_budget.csv".to_owned()),
            ("summary", "summary.json".to_owned()),
            ("configuration", "run_config.json".to_owned()),
        ],
    );
    let mode = set("/config/physics_mode");
    section(
        "Configuration",
        &[
            ("source", set("/config_source_path")),
            ("profile", set("/profile")),
            ("geometry", found("geometry_mode")),
            ("physics_mode", mode.clone()),
            ("collisions_active", (mode != "sublimation_only").to_string()),
            ("sinks_active", (mode != "collisions_only" && set("/config/sinks/mode") != "none").to_string()),
            ("energy_bookkeeping", set("/config/diagnostics/energy_bookkeeping/enabled")),
            ("seed", found("seed")),
            ("qpr_table_path", found("qpr_table_path")),
        ],
    );
    section(
        "Environment",
        &[
            ("platform", set("/provenance/platform")),
            ("git_commit", set("/provenance/git_commit")),
            ("command", set("/provenance/argv")),
            ("time", set("/provenance/timestamp_utc")),
        ],
    );
    page
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn the_page_says_how_the_run_ended_and_what_it_was() {
        let summary = json!({"status": "complete", "seed": 7, "M_out_cum": 1.5e-9, "geometry_mode": "0D"});
        let config = json!({"config": {"physics_mode": "collisions_only", "sinks": {"mode": "sublimation"}}});
        let page = run_card(&summary, &config);
        for line in ["- status: complete", "- seed: 7", "- M_out_cum [M_Mars]: 1.5e-9", "- sinks_active: false"] {
            assert!(page.lines().any(|found| found == line), "{line}\n{page}");
        }
        for title in ["# Run card", "## Artifacts", "## Configuration", "## Environment"] {
            assert!(page.lines().any(|found| found == title), "{title}");
        }
    }
}
