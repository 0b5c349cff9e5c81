//! Why a request is refused, and what the peer and the metrics are told of it.

use http::StatusCode;

/// Why a request is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Rejection {
    /// The first octets are a TLS handshake, but the endpoint speaks plain HTTP.
    TlsOverHttp,
    /// The major version is not 1.
    UnrecognizedHttpVersion,
    /// The line is not `method SP target SP version CRLF`.
    InvalidRequestLine,
    /// The method is longer than any known one.
    MethodTooLong,
    /// The target has a form that is not allowed, or holds octets that are not.
    InvalidRequestTarget,
    /// A field line has no colon, space before the colon, no name, or is folded.
    InvalidRequestHeader,
    /// A field value holds a control character or a bare CR or LF.
    InvalidCharactersInHeaderValue,
    /// The empty line that ends the section is not CRLF.
    InvalidRequestHeadersNoCrlf,
    /// The connection ended inside the head.
    MalformedRequestInvalidHeaders,
    /// A field name is not a token.
    InvalidCharactersInHeaderName,
    /// Content-Length is not a number that can be counted to.
    InvalidContentLength,
    /// More than one Content-Length field.
    MultipleContentLengths,
    /// The transfer codings do not end with exactly one `chunked`.
    FinalTransferCodingNotChunked,
    /// A transfer coding before `chunked` that the server cannot decode.
    UnsupportedTransferCoding,
    /// Transfer-Encoding in an HTTP/1.0 request.
    TransferEncodingInHttp10,
    /// CONNECT that announces content.
    ConnectWithContent,
    /// HTTP/1.0 POST or PUT without Content-Length.
    LengthRequiredHttp10,
    /// The connection ended inside the body.
    UnexpectedEndOfRequestContent,
    /// A chunk's size is not a hexadecimal number that can be counted to, or its line is malformed.
    BadChunkSizeData,
    /// A chunk's data is not followed by CRLF.
    BadChunkSuffix,
    /// A chunk extension is malformed, or there is too much of them.
    BadChunkExtension,
    /// The connection ended inside a chunked body.
    ChunkedRequestIncomplete,
    /// The request line exceeds its limit.
    RequestLineTooLong,
    /// The fields exceed their total size.
    HeadersExceedMaxTotalSize,
    /// Too many fields.
    TooManyHeaders,
    /// The body exceeds its limit.
    RequestBodyTooLarge,
    /// The head did not arrive in time.
    RequestHeadersTimeout,
    /// The body did not arrive in time.
    RequestBodyTimeout,
    /// `*` as the target of a method other than OPTIONS.
    OptionsMethodRequired,
    /// An authority as the target of a method other than CONNECT.
    ConnectMethodRequired,
    /// HTTP/1.1 without Host.
    MissingHostHeader,
    /// More than one Host field.
    MultipleHostHeaders,
    /// Host is malformed, or names another authority than the target.
    InvalidHostHeader,
}

impl Rejection {
    /// The status of the answer.
    pub(crate) fn status(self) -> StatusCode {
        match self {
            Self::UnrecognizedHttpVersion => StatusCode::HTTP_VERSION_NOT_SUPPORTED,
            Self::MethodTooLong | Self::UnsupportedTransferCoding => StatusCode::NOT_IMPLEMENTED,
            Self::RequestLineTooLong => StatusCode::URI_TOO_LONG,
            Self::HeadersExceedMaxTotalSize | Self::TooManyHeaders => {
                StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE
            }
            Self::RequestBodyTooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Self::RequestHeadersTimeout | Self::RequestBodyTimeout => StatusCode::REQUEST_TIMEOUT,
            Self::OptionsMethodRequired | Self::ConnectMethodRequired => StatusCode::METHOD_NOT_ALLOWED,
            _ => StatusCode::BAD_REQUEST,
        }
    }

