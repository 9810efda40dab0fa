//! `check`: what a configuration means and what its run will cost, without running it and without writing anything.
//!
//! The resolved configuration comes out as YAML and everything else as comments of it, so that the whole can be kept
//! as a file and run.

use super::advice::{Advice, advice};
use super::configuration::ConfigurationArgs;
use super::plan::{self, Certainty, Memory, Output, Plan};
use super::settings::{output_times, pace, stop_rules, time_grid};
use super::simulate::{SimulateError, set_up};
use super::speech;
use super::step_watch::StepWatch;
use crate::config::Loaded;
use crate::disk::model::Model;
use crate::disk::report::StepFacts;
use crate::disk::setup::Setup;
use crate::parallel::policy::{Decision, Requests};
use crate::parallel::world::World;
use crate::physics::PhysicsError;
use crate::physics::constants::{M_MARS, R_MARS, YEAR};
use crate::run::clock::Clock;
use crate::run::time_grid::TimeGrid;
use clap::Args;
use std::fmt::Write;
use std::fs;
use std::path::Path;

/// Arguments of `check`.
#[derive(Debug, Args)]
pub struct CheckArgs {
    #[command(flatten)]
    configuration: ConfigurationArgs,

    /// Exit with status 2 also for warnings
    #[arg(long)]
    strict: bool,

    /// Only what follows from the configuration and the warnings, not the configuration itself
    #[arg(long, alias = "quiet")]
    brief: bool,
}

/// A configuration that was checked.
struct Checked {
    loaded: Loaded,
    setup: Setup,
    grid: TimeGrid,
    plan: Plan,
    memory: Memory,
    output: Output,
    decision: Decision,
    advice: Vec<Advice>,
}

/// Checks a configuration and prints what it means; whether there is nothing that `--strict` would refuse.
///
/// # Errors
/// What would also prevent the run.
pub fn run(args: &CheckArgs, world: &World) -> Result<bool, SimulateError> {
    let checked = check(args.configuration.load()?, world)?;
    let mut page = String::new();
    if !args.brief {
        page.push_str(&checked.loaded.to_yaml());
        page.push('\n');
    }
    page.push_str(&checked.facts());
    for warning in &checked.loaded.warnings {
        line(&mut page, "warning", warning);
    }
    for Advice { code, text, .. } in &checked.advice {
        line(&mut page, "warning", &format!("{code}: {text}"));
    }
    for advice in &checked.decision.advice {
        line(&mut page, "machine", advice);
    }
    speech::print(&page)?;
    Ok(!args.strict || (checked.loaded.warnings.is_empty() && checked.advice.is_empty()))
}

fn check(loaded: Loaded, world: &World) -> Result<Checked, SimulateError> {
    let setup = set_up(&loaded)?;
    let (config, model) = (&loaded.config, &setup.model);
    let grid = time_grid(config, &model.cooling, model.grid.middle())?;
    let requests = Requests::read(None, |name| std::env::var(name).ok());
    let decision = Decision::new(model.cells.len(), world.places(), requests);
    let clock = Clock::new(grid, pace(config), output_times(config, grid.t_end));
    let plan = plan::plan(model, clock, pace(config), &stop_rules(config, false));
    let output = plan::output(config, model, plan.records, plan.end / grid.t_orb);
    let own_cells = model.cells.len().div_ceil(decision.ranks_active.max(1));
    let memory = plan::memory(model, own_cells, decision.threads, &output);
    let mut advice = advice(&loaded, model, &grid);
    let long = StepWatch::new(config, model).too_long(plan.longest);
    advice.extend(long.map(|text| Advice { code: "NUM003", text, doubtful: false }));
    Ok(Checked { setup, grid, plan, memory, output, decision, advice, loaded })
}

/// A comment of the YAML.
fn line(page: &mut String, name: &str, text: &str) {
    // writing to a String cannot fail
    let _ = writeln!(page, "# {name:<12} {text}");
}

/// The smallest and the largest of some numbers, as a text.
fn span(numbers: impl Iterator<Item = f64>, digits: usize) -> String {
    let (low, high) = numbers.fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), x| (low.min(x), high.max(x)));
    if low == high { format!("{low:.digits$}") } else { format!("{low:.digits$} … {high:.digits$}") }
}

fn bytes(bytes: f64) -> String {
    match bytes {
        small if small < 1e6 => format!("{:.0} kB", small / 1e3),
        middle if middle < 1e9 => format!("{:.1} MB", middle / 1e6),
        large => format!("{:.2} GB", large / 1e9),
    }
}

/// A path from the root, without the links and dots in it where it exists.
fn absolute(path: &Path) -> String {
    let whole = fs::canonicalize(path).or_else(|_| std::path::absolute(path));
    whole.as_deref().unwrap_or(path).display().to_string()
}

impl Checked {
    fn facts(&self) -> String {
        let mut page = String::new();
        let model = &self.setup.model;
        line(&mut page, "valid", &format!("{}, profile {}", self.loaded.path.display(), self.profile()));
        for table in &self.setup.files {
            let place = if table.built_in { "built in".to_owned() } else { absolute(&table.read) };
            line(&mut page, "table", &format!("{}: {place}, SHA-256 {}", table.configured.display(), table.sha256));
        }
        line(&mut page, "folder", &absolute(Path::new(&self.loaded.config.io.outdir)));
        self.disk(&mut page, model);
        self.light(&mut page, model);
        self.effort(&mut page);
        page
    }

