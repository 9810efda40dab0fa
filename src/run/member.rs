//! What every process does: steps its cells, reports, follows the verdict of process 0.

use super::batch::{Failure, Message, Step};
use super::block::{Block, Load};
use super::clock::Clock;
use super::driver::{Course, Pause, Plan, RunError, Verdict};
use super::leader::Leader;
use super::orders::Signals;
use super::stop::{StopReason, StopRules};
use crate::checkpoint::snapshot::{Exchange, Snapshot, SnapshotError};
use crate::disk::cell::CellState;
use crate::disk::model::Model;
use crate::disk::report::{CellReport, StepFacts};
use crate::output::summary::RankPerformance;
use crate::parallel::communicator::Communicator;
use crate::parallel::decomposition::Decomposition;
use crate::wire::{from_peer, to_bytes};
use crate::wire_struct;
use std::time::Instant;

wire_struct!(RankPerformance { cells, step_s, exchange_s, messages, bytes, moved_bytes });

/// A process.
pub(super) struct Member<'a> {
    model: &'a Model,
    communicator: &'a dyn Communicator,
    clock: Clock,
    rules: StopRules,
    pub(super) block: Block<'a>,
    pub(super) blocks: Decomposition,
    /// Steps of this batch.
    pub(super) steps: Vec<Step>,
    /// Where the clock stood before each of them, and before the one that could not be taken.
    clocks: Vec<Clock>,
    /// Drivers of the last step of the batches before.
    before: Option<StepFacts>,
    /// Signals that this process receives.
    signals: Signals,
    /// Steps of a full batch.
    pub(super) limit: usize,
    /// Time at which a batch ends in any case [s].
    until: f64,
    message: Message,
    /// What all processes reported, on process 0.
    pub(super) messages: Vec<Vec<u8>>,
    /// A cell of this process that could not be integrated.
    failure: Option<Failure>,
    pub(super) step_s: f64,
    exchange_s: f64,
    moved_bytes: u64,
}

impl<'a> Member<'a> {
    /// A process with its share of the cells, and all of them back.
    ///
    /// # Errors
    /// The checkpoint from which the run should go on is of another disk; all processes find that.
    pub(super) fn new(course: Course<'a>) -> Result<(Self, &'a mut [CellState]), SnapshotError> {
        let communicator = course.communicator;
        let blocks = Decomposition::even(course.cells.len(), communicator.size());
        let range = blocks.block(communicator.rank());
        let (mut clock, mut before) = (course.clock, None);
        let mut load = Load::at_start(course.cells.to_vec());
        if let Some(snapshot) = course.from {
            exchange(&mut clock, &mut before, &mut load, &mut Exchange::restoring(snapshot, "clock"))?;
        }
        let mine = load.of_cells(range.clone());
        let member = Member {
            model: course.model,
            communicator,
            clock,
            rules: course.rules,
            signals: course.signals,
            block: Block::new(course.model, range, mine, course.threads, course.chunk),
            blocks,
            steps: Vec::new(),
            clocks: Vec::new(),
            before,
            limit: 1,
            // Process 0 says it after the first step.
            until: f64::INFINITY,
            message: Message::default(),
            messages: Vec::new(),
            failure: None,
            step_s: 0.0,
            exchange_s: 0.0,
            moved_bytes: 0,
        };
        Ok((member, course.cells))
    }

    /// Steps until the batch is full or the run cannot go on.
    pub(super) fn take_batch(&mut self) -> Pause {
        let (start, exchange_before) = (Instant::now(), self.exchange_s);
        self.before = self.last_drivers();
        self.steps.clear();
        self.clocks.clear();
        self.message.clear(self.block.cells().len());
        self.block.save();
        let mut pause = None;
        while pause.is_none() && self.steps.len() < self.limit && !self.has_reached(self.until) {
            pause = self.take_step();
        }
        self.message.close(self.failure.clone(), self.signals.take());
        self.step_s += start.elapsed().as_secs_f64() - (self.exchange_s - exchange_before);
        pause.unwrap_or(Pause::Limit)
    }

    fn has_reached(&self, time: f64) -> bool {
        self.steps.last().is_some_and(|step| step.tick.end >= time)
    }

    fn take_step(&mut self) -> Option<Pause> {
        self.clocks.push(self.clock.clone());
        let Some(tick) = self.clock.next(self.model) else { return Some(Pause::End(StopReason::EndReached)) };
        let drivers = match self.model.drivers(tick.index, tick.start, tick.dt) {
            Ok(drivers) => drivers,
            Err(source) => return Some(Pause::Error(RunError::Drivers { time: tick.start, source })),
        };
        if let Some(reason) = self.rules.before_step(tick.start, &drivers) {
            return Some(Pause::Refused(reason, drivers));
        }
        let mut t_coll = match self.block.step(&drivers) {
            Ok(()) => {
                self.steps.push(Step { tick, drivers });
                self.message.add(&Step { tick, drivers }, &mut self.block);
                shortest_collision_time(self.block.reports())
            }
            Err((cell, source)) => {
                self.failure = Some(Failure { cell, step: tick.index, time: tick.start, source });
                // Below every collision time: tells the others, if they ask, that this process goes no further.
                f64::NEG_INFINITY
            }
        };
        if self.clock.follows_collisions() {
            let start = Instant::now();
            t_coll = self.communicator.minimum(t_coll);
            self.exchange_s += start.elapsed().as_secs_f64();
        }
        if t_coll == f64::NEG_INFINITY {
            return Some(Pause::Limit);
        }
        self.clock.observe_collision_time(t_coll);
        None
    }

