//! The communicator of several processes, with MPI. Messages go between process 0 and the others.
//!
//! Only the main thread calls MPI. No wait keeps a core busy, see [`super::patience`].

use super::communicator::{Communicator, Traffic};
use super::patience::wait_for;
use mpi::collective::SystemOperation;
use mpi::point_to_point::MatchedReceiveVec;
use mpi::topology::{Rank, SimpleCommunicator};
use mpi::traits::{Communicator as _, CommunicatorCollectives as _, Destination as _, Source as _};
use std::cell::Cell;

/// Processes joined by MPI.
pub struct MpiCommunicator {
    processes: SimpleCommunicator,
    traffic: Cell<Traffic>,
}

impl MpiCommunicator {
    /// The processes of an MPI communicator.
    pub fn new(processes: SimpleCommunicator) -> Self {
        MpiCommunicator { processes, traffic: Cell::default() }
    }

    fn count(&self, bytes: usize) {
        let before = self.traffic.get();
        self.traffic.set(Traffic { messages: before.messages + 1, bytes: before.bytes + bytes as u64 });
    }

    fn send(&self, to: usize, message: &[u8]) {
        self.count(message.len());
        let destination = self.processes.process_at_rank(to as Rank);
        mpi::request::scope(|scope| {
            let mut request = Some(destination.immediate_send(scope, message));
            wait_for(|| {
                // `None` only after the answer has ended the wait.
                request.take()?.test().map_err(|unfinished| request = Some(unfinished)).ok()
            });
        });
    }

    fn receive(&self, from: usize) -> Vec<u8> {
        let source = self.processes.process_at_rank(from as Rank);
        let arrived = wait_for(|| source.immediate_matched_probe());
        arrived.matched_receive_vec().0
    }
}

impl Communicator for MpiCommunicator {
    fn rank(&self) -> usize {
        self.processes.rank() as usize
    }

    fn size(&self) -> usize {
        self.processes.size() as usize
    }

    fn gather(&self, mine: &[u8], all: &mut Vec<Vec<u8>>) {
        if !self.is_root() {
            return self.send(0, mine);
        }
        all.clear();
        all.push(mine.to_vec());
        all.extend((1..self.size()).map(|from| self.receive(from)));
    }

    fn scatter(&self, parts: &[Vec<u8>], mine: &mut Vec<u8>) {
        if !self.is_root() {
            *mine = self.receive(0);
            return;
        }
        mine.clone_from(&parts[0]);
        for (to, part) in parts.iter().enumerate().skip(1) {
            self.send(to, part);
        }
    }

    fn broadcast(&self, message: &mut Vec<u8>) {
        if !self.is_root() {
            *message = self.receive(0);
            return;
        }
        (1..self.size()).for_each(|to| self.send(to, message));
    }

    fn minimum(&self, number: f64) -> f64 {
        self.count(size_of::<f64>());
        let mut smallest = number;
        mpi::request::scope(|scope| {
            let operation = SystemOperation::min();
            let mut request = Some(self.processes.immediate_all_reduce_into(scope, &number, &mut smallest, operation));
            wait_for(|| request.take()?.test().map_err(|unfinished| request = Some(unfinished)).ok());
        });
        smallest
    }

    fn traffic(&self) -> Traffic {
        self.traffic.get()
    }
}
