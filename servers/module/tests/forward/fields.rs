//! Which fields of a request reach the backend.

use super::support::{Backend, Front};

const OK: &str = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";

/// What reaches the backend of these bytes of a client, without the client's port.
#[track_caller]
fn forwarded(request: &str) -> String {
    let backend = Backend::new();
    let front = Front::of(&backend);
    let mut client = front.client();
    client.send(request);
    let mut behind = backend.accept();
    let head = behind.head().replace(&format!(":{}", client.local_port()), ":PORT");
    behind.send(OK);
    assert!(client.head().starts_with("HTTP/1.1 200 OK"));
    head
}

#[test]
fn a_request_arrives_with_the_address_and_the_scheme_of_its_client() {
    assert_eq!(
        forwarded("GET /a%20b/c?d=%2F HTTP/1.1\r\nHost: example.com:81\r\nAccept: */*\r\n\r\n"),
        "GET /a%20b/c?d=%2F HTTP/1.1\naccept: */*\nhost: example.com:81\n\
         x-forwarded-for: 127.0.0.1:PORT\nx-forwarded-proto: http"
    );
}

#[test]
fn fields_of_the_connection_end_at_the_module() {
    assert_eq!(
        forwarded(
            "GET / HTTP/1.1\r\nHost: h\r\nConnection: keep-alive, X-Mine, Host, x-forwarded-for\r\n\
             Keep-Alive: timeout=5\r\nProxy-Connection: keep-alive\r\nX-Mine: secret\r\nTE: deflate\r\n\
             HTTP2-Settings: AAMAAABkAAQAAP__\r\nX-Theirs: kept\r\n\r\n"
        ),
        "GET / HTTP/1.1\nhost: h\nx-forwarded-for: 127.0.0.1:PORT\nx-forwarded-proto: http\nx-theirs: kept"
    );
}

#[test]
fn fields_of_the_module_that_a_client_sends_do_not_pass() {
    assert_eq!(
        forwarded(
            "GET / HTTP/1.1\r\nHost: h\r\nMS-ASPNETCORE-TOKEN: guessed\r\nms-aspnetcore-clientcert: MIIB\r\n\
             Ms-AspNetCore-Anything: x\r\nMS_ASPNETCORE_TOKEN: guessed\r\nMS-ASPNETCORE-WINAUTHTOKEN: 4\r\n\
             x_forwarded_for: 8.8.8.8\r\nX-Forwarded_Proto: https\r\nms-other: kept\r\nx_other: kept\r\n\r\n"
        ),
        "GET / HTTP/1.1\nhost: h\nms-other: kept\nx-forwarded-for: 127.0.0.1:PORT\nx-forwarded-proto: http\n\
         x_other: kept"
    );
}

#[test]
fn addresses_and_schemes_of_proxies_in_front_stay_ahead_of_the_own_ones() {
    assert_eq!(
        forwarded(
            "GET / HTTP/1.1\r\nHost: h\r\nX-Forwarded-For: 203.0.113.7\r\nX-Forwarded-For: [2001:db8::1]:9, 10.0.0.1\r\n\
             X-Forwarded-Proto: https\r\nX-Forwarded-Host: public.example\r\n\r\n"
        ),
        "GET / HTTP/1.1\nhost: h\nx-forwarded-for: 203.0.113.7, [2001:db8::1]:9, 10.0.0.1, 127.0.0.1:PORT\n\
         x-forwarded-host: public.example\nx-forwarded-proto: https, http"
    );
}

#[test]
fn a_field_with_several_lines_keeps_them_in_their_order() {
    let head = forwarded("GET / HTTP/1.1\r\nHost: h\r\nX-A: 1\r\nX-B: x\r\nX-A: 2\r\nX-A: 1\r\n\r\n");
    assert!(head.contains("x-a: 1\nx-a: 2\nx-a: 1\nx-b: x\n"), "{head}");
}

