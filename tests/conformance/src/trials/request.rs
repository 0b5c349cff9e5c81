//! The parts of a request, as the application sees them.

use falconry::HttpContext;
use falconry_features::HttpRequestFeature;
use http::{Method, Version};

use crate::{
    Capability::*,
    connect::Request,
    journal::Journal,
    runner::Trial,
    stage::{Running, Stage},
};

const AREA: &str = "request";

pub(super) const TRIALS: &[Trial] = &[
    Trial::new(
        AREA,
        "the_method_is_what_was_sent",
        "Methods are case-sensitive and any token is one.",
        "RFC 9110 section 9.1",
        method,
    ),
    Trial::new(
        AREA,
        "the_path_is_percent_decoded",
        "Path is decoded as UTF-8.",
        "ASP.NET Core: IHttpRequestFeature.Path",
        path_decoded,
    ),
    Trial::new(
        AREA,
        "an_encoded_slash_stays_encoded",
        "Path is percent-decoded except %2F, which would become another segment.",
        "ASP.NET Core: IHttpRequestFeature.Path",
        encoded_slash,
    ),
    Trial::new(
        AREA,
        "dot_segments_are_removed",
        "Path has no dot segments left.",
        "RFC 3986 section 5.2.4",
        dot_segments,
    ),
    Trial::new(
        AREA,
        "the_query_is_raw_and_has_its_question_mark",
        "QueryString is raw and includes `?`, or is empty.",
        "ASP.NET Core: IHttpRequestFeature.QueryString",
        query,
    ),
    Trial::new(
        AREA,
        "the_raw_target_is_what_was_sent",
        "RawTarget is exactly what was on the wire.",
        "ASP.NET Core: IHttpRequestFeature.RawTarget",
        raw_target,
    ),
    Trial::new(
        AREA,
        "the_path_base_is_empty",
        "Without a base that the server is told of, the application lives at the root.",
        "ASP.NET Core: IHttpRequestFeature.PathBase",
        path_base,
    ),
    Trial::new(
        AREA,
        "the_protocol_is_http_1_1",
        "The version is that of the request.",
        "ASP.NET Core: IHttpRequestFeature.Protocol",
        version,
    ),
    Trial::new(
        AREA,
        "http_1_0_is_reported",
        "A request of HTTP/1.0 is seen as one.",
        "ASP.NET Core: IHttpRequestFeature.Protocol",
        version_10,
    )
    .needs(&[Http1]),
    Trial::new(
        AREA,
        "the_scheme_is_http",
        "Without TLS the scheme is `http`.",
        "ASP.NET Core: IHttpRequestFeature.Scheme",
        scheme,
    ),
    Trial::new(
        AREA,
        "the_host_is_a_field",
        "Host is among the fields, as the client sent it.",
        "RFC 9110 section 7.2",
        host,
    ),
    Trial::new(
        AREA,
        "fields_with_one_name_keep_their_order",
        "The order of field lines with the same name is significant.",
        "RFC 9110 section 5.3",
        repeated_fields,
    ),
    Trial::new(
        AREA,
        "field_names_match_in_any_case",
        "Field names are case-insensitive.",
        "RFC 9110 section 5.1",
        field_case,
    ),
    Trial::new(
        AREA,
        "an_empty_field_is_there",
        "A field value may be empty.",
        "RFC 9110 section 5.5",
        empty_field,
    ),
    Trial::new(
        AREA,
        "white_space_around_a_value_is_not_part_of_it",
        "A field value has no white space at its ends.",
        "RFC 9110 section 5.5",
        field_white_space,
    )
    .needs(&[Http1]),
    Trial::new(
        AREA,
        "bytes_above_ascii_arrive_in_a_value",
        "A recipient treats obs-text in a field value as opaque data.",
        "RFC 9110 section 5.5",
        field_obs_text,
    )
    .needs(&[Http1]),
    Trial::new(
        AREA,
        "a_field_of_eight_kilobytes_arrives",
        "A server takes a field value of 8,000 bytes.",
        "RFC 9112 section 3 (the length it recommends for request lines)",
        long_field,
    ),
    Trial::new(
        AREA,
        "a_long_target_arrives",
        "It is recommended to take a request line of 8,000 bytes.",
        "RFC 9112 section 3",
        long_target,
    ),
    Trial::new(
        AREA,
        "fifty_fields_arrive",
        "A server takes as many fields as browsers and proxies send.",
        "falconry: HttpRequestFeature",
        many_fields,
    ),
    Trial::new(
        AREA,
        "options_asterisk_has_an_empty_path",
        "Path is empty for `OPTIONS *`.",
        "ASP.NET Core: IHttpRequestFeature.Path",
        asterisk,
    )
    .needs(&[Http1]),
    Trial::new(
        AREA,
        "an_absolute_target_gives_its_path_and_query",
        "A server accepts the absolute form, and path and query come out of it.",
        "RFC 9112 section 3.2.2",
        absolute_target,
    )
    .needs(&[Http1]),
    Trial::new(
        AREA,
        "every_part_can_be_changed",
        "Middleware may change what the rest of the pipeline sees.",
        "ASP.NET Core: IHttpRequestFeature (all members get/set)",
        setters,
    ),
];

