//! Sessions and groups of the broker.

use std::{
    any::Any,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use falconry_features::Deadline;

use super::{connection::Connection, queue::BrokerQueue};
use crate::{
    broker::wire::{Call, GroupProperty},
    driver::{DriverFuture, RequestQueue, ServerSession, UrlGroup, UrlGroupProperty, Win32Error},
};

/// A session: one of those that share the attachment.
#[derive(Debug)]
pub(super) struct BrokerSession {
    connection: Arc<Connection>,
    number: u64,
    is_closed: AtomicBool,
}

impl BrokerSession {
    pub(super) async fn open(connection: Arc<Connection>) -> Result<Self, Win32Error> {
        let number = connection.next_number();
        connection.call(&Call::CreateSession { session: number }).await?;
        Ok(Self { connection, number, is_closed: AtomicBool::new(false) })
    }
}

impl ServerSession for BrokerSession {
    fn create_url_group(&self) -> DriverFuture<'_, Arc<dyn UrlGroup>> {
        Box::pin(async move {
            let number = self.connection.next_number();
            self.connection.call(&Call::CreateGroup { session: self.number, group: number }).await?;
            let group: Arc<dyn UrlGroup> =
                Arc::new(BrokerGroup { connection: Arc::clone(&self.connection), number });
            Ok(group)
        })
    }

    fn close(&self, deadline: Deadline) -> DriverFuture<'_, ()> {
        Box::pin(async move {
            self.is_closed.store(true, Ordering::Release);
            let close = |at_once| Call::CloseSession { session: self.number, at_once };
            match deadline.limit(self.connection.call(&close(deadline.has_passed()))).await {
                Some(closed) => closed.map(drop),
                None => self.connection.call(&close(true)).await.map(drop),
            }
        })
    }
}

impl Drop for BrokerSession {
    fn drop(&mut self) {
        if !self.is_closed.load(Ordering::Acquire) {
            self.connection.tell(&Call::CloseSession { session: self.number, at_once: true });
        }
    }
}

#[derive(Debug)]
struct BrokerGroup {
    connection: Arc<Connection>,
    number: u64,
}

impl BrokerGroup {
    async fn call(&self, call: Call) -> Result<bool, Win32Error> {
        self.connection.call(&call).await
    }
}

impl UrlGroup for BrokerGroup {
    fn add_url<'a>(&'a self, url: &'a str, context: u64) -> DriverFuture<'a, ()> {
        let call = Call::AddUrl { group: self.number, url: url.to_owned(), context };
        Box::pin(async move { self.call(call).await.map(drop) })
    }

    fn remove_url<'a>(&'a self, url: &'a str) -> DriverFuture<'a, ()> {
        let call = Call::RemoveUrl { group: self.number, url: url.to_owned() };
        Box::pin(async move { self.call(call).await.map(drop) })
    }

    fn set_property(&self, property: UrlGroupProperty) -> DriverFuture<'_, ()> {
        let property = match property {
            UrlGroupProperty::Binding(None) => Ok(GroupProperty::Binding(None)),
            UrlGroupProperty::Binding(Some(queue)) => {
                number_of(&queue, &self.connection).map(|number| GroupProperty::Binding(Some(number)))
            }
            UrlGroupProperty::Enabled(is_enabled) => Ok(GroupProperty::Enabled(is_enabled)),
            UrlGroupProperty::MaxConnections(max) => Ok(GroupProperty::MaxConnections(max)),
            UrlGroupProperty::Timeouts(limits) => Ok(limits.into()),
            UrlGroupProperty::Authentication(info) => Ok(GroupProperty::Authentication(info.schemes.bits())),
            UrlGroupProperty::ChannelBindHardening | UrlGroupProperty::Delegation { .. } => {
                Err(Win32Error::NOT_SUPPORTED)
            }
        };
        Box::pin(async move {
            let call = Call::SetGroup { group: self.number, property: property? };
            self.call(call).await.map(drop)
        })
    }

    fn is_registered_for<'a>(
        &'a self,
        url: &'a str,
        queue: &'a Arc<dyn RequestQueue>,
    ) -> DriverFuture<'a, bool> {
        Box::pin(async move {
            let queue = number_of(queue, &self.connection)?;
            self.call(Call::IsRegistered { group: self.number, url: url.to_owned(), queue }).await
        })
    }

    fn close(&self) -> DriverFuture<'_, ()> {
        Box::pin(async move { self.call(Call::CloseGroup { group: self.number }).await.map(drop) })
    }
}

impl Drop for BrokerGroup {
    fn drop(&mut self) {
        self.connection.tell(&Call::CloseGroup { group: self.number });
    }
}

/// The number of a queue of the same attachment.
fn number_of(queue: &Arc<dyn RequestQueue>, connection: &Arc<Connection>) -> Result<u64, Win32Error> {
    let queue: &dyn Any = &**queue;
    let queue = queue.downcast_ref::<BrokerQueue>();
    queue.and_then(|queue| queue.number_on(connection)).ok_or(Win32Error::INVALID_PARAMETER)
}
