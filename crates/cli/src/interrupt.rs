//! Ctrl-C, and what a batch system sends when time is up: the run ends at the next convenient place and takes
//! its temporary files with it.
//!
//! A run that waits, for text that does not come or for a reader of its picture, comes to no such place. It is ended
//! from here a moment later: a batch system sends SIGTERM once, and then SIGKILL, after which nobody tidies up.

use std::sync::atomic::{AtomicU8, Ordering};
use std::time::Duration;

use pointillist_ingest::Progress;

/// The number of the first signal that has come, or 0.
static SIGNAL: AtomicU8 = AtomicU8::new(0);

/// Time for a run to end by itself: stages look up many times a second, and a batch system waits for a few.
const GRACE: Duration = Duration::from_secs(1);

/// Ctrl-C.
const SIGINT: u8 = 2;

/// Starts to listen. The second signal ends the process at once, and so does the first a moment later, for runs that
/// wait for what never comes.
pub(crate) fn install() {
    // Where signals cannot be caught they end the process, as they always do.
    let _ = system::listen(stop);
}

/// Runs in a thread of its own, where it may lock and write.
fn stop(signal: u8) {
    if SIGNAL.compare_exchange(0, signal, Ordering::Relaxed, Ordering::Relaxed).is_err() {
        end();
    }
    // Before a word is said: standard error may be what the run waits for. Without the thread there is still the
    // second signal.
    let _ = std::thread::Builder::new().name("grace".to_owned()).spawn(|| {
        std::thread::sleep(GRACE);
        end()
    });
    crate::report::say("pointillist: stopping… (again to stop at once)");
}

/// Ends the process. Nothing is dropped when a process exits, so the temporary outputs are removed here.
fn end() -> ! {
    pointillist_ingest::staged::remove_unfinished();
    std::process::exit(exit_code().into())
}

/// The progress of what is too short to be watched, and can be stopped all the same.
pub(crate) struct UntilInterrupted;

impl Progress for UntilInterrupted {
    fn advance(&self, _amount: u64) {}

    fn cancelled(&self) -> bool {
        interrupted()
    }
}

/// Whether a signal has come.
pub(crate) fn interrupted() -> bool {
    SIGNAL.load(Ordering::Relaxed) != 0
}

/// How a run ends that was interrupted: 128 and the number of the signal, as a shell has it.
pub(crate) fn exit_code() -> u8 {
    match SIGNAL.load(Ordering::Relaxed) {
        0 => 128 + SIGINT,
        signal => 128 + signal,
    }
}

#[cfg(unix)]
mod system {
    use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
    use signal_hook::iterator::Signals;

    /// Calls `stop` for each signal, with its number. One that the parent wants ignored stays so: nohup does that to
    /// SIGHUP, and a shell to the SIGINT of what it runs in the background.
    pub(super) fn listen(stop: fn(u8)) -> std::io::Result<()> {
        let wanted = [SIGHUP, SIGINT, SIGTERM].into_iter().filter(|&signal| !is_ignored(signal));
        let mut signals = Signals::new(wanted)?;
        std::thread::Builder::new()
            .name("signals".to_owned())
            .spawn(move || signals.forever().for_each(|signal| stop(signal as u8)))
            .map(drop)
    }

    #[expect(unsafe_code, reason = "nothing safe asks how a signal is handled")]
    fn is_ignored(signal: i32) -> bool {
        let mut now = std::mem::MaybeUninit::<libc::sigaction>::zeroed();
        // SAFETY: without a new action the call changes nothing; it writes to `now`, which lives and is large
        // enough, and for which zeros are a valid value should it fail.
        let now = unsafe {
            libc::sigaction(signal, std::ptr::null(), now.as_mut_ptr());
            now.assume_init()
        };
        now.sa_sigaction == libc::SIG_IGN
    }
}

#[cfg(not(unix))]
mod system {
    pub(super) fn listen(stop: fn(u8)) -> Result<(), ctrlc::Error> {
        ctrlc::set_handler(move || stop(super::SIGINT))
    }
}
