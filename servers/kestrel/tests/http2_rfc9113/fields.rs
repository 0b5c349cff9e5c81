//! Sections 8.2 and 8.3: fields and pseudo fields.

use super::{
    Case, Expect, case,
    support::{
        block, code, data, flag, frame,
        frame::literal,
        headers, kind,
        raw::{GET, POST, path_of, with},
    },
};

const END: u8 = flag::END_STREAM;

fn malformed() -> Expect {
    Expect::Reset(1, code::PROTOCOL_ERROR)
}

fn get(more: &[(&str, &str)]) -> Vec<u8> {
    headers(1, END, &with(&GET, more))
}

fn get_fields(more: &[(&str, &str)]) -> Vec<u8> {
    headers(1, END, &with(&path_of(&GET, "/fields"), more))
}

/// A GET without some of its fields.
fn without(name: &str, more: &[(&str, &str)]) -> Vec<u8> {
    let kept: Vec<_> = GET.into_iter().filter(|(own, _)| *own != name).collect();
    headers(1, END, &with(&kept, more))
}

/// A GET with a field of any bytes.
fn raw_field(name: &[u8], value: &[u8]) -> Vec<u8> {
    let mut fields = block(&GET);
    literal(&mut fields, name, value);
    frame(kind::HEADERS, flag::END_HEADERS | END, 1, &fields)
}

pub(super) fn cases() -> Vec<Case> {
    [names(), values(), connection_fields(), cookies(), pseudo_fields(), targets(), connect()]
        .into_iter()
        .flatten()
        .collect()
}

fn names() -> Vec<Case> {
    let bad: [(&str, &[u8]); 9] = [
        ("a capital letter", b"X-a"),
        ("capital letters of a known field", b"Accept"),
        ("a space", b"a b"),
        ("NUL", b"a\0"),
        ("DEL", b"a\x7f"),
        ("a letter beyond ASCII", b"a\xc3\xa4"),
        ("a colon", b"a:b"),
        ("a line feed", b"a\nb"),
        ("nothing in it", b""),
    ];
    bad.into_iter()
        .map(|(what, name)| {
            // h2 cannot keep its tables with such a field: a connection error (section 5.4.2).
            let expect = Expect::ResetOrGoaway(1, code::PROTOCOL_ERROR);
            case(format!("8.2.1 a name with {what}"), raw_field(name, b"x"), expect)
        })
        .chain([case(
            "8.2.1 a name of all that is allowed",
            raw_field(b"!#$%&'*+-.^_`|~09az", b"x"),
            Expect::Status(1, 200),
        )])
        .collect()
}

fn values() -> Vec<Case> {
    let bad: [(&str, &[u8]); 3] =
        [("NUL", b"a\0b"), ("a carriage return", b"a\rb"), ("a line feed", b"a\nb")];
    let ends: [(&str, &[u8]); 5] = [
        ("a space before it", b" a"),
        ("a space behind it", b"a "),
        ("a tab before it", b"\ta"),
        ("a tab behind it", b"a\t"),
        ("nothing but a space", b" "),
    ];
    let mut cases = Vec::new();
    for (what, value) in bad {
        let expect = Expect::ResetOrGoaway(1, code::PROTOCOL_ERROR);
        cases.push(case(format!("8.2.1 a value with {what}"), raw_field(b"x-a", value), expect));
    }
    for (what, value) in ends {
        cases.push(case(format!("8.2.1 a value with {what}"), raw_field(b"x-a", value), malformed()));
    }
    cases.push(case(
        "8.2.1 a value with spaces inside",
        raw_field(b"x-a", b"a \t b"),
        Expect::Status(1, 200),
    ));
    cases.push(case("8.2.1 a value beyond ASCII", raw_field(b"x-a", b"\xc3\xa4"), Expect::Status(1, 200)));
    cases.push(case("8.2.1 a value of nothing", raw_field(b"x-a", b""), Expect::Status(1, 200)));
    cases
}

