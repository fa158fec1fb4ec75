//! Work on many items at once, on a bounded number of threads; results in the order of the items.

use std::{
    num::NonZero,
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    thread,
};

/// Works on every item, on all cores; results in the order of the items.
///
/// Items are taken one after the other, so the longest should come first.
pub(crate) fn map<T: Sync, R: Send>(items: &[T], work: impl Fn(&T) -> R + Sync) -> Vec<R> {
    let cores = thread::available_parallelism().unwrap_or(NonZero::<usize>::MIN);
    map_on(cores, items, work)
}

/// The same on this many threads at most: for work that waits more than it computes.
///
/// What the system refuses to start is missing and nothing else: the caller works too.
pub(crate) fn map_on<T: Sync, R: Send>(
    threads: NonZero<usize>,
    items: &[T],
    work: impl Fn(&T) -> R + Sync,
) -> Vec<R> {
    let threads = threads.get().min(items.len());
    if threads <= 1 {
        return items.iter().map(work).collect();
    }
    let next = AtomicUsize::new(0);
    let results: Mutex<Vec<(usize, R)>> = Mutex::new(Vec::with_capacity(items.len()));
    let worker = || {
        loop {
            let at = next.fetch_add(1, Ordering::Relaxed);
            let Some(item) = items.get(at) else { break };
            let result = work(item);
            let mut results = results.lock().unwrap_or_else(PoisonError::into_inner);
            results.push((at, result));
        }
    };
    thread::scope(|scope| {
        for _ in 1..threads {
            if thread::Builder::new().spawn_scoped(scope, worker).is_err() {
                break;
            }
        }
        worker();
    });
    let mut results = results.into_inner().unwrap_or_else(PoisonError::into_inner);
    results.sort_by_key(|(at, _)| *at);
    results.into_iter().map(|(_, result)| result).collect()
}

/// Works on what comes, on this many threads at most, until nothing more comes or `work` returns false.
///
/// Items are drawn one thread at a time, a few at once, so drawing one should be cheap beside the work.
pub(crate) fn each_on<T: Send>(
    threads: NonZero<usize>,
    items: impl Iterator<Item = T> + Send,
    work: impl Fn(T) -> bool + Sync,
) {
    let items = Mutex::new(items);
    let ended = AtomicBool::new(false);
    let worker = || {
        while !ended.load(Ordering::Relaxed) {
            let batch: Vec<T> = {
                let mut items = items.lock().unwrap_or_else(PoisonError::into_inner);
                items.by_ref().take(BATCH).collect()
            };
            if batch.is_empty() {
                break;
            }
            for item in batch {
                if !work(item) {
                    ended.store(true, Ordering::Relaxed);
                    return;
                }
            }
        }
    };
    thread::scope(|scope| {
        for _ in 1..threads.get() {
            if thread::Builder::new().spawn_scoped(scope, worker).is_err() {
                break;
            }
        }
        worker();
    });
}

/// So that threads are seldom in each other's way, and none has much left when the others are done.
const BATCH: usize = 16;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn results_come_in_the_order_of_the_items() {
        let items: Vec<usize> = (0..100).collect();
        assert_eq!(map(&items, |item| *item), items);
        assert!(map(&[] as &[u8], |_| ()).is_empty());
    }

    #[test]
    fn no_more_threads_work_than_were_allowed() {
        let (now, most) = (AtomicUsize::new(0), AtomicUsize::new(0));
        let three = NonZero::new(3).unwrap();
        let items: Vec<usize> = (0..64).collect();
        let results = map_on(three, &items, |item| {
            most.fetch_max(now.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
            thread::yield_now();
            now.fetch_sub(1, Ordering::SeqCst);
            *item
        });
        assert_eq!(results, items);
        assert!(most.into_inner() <= 3);
    }

    #[test]
    fn everything_that_comes_is_worked_on_until_somebody_has_enough() {
        let two = NonZero::new(2).unwrap();
        let sum = AtomicUsize::new(0);
        each_on(two, 1..=100, |item| {
            sum.fetch_add(item, Ordering::SeqCst);
            true
        });
        assert_eq!(sum.into_inner(), 5050);
        let seen = AtomicUsize::new(0);
        each_on(two, 0.., |_: u64| seen.fetch_add(1, Ordering::SeqCst) < 10);
        assert!(seen.into_inner() < 100);
    }
}
