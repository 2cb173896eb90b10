//! Ctrl-C, and what a batch system sends when time is up: the run ends at the next convenient place and takes
//! its temporary files with it.

use std::sync::atomic::{AtomicBool, Ordering};

static INTERRUPTED: AtomicBool = AtomicBool::new(false);

/// Starts to listen. The second signal ends the process at once, for runs that wait for input that never comes.
pub(crate) fn install() {
    // Where signals cannot be caught they end the process, as they always do.
    let _ = system::listen(stop);
}

/// Runs in a thread of its own, where it may lock and write.
fn stop() {
    if INTERRUPTED.swap(true, Ordering::Relaxed) {
        // Nothing is dropped when a process exits, so the temporary outputs are removed here.
        pointillist_ingest::staged::remove_unfinished();
        std::process::exit(130);
    }
    crate::report::say("pointillist: stopping… (again to stop at once)");
}

/// Whether a signal has come.
pub(crate) fn interrupted() -> bool {
    INTERRUPTED.load(Ordering::Relaxed)
}

#[cfg(unix)]
mod system {
    use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
    use signal_hook::iterator::Signals;

    /// Calls `stop` for each signal. One that the parent wants ignored stays so: nohup does that to SIGHUP, and a
    /// shell to the SIGINT of what it runs in the background.
    pub(super) fn listen(stop: fn()) -> std::io::Result<()> {
        let wanted = [SIGHUP, SIGINT, SIGTERM].into_iter().filter(|&signal| !is_ignored(signal));
        let mut signals = Signals::new(wanted)?;
        std::thread::Builder::new()
            .name("signals".to_owned())
            .spawn(move || signals.forever().for_each(|_| stop()))
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
    pub(super) fn listen(stop: fn()) -> Result<(), ctrlc::Error> {
        ctrlc::set_handler(stop)
    }
}
