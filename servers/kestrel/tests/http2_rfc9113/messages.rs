//! Section 8.1: messages, their framing and their trailers.

use super::{
    Case, Expect, NEXT, case,
    support::{
        Raw, block, code, data, flag, frame, headers, kind,
        raw::{GET, POST, path_of, with},
    },
};

const END: u8 = flag::END_STREAM;

fn malformed() -> Expect {
    Expect::Reset(1, code::PROTOCOL_ERROR)
}

fn post(length: &str) -> Vec<u8> {
    headers(1, 0, &with(&POST, &[("content-length", length)]))
}

pub(super) fn cases() -> Vec<Case> {
    [lengths(), trailers(), responses()].into_iter().flatten().collect()
}

fn lengths() -> Vec<Case> {
    let twice = headers(1, 0, &with(&POST, &[("content-length", "2"), ("content-length", "2")]));
    let body = |length: &str, pieces: &[&[u8]]| {
        let mut bytes = post(length);
        for (at, piece) in pieces.iter().enumerate() {
            bytes.extend(data(1, if at + 1 == pieces.len() { END } else { 0 }, piece));
        }
        bytes
    };
    let at_once = |length: &str| headers(1, END, &with(&POST, &[("content-length", length)]));
    vec![
        case("8.1.1 content-length and data agree", body("5", &[b"hello"]), Expect::Body(1, "hello")),
        case("8.1.1 content-length and pieces agree", body("5", &[b"he", b"llo"]), Expect::Body(1, "hello")),
        case("8.1.1 more data than content-length", body("4", &[b"hello"]), malformed()),
        case("8.1.1 more data than content-length in pieces", body("4", &[b"hel", b"lo"]), malformed()),
        case("8.1.1 less data than content-length", body("6", &[b"hello"]), malformed()),
        case("8.1.1 content-length and no data at all", at_once("5"), malformed()),
        case("8.1.1 content-length and an empty end", body("5", &[b""]), malformed()),
        case("8.1.1 content-length of 0 and no data", at_once("0"), Expect::Body(1, "")),
        case("8.1.1 content-length of 0 and data", body("0", &[b"x"]), malformed()),
        case("8.1.1 content-length that is no number", body("five", &[b"hello"]), malformed()),
        case("8.1.1 content-length with a sign", body("+5", &[b"hello"]), malformed()),
        case("8.1.1 content-length of nothing", body("", &[b"hello"]), malformed()),
        case(
            "8.1.1 content-length beyond all numbers",
            body("99999999999999999999", &[b"hello"]),
            malformed(),
        ),
        case("8.1.1 content-length as a list", body("5, 5", &[b"hello"]), malformed()),
        case("8.1.1 content-length twice", [twice, data(1, END, b"hi")].concat(), malformed()),
        case(
            "8.1.1 less data than content-length and trailers",
            [post("6"), data(1, 0, b"hello"), headers(1, END, &[("x-a", "y")])].concat(),
            malformed(),
        ),
        case(
            "8.1 a body that is too large",
            headers(1, 0, &with(&POST, &[("content-length", "30000001")])),
            Expect::Status(1, 413),
        ),
    ]
}

fn trailers() -> Vec<Case> {
    let request = |trailers: &[(&str, &str)], flags| {
        [headers(1, 0, &path_of(&POST, "/trailers")), data(1, 0, b"x"), headers(1, flags, trailers)].concat()
    };
    let mut cases = vec![
        case(
            "8.1 trailers",
            request(&[("x-a", "1"), ("x-b", "2")], END),
            Expect::Body(1, "x-a: 1\nx-b: 2\n"),
        ),
        case(
            "8.1 trailers without data",
            [headers(1, 0, &path_of(&POST, "/trailers")), headers(1, END, &[("x-a", "1")])].concat(),
            Expect::Body(1, "x-a: 1\n"),
        ),
        case("8.1 trailers of nothing", request(&[], END), Expect::Body(1, "")),
        case(
            "8.1 trailers that do not end the stream",
            request(&[("x-a", "1")], 0),
            Expect::ResetOrGoaway(1, code::PROTOCOL_ERROR),
        ),
        case(
            "8.1 trailers twice",
            [request(&[("x-a", "1")], END), headers(1, END, &[("x-b", "1")])].concat(),
            Expect::ResetOrGoaway(1, code::STREAM_CLOSED),
        ),
        case(
            "8.1 DATA behind trailers",
            [request(&[("x-a", "1")], END), data(1, END, b"x")].concat(),
            Expect::ResetOrGoaway(1, code::STREAM_CLOSED),
        ),
        case(
            "8.2.1 trailers with a capital letter",
            request(&[("X-A", "1")], END),
            Expect::ResetOrGoaway(1, code::PROTOCOL_ERROR),
        ),
        case("8.2.2 trailers with a connection field", request(&[("connection", "close")], END), malformed()),
        case("8.2.2 trailers with te", request(&[("te", "gzip")], END), malformed()),
    ];
    for (name, value) in [
        (":method", "GET"),
        (":scheme", "http"),
        (":path", "/"),
        (":authority", "a.test"),
        (":status", "200"),
        (":protocol", "websocket"),
    ] {
        cases.push(case(format!("8.1 trailers with {name}"), request(&[(name, value)], END), malformed()));
        let behind = request(&[("x-a", "1"), (name, value)], END);
        cases.push(case(format!("8.1 trailers with {name} behind a field"), behind, malformed()));
    }
    // The block in pieces, and a name out of the tables.
    let begun =
        [headers(1, 0, &path_of(&POST, "/trailers")), frame(kind::HEADERS, END, 1, &block(&[("x-a", "1")]))];
    let pieces =
        [begun.concat(), frame(kind::CONTINUATION, 0, 1, b"\x84"), frame(kind::CONTINUATION, 4, 1, b"")];
    // h2 cannot do without the rest of a block that it has given up: a connection error (section 5.4.2).
    let expect = Expect::ResetOrGoaway(1, code::PROTOCOL_ERROR);
    cases.push(case("8.1 trailers with :path in a CONTINUATION", pieces.concat(), expect));
    cases
}