    /// Reports the batch and receives the verdict.
    pub(super) fn report(&mut self, leader: Option<&mut Leader>, pause: Pause) -> Verdict {
        let start = Instant::now();
        self.communicator.gather(&self.message.bytes, &mut self.messages);
        let mut verdict = leader.map_or_else(Vec::new, |leader| to_bytes(&leader.judge(self, pause)));
        self.communicator.broadcast(&mut verdict);
        self.exchange_s += start.elapsed().as_secs_f64();
        from_peer(&verdict)
    }

    /// Prepares the next batch.
    pub(super) fn go_on(&mut self, plan: Plan) {
        let Plan { limit, until, ends } = plan;
        (self.limit, self.until) = (limit, until);
        if ends.is_empty() {
            return;
        }
        let sent_before = self.communicator.traffic().bytes;
        self.send_load();
        let start = Instant::now();
        self.blocks = Decomposition::from_ends(ends);
        let parts = if self.communicator.is_root() { self.parts() } else { Vec::new() };
        let mut mine = Vec::new();
        self.communicator.scatter(&parts, &mut mine);
        self.block.replace(self.blocks.block(self.communicator.rank()), from_peer(&mine));
        self.moved_bytes += self.communicator.traffic().bytes - sent_before;
        self.exchange_s += start.elapsed().as_secs_f64();
    }

    /// The cells that all have sent, by their new places.
    fn parts(&self) -> Vec<Vec<u8>> {
        let disk = Load::of_blocks(self.messages.iter().map(|message| from_peer(message)).collect());
        self.blocks.blocks().map(|block| to_bytes(&disk.of_cells(block))).collect()
    }

    /// Takes back what was stepped after the first `kept` steps of the batch.
    pub(super) fn go_back(&mut self, kept: usize) {
        if kept == self.steps.len() && self.failure.is_none() {
            return;
        }
        if let Some(clock) = self.clocks.get(kept) {
            self.clock = clock.clone();
        }
        self.steps.truncate(kept);
        self.block.go_back();
        for step in &self.steps {
            // It went well before, and goes the same way again.
            let _ = self.block.step(&step.drivers);
            if step.tick.record {
                self.block.close_interval(&step.drivers);
            }
        }
    }

    /// Reports what happened since the last record, if anything did.
    pub(super) fn report_rest(&mut self) -> bool {
        let Some(last) = self.last_drivers() else { return false };
        if self.block.is_recorded() {
            return false;
        }
        self.message.set_to_rest(&mut self.block, &last);
        self.communicator.gather(&self.message.bytes, &mut self.messages);
        true
    }

    /// Drivers of the last step.
    fn last_drivers(&self) -> Option<StepFacts> {
        self.steps.last().map(|step| step.drivers).or(self.before)
    }

    /// Where the clock stands.
    pub(super) fn clock(&self) -> &Clock {
        &self.clock
    }

    /// Sends everything about the cells to process 0.
    pub(super) fn send_load(&mut self) {
        let start = Instant::now();
        self.communicator.gather(&to_bytes(&self.block.load()), &mut self.messages);
        self.exchange_s += start.elapsed().as_secs_f64();
    }

    /// Saves what all processes know, and on process 0 all cells, which they have sent.
    ///
    /// # Errors
    /// None; restoring has some.
    pub(super) fn save(&self, snapshot: &mut Snapshot) -> Result<(), SnapshotError> {
        let mut load = Load::of_blocks(self.messages.iter().map(|message| from_peer(message)).collect());
        let (mut clock, mut last) = (self.clock.clone(), self.last_drivers());
        exchange(&mut clock, &mut last, &mut load, &mut Exchange::saving(snapshot, "clock"))
    }

    /// What the run cost each process, on process 0.
    pub(super) fn performances(&mut self) -> Vec<RankPerformance> {
        let traffic = self.communicator.traffic();
        let mine = RankPerformance {
            cells: self.block.cells().len(),
            step_s: self.step_s,
            exchange_s: self.exchange_s,
            messages: traffic.messages,
            bytes: traffic.bytes,
            moved_bytes: self.moved_bytes,
        };
        let mut all = Vec::new();
        self.communicator.gather(&to_bytes(&mine), &mut all);
        all.iter().map(|bytes| from_peer(bytes)).collect()
    }
}

/// Groups of a snapshot that every process needs to go on.
pub const GROUPS_OF_ALL: [&str; 3] = ["clock", "cells", "interval"];

/// Saves or restores what the future of the cells follows from.
fn exchange(
    clock: &mut Clock,
    last: &mut Option<StepFacts>,
    load: &mut Load,
    exchange: &mut Exchange,
) -> Result<(), SnapshotError> {
    clock.exchange(exchange)?;
    exchange.wire("last", "drivers of the last step", last)?;
    load.exchange(exchange)
}

/// Shortest collision time of cells [s]; infinite without collisions.
fn shortest_collision_time(reports: &[CellReport]) -> f64 {
    reports.iter().filter_map(|report| report.smol).map(|smol| smol.t_coll).fold(f64::INFINITY, f64::min)
}
