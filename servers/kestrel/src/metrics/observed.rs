//! One connection as its observers see it.

use std::{
    fmt,
    sync::{Arc, OnceLock},
};

use falconry_features::{ConnectionMetricsTagsFeature, PlainConnectionMetricsTags};
use tokio::time::Instant;

#[cfg(feature = "tls")]
use super::HandshakeEnd;
use super::{ConnectionEnd, ConnectionTags, KestrelObserver};
use crate::KestrelServerOptions;

/// What is to be told of a connection. Empty if nobody observes: then every call is one look at it.
#[derive(Default)]
pub(crate) struct Observed(OnceLock<Box<State>>);

struct State {
    options: Arc<KestrelServerOptions>,
    tags: ConnectionTags,
    added: Arc<PlainConnectionMetricsTags>,
    started: OnceLock<Instant>,
    protocol_version: OnceLock<&'static str>,
    tls_protocol_version: OnceLock<&'static str>,
    error_type: OnceLock<&'static str>,
}

impl Observed {
    /// Begins to observe, if somebody does; `tags` are made only then.
    pub(crate) fn begin(&self, options: &Arc<KestrelServerOptions>, tags: impl FnOnce() -> ConnectionTags) {
        if options.observers().is_empty() {
            return;
        }
        self.0.get_or_init(|| {
            Box::new(State {
                options: Arc::clone(options),
                tags: tags(),
                added: Arc::default(),
                started: OnceLock::new(),
                protocol_version: OnceLock::new(),
                tls_protocol_version: OnceLock::new(),
                error_type: OnceLock::new(),
            })
        });
    }

    pub(crate) fn queued(&self) {
        self.tell(|observer, tags| observer.connection_queued(tags));
    }

    pub(crate) fn rejected(&self, error_type: &'static str) {
        self.tell(|observer, tags| observer.connection_rejected(tags, error_type));
    }

    /// The connection's task runs.
    pub(crate) fn started(&self) {
        if let Some(state) = self.0.get() {
            state.started.get_or_init(Instant::now);
            self.tell(|observer, tags| {
                observer.connection_dequeued(tags);
                observer.connection_started(tags);
            });
        }
    }

    /// The connection is over, whether its task ever ran or not.
    pub(crate) fn stopped(&self) {
        let Some(state) = self.0.get() else { return };
        let Some(started) = state.started.get() else {
            return self.tell(|observer, tags| observer.connection_dequeued(tags));
        };
        let end = ConnectionEnd {
            duration: started.elapsed(),
            protocol_version: state.protocol_version.get().copied(),
            tls_protocol_version: state.tls_protocol_version.get().copied(),
            error_type: state.error_type.get().copied(),
            added: state.added.tags().clone(),
        };
        self.tell(|observer, tags| observer.connection_stopped(tags, &end));
    }

    /// A place for what the application adds to the end; `None` if nobody observes.
    pub(crate) fn added_tags(&self) -> Option<Arc<PlainConnectionMetricsTags>> {
        self.0.get().map(|state| Arc::clone(&state.added))
    }

    /// The version of HTTP is settled.
    pub(crate) fn speaks(&self, version: &'static str) {
        if let Some(state) = self.0.get() {
            state.protocol_version.get_or_init(|| version);
        }
    }

    /// The connection does not end in order. The first reason is the one that counts.
    pub(crate) fn failed(&self, error_type: &'static str) {
        if let Some(state) = self.0.get() {
            state.error_type.get_or_init(|| error_type);
        }
    }

    /// The connection leaves HTTP until what is returned is dropped.
    pub(crate) fn upgraded(&self) -> Upgraded<'_> {
        self.tell(|observer, tags| observer.upgraded_connection_started(tags));
        Upgraded(self)
    }

    /// A handshake begins; it has failed unless what is returned says otherwise.
    #[cfg(feature = "tls")]
    pub(crate) fn handshake(&self) -> Handshake<'_> {
        let started = self.0.get().map(|_| Instant::now());
        self.tell(|observer, tags| observer.tls_handshake_started(tags));
        Handshake { observed: self, started, version: None, is_completed: false }
    }

    fn tell(&self, event: impl Fn(&dyn KestrelObserver, &ConnectionTags)) {
        if let Some(state) = self.0.get() {
            state.options.observers().iter().for_each(|observer| event(&**observer, &state.tags));
        }
    }
}

impl fmt::Debug for Observed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Observed").field(&self.0.get().map(|state| &state.tags)).finish()
    }
}

/// A connection outside HTTP.
#[derive(Debug)]
pub(crate) struct Upgraded<'a>(&'a Observed);

impl Drop for Upgraded<'_> {
    fn drop(&mut self) {
        self.0.tell(|observer, tags| observer.upgraded_connection_stopped(tags));
    }
}

/// A handshake under way.
#[cfg(feature = "tls")]
#[derive(Debug)]
pub(crate) struct Handshake<'a> {
    observed: &'a Observed,
    started: Option<Instant>,
    version: Option<&'static str>,
    is_completed: bool,
}

#[cfg(feature = "tls")]
impl Handshake<'_> {
    /// It has succeeded; `version` is asked only if somebody observes.
    pub(crate) fn completed(mut self, version: impl FnOnce() -> Option<&'static str>) {
        self.is_completed = true;
        if let Some(state) = self.observed.0.get() {
            self.version = version();
            if let Some(version) = self.version {
                state.tls_protocol_version.get_or_init(|| version);
            }
        }
    }
}

#[cfg(feature = "tls")]
impl Drop for Handshake<'_> {
    fn drop(&mut self) {
        let Some(started) = self.started else { return };
        let error_type = (!self.is_completed).then_some(super::error_type::TLS_HANDSHAKE_FAILED);
        if let Some(error_type) = error_type {
            self.observed.failed(error_type);
        }
        let end =
            HandshakeEnd { duration: started.elapsed(), tls_protocol_version: self.version, error_type };
        self.observed.tell(|observer, tags| observer.tls_handshake_stopped(tags, &end));
    }
}