#[test]
fn values_pass_as_they_are_even_beyond_ascii() {
    let backend = Backend::new();
    let front = Front::of(&backend);
    let mut client = front.client();
    client.send(b"GET / HTTP/1.1\r\nHost: h\r\nX-A: caf\xe9 \x80\tz\r\n\r\n");
    let mut behind = backend.accept();
    let head = behind.until("\r\n\r\n");
    assert!(head.contains("x-a: caf\u{fffd} \u{fffd}\tz\r\n"), "{head}");
    behind.send(OK);
    client.head();
}

#[test]
fn http_1_0_is_forwarded_as_http_1_1_with_an_empty_host_where_it_has_none() {
    assert_eq!(
        forwarded("GET / HTTP/1.0\r\n\r\n"),
        "GET / HTTP/1.1\nhost: \nx-forwarded-for: 127.0.0.1:PORT\nx-forwarded-proto: http"
    );
}

#[test]
fn an_absolute_target_becomes_its_path() {
    let head = forwarded("GET http://example.com/a?b HTTP/1.1\r\nHost: example.com\r\n\r\n");
    assert!(head.starts_with("GET /a?b HTTP/1.1\nhost: example.com\n"), "{head}");
    let head = forwarded("GET http://example.com?b HTTP/1.1\r\nHost: example.com\r\n\r\n");
    assert!(head.starts_with("GET /?b HTTP/1.1\n"), "{head}");
    let head = forwarded("OPTIONS http://example.com HTTP/1.1\r\nHost: example.com\r\n\r\n");
    assert!(head.starts_with("OPTIONS * HTTP/1.1\n"), "{head}");
}

#[test]
fn the_asterisk_of_options_stays_one() {
    assert!(forwarded("OPTIONS * HTTP/1.1\r\nHost: h\r\n\r\n").starts_with("OPTIONS * HTTP/1.1\n"));
}

#[test]
fn a_target_keeps_its_spelling() {
    for target in
        ["//a//b", "/a/../b/./c", "/%2e%2e/%2F%41?%zz", "/a;b=c,d/@:!$&'()*+", "/?", "/a?b?c", "/{x}|y^[z]\\"]
    {
        let head = forwarded(&format!("GET {target} HTTP/1.1\r\nHost: h\r\n\r\n"));
        assert_eq!(head.lines().next(), Some(&*format!("GET {target} HTTP/1.1")));
    }
}

#[test]
fn what_a_uri_cannot_have_is_percent_encoded() {
    let head = forwarded("GET /<a>\"b`?<c>\" HTTP/1.1\r\nHost: h\r\n\r\n");
    assert_eq!(head.lines().next(), Some("GET /%3Ca%3E%22b%60?%3Cc%3E%22 HTTP/1.1"));
}

#[test]
fn max_forwards_of_options_counts_the_module() {
    let head = forwarded("OPTIONS / HTTP/1.1\r\nHost: h\r\nMax-Forwards: 3\r\n\r\n");
    assert!(head.contains("\nmax-forwards: 2\n"), "{head}");
    let head = forwarded("GET / HTTP/1.1\r\nHost: h\r\nMax-Forwards: 3\r\n\r\n");
    assert!(head.contains("\nmax-forwards: 3\n"), "{head}");
}

#[test]
fn a_method_that_nobody_knows_is_forwarded() {
    assert!(forwarded("BREW /pot HTTP/1.1\r\nHost: h\r\n\r\n").starts_with("BREW /pot HTTP/1.1\n"));
}

#[test]
fn connect_is_not_forwarded() {
    let backend = Backend::new();
    let front = Front::of(&backend);
    let mut client = front.client();
    client.send("CONNECT h:80 HTTP/1.1\r\nHost: h:80\r\n\r\n");
    assert!(client.head().starts_with("HTTP/1.1 501 Not Implemented\n"));
    assert!(backend.is_left_alone());
}
