//! Tells a person how far the run is: a bar with the time left on a terminal, a line every so often in a log.

use super::speech;
use indicatif::{ProgressBar, ProgressStyle};
use std::io::IsTerminal;
use std::time::{Duration, Instant};

/// Steps of the bar; the run's time is mapped onto them.
const RESOLUTION: u64 = 10_000;
/// Least time between two lines in a log.
const LINE_INTERVAL: Duration = Duration::from_secs(30);

/// Reports progress in simulated time.
pub struct Progress {
    t_end: f64,
    started: Instant,
    display: Display,
}

enum Display {
    None,
    Bar { bar: ProgressBar, interval: Duration, last: Option<Instant> },
    Lines { interval: Duration, last: Instant },
}

impl Progress {
    /// For a run until `t_end` [s]; silent unless `shown`. `refresh`: least time between two states of the bar [s].
    pub fn new(t_end: f64, refresh: f64, shown: bool) -> Self {
        let interval = Duration::try_from_secs_f64(refresh).unwrap_or(Duration::MAX);
        let display = if !shown {
            Display::None
        } else if std::io::stderr().is_terminal() {
            Display::Bar { bar: bar(), interval, last: None }
        } else {
            Display::Lines { interval: interval.max(LINE_INTERVAL), last: Instant::now() }
        };
        Progress { t_end, started: Instant::now(), display }
    }

    /// The run has reached `time` [s].
    pub fn reach(&mut self, time: f64) {
        let share = (time / self.t_end).clamp(0.0, 1.0);
        match &mut self.display {
            Display::None => {}
            Display::Bar { bar, interval, last } if last.is_none_or(|last| last.elapsed() >= *interval) => {
                *last = Some(Instant::now());
                bar.set_position((share * RESOLUTION as f64) as u64);
            }
            Display::Lines { interval, last } if last.elapsed() >= *interval => {
                *last = Instant::now();
                let elapsed = self.started.elapsed().as_secs_f64();
                let left = elapsed / share.max(1e-9) * (1.0 - share);
                let (percent, end) = (100.0 * share, self.t_end);
                speech::tell(format_args!("{percent:5.1} % of {end:.4e} s, {elapsed:.0} s elapsed, {left:.0} s left"));
            }
            Display::Bar { .. } | Display::Lines { .. } => {}
        }
    }

    /// Removes the bar.
    pub fn close(self) {
        if let Display::Bar { bar, .. } = self.display {
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
