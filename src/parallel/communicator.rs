//! What the processes of a run say to each other, as little as the time loop needs.
//!
//! Everything is collected in the order of the processes, so that sums over cells are taken in the order of the cells
//! whatever the distribution.

use crate::wire_struct;

/// What a process has sent.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Traffic {
    /// Messages; a reduction counts as one.
    pub messages: u64,
    /// Their content [bytes].
    pub bytes: u64,
}
wire_struct!(Traffic { messages, bytes });

#[cfg(any(test, feature = "mpi"))]
impl Traffic {
    /// Counts one more message.
    pub(crate) fn count(traffic: &std::cell::Cell<Traffic>, bytes: usize) {
        let Traffic { messages, bytes: before } = traffic.get();
        traffic.set(Traffic { messages: messages + 1, bytes: before + bytes as u64 });
    }
}

/// What a process asks of the others. All of them call the same functions in the same order.
pub trait Communicator {
    /// Number of this process, from 0; process 0 decides and writes the files.
    fn rank(&self) -> usize;

    /// Number of processes.
    fn size(&self) -> usize;

    /// Collects one message of each process in `all`, in their order, on process 0; elsewhere `all` is left alone.
    fn gather(&self, mine: &[u8], all: &mut Vec<Vec<u8>>);

    /// Hands each process its part; only process 0 needs `parts`.
    fn scatter(&self, parts: &[Vec<u8>], mine: &mut Vec<u8>);

    /// Makes the message of process 0 known to all.
    fn broadcast(&self, message: &mut Vec<u8>);

    /// The smallest of the numbers of all processes, known to all. None of them is NaN.
    fn minimum(&self, number: f64) -> f64;

    /// What this process has sent until now.
    fn traffic(&self) -> Traffic;

    /// Whether this is process 0.
    fn is_root(&self) -> bool {
        self.rank() == 0
    }
}

/// One process alone.
#[derive(Debug, Clone, Copy, Default)]
pub struct Serial;

impl Communicator for Serial {
    fn rank(&self) -> usize {
        0
    }

    fn size(&self) -> usize {
        1
    }

    fn gather(&self, mine: &[u8], all: &mut Vec<Vec<u8>>) {
        all.resize_with(1, Vec::new);
        all[0].clear();
        all[0].extend_from_slice(mine);
    }

    fn scatter(&self, parts: &[Vec<u8>], mine: &mut Vec<u8>) {
        mine.clone_from(&parts[0]);
    }

    fn broadcast(&self, _message: &mut Vec<u8>) {}

    fn minimum(&self, number: f64) -> f64 {
        number
    }

    fn traffic(&self) -> Traffic {
        Traffic::default()
    }
}
