//! One rule, one test: the lines of a head and the forms of a target.

use super::{BodyFraming, Inspector, LIMITS, Rejection, head, inspect, rejection, run, run_with};

/// A GET of `/` with these lines besides Host.
fn get(lines: &str) -> String {
    format!("GET / HTTP/1.1\r\nHost: a\r\n{lines}\r\n")
}

/// A request with this line and a Host.
fn line(line: &str) -> String {
    format!("{line}\r\nHost: localhost\r\n\r\n")
}

#[test]
fn an_ordinary_get_passes_as_it_is() {
    let seen = head("GET /a?b=c HTTP/1.1\r\nHost: a:8080\r\nX:\r\nY: \t v \t\r\n\r\n");
    assert_eq!((seen.method.as_str(), seen.target.as_str(), seen.body), ("GET", "/a?b=c", BodyFraming::None));
    assert_eq!(seen.fields, "host: a:8080\nx: \ny: v\n");
    assert!(!seen.close && !seen.may_upgrade);
}

#[test]
fn an_empty_line_before_the_request_line_is_skipped() {
    let outcome = inspect(b"\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n");
    assert_eq!((outcome.skipped, outcome.heads.len(), outcome.rejection), (4, 1, None));
}

#[test]
fn endless_empty_lines_are_refused() {
    assert_eq!(run([&b"\r\n".repeat(5000)[..]]).rejection, Some(Rejection::InvalidRequestLine));
    assert_eq!(run(b"\r\n".repeat(5000).chunks(1)).rejection, Some(Rejection::InvalidRequestLine));
}

#[test]
fn a_bare_lf_ends_no_line() {
    for input in [
        "\nGET / HTTP/1.1\r\nHost: a\r\n\r\n",
        "GET / HTTP/1.1\nHost: a\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: a\n\r\n",
        "GET / HTTP/1.1\r\nHost: a\r\n\n",
        "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n1\nx\r\n0\r\n\r\n",
        "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\n0\r\n\r\n",
        "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nA: b\n\r\n",
        "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\n",
    ] {
        assert!(rejection(input).is_some(), "{input:?}");
    }
}

#[test]
fn a_bare_cr_is_refused() {
    assert_eq!(rejection(line("GET / HTTP/1.1\rX: 1")), Some(Rejection::InvalidRequestLine));
    assert_eq!(rejection(line("GET /\r HTTP/1.1")), Some(Rejection::InvalidRequestLine));
    assert_eq!(rejection(get("X: a\rb\r\n")), Some(Rejection::InvalidCharactersInHeaderValue));
    assert_eq!(rejection(get("X: a\r\r\n")), Some(Rejection::InvalidCharactersInHeaderValue));
    assert_eq!(rejection(get("\r ")), Some(Rejection::InvalidRequestHeadersNoCrlf));
}

#[test]
fn the_parts_of_the_request_line_are_separated_by_one_space() {
    for bad in [
        "GET  / HTTP/1.1",
        "GET /  HTTP/1.1",
        "GET\t/ HTTP/1.1",
        "GET /\tHTTP/1.1",
        " GET / HTTP/1.1",
        "GET / HTTP/1.1 ",
        "GET / HTTP/1.1 x",
        "GET /",
        "GET",
        "GET  HTTP/1.1",
        "GET /a b HTTP/1.1",
    ] {
        let got = rejection(line(bad)).map(Rejection::status).map(|status| status.as_u16());
        assert_eq!(got, Some(400), "{bad:?}");
    }
}

#[test]
fn a_method_is_a_token_of_any_case() {
    assert_eq!(head(line("get / HTTP/1.1")).method, "get");
    assert_eq!(head(line("!#$%&'*+-.^_`|~09Az / HTTP/1.1")).method, "!#$%&'*+-.^_`|~09Az");
    for bad in ["G(T", "G{T", "G\x7fT", "G\0T", "G\u{e9}T", "G,T", "G\"T"] {
        assert_eq!(
            rejection(line(&format!("{bad} / HTTP/1.1"))),
            Some(Rejection::InvalidRequestLine),
            "{bad:?}"
        );
    }
}

