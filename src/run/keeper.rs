//! When process 0 writes a checkpoint, and when it stops the run: after some simulated time, after some real time,
//! before the time of the job is over, or because somebody asks for it.

use super::orders::Order;
use crate::checkpoint::CheckpointError;
use crate::checkpoint::generations::Generations;
use crate::checkpoint::snapshot::Snapshot;
use crate::output::OutputError;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// A file of this name in the output folder asks the run to stop.
pub const STOP_FILE: &str = "STOP";
/// A file of this name in the output folder asks for a checkpoint.
pub const WRITE_FILE: &str = "WRITE";
/// Time between two looks into the output folder, which may be on a busy file system.
const LOOK_INTERVAL: Duration = Duration::from_millis(500);
/// What a checkpoint and the end of the program are taken to cost before one was written.
const FIRST_COST: Duration = Duration::from_millis(500);
/// The margin before the end of the time, in the costs of the last checkpoint and in the longest time between two looks
/// at the clock.
const MARGIN: f64 = 2.0;

/// When checkpoints are due.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Cadence {
    /// Every so much simulated time [s].
    pub simulated: Option<f64>,
    /// Simulated time at which the run is over, and needs none [s].
    pub end: Option<f64>,
    /// Every so much real time.
    pub real: Option<Duration>,
    /// The run has to be over by then.
    pub deadline: Option<Instant>,
}

/// Decides about checkpoints, and writes them.
#[derive(Debug)]
pub struct Keeper {
    generations: Generations,
    /// What every checkpoint says about the run.
    head: Snapshot,
    cadence: Cadence,
    /// Output folder.
    folder: PathBuf,
    /// Simulated time from which on the next checkpoint is due [s].
    due: f64,
    written: Instant,
    looked: Instant,
    judged: Instant,
    longest_batch: Duration,
    cost: Duration,
}

impl Keeper {
    /// For a run in `folder` that stands at the simulated time `time` [s].
    pub fn new(folder: &Path, generations: Generations, head: Snapshot, cadence: Cadence, time: f64) -> Self {
        let now = Instant::now();
        let mut keeper = Keeper {
            generations,
            head,
            cadence,
            folder: folder.to_path_buf(),
            due: f64::INFINITY,
            written: now,
            looked: now,
            judged: now,
            longest_batch: Duration::ZERO,
            cost: FIRST_COST,
        };
        keeper.due = keeper.next(time);
        keeper
    }

    /// Where the checkpoints are.
    pub fn folder(&self) -> &Path {
        self.generations.folder()
    }

    /// What to do after a batch that ends at the simulated time `time` [s]; `asked`: by signals.
    ///
    /// # Errors
    /// The output folder is gone.
    pub fn order(&mut self, time: f64, asked: Order) -> Result<Order, OutputError> {
        self.longest_batch = self.longest_batch.max(self.judged.elapsed());
        self.judged = Instant::now();
        let late = self.cadence.deadline.is_some_and(|deadline| Instant::now() + self.margin() >= deadline);
        let real = self.cadence.real.is_some_and(|interval| self.written.elapsed() >= interval);
        let order = match (late, real || time >= self.due) {
            (true, _) => Order::Stop,
            (false, true) => Order::Write,
            (false, false) => Order::GoOn,
        };
        Ok(order.max(asked).max(self.look()?))
    }

    fn margin(&self) -> Duration {
        (self.cost + self.longest_batch).mul_f64(MARGIN)
    }

    /// Looks for files that ask for something; they are removed, lest they ask again.
    fn look(&mut self) -> Result<Order, OutputError> {
        if self.looked.elapsed() < LOOK_INTERVAL {
            return Ok(Order::GoOn);
        }
        self.looked = Instant::now();
        fs::metadata(&self.folder).map_err(OutputError::io("find the output folder", &self.folder))?;
        let mut order = Order::GoOn;
        for (name, asks) in [(STOP_FILE, Order::Stop), (WRITE_FILE, Order::Write)] {
            if fs::remove_file(self.folder.join(name)).is_ok() {
                order = order.max(asks);
            }
        }
        Ok(order)
    }

    /// Writes the state before the step that has failed, beside the checkpoints but not as one of them.
    ///
    /// # Errors
    /// If it cannot be written.
    pub fn dump(&self, step: u64, run: Snapshot) -> Result<PathBuf, CheckpointError> {
        self.generations.write_failure(step, &self.with_head(run))
    }

