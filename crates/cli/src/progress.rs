//! Bars on a terminal, lines in a log.

use std::io::IsTerminal;
use std::sync::Mutex;
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use pointillist_base::Progress;

use crate::args::{Global, ShowProgress};
use crate::interrupt::interrupted;

/// The progress of one stage. Also carries the user's wish to stop to the stage.
pub(crate) struct StageProgress {
    bar: ProgressBar,
    /// Where no bar can be drawn but progress is wanted all the same.
    log: Option<Log>,
}

/// What a stage counts.
pub(crate) enum Unit {
    Bytes,
    Rows,
}

struct Log {
    stage: &'static str,
    next: Mutex<Instant>,
}

/// Time between two lines in a log.
const LOG_INTERVAL: Duration = Duration::from_secs(5);

impl StageProgress {
    /// Progress towards `total`, or without an end where that is not known.
    pub(crate) fn new(
        global: &Global,
        stage: &'static str,
        unit: &Unit,
        total: Option<u64>,
    ) -> Self {
        let terminal = std::io::stderr().is_terminal();
        let shown = match global.progress {
            ShowProgress::Never => false,
            ShowProgress::Always => true,
            ShowProgress::Auto => terminal && !global.quiet,
        };
        let bar = match total {
            Some(total) => ProgressBar::new(total),
            None => ProgressBar::no_length(),
        };
        bar.set_draw_target(if shown && terminal {
            ProgressDrawTarget::stderr_with_hz(10)
        } else {
            ProgressDrawTarget::hidden()
        });
        bar.set_style(style(unit, total.is_some()));
        bar.set_prefix(stage);
        let next = Mutex::new(Instant::now() + LOG_INTERVAL);
        Self { bar, log: (shown && !terminal).then_some(Log { stage, next }) }
    }
}

fn style(unit: &Unit, has_end: bool) -> ProgressStyle {
    let template = match (unit, has_end) {
        (Unit::Bytes, true) => {
            "{prefix:>8} {wide_bar:.cyan/dim} {percent:>3} %  {bytes:>10} {bytes_per_sec:>12}  {eta:>4}"
        }
        (Unit::Bytes, false) => "{prefix:>8} {spinner} {bytes} {bytes_per_sec}",
        (Unit::Rows, true) => {
            "{prefix:>8} {wide_bar:.cyan/dim} {percent:>3} %  {human_pos:>10} {per_sec:>12}  {eta:>4}"
        }
        (Unit::Rows, false) => "{prefix:>8} {spinner} {human_pos} {per_sec}",
    };
    // The templates are constants that are known to parse; the plain bar is as good.
    ProgressStyle::with_template(template)
        .unwrap_or_else(|_| ProgressStyle::default_bar())
        .progress_chars("━╸─")
}

impl Progress for StageProgress {
    fn advance(&self, amount: u64) {
        self.bar.inc(amount);
        let Some(log) = &self.log else { return };
        // Whoever finds the lock taken leaves the line to the one who has it.
        let Ok(mut next) = log.next.try_lock() else { return };
        if Instant::now() >= *next {
            *next = Instant::now() + LOG_INTERVAL;
            crate::report::progress_line(log.stage, self.bar.position(), self.bar.length());
        }
    }

    fn cancelled(&self) -> bool {
        interrupted()
    }
}

impl Drop for StageProgress {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}
