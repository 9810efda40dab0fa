//! The time loop.
//!
//! Every process takes the same steps with its own cells, several in a batch. Then process 0 collects what they did,
//! in the order of the cells, says how to go on, and has a thread write the records while everybody steps on. The clock
//! and the drivers follow from the model, so that every process knows them by itself.
//!
//! A stop that process 0 finds within a batch takes the cells back to it, see [`super::block`]: what is written does
//! not depend on how long the batches are. What every process does is in `member`, what process 0 does in `leader`.

use super::clock::{Clock, Tick};
use super::keeper::Keeper;
use super::leader::Leader;
pub use super::member::GROUPS_OF_ALL;
use super::member::Member;
use super::orders::Signals;
use super::stop::{StopReason, StopRules};
use crate::checkpoint::CheckpointError;
use crate::checkpoint::snapshot::{Snapshot, SnapshotError};
use crate::disk::cell::CellState;
use crate::disk::model::Model;
use crate::disk::report::StepFacts;
use crate::disk::step::StepError;
use crate::output::OutputError;
use crate::output::recorder::Recorder;
use crate::output::summary::{RankPerformance, StepCounts};
use crate::parallel::communicator::Communicator;
use crate::physics::PhysicsError;
use crate::wire::WireError;
use crate::{wire_enum, wire_struct};
use rayon::ThreadPool;
use std::path::PathBuf;

/// Why a run could not go on.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// The drivers cannot be evaluated.
    #[error("at {time:e} s: {source}")]
    Drivers {
        /// Start of the step [s].
        time: f64,
        /// What is wrong.
        source: PhysicsError,
    },
    /// A cell cannot be integrated.
    #[error("cell {cell}, step {step} from {time:e} s: {source}")]
    Cell {
        /// Index of the cell.
        cell: usize,
        /// Number of the step, from 0.
        step: u64,
        /// Start of the step [s].
        time: f64,
        /// What is wrong.
        source: StepError,
    },
    /// Mass appeared or vanished.
    #[error("at {time:e} s the mass budget is off by {percent:e} % (at most {allowed:e} %)")]
    Budget {
        /// Time [s].
        time: f64,
        /// Largest error of a cell or of the disk [%].
        percent: f64,
        /// Largest error allowed [%].
        allowed: f64,
    },
    /// The processes have taken different steps, which on equal machines cannot be.
    #[error(
        "process {process} has taken another step than process 0: do all run the same program on the same processors?"
    )]
    Disagreement {
        /// Number of the process.
        process: usize,
    },
    /// The processes do not understand each other.
    #[error(transparent)]
    Wire(#[from] WireError),
    /// A file cannot be written.
    #[error(transparent)]
    Output(#[from] OutputError),
    /// A checkpoint cannot be written.
    #[error(transparent)]
    Checkpoint(#[from] CheckpointError),
    /// The run cannot go on from its checkpoint.
    #[error("the checkpoint does not fit this run: {0}")]
    Restore(#[from] SnapshotError),
}

impl RunError {
    /// When it happened [s], where that is known.
    pub fn time(&self) -> Option<f64> {
        match self {
            RunError::Drivers { time, .. } | RunError::Cell { time, .. } | RunError::Budget { time, .. } => Some(*time),
            _ => None,
        }
    }

    /// Whether files are to blame: what was written until then stays as it is, for the run to go on from.
    pub fn is_of_files(&self) -> bool {
        matches!(self, RunError::Output(_) | RunError::Checkpoint(_) | RunError::Restore(_))
    }

    /// In which cell it happened, where that is known.
    pub fn cell(&self) -> Option<usize> {
        if let RunError::Cell { cell, .. } = self { Some(*cell) } else { None }
    }
}

/// A run that is about to begin.
pub struct Course<'a> {
    /// Constants.
    pub model: &'a Model,
    /// All cells at time zero; at the end, those of this process are where the run has brought them.
    pub cells: &'a mut [CellState],
    /// Clock at time zero.
    pub clock: Clock,
    /// When to stop early.
    pub rules: StopRules,
    /// Threads that step cells; without them the main thread does.
    pub threads: Option<&'a ThreadPool>,
    /// Cells that a thread takes at a time.
    pub chunk: usize,
    /// The processes, at most as many as cells.
    pub communicator: &'a dyn Communicator,
    /// The checkpoint from which the run goes on; processes other than 0 need [`GROUPS_OF_ALL`] of it.
    pub from: Option<&'a Snapshot>,
    /// Signals that this process receives.
    pub signals: Signals,
}

/// What process 0 has beside its cells.
#[derive(Default)]
pub struct Desk<'a> {
    /// Writes the files.
    pub recorder: Option<&'a mut Recorder>,
    /// Writes the checkpoints.
    pub keeper: Option<&'a mut Keeper>,
}

/// How a run ended.
#[derive(Debug)]
pub struct Ended {
    /// Its stop reason, or what went wrong.
    pub result: Result<StopReason, RunError>,
    /// Process on which a cell could not be integrated.
    pub failed_on: Option<usize>,
    /// The state before the step that failed, as a checkpoint.
    pub dump: Option<PathBuf>,
    /// Time reached [s].
    pub time: f64,
    /// Steps taken.
    pub steps: StepCounts,
    /// What it cost.
    pub effort: Effort,
}

/// What a run cost.
#[derive(Debug, Clone, Default)]
pub struct Effort {
    /// Process 0 waiting for its writer [s].
    pub write_s: f64,
    /// Its writer at work on records [s].
    pub writer_s: f64,
    /// Process 0 in checkpoints [s].
    pub checkpoint_s: f64,
    /// Checkpoints written.
    pub checkpoints: u64,
    /// Batches of steps.
    pub batches: u64,
    /// How often cells moved.
    pub moves: u64,
    /// Each process.
    pub per_rank: Vec<RankPerformance>,
}

/// How the processes go on after a batch.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Verdict {
    /// With another batch, before which a checkpoint is written if `saves`.
    Go { saves: bool, plan: Plan },
    /// Back to so many steps of this batch, and report what was not recorded; the run ends. If a step has failed, the
    /// state before it is kept.
    Return { kept: usize, failed: bool },
    /// The run ends at once.
    Leave,
    /// The run stops after a checkpoint was written.
    Stop,
}
wire_enum!(Verdict { 0 => Go { saves, plan }, 1 => Return { kept, failed }, 2 => Leave, 3 => Stop });

