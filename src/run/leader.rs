//! What process 0 does beside its own cells: reads the reports, says how to go on, has everything written.

use super::batch::{Batch, Failure, Step, StepSums};
use super::books::Books;
use super::clock::Tick;
use super::driver::{Course, Desk, Effort, Ended, Pause, Plan, RunError, Verdict};
use super::keeper::Keeper;
use super::member::Member;
use super::orders::Order;
use super::stop::{StopReason, StopWatch};
use super::writer::{Entered, Writer};
use crate::checkpoint::snapshot::{Exchange, Snapshot, SnapshotError};
use crate::disk::model::Model;
use crate::disk::report::{CellReport, StepFacts};
use crate::output::OutputError;
use crate::output::summary::{RankPerformance, StepCounts};
use crate::parallel::decomposition::Decomposition;
use rayon::ThreadPool;
use std::path::PathBuf;
use std::thread::Scope;
use std::time::Instant;

/// Share of the time since the start that a batch should take: processes wait for each other after each, and cells can
/// move.
const BATCH_SHARE: f64 = 0.02;
/// Shortest and longest time for a batch [s]: long against the cost of a message, short for who waits for records.
const BATCH_TIME: (f64, f64) = (0.05, 2.0);
/// Most steps in a batch.
const LONGEST_BATCH: usize = 256;
/// Largest message of all processes together [bytes].
const LARGEST_BATCH: usize = 2 << 20;

/// Process 0. While everybody steps on, the [`Writer`] enters the batch before.
pub(super) struct Leader<'a> {
    model: &'a Model,
    watch: StopWatch,
    writer: Writer<'a>,
    keeper: Option<&'a mut Keeper>,
    /// What the processes have done last.
    batch: Batch,
    /// Memory for the next one.
    spare: Batch,
    /// Its steps that are still to be entered.
    due: Vec<Step>,
    /// Whether everything before was entered, as far as is known.
    entered: bool,
    /// Known once the run is over.
    outcome: Option<Result<StopReason, RunError>>,
    /// Drivers of a step that was not taken because of them.
    refused: Option<StepFacts>,
    failed_on: Option<usize>,
    dump: Option<PathBuf>,
    effort: Effort,
    started: Instant,
    last_verdict: Instant,
    /// Records entered.
    records: usize,
    /// Inner steps of this process's own cells.
    own_cost: f64,
    /// Threads of this process.
    threads: usize,
}

