//! What ASP.NET Core's Kestrel was recorded to do over HTTP/1.1, against ours: targets, hosts and
//! malformed requests (`lifecycle.json`), features of a request (`features.json`).
//!
//! An RFC outranks a recorded row. Rows that we answer otherwise stand in [`DIFFERENCES`], with what we
//! answer and why.

use std::{
    io::{Read as _, Write as _},
    net::TcpStream,
    process::ExitCode,
    sync::{Arc, Mutex, OnceLock},
    time::Duration,
};

use falconry::{Handler, HostingApplication, HttpContext, Result};
use falconry_features::{BoxFuture, Deadline, Server, ServerAddressesFeature};
use falconry_kestrel::{KestrelServer, KestrelServerOptions};
use libtest_mimic::{Arguments, Completion, Failed, Trial};
use serde_json::{Value, json};
use tokio::runtime::Runtime;

/// Rows that we answer otherwise: group and case, our status, why.
const DIFFERENCES: &[(&str, &str, u16, &str)] = &[
    ("target", "GET /a?b#c", 400, "a request target has no fragment (RFC 9112 section 3.2)"),
    ("target", "GET http://user@localhost/a", 400, "user information is an error (RFC 9110 section 4.2.4)"),
    (
        "target",
        "GET http://user:pw@localhost/a",
        400,
        "user information is an error (RFC 9110 section 4.2.4)",
    ),
    ("target", "CONNECT localhost", 400, "CONNECT needs a port (RFC 9110 section 9.3.6)"),
    (
        "target",
        "CONNECT http://localhost/",
        400,
        "CONNECT takes the authority form alone (RFC 9112 section 3.2.3)",
    ),
    (
        "target",
        "CONNECT localhost:99999 (Host 'localhost:99999')",
        400,
        "a port has 16 bits (RFC 9110 section 9.3.6)",
    ),
    ("target", "100xA /m", 501, "a method longer than any that is implemented (RFC 9112 section 3)"),
    ("target", "GET /h (Host 'a:99999')", 400, "a port has 16 bits (RFC 9112 section 3.2)"),
    (
        "h1-request-rules",
        "HTTP/1.2",
        200,
        "a higher minor version is served as the highest known (RFC 9110 section 2.5)",
    ),
    (
        "h1-request-rules",
        "lowercase version",
        400,
        "HTTP is upper-case; the line is malformed (RFC 9112 section 2.3)",
    ),
    ("h1-request-rules", "non-token name", 400, "a field name is a token (RFC 9110 section 5.1)"),
    (
        "h1-request-rules",
        "control char 0x01 in value",
        400,
        "a field value has no control characters (RFC 9110 section 5.5)",
    ),
    ("h1-request-rules", "TE twice chunked", 400, "chunked is applied once (RFC 9112 section 6.1)"),
    ("h1-request-rules", "TE chunked HTTP/1.0", 400, "such framing is faulty (RFC 9112 section 6.1)"),
    ("h1-request-rules", "CL plus", 400, "Content-Length is digits (RFC 9110 section 8.6)"),
    ("h1-request-rules", "chunk bad size", 400, "our application reads the body, the recorded one did not"),
];

/// Features that a request has in ASP.NET Core and not here, or by another name.
const OTHER_FEATURES: &[(&str, Option<&str>, &str)] = &[
    ("IHttpBodyControlFeature", None, "there is no synchronous reading or writing"),
    ("IRequestBodyPipeFeature", None, "the body is a stream of frames already"),
    ("IConnectionTransportFeature", None, "the bytes belong to HTTP; connection middleware has them before"),
    ("IMemoryPoolFeature", None, "buffers are `Bytes`"),
    ("IHttpExtendedConnectFeature", None, "absent where it cannot be used: HTTP/1.1"),
    ("IHttpWebTransportFeature", None, "absent where it cannot be used: HTTP/1.1"),
    ("IEndpointFeature", None, "set by middleware that routes; the server keeps no place for it"),
    ("IRouteValuesFeature", None, "set by middleware that routes; the server keeps no place for it"),
    ("IHttpActivityFeature", None, "set by middleware that traces; the server keeps no place for it"),
    ("IBadRequestExceptionFeature", Some("BadHttpRequestFeature"), "named after its error"),
];