/// The next batch.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Plan {
    /// Most steps in it.
    pub limit: usize,
    /// It ends with the first step that ends at this time or later [s], when a checkpoint is due.
    pub until: f64,
    /// Cells move if there are new ends of the blocks.
    pub ends: Vec<usize>,
}
wire_struct!(Plan { limit, until, ends });

/// Why a batch is over, as every process knows by itself.
pub(super) enum Pause {
    /// It is full.
    Limit,
    /// The clock ends the run.
    End(StopReason),
    /// The drivers of a step that was not taken end the run.
    Refused(StopReason, StepFacts),
    /// The drivers cannot be evaluated.
    Error(RunError),
}

/// Runs a disk to its end. Process 0 has the desk, is told of every step by `observe` and learns how it ended.
pub fn run(course: Course, desk: Desk, observe: &mut (dyn FnMut(&Tick) + Send)) -> Option<Ended> {
    let is_root = course.communicator.is_root();
    std::thread::scope(|scope| {
        let leader = is_root.then(|| Leader::new(&course, desk, observe, scope));
        take_part(course, leader)
    })
}

fn take_part<'a>(course: Course<'a>, mut leader: Option<Leader<'a>>) -> Option<Ended> {
    let (mut member, cells) = match Member::new(course) {
        Ok(begun) => begun,
        Err(error) => return leader.map(|leader| leader.cannot_begin(error)),
    };
    let rest = loop {
        leader.iter_mut().for_each(Leader::enter);
        let pause = member.take_batch();
        match member.report(leader.as_mut(), pause) {
            Verdict::Go { saves, plan } => {
                if saves {
                    save(&mut member, leader.as_mut());
                }
                member.go_on(plan);
            }
            Verdict::Return { kept, failed } => {
                leader.iter_mut().for_each(Leader::enter);
                member.go_back(kept);
                if failed {
                    member.send_load();
                    leader.iter_mut().for_each(|leader| leader.dump(&member));
                }
                break member.report_rest();
            }
            Verdict::Leave => break false,
            Verdict::Stop => {
                save(&mut member, leader.as_mut());
                break false;
            }
        }
    };
    let per_rank = member.performances();
    cells[member.block.range()].clone_from_slice(member.block.cells());
    leader.map(|leader| leader.finish(&member, rest, per_rank))
}

/// Process 0 writes a checkpoint of everybody's cells.
fn save(member: &mut Member, leader: Option<&mut Leader>) {
    member.send_load();
    if let Some(leader) = leader {
        leader.save(member);
    }
}

#[cfg(test)]
mod tests;
