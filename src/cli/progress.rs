//! Tells a person how far the run is: a bar with the time left on a terminal, a line every so often in a log.

use indicatif::{ProgressBar, ProgressStyle};
use std::io::IsTerminal;
use std::time::{Duration, Instant};

/// Steps of the bar; the run's time is mapped onto them.
const RESOLUTION: u64 = 10_000;
/// Time between two lines in a log.
const LINE_INTERVAL: Duration = Duration::from_secs(30);

/// Reports progress in simulated time.
pub struct Progress {
    t_end: f64,
    started: Instant,
    display: Display,
}

enum Display {
    None,
    Bar(ProgressBar),
    Lines { last: Instant },
}

impl Progress {
    /// For a run until `t_end` [s]; silent if `quiet`.
    pub fn new(t_end: f64, quiet: bool) -> Self {
        let display = if quiet {
            Display::None
        } else if std::io::stderr().is_terminal() {
            Display::Bar(bar())
        } else {
            Display::Lines { last: Instant::now() }
        };
        Progress { t_end, started: Instant::now(), display }
    }

    /// The run has reached `time` [s].
    pub fn reach(&mut self, time: f64) {
        let share = (time / self.t_end).clamp(0.0, 1.0);
        match &mut self.display {
            Display::None => {}
            Display::Bar(bar) => bar.set_position((share * RESOLUTION as f64) as u64),
            Display::Lines { last } if last.elapsed() >= LINE_INTERVAL => {
                *last = Instant::now();
                let elapsed = self.started.elapsed().as_secs_f64();
                let left = elapsed / share.max(1e-9) * (1.0 - share);
                eprintln!("{:5.1} % of {:.4e} s, {elapsed:.0} s elapsed, {left:.0} s left", 100.0 * share, self.t_end);
            }
            Display::Lines { .. } => {}
        }
    }

    /// Removes the bar.
    pub fn close(self) {
        if let Display::Bar(bar) = self.display {
            bar.finish_and_clear();
        }
    }
}

fn bar() -> ProgressBar {
    let bar = ProgressBar::new(RESOLUTION);
    if let Ok(style) = ProgressStyle::with_template("{bar:40} {percent:>3} %  {elapsed} elapsed, {eta} left") {
        bar.set_style(style);
    }
    bar
}
