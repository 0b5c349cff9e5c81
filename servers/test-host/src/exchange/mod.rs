//! One request and its answer, as the application's task and the client share them.

mod client;
mod pipe;

use std::{
    sync::{Mutex, MutexGuard, PoisonError},
    task::{Context, Poll, Waker},
};

use bytes::Bytes;
use falconry_features::{BadHttpRequestError, BoxError, CancellationToken, FeatureError, ResponseHead};
use http::HeaderMap;
use tokio::io::DuplexStream;

pub use self::client::{InterimResponse, RequestEnd};
pub(crate) use self::pipe::Pipe;
use crate::TestError;

/// What lies between the application's task and the client. The first to end it wins.
pub(crate) struct Exchange {
    state: Mutex<State>,
    body: Pipe<TestError>,
    aborted: CancellationToken,
    client_gone: CancellationToken,
    request_over: CancellationToken,
    task_ended: CancellationToken,
}

#[derive(Default)]
struct State {
    phase: Phase,
    answer: Option<Result<Answer, TestError>>,
    is_answered: bool,
    is_started: bool,
    is_processed: bool,
    /// The server is writing its answer to an error. Whether that is what the client gets is known
    /// only with the error itself, at the end.
    is_error_answer: bool,
    error_answer: Option<ResponseHead>,
    interim: Vec<InterimResponse>,
    client: Option<Waker>,
    end: Option<RequestEnd>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Phase {
    #[default]
    Open,
    Upgraded,
    Complete,
    Broken(Broken),
}

/// Who broke the exchange off.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Broken {
    Client,
    Application,
    Failure,
}

/// The start of the response.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) head: ResponseHead,
    /// The client's end of the stream, after an upgrade or an accepted CONNECT.
    pub(crate) stream: Option<DuplexStream>,
}

/// The application's side.
impl Exchange {
    pub(crate) fn new(buffer_size: usize) -> Self {
        Self {
            state: Mutex::default(),
            body: Pipe::new(buffer_size),
            aborted: CancellationToken::new(),
            client_gone: CancellationToken::new(),
            request_over: CancellationToken::new(),
            task_ended: CancellationToken::new(),
        }
    }

    /// Fires when the request is aborted by whomever.
    pub(crate) fn aborted(&self) -> &CancellationToken {
        &self.aborted
    }

    /// Fires when the client has left before the end, after [`aborted`](Self::aborted).
    pub(crate) fn client_gone(&self) -> &CancellationToken {
        &self.client_gone
    }

    /// Fires when the request was aborted or has ended: its body cannot be read any more.
    pub(crate) fn request_over(&self) -> &CancellationToken {
        &self.request_over
    }

    /// Notes that the response's head is fixed.
    pub(crate) fn begin(&self) {
        self.lock().is_started = true;
    }

    /// Notes that what comes now is the server's answer to an error.
    pub(crate) fn begin_error_answer(&self) {
        self.lock().is_error_answer = true;
    }

    /// Notes that the application's pipeline has returned.
    pub(crate) fn processed(&self) {
        self.lock().is_processed = true;
    }

    /// Takes the head of the response; with a stream it is the answer to an upgrade.
    pub(crate) fn answer(
        &self,
        head: ResponseHead,
        stream: Option<DuplexStream>,
    ) -> Result<(), FeatureError> {
        let mut state = self.lock();
        state.check_writable()?;
        if state.is_error_answer {
            state.error_answer = Some(head);
            return Ok(());
        }
        if stream.is_some() {
            state.phase = Phase::Upgraded;
        }
        state.publish(Ok(Answer { head, stream }));
        Ok(())
    }

    pub(crate) fn poll_write(
        &self,
        cx: &mut Context<'_>,
        data: &mut Bytes,
    ) -> Poll<Result<(), FeatureError>> {
        self.lock().check_writable()?;
        self.body.poll_write(cx, data).map_err(|_| match self.lock().check_writable() {
            Err(error) => error,
            Ok(()) => FeatureError::aborted("The client aborted the request."),
        })
    }

    pub(crate) fn check_writable(&self) -> Result<(), FeatureError> {
        self.lock().check_writable()
    }

    pub(crate) fn is_upgraded(&self) -> bool {
        self.lock().phase == Phase::Upgraded
    }

