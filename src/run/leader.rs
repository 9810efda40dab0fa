//! What process 0 does beside its own cells: reads the reports, says how to go on, writes.

use super::batch::{Batch, Failure, Step};
use super::books::Books;
use super::clock::Tick;
use super::driver::{Course, Effort, Ended, Pause, RunError, Verdict};
use super::member::Member;
use super::stop::StopReason;
use crate::disk::model::Model;
use crate::disk::report::CellReport;
use crate::output::recorder::Recorder;
use crate::output::summary::RankPerformance;
use crate::parallel::decomposition::Decomposition;
use rayon::ThreadPool;
use std::time::Instant;

/// Wall time that a batch should take [s]: short for who waits for records, long against the cost of a message.
const BATCH_TIME: f64 = 0.2;
/// Most steps in a batch.
const LONGEST_BATCH: usize = 256;
/// Largest message of all processes together [bytes].
const LARGEST_BATCH: usize = 32 << 20;

/// A batch weighs this much less than the one after it in what cells cost.
const FADING: f64 = 0.7;

/// Process 0.
pub(super) struct Leader<'a> {
    model: &'a Model,
    books: Books<'a>,
    batch: Batch,
    /// Its steps that are still to be entered.
    due: Vec<Step>,
    /// Whether everything before was entered.
    entered: bool,
    /// Known once the run is over.
    outcome: Option<Result<StopReason, RunError>>,
    /// Whether the last step that counts ended the run.
    stopped: bool,
    failed_on: Option<usize>,
    effort: Effort,
    last_verdict: Instant,
    /// What each cell cost lately.
    costs: Vec<f64>,
    /// Time in records lately [s].
    write_lately: f64,
    /// Inner steps of this process's own cells.
    own_cost: f64,
    /// Threads of this process.
    threads: usize,
}

impl<'a> Leader<'a> {
    pub(super) fn new(
        course: &Course<'a>,
        recorder: Option<&'a mut Recorder>,
        observe: &'a mut (dyn FnMut(&Tick) + Send),
    ) -> Self {
        Leader {
            model: course.model,
            books: Books::new(course.model, course.rules, recorder, observe),
            batch: Batch::default(),
            due: Vec::new(),
            entered: true,
            outcome: None,
            stopped: false,
            failed_on: None,
            effort: Effort::default(),
            last_verdict: Instant::now(),
            costs: vec![0.0; course.model.cells.len()],
            write_lately: 0.0,
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
        if let Some((kept, reason)) = self.books.first_stop(&member.steps, &self.batch) {
            (self.stopped, self.outcome) = (true, Some(Ok(reason)));
            self.due.extend_from_slice(&member.steps[..kept]);
            return Verdict::Return { kept };
        }
        let kept = self.batch.steps.len();
        self.due.extend_from_slice(&member.steps[..kept]);
        let outcome = match (self.batch.failure.take(), pause) {
            (Some((process, Failure { cell, time, source })), _) => {
                self.failed_on = Some(process);
                Err(RunError::Cell { cell, time, source })
            }
            (None, Pause::End(reason)) => Ok(reason),
            (None, Pause::Error(error)) => Err(error),
            (None, Pause::Limit) => return self.go_on(member),
        };
        self.outcome = Some(outcome);
        Verdict::Return { kept }
    }

    fn go_on(&mut self, member: &Member) -> Verdict {
        let elapsed = self.last_verdict.elapsed().as_secs_f64();
        self.last_verdict = Instant::now();
        let record = self.model.cells.len() * (size_of::<CellReport>() + size_of::<f64>() * self.model.sizes.len());
        let longest = LONGEST_BATCH.min(4 * member.limit).min(LARGEST_BATCH / record.max(1)).max(1);
        let limit = ((member.limit as f64 * BATCH_TIME / elapsed) as usize).clamp(1, longest);

        for (cost, new) in self.costs.iter_mut().zip(&self.batch.costs) {
            *cost = FADING * *cost + new;
        }
        self.own_cost += self.batch.costs[member.block.range()].iter().sum::<f64>();
        let better = if member.block.is_recorded() { self.better_blocks(member) } else { None };
        self.write_lately *= FADING;
        self.effort.moves += u64::from(better.is_some());
        Verdict::Go { limit, ends: better.map_or_else(Vec::new, |blocks| blocks.ends().to_vec()) }
    }

    /// Blocks that suit the costs better. What happened since the last record stays where it is, so this is for moments
    /// just after a record.
    fn better_blocks(&self, member: &Member) -> Option<Decomposition> {
        // With several threads, one of them writes while the others step.
        let writing = if self.threads > 1 { self.effort.write_s } else { 0.0 };
        let stepping = (self.threads as f64 * member.step_s - writing).max(f64::MIN_POSITIVE);
        member.blocks.better(&self.costs, self.write_lately * self.own_cost / stepping)
    }

    /// Enters the steps of the batch that count.
    pub(super) fn enter(&mut self) {
        let start = Instant::now();
        if let Err(error) = self.books.enter(&self.due, &self.batch, self.stopped) {
            // It went wrong before whatever ended the run.
            self.outcome = Some(Err(error));
            self.entered = false;
        }
        self.due.clear();
        let elapsed = start.elapsed().as_secs_f64();
        self.effort.write_s += elapsed;
        self.write_lately += elapsed;
    }

    /// Closes the books; `reported`: the processes have reported what is still to be recorded.
    pub(super) fn finish(mut self, member: &Member, reported: bool, per_rank: Vec<RankPerformance>) -> Ended {
        let rest = reported && self.entered;
        // Every way out of the loop has set an outcome.
        let mut result = self.outcome.take().unwrap_or(Ok(StopReason::EndReached));
        if !matches!(result, Err(RunError::Output(_))) {
            let read = match rest {
                true => self.batch.read_rest(&member.messages, &member.blocks, self.model),
                false => Ok(()),
            };
            let closed = read.and_then(|()| self.books.close(rest.then_some(&self.batch)));
            result = result.and_then(|reason| closed.map(|()| reason));
        }
        Ended {
            result,
            failed_on: self.failed_on,
            time: self.books.time(),
            steps: self.books.steps,
            effort: Effort { per_rank, ..self.effort },
        }
    }
}
