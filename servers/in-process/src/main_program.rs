//! [`Main`]: what `export_app!` hands to a worker.

use std::{fmt::Display, pin::Pin};

use crate::InProcessServer;

/// The application's program: what its `main` would be.
pub type Main = fn() -> MainFuture;

/// A run of it.
pub type MainFuture = Pin<Box<dyn Future<Output = Result<(), String>> + Send>>;

/// Makes a run of the function that an application has exported.
pub fn main_future<E: Display>(run: impl Future<Output = Result<(), E>> + Send + 'static) -> MainFuture {
    Box::pin(async move { run.await.map_err(|error| error.to_string()) })
}

impl InProcessServer {
    /// Waits until the application takes requests; `ended` is its run in a task.
    ///
    /// # Errors
    /// The run has ended before: why, in words for the log.
    pub async fn started_by<E: Display>(
        &self,
        ended: impl Future<Output = Result<Result<(), String>, E>>,
    ) -> Result<(), String> {
        let (mut started, mut ended) = (self.started().cancelled(), std::pin::pin!(ended));
        std::future::poll_fn(|cx| {
            // One that has started and ended since has started.
            if Pin::new(&mut started).poll(cx).is_ready() {
                return Ok(()).into();
            }
            ended.as_mut().poll(cx).map(|end| {
                Err(match end {
                    Ok(Ok(())) => "the application ended without starting a server".to_owned(),
                    Ok(Err(error)) => format!("the application cannot start: {error}"),
                    Err(error) => format!("the application cannot start: {error}"),
                })
            })
        })
        .await
    }
}