/// Serves an application that gives `look` of each request to the journal.
fn looking<T: Clone + Send + 'static>(stage: &Stage, look: fn(&HttpContext) -> T) -> (Running, Journal<T>) {
    let seen = Journal::<T>::new();
    let server = stage.serve(&(seen.clone(), look), |(seen, look), ctx| {
        Box::pin(async move {
            seen.push(look(ctx));
            Ok(())
        })
    });
    (server, seen)
}

/// What `look` sees of `request`.
fn look<T>(stage: &Stage, request: &Request, look: fn(&HttpContext) -> T) -> T
where
    T: Clone + std::fmt::Debug + Send + 'static,
{
    let (server, seen) = looking(stage, look);
    assert_eq!(server.client().exchange(request, b"").status(), 200);
    seen.first()
}

/// What `look` sees of the request that `bytes` are.
fn look_on_wire<T>(stage: &Stage, bytes: &[u8], look: fn(&HttpContext) -> T) -> T
where
    T: Clone + std::fmt::Debug + Send + 'static,
{
    let (server, seen) = looking(stage, look);
    let _wire = server.wire_with(bytes, &[]);
    seen.first()
}

fn method(stage: &Stage) {
    let (server, seen) = looking(stage, |ctx| ctx.request().method().to_string());
    let methods = ["GET", "POST", "PUT", "DELETE", "PATCH", "OPTIONS", "PROPFIND", "get", "M-SEARCH"];
    let mut client = server.client();
    for method in methods {
        client.exchange(&Request::new(method, "/"), b"");
    }
    assert_eq!(seen.entries(), methods);
}

fn path_decoded(stage: &Stage) {
    let path = look(stage, &Request::get("/a%20b/%C3%A9%e2%82%ac/+"), |ctx| ctx.request().path().to_owned());
    assert_eq!(path, "/a b/é€/+");
}

fn encoded_slash(stage: &Stage) {
    let path = look(stage, &Request::get("/a%2Fb%2fc/%41"), |ctx| ctx.request().path().to_owned());
    assert!(path.eq_ignore_ascii_case("/a%2Fb%2Fc/A"), "{path:?}");
}

fn dot_segments(stage: &Stage) {
    let (server, seen) = looking(stage, |ctx| ctx.request().path().to_owned());
    let mut client = server.client();
    for target in ["/a/./b/../c", "/../x", "/a/..", "/a/%2e%2E/b", "/..."] {
        client.get(target);
    }
    assert_eq!(seen.entries(), ["/a/c", "/x", "/", "/b", "/..."]);
}

fn query(stage: &Stage) {
    let (server, seen) = looking(stage, |ctx| ctx.request().query_string().to_owned());
    let mut client = server.client();
    for target in ["/", "/?a=%41&b=c+d", "/x?a?b/../c"] {
        client.get(target);
    }
    assert_eq!(seen.entries(), ["", "?a=%41&b=c+d", "?a?b/../c"]);
}

fn raw_target(stage: &Stage) {
    let target = "/a/../%7eb/%41?q=%42&";
    assert_eq!(look(stage, &Request::get(target), |ctx| ctx.request().raw_target().to_owned()), target);
}

fn path_base(stage: &Stage) {
    assert_eq!(look(stage, &Request::get("/a/b"), |ctx| ctx.request().path_base().to_owned()), "");
}

fn version(stage: &Stage) {
    assert_eq!(look(stage, &Request::get("/"), |ctx| ctx.request().version()), Version::HTTP_11);
}

fn version_10(stage: &Stage) {
    let version = look_on_wire(stage, b"GET / HTTP/1.0\r\n\r\n", |ctx| ctx.request().version());
    assert_eq!(version, Version::HTTP_10);
}

fn scheme(stage: &Stage) {
    assert_eq!(look(stage, &Request::get("/"), |ctx| ctx.request().scheme().to_owned()), "http");
}

