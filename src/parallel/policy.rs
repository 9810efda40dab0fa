//! How many processes and threads a run uses, and why.
//!
//! The rules and the names in `run_config.json` are those of the Python program, whose jobs are processes here, or
//! threads if there is one process. What it never looks at is looked at here: the cores of each node.

use super::decomposition::Decomposition;
use crate::{wire_enum, wire_struct};
use serde_json::{Value, json};

/// Where a process runs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// Name of the node.
    pub host: String,
    /// The cores of the node that the process may use, as the system names them.
    pub affinity: String,
    /// How many these are.
    pub cores: usize,
    /// How many the node has.
    pub host_cores: usize,
}
wire_struct!(Place { host, affinity, cores, host_cores });

impl Place {
    /// Where this process runs.
    pub fn here() -> Self {
        let read = |path: &str| std::fs::read_to_string(path).unwrap_or_default();
        let status = read("/proc/self/status");
        let affinity = status.lines().find_map(|line| line.strip_prefix("Cpus_allowed_list:")).unwrap_or_default();
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        Place {
            host: read("/proc/sys/kernel/hostname").trim().to_string(),
            affinity: affinity.trim().to_string(),
            cores,
            host_cores: count_list(read("/sys/devices/system/cpu/online").trim()).max(cores),
        }
    }

    fn shares_cores_with(&self, other: &Place) -> bool {
        self.host == other.host && self.affinity == other.affinity
    }
}

/// Length of a list such as `0-3,8`.
fn count_list(list: &str) -> usize {
    let count = |range: &str| {
        let (first, last) = range.split_once('-').unwrap_or((range, range));
        Some(last.parse::<usize>().ok()? + 1 - first.parse::<usize>().ok()?)
    };
    list.split(',').filter_map(count).sum()
}

/// What the user asks for, by the command line and by variables of the environment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Requests {
    /// `MARSDISK_CELL_PARALLEL`.
    pub parallel: Option<bool>,
    /// `MARSDISK_CELL_PARALLEL_FORCE`; there is nothing to force, every system is fit.
    pub force: bool,
    /// `MARSDISK_CELL_JOBS`.
    pub jobs: Option<usize>,
    /// `MARSDISK_CELL_MIN_CELLS`: with fewer cells, one worker does everything.
    pub min_cells: usize,
    /// `MARSDISK_CELL_MIN_CELLS_PER_JOB`.
    pub min_cells_per_job: usize,
    /// `MARSDISK_CELL_CHUNK_SIZE`: cells that a thread takes at a time; 0 leaves it to the program.
    pub chunk_size: usize,
    /// Threads of a process: `--threads`, else `RAYON_NUM_THREADS`, else `SLURM_CPUS_PER_TASK`.
    pub threads: Option<usize>,
}
wire_struct!(Requests { parallel, force, jobs, min_cells, min_cells_per_job, chunk_size, threads });

impl Requests {
    /// From the command line's number of threads and variables of the environment.
    pub fn read(threads: Option<usize>, variable: impl Fn(&str) -> Option<String>) -> Self {
        let number = |name: &str| variable(name).and_then(|text| text.trim().parse::<usize>().ok());
        let flag = |name: &str| variable(name).and_then(|text| flag(&text));
        let threads_of = |name: &str| number(name).filter(|threads| *threads > 0);
        Requests {
            parallel: flag("MARSDISK_CELL_PARALLEL"),
            force: flag("MARSDISK_CELL_PARALLEL_FORCE").unwrap_or(false),
            jobs: number("MARSDISK_CELL_JOBS").map(|jobs| jobs.max(1)),
            min_cells: number("MARSDISK_CELL_MIN_CELLS").unwrap_or(4).max(1),
            min_cells_per_job: number("MARSDISK_CELL_MIN_CELLS_PER_JOB").unwrap_or(2).max(1),
            chunk_size: number("MARSDISK_CELL_CHUNK_SIZE").unwrap_or(0),
            threads: threads.or_else(|| threads_of("RAYON_NUM_THREADS")).or_else(|| threads_of("SLURM_CPUS_PER_TASK")),
        }
    }
}

fn flag(text: &str) -> Option<bool> {
    match text.trim().to_lowercase().as_str() {
        "1" | "true" | "yes" | "on" | "enable" | "enabled" => Some(true),
        "0" | "false" | "no" | "off" | "disable" | "disabled" => Some(false),
        _ => None,
    }
}

/// Why one worker does everything.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Disabled {
    /// `MARSDISK_CELL_PARALLEL` says so.
    NotRequested,
    /// There are too few cells.
    TooFewCells,
    /// Nobody asked for more, or there is one core.
    SingleJob,
    /// There are too few cells for that many jobs.
    TooFewCellsPerJob,
}
wire_enum!(Disabled { 0 => NotRequested, 1 => TooFewCells, 2 => SingleJob, 3 => TooFewCellsPerJob });

impl Disabled {
    /// Name in the files.
    pub fn as_str(self) -> &'static str {
        match self {
            Disabled::NotRequested => "not_requested",
            Disabled::TooFewCells => "too_few_cells",
            Disabled::SingleJob => "single_job",
            Disabled::TooFewCellsPerJob => "too_few_cells_per_job",
        }
    }
}

