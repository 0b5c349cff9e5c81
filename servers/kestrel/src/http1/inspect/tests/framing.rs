//! One rule, one test: where a message ends.

use super::{BodyFraming, Inspector, LIMITS, Rejection, Step, head, inspect, rejection};

fn post(fields: &str, body: &str) -> String {
    format!("POST / HTTP/1.1\r\nHost: a\r\n{fields}\r\n\r\n{body}")
}

fn chunked(body: &str) -> Option<Rejection> {
    rejection(post("Transfer-Encoding: chunked", body))
}

#[test]
fn content_length_delimits_a_body() {
    let outcome = inspect(post("Content-Length: 005", "helloGET / HTTP/1.1\r\nHost: a\r\n\r\n").as_bytes());
    assert_eq!(outcome.heads[0].body, BodyFraming::Length(5));
    assert_eq!((outcome.heads.len(), &outcome.bodies[0][..]), (2, &b"hello"[..]));
}

#[test]
fn content_length_zero_is_no_body() {
    assert_eq!(head(post("Content-Length: 0", "")).body, BodyFraming::None);
}

#[test]
fn content_length_is_one_number_that_can_be_counted_to() {
    for bad in [
        "",
        "+1",
        "-1",
        "1 1",
        "1,1",
        "1, 1",
        ",1",
        "0x1",
        "1.0",
        "1_0",
        "a",
        "\u{b2}",
        "9223372036854775808",
        "18446744073709551616",
        "18446744073709551621",
        "1;",
        "\"1\"",
    ] {
        let got = rejection(post(&format!("Content-Length: {bad}"), ""));
        assert_eq!(got, Some(Rejection::InvalidContentLength), "{bad}");
    }
    for second in ["1", "2"] {
        let got = rejection(post(&format!("Content-Length: 1\r\ncontent-length: {second}"), "x"));
        assert_eq!(got, Some(Rejection::MultipleContentLengths));
    }
}

#[test]
fn the_final_and_only_coding_is_chunked() {
    for good in ["chunked", "CHUNKED", "\t chunked \t"] {
        let seen = inspect(post(&format!("Transfer-Encoding: {good}"), "0\r\n\r\n").as_bytes());
        assert_eq!(seen.heads[0].body, BodyFraming::Chunked);
        assert!(!seen.heads[0].close);
    }
    for bad in [
        "",
        ",",
        " , ,",
        "identity",
        "gzip",
        "chunked, gzip",
        "chunked, chunked",
        "chunked;q=1",
        "\"chunked\"",
        "chunked\r\nTransfer-Encoding: chunked",
        "chunked\r\nTransfer-Encoding: gzip",
        "chunked\r\nTransfer-Encoding:",
        "\r\nTransfer-Encoding: chunked",
        "xchunked",
        "chunke",
        "chunked chunked",
        "'chunked'",
        "\u{e9}, chunked",
    ] {
        // What starts like a token may be an unknown coding; nothing is final here but chunked.
        let got = rejection(post(&format!("Transfer-Encoding: {bad}"), "")).unwrap();
        assert!(matches!(got.status().as_u16(), 400 | 501), "{bad:?}");
    }
}

#[test]
fn another_coding_before_chunked_is_501() {
    for bad in ["gzip, chunked", "identity,chunked", "gzip\r\nTransfer-Encoding: chunked"] {
        let got = rejection(post(&format!("Transfer-Encoding: {bad}"), ""));
        assert_eq!(got, Some(Rejection::UnsupportedTransferCoding), "{bad}");
    }
}

#[test]
fn empty_list_elements_around_chunked_are_ignored_and_not_shown() {
    for list in [", chunked", "chunked,", ",,chunked , ,"] {
        let outcome = inspect(post(&format!("Transfer-Encoding: {list}\r\nA: b"), "0\r\n\r\n").as_bytes());
        let expected = "host: a\ntransfer-encoding: chunked\na: b\n";
        assert_eq!(outcome.heads[0].fields, expected, "{list}");
    }
}

#[test]
fn http_1_0_has_no_transfer_encoding() {
    let input = "POST / HTTP/1.0\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n";
    assert_eq!(rejection(input), Some(Rejection::TransferEncodingInHttp10));
}