fn connection_fields() -> Vec<Case> {
    let mut cases = Vec::new();
    for (name, value) in [
        ("connection", "close"),
        ("connection", "keep-alive, x-a"),
        ("proxy-connection", "keep-alive"),
        ("keep-alive", "timeout=5"),
        ("transfer-encoding", "chunked"),
        ("upgrade", "websocket"),
        ("te", "gzip"),
        ("te", "trailers, gzip"),
        ("te", ""),
    ] {
        cases.push(case(format!("8.2.2 `{name}: {value}`"), get(&[(name, value)]), malformed()));
    }
    cases.push(case("8.2.2 `te: trailers`", get(&[("te", "trailers")]), Expect::Status(1, 200)));
    cases.push(case(
        "8.6 h2c has no upgrade",
        get(&[("upgrade", "h2c"), ("http2-settings", "AAMAAABk")]),
        malformed(),
    ));
    cases
}

fn cookies() -> Vec<Case> {
    let cookies = [("cookie", "a=1"), ("x-a", "y"), ("cookie", "b=2"), ("cookie", "c=3")];
    vec![
        case(
            "8.2.3 pieces of a cookie are put together",
            get_fields(&cookies),
            Expect::Body(1, "cookie: a=1; b=2; c=3\nx-a: y\nhost: a.test\n"),
        ),
        case(
            "8.2.3 one cookie stays as it is",
            get_fields(&[("cookie", "a=1; b=2")]),
            Expect::Body(1, "cookie: a=1; b=2\nhost: a.test\n"),
        ),
    ]
}

fn pseudo_fields() -> Vec<Case> {
    let first = |name, value| headers(1, END, &with(&[(name, value)], &GET));
    let either = || Expect::ResetOrGoaway(1, code::PROTOCOL_ERROR);
    let mut cases = vec![
        case("8.3 a pseudo field of responses", first(":status", "200"), malformed()),
        case("8.3 an unknown pseudo field", first(":what", "x"), either()),
    ];
    for (name, value) in GET {
        let behind = without(name, &[("x-a", "y"), (name, value)]);
        cases.push(case(format!("8.3 {name} behind a field"), behind, malformed()));
        cases.push(case(format!("8.3.1 {name} twice"), first(name, value), malformed()));
        cases.push(case(format!("8.3.1 {name} twice with two values"), first(name, "other"), malformed()));
        if name != ":authority" {
            cases.push(case(format!("8.3.1 no {name}"), without(name, &[]), malformed()));
            cases.push(case(format!("8.3.1 {name} of nothing"), without(name, &[(name, "")]), either()));
        }
    }
    let no_token = without(":method", &[(":method", "GE T")]);
    cases.push(case("8.3.1 a method that is no token", no_token, either()));
    cases
}