fn main() -> ExitCode {
    let mut trials = Vec::new();
    for row in rows(include_str!("data/golden/lifecycle.json")) {
        let of_http1 = row["protocol"] == "HTTP/1.1" || row["group"] == "h1-request-rules";
        match row["group"].as_str() {
            Some("target") if of_http1 => trials.push(Trial::test(name(&row), move || target(&row))),
            Some("h1-request-rules") if is_whole(&row) => {
                trials.push(Trial::test(name(&row), move || request_rule(&row)));
            }
            _ => {}
        }
    }
    for row in rows(include_str!("data/golden/features.json")) {
        let is_request = row["transport"] == "h1-plain" && row["scope"] == "request";
        match row["kind"].as_str() {
            Some("feature") if is_request => {
                let name = format!("present::{}", short(&row["feature"]));
                trials.push(Trial::ignorable_test(name, move || present(&row)));
            }
            Some("absent") if is_request => {
                trials.push(Trial::test("absent::features_of_other_servers", move || absent(&row)));
            }
            _ => {}
        }
    }
    libtest_mimic::run(&Arguments::from_args(), trials).exit_code()
}

/// A target or Host: status, and what the application saw.
fn target(row: &Value) -> std::result::Result<(), Failed> {
    let [method, target, host] =
        ["method", "target", "host"].map(|part| row[part].as_str().unwrap_or_default());
    let answer = send(&format!("{method} {target} HTTP/1.1\r\nHost: {host}\r\n\r\n"));
    check_status(row, &answer)?;
    if answer.status == 200 && row["status"] == 200 {
        check("what the application saw", &answer.seen, &row["seen"])?;
    }
    if let Some(allow) = row["allow"].as_str().filter(|_| answer.status == 405) {
        let allow = allow.to_ascii_lowercase();
        let head = answer.head.to_ascii_lowercase();
        check("the Allow field", &json!(head.contains(&allow)), &json!(true))?;
    }
    Ok(())
}

/// A request as it was recorded, byte for byte.
fn request_rule(row: &Value) -> std::result::Result<(), Failed> {
    check_status(row, &send(row["request"].as_str().unwrap_or_default()))
}

/// A feature of a request over plain HTTP/1.1.
fn present(row: &Value) -> std::result::Result<Completion, Failed> {
    let original = short(&row["feature"]);
    let other = OTHER_FEATURES.iter().find(|(name, ..)| *name == original);
    let ours = match other {
        Some((_, None, reason)) => return Ok(Completion::ignored_with(reason)),
        Some((_, Some(name), _)) => (*name).to_owned(),
        None => translated(&original),
    };
    let features = features_of_a_request();
    match features.contains(&ours) {
        true => Ok(Completion::Completed),
        false => Err(format!("no {ours} among {features:?}").into()),
    }
}

/// Features that no request over plain HTTP/1.1 has.
fn absent(row: &Value) -> std::result::Result<(), Failed> {
    // An in-memory or framework feature may be there sooner than in the original; those of other
    // protocols and servers may not.
    let foreign =
        ["IHttpResetFeature", "ITlsConnectionFeature", "ITlsHandshakeFeature", "IServerVariablesFeature"];
    let foreign: Vec<_> =
        foreign.into_iter().chain(["IHttp2StreamIdFeature", "IIISEnvironmentFeature"]).collect();
    let features = features_of_a_request();
    for original in row["features"].as_array().into_iter().flatten().map(short) {
        let ours = translated(&original);
        if foreign.contains(&original.as_str()) && features.contains(&ours) {
            return Err(format!("there is a {ours}").into());
        }
    }
    Ok(())
}

/// What came back for some bytes.
struct Answer {
    /// 0 if nothing came.
    status: u16,
    head: String,
    seen: Value,
}

/// Notes the parts of every request, and answers nothing.
#[derive(Clone, Default)]
struct Seeing {
    parts: Arc<Mutex<Value>>,
    features: Arc<Mutex<Vec<String>>>,
}

impl Handler for Seeing {
    fn handle<'a>(&'a self, ctx: &'a mut HttpContext) -> BoxFuture<'a, Result> {
        Box::pin(async move {
            let request = ctx.request();
            *self.parts.lock().expect("no trial panics with it") = json!({
                "PathBase": request.path_base(),
                "Path": request.path(),
                "QueryString": request.query_string(),
                "RawTarget": request.raw_target(),
                "Host": request.host(),
                "Method": request.method().as_str(),
            });
            let features = ctx.features().iter().map(|entry| entry.name().to_owned()).collect();
            *self.features.lock().expect("no trial panics with it") = features;
            while ctx.request_mut().read().await?.is_some() {}
            Ok(())
        })
    }
}

