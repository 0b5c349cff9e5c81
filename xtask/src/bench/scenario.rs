//! What is measured.

/// What a client does over and over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Scenario {
    /// One small request after the other.
    KeepAlive,
    /// 16 small requests at once.
    Pipelined,
    /// A response of 1 MiB.
    Download,
    /// A request of 1 MiB.
    Upload,
    /// Small requests over HTTP/2 in clear, many at once.
    Http2,
    /// The same over TLS.
    Http2Tls,
    /// One small request after the other, HTTP/1.1 over TLS.
    Tls,
    /// A response of 1 MiB, HTTP/1.1 over TLS.
    TlsDownload,
}

/// What a peer is started for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Listen {
    /// HTTP/1.1 in clear.
    Http1,
    /// HTTP/2 in clear.
    Http2,
    /// Both over TLS.
    Tls,
}

/// The yardstick first.
const IN_CLEAR: [&str; 5] = ["hyper", "kestrel", "axum", "actix", "httpsys"];

/// nginx, too, which is the one to compare with where most of the work is cryptography.
const OTHERS: [&str; 4] = ["hyper", "kestrel", "nginx", "httpsys"];

impl Scenario {
    pub(super) const ALL: [Self; 8] = [
        Self::KeepAlive,
        Self::Pipelined,
        Self::Download,
        Self::Upload,
        Self::Http2,
        Self::Http2Tls,
        Self::Tls,
        Self::TlsDownload,
    ];

    pub(super) fn name(self) -> &'static str {
        match self {
            Self::KeepAlive => "keep-alive",
            Self::Pipelined => "pipelined",
            Self::Download => "download",
            Self::Upload => "upload",
            Self::Http2 => "h2",
            Self::Http2Tls => "h2-tls",
            Self::Tls => "tls",
            Self::TlsDownload => "tls-download",
        }
    }

    pub(super) fn path(self) -> &'static str {
        match self {
            Self::KeepAlive | Self::Pipelined | Self::Http2 | Self::Http2Tls | Self::Tls => "/",
            // The contract app wants to be told.
            Self::Download | Self::TlsDownload => "/big?size=1048576",
            Self::Upload => "/upload",
        }
    }

    pub(super) fn listen(self) -> Listen {
        match self {
            Self::KeepAlive | Self::Pipelined | Self::Download | Self::Upload => Listen::Http1,
            Self::Http2 => Listen::Http2,
            Self::Http2Tls | Self::Tls | Self::TlsDownload => Listen::Tls,
        }
    }

    /// Those that take part.
    pub(super) fn peers(self) -> &'static [&'static str] {
        match self {
            Self::KeepAlive | Self::Pipelined | Self::Download | Self::Upload => &IN_CLEAR,
            Self::Http2 | Self::Http2Tls | Self::Tls | Self::TlsDownload => &OTHERS,
        }
    }

    /// True if the client is one of HTTP/2.
    pub(super) fn is_http2(self) -> bool {
        matches!(self, Self::Http2 | Self::Http2Tls)
    }

    /// `http` or `https`.
    pub(super) fn scheme(self) -> &'static str {
        match self.listen() {
            Listen::Http1 | Listen::Http2 => "http",
            Listen::Tls => "https",
        }
    }
}