fn host(stage: &Stage) {
    let request = Request::get("/").field("host", "example.test:81");
    assert_eq!(look(stage, &request, |ctx| ctx.request().host().to_owned()), "example.test:81");
}

fn repeated_fields(stage: &Stage) {
    let request =
        Request::get("/").field("x-a", "1").field("x-b", "2").field("x-a", "3, 4").field("x-a", "0");
    assert_eq!(look(stage, &request, |ctx| values(ctx, "x-a")), ["1", "3, 4", "0"]);
}

fn field_case(stage: &Stage) {
    let request = Request::get("/").field("X-MiXeD", "yes");
    assert_eq!(look(stage, &request, |ctx| values(ctx, "x-mixed")), ["yes"]);
}

fn empty_field(stage: &Stage) {
    assert_eq!(look(stage, &Request::get("/").field("x-empty", ""), |ctx| values(ctx, "x-empty")), [""]);
}

fn field_white_space(stage: &Stage) {
    let bytes = b"GET / HTTP/1.1\r\nHost: localhost\r\nX-A:\t  a b \t\r\nX-B:c\r\n\r\n";
    assert_eq!(
        look_on_wire(stage, bytes, |ctx| [values(ctx, "x-a"), values(ctx, "x-b")].concat()),
        ["a b", "c"]
    );
}

fn field_obs_text(stage: &Stage) {
    let bytes = b"GET / HTTP/1.1\r\nHost: localhost\r\nX-A: a\xff\xe9\r\n\r\n";
    let value = look_on_wire(stage, bytes, |ctx| {
        ctx.request().headers().get("x-a").map(|value| value.as_bytes().to_vec())
    });
    assert_eq!(value.as_deref(), Some(&b"a\xff\xe9"[..]));
}

fn long_field(stage: &Stage) {
    let request = Request::get("/").field("x-long", &"a".repeat(8000));
    assert_eq!(look(stage, &request, |ctx| values(ctx, "x-long")[0].len()), 8000);
}

fn long_target(stage: &Stage) {
    let target = format!("/{}", "a".repeat(7900));
    assert_eq!(look(stage, &Request::get(&target), |ctx| ctx.request().path().len()), target.len());
}

fn many_fields(stage: &Stage) {
    let request = (0..50).fold(Request::get("/"), |request, n| request.field(&format!("x-{n}"), "v"));
    let count = look(stage, &request, |ctx| {
        ctx.request().headers().keys().filter(|name| name.as_str().starts_with("x-")).count()
    });
    assert_eq!(count, 50);
}

fn asterisk(stage: &Stage) {
    let seen = look_on_wire(stage, b"OPTIONS * HTTP/1.1\r\nHost: localhost\r\n\r\n", |ctx| {
        (ctx.request().path().to_owned(), ctx.request().raw_target().to_owned())
    });
    assert_eq!(seen, (String::new(), "*".to_owned()));
}

fn absolute_target(stage: &Stage) {
    let bytes = b"GET http://localhost/a%20b?c HTTP/1.1\r\nHost: localhost\r\n\r\n";
    let seen = look_on_wire(stage, bytes, |ctx| {
        (ctx.request().path().to_owned(), ctx.request().query_string().to_owned())
    });
    assert_eq!(seen, ("/a b".to_owned(), "?c".to_owned()));
}

fn setters(stage: &Stage) {
    let seen = Journal::<String>::new();
    let server = stage.serve(&seen, |seen, ctx| {
        Box::pin(async move {
            let feature = ctx.features_mut().required_mut::<dyn HttpRequestFeature>()?;
            feature.set_method(Method::DELETE);
            feature.set_scheme("https");
            feature.set_path_base("/base");
            feature.set_path("/changed");
            feature.set_query_string("?changed");
            feature.set_raw_target("/raw");
            feature.headers_mut().insert("host", http::HeaderValue::from_static("changed.test"));
            let request = ctx.request();
            for part in [
                request.method().as_str(),
                request.scheme(),
                request.path_base(),
                request.path(),
                request.query_string(),
                request.raw_target(),
                request.host(),
            ] {
                seen.push(part);
            }
            Ok(())
        })
    });
    server.get("/");
    let changed = ["DELETE", "https", "/base", "/changed", "?changed", "/raw", "changed.test"];
    assert_eq!(seen.entries(), changed);
}

fn values(ctx: &HttpContext, name: &str) -> Vec<String> {
    let values = ctx.request().headers().get_all(name).iter();
    values.map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned()).collect()
}