#[test]
fn a_method_longer_than_any_known_one_is_501() {
    assert_eq!(rejection(line(&format!("{} / HTTP/1.1", "K".repeat(64)))), None);
    assert_eq!(rejection(line(&format!("{} / HTTP/1.1", "K".repeat(65)))), Some(Rejection::MethodTooLong));
    assert_eq!(rejection("K".repeat(8192)), Some(Rejection::MethodTooLong));
    assert_eq!(Rejection::MethodTooLong.status(), 501);
}

#[test]
fn the_limit_of_the_request_line_includes_its_crlf() {
    let with = |len: usize| format!("GET /{} HTTP/1.1\r\nHost: a\r\n\r\n", "k".repeat(len - 16));
    assert_eq!(rejection(with(8192)), None);
    assert_eq!(rejection(with(8193)), Some(Rejection::RequestLineTooLong));
}

#[test]
fn a_request_line_that_outgrew_its_limit_is_414_before_its_end_is_there() {
    let input = format!("GET /{}", "k".repeat(8187));
    assert_eq!(input.len(), 8192);
    assert_eq!(rejection(&input), Some(Rejection::RequestLineTooLong));
    assert_eq!(rejection(&input[..8191]), None);
}

#[test]
fn a_later_minor_version_is_served_as_1_1() {
    for minor in 2..=9 {
        let seen = head(line(&format!("GET / HTTP/1.{minor}")));
        assert_eq!(seen.fields, "host: localhost\n");
        assert!(!seen.close);
    }
}

#[test]
fn another_major_version_is_505() {
    for version in ["HTTP/0.9", "HTTP/2.0", "HTTP/3.0", "HTTP/9.9"] {
        let got = rejection(line(&format!("GET / {version}")));
        assert_eq!(got, Some(Rejection::UnrecognizedHttpVersion), "{version}");
    }
}

#[test]
fn a_malformed_version_is_400() {
    for version in [
        "Http/1.1",
        "http/1.1",
        "HTTP/1",
        "HTTP/1.",
        "HTTP/.1",
        "HTTP/11",
        "HTTP/1.10",
        "HTTP/01.1",
        "HTTP/1,1",
    ] {
        assert_eq!(
            rejection(line(&format!("GET / {version}"))),
            Some(Rejection::InvalidRequestLine),
            "{version}"
        );
    }
}

#[test]
fn a_tls_handshake_is_recognised() {
    assert_eq!(rejection(b"\x16\x03\x01\x02\x00\x01"), Some(Rejection::TlsOverHttp));
    assert_eq!(rejection(b"\x16\x03"), Some(Rejection::TlsOverHttp));
    assert_eq!(rejection(b"\x16"), None);
    assert_eq!(rejection(b"\x16x"), Some(Rejection::InvalidRequestLine));
}

#[test]
fn a_target_with_octets_outside_vchar_or_a_fragment_is_refused() {
    for bad in ["/\0", "/\x0b", "/\x7f", "/\u{e5}", "/a#b", "#"] {
        let got = rejection(line(&format!("GET {bad} HTTP/1.1")));
        assert_eq!(got, Some(Rejection::InvalidRequestTarget), "{bad:?}");
    }
}

#[test]
fn every_target_that_passes_is_there_as_it_was_sent() {
    for byte in (0x21..=0x7Eu8).filter(|byte| *byte != b'#') {
        for place in ["/", "/?", "/a?b=", "//"] {
            let target = format!("{place}{}x", char::from(byte));
            assert_eq!(head(line(&format!("GET {target} HTTP/1.1"))).target, target);
        }
    }
}

#[test]
fn every_method_that_passes_is_one_for_the_http_crate() {
    for byte in 0..=0xFFu8 {
        let mut input = vec![b'M', byte];
        input.extend_from_slice(b" / HTTP/1.1\r\nHost: a\r\n\r\n");
        assert_eq!(rejection(&input).is_none(), http::Method::from_bytes(&input[..2]).is_ok(), "{byte:#x}");
    }
}

