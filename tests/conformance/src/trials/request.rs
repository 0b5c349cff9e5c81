//! The request line, as the application sees it.

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
    Trial::new(AREA, "the_method_is_what_was_sent", "Any token is a method.", "RFC 9110 section 9.1", method),
    Trial::new(
        AREA,
        "methods_are_case_sensitive",
        "Methods are case-sensitive.",
        "RFC 9110 section 9.1",
        method_in_lower_case,
    )
    .needs(&[AnyRequestLine]),
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
        "dot_segments_lead_no_higher_than_the_root",
        "What would lead above the root stays there.",
        "RFC 3986 section 5.2.4",
        dot_segments_above,
    )
    .needs(&[AnyRequestLine]),
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
    )
    .needs(&[Http1]),
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
        "the_scheme_is_that_of_the_address",
        "Without TLS the scheme is `http`, with TLS `https`.",
        "ASP.NET Core: IHttpRequestFeature.Scheme",
        scheme,
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
        "options_asterisk_has_an_empty_path",
        "Path is empty for `OPTIONS *`.",
        "ASP.NET Core: IHttpRequestFeature.Path",
        asterisk,
    )
    .needs(&[AnyRequestLine, Http1]),
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
pub(super) fn looking<T: Clone + Send + 'static>(
    stage: &Stage,
    look: fn(&HttpContext) -> T,
) -> (Running, Journal<T>) {
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
pub(super) fn look<T>(stage: &Stage, request: &Request, look: fn(&HttpContext) -> T) -> T
where
    T: Clone + std::fmt::Debug + Send + 'static,
{
    let (server, seen) = looking(stage, look);
    assert_eq!(server.client().exchange(request, b"").status(), 200);
    seen.first()
}

/// What `look` sees of the request that `bytes` are.
pub(super) fn look_on_wire<T>(stage: &Stage, bytes: &[u8], look: fn(&HttpContext) -> T) -> T
where
    T: Clone + std::fmt::Debug + Send + 'static,
{
    let (server, seen) = looking(stage, look);
    let _wire = server.wire_with(bytes, &[]);
    seen.first()
}

fn method(stage: &Stage) {
    let (server, seen) = looking(stage, |ctx| ctx.request().method().to_string());
    let methods = ["GET", "POST", "PUT", "DELETE", "PATCH", "OPTIONS", "PROPFIND", "M-SEARCH"];
    let mut client = server.client();
    for method in methods {
        client.exchange(&Request::new(method, "/"), b"");
    }
    assert_eq!(seen.entries(), methods);
}

fn method_in_lower_case(stage: &Stage) {
    assert_eq!(look(stage, &Request::new("get", "/"), |ctx| ctx.request().method().to_string()), "get");
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
    for target in ["/a/./b/../c", "/a/..", "/a/%2e%2E/b", "/..."] {
        client.get(target);
    }
    assert_eq!(seen.entries(), ["/a/c", "/", "/b", "/..."]);
}

fn dot_segments_above(stage: &Stage) {
    assert_eq!(look(stage, &Request::get("/../x"), |ctx| ctx.request().path().to_owned()), "/x");
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
    let seen = look(stage, &Request::get("/"), |ctx| ctx.request().scheme().to_owned());
    assert_eq!(seen, stage.scheme());
}

fn long_target(stage: &Stage) {
    let target = format!("/{}", "a".repeat(7900));
    assert_eq!(look(stage, &Request::get(&target), |ctx| ctx.request().path().len()), target.len());
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
