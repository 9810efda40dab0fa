//! Waiting without burning a core: first at full attention, then ever more relaxed.
//!
//! Processes that share cores with others, or that have nothing to do for a whole run, must not keep a core busy with
//! waiting. The naps are in proportion to the time waited, so that they delay nothing by more than a few per cent.

use std::time::{Duration, Instant};

/// As long as this, a waiting process does not give its core away.
const ATTENTIVE: Duration = Duration::from_micros(20);
/// As long as this, it only lets others pass.
const POLITE: Duration = Duration::from_micros(500);
/// Longest nap.
const LONGEST_NAP: Duration = Duration::from_millis(20);

/// Calls `ready` until it gives something.
pub fn wait_for<T>(mut ready: impl FnMut() -> Option<T>) -> T {
    let start = Instant::now();
    loop {
        if let Some(answer) = ready() {
            return answer;
        }
        let waited = start.elapsed();
        if waited > POLITE {
            std::thread::sleep((waited / 20).min(LONGEST_NAP));
        } else if waited > ATTENTIVE {
            std::thread::yield_now();
        }
    }
}
