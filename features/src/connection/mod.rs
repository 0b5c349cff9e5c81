//! Features of the connection and of its streams.
//!
//! Those at connection level lie under every request's collection, shared by all of them: they take
//! `&self` and lock inside.

mod address;
mod complete;
mod endpoint;
mod identity;
mod items;
mod lifetime;
mod limits;
mod stream;
mod transfer_format;
mod transport;

pub use self::{
    address::{ConnectionAddress, HandleKind},
    complete::{ConnectionCompleteFeature, PlainConnectionComplete},
    endpoint::{HttpConnectionFeature, PlainConnection},
    identity::{
        ConnectionEndPointFeature, ConnectionIdFeature, ConnectionUserFeature, PlainConnectionIdentity,
    },
    items::{
        ConnectionItemsFeature, ConnectionMetricsTagsFeature, PersistentStateFeature, PlainConnectionItems,
        PlainConnectionMetricsTags, PlainPersistentState,
    },
    lifetime::{
        ConnectionLifetimeFeature, ConnectionLifetimeNotificationFeature, PlainConnectionLifetime,
        request_close,
    },
    limits::{ConnectionTimeoutFeature, DecrementConcurrentConnectionCountFeature},
    stream::{
        PlainProtocolErrorCode, ProtocolErrorCodeFeature, StreamAbortFeature, StreamClosedFeature,
        StreamDirectionFeature, StreamIdFeature,
    },
    transfer_format::{PlainTransferFormat, TransferFormat, TransferFormatFeature},
    transport::{
        ConnectionHeartbeatFeature, ConnectionInherentKeepAliveFeature, ConnectionSocketFeature, PeerProcess,
        SocketDescription,
    },
};
