//! Memory that threads use in turn.

use std::sync::{Mutex, PoisonError};

/// Room that threads take while they work and give back for the next. What rayon makes for a part of its work (`map_init`,
/// `fold`), it makes anew for every few steps, and memory that was just given back to the system has to be cleared by it again:
/// with a mebibyte a strip that took as long as all else that is done with the strip.
#[derive(Debug, Default)]
pub struct Idle<T>(Mutex<Vec<T>>);

impl<T: Default> Idle<T> {
    /// Works with room that is idle, or with new room where there is none.
    pub fn lend<R>(&self, work: impl FnOnce(&mut T) -> R) -> R {
        let idle = || self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let mut room = idle().pop().unwrap_or_default();
        let made = work(&mut room);
        idle().push(room);
        made
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rayon::prelude::*;

    #[test]
    fn there_is_as_much_room_as_there_are_threads_at_work() {
        let idle = Idle::<Vec<u8>>::default();
        (0..1000).into_par_iter().for_each(|_| idle.lend(|room| room.resize(10, 1)));
        let rooms = idle.0.into_inner().unwrap();
        assert!((1..=rayon::current_num_threads()).contains(&rooms.len()));
        assert!(rooms.iter().all(|room| room.len() == 10));
    }
}