/// Who works.
#[derive(Debug, Clone, PartialEq)]
pub struct Decision {
    /// Cells of the disk.
    pub cells: usize,
    /// What was asked for.
    pub requests: Requests,
    /// Whether more than one worker was asked for.
    pub requested: bool,
    /// Why there is one all the same.
    pub disabled: Option<Disabled>,
    /// Jobs that were asked for.
    pub jobs_requested: usize,
    /// Processes that were started.
    pub ranks: usize,
    /// Processes that work.
    pub ranks_active: usize,
    /// Threads of each of them.
    pub threads: usize,
    /// Cells that a thread takes at a time.
    pub chunk_size: usize,
    /// Cores of the node of process 0.
    pub host_cores: usize,
    /// Whether a node has more workers than cores.
    pub oversubscribed: bool,
    /// What the user should know.
    pub advice: Vec<String>,
}
wire_struct!(Decision {
    cells,
    requests,
    requested,
    disabled,
    jobs_requested,
    ranks,
    ranks_active,
    threads,
    chunk_size,
    host_cores,
    oversubscribed,
    advice,
});

impl Decision {
    /// Decides for a number of cells and at least one process.
    pub fn new(cells: usize, places: &[Place], requests: Requests) -> Self {
        let ranks = places.len();
        let fitting = fitting_threads(places);
        let threads = requests.threads.unwrap_or(fitting);
        // One process with free choice takes no more threads than cells; everything else was asked for.
        let jobs_requested = requests.jobs.unwrap_or(if ranks > 1 { ranks } else { threads });
        let chosen = ranks == 1 && requests.jobs.is_none();
        let jobs = jobs_requested.min(cells);
        let disabled = if requests.parallel == Some(false) {
            Some(Disabled::NotRequested)
        } else if cells < requests.min_cells {
            Some(Disabled::TooFewCells)
        } else if jobs <= 1 {
            Some(Disabled::SingleJob)
        } else if !chosen && cells < jobs * requests.min_cells_per_job {
            Some(Disabled::TooFewCellsPerJob)
        } else {
            None
        };
        let (ranks_active, threads) = if disabled.is_some() {
            (1, 1)
        } else {
            let active = ranks.min(jobs);
            let threads = match (requests.jobs, requests.threads) {
                (Some(_), None) => jobs / active,
                _ => threads,
            };
            (active, threads.min(cells.div_ceil(active)).max(1))
        };
        let mut decision = Decision {
            cells,
            requests,
            requested: requests.parallel.unwrap_or(jobs_requested > 1 || ranks > 1),
            disabled,
            jobs_requested,
            ranks,
            ranks_active,
            threads,
            chunk_size: requests.chunk_size.clamp(1, cells.max(1)),
            host_cores: places[0].host_cores,
            oversubscribed: false,
            advice: Vec::new(),
        };
        decision.look_at_cores(places);
        decision
    }

    fn look_at_cores(&mut self, places: &[Place]) {
        let active = &places[..self.ranks_active];
        for place in active {
            let workers = self.threads * active.iter().filter(|other| place.shares_cores_with(other)).count();
            if workers > place.cores && !self.oversubscribed {
                self.oversubscribed = true;
                self.advice.push(format!(
                    "{workers} workers share {} cores on {}: fewer processes or threads would be faster",
                    place.cores, place.host
                ));
            }
        }
        if let (Some(reason), true) = (self.disabled, self.ranks > 1) {
            self.advice.push(format!(
                "{} cells on {} processes: process 0 computes alone ({})",
                self.cells,
                self.ranks,
                reason.as_str()
            ));
        }
    }

    /// `cell_parallel` of `run_config.json`.
    pub fn to_json(&self) -> Value {
        let requests = &self.requests;
        let shares = Decomposition::even(self.cells, self.ranks_active);
        json!({
            "requested": self.requested,
            "enabled": self.disabled.is_none(),
            "disabled_reason": self.disabled.map(Disabled::as_str),
            "force_non_windows": requests.force,
            "jobs_requested": self.jobs_requested,
            "jobs_effective": self.ranks_active * self.threads,
            "min_cells": requests.min_cells,
            "min_cells_per_job": requests.min_cells_per_job,
            "chunk_size": self.chunk_size,
            "chunk_mode": if requests.chunk_size > 0 { "fixed" } else { "auto" },
            "os": std::env::consts::OS,
            "cell_coupling_enabled": false,
            "ranks": self.ranks,
            "ranks_active": self.ranks_active,
            "threads_per_rank": self.threads,
            "cells_per_rank": shares.blocks().map(|block| block.len()).collect::<Vec<_>>(),
            "imbalance": shares.imbalance(&vec![1.0; self.cells], 0.0),
            "host_cores": self.host_cores,
            "oversubscribed": self.oversubscribed,
        })
    }
}

/// Threads for which every process has its own cores: cores over the processes that may use the same ones, on the
/// node where that is least.
fn fitting_threads(places: &[Place]) -> usize {
    let share = |place: &Place| place.cores / places.iter().filter(|other| place.shares_cores_with(other)).count();
    places.iter().map(share).min().unwrap_or(1).max(1)
}

#[cfg(test)]
mod tests;
