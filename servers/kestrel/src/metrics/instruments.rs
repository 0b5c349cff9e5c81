//! Names, units and tags of the instruments, whatever library has them.

use std::borrow::Cow;

use falconry_features::TagValue;

use super::{ConnectionEnd, ConnectionTags, HandshakeEnd};

/// A name, its unit and what it counts.
pub(super) struct Instrument {
    pub(super) name: &'static str,
    pub(super) unit: &'static str,
    pub(super) description: &'static str,
}

pub(super) const ACTIVE_CONNECTIONS: Instrument = Instrument {
    name: "kestrel.active_connections",
    unit: "{connection}",
    description: "Connections that are open.",
};
pub(super) const CONNECTION_DURATION: Instrument = Instrument {
    name: "kestrel.connection.duration",
    unit: "s",
    description: "How long connections were open.",
};
pub(super) const REJECTED_CONNECTIONS: Instrument = Instrument {
    name: "kestrel.rejected_connections",
    unit: "{connection}",
    description: "Connections closed because the limit of open connections was reached.",
};
pub(super) const QUEUED_CONNECTIONS: Instrument = Instrument {
    name: "kestrel.queued_connections",
    unit: "{connection}",
    description: "Connections that were accepted and have not begun.",
};
pub(super) const UPGRADED_CONNECTIONS: Instrument = Instrument {
    name: "kestrel.upgraded_connections",
    unit: "{connection}",
    description: "HTTP/1.1 connections that have left HTTP, such as WebSockets.",
};
pub(super) const TLS_HANDSHAKE_DURATION: Instrument = Instrument {
    name: "kestrel.tls_handshake.duration",
    unit: "s",
    description: "How long TLS handshakes took.",
};
pub(super) const ACTIVE_TLS_HANDSHAKES: Instrument = Instrument {
    name: "kestrel.active_tls_handshakes",
    unit: "{handshake}",
    description: "TLS handshakes under way.",
};

/// Upper bounds of the buckets of connections, in seconds.
#[cfg(feature = "opentelemetry")]
pub(super) const LONG_BUCKETS: [f64; 14] =
    [0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 30.0, 60.0, 120.0, 300.0];

/// Upper bounds of the buckets of handshakes, in seconds.
#[cfg(feature = "opentelemetry")]
pub(super) const SHORT_BUCKETS: [f64; 14] =
    [0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1.0, 2.5, 5.0, 7.5, 10.0];

/// The value of a tag.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Value {
    Text(String),
    Name(&'static str),
    Bool(bool),
    Number(i64),
    Float(f64),
}

/// A tag.
pub(super) type Tag = (Cow<'static, str>, Value);

/// The tags that are the same from the beginning of a connection to its end.
pub(super) fn connection(tags: &ConnectionTags) -> Vec<Tag> {
    let mut list = Vec::with_capacity(8);
    if !tags.server_address.is_empty() {
        list.push(tag("server.address", Value::Text(tags.server_address.clone())));
    }
    list.extend(tags.server_port.map(|port| tag("server.port", Value::Number(port.into()))));
    list.extend(tags.network_type.map(|kind| tag("network.type", Value::Name(kind))));
    list.push(tag("network.transport", Value::Name(tags.network_transport)));
    list
}

/// The same with an error.
pub(super) fn rejected(tags: &ConnectionTags, error_type: &'static str) -> Vec<Tag> {
    let mut list = connection(tags);
    list.push(tag("error.type", Value::Name(error_type)));
    list
}

/// The tags of a connection that has ended.
pub(super) fn connection_end(tags: &ConnectionTags, end: &ConnectionEnd) -> Vec<Tag> {
    let mut list = connection(tags);
    if let Some(version) = end.protocol_version {
        list.push(tag("network.protocol.name", Value::Name("http")));
        list.push(tag("network.protocol.version", Value::Name(version)));
    }
    list.extend(end.tls_protocol_version.map(|version| tag("tls.protocol.version", Value::Name(version))));
    list.extend(end.error_type.map(|error| tag("error.type", Value::Name(error))));
    list.extend(end.added.iter().map(|(name, value)| (Cow::Owned(name.to_owned()), value.clone().into())));
    list
}

/// The tags of a handshake that has ended.
pub(super) fn handshake_end(tags: &ConnectionTags, end: &HandshakeEnd) -> Vec<Tag> {
    let mut list = connection(tags);
    list.extend(end.tls_protocol_version.map(|version| tag("tls.protocol.version", Value::Name(version))));
    list.extend(end.error_type.map(|error| tag("error.type", Value::Name(error))));
    list
}

fn tag(name: &'static str, value: Value) -> Tag {
    (Cow::Borrowed(name), value)
}

impl From<TagValue> for Value {
    fn from(value: TagValue) -> Self {
        match value {
            TagValue::Text(text) => Self::Text(text.into_owned()),
            TagValue::Bool(is_so) => Self::Bool(is_so),
            TagValue::Integer(number) => Self::Number(number),
            TagValue::Float(number) => Self::Float(number),
            // A value that this version of the server does not know.
            other => Self::Text(format!("{other:?}")),
        }
    }
}
