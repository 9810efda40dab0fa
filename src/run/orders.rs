//! What is asked of a run from outside: signals, files in its folder, the end of its time.
//!
//! A handler only sets a flag. Flags of all processes travel with the reports of a batch, and process 0 alone decides,
//! so that all stop after the same step. Who interrupts a second time does not want to wait for that.

use crate::wire_enum;
use signal_hook::consts::{SIGINT, SIGTERM, SIGUSR1, SIGUSR2, SIGXFSZ};
use signal_hook::flag;
use signal_hook::iterator::Signals as Interrupts;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

/// Interrupts that come closer together are one: `timeout` sends its signal to the program and to its process group, and
/// SLURM to a job's script, which hands it on, and to its processes.
const ONE: Duration = Duration::from_secs(1);

/// What a run is asked to do; the later one in this list wins.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Order {
    /// Nothing special.
    #[default]
    GoOn,
    /// Write a checkpoint and go on.
    Write,
    /// Write a checkpoint and stop.
    Stop,
}
wire_enum!(Order { 0 => GoOn, 1 => Write, 2 => Stop });

/// Signals that this process has received.
#[derive(Debug, Clone, Default)]
pub struct Signals {
    stop: Arc<AtomicBool>,
    write: Arc<AtomicBool>,
}

impl Signals {
    /// From now on SIGTERM, SIGINT and SIGUSR1 ask the run to stop, and SIGUSR2 asks for a checkpoint. After a second one
    /// of the first two, `end` is called with its number, on a thread of its own.
    ///
    /// # Errors
    /// If the system does not let the program have them, or a thread.
    pub fn listen(end: impl Fn(i32) + Send + 'static) -> io::Result<Self> {
        let signals = Signals::default();
        for signal in [SIGTERM, SIGINT, SIGUSR1] {
            flag::register(signal, signals.stop.clone())?;
        }
        flag::register(SIGUSR2, signals.write.clone())?;
        // A file that may not grow is an error of who writes it, and no reason to end at once.
        flag::register(SIGXFSZ, Arc::default())?;
        let mut interrupts = Interrupts::new([SIGTERM, SIGINT])?;
        let wait = move || {
            let mut first: Option<Instant> = None;
            for signal in &mut interrupts {
                if first.get_or_insert_with(Instant::now).elapsed() >= ONE {
                    end(signal);
                }
            }
        };
        std::thread::Builder::new().name("interrupts".to_string()).spawn(wait)?;
        Ok(signals)
    }

    /// What was asked since the last time.
    pub fn take(&self) -> Order {
        // Not `||`: both are taken.
        let (stop, write) = (self.stop.swap(false, Ordering::SeqCst), self.write.swap(false, Ordering::SeqCst));
        match (stop, write) {
            (true, _) => Order::Stop,
            (false, true) => Order::Write,
            (false, false) => Order::GoOn,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use signal_hook::low_level::raise;
    use std::sync::mpsc::channel;

    #[test]
    fn a_signal_is_an_order_once_and_a_later_interrupt_an_end() {
        let (ends, ended) = channel();
        let signals = Signals::listen(move |signal| ends.send(signal).unwrap()).unwrap();
        assert_eq!(signals.take(), Order::GoOn);
        for (sent, order) in [
            (&[SIGUSR2][..], Order::Write),
            (&[SIGUSR1], Order::Stop),
            (&[SIGTERM, SIGUSR2, SIGTERM], Order::Stop),
            (&[SIGINT], Order::Stop),
        ] {
            sent.iter().for_each(|signal| raise(*signal).unwrap());
            assert_eq!(signals.take(), order, "{sent:?}");
            assert_eq!(signals.take(), Order::GoOn);
        }
        std::thread::sleep(ONE);
        raise(SIGUSR1).unwrap();
        assert!(ended.recv_timeout(ONE / 10).is_err(), "all came at once, and the last one asks for a checkpoint");
        raise(SIGINT).unwrap();
        assert_eq!(ended.recv().unwrap(), SIGINT);
    }
}