    fn with_head(&self, run: Snapshot) -> Snapshot {
        Snapshot::of(self.head.entries().iter().cloned().chain(run.into_entries()).collect())
    }

    /// Writes a checkpoint of the run, which has taken `step` steps to the simulated time `time` [s].
    ///
    /// # Errors
    /// If it cannot be written; the earlier ones are still there.
    pub fn write(&mut self, step: u64, time: f64, run: Snapshot, started: Instant) -> Result<(), CheckpointError> {
        self.generations.write(step, &self.with_head(run))?;
        self.due = self.next(time);
        self.written = Instant::now();
        self.cost = started.elapsed();
        // What it took is no part of the next batch.
        self.judged = Instant::now();
        Ok(())
    }

    /// Simulated time at which a checkpoint is due after `time` [s]: a multiple of the interval before the end.
    pub fn next(&self, time: f64) -> f64 {
        let next = |interval: f64| interval * ((time / interval).floor() + 1.0);
        let before_end = |due: &f64| self.cadence.end.is_none_or(|end| *due < end);
        self.cadence.simulated.map(next).filter(before_end).unwrap_or(f64::INFINITY)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keeper(cadence: Cadence) -> (tempfile::TempDir, Keeper) {
        let folder = tempfile::tempdir().unwrap();
        let generations = Generations::new(folder.path().join("checkpoints"), 2);
        let keeper = Keeper::new(folder.path(), generations, Snapshot::default(), cadence, 0.0);
        (folder, keeper)
    }

    #[test]
    fn a_checkpoint_is_due_at_multiples_of_the_simulated_interval() {
        let (_folder, mut keeper) = keeper(Cadence { simulated: Some(10.0), ..Cadence::default() });
        assert_eq!(keeper.order(9.9, Order::GoOn).unwrap(), Order::GoOn);
        assert_eq!(keeper.order(25.0, Order::GoOn).unwrap(), Order::Write);
        keeper.write(1, 25.0, Snapshot::default(), Instant::now()).unwrap();
        assert_eq!(keeper.order(29.0, Order::GoOn).unwrap(), Order::GoOn);
        assert_eq!(keeper.order(30.0, Order::GoOn).unwrap(), Order::Write);
        assert_eq!(keeper.next(30.0), 40.0);
        keeper.cadence.end = Some(40.0);
        keeper.write(2, 30.0, Snapshot::default(), Instant::now()).unwrap();
        assert_eq!(keeper.order(40.0, Order::GoOn).unwrap(), Order::GoOn, "the run is over then");
    }

    #[test]
    fn real_time_asks_for_a_checkpoint_and_its_end_for_a_stop() {
        let real = Some(Duration::ZERO);
        let (_folder, mut often) = keeper(Cadence { real, ..Cadence::default() });
        assert_eq!(often.order(0.0, Order::GoOn).unwrap(), Order::Write);
        let in_a_moment = Some(Instant::now() + FIRST_COST);
        let (_folder, mut late) = keeper(Cadence { deadline: in_a_moment, ..Cadence::default() });
        assert_eq!(late.order(0.0, Order::Write).unwrap(), Order::Stop);
        let in_an_hour = Some(Instant::now() + Duration::from_secs(3600));
        let (_folder, mut early) = keeper(Cadence { deadline: in_an_hour, ..Cadence::default() });
        assert_eq!(early.order(0.0, Order::Write).unwrap(), Order::Write);
        early.cost = Duration::from_secs(1800);
        assert_eq!(early.order(0.0, Order::GoOn).unwrap(), Order::Stop);
    }

    #[test]
    fn a_file_asks_once() {
        let (folder, mut keeper) = keeper(Cadence::default());
        for (name, order) in [(WRITE_FILE, Order::Write), (STOP_FILE, Order::Stop)] {
            fs::write(folder.path().join(name), "").unwrap();
            keeper.looked -= LOOK_INTERVAL;
            assert_eq!(keeper.order(0.0, Order::GoOn).unwrap(), order);
            keeper.looked -= LOOK_INTERVAL;
            assert_eq!(keeper.order(0.0, Order::GoOn).unwrap(), Order::GoOn);
        }
        fs::remove_dir_all(folder.path()).unwrap();
        keeper.looked -= LOOK_INTERVAL;
        assert!(keeper.order(0.0, Order::GoOn).unwrap_err().to_string().contains("cannot find the output folder"));
    }
}
