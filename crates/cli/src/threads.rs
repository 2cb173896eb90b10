//! The threads that all stages work with, and what else a process may have of the system.

use std::io;
use std::num::NonZero;
use std::sync::mpsc::{Sender, channel};

use rayon::{ThreadBuilder, ThreadPoolBuilder};

use crate::failure::Failure;

/// The most threads there can be.
const MOST: usize = 512;
/// Bytes of a thread's stack. Said here, so that nothing in the environment can say what no system has.
pub(crate) const STACK: usize = 2 << 20;

/// The most threads that a core works for. More find nothing to do while others wait for a disk, and each has memory and
/// work of its own: 512 of them take two cores four to seven times as long as two, eight at most a fifth longer.
const MOST_A_CORE: usize = 4;

/// Starts so many threads, or one a core, or as many as can be had: where there are no more, the work takes longer.
pub(crate) fn start(asked: Option<u16>) -> Result<(), Failure> {
    let cores = std::thread::available_parallelism().map_or(1, NonZero::get);
    let asked = asked.map(usize::from).or_else(said_by_environment);
    let wanted = asked.unwrap_or(cores).min(cores.saturating_mul(MOST_A_CORE)).min(fitting());
    // A pool cannot be started twice, so how many there are must be known before.
    let mut waiting: Vec<Sender<ThreadBuilder>> = (0..wanted).map_while(|_| spawn().ok()).collect();
    let pool = match waiting.len() {
        // One is here already.
        0 => ThreadPoolBuilder::new().num_threads(1).use_current_thread().build_global(),
        started => ThreadPoolBuilder::new()
            .num_threads(started)
            .spawn_handler(|thread| {
                let waits = waiting.pop().ok_or(io::ErrorKind::WouldBlock)?;
                waits.send(thread).map_err(|_| io::ErrorKind::BrokenPipe.into())
            })
            .build_global(),
    };
    pool.map_err(|error| Failure::error(format!("cannot start to work: {error}")))
}

/// Starts a thread that waits for what it is to do.
fn spawn() -> io::Result<Sender<ThreadBuilder>> {
    let (send, receive) = channel::<ThreadBuilder>();
    std::thread::Builder::new().stack_size(STACK).spawn(move || {
        if let Ok(thread) = receive.recv() {
            thread.run();
        }
    })?;
    Ok(send)
}

/// How many threads find room in the address space, where that is limited (`ulimit -v`).
fn fitting() -> usize {
    /// What glibc sets aside for the memory of a thread, twice, to cut it to size; the stack, and what is worked on, are
    /// small beside it.
    #[cfg(target_os = "linux")]
    const EACH: u64 = 128 << 20;
    #[cfg(target_os = "linux")]
    if let Some(limit) = rustix::process::getrlimit(rustix::process::Resource::As).current {
        return usize::try_from(limit / EACH).unwrap_or(MOST).clamp(1, MOST);
    }
    MOST
}

/// What the environment says, as far as that makes sense.
fn said_by_environment() -> Option<usize> {
    let said = std::env::var("RAYON_NUM_THREADS").ok()?;
    said.trim().parse().ok().filter(|&said: &usize| said > 0)
}

/// Opens as many files at a time as the system allows: the usual limit of 1024 is meant for programs that cannot have
/// more.
pub(crate) fn raise_limit_of_files() {
    #[cfg(unix)]
    {
        use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
        /// The most that macOS takes, whatever it says.
        const MACOS: u64 = 10_240;
        let limit = getrlimit(Resource::Nofile);
        let is_more = |wanted: Option<u64>| match (wanted, limit.current) {
            (Some(wanted), Some(current)) => wanted > current,
            (None, current) => current.is_some(),
            (Some(_), None) => false,
        };
        // Where it cannot be raised, it is as it was.
        let raise = |&wanted: &Option<u64>| {
            is_more(wanted)
                && setrlimit(Resource::Nofile, Rlimit { current: wanted, ..limit }).is_ok()
        };
        let _ = [limit.maximum, Some(MACOS)].iter().find(|wanted| raise(wanted));
    }
}
