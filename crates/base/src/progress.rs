//! How a caller watches and stops a long run.

/// Receives what a stage has done so far and says whether it should go on. Called from worker threads, a few
/// times a second to a few thousand times a second, so it must be cheap.
pub trait Progress: Sync {
    /// `amount` more units of work are done: bytes of input in ingest, rows in bin2d.
    fn advance(&self, amount: u64);

    /// Whether the run should stop. It then ends with an error and leaves no output behind.
    fn cancelled(&self) -> bool {
        false
    }
}

/// Passes on only whether to stop: the units are counted by somebody else.
pub struct OnlyCancelled<'a>(pub &'a dyn Progress);

impl std::fmt::Debug for OnlyCancelled<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("OnlyCancelled")
    }
}

impl Progress for OnlyCancelled<'_> {
    fn advance(&self, _amount: u64) {}

    fn cancelled(&self) -> bool {
        self.0.cancelled()
    }
}

/// The run was stopped by whoever watches it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cancelled;

impl std::fmt::Display for Cancelled {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("interrupted")
    }
}

impl std::error::Error for Cancelled {}

/// Nobody watches.
impl Progress for () {
    fn advance(&self, _amount: u64) {}
}
