//! The contract app, seen from outside: what it says and echoes.

use std::collections::BTreeSet;

use http::{HeaderMap, HeaderValue};
use serde_json::Value;
use sha2::{Digest, Sha256};

use crate::{Capability::*, connect::Request, contract::PseudoRandom, runner::Trial, stage::Site};

const DESIGN: &str = "falconry: the contract app";

pub(super) const TRIALS: &[Trial] = &[
    Trial::of_contract(
        "the_root_says_hello",
        "GET / is answered by 200, text/plain and `Hello World!` with its length.",
        DESIGN,
        root,
    ),
    Trial::of_contract(
        "head_of_the_root_has_the_length_and_no_body",
        "The answer to HEAD has the fields of the answer to GET, and no body.",
        "RFC 9110 section 9.3.2",
        head_of_root,
    ),
    Trial::of_contract(
        "an_unknown_path_is_404",
        "What the application does not know is answered by 404.",
        "RFC 9110 section 15.5.5",
        unknown,
    ),
    Trial::of_contract(
        "a_wrong_method_is_405_and_names_the_right_ones",
        "A 405 has an Allow field with the methods that are supported.",
        "RFC 9110 section 15.5.6",
        wrong_method,
    ),
    Trial::of_contract(
        "echo_sends_back_a_body_of_known_length",
        "Method, raw target, length and body arrive in the application as they were sent.",
        DESIGN,
        echo_length,
    ),
    Trial::of_contract(
        "echo_sends_back_a_body_of_unknown_length",
        "A body in chunks arrives in the application whole, whatever the chunks.",
        "RFC 9112 section 7.1",
        echo_chunked,
    ),
    Trial::of_contract(
        "echo_answers_while_the_body_comes",
        "Request and response stream at the same time.",
        DESIGN,
        echo_duplex,
    )
    .needs(&[RequestStreaming, ResponseStreaming]),
    Trial::of_contract(
        "fields_arrive_in_order",
        "Fields with the same name keep their order, and the application sees every one.",
        "RFC 9110 section 5.3",
        fields,
    ),
    Trial::of_contract(
        "info_tells_of_the_request",
        "The parts of the request and the names of the features are what the server was sent and offers.",
        DESIGN,
        info,
    ),
    Trial::of_contract(
        "big_has_its_length_and_its_bytes",
        "A large body with a length arrives whole.",
        DESIGN,
        big,
    ),
    Trial::of_contract(
        "big_arrives_whole_without_a_length",
        "A large body without a length arrives whole, and its end is known.",
        "RFC 9112 section 6.3",
        big_chunked,
    ),
    Trial::of_contract(
        "an_upload_is_counted_and_digested",
        "A body of a megabyte arrives in the application byte for byte.",
        DESIGN,
        upload,
    ),
    Trial::of_contract("a_stream_has_all_its_chunks", "Flushed chunks arrive in order.", DESIGN, stream),
    Trial::of_contract(
        "trailers_travel_both_ways",
        "Trailer fields of the request reach the application, and those of the response the client.",
        "RFC 9110 section 6.5",
        trailers,
    )
    .needs(&[RequestTrailers, ResponseTrailers]),
];

fn root(site: &Site) {
    let response = site.get("/");
    assert_eq!((response.status(), response.text().as_str()), (200, "Hello World!"));
    assert_eq!(response.field("content-length"), "12");
    assert_eq!(response.field("content-type"), "text/plain");
}

fn head_of_root(site: &Site) {
    let mut client = site.client();
    let response = client.exchange(&Request::new("HEAD", "/"), b"");
    assert_eq!((response.status(), response.body.len()), (200, 0));
    assert_eq!(response.field("content-length"), "12");
    assert_eq!(client.get("/").text(), "Hello World!", "the next answer on the connection");
}

fn unknown(site: &Site) {
    assert_eq!(site.get("/no/such/path").status(), 404);
}

fn wrong_method(site: &Site) {
    let response = site.client().exchange(&Request::new("DELETE", "/"), b"");
    assert_eq!((response.status(), response.field("allow").as_str()), (405, "GET, HEAD"));
}