    /// One sentence that names what is wrong; it holds nothing the peer sent.
    pub(crate) fn message(self) -> &'static str {
        match self {
            Self::TlsOverHttp => "A TLS handshake arrived on an endpoint that speaks plain HTTP.",
            Self::UnrecognizedHttpVersion => "The HTTP version is not supported.",
            Self::InvalidRequestLine => "The request line is malformed.",
            Self::MethodTooLong => "The method is too long.",
            Self::InvalidRequestTarget => "The request target is malformed.",
            Self::InvalidRequestHeader => "A header field line is malformed.",
            Self::InvalidCharactersInHeaderValue => "A header field value holds a control character.",
            Self::InvalidRequestHeadersNoCrlf => "The header section does not end with an empty CRLF line.",
            Self::MalformedRequestInvalidHeaders => "The connection ended inside the header section.",
            Self::InvalidCharactersInHeaderName => "A header field name is not a token.",
            Self::InvalidContentLength => "Content-Length is not a valid number.",
            Self::MultipleContentLengths => "There is more than one Content-Length field.",
            Self::FinalTransferCodingNotChunked => "The transfer codings do not end with one chunked.",
            Self::UnsupportedTransferCoding => "A transfer coding is not supported.",
            Self::TransferEncodingInHttp10 => "HTTP/1.0 does not have Transfer-Encoding.",
            Self::ConnectWithContent => "A CONNECT request must not have content.",
            Self::LengthRequiredHttp10 => "An HTTP/1.0 POST or PUT needs a Content-Length.",
            Self::UnexpectedEndOfRequestContent => "The connection ended inside the request body.",
            Self::BadChunkSizeData => "A chunk size is malformed or too large.",
            Self::BadChunkSuffix => "The data of a chunk is not followed by CRLF.",
            Self::BadChunkExtension => "A chunk extension is malformed or too long.",
            Self::ChunkedRequestIncomplete => "The connection ended inside a chunked request body.",
            Self::RequestLineTooLong => "The request line is too long.",
            Self::HeadersExceedMaxTotalSize => "The header fields are too large in total.",
            Self::TooManyHeaders => "There are too many header fields.",
            Self::RequestBodyTooLarge => "The request body is too large.",
            Self::RequestHeadersTimeout => "The request head did not arrive in time.",
            Self::RequestBodyTimeout => "The request body arrived too slowly.",
            Self::OptionsMethodRequired => "The target * needs the method OPTIONS.",
            Self::ConnectMethodRequired => "A target that is an authority needs the method CONNECT.",
            Self::MissingHostHeader => "An HTTP/1.1 request needs a Host field.",
            Self::MultipleHostHeaders => "There is more than one Host field.",
            Self::InvalidHostHeader => "Host is malformed or differs from the request target.",
        }
    }

    /// The value of the Allow field that a 405 must carry (RFC 9110 section 15.5.6).
    pub(crate) fn allow(self) -> Option<&'static str> {
        match self {
            Self::OptionsMethodRequired => Some("OPTIONS"),
            Self::ConnectMethodRequired => Some("CONNECT"),
            _ => None,
        }
    }

    /// The `error.type` of the connection's metrics.
    pub(crate) fn error_type(self) -> &'static str {
        match self {
            Self::TlsOverHttp => "tls_not_supported",
            Self::UnrecognizedHttpVersion => "invalid_http_version",
            Self::InvalidRequestLine
            | Self::MethodTooLong
            | Self::InvalidRequestTarget
            | Self::RequestLineTooLong
            | Self::OptionsMethodRequired
            | Self::ConnectMethodRequired => "invalid_request_line",
            Self::UnexpectedEndOfRequestContent | Self::ChunkedRequestIncomplete => {
                "unexpected_end_of_request_content"
            }
            // The reference has no name of its own for a broken chunk.
            Self::BadChunkSizeData | Self::BadChunkSuffix | Self::BadChunkExtension => "other_error",
            Self::HeadersExceedMaxTotalSize => "max_request_headers_total_size_exceeded",
            Self::TooManyHeaders => "max_request_header_count_exceeded",
            Self::RequestBodyTooLarge => "max_request_body_size_exceeded",
            Self::RequestHeadersTimeout => "request_headers_timeout",
            Self::RequestBodyTimeout => "min_request_body_data_rate",
            _ => "invalid_request_headers",
        }
    }
}
