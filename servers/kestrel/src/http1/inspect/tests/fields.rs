//! One rule, one test: fields, their limits, and what they say about the connection.

use super::super::host::is_valid_host;
use super::{Inspector, Limits, Rejection, head, inspect, rejection, run, run_with};

/// A GET of `/` with these lines besides Host.
fn get(lines: &str) -> String {
    format!("GET / HTTP/1.1\r\nHost: a\r\n{lines}\r\n")
}

#[test]
fn http_1_1_needs_exactly_one_host() {
    assert_eq!(rejection("GET / HTTP/1.1\r\n\r\n"), Some(Rejection::MissingHostHeader));
    assert_eq!(rejection(get("hOST: a\r\n")), Some(Rejection::MultipleHostHeaders));
    assert_eq!(rejection("GET / HTTP/1.0\r\n\r\n"), None);
    assert_eq!(
        rejection("GET / HTTP/1.0\r\nHost: a\r\nHost: a\r\n\r\n"),
        Some(Rejection::MultipleHostHeaders)
    );
    assert_eq!(rejection("GET / HTTP/1.1\r\nHost:\r\n\r\n"), None);
}

#[test]
fn host_is_a_name_or_an_ip_literal_with_an_optional_port() {
    for good in
        ["", "a", "a.b-c_d~e", "a:0", "a:65535", "127.0.0.1:80", "[::1]", "[::ffff:1.2.3.4]:8080", "a!$&'()"]
    {
        assert!(is_valid_host(good.as_bytes()), "{good}");
    }
    for bad in [
        ":80",
        "a:",
        "a:b",
        "a:80:80",
        "a:65536",
        "a:000080",
        "a b",
        "a,b",
        "a/b",
        "http://a",
        "a@b",
        "a#b",
        "a?b",
        "%61",
        "a=b",
        "a*",
        "a+b",
        "a;b",
        "[abc]",
        "[]",
        "[:]",
        "[::1",
        "::1",
        "[::1]a",
        "[::1]:",
        "[1.2.3.4]",
        "[v1.a]",
        "[fe80::1%25eth0]",
        "a\x7f",
        "\u{e9}",
        "a\\b",
        "<a>",
        "{}",
        "a|b",
    ] {
        assert!(!is_valid_host(bad.as_bytes()), "{bad}");
    }
}

#[test]
fn a_field_name_is_a_token_right_before_the_colon() {
    for (bad, why) in [
        ("X : 1", Rejection::InvalidRequestHeader),
        ("X\t: 1", Rejection::InvalidRequestHeader),
        ("X Y: 1", Rejection::InvalidRequestHeader),
        (": 1", Rejection::InvalidRequestHeader),
        ("X", Rejection::InvalidRequestHeader),
        (" X: 1", Rejection::InvalidRequestHeader),
        ("\tfolded", Rejection::InvalidRequestHeader),
        (" ", Rejection::InvalidRequestHeader),
        ("X(: 1", Rejection::InvalidCharactersInHeaderName),
        ("X\0: 1", Rejection::InvalidCharactersInHeaderName),
        ("X\x7f: 1", Rejection::InvalidCharactersInHeaderName),
        ("X\u{e9}: 1", Rejection::InvalidCharactersInHeaderName),
    ] {
        assert_eq!(rejection(get(&format!("{bad}\r\n"))), Some(why), "{bad:?}");
        assert_eq!(rejection(get(&format!("A: b\r\n{bad}\r\n"))), Some(why), "{bad:?}");
    }
}

#[test]
fn a_field_value_holds_no_control_character_but_tab() {
    for byte in 0..=0xFFu8 {
        for fill in 0..10 {
            let mut input = b"GET / HTTP/1.1\r\nHost: a\r\nX: ".to_vec();
            input.extend(std::iter::repeat_n(b'a', fill));
            input.push(byte);
            input.extend_from_slice(b"bbbbbbbbbbbb\t\xFF\x80\r\n\r\n");
            let is_valid = byte == b'\t' || (byte >= 0x20 && byte != 0x7F);
            assert_eq!(run([&input[..]]).rejection.is_none(), is_valid, "{byte:#x} after {fill}");
        }
    }
}

