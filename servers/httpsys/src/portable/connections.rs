//! What the driver keeps with a connection: its number, its TLS, the groups that count it.

use std::sync::{
    Arc, Mutex,
    atomic::{AtomicU32, Ordering},
};

use falconry_features::{
    ConnectionItemsFeature, FeatureCollection, TlsApplicationProtocolFeature, TlsConnectionFeature,
    TlsHandshakeFeature,
};

use super::{Kernel, lock};
use crate::driver::TlsInfo;

/// A connection.
#[derive(Debug)]
pub(super) struct ConnectionInfo {
    pub(super) id: u64,
    pub(super) tls: Option<Arc<TlsInfo>>,
    counted: Mutex<CountedFor>,
}

impl ConnectionInfo {
    /// That of the connection with these features; made with its first request.
    pub(super) fn of(features: &FeatureCollection, kernel: &Kernel) -> Arc<Self> {
        let create = || {
            let tls = tls_of(features).map(Arc::new);
            Arc::new(Self { id: kernel.next_id(), tls, counted: Mutex::default() })
        };
        let Some(connection) = features.get::<dyn ConnectionItemsFeature>() else { return create() };
        let mut items = connection.items();
        if let Some(info) = items.get::<Arc<Self>>() {
            return Arc::clone(info);
        }
        let info = create();
        items.insert(Arc::clone(&info));
        info
    }
}

fn tls_of(features: &FeatureCollection) -> Option<TlsInfo> {
    let handshake = features.get::<dyn TlsHandshakeFeature>()?;
    let connection = features.get::<dyn TlsConnectionFeature>();
    let alpn = features.get::<dyn TlsApplicationProtocolFeature>();
    Some(TlsInfo {
        protocol: handshake.protocol(),
        cipher_suite: handshake.cipher_suite().cloned(),
        host_name: handshake.host_name().to_owned(),
        application_protocol: alpn
            .map(|alpn| bytes::Bytes::copy_from_slice(alpn.application_protocol()))
            .unwrap_or_default(),
        client_certificate: connection.and_then(|connection| connection.client_certificate()),
    })
}

/// The connections of a group, counted.
#[derive(Debug, Default)]
pub(super) struct GroupConnections(Arc<AtomicU32>);

impl GroupConnections {
    /// Counts the connection of a request for its group, once; false if there are too many.
    pub(super) fn admit(&self, connection: &ConnectionInfo, max: u32) -> bool {
        let mut counted = lock(&connection.counted);
        if counted.0.iter().any(|counter| Arc::ptr_eq(counter, &self.0)) {
            return true;
        }
        let admitted = self
            .0
            .fetch_update(Ordering::AcqRel, Ordering::Acquire, |count| (count < max).then_some(count + 1));
        if admitted.is_ok() {
            counted.0.push(Arc::clone(&self.0));
        }
        admitted.is_ok()
    }
}

/// The counters of the groups that a connection counts for; dropped with the connection.
#[derive(Debug, Default)]
struct CountedFor(Vec<Arc<AtomicU32>>);

impl Drop for CountedFor {
    fn drop(&mut self) {
        for counter in &self.0 {
            counter.fetch_sub(1, Ordering::AcqRel);
        }
    }
}
