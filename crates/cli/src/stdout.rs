//! Whether there is a standard output.
//!
//! Where a process is started without one, the standard library opens `/dev/null` in its place before `main` runs, and all that is
//! written comes to nothing without an error. `/dev/null` may have been asked for, too, and is then opened in as many ways. So
//! on Linux, this looks before the standard library does; elsewhere it is not known.

#[cfg(target_os = "linux")]
pub(crate) use linux::is_closed;

/// Whether the process was started without a standard output.
#[cfg(not(target_os = "linux"))]
pub(crate) fn is_closed() -> bool {
    false
}

#[cfg(target_os = "linux")]
#[expect(unsafe_code, reason = "runs before main, and looks at a descriptor that may be none")]
mod linux {
    use std::sync::atomic::{AtomicBool, Ordering};

    static IS_CLOSED: AtomicBool = AtomicBool::new(false);

    // SAFETY: The loader calls what is in this section as C functions, before `main` and in the only thread there is. The
    // standard library is not in use yet, and `look` uses nothing of it that must have been set up.
    #[used]
    #[unsafe(link_section = ".init_array")]
    static LOOK: extern "C" fn() = look;

    extern "C" fn look() {
        // SAFETY: Reads the flags of a descriptor by its number; of one that is not open, it says so.
        let flags = unsafe { libc::fcntl(libc::STDOUT_FILENO, libc::F_GETFD) };
        IS_CLOSED.store(flags == -1, Ordering::Relaxed);
    }

    /// Whether the process was started without a standard output.
    pub(crate) fn is_closed() -> bool {
        IS_CLOSED.load(Ordering::Relaxed)
    }
}