#[test]
fn an_http_1_0_post_or_put_needs_a_length() {
    assert_eq!(rejection("POST / HTTP/1.0\r\n\r\n"), Some(Rejection::LengthRequiredHttp10));
    assert_eq!(rejection("PUT / HTTP/1.0\r\n\r\n"), Some(Rejection::LengthRequiredHttp10));
    assert_eq!(rejection("POST / HTTP/1.0\r\nContent-Length: 0\r\n\r\n"), None);
    assert_eq!(rejection("GET / HTTP/1.0\r\n\r\n"), None);
}

#[test]
fn content_length_beside_transfer_encoding_is_set_aside_and_ends_the_connection() {
    let fields = "Content-Length: 5\r\nX-Content-Length: 9\r\nTransfer-Encoding: chunked";
    let outcome = inspect(post(fields, "0\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n").as_bytes());
    let expected = "host: a\ntransfer-encoding: chunked\nx-content-length: 5\n";
    assert_eq!((outcome.heads.len(), outcome.heads[0].fields.as_str()), (1, expected));
    assert!(outcome.heads[0].close);
    assert_eq!(rejection(post("Content-Length: x\r\nTransfer-Encoding: chunked", "")).unwrap().status(), 400);
}

#[test]
fn chunks_extensions_and_trailers_pass() {
    for body in [
        "0\r\n\r\n",
        "5\r\nhello\r\n0\r\n\r\n",
        "A\r\nhelloworld\r\n00\r\n\r\n",
        "5;a\r\nhello\r\n0;b=c;d\r\n\r\n",
        "5 ;a = b\r\nhello\r\n0\r\n\r\n",
        "5;a=\"b;\\\"\\\\ \u{e9}\t\" ; c\r\nhello\r\n0\r\n\r\n",
        "0000000000000005\r\nhello\r\n0\r\n\r\n",
        "5\r\n\r\n\r\n\0\r\n0\r\nX: y\r\nContent-Length: 50\r\nHost: b\r\nTransfer-Encoding: gzip\r\n\r\n",
    ] {
        let input = post("Transfer-Encoding: chunked", body) + "GET / HTTP/1.1\r\nHost: a\r\n\r\n";
        let outcome = inspect(input.as_bytes());
        assert_eq!((outcome.heads.len(), outcome.rejection), (2, None), "{body:?}");
        assert_eq!(outcome.bodies[0], body.as_bytes());
    }
}

#[test]
fn the_data_of_chunks_and_the_trailers_are_told_apart_from_the_framing() {
    let body = "5;a=\"5\"\r\nhello\r\n1\r\n!\r\n0\r\nA: b\r\nC:d\r\n\r\n";
    let outcome = inspect(post("Transfer-Encoding: chunked", body).as_bytes());
    assert_eq!(outcome.data, [b"hello!"]);
    assert_eq!(outcome.trailers, ["A: b\r\nC:d\r\n"]);
}

#[test]
fn a_chunk_size_is_hexadecimal_and_can_be_counted_to() {
    for bad in [
        "",
        "x",
        "-5",
        "+5",
        "0x5",
        "5x",
        "5_0",
        "5.0",
        " 5",
        "5 5",
        "5 ",
        "5\t",
        "5,",
        "5\0",
        "\0",
        "5\x0b",
        ";a",
        "\"5\"",
        "10000000000000000",
        "ffffffffffffffff",
        "8000000000000000",
        "00000000000000005",
        "5\r",
        "\u{ff15}",
    ] {
        assert_eq!(
            chunked(&format!("{bad}\r\nhello\r\n0\r\n\r\n")),
            Some(Rejection::BadChunkSizeData),
            "{bad:?}"
        );
    }
}

#[test]
fn a_chunk_extension_follows_the_grammar() {
    for bad in [
        "5;",
        "5;;a",
        "5; ",
        "5;=v",
        "5;a=",
        "5;a= ",
        "5;a ",
        "5;a=b ",
        "5;a=\"b",
        "5;a=\"b\"c",
        "5;a=\"b\" ",
        "5;a b",
        "5;a=b=c",
        "5;a{",
        "5;bad[=x",
        "5;a\0",
        "5;a\x7f",
        "5;a=\"\n\"",
        "5;a=\"\r\n\"",
        "5;a\n",
        "5;a=\"\\\x01\"",
    ] {
        let got = chunked(&format!("{bad}\r\nhello\r\n0\r\n\r\n"));
        assert_eq!(got, Some(Rejection::BadChunkExtension), "{bad:?}");
    }
    assert_eq!(chunked("5;a\rb\r\nhello\r\n0\r\n\r\n"), Some(Rejection::BadChunkSizeData));
}