fn targets() -> Vec<Case> {
    let path = |path: &'static str| headers(1, END, &path_of(&GET, path));
    let authority = |authority: &'static str, more: &[(&'static str, &'static str)]| {
        let fields =
            [(":method", "GET"), (":scheme", "http"), (":path", "/fields"), (":authority", authority)];
        headers(1, END, &with(&fields, more))
    };
    let host = |more: &[(&'static str, &'static str)]| {
        headers(1, END, &with(&[(":method", "GET"), (":scheme", "http"), (":path", "/fields")], more))
    };
    let options = |path: &'static str| {
        headers(
            1,
            END,
            &[(":method", "OPTIONS"), (":scheme", "http"), (":path", path), (":authority", "a.test")],
        )
    };
    let mut cases = vec![
        case("8.3.1 a path without its slash", path("fields"), malformed()),
        case("8.3.1 a whole URI for a path", path("http://a.test/"), malformed()),
        case("8.3.1 a star for a path", path("*"), malformed()),
        case("8.3.1 OPTIONS of a star", options("*"), Expect::Status(1, 404)),
        case("8.3.1 OPTIONS of a path", options("/"), Expect::Status(1, 200)),
        case("8.3.1 a path with a NUL that is encoded", path("/%00"), malformed()),
        case("8.3.1 a query alone", path("?a"), malformed()),
        case(
            "8.3.1 the scheme is not the connection's",
            headers(1, END, &with(&[(":method", "GET"), (":scheme", "https")], &GET[2..])),
            malformed(),
        ),
        case(
            "8.3.1 the scheme is not the connection's, Host without :authority",
            headers(1, END, &[(":method", "GET"), (":scheme", "https"), (":path", "/"), ("host", "a.test")]),
            malformed(),
        ),
        case(
            "8.3.1 the scheme is not the connection's, neither Host nor :authority",
            headers(1, END, &[(":method", "GET"), (":scheme", "ftp"), (":path", "/")]),
            malformed(),
        ),
        case(
            "8.3.1 the scheme is the connection's, Host without :authority",
            headers(1, END, &[(":method", "GET"), (":scheme", "http"), (":path", "/"), ("host", "a.test")]),
            Expect::Status(1, 200),
        ),
        case(
            "8.3.1 :authority becomes Host",
            authority("b.test:81", &[]),
            Expect::Body(1, "host: b.test:81\n"),
        ),
        case(
            "8.3.1 Host says the same",
            authority("b.test", &[("host", "b.test")]),
            Expect::Body(1, "host: b.test\n"),
        ),
        case(
            "8.3.1 Host says the same in other letters",
            authority("b.test", &[("host", "B.TEST:80")]),
            Expect::Body(1, "host: b.test\n"),
        ),
        case("8.3.1 Host says something else", authority("b.test", &[("host", "c.test")]), malformed()),
        case("8.3.1 Host twice", host(&[("host", "b.test"), ("host", "b.test")]), malformed()),
        case(
            "8.3.1 Host takes the place of :authority",
            host(&[("host", "b.test")]),
            Expect::Body(1, "host: b.test\n"),
        ),
        case("8.3.1 no host at all", host(&[]), Expect::Body(1, "")),
    ];
    for bad in [
        "user@a.test",
        "user:pass@a.test",
        "a b",
        "a/b",
        "a.test:",
        "a.test:x",
        "a.test:99999",
        "[::1",
        ":80",
        "a%20b",
    ] {
        cases.push(case(format!("8.3.1 :authority of `{bad}`"), authority(bad, &[]), malformed()));
        cases.push(case(format!("8.3.1 Host of `{bad}`"), host(&[("host", bad)]), malformed()));
    }
    cases
}

fn connect() -> Vec<Case> {
    let request = |fields: &[(&str, &str)]| headers(1, END, &with(&[(":method", "CONNECT")], fields));
    let authority = (":authority", "a.test:443");
    let (scheme, path) = ((":scheme", "http"), (":path", "/"));
    vec![
        case("8.5 CONNECT", request(&[authority]), Expect::Status(1, 404)),
        case("8.5 CONNECT with :scheme", request(&[authority, scheme]), malformed()),
        case("8.5 CONNECT with :path", request(&[authority, path]), malformed()),
        case("8.5 CONNECT with both", request(&[authority, scheme, path]), malformed()),
        case("8.5 CONNECT without :authority", request(&[]), malformed()),
        case("8.5 CONNECT with Host alone", request(&[("host", "a.test:443")]), malformed()),
        case("8.5 CONNECT without a port", request(&[(":authority", "a.test")]), malformed()),
        case(
            "8441 4 :protocol of a GET",
            headers(1, END, &with(&[(":protocol", "websocket")], &GET)),
            malformed(),
        ),
        case(
            "8441 4 extended CONNECT without :path",
            request(&[(":protocol", "websocket"), scheme, authority]),
            malformed(),
        ),
        case(
            "8441 4 extended CONNECT without :scheme",
            request(&[(":protocol", "websocket"), path, authority]),
            malformed(),
        ),
        case(
            "8441 4 extended CONNECT that nobody accepts",
            request(&[(":protocol", "what"), scheme, (":path", "/none"), authority]),
            Expect::Status(1, 404),
        ),
        case(
            "8.1 POST still works",
            [headers(1, 0, &POST), data(1, END, b"yes")].concat(),
            Expect::Body(1, "yes"),
        ),
    ]
}