fn echo_length(site: &Site) {
    let response = site.client().exchange(&Request::new("PUT", "/echo?a=%20b").length(5), b"hello");
    assert_eq!(response.text(), "method=PUT\ntarget=/echo?a=%20b\nlength=5\n\nhello");
}

fn echo_chunked(site: &Site) {
    let mut client = site.client();
    client.begin(&Request::post("/echo"));
    for piece in ["a", "bc", "", "def"] {
        client.send(piece.as_bytes());
    }
    client.end();
    assert_eq!(client.response().text(), "method=POST\ntarget=/echo\nlength=\n\nabcdef");
}

fn echo_duplex(site: &Site) {
    let mut client = site.client();
    client.begin(&Request::post("/echo"));
    let preamble = "method=POST\ntarget=/echo\nlength=\n\n";
    assert_eq!(client.head().status, 200, "the head, before any of the body is sent");
    assert_eq!(client.read(preamble.len()), preamble.as_bytes());
    for piece in [&b"ping"[..], b"pong", b"end"] {
        client.send(piece);
        assert_eq!(client.read(piece.len()), piece);
    }
    client.end();
    assert_eq!(client.data(), None);
}

fn fields(site: &Site) {
    let request =
        Request::get("/fields").field("x-list", "one").field("x-other", "").field("x-list", "two, three");
    let text = site.client().exchange(&request, b"").text();
    let lines: Vec<_> = text.lines().filter(|line| line.starts_with("x-list")).collect();
    assert_eq!(lines, ["x-list: one", "x-list: two, three"]);
    assert!(text.contains("x-other: \n"), "an empty field in {text:?}");
}

fn info(site: &Site) {
    let response = site.get("/info?a=%41&b");
    let info: Value = serde_json::from_slice(&response.body).expect("the answer is JSON");
    assert_eq!(response.field("content-type"), "application/json");
    for (name, value) in [
        ("path", "/info"),
        ("query", "?a=%41&b"),
        ("raw_target", "/info?a=%41&b"),
        ("path_base", ""),
        ("scheme", site.scheme()),
    ] {
        assert_eq!(info[name], value, "{name}");
    }
    let features: Vec<_> =
        info["features"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    for required in ["HttpRequestFeature", "HttpResponseFeature", "HttpResponseBodyFeature"] {
        assert!(features.contains(&required), "{required} in {features:?}");
    }
    assert_eq!(
        features.iter().collect::<BTreeSet<_>>().len(),
        features.len(),
        "a feature twice in {features:?}"
    );
}

fn big(site: &Site) {
    let response = site.get("/big?size=1000003");
    assert_eq!(response.field("content-length"), "1000003");
    assert!(response.body == expected_bytes(1_000_003), "the bytes differ");
}

fn big_chunked(site: &Site) {
    let response = site.get("/big?size=1000003&chunked=1");
    assert_eq!(response.field("content-length"), "");
    assert!(response.body == expected_bytes(1_000_003), "the bytes differ");
}

fn upload(site: &Site) {
    let data = expected_bytes(1_000_000);
    let digest: String = Sha256::digest(&data).iter().map(|byte| format!("{byte:02x}")).collect();
    let response = site.client().exchange(&Request::new("POST", "/upload").length(data.len() as u64), &data);
    assert_eq!(response.text(), format!("1000000 {digest}"));
}

fn stream(site: &Site) {
    let response = site.get("/stream?count=5&size=70000&delay_ms=1");
    assert_eq!(response.body.len(), 350_000);
}

fn trailers(site: &Site) {
    let mut client = site.client();
    client.begin(
        &Request::post("/trailers")
            .field("te", "trailers")
            .field("connection", "TE")
            .field("trailer", "x-mine"),
    );
    client.send(b"abc");
    let mut sent = HeaderMap::new();
    sent.insert("x-mine", HeaderValue::from_static("yours"));
    client.end_with(&sent);
    let response = client.response();
    assert_eq!(response.text(), "abc");
    let digest = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
    for (name, value) in [("x-count", "3"), ("x-sha256", digest), ("x-echo-x-mine", "yours")] {
        assert_eq!(response.trailers.get(name).map(HeaderValue::as_bytes), Some(value.as_bytes()), "{name}");
    }
}

fn expected_bytes(size: u64) -> Vec<u8> {
    PseudoRandom::new(size).flatten().collect()
}
