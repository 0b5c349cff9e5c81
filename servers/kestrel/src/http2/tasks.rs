//! Streams with tasks of their own.

use tokio::task::JoinSet;

use super::stream::StreamRun;
use crate::connection::ConnectionShared;

/// The streams of a connection that take more than a moment.
#[derive(Debug, Default)]
pub(super) struct StreamTasks(JoinSet<()>);

impl StreamTasks {
    pub(super) fn spawn(&mut self, run: StreamRun) {
        // Those that have ended meanwhile make room.
        while self.0.try_join_next().is_some() {}
        self.0.spawn(run);
    }

    /// Waits until every stream has ended: it has heard of its connection's end. What is left when the
    /// connection is aborted ends at once.
    pub(super) async fn ended(mut self, connection: &ConnectionShared) {
        tokio::select! {
            () = self.all_ended() => {}
            () = connection.signal.aborted() => {}
        }
        self.abort().await;
    }

    /// Ends every stream at once; applications have heard of it afterwards.
    pub(super) async fn abort(mut self) {
        self.0.abort_all();
        self.all_ended().await;
    }

    async fn all_ended(&mut self) {
        while self.0.join_next().await.is_some() {}
    }
}
