//! One request between its application and its host: the state machine.
//!
//! Everything that happens is noted in the [`State`] under a lock; then [`Exchange::pump`] does, without the
//! lock, what the state says is next: begin an operation, cancel, finish. So a host may complete an
//! operation within the call that began it.

mod reading;
mod state;
mod writing;

use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    task::{Context, Waker},
};

use bytes::Bytes;
use falconry_features::{BodyFraming, BoxError, CancellationToken, FeatureError, ResponseHead};
use http::{HeaderValue, StatusCode, header::CONTENT_LENGTH};

use self::state::Next;
pub(crate) use self::{
    reading::{ReadError, ReadEvent},
    state::{Phase, State},
};
use crate::{
    Host, OperationError, ReadOperation, ReadResult, RequestEnd, WriteOperation, operation::HeadToSend,
    server::Registration,
};

/// One request between its application and its host.
pub(crate) struct Exchange {
    host: Box<dyn Host>,
    state: Mutex<State>,
    /// `RequestAborted`.
    aborted: CancellationToken,
    registration: Mutex<Option<Registration>>,
}

impl Exchange {
    pub(crate) fn new(host: Box<dyn Host>, state: State) -> Self {
        Self {
            host,
            state: Mutex::new(state),
            aborted: CancellationToken::new(),
            registration: Mutex::default(),
        }
    }

    /// What is to be dropped when the request has been finished.
    pub(crate) fn register(&self, registration: Registration) {
        *self.registration.lock().unwrap_or_else(PoisonError::into_inner) = Some(registration);
    }

    pub(crate) fn host(&self) -> &dyn Host {
        &*self.host
    }

    /// Fires when the request is aborted by whomever.
    pub(crate) fn aborted(&self) -> &CancellationToken {
        &self.aborted
    }

    /// The application is about to be polled; true if it is for the last time.
    pub(crate) fn enter(&self) -> bool {
        let mut state = self.lock();
        state.is_polling = true;
        state.is_given_up()
    }

    /// The application has been polled: what it left to be done is begun.
    pub(crate) fn leave(self: &Arc<Self>, cx: &Context<'_>) {
        let mut state = self.lock();
        state.is_polling = false;
        match &mut state.driver {
            Some(driver) => driver.clone_from(cx.waker()),
            driver => *driver = Some(cx.waker().clone()),
        }
        // What came while the application was polled had nobody to wake.
        if state.is_given_up() {
            cx.waker().wake_by_ref();
        }
        drop(state);
        self.pump();
    }

    /// The application has run to its end, or has been dropped.
    pub(crate) fn application_ended(self: &Arc<Self>) {
        let was_cut = {
            let mut state = self.lock();
            state.is_polling = false;
            state.is_application_done = true;
            state.driver = None;
            let is_cut = state.is_incomplete();
            if is_cut && state.aborted.is_none() {
                state.abort(None);
            }
            is_cut
        };
        if was_cut {
            self.aborted.cancel();
        }
        self.pump();
    }

    /// Answers 500 to a panic that took the features with it, if nothing was sent; else cuts the response.
    pub(crate) fn answer_panic(self: &Arc<Self>) {
        let is_answered = self.lock().replace_response(|| {
            let mut head =
                ResponseHead { status: StatusCode::INTERNAL_SERVER_ERROR, ..ResponseHead::default() };
            head.headers.insert(CONTENT_LENGTH, HeaderValue::from_static("0"));
            HeadToSend { head: Arc::new(head), framing: BodyFraming::Length(0), is_upgrade: false }
        });
        if !is_answered {
            self.abort(None);
        }
    }

    /// Tells the host of an error, unless it is but what follows from an abort or from a client that has gone.
    pub(crate) fn report(&self, error: &BoxError) {
        let (is_disconnected, is_aborted) = {
            let state = self.lock();
            (state.is_disconnected, state.aborted.is_some())
        };
        let follows = error.downcast_ref::<FeatureError>().is_some_and(FeatureError::is_aborted);
        if is_disconnected || (is_aborted && follows) {
            return;
        }
        self.host.report(error);
    }

    /// The application, or the server for it, aborts the request.
    pub(crate) fn abort(self: &Arc<Self>, error_code: Option<u32>) {
        if self.lock().abort(error_code) {
            self.aborted.cancel();
            self.wake_all();
            self.pump();
        }
    }

    /// The server gives the request up, whose application is dropped.
    pub(crate) fn give_up(self: &Arc<Self>) {
        self.lock().is_abandoned = true;
        self.abort(None);
        self.wake_all();
    }

    /// The host has noticed that the client has gone.
    pub(crate) fn disconnected(self: &Arc<Self>) {
        let fires = {
            let mut state = self.lock();
            if std::mem::replace(&mut state.is_disconnected, true) {
                return;
            }
            state.disconnect()
        };
        if fires {
            self.aborted.cancel();
        }
        self.wake_all();
        self.pump();
    }

    pub(crate) fn read_completed(self: &Arc<Self>, data: Bytes, result: Result<ReadResult, OperationError>) {
        let is_disconnected = matches!(result, Err(OperationError::Disconnected));
        let waker = self.lock().read_completed(data, result);
        wake(waker);
        if is_disconnected {
            self.disconnected()
        }
        self.pump();
    }

    pub(crate) fn write_completed(self: &Arc<Self>, was_last: bool, result: Result<(), OperationError>) {
        let is_sent = result.is_ok();
        let waker = self.lock().write_completed(was_last, is_sent);
        wake(waker);
        if !is_sent {
            self.disconnected()
        }
        self.pump();
    }

    /// Does what is next, until there is nothing.
    fn pump(self: &Arc<Self>) {
        loop {
            let next = self.lock().next();
            match next {
                Next::Nothing => return,
                Next::Read => self.host.begin_read(ReadOperation::new(Arc::clone(self))),
                Next::Write(content) => self.host.begin_write(WriteOperation::new(Arc::clone(self), content)),
                Next::Cancel => {
                    self.host.cancel();
                    self.lock().is_cancelling = false;
                }
                Next::Finish(end) => {
                    self.host.finish(end);
                    let registration =
                        self.registration.lock().unwrap_or_else(PoisonError::into_inner).take();
                    drop(registration);
                    return;
                }
            }
        }
    }

    fn wake_all(&self) {
        let wakers = {
            let mut state = self.lock();
            [state.read.waker.take(), state.write.waker.take(), state.driver.take()]
        };
        wakers.into_iter().for_each(wake);
    }

    pub(crate) fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn wake(waker: Option<Waker>) {
    if let Some(waker) = waker {
        waker.wake();
    }
}

/// The error of what comes after an abort or a disconnect.
fn gone(is_disconnected: bool) -> FeatureError {
    FeatureError::aborted(if is_disconnected {
        "The client has disconnected."
    } else {
        "The request was aborted."
    })
}

impl std::fmt::Debug for Exchange {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Exchange").field("state", &*self.lock()).finish_non_exhaustive()
    }
}

const _: fn() = || {
    fn shared<T: Send + Sync>() {}
    shared::<Exchange>();
    shared::<RequestEnd>();
};
