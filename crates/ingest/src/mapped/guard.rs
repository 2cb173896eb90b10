//! Keeps a file that is cut, or that the disk cannot give, from ending the process.
//!
//! Where a map has no file behind it any more, the processor stops at the instruction that looks there, and the system
//! sends SIGBUS, which ends the process. Here the rest of the map becomes zeros instead, and the instruction is
//! executed again. That the zeros are none of the values that were written is found by whoever checks these.
//!
//! The handler is installed when the first file is mapped, for the whole process. What is none of its business goes on to
//! whoever had the signal before.

#![expect(unsafe_code, reason = "handles a signal")]

use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};

use libc::{c_int, c_void, siginfo_t};

/// Where maps lie: the number of the first page of each, and how many there are, in one number, so that a handler never
/// sees half of it; 0 is none. There is room for as many as a process ever looks at: two or three columns of some folders.
static MAPS: [AtomicU64; 256] = [const { AtomicU64::new(0) }; 256];
/// Bits of the number of pages: up to 1 TiB.
const LENGTH: u32 = 28;
/// Bits of an address within a page. Larger pages are several of these.
const PAGE: u32 = 12;
/// The size of a real page, and who handled the signal before. Set before the handler is.
static BEFORE: OnceLock<(usize, libc::sigaction)> = OnceLock::new();

/// A map that may lose its file.
#[derive(Debug)]
pub(super) struct Guarded {
    place: &'static AtomicU64,
}

impl Guarded {
    /// Guards a map, which begins at a page, until [`Guarded::end`]. None where that cannot be done.
    pub(super) fn new(map: &[u8]) -> Option<Self> {
        install()?;
        let first = (map.as_ptr().addr() >> PAGE) as u64;
        let pages = (map.len() as u64).div_ceil(1 << PAGE);
        if pages >= 1 << LENGTH || first >= 1 << (u64::BITS - LENGTH) {
            return None;
        }
        let what = first << LENGTH | pages;
        let take = |place: &&AtomicU64| {
            place.compare_exchange(0, what, Ordering::AcqRel, Ordering::Relaxed).is_ok()
        };
        MAPS.iter().find(take).map(|place| Self { place })
    }

    /// From now on it is none of ours.
    pub(super) fn end(&self) {
        self.place.store(0, Ordering::Release);
    }
}

/// Installs the handler, once.
fn install() -> Option<()> {
    static INSTALLED: OnceLock<bool> = OnceLock::new();
    INSTALLED
        .get_or_init(|| {
            // SAFETY: All zeros are an action that does nothing, and a number that no page has is none.
            let (mut before, page) =
                unsafe { (std::mem::zeroed(), libc::sysconf(libc::_SC_PAGESIZE)) };
            // SAFETY: No action is given, and there is room for the one that there is.
            let asked = unsafe { libc::sigaction(libc::SIGBUS, std::ptr::null(), &mut before) };
            let Ok(page) = usize::try_from(page) else { return false };
            if asked != 0 || BEFORE.set((page, before)).is_err() {
                return false;
            }
            // SAFETY: All zeros are an action; its fields are set below.
            let mut action: libc::sigaction = unsafe { std::mem::zeroed() };
            let handler: extern "C" fn(c_int, *mut siginfo_t, *mut c_void) = on_bus_error;
            action.sa_sigaction = handler as libc::sighandler_t;
            action.sa_flags = libc::SA_SIGINFO | libc::SA_ONSTACK;
            // SAFETY: The action is whole, and its handler calls nothing but what a handler may call: it loads atomics and
            // makes system calls.
            unsafe { libc::sigaction(libc::SIGBUS, &action, std::ptr::null_mut()) == 0 }
        })
        .then_some(())
}

/// Where a map has lost its file, puts zeros there, to its end. Everything else is handled as it was before.
extern "C" fn on_bus_error(_: c_int, info: *mut siginfo_t, _: *mut c_void) {
    let Some((page, before)) = BEFORE.get() else { return };
    // SAFETY: The system gives what the signal is about, and for this one an address; errno is the thread's own, and what
    // was interrupted finds it as it was.
    let (address, errno) = unsafe { ((*info).si_addr().addr(), *libc::__errno_location()) };
    let first = address & !(page - 1);
    let end = MAPS.iter().find_map(|place| {
        let what = place.load(Ordering::Acquire);
        let (start, pages) = (what >> LENGTH, what & ((1 << LENGTH) - 1));
        let (start, end) = (start << PAGE, (start + pages) << PAGE);
        (start..end).contains(&(address as u64)).then_some(end as usize)
    });
    let is_mended = end.is_some_and(|end| {
        // SAFETY: The pages from there to the end belong to a map that is in use, as this thread just looked at it, and hold
        // what nobody may write to. Pages of zeros are as good as any for whoever looks at them now.
        let zeros = unsafe {
            libc::mmap(
                std::ptr::with_exposed_provenance_mut(first),
                end - first,
                libc::PROT_READ,
                libc::MAP_PRIVATE | libc::MAP_ANONYMOUS | libc::MAP_FIXED,
                -1,
                0,
            )
        };
        zeros != libc::MAP_FAILED
    });
    // SAFETY: The action is one that was there before, and errno is the thread's own. With that action in place, the
    // instruction is executed again, and stops again.
    unsafe {
        if !is_mended {
            libc::sigaction(libc::SIGBUS, before, std::ptr::null_mut());
        }
        *libc::__errno_location() = errno;
    }
}
