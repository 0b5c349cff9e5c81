//! How old a connection may become.

use std::{
    hash::{BuildHasher, RandomState},
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};

use pin_project_lite::pin_project;
use tokio::time::Sleep;

use super::ConnectionShared;
use crate::events;

/// By how much the age of a connection may differ from the option, up and down, so that connections which began
/// together do not end together.
const JITTER: f64 = 0.1;

pin_project! {
    /// A connection that is served until it ends; when it is as old as it may become, it is told to end after what is
    /// under way.
    pub(super) struct Aging<F> {
        #[pin]
        served: F,
        limit: Option<Limit>,
    }
}

struct Limit {
    age: Duration,
    timer: Pin<Box<Sleep>>,
    connection: Arc<ConnectionShared>,
}

impl<F> Aging<F> {
    pub(super) fn new(served: F, connection: &Arc<ConnectionShared>) -> Self {
        let limit = connection.options.limits.max_connection_age().map(|age| {
            let age = jittered(age, random());
            Limit { age, timer: Box::pin(tokio::time::sleep(age)), connection: Arc::clone(connection) }
        });
        Self { served, limit }
    }
}

impl<F: Future> Future for Aging<F> {
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<F::Output> {
        let this = self.project();
        if let Some(limit) = this.limit
            && limit.timer.as_mut().poll(cx).is_ready()
        {
            events::connection_aged(&limit.connection, limit.age);
            limit.connection.signal.stop();
            *this.limit = None;
        }
        this.served.poll(cx)
    }
}

/// `age`, changed by a part of the jitter; `random` lies between 0 and 1.
fn jittered(age: Duration, random: f64) -> Duration {
    // A hundred years are no age; the setter says so. Nothing overflows.
    age.mul_f64(1.0 + JITTER * (2.0 * random - 1.0))
}

/// A number between 0 and 1; good enough to spread ends, and for nothing else.
fn random() -> f64 {
    let bits = RandomState::new().hash_one(0_u8) >> 32;
    bits as f64 / f64::from(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ages_lie_within_a_tenth_of_the_option() {
        let age = Duration::from_secs(100);
        assert_eq!(jittered(age, 0.0), Duration::from_secs(90));
        assert_eq!(jittered(age, 0.5), age);
        assert_eq!(jittered(age, 1.0), Duration::from_secs(110));
        assert!((0..1000).map(|_| random()).all(|random| (0.0..=1.0).contains(&random)));
    }

    #[test]
    fn ages_differ() {
        assert!((0..100).any(|_| random() != random()));
    }
}