    /// Ends the response as it should.
    pub(crate) fn complete(&self, trailers: Option<HeaderMap>) -> Result<(), FeatureError> {
        let mut state = self.lock();
        state.check_writable()?;
        if !state.is_error_answer {
            state.phase = Phase::Complete;
            let _ = self.body.end(Ok(trailers));
        }
        Ok(())
    }

    /// Takes an interim response.
    pub(crate) fn inform(&self, interim: InterimResponse) -> Result<(), FeatureError> {
        let mut state = self.lock();
        state.check_writable()?;
        if state.is_started {
            return Err(FeatureError::invalid_state(
                "cannot send an interim response: the response has already started",
            ));
        }
        state.interim.push(interim);
        Ok(())
    }

    /// The application, or the server for it, aborts the request.
    pub(crate) fn abort(&self) {
        let (is_processed, phase) = {
            let state = self.lock();
            (state.is_processed, state.phase)
        };
        if phase == Phase::Upgraded || (phase == Phase::Open && is_processed) {
            // Processed: the server's reaction to an error, which the client gets at the end.
            self.fire_aborted();
        } else {
            let _ = self.fail(Broken::Application, TestError::application_aborted());
        }
    }

    /// The application resets the stream.
    pub(crate) fn reset(&self, code: u32) {
        let _ = self.fail(Broken::Application, TestError::reset(code));
    }

    /// The request has been run to its end.
    pub(crate) fn finish(
        &self,
        error: Option<BoxError>,
        callback_errors: Vec<BoxError>,
        answer_errors: bool,
    ) {
        let undelivered = match error {
            Some(error) => {
                let is_answered = answer_errors || BadHttpRequestError::find(&*error).is_some();
                if is_answered && self.answer_error() { None } else { self.fail_application(error) }
            }
            None => {
                let error = TestError::incomplete("the application ended without completing the response");
                let _ = self.fail(Broken::Failure, error);
                None
            }
        };
        self.lock().end = Some(RequestEnd { error: undelivered, callback_errors });
    }

    /// The request's task is no more.
    pub(crate) fn end(&self) {
        let error = TestError::incomplete("the task that ran the application was dropped");
        let _ = self.fail(Broken::Failure, error);
        self.request_over.cancel();
        self.task_ended.cancel();
    }

    /// Sends the server's answer to an error, if it made one.
    fn answer_error(&self) -> bool {
        let mut state = self.lock();
        let Some(head) = state.error_answer.take() else { return false };
        if state.phase == Phase::Open {
            state.phase = Phase::Complete;
            state.publish(Ok(Answer { head, stream: None }));
            let _ = self.body.end(Ok(None));
        }
        true
    }

    fn fail_application(&self, error: BoxError) -> Option<BoxError> {
        self.fail(Broken::Failure, TestError::application(error)).err().and_then(TestError::into_source)
    }

    /// Breaks the exchange off unless it has ended; the client gets `error` where it waits.
    fn fail(&self, by: Broken, error: TestError) -> Result<(), TestError> {
        {
            let mut state = self.lock();
            if state.phase != Phase::Open {
                return Err(error);
            }
            state.phase = Phase::Broken(by);
            if state.is_answered {
                let _ = self.body.end(Err(error));
            } else {
                state.publish(Err(error));
            }
        }
        self.fire_aborted();
        Ok(())
    }

    fn fire_aborted(&self) {
        self.aborted.cancel();
        self.request_over.cancel();
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn publish(&mut self, answer: Result<Answer, TestError>) {
        self.is_answered = true;
        self.answer = Some(answer);
        if let Some(client) = self.client.take() {
            client.wake();
        }
    }

    fn check_writable(&self) -> Result<(), FeatureError> {
        match self.phase {
            Phase::Open => Ok(()),
            Phase::Upgraded => Err(FeatureError::invalid_state(
                "the response cannot be written: its connection was taken over by an upgrade",
            )),
            Phase::Complete => Err(FeatureError::invalid_state("the response has already been completed")),
            Phase::Broken(by) => Err(by.error()),
        }
    }
}

impl Broken {
    fn error(self) -> FeatureError {
        FeatureError::aborted(match self {
            Self::Client => "The client aborted the request.",
            Self::Application => "The application aborted the request.",
            Self::Failure => "the request has failed",
        })
    }
}
