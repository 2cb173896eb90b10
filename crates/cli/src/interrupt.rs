//! Ctrl-C, and what a batch system or a timer sends when time is up: the run ends at the next convenient place and takes
//! its temporary files with it.
//!
//! A run that waits, for text that does not come or for a reader of its picture, comes to no such place. It is ended
//! from here a moment later: a batch system sends SIGTERM once, and then SIGKILL, after which nobody tidies up.

use std::sync::atomic::{AtomicU8, Ordering};
use std::time::Duration;

use pointillist_base::Progress;

use crate::threads::STACK;

/// The number of the first signal that has come, or 0.
static SIGNAL: AtomicU8 = AtomicU8::new(0);

/// Time for a run to end by itself: stages look up many times a second, and a batch system waits for a few.
const GRACE: Duration = Duration::from_secs(1);

/// Time for an output that is being renamed to come to its place.
const PATIENCE: Duration = Duration::from_secs(1);

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
    let grace = std::thread::Builder::new().name("grace".to_owned()).stack_size(STACK);
    let _ = grace.spawn(|| {
        std::thread::sleep(GRACE);
        end()
    });
    crate::report::say("pointillist: stopping… (again to stop at once)");
}

/// Ends the process. Nothing is dropped when a process exits, so the temporary outputs are removed here.
fn end() -> ! {
    pointillist_base::staged::remove_unfinished(PATIENCE);
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
    use std::io;
    use std::sync::Arc;
    use std::sync::atomic::AtomicBool;
    use std::sync::mpsc::channel;

    use signal_hook::consts::{
        SIGALRM, SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGUSR1, SIGUSR2, SIGXCPU,
    };
    use signal_hook::iterator::Signals;
    use signal_hook::{flag, low_level};

    use crate::threads::STACK;

    /// All that end a process that does not listen, and that somebody sends: from a terminal, a shell, a batch system, or
    /// with a limit of time.
    const SENT: [i32; 8] = [SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGALRM, SIGUSR1, SIGUSR2, SIGXCPU];

    /// Calls `stop` for each signal, with its number. One that the parent wants ignored stays so: nohup does that to
    /// SIGHUP, and a shell to the SIGINT of what it runs in the background.
    pub(super) fn listen(stop: fn(u8)) -> io::Result<()> {
        ignore_long_files();
        let wanted: Vec<i32> = SENT.into_iter().filter(|&signal| !is_ignored(signal)).collect();
        // A signal that is caught and that nobody listens to would be lost, so there must be somebody first.
        let (send, receive) = channel::<Signals>();
        let thread = std::thread::Builder::new().name("signals".to_owned()).stack_size(STACK);
        let listening = thread.spawn(move || {
            if let Ok(mut signals) = receive.recv() {
                signals.forever().for_each(|signal| stop(signal as u8));
            }
        });
        if listening.is_err() {
            return wanted.into_iter().try_for_each(remember);
        }
        let signals = Signals::new(wanted)?;
        // The thread waits for them.
        let _ = send.send(signals);
        Ok(())
    }

    /// Only notes that a signal has come, where there is no thread to do more: stages look up, and the second ends the
    /// process.
    fn remember(signal: i32) -> io::Result<()> {
        let once = Arc::new(AtomicBool::new(false));
        flag::register_conditional_default(signal, Arc::clone(&once))?;
        flag::register(signal, once)?;
        note(signal)
    }

    #[expect(unsafe_code, reason = "what a handler may do is only known to who writes it")]
    fn note(signal: i32) -> io::Result<()> {
        use std::sync::atomic::Ordering::Relaxed;
        let note = move || {
            let _ = super::SIGNAL.compare_exchange(0, signal as u8, Relaxed, Relaxed);
        };
        // SAFETY: all that the handler does is to change an atomic number, which never waits and takes no memory.
        unsafe { low_level::register(signal, note) }.map(drop)
    }

    /// Makes a file that grows beyond the limit (`ulimit -f`) an error like any other. Unless it is ignored, the signal that
    /// comes with it ends the process.
    #[expect(unsafe_code, reason = "nothing safe ignores a signal")]
    fn ignore_long_files() {
        // SAFETY: no code of ours is called when the signal comes, and nobody else in this process handles it.
        unsafe { libc::signal(libc::SIGXFSZ, libc::SIG_IGN) };
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