#[test]
fn a_target_of_no_form_is_refused() {
    for bad in [
        "%00",
        "?",
        "?a",
        "**",
        "../..",
        "https:/",
        "http://",
        "http:///",
        "http://:80",
        "http://a@",
        "http:/a",
        "a/b",
    ] {
        let got = rejection(line(&format!("GET {bad} HTTP/1.1")));
        assert_eq!(got, Some(Rejection::InvalidRequestTarget), "{bad}");
    }
    for bad in ["ws://localhost/", "ftp://localhost/", "http://user@localhost/", "http://local host/"] {
        assert_eq!(rejection(line(&format!("GET {bad} HTTP/1.1"))).unwrap().status(), 400, "{bad}");
    }
}

#[test]
fn an_absolute_target_has_the_authority_that_host_has() {
    for good in [
        "http://localhost/a",
        "HTTP://LOCALHOST/a",
        "http://localhost:80/",
        "https://localhost:443",
        "http://localhost?x",
    ] {
        let seen = head(line(&format!("GET {good} HTTP/1.1")));
        assert_eq!((seen.target.as_str(), seen.fields.as_str()), (good, "host: localhost\n"));
    }
    for bad in ["http://other/", "http://localhost:8080/", "https://localhost:80/"] {
        assert_eq!(
            rejection(line(&format!("GET {bad} HTTP/1.1"))),
            Some(Rejection::InvalidHostHeader),
            "{bad}"
        );
    }
    assert_eq!(rejection("GET http://a/ HTTP/1.1\r\nHost:\r\n\r\n"), Some(Rejection::InvalidHostHeader));
    assert_eq!(rejection("GET http://a/ HTTP/1.1\r\n\r\n"), Some(Rejection::MissingHostHeader));
}

#[test]
fn an_absolute_target_replaces_host_where_that_is_allowed() {
    let inspector = Inspector::new(LIMITS).allow_host_header_override(true);
    let outcome = run_with(inspector, [&b"GET http://real/ HTTP/1.1\r\nhost: a\r\nX: y\r\n\r\n"[..]]);
    assert_eq!(outcome.heads[0].fields, "host: real\nx: y\n");
}

#[test]
fn an_asterisk_is_for_options() {
    assert_eq!(head(line("OPTIONS * HTTP/1.1")).target, "*");
    let got = rejection(line("GET * HTTP/1.1")).unwrap();
    assert_eq!((got.status().as_u16(), got.allow()), (405, Some("OPTIONS")));
}

#[test]
fn an_authority_is_for_connect() {
    for target in ["localhost:80", "localhost", "[::1]:80"] {
        let got = rejection(line(&format!("GET {target} HTTP/1.1"))).unwrap();
        assert_eq!((got.status().as_u16(), got.allow()), (405, Some("CONNECT")));
    }
}

#[test]
fn connect_needs_host_and_port_that_host_repeats() {
    let connect = |target: &str, host: &str| format!("CONNECT {target} HTTP/1.1\r\nHost: {host}\r\n\r\n");
    let seen = head(connect("a:443", "A:443"));
    assert!(seen.may_upgrade && seen.close && seen.target == "a:443");
    for target in ["/", "*", "a", "a:", "a:0", "a:65536", ":80", "http://a:80/", "u@a:80"] {
        assert_eq!(rejection(connect(target, "a:443")), Some(Rejection::InvalidRequestTarget), "{target}");
    }
    for host in ["a", "a:80", "b:443", ""] {
        assert_eq!(rejection(connect("a:443", host)), Some(Rejection::InvalidHostHeader), "{host}");
    }
}

#[test]
fn connect_has_no_content() {
    for framing in ["Content-Length: 1", "Transfer-Encoding: chunked"] {
        let input = format!("CONNECT a:1 HTTP/1.1\r\nHost: a:1\r\n{framing}\r\n\r\n");
        assert_eq!(rejection(input), Some(Rejection::ConnectWithContent));
    }
}
