//! The rows of `options.json` that concern Kestrel.

use std::{fs, time::Duration};

use serde_json::Value;

const DIFFERENCES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/kestrel-differences.md");
const FILE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/data/golden/options.json");

/// Rows with no option of ours, each with the reason; `docs/kestrel-differences.md` has the same list.
const LEFT_OUT: &[(&str, &str, &str)] = &[
    ("KestrelServerOptions", "AllowSynchronousIO", "there is no synchronous I/O to allow"),
    ("KestrelServerOptions", "DisableStringReuse", "field values share the buffer they arrived in"),
    ("KestrelServerOptions", "EnableAltSvc", "obsolete there, without effect"),
    (
        "KestrelServerOptions",
        "RequestHeaderEncodingSelector",
        "field values are bytes; the application decodes them",
    ),
    (
        "KestrelServerOptions",
        "ResponseHeaderEncodingSelector",
        "field values are bytes; the application encodes them",
    ),
    ("KestrelServerOptions", "ApplicationServices", "there is no dependency injection container"),
    ("KestrelServerOptions", "Limits", "a field that holds the limits"),
    (
        "KestrelServerOptions",
        "ConfigurationLoader",
        "configuration is read by the host and applied to the options",
    ),
    ("KestrelServerLimits", "Http2", "a field that holds the limits of HTTP/2"),
    ("KestrelServerLimits", "Http3", "a field that holds the limits of HTTP/3"),
    (
        "HttpsConnectionAdapterOptions",
        "CheckCertificateRevocation",
        "validate_client_certificates can ask whom it likes",
    ),
    ("HttpsConnectionAdapterOptions", "OnAuthenticate", "the TLS library's own options stay inside"),
    (
        "HttpsConnectionAdapterOptions",
        "TlsClientHelloBytesCallback",
        "the TLS library does not give the bytes; select_certificate sees what is in them",
    ),
    ("ListenOptions", "FileHandle", "a socket is handed over as an object, not as a number"),
    ("ListenOptions", "KestrelServerOptions", "an endpoint does not point back to its server"),
    ("ListenOptions", "ApplicationServices", "there is no dependency injection container"),
    ("SocketTransportOptions", "IOQueueCount", "the runtime has the I/O threads"),
    (
        "SocketTransportOptions",
        "WaitForDataBeforeAllocatingBuffer",
        "always so: a buffer is taken when there is data",
    ),
    (
        "SocketTransportOptions",
        "MaxReadBufferSize",
        "there is one buffer, bounded by max_request_buffer_size",
    ),
    (
        "SocketTransportOptions",
        "MaxWriteBufferSize",
        "there is one buffer, bounded by max_response_buffer_size",
    ),
    (
        "SocketTransportOptions",
        "UnsafePreferInlineScheduling",
        "always so: a request runs where its bytes are read",
    ),
    ("SocketTransportOptions", "CreateBoundListenSocket", "listen_handle takes a socket bound in any way"),
    ("QuicTransportOptions", "MaxReadBufferSize", "there is one buffer, bounded by max_request_buffer_size"),
    (
        "QuicTransportOptions",
        "MaxWriteBufferSize",
        "there is one buffer, bounded by max_response_buffer_size",
    ),
    ("QuicTransportOptions", "DefaultStreamErrorCode", "HTTP/3 says which code a stream ends with"),
    ("QuicTransportOptions", "DefaultCloseErrorCode", "HTTP/3 says which code a connection ends with"),
    (
        "TlsHandshakeCallbackOptions",
        "OnConnection",
        "select_certificate and the options of a name do what it is for",
    ),
    ("TlsHandshakeCallbackOptions", "OnConnectionState", "a closure has its state with it"),
    ("TlsHandshakeCallbackOptions", "HandshakeTimeout", "that of HttpsOptions"),
];

/// The classes that other tests of these options look at, row by row.
const COVERED: [&str; 9] = [
    "KestrelServerOptions",
    "KestrelServerLimits",
    "Http2Limits",
    "Http3Limits",
    "MinDataRate",
    "ListenOptions",
    "HttpsConnectionAdapterOptions",
    "SocketTransportOptions",
    "QuicTransportOptions",
];

