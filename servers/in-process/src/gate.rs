//! [`Gate`]: between "pending" returned to the host and the first completion.

use self::sync::{Condvar, Mutex, MutexGuard, ThreadId, current};

/// Keeps the host's other threads out while a call of the host is under way.
///
/// A native host may report the completion of an operation on another thread before the call that
/// began it has returned. What begins operations on the host's thread holds the gate meanwhile; what
/// handles completions passes it first, and waits there until the call is over.
///
/// A completion that the host reports within the call itself, on the same thread, does not wait.
///
/// ```
/// use falconry_in_process::Gate;
///
/// let gate = Gate::new();
/// let held = gate.hold(); // in the call of the host
/// gate.pass(); // the same thread: an inline completion
/// drop(held); // just before the call returns
/// ```
#[derive(Debug, Default)]
pub struct Gate {
    holder: Mutex<Option<ThreadId>>,
    opened: Condvar,
}

/// Keeps a [`Gate`] closed until it is dropped.
#[derive(Debug)]
#[must_use = "the gate is open again once this is dropped"]
pub struct Held<'a> {
    gate: &'a Gate,
}

impl Gate {
    /// An open gate.
    pub fn new() -> Self {
        Self { holder: Mutex::new(None), opened: Condvar::new() }
    }

    /// Closes the gate for other threads; waits while one of those holds it.
    pub fn hold(&self) -> Held<'_> {
        let mut holder = self.wait();
        *holder = Some(current());
        drop(holder);
        Held { gate: self }
    }

    /// Returns once no other thread holds the gate.
    pub fn pass(&self) {
        drop(self.wait());
    }

    fn wait(&self) -> MutexGuard<'_, Option<ThreadId>> {
        let mut holder = lock(&self.holder);
        while holder.is_some_and(|thread| thread != current()) {
            holder = match self.opened.wait(holder) {
                Ok(holder) => holder,
                Err(poisoned) => poisoned.into_inner(),
            };
        }
        holder
    }
}

impl Drop for Held<'_> {
    fn drop(&mut self) {
        *lock(&self.gate.holder) = None;
        self.gate.opened.notify_all();
    }
}

fn lock(holder: &Mutex<Option<ThreadId>>) -> MutexGuard<'_, Option<ThreadId>> {
    match holder.lock() {
        Ok(holder) => holder,
        Err(poisoned) => poisoned.into_inner(),
    }
}

#[cfg(not(loom))]
mod sync {
    pub(super) use std::{
        sync::{Condvar, Mutex, MutexGuard},
        thread::ThreadId,
    };

    pub(super) fn current() -> ThreadId {
        std::thread::current().id()
    }
}

#[cfg(loom)]
mod sync {
    pub(super) use loom::{
        sync::{Condvar, Mutex, MutexGuard},
        thread::ThreadId,
    };

    pub(super) fn current() -> ThreadId {
        loom::thread::current().id()
    }
}

#[cfg(all(test, loom))]
mod loom_tests {
    use loom::sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    };

    use super::Gate;

    #[test]
    fn no_completion_is_handled_before_the_call_has_returned() {
        loom::model(|| {
            let shared = Arc::new((Gate::new(), AtomicBool::new(false)));
            let held = shared.0.hold();
            let completions: Vec<_> = (0..2)
                .map(|_| {
                    let shared = Arc::clone(&shared);
                    loom::thread::spawn(move || {
                        shared.0.pass();
                        assert!(shared.1.load(Ordering::Relaxed), "the call was still under way");
                    })
                })
                .collect();
            shared.1.store(true, Ordering::Relaxed);
            drop(held);
            completions.into_iter().for_each(|thread| thread.join().unwrap());
        });
    }

    #[test]
    fn two_calls_hold_it_one_after_the_other() {
        loom::model(|| {
            let shared = Arc::new((Gate::new(), AtomicBool::new(false)));
            let other = {
                let shared = Arc::clone(&shared);
                loom::thread::spawn(move || call(&shared))
            };
            call(&shared);
            other.join().unwrap();
        });
    }

    fn call(shared: &(Gate, AtomicBool)) {
        let held = shared.0.hold();
        assert!(!shared.1.swap(true, Ordering::Relaxed));
        shared.1.store(false, Ordering::Relaxed);
        drop(held);
    }
}

#[cfg(all(test, not(loom)))]
mod tests {
    use std::sync::mpsc;

    use super::Gate;

    #[test]
    fn another_thread_waits_until_the_call_is_over() {
        let gate = Gate::new();
        let (sender, events) = mpsc::channel();
        std::thread::scope(|scope| {
            let held = gate.hold();
            let (started, has_started) = mpsc::channel();
            let (gate, completion) = (&gate, sender.clone());
            scope.spawn(move || {
                started.send(()).unwrap();
                gate.pass();
                completion.send("completed").unwrap();
            });
            has_started.recv().unwrap();
            gate.pass();
            sender.send("returned").unwrap();
            drop(held);
        });
        assert_eq!(events.try_iter().collect::<Vec<_>>(), ["returned", "completed"]);
    }
}
