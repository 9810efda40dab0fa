//! The thread of process 0 that enters batches into the books, and so packs and writes what is recorded, while everybody
//! steps on.
//!
//! The books are either here or with the thread, never at both places: what is handed over must have come back before
//! somebody looks at them. It is one thread for the whole run, so that what it takes from the system's memory it gets back.

use super::batch::{Batch, Step};
use super::books::Books;
use super::driver::RunError;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread::Scope;
use std::time::Instant;

/// The books of a run, and who enters something into them.
pub(super) struct Writer<'a> {
    /// `None` while they are with the thread.
    books: Option<Box<Books<'a>>>,
    jobs: Sender<Job<'a>>,
    done: Receiver<(Box<Books<'a>>, Entered)>,
}

/// What goes to the thread.
struct Job<'a> {
    books: Box<Books<'a>>,
    steps: Vec<Step>,
    batch: Batch,
}

/// What the thread did.
pub(super) struct Entered {
    /// The batch, whose memory may serve again.
    pub batch: Batch,
    /// Whether all of it was entered.
    pub result: Result<(), RunError>,
    /// How long it took [s].
    pub busy: f64,
}

impl<'a> Writer<'a> {
    /// Starts the thread, which ends with the writer.
    pub fn start<'scope>(scope: &'scope Scope<'scope, '_>, books: Books<'a>) -> Self
    where
        'a: 'scope,
    {
        let (jobs, inbox) = channel::<Job>();
        let (outbox, done) = channel();
        scope.spawn(move || {
            for Job { mut books, steps, batch } in inbox {
                let start = Instant::now();
                let result = books.enter(&steps, &batch);
                let entered = Entered { batch, result, busy: start.elapsed().as_secs_f64() };
                if outbox.send((books, entered)).is_err() {
                    break;
                }
            }
        });
        Writer { books: Some(Box::new(books)), jobs, done }
    }

    /// Has the first steps of a batch entered, see [`Books::enter`]; what was handed over before must have come back.
    pub fn hand_over(&mut self, steps: Vec<Step>, batch: Batch) {
        if let Some(books) = self.books.take() {
            // It fails if the thread has panicked, which `settle` then finds.
            let _ = self.jobs.send(Job { books, steps, batch });
        }
    }

    /// Waits until what was handed over is entered; `None` if nothing was.
    ///
    /// # Panics
    /// If the thread has panicked.
    pub fn settle(&mut self) -> Option<Entered> {
        if self.books.is_some() {
            return None;
        }
        let Ok((books, entered)) = self.done.recv() else { panic!("the thread that writes has panicked") };
        self.books = Some(books);
        Some(entered)
    }

    /// The books; `None` while they are with the thread.
    pub fn books(&mut self) -> Option<&mut Books<'a>> {
        self.books.as_deref_mut()
    }
}