#[test]
fn chunk_extensions_are_limited_over_the_whole_body() {
    let body = format!("1;{}\r\nx\r\n", "a".repeat(1000)).repeat(16);
    assert_eq!(chunked(&body), Some(Rejection::BadChunkExtension));
}

#[test]
fn the_data_of_a_chunk_ends_with_crlf() {
    for bad in ["5\r\nhello!!\r\n", "5\r\nhello\n\r\n", "5\r\nhello\rX", "5\r\nhello0\r\n\r\n"] {
        assert_eq!(chunked(bad), Some(Rejection::BadChunkSuffix), "{bad:?}");
    }
}

#[test]
fn trailer_fields_obey_the_rules_of_fields() {
    for bad in ["A B: 1", "A : 1", "A", ": 1", " A: 1", "A: 1\r\n b", "A: \0", "A: 1\rb", "A(: 1"] {
        assert_eq!(chunked(&format!("0\r\n{bad}\r\n\r\n")).unwrap().status(), 400, "{bad:?}");
    }
    assert_eq!(chunked("0\r\n\rX"), None);
    assert_eq!(chunked("0\r\n\rX\n"), Some(Rejection::InvalidRequestHeadersNoCrlf));
}

#[test]
fn trailer_fields_count_against_the_limits_of_the_head() {
    assert_eq!(chunked(&format!("0\r\n{}\r\n", "X: v\r\n".repeat(98))), None);
    assert_eq!(chunked(&format!("0\r\n{}\r\n", "X: v\r\n".repeat(99))), Some(Rejection::TooManyHeaders));
    let large = format!("0\r\nX: {}", "v".repeat(32768));
    assert_eq!(chunked(&large), Some(Rejection::HeadersExceedMaxTotalSize));
}

#[test]
fn the_data_that_is_left_is_known() {
    let mut inspector = Inspector::new(LIMITS);
    let body = |framing, data, end| Step::Body { framing, data, end };
    let input = post("Content-Length: 5", "");
    assert!(inspector.at_message_start() && inspector.data_left() == 0);
    assert!(matches!(inspector.inspect(input.as_bytes()), Step::Head(_)));
    assert_eq!((inspector.data_left(), inspector.in_body()), (5, true));
    assert_eq!(inspector.inspect(b"hel"), body(0, 3, false));
    assert_eq!(inspector.data_left(), 2);
    assert_eq!(inspector.inspect(b"loX"), body(0, 2, true));
    assert!(inspector.at_message_start());

    let input = post("Transfer-Encoding: chunked", "");
    assert!(matches!(inspector.inspect(input.as_bytes()), Step::Head(_)));
    assert_eq!(inspector.data_left(), 0);
    assert_eq!(inspector.inspect(b"5\r\nhe"), body(3, 2, false));
    assert_eq!(inspector.data_left(), 3);
    assert_eq!(inspector.inspect(b"llo"), body(0, 3, false));
    assert_eq!(inspector.data_left(), 0);
    assert_eq!(inspector.inspect(b"\r\n0\r\n"), body(5, 0, false));
    assert_eq!(inspector.inspect(b"\r\n"), body(2, 0, true));
    assert!(inspector.at_message_start() && !inspector.in_body());
    assert_eq!(inspector.inspect(b"G"), Step::NeedMore);
    assert!(!inspector.at_message_start());
}

#[test]
fn heads_with_the_same_fields_have_the_same_section() {
    let mut inspector = Inspector::new(LIMITS);
    let mut section = |input: &str| match inspector.inspect(input.as_bytes()) {
        Step::Head(head) => head.section,
        step => panic!("{step:?}"),
    };
    let first = section("GET /a HTTP/1.1\r\nHost: a\r\n\r\n");
    assert_eq!(section("GET /bb HTTP/1.1\r\nHost: a\r\n\r\n"), first);
    let second = section("GET /a HTTP/1.1\r\nHost: a\r\nX: y\r\n\r\n");
    assert_ne!(second, first);
    assert_ne!(section("GET /a HTTP/1.1\r\nHost: a\r\n\r\n"), second);
    let long = format!("GET /a HTTP/1.1\r\nHost: a\r\nX: {}\r\n\r\n", "y".repeat(2000));
    assert_ne!(section(&long), section(&long), "too long to be kept");
}