#[test]
fn the_limit_of_the_fields_counts_each_line_with_its_crlf() {
    let with = |total: usize| get(&format!("X: {}\r\n", "v".repeat(total - 9 - 5)));
    assert_eq!(rejection(with(32768)), None);
    assert_eq!(rejection(with(32769)), Some(Rejection::HeadersExceedMaxTotalSize));
    assert_eq!(rejection(&with(40000)[..32768 + 16]), Some(Rejection::HeadersExceedMaxTotalSize));
}

#[test]
fn the_number_of_fields_is_limited() {
    assert_eq!(rejection(get(&"X: v\r\n".repeat(99))), None);
    assert_eq!(rejection(get(&"X: v\r\n".repeat(100))), Some(Rejection::TooManyHeaders));
}

#[test]
fn small_limits_hold_too() {
    let limits = Limits { max_request_line: 1, max_headers_total: 1, max_header_count: 1 };
    let outcome = run_with(Inspector::new(limits), [&b"GET / HTTP/1.1\r\n"[..]]);
    assert_eq!(outcome.rejection.unwrap().status(), 501);
    let limits = Limits { max_request_line: 16, ..limits };
    let outcome = run_with(Inspector::new(limits), [&b"GET / HTTP/1.1\r\nHost: a\r\n\r\n"[..]]);
    assert_eq!(outcome.rejection, Some(Rejection::HeadersExceedMaxTotalSize));
}

#[test]
fn upgrade_needs_both_fields_in_http_1_1_without_a_body() {
    let upgrade = "Connection: x, UPGRADE\r\nUpgrade: websocket\r\n";
    assert!(head(get(upgrade)).may_upgrade);
    assert!(head(get(&format!("Content-Length: 0\r\n{upgrade}"))).may_upgrade);
    assert!(!head(get("Upgrade: websocket\r\n")).may_upgrade);
    assert!(!head(get("Connection: upgrade\r\n")).may_upgrade);
    assert!(!head(format!("GET / HTTP/1.0\r\n{upgrade}\r\n")).may_upgrade);
    let with_body = inspect(get(&format!("Content-Length: 1\r\n{upgrade}")).as_bytes());
    assert!(!with_body.heads[0].may_upgrade);
}

#[test]
fn nothing_after_the_last_request_of_a_connection_is_looked_at() {
    for last in [
        get("Connection: close\r\n"),
        get("connection: keep-alive, , CLOSE\r\n"),
        "GET / HTTP/1.0\r\n\r\n".to_owned(),
        "CONNECT a:1 HTTP/1.1\r\nHost: a:1\r\n\r\n".to_owned(),
    ] {
        let outcome = inspect(format!("{last}GARBAGE\0").as_bytes());
        assert_eq!((outcome.heads.len(), outcome.skipped, outcome.rejection), (1, 8, None), "{last}");
        assert!(outcome.heads[0].close);
    }
    assert!(!head("GET / HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n").close);
    assert!(!head(get("Connection: closed\r\n")).close);
}

#[test]
fn the_end_of_input_is_clean_only_between_messages() {
    assert_eq!(inspect(b"").at_end, None);
    assert_eq!(inspect(get("").as_bytes()).at_end, None);
    assert_eq!(inspect(b"GET").at_end, Some(Rejection::InvalidRequestLine));
    let incomplete = |input: &str| inspect(input.as_bytes()).at_end;
    assert_eq!(incomplete("GET / HTTP/1.1\r\n"), Some(Rejection::MalformedRequestInvalidHeaders));
    assert_eq!(incomplete(&get("Content-Length: 2\r\n")), Some(Rejection::UnexpectedEndOfRequestContent));
    assert_eq!(incomplete(&get("Transfer-Encoding: chunked\r\n")), Some(Rejection::ChunkedRequestIncomplete));
}

#[test]
fn every_rejection_says_what_is_wrong() {
    assert_eq!(Rejection::TlsOverHttp.error_type(), "tls_not_supported");
    assert!(Rejection::InvalidHostHeader.message().ends_with('.'));
    assert_eq!(Rejection::UnsupportedTransferCoding.status(), 501);
    assert_eq!(Rejection::TooManyHeaders.status(), 431);
}
