//! The token and the deadline on top of it.

mod support;

use std::{
    pin::{Pin, pin},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    task::{Context, Poll, Wake, Waker},
    time::Duration,
};

use falconry_features::{CancellationToken, Deadline, block_on};

use self::support::{Log, now};

#[derive(Default)]
struct CountWakes(AtomicUsize);

impl Wake for CountWakes {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, Ordering::SeqCst);
    }
}

impl CountWakes {
    fn count(&self) -> usize {
        self.0.load(Ordering::SeqCst)
    }
}

fn counter() -> (Arc<CountWakes>, Waker) {
    let counter = Arc::<CountWakes>::default();
    (Arc::clone(&counter), Waker::from(counter))
}

#[test]
fn a_token_fires_once_and_stays_fired() {
    let (log, token) = (Log::default(), CancellationToken::new());
    let seen = log.clone();
    token.on_cancelled(move || seen.note("fired"));
    assert!(!token.is_cancelled());
    token.cancel();
    token.cancel();
    assert!(token.is_cancelled() && token.clone().is_cancelled());
    assert_eq!(log.events(), ["fired"]);
}

#[test]
fn callbacks_run_last_registered_first() {
    let (log, token) = (Log::default(), CancellationToken::new());
    for name in ["1", "2", "3"] {
        let seen = log.clone();
        token.on_cancelled(move || seen.note(name));
    }
    token.cancel();
    assert_eq!(log.events(), ["3", "2", "1"]);
}

#[test]
fn a_callback_registered_late_runs_at_once_even_from_within_another() {
    let (log, token) = (Log::default(), CancellationToken::new());
    let (seen, inner) = (log.clone(), token.clone());
    token.on_cancelled(move || {
        let nested = seen.clone();
        inner.on_cancelled(move || nested.note("inner"));
        inner.cancel();
        seen.note("outer");
    });
    token.cancel();
    let seen = log.clone();
    token.on_cancelled(move || seen.note("late"));
    assert_eq!(log.events(), ["inner", "outer", "late"]);
}

#[test]
fn firing_wakes_each_who_waits_and_completes_their_futures() {
    let token = CancellationToken::new();
    let ((first_count, first_waker), (second_count, second_waker)) = (counter(), counter());
    let (mut first, mut second) = (token.cancelled(), token.cancelled());
    assert!(Pin::new(&mut first).poll(&mut Context::from_waker(&first_waker)).is_pending());
    assert!(Pin::new(&mut second).poll(&mut Context::from_waker(&second_waker)).is_pending());
    token.cancel();
    assert_eq!((first_count.count(), second_count.count()), (1, 1));
    assert!(Pin::new(&mut first).poll(&mut Context::from_waker(&first_waker)).is_ready());
    now(token.cancelled());
    now(second);
}

#[test]
fn a_future_polled_again_wakes_only_the_last_task() {
    let token = CancellationToken::new();
    let ((old_count, old_waker), (new_count, new_waker)) = (counter(), counter());
    let mut waiting = token.cancelled();
    for waker in [&old_waker, &new_waker] {
        assert!(Pin::new(&mut waiting).poll(&mut Context::from_waker(waker)).is_pending());
    }
    token.cancel();
    assert_eq!((old_count.count(), new_count.count()), (0, 1));
}

#[test]
fn a_dropped_future_is_forgotten() {
    let token = CancellationToken::new();
    let (count, waker) = counter();
    let mut waiting = token.cancelled();
    assert!(Pin::new(&mut waiting).poll(&mut Context::from_waker(&waker)).is_pending());
    let held = Arc::strong_count(&count);
    drop(waiting);
    assert_eq!(Arc::strong_count(&count), held - 1);
    token.cancel();
    assert_eq!(count.count(), 0);
}

#[test]
fn a_token_knows_whether_somebody_else_holds_it() {
    let token = CancellationToken::new();
    assert!(token.is_unshared());
    let waiting = token.cancelled();
    assert!(!token.is_unshared());
    drop(waiting);
    assert!(token.is_unshared());
}

#[test]
fn a_token_fired_on_another_thread_wakes_this_one() {
    let token = CancellationToken::new();
    let thread = std::thread::spawn({
        let token = token.clone();
        move || token.cancel()
    });
    block_on(token.cancelled());
    thread.join().unwrap();
}

#[test]
fn a_deadline_passes_now_never_or_when_its_token_fires() {
    assert!(Deadline::now().has_passed());
    assert_eq!(Deadline::now().length(), Some(Duration::ZERO));
    assert!(!Deadline::never().has_passed());
    assert_eq!(Deadline::never().length(), None);

    let token = CancellationToken::new();
    let deadline = Deadline::on(token.clone(), Some(Duration::from_secs(30)));
    assert!(!deadline.has_passed());
    assert_eq!(deadline.length(), Some(Duration::from_secs(30)));
    token.cancel();
    assert!(deadline.has_passed());
    now(deadline.passed());
}

#[test]
fn work_under_a_deadline_gives_its_output_if_it_is_done_even_then() {
    assert_eq!(now(Deadline::never().limit(async { 7 })), Some(7));
    assert_eq!(now(Deadline::now().limit(async { 7 })), Some(7));
}

#[test]
fn work_that_is_not_done_at_the_deadline_is_given_up() {
    assert_eq!(now(Deadline::now().limit(std::future::pending::<u8>())), None);

    let token = CancellationToken::new();
    let deadline = Deadline::on(token.clone(), None);
    let (count, waker) = counter();
    let mut work = pin!(deadline.limit(std::future::pending::<u8>()));
    assert!(work.as_mut().poll(&mut Context::from_waker(&waker)).is_pending());
    token.cancel();
    assert_eq!(count.count(), 1);
    assert_eq!(work.as_mut().poll(&mut Context::from_waker(&waker)), Poll::Ready(None));
}