/// The classes that are no options of Kestrel's, or not of every system's.
const ELSEWHERE: &[&str] = &[
    // The defaults again, after a configuration without keys.
    "KestrelServerOptions.ConfigurationLoader",
    "NamedPipeTransportOptions",
    "HttpSysOptions",
    "HttpSysOptions.Timeouts",
    "HttpSysOptions.Authentication",
    "HttpSysOptions.UrlPrefixes",
    "HttpSys.UrlPrefix.Create",
    "IISServerOptions",
    "IISOptions",
    "HostOptions",
    "ConsoleLifetimeOptions",
    "WebApplicationOptions",
    "TestServerOptions",
    "ForwardedHeadersOptions",
    "HostFilteringOptions",
    "CertificateForwardingOptions",
    "HttpMethodOverrideOptions",
    "WebSocketOptions",
    "WebSocketAcceptContext",
    "CookieOptions",
];

#[test]
fn every_recorded_option_of_kestrel_is_looked_at_or_left_out_for_a_reason() {
    let rows = all_rows();
    for row in &rows {
        let class = &*row.class;
        let is_elsewhere = ELSEWHERE.iter().any(|other| {
            class == *other || class.strip_prefix(other).is_some_and(|rest| rest.starts_with([' ', '(']))
        });
        assert!(
            COVERED.contains(&class) || is_elsewhere || class.starts_with("enum ") || row.is_left_out(),
            "nobody looks at {}",
            row.name()
        );
    }
    for (class, property, _) in LEFT_OUT {
        let is_recorded = rows.iter().any(|row| row.class == *class && row.property == *property);
        assert!(is_recorded, "{class}.{property} is left out, and is no option");
    }
}

#[test]
fn what_is_left_out_stands_in_the_list_of_differences() {
    let text = fs::read_to_string(DIFFERENCES).expect("the list is in docs");
    for (class, property, reason) in LEFT_OUT {
        let is_listed = text.contains(property) || text.contains(&format!("`{class}`"));
        // What is a field of ours under another roof is no difference.
        assert!(is_listed || reason.starts_with("a field"), "{class}.{property}: {reason}");
    }
}

/// One property of the original: its class (without what is in brackets), its name, and the row.
pub(super) struct Row {
    pub(super) class: String,
    pub(super) property: String,
    row: Value,
}

impl Row {
    pub(super) fn name(&self) -> String {
        format!("{}.{}", self.class, self.property)
    }

    fn is_left_out(&self) -> bool {
        LEFT_OUT.iter().any(|(class, property, _)| *class == self.class && *property == self.property)
    }

    pub(super) fn default(&self) -> &str {
        self.row["default"].as_str().unwrap_or_default()
    }

    /// What a constructor row came to.
    pub(super) fn result(&self) -> Option<&str> {
        self.row["result"].as_str()
    }

    /// The values tried on the setter, and whether each was accepted.
    pub(super) fn tried(&self) -> Vec<(&str, bool)> {
        let Some(tried) = self.row["set"].as_object() else { return Vec::new() };
        tried
            .iter()
            .map(|(value, seen)| (&**value, seen.as_str().is_some_and(|s| s.starts_with("ok"))))
            .collect()
    }
}

/// All rows of these classes but those left out.
pub(super) fn rows(classes: &[&str]) -> Vec<Row> {
    let rows = all_rows().into_iter().filter(|row| classes.contains(&&*row.class) && !row.is_left_out());
    let rows: Vec<_> = rows.collect();
    assert!(!rows.is_empty(), "no rows of {classes:?} in {FILE}");
    rows
}

fn all_rows() -> Vec<Row> {
    let text = fs::read_to_string(FILE).expect("the recorded options are in tests/data/golden");
    let rows: Vec<Value> = serde_json::from_str(&text).expect("the recorded options are JSON");
    let row = |row: Value| {
        let text = |key: &str| row[key].as_str().unwrap_or_default().to_owned();
        let class = text("class").split(" (").next().unwrap_or_default().to_owned();
        Row { class, property: text("property"), row }
    };
    rows.into_iter().map(row).collect()
}

/// A time as the original writes it: `[days.]hh:mm:ss[.fraction]`, its greatest value standing for none.
pub(super) fn time(text: &str) -> Option<Duration> {
    if text == "10675199.02:48:05.4775807" {
        return None;
    }
    let seconds = text.split(':').fold(0.0, |sum, part| sum * 60.0 + part.parse::<f64>().expect("a number"));
    Some(Duration::from_secs_f64(seconds))
}