/// Sends bytes (the recorded text has one character for each) to a server of their own.
fn send(text: &str) -> Answer {
    let bytes: Vec<u8> = text.chars().map(|char| u8::try_from(char).unwrap_or(b'?')).collect();
    let seeing = Seeing::default();
    let head = exchange(&bytes, &seeing);
    let status = head.split(' ').nth(1).and_then(|status| status.parse().ok()).unwrap_or_default();
    let seen = seeing.parts.lock().expect("no trial panics with it").clone();
    Answer { status, head, seen }
}

fn features_of_a_request() -> Vec<String> {
    let seeing = Seeing::default();
    exchange(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n", &seeing);
    seeing.features.lock().expect("no trial panics with it").clone()
}

/// Sends bytes to a new server, and reads until there is a head, the end, or silence.
fn exchange(bytes: &[u8], seeing: &Seeing) -> String {
    let server = KestrelServer::new(KestrelServerOptions::default());
    let addresses =
        || server.features().get::<dyn ServerAddressesFeature>().expect("every server has addresses");
    addresses().add("http://127.0.0.1:0").expect("the server has not been started");
    let application = Arc::new(HostingApplication::new(seeing.clone()));
    runtime().block_on(server.start(application)).expect("the server starts");
    let address = addresses().addresses()[0].trim_start_matches("http://").to_owned();
    let mut stream = TcpStream::connect(address).expect("the server accepts");
    stream.set_read_timeout(Some(Duration::from_millis(500))).expect("a time above 0");
    // A server may refuse and close before it has read everything.
    let _ = stream.write_all(bytes);
    let mut received = Vec::new();
    let mut buffer = [0; 4096];
    while !received.windows(4).any(|window| window == b"\r\n\r\n") {
        match stream.read(&mut buffer) {
            Ok(0) | Err(_) => break,
            Ok(length) => received.extend_from_slice(&buffer[..length]),
        }
    }
    let _ = runtime().block_on(server.stop(Deadline::now()));
    String::from_utf8_lossy(&received).into_owned()
}

fn check_status(row: &Value, answer: &Answer) -> std::result::Result<(), Failed> {
    let (group, case) = (row["group"].as_str().unwrap_or_default(), row["case"].as_str().unwrap_or_default());
    let difference = DIFFERENCES.iter().find(|(other, name, ..)| *other == group && *name == case);
    let expected = match difference {
        Some((_, _, status, _)) => json!(status),
        None => row["status"].clone(),
    };
    check("the status", &json!(answer.status), &expected)
}

fn check(what: &str, ours: &Value, theirs: &Value) -> std::result::Result<(), Failed> {
    match ours == theirs {
        true => Ok(()),
        false => Err(format!("{what}: {ours} here, {theirs} recorded").into()),
    }
}

/// The rows of a file: one JSON object a line.
fn rows(text: &str) -> Vec<Value> {
    serde_json::from_str(text).expect("a recorded file is a JSON array")
}

fn name(row: &Value) -> String {
    let [group, case] = ["group", "case"].map(|part| row[part].as_str().unwrap_or_default());
    let host = row["host"].as_str().filter(|host| *host != "localhost").map(|host| format!(" on {host}"));
    format!("{group}::{case}{}", host.unwrap_or_default()).chars().take(100).collect()
}

/// False for rows whose request was cut when it was recorded.
fn is_whole(row: &Value) -> bool {
    !row["request"].as_str().unwrap_or_default().contains("chars)")
}

fn short(name: &Value) -> String {
    name.as_str().and_then(|name| name.rsplit('.').next()).unwrap_or_default().to_owned()
}

/// Our name for an interface of the original.
fn translated(original: &str) -> String {
    original.strip_prefix('I').unwrap_or(original).to_owned()
}

fn runtime() -> &'static Runtime {
    static RUNTIME: OnceLock<Runtime> = OnceLock::new();
    RUNTIME.get_or_init(|| Runtime::new().expect("the system has threads for a runtime"))
}
