//! Which body a response may have, as a table.

use falconry_features::{BodyWrite, ResponseHead, ResponseRules};
use http::{HeaderName, HeaderValue, Method, StatusCode};

fn head(status: u16, fields: &[(&str, &str)]) -> ResponseHead {
    let mut head = ResponseHead { status: StatusCode::from_u16(status).unwrap(), ..ResponseHead::default() };
    for (name, value) in fields {
        let name = HeaderName::from_bytes(name.as_bytes()).unwrap();
        head.headers.append(name, HeaderValue::from_str(value).unwrap());
    }
    head
}

fn rules(method: &Method, status: u16, fields: &[(&str, &str)]) -> ResponseRules {
    ResponseRules::new(method, &head(status, fields)).unwrap()
}

#[test]
fn what_a_head_allows_is_as_in_the_table() {
    // method, status, may have a body, may have framing fields
    let table = [
        (Method::GET, 200, true, true),
        (Method::GET, 404, true, true),
        (Method::GET, 500, true, true),
        (Method::HEAD, 200, false, true),
        (Method::CONNECT, 200, false, false),
        (Method::CONNECT, 299, false, false),
        (Method::CONNECT, 400, true, true),
        (Method::GET, 100, false, false),
        (Method::GET, 101, false, false),
        (Method::GET, 103, false, false),
        (Method::GET, 204, false, false),
        (Method::GET, 205, false, true),
        (Method::GET, 304, false, true),
    ];
    for (method, status, body, framing) in table {
        let rules = rules(&method, status, &[]);
        assert_eq!((rules.may_have_body(), rules.may_have_framing()), (body, framing), "{method} {status}");
    }
}

#[test]
fn which_framing_fields_are_refused_is_as_in_the_table() {
    const LENGTH: (&str, &str) = ("content-length", "5");
    const ZERO: (&str, &str) = ("content-length", "0");
    const CHUNKED: (&str, &str) = ("transfer-encoding", "chunked");
    let table = [
        (Method::GET, 200, LENGTH, true),
        (Method::GET, 200, CHUNKED, true),
        (Method::HEAD, 200, LENGTH, true),
        (Method::HEAD, 200, CHUNKED, true),
        (Method::GET, 101, LENGTH, false),
        (Method::GET, 101, ZERO, true),
        (Method::GET, 101, CHUNKED, false),
        (Method::GET, 204, LENGTH, false),
        (Method::GET, 204, ZERO, true),
        (Method::GET, 204, CHUNKED, false),
        (Method::GET, 205, LENGTH, false),
        (Method::GET, 205, ZERO, true),
        (Method::GET, 205, CHUNKED, false),
        (Method::GET, 304, LENGTH, true),
        (Method::GET, 304, ZERO, true),
        (Method::GET, 304, CHUNKED, false),
        (Method::CONNECT, 200, LENGTH, false),
        (Method::CONNECT, 200, ZERO, true),
        (Method::CONNECT, 200, CHUNKED, false),
        (Method::CONNECT, 400, LENGTH, true),
    ];
    for (method, status, field, is_accepted) in table {
        match ResponseRules::new(&method, &head(status, &[field])) {
            Ok(_) => assert!(is_accepted, "{method} {status} {field:?} must be refused"),
            Err(error) => assert!(!is_accepted && error.is_invalid_state(), "{method} {status} {field:?}"),
        }
    }
}

#[test]
fn a_content_length_is_one_decimal_number() {
    for text in ["0", "5", "007", "18446744073709551615"] {
        assert!(ResponseRules::new(&Method::GET, &head(200, &[("content-length", text)])).is_ok(), "{text}");
    }
    for text in ["", " ", "+2", "-1", "2 ", "a", "1,1", "0x1", "18446744073709551616"] {
        let rules = ResponseRules::new(&Method::GET, &head(200, &[("content-length", text)]));
        assert!(rules.is_err(), "{text:?}");
    }
    let twice = [("content-length", "1"), ("content-length", "1")];
    assert!(ResponseRules::new(&Method::GET, &head(200, &twice)).is_err());
}

#[test]
fn more_than_the_content_length_is_refused_and_not_counted() {
    let mut rules = rules(&Method::GET, 200, &[("content-length", "5")]);
    assert_eq!(rules.write(3).unwrap(), BodyWrite::Send);
    assert!(rules.write(3).unwrap_err().is_invalid_state());
    assert_eq!(rules.written(), 3);
    assert_eq!(rules.write(2).unwrap(), BodyWrite::Send);
    assert!(rules.finish().is_ok());
}

#[test]
fn less_than_the_content_length_is_refused_at_the_end_except_for_head_and_304() {
    let length = [("content-length", "5")];
    let mut short = rules(&Method::GET, 200, &length);
    short.write(4).unwrap();
    assert!(short.finish().unwrap_err().is_invalid_state());
    assert!(rules(&Method::GET, 200, &length).finish().is_err());
    assert!(rules(&Method::HEAD, 200, &length).finish().is_ok());
    assert!(rules(&Method::GET, 304, &length).finish().is_ok());
}

#[test]
fn a_status_without_a_body_refuses_data_and_head_drops_it() {
    for status in [101, 204, 205, 304] {
        assert!(rules(&Method::GET, status, &[]).write(1).unwrap_err().is_invalid_state(), "{status}");
    }
    assert_eq!(rules(&Method::HEAD, 200, &[]).write(1).unwrap(), BodyWrite::Drop);
    assert!(rules(&Method::HEAD, 204, &[]).write(1).is_err());
}

#[test]
fn nothing_can_always_be_written() {
    for (method, status) in [(Method::GET, 200), (Method::GET, 204), (Method::HEAD, 200)] {
        assert_eq!(rules(&method, status, &[]).write(0).unwrap(), BodyWrite::Drop);
    }
    let mut full = rules(&Method::GET, 200, &[("content-length", "1")]);
    full.write(1).unwrap();
    assert!(full.write(0).is_ok());
}

#[test]
fn without_a_content_length_any_amount_may_be_written() {
    let mut rules = rules(&Method::GET, 200, &[]);
    for _ in 0..3 {
        assert_eq!(rules.write(usize::MAX / 4).unwrap(), BodyWrite::Send);
    }
    assert_eq!((rules.written(), rules.content_length()), ((usize::MAX / 4 * 3) as u64, None));
    assert!(rules.finish().is_ok());
}