fn responses() -> Vec<Case> {
    let head = |path: &'static str| {
        let fields = [(":method", "HEAD"), (":scheme", "http"), (":path", path), (":authority", "a.test")];
        headers(1, END, &fields)
    };
    let get = |path: &'static str| headers(1, END, &path_of(&GET, path));
    vec![
        case("8.1 HEAD is answered without a body", head("/"), Expect::Check(no_body)),
        case("8.1 HEAD of a large body is answered without it", head("/big?100000"), Expect::Check(no_body)),
        case("8.1 HEAD keeps the content-length", head("/length?hello"), Expect::Check(keeps_length)),
        case("8.1.1 204 has no body and no length", get("/status?204"), Expect::Check(no_length)),
        case("8.1.1 304 has no body and no length", get("/status?304"), Expect::Check(no_length)),
        case(
            "8.1.1 a response that is too short is no response",
            get("/length?four"),
            Expect::Check(too_short),
        ),
        case(
            "8.2.2 a response has no connection fields",
            get("/connection-fields"),
            Expect::Check(no_connection_fields),
        ),
        case("8.1 an interim response comes first", get("/interim"), Expect::Check(interim)),
        case(
            "8.1 100 comes when the body is read",
            headers(1, 0, &with(&POST, &[("expect", "100-continue")])),
            Expect::Check(continues),
        ),
        case(
            "8.1 no 100 for a body that nobody reads",
            headers(1, 0, &with(&path_of(&POST, "/"), &[("expect", "100-continue")])),
            Expect::Check(does_not_continue),
        ),
        case(
            "8.1 an answer before the end of the request is followed by NO_ERROR",
            headers(1, 0, &path_of(&POST, "/")),
            Expect::Check(early),
        ),
        case("8.1 a failure before the answer", get("/fail"), Expect::Status(1, 500)),
        case("8.1 a failure within the answer", get("/late-fail"), Expect::Reset(1, code::INTERNAL_ERROR)),
        case("8.1 a request that was aborted", get("/abort"), Expect::Reset(1, code::INTERNAL_ERROR)),
    ]
}

fn no_body(raw: &mut Raw) {
    let response = raw.response(1);
    assert_eq!(response.status(), 200);
    assert!(response.body.is_empty());
    raw.assert_serves(NEXT);
}

fn keeps_length(raw: &mut Raw) {
    let response = raw.response(1);
    assert_eq!((response.status(), response.field("content-length")), (200, Some("5")));
    assert!(response.body.is_empty());
}

fn no_length(raw: &mut Raw) {
    let response = raw.response(1);
    assert!([204, 304].contains(&response.status()));
    assert_eq!(response.field("content-length"), None);
    assert!(response.body.is_empty());
}

fn too_short(raw: &mut Raw) {
    let response = raw.response(1);
    // Nothing had left yet, so it can still be said.
    assert!(response.reset == Some(code::INTERNAL_ERROR) || response.status() == 500, "{response:?}");
    raw.assert_serves(NEXT);
}

fn no_connection_fields(raw: &mut Raw) {
    let response = raw.response(1);
    assert_eq!((response.status(), &*response.text()), (200, "ok"));
    for name in ["connection", "keep-alive", "proxy-connection", "transfer-encoding", "upgrade"] {
        assert_eq!(response.field(name), None);
    }
    assert_eq!(response.field("date"), Some("of my own"));
    assert_eq!(response.field("server"), Some("Kestrel"));
}

fn interim(raw: &mut Raw) {
    let response = raw.response(1);
    assert_eq!(
        response.interim,
        [[(":status".to_owned(), "103".to_owned()), ("link".to_owned(), "</a.css>".to_owned())]]
    );
    assert_eq!((response.status(), &*response.text()), (200, "hinted"));
}

fn continues(raw: &mut Raw) {
    raw.expect(kind::HEADERS);
    raw.send(&data(1, END, b"hello"));
    assert_eq!(raw.response(1).body, b"hello");
}

fn does_not_continue(raw: &mut Raw) {
    let response = raw.response(1);
    assert!(response.interim.is_empty());
    assert_eq!(response.status(), 200);
}

fn early(raw: &mut Raw) {
    assert_eq!(raw.response(1).status(), 200);
    assert_eq!(raw.reset_of(1), code::NO_ERROR);
    raw.assert_serves(NEXT);
}
