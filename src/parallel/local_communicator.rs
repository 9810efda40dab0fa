//! Threads that talk as processes do, to test the time loop without MPI.

use super::communicator::{Communicator, Traffic};
use std::sync::mpsc::{Receiver, Sender, channel};

/// One of several threads.
pub(crate) struct LocalCommunicator {
    rank: usize,
    to: Vec<Sender<Vec<u8>>>,
    from: Vec<Receiver<Vec<u8>>>,
}

impl LocalCommunicator {
    /// Communicators for `size` threads.
    pub(crate) fn team(size: usize) -> Vec<LocalCommunicator> {
        let mut team: Vec<_> =
            (0..size).map(|rank| LocalCommunicator { rank, to: Vec::new(), from: Vec::new() }).collect();
        for sender in 0..size {
            for receiver in 0..size {
                let (to, from) = channel();
                team[sender].to.push(to);
                team[receiver].from.push(from);
            }
        }
        team
    }
}

impl Communicator for LocalCommunicator {
    fn rank(&self) -> usize {
        self.rank
    }

    fn size(&self) -> usize {
        self.to.len()
    }

    fn gather(&self, mine: &[u8], all: &mut Vec<Vec<u8>>) {
        self.to[0].send(mine.to_vec()).unwrap();
        if self.is_root() {
            all.clear();
            all.extend(self.from.iter().map(|from| from.recv().unwrap()));
        }
    }

    fn scatter(&self, parts: &[Vec<u8>], mine: &mut Vec<u8>) {
        if self.is_root() {
            self.to.iter().zip(parts).for_each(|(to, part)| to.send(part.clone()).unwrap());
        }
        *mine = self.from[0].recv().unwrap();
    }

    fn broadcast(&self, message: &mut Vec<u8>) {
        if self.is_root() {
            self.to.iter().for_each(|to| to.send(message.clone()).unwrap());
        }
        *message = self.from[0].recv().unwrap();
    }

    fn minimum(&self, number: f64) -> f64 {
        let mut all = Vec::new();
        self.gather(&number.to_le_bytes(), &mut all);
        let numbers = all.iter().map(|bytes| f64::from_le_bytes(bytes[..].try_into().unwrap()));
        let mut smallest = numbers.fold(f64::INFINITY, f64::min).to_le_bytes().to_vec();
        self.broadcast(&mut smallest);
        f64::from_le_bytes(smallest[..].try_into().unwrap())
    }

    fn traffic(&self) -> Traffic {
        Traffic::default()
    }
}
