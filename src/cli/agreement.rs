//! How several processes begin a run together: every one reads the configuration and its tables for itself, then all
//! agree that they are the same program and read the same, and that process 0 can write; or all learn what is wrong, and
//! one says it.

use super::simulate::SimulateError;
use crate::checkpoint::snapshot::Snapshot;
use crate::files::hash;
use crate::parallel::policy::{Decision, Place};
use crate::parallel::world::World;
use crate::run::driver::GROUPS_OF_ALL;
use crate::wire::{Reader, Wire, from_peer, to_bytes};
use crate::wire_enum;
use std::path::Path;

/// What a process tells of its preparations.
#[derive(Debug, Clone, PartialEq)]
enum Prepared {
    /// It has read what this stands for.
    Ready { fingerprint: String },
    /// It has not, with the exit status that this calls for.
    Failed { message: String, status: u8 },
}
wire_enum!(Prepared { 0 => Ready { fingerprint }, 1 => Failed { message, status } });

/// The answer of process 0.
#[derive(Debug, Clone, PartialEq)]
enum Answer {
    Begin { decision: Decision, from: Option<Snapshot> },
    End { status: u8 },
}
wire_enum!(Answer { 0 => Begin { decision, from }, 1 => End { status } });

/// What all processes know when a run begins.
pub struct Agreed<T, R> {
    /// What this process has read.
    pub content: T,
    /// How the run is spread.
    pub decision: Decision,
    /// The checkpoint from which the run goes on; of processes other than 0 the part that they need.
    pub from: Option<Snapshot>,
    /// What process 0 has begun.
    pub begun: Option<R>,
}

/// Agrees on the way the run is spread, or on the error that prevents it.
///
/// `prepared` is what this process has read, with a fingerprint of it; `begin` makes the decision on process 0,
/// and does everything that only process 0 does before a run; it also finds the checkpoint from which the run goes on.
///
/// # Errors
/// On process 0 the error to be reported; on the others [`SimulateError::Elsewhere`].
pub fn agree<T, R>(
    world: &World,
    prepared: Result<(T, String), SimulateError>,
    begin: impl FnOnce(&T) -> Result<(Decision, Option<Snapshot>, R), SimulateError>,
) -> Result<Agreed<T, R>, SimulateError> {
    let outcome = match &prepared {
        Ok((_, fingerprint)) => Prepared::Ready { fingerprint: fingerprint.clone() },
        Err(error) => Prepared::Failed { message: error.to_string(), status: error.exit_code() },
    };
    let mut all = Vec::new();
    // Another program may mean something else by everything that follows.
    let ours = if world.size() > 1 { program() } else { String::new() };
    world.all().gather(&[to_bytes(&ours), to_bytes(&outcome)].concat(), &mut all);

    let mut answer = Vec::new();
    if !world.is_root() {
        world.all().broadcast(&mut answer);
        return match (from_peer(&answer), prepared) {
            (Answer::Begin { decision, from }, Ok((content, _))) => Ok(Agreed { content, decision, from, begun: None }),
            (Answer::Begin { .. }, Err(error)) => Err(error),
            (Answer::End { status }, _) => Err(SimulateError::Elsewhere { status }),
        };
    }
    let introduced = introductions(&all, &ours, world.places());
    let decided = introduced.and_then(|all| Ok((all, prepared?))).and_then(|(all, (content, _))| {
        first_objection(&all, world.places())?;
        let (decision, from, begun) = begin(&content)?;
        Ok(Agreed { content, decision, from, begun: Some(begun) })
    });
    answer = to_bytes(&match &decided {
        Ok(Agreed { decision, from, .. }) => {
            let from = from.as_ref().map(|snapshot| snapshot.of_groups(&GROUPS_OF_ALL));
            Answer::Begin { decision: decision.clone(), from }
        }
        Err(error) => Answer::End { status: error.exit_code() },
    });
    world.all().broadcast(&mut answer);
    decided
}

/// Version, commit and SHA-256 of this program.
fn program() -> String {
    let (version, commit) = (env!("CARGO_PKG_VERSION"), option_env!("MARSDISK_GIT_COMMIT").unwrap_or("unknown"));
    // On Linux the file that runs, even if its name is that of a newer one by now.
    let itself = Path::new("/proc/self/exe");
    let file = if itself.exists() { Some(itself.to_path_buf()) } else { std::env::current_exe().ok() };
    let sha256 = file.and_then(|file| hash(&file).ok()).map_or_else(|| "unknown".to_string(), |(_, sha256)| sha256);
    format!("version {version}, commit {commit:.12}, SHA-256 {sha256:.12}")
}

/// What all processes tell, if they are the same program as this one.
fn introductions(all: &[Vec<u8>], ours: &str, places: &[Place]) -> Result<Vec<Prepared>, SimulateError> {
    let introduction = |(process, (bytes, place)): (usize, (&Vec<u8>, &Place))| {
        let mut reader = Reader::new(bytes);
        let theirs = String::unpack(&mut reader).unwrap_or_else(|error| error.to_string());
        match Prepared::unpack(&mut reader) {
            Ok(prepared) if theirs == ours => Ok(prepared),
            _ => {
                let (host, ours) = (place.host.clone(), ours.to_string());
                Err(SimulateError::DifferentProgram { process, host, theirs, ours })
            }
        }
    };
    all.iter().zip(places).enumerate().map(introduction).collect()
}

/// The first process that failed, or that has read something else than process 0.
fn first_objection(all: &[Prepared], places: &[Place]) -> Result<(), SimulateError> {
    for (process, (outcome, place)) in all.iter().zip(places).enumerate() {
        let host = place.host.clone();
        match outcome {
            Prepared::Failed { message, status } => {
                return Err(SimulateError::Process { process, host, message: message.clone(), status: *status });
            }
            Prepared::Ready { .. } if *outcome != all[0] => {
                return Err(SimulateError::DifferentInput { process, host });
            }
            Prepared::Ready { .. } => {}
        }
    }
    Ok(())
}
