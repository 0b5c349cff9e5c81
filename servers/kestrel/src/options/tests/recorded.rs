//! The rows of `options.json` that concern Kestrel.

use std::{fs, time::Duration};

use serde_json::Value;

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
];

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
    let text = fs::read_to_string(FILE).expect("the recorded options are in tests/data/golden");
    let rows: Vec<Value> = serde_json::from_str(&text).expect("the recorded options are JSON");
    let rows: Vec<_> = rows
        .into_iter()
        .map(|row| {
            let text = |key: &str| row[key].as_str().unwrap_or_default().to_owned();
            let class = text("class").split(" (").next().unwrap_or_default().to_owned();
            Row { class, property: text("property"), row }
        })
        .filter(|row| classes.contains(&&*row.class))
        .filter(|row| {
            !LEFT_OUT.iter().any(|(class, property, _)| *class == row.class && *property == row.property)
        })
        .collect();
    assert!(!rows.is_empty(), "no rows of {classes:?} in {FILE}");
    rows
}

/// A time as the original writes it: `[days.]hh:mm:ss[.fraction]`, its greatest value standing for none.
pub(super) fn time(text: &str) -> Option<Duration> {
    if text == "10675199.02:48:05.4775807" {
        return None;
    }
    let seconds = text.split(':').fold(0.0, |sum, part| sum * 60.0 + part.parse::<f64>().expect("a number"));
    Some(Duration::from_secs_f64(seconds))
}