    fn profile(&self) -> String {
        format!("{:?}", self.loaded.config.profile).to_lowercase()
    }

    fn disk(&self, page: &mut String, model: &Model) {
        let cells = || model.cells.iter();
        let facts = || cells().map(|cell| cell.facts);
        let (inner, outer) = (model.grid.r_in / R_MARS, model.grid.r_out / R_MARS);
        let hours = span(facts().map(|cell| cell.t_orb / 3600.0), 2);
        line(
            page,
            "disk",
            &format!("{} cells, {inner:.4} to {outer:.4} R_Mars; orbits of {hours} h", model.cells.len()),
        );
        let (edges, n) = (&model.sizes.edges, model.sizes.len());
        let (bottom, top) = (edges[0], edges[n]);
        let per_decade = n as f64 / (top / bottom).log10();
        line(page, "sizes", &format!("{n} bins from {bottom:.3e} to {top:.3e} m, {per_decade:.1} per decade"));
        let mass: f64 = facts().map(|cell| cell.initial_surface_density * cell.area).sum::<f64>() / M_MARS;
        let sigma = facts().map(|cell| cell.initial_surface_density).fold(0.0, f64::max);
        line(
            page,
            "dust",
            &format!(
                "at the start Σ0 = {sigma:.4e} kg/m² at line-of-sight τ = {}, κ = {:.4e} m²/kg; in all {mass:.4e} M_Mars",
                self.loaded.config.target_tau(),
                model.initial_opacity,
            ),
        );
        let speeds = span(cells().map(|cell| cell.speed / 1e3), 3);
        let heights = span(cells().map(|cell| cell.scale_height / cell.facts.r), 4);
        let eccentricities = span(facts().map(|cell| cell.eccentricity), 3);
        line(page, "collisions", &format!("at {speeds} km/s at the start; e = {eccentricities}, H/r = {heights}"));
    }

    fn light(&self, page: &mut String, model: &Model) {
        let dt = self.grid.dt_nominal;
        let start = model.drivers(0, 0.0, dt);
        let end = model.drivers(0, (self.plan.end - dt).max(0.0), dt.min(self.plan.end));
        let kelvin = |step: &Result<StepFacts, PhysicsError>| match step {
            Ok(step) => format!("{:.1} K", step.temperature),
            Err(error) => format!("not to be had ({error})"),
        };
        line(
            page,
            "Mars",
            &format!(
                "{} in the first step, {} at the end ({})",
                kelvin(&start),
                kelvin(&end),
                model.run.temperature_source,
            ),
        );
        for (name, step) in [("at the start", start), ("at the end", end)] {
            match step {
                Ok(step) => line(
                    page,
                    "blow-out",
                    &format!(
                        "{name} s_blow = {:.4e} m, s_min_eff = {:.4e} m, Q_pr there = {:.4}, β there = {:.4}{}",
                        step.s_blow,
                        step.s_min_effective,
                        step.q_pr_at_smin,
                        step.beta_at_smin,
                        if model.blowout.enabled && step.blowout_gate { "" } else { "; nothing is blown out" },
                    ),
                ),
                Err(error) => line(page, "blow-out", &format!("{name}: {error}")),
            }
        }
        let times = span(model.cells.iter().map(|cell| cell.facts.t_blow), 1);
        line(page, "", &format!("χ = {:.4}, t_blow = χ/Ω = {times} s", model.run.chi));
    }

    fn effort(&self, page: &mut String) {
        let Plan { steps, records, end, certain, reason, longest } = self.plan;
        let years = end / YEAR;
        let (word, remark) = match certain {
            Certainty::Exact => ("", "unless its cells end the run before"),
            Certainty::AtMost => ("at most ", "the step also follows the collision times"),
            Certainty::AtLeast => ("more than ", "the clock was followed no further"),
        };
        line(
            page,
            "clock",
            &format!(
                "{word}{steps} coupling steps from {:.4e} s on, the longest {longest:.4e} s, until {years:.4} yr ({}); {remark}",
                self.grid.dt_nominal,
                reason.as_str(),
            ),
        );
        line(page, "records", &format!("{word}{records}"));
        let Memory { tables, workspaces, cells, rows } = self.memory;
        line(
            page,
            "memory",
            &format!(
                "about {} for process 0 beside the program: collision tables {}, buffers of {} threads {}, cells {}, rows {}",
                bytes(self.memory.total()),
                bytes(tables),
                self.decision.threads,
                bytes(workspaces),
                bytes(cells),
                bytes(rows),
            ),
        );
        line(page, "", &format!("with {} of {} processes at work", self.decision.ranks_active, self.decision.ranks));
        line(
            page,
            "output",
            &format!(
                "{word}about {}, if no cell stops (rows times what rows of the shipped configurations take)",
                bytes(self.output.bytes),
            ),
        );
    }
}
