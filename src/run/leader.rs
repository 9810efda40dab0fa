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
}

impl<'a> Leader<'a> {
    pub(super) fn new(
        course: &Course<'a>,
        recorder: Option<&'a mut Recorder>,
        observe: &'a mut dyn FnMut(&Tick),
    ) -> Self {
        Leader {
            model: course.model,
            books: Books::new(course.model, course.rules, recorder, observe),
            batch: Batch::default(),
            outcome: None,
            stopped: false,
            failed_on: None,
            effort: Effort::default(),
            last_verdict: Instant::now(),
            costs: vec![0.0; course.model.cells.len()],
            write_lately: 0.0,
            own_cost: 0.0,
        }
    }

    /// Whether the run is over.
    pub(super) fn is_over(&self) -> bool {
        self.outcome.is_some()
    }

    /// Reads what all processes did and decides how to go on.
    pub(super) fn judge(&mut self, member: &Member, pause: Pause) -> Verdict {
        if self.is_over() {
            return Verdict::Leave;
        }
        self.effort.batches += 1;
        if let Err(error) = self.batch.read(&member.messages, &member.steps, &member.blocks, self.model) {
            self.outcome = Some(Err(error));
            return Verdict::Leave;
        }
        if let Some((kept, reason)) = self.books.first_stop(&member.steps, &self.batch) {
            (self.stopped, self.outcome) = (true, Some(Ok(reason)));
            return Verdict::Return { kept };
        }
        let kept = self.batch.steps.len();
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
        let writing = self.write_lately * self.own_cost / member.step_s.max(f64::MIN_POSITIVE);
        self.write_lately *= FADING;
        // What happened since the last record stays where it is, so cells move just after a record.
        let better = if member.block.is_recorded() { member.blocks.better(&self.costs, writing) } else { None };
        self.effort.moves += u64::from(better.is_some());
        Verdict::Go { limit, ends: better.map_or_else(Vec::new, |blocks| blocks.ends().to_vec()) }
    }

    /// Enters the steps that count; says whether that went well.
    pub(super) fn enter(&mut self, steps: &[Step], verdict: &Verdict) -> bool {
        let kept = match verdict {
            Verdict::Go { .. } => steps.len(),
            Verdict::Return { kept } => *kept,
            Verdict::Leave => return false,
        };
        let start = Instant::now();
        let entered = self.books.enter(&steps[..kept], &self.batch, self.stopped);
        let elapsed = start.elapsed().as_secs_f64();
        self.effort.write_s += elapsed;
        self.write_lately += elapsed;
        // What went wrong in a record went wrong before whatever ended the run.
        entered.map_err(|error| self.outcome = Some(Err(error))).is_ok()
    }

    /// Closes the books; `rest`: the processes have reported steps that are still to be recorded.
    pub(super) fn finish(mut self, member: &Member, rest: bool, per_rank: Vec<RankPerformance>) -> Ended {
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
