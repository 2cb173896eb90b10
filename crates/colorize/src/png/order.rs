//! Work that is done in any order and handed over in that of its numbers.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, TryRecvError, channel};
use std::time::Duration;

use crate::Error;

/// Pieces of work for each thread that are begun and not yet handed over.
const AHEAD: usize = 2;

/// Does `work` for 0, 1, … `count - 1` on the threads of rayon's current pool and gives the results to `take`
/// in this order, on the thread of the caller. There are never more than a few results a thread.
///
/// # Errors
/// The first one of `work` or `take`; no work is begun after it.
pub(super) fn in_order<T: Send>(
    count: usize,
    work: impl Fn(usize) -> Result<T, Error> + Sync,
    mut take: impl FnMut(T) -> Result<(), Error>,
) -> Result<(), Error> {
    let stopped = AtomicBool::new(false);
    let ahead = AHEAD * rayon::current_num_threads() + 1;
    let (sender, receiver) = channel();
    rayon::in_place_scope(|scope| {
        let begin = |i: usize| {
            let reply = Reply { sender: sender.clone(), sent: false };
            let (work, stopped) = (&work, &stopped);
            scope.spawn(move |_| {
                if !stopped.load(Ordering::Relaxed) {
                    let result = work(i);
                    reply.send(i, result);
                }
            });
        };
        (0..count.min(ahead)).for_each(begin);
        let mut early = BTreeMap::new();
        for i in 0..count {
            let result = loop {
                if let Some(result) = early.remove(&i) {
                    break result;
                }
                match receive(&receiver) {
                    Some((i, Ok(result))) => _ = early.insert(i, result),
                    Some((_, Err(error))) => {
                        stopped.store(true, Ordering::Relaxed);
                        return Err(error);
                    }
                    // Some work has panicked, and so will the scope.
                    None => {
                        stopped.store(true, Ordering::Relaxed);
                        return Ok(());
                    }
                }
            };
            take(result).inspect_err(|_| stopped.store(true, Ordering::Relaxed))?;
            if i + ahead < count {
                begin(i + ahead);
            }
        }
        Ok(())
    })
}

/// How a piece of work ended; `None` where it panicked.
type Message<T> = Option<(usize, Result<T, Error>)>;

/// Tells how a piece of work ended, at the latest when it is dropped.
struct Reply<T> {
    sender: Sender<Message<T>>,
    sent: bool,
}

impl<T> Reply<T> {
    fn send(mut self, i: usize, result: Result<T, Error>) {
        self.sent = true;
        // Nobody listens after an error.
        let _ = self.sender.send(Some((i, result)));
    }
}

impl<T> Drop for Reply<T> {
    fn drop(&mut self) {
        if !self.sent {
            let _ = self.sender.send(None);
        }
    }
}

/// Waits for a message. A thread of the pool works in the meantime: there may be no other one.
fn receive<T>(receiver: &Receiver<Message<T>>) -> Message<T> {
    loop {
        match receiver.try_recv() {
            Ok(message) => return message,
            Err(TryRecvError::Disconnected) => return None,
            Err(TryRecvError::Empty) => {}
        }
        match rayon::yield_now() {
            Some(rayon::Yield::Executed) => {}
            Some(rayon::Yield::Idle) => {
                // What is left is done by others; they may yet have something to share.
                match receiver.recv_timeout(Duration::from_millis(1)) {
                    Ok(message) => return message,
                    Err(RecvTimeoutError::Disconnected) => return None,
                    Err(RecvTimeoutError::Timeout) => {}
                }
            }
            None => return receiver.recv().ok().flatten(),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::AtomicUsize;

    use super::*;

    fn pool(threads: usize) -> rayon::ThreadPool {
        rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap()
    }

    #[test]
    fn results_come_in_order_and_are_few_at_any_time() {
        for threads in [1, 2, 7] {
            let alive = AtomicUsize::new(0);
            let mut next = 0;
            let result = pool(threads).install(|| {
                in_order(
                    200,
                    |i| {
                        assert!(alive.fetch_add(1, Ordering::SeqCst) <= 2 * threads + 1);
                        Ok(i)
                    },
                    |i| {
                        assert_eq!(i, next);
                        next += 1;
                        alive.fetch_sub(1, Ordering::SeqCst);
                        Ok(())
                    },
                )
            });
            assert!(result.is_ok() && next == 200);
        }
    }

    #[test]
    fn an_error_ends_it_and_little_is_begun_after_it() {
        for threads in [1, 2, 7] {
            let begun = AtomicUsize::new(0);
            let work = |i| {
                begun.fetch_add(1, Ordering::SeqCst);
                if i == 20 { Err(Error::NoCounts) } else { Ok(i) }
            };
            let failed = pool(threads).install(|| in_order(10_000, work, |_| Ok(())));
            assert!(matches!(failed, Err(Error::NoCounts)));
            assert!(begun.load(Ordering::SeqCst) < 100);
            let begun = AtomicUsize::new(0);
            let work = |i| Ok((begun.fetch_add(1, Ordering::SeqCst), i));
            let take = |(_, i)| if i == 20 { Err(Error::NoCounts) } else { Ok(()) };
            let failed = pool(threads).install(|| in_order(10_000, work, take));
            assert!(matches!(failed, Err(Error::NoCounts)));
            assert!(begun.load(Ordering::SeqCst) < 100);
        }
    }

    #[test]
    fn a_panic_is_passed_on() {
        for threads in [1, 2] {
            let panicked = std::panic::catch_unwind(|| {
                let work = |i| if i == 5 { panic!("of the test") } else { Ok(i) };
                pool(threads).install(|| in_order(100, work, |_| Ok(())))
            });
            assert!(panicked.is_err());
        }
    }

    #[test]
    fn work_may_use_the_pool_itself() {
        for threads in [1, 2, 7] {
            let work = |i: usize| {
                let (a, b) = rayon::join(|| i, || rayon::join(|| i, || i).0);
                Ok(a + b)
            };
            let mut sum = 0;
            let take = |i| {
                sum += i;
                Ok(())
            };
            assert!(pool(threads).install(|| in_order(500, work, take)).is_ok());
            assert_eq!(sum, 499 * 500);
        }
    }
}
