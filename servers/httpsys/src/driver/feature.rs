//! What not every driver can do.

/// What a driver may lack; see [`Driver::is_feature_supported`](super::Driver::is_feature_supported).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum DriverFeature {
    /// Trailers after a response on HTTP/2 and later (`HttpFeatureResponseTrailers`).
    ResponseTrailers,
    /// [`delegate`](super::RequestHandle::delegate) (`HttpFeatureDelegateEx`).
    DelegateEx,
    /// [`tls_client_hello`](super::RequestHandle::tls_client_hello) (`HttpFeatureCacheTlsClientHello`, 11).
    CacheTlsClientHello,
    /// The cipher suite is among [`TlsInfo`](super::TlsInfo) (`HttpFeatureQueryCipherInfo`, 15).
    QueryCipherInfo,
    /// [`set_stream_error`](super::RequestHandle::set_stream_error) (`HttpSetRequestProperty` is there).
    Reset,
    /// An opaque response takes the connection over (`HTTP_SEND_RESPONSE_FLAG_OPAQUE`: Windows 8 and later).
    Upgrade,
    /// A response may say [`SendFlags::GOAWAY`](super::SendFlags::GOAWAY).
    GoAway,
    /// [`receive_client_certificate`](super::RequestHandle::receive_client_certificate) asks clients in HTTP/1.
    ClientCertificateRenegotiation,
    /// Negotiate, NTLM and Kerberos are answered by the system itself.
    WindowsAuthentication,
    /// The driver frames bodies of unknown length on HTTP/1.1 by itself; else the server sends chunks.
    ResponseFraming,
}
