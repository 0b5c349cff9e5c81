//! Taking requests from the queue.

use std::sync::Arc;

use falconry_features::BoxFuture;
use tokio::task::JoinHandle;

use super::ServerShared;
use crate::driver::{InlineAnswer, InlineReceiver, ReceivedRequest, RequestQueue, Win32Error};

/// Runs requests where they arrive; false if the driver has no such thing.
pub(super) fn inline(queue: &dyn RequestQueue, shared: &Arc<ServerShared>) -> bool {
    queue.set_inline_receiver(Some(Arc::clone(shared) as _))
}

impl InlineReceiver for ServerShared {
    fn receive(self: Arc<Self>, received: ReceivedRequest) -> BoxFuture<'static, Option<InlineAnswer>> {
        Box::pin(self.answer_inline(received))
    }
}

/// Waits for `count` requests at once, and runs each in a task of its own.
pub(super) fn loops(
    queue: &Arc<dyn RequestQueue>,
    shared: &Arc<ServerShared>,
    count: usize,
) -> Vec<JoinHandle<()>> {
    (0..count).map(|_| tokio::spawn(accept(Arc::clone(queue), Arc::clone(shared)))).collect()
}

async fn accept(queue: Arc<dyn RequestQueue>, shared: Arc<ServerShared>) {
    loop {
        match queue.receive().await {
            Ok(received) => {
                tokio::spawn(Arc::clone(&shared).answer(received));
            }
            Err(error) if shared.is_stopping() => {
                tracing::debug!(%error, "AcceptErrorStopping: the queue takes no more requests");
                return;
            }
            Err(Win32Error::OPERATION_ABORTED | Win32Error::INVALID_HANDLE) => {
                tracing::error!("AcceptError: the request queue has been closed");
                return;
            }
            Err(error) => {
                tracing::error!(%error, "AcceptError: a request could not be received");
                // What fails may fail at once, again and again.
                tokio::task::yield_now().await;
            }
        }
    }
}
