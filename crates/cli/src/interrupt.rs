//! Ctrl-C, and what a batch system sends when time is up: the run ends at the next convenient place and takes
//! its temporary files with it.

use std::sync::atomic::{AtomicBool, Ordering};

static INTERRUPTED: AtomicBool = AtomicBool::new(false);

/// Starts to listen. The second signal ends the process at once, for runs that wait for input that never comes.
pub(crate) fn install() {
    // Where signals cannot be caught they end the process, as they always do.
    let _ = ctrlc::set_handler(|| {
        if INTERRUPTED.swap(true, Ordering::Relaxed) {
            std::process::exit(130);
        }
    });
}

/// Whether a signal has come.
pub(crate) fn interrupted() -> bool {
    INTERRUPTED.load(Ordering::Relaxed)
}