impl<'a> Leader<'a> {
    pub(super) fn new<'scope>(
        course: &Course<'a>,
        desk: Desk<'a>,
        observe: &'a mut (dyn FnMut(&Tick) + Send),
        scope: &'scope Scope<'scope, '_>,
    ) -> Self
    where
        'a: 'scope,
    {
        let mut books = Books::new(course.model, course.rules, desk.recorder, observe);
        let mut watch = StopWatch::new(course.rules);
        let restore = |snapshot| {
            let mut exchange = Exchange::restoring(snapshot, "books");
            books.exchange(&mut exchange)?;
            watch.exchange(&mut exchange)
        };
        // The others have begun by the time they learn of an error.
        let outcome = course.from.map_or(Ok(()), restore).err().map(|error| Err(error.into()));
        Leader {
            model: course.model,
            watch,
            writer: Writer::start(scope, books),
            keeper: desk.keeper,
            batch: Batch::default(),
            spare: Batch::default(),
            due: Vec::new(),
            entered: true,
            outcome,
            refused: None,
            failed_on: None,
            dump: None,
            effort: Effort::default(),
            started: Instant::now(),
            last_verdict: Instant::now(),
            records: 0,
            own_cost: 0.0,
            threads: course.threads.map_or(1, ThreadPool::current_num_threads),
        }
    }

    /// Reads what all processes did and decides how to go on.
    pub(super) fn judge(&mut self, member: &Member, pause: Pause) -> Verdict {
        if self.outcome.is_some() {
            return Verdict::Leave;
        }
        self.effort.batches += 1;
        if let Err(error) = self.batch.read(&member.messages, &member.steps, &member.blocks, self.model) {
            self.outcome = Some(Err(error));
            return Verdict::Leave;
        }
        if let Some((kept, reason)) = first_stop(&mut self.watch, &member.steps, &self.batch) {
            self.outcome = Some(Ok(reason));
            self.due.extend_from_slice(&member.steps[..kept]);
            return Verdict::Return { kept, failed: false };
        }
        let kept = self.batch.steps.len();
        self.due.extend_from_slice(&member.steps[..kept]);
        let outcome = match (self.batch.failure.take(), pause) {
            (Some((process, Failure { cell, step, time, source })), _) => {
                self.failed_on = Some(process);
                Err(RunError::Cell { cell, step, time, source })
            }
            (None, Pause::End(reason)) => Ok(reason),
            (None, Pause::Refused(reason, drivers)) => {
                self.refused = Some(drivers);
                Ok(reason)
            }
            (None, Pause::Error(error)) => Err(error),
            (None, Pause::Limit) => match self.order(member) {
                Ok(Order::GoOn) => return Verdict::Go { saves: false, plan: self.plan(member) },
                Ok(Order::Write) => return Verdict::Go { saves: true, plan: self.plan(member) },
                Ok(Order::Stop) => {
                    self.outcome = Some(Ok(StopReason::Interrupted));
                    return Verdict::Stop;
                }
                Err(error) => Err(error.into()),
            },
        };
        self.outcome = Some(outcome);
        Verdict::Return { kept, failed: self.failed_on.is_some() }
    }

    /// Whether a checkpoint is to be written.
    fn order(&mut self, member: &Member) -> Result<Order, OutputError> {
        let asked = self.batch.order;
        self.keeper.as_mut().map_or(Ok(Order::GoOn), |keeper| keeper.order(member.clock().time(), asked))
    }

    /// Enters everything and writes a checkpoint; the processes have sent their cells.
    pub(super) fn save(&mut self, member: &Member) {
        let began = Instant::now();
        self.hand_over();
        self.settle();
        let started = Instant::now();
        if self.entered {
            let written = self.snapshot(member).and_then(|snapshot| {
                let Some(keeper) = &mut self.keeper else { return Ok(()) };
                Ok(keeper.write(member.clock().steps(), member.clock().time(), snapshot, began)?)
            });
            if let Err(error) = written {
                self.outcome = Some(Err(error));
            }
            self.effort.checkpoint_s += started.elapsed().as_secs_f64();
            self.effort.checkpoints += u64::from(self.keeper.is_some());
        }
        // The checkpoint itself is counted apart.
        self.effort.write_s += (started - began).as_secs_f64();
        // Checkpoints are no part of the time of a batch.
        self.last_verdict = Instant::now();
    }

    /// Keeps the state before a step that has failed, so that it can be taken again; the processes have sent their cells.
    pub(super) fn dump(&mut self, member: &Member) {
        let dumped = self.snapshot(member).and_then(|snapshot| {
            let Some(keeper) = &mut self.keeper else { return Ok(None) };
            Ok(Some(keeper.dump(member.clock().steps(), snapshot)?))
        });
        match dumped {
            Ok(path) => self.dump = path,
            // The failure of the step is what to tell.
            Err(error) => tracing::warn!("the state before the failure cannot be kept: {error}"),
        }
    }

    /// Everything from which the run can go on.
    fn snapshot(&mut self, member: &Member) -> Result<Snapshot, RunError> {
        let mut snapshot = Snapshot::default();
        member.save(&mut snapshot)?;
        self.watch.exchange(&mut Exchange::saving(&mut snapshot, "stop"))?;
        if let Some(books) = self.settle() {
            books.exchange(&mut Exchange::saving(&mut snapshot, "books"))?;
            books.recorder().map_or(Ok(()), |recorder| recorder.save(&mut snapshot))?;
        }
        Ok(snapshot)
    }

    /// What becomes of a run whose checkpoint is of another disk.
    pub(super) fn cannot_begin(mut self, error: SnapshotError) -> Ended {
        let (time, steps) = self.reached();
        Ended { result: Err(error.into()), failed_on: None, dump: None, time, steps, effort: self.effort }
    }

    /// Time [s] and steps in the books.
    fn reached(&mut self) -> (f64, StepCounts) {
        self.settle().map(|books| (books.time(), books.steps)).unwrap_or_default()
    }

    /// The next batch.
    fn plan(&mut self, member: &Member) -> Plan {
        let elapsed = self.last_verdict.elapsed().as_secs_f64();
        self.last_verdict = Instant::now();
        let record = self.model.cells.len() * (size_of::<CellReport>() + size_of::<f64>() * self.model.sizes.len());
        let longest = LONGEST_BATCH.min(4 * member.limit).min(LARGEST_BATCH / record.max(1)).max(1);
        let time = (BATCH_SHARE * self.started.elapsed().as_secs_f64()).clamp(BATCH_TIME.0, BATCH_TIME.1);
        let limit = ((member.steps.len() as f64 * time / elapsed) as usize).clamp(1, longest);
        self.own_cost += self.batch.costs[member.block.range()].iter().sum::<f64>();
        let better = self.better_blocks(member, limit);
        self.effort.moves += u64::from(better.is_some());
        let until = self.keeper.as_ref().map_or(f64::INFINITY, |keeper| keeper.next(member.clock().time()));
        Plan { limit, until, ends: better.map_or_else(Vec::new, |blocks| blocks.ends().to_vec()) }
    }

    /// Blocks that suit the next batch, of `limit` steps, better. Its cells will cost what they cost in this one: the
    /// costs drift with the disk, so that older batches would only mislead.
    fn better_blocks(&self, member: &Member, limit: usize) -> Option<Decomposition> {
        let longer = limit as f64 / member.steps.len().max(1) as f64;
        let writing = self.cost_of_writing(member) / longer;
        tracing::debug!(
            steps = member.steps.len(),
            imbalance = member.blocks.imbalance(&self.batch.costs, 0.0),
            "batch"
        );
        member.blocks.better(&self.batch.costs, writing)
    }

    /// What it will cost to write the records of this batch, beside or before the next one, in inner steps of cells.
    fn cost_of_writing(&self, member: &Member) -> f64 {
        if self.records == 0 {
            return 0.0;
        }
        // The thread that writes takes its time from those that step.
        let stepping = (self.threads as f64 * member.step_s - self.effort.writer_s).max(f64::MIN_POSITIVE);
        self.effort.writer_s * (self.records_due() as f64 / self.records as f64) * self.own_cost / stepping
    }

    fn records_due(&self) -> usize {
        self.due.iter().filter(|step| step.tick.record).count()
    }

    /// Has the steps of the batch that count entered, beside what comes next.
    pub(super) fn enter(&mut self) {
        let start = Instant::now();
        self.hand_over();
        self.effort.write_s += start.elapsed().as_secs_f64();
    }

    fn hand_over(&mut self) {
        self.records += self.records_due();
        let steps = std::mem::take(&mut self.due);
        self.settle();
        if self.entered && !steps.is_empty() {
            let batch = std::mem::replace(&mut self.batch, std::mem::take(&mut self.spare));
            self.writer.hand_over(steps, batch);
        }
    }

    /// Waits until what was handed over is entered; then the books are here.
    fn settle(&mut self) -> Option<&mut Books<'a>> {
        if let Some(Entered { batch, result, busy }) = self.writer.settle() {
            if let Err(error) = result {
                // It went wrong before whatever ended the run.
                self.outcome = Some(Err(error));
                self.entered = false;
            }
            self.spare = batch;
            self.effort.writer_s += busy;
        }
        self.writer.books()
    }

    /// Closes the books; `reported`: the processes have reported what is still to be recorded.
    pub(super) fn finish(mut self, member: &Member, reported: bool, per_rank: Vec<RankPerformance>) -> Ended {
        let start = Instant::now();
        self.settle();
        let rest = reported && self.entered;
        // Every way out of the loop has set an outcome.
        let mut result = self.outcome.take().unwrap_or(Ok(StopReason::EndReached));
        let goes_on_later = matches!(result, Ok(StopReason::Interrupted));
        if !goes_on_later && !result.as_ref().is_err_and(RunError::is_of_files) {
            let read = match rest {
                true => self.batch.read_rest(&member.messages, &member.blocks, self.model),
                false => Ok(()),
            };
            let books = self.writer.books();
            let close = |books: &mut Books| books.close(rest.then_some(&self.batch), self.refused.as_ref());
            let closed = read.and_then(|()| books.map_or(Ok(()), close));
            result = result.and_then(|reason| closed.map(|()| reason));
        }
        self.effort.write_s += start.elapsed().as_secs_f64();
        let (time, steps) = self.reached();
        Ended {
            result,
            failed_on: self.failed_on,
            dump: self.dump,
            time,
            steps,
            effort: Effort { per_rank, ..self.effort },
        }
    }
}

/// The first step that ends the run, if one does: how many steps it leaves, and why.
fn first_stop(watch: &mut StopWatch, steps: &[Step], batch: &Batch) -> Option<(usize, StopReason)> {
    let ends = |(step, sums): (&Step, &StepSums)| {
        let loss_rate = (sums.blowout + sums.sinks) / step.drivers.dt;
        watch.after_step(&step.drivers, sums.all_stopped, loss_rate)
    };
    steps.iter().zip(&batch.steps).map(ends).enumerate().find_map(|(k, reason)| Some((k + 1, reason?)))
}
