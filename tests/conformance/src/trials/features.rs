//! Which features a request has.

use std::collections::BTreeSet;

use falconry_features::{
    FeatureCollection, HttpConnectionFeature, HttpRequestBodyDetectionFeature, HttpRequestFeature,
    HttpRequestIdentifierFeature, HttpRequestLifetimeFeature, HttpResponseBodyFeature, HttpResponseFeature,
};

use crate::{Capability::*, connect::Request, journal::Journal, runner::Trial, stage::Stage};

const AREA: &str = "features";

pub(super) const TRIALS: &[Trial] = &[
    Trial::new(
        AREA,
        "request_response_and_body_are_there",
        "Every server offers the request, the response and the response's body.",
        "ASP.NET Core: the minimum for a custom server",
        required,
    ),
    Trial::new(
        AREA,
        "no_feature_is_listed_twice",
        "Iteration shows every key once.",
        "ASP.NET Core: IFeatureCollection enumeration",
        listed_once,
    ),
    Trial::new(
        AREA,
        "what_is_listed_can_be_looked_up",
        "Iteration shows what a look-up finds.",
        "ASP.NET Core: IFeatureCollection enumeration",
        listed_found,
    ),
    Trial::new(
        AREA,
        "the_lifetime_is_there_and_has_not_fired",
        "RequestAborted has not fired while the client waits.",
        "ASP.NET Core: IHttpRequestLifetimeFeature",
        lifetime,
    )
    .needs(&[Abort]),
    Trial::new(
        AREA,
        "identifiers_are_unique",
        "No two requests have the same trace identifier.",
        "ASP.NET Core: IHttpRequestIdentifierFeature",
        identifiers,
    )
    .needs(&[Identifier]),
    Trial::new(
        AREA,
        "an_identifier_can_be_replaced",
        "TraceIdentifier can be set for the request.",
        "ASP.NET Core: IHttpRequestIdentifierFeature",
        identifier_replaced,
    )
    .needs(&[Identifier]),
    Trial::new(
        AREA,
        "connections_have_an_identifier",
        "ConnectionId is the same for the requests of a connection and differs between connections.",
        "ASP.NET Core: IHttpConnectionFeature",
        connection_identifiers,
    )
    .needs(&[ConnectionInfo, KeepAlive]),
    Trial::new(
        AREA,
        "the_connection_has_both_its_ends",
        "Addresses and ports are those of the socket.",
        "ASP.NET Core: IHttpConnectionFeature",
        endpoints,
    )
    .needs(&[ConnectionInfo, EndpointInfo, Http1]),
    Trial::new(
        AREA,
        "the_connection_can_be_changed_for_one_request",
        "Middleware that trusts a proxy changes the addresses of its own request only.",
        "ASP.NET Core: IHttpConnectionFeature (all members get/set)",
        connection_changed,
    )
    .needs(&[ConnectionInfo]),
    Trial::new(
        AREA,
        "body_detection_knows_requests_without_a_body",
        "CanHaveBody is false without Content-Length and Transfer-Encoding, and for a length of 0.",
        "ASP.NET Core: IHttpRequestBodyDetectionFeature",
        detection,
    )
    .needs(&[BodyDetection]),
];

fn required(stage: &Stage) {
    let seen = Journal::<bool>::new();
    let server = stage.serve(&seen, |seen, ctx| {
        Box::pin(async move {
            seen.push(ctx.features().contains::<dyn HttpRequestFeature>());
            seen.push(ctx.features().contains::<dyn HttpResponseFeature>());
            seen.push(ctx.features().contains::<dyn HttpResponseBodyFeature>());
            // Without change there is no answer: they must be the request's own.
            seen.push(ctx.features().contains_own::<dyn HttpRequestFeature>());
            seen.push(ctx.features().contains_own::<dyn HttpResponseFeature>());
            seen.push(ctx.features().contains_own::<dyn HttpResponseBodyFeature>());
            Ok(())
        })
    });
    server.get("/");
    assert_eq!(seen.wait(6), [true; 6]);
}

pub(super) fn names(features: &FeatureCollection) -> Vec<String> {
    features.iter().map(|entry| entry.name().to_owned()).collect()
}

fn listed_once(stage: &Stage) {
    let seen = Journal::<String>::new();
    let server = stage.serve(&seen, |seen, ctx| {
        Box::pin(async move {
            names(ctx.features()).into_iter().for_each(|name| seen.push(name));
            Ok(())
        })
    });
    server.get("/");
    let names = seen.wait(3);
    assert_eq!(names.iter().collect::<BTreeSet<_>>().len(), names.len(), "{names:?}");
}

fn listed_found(stage: &Stage) {
    let seen = Journal::<bool>::new();
    let server = stage.serve(&seen, |seen, ctx| {
        Box::pin(async move {
            let features = ctx.features();
            let listed = |name: &str| features.iter().any(|entry| entry.name() == name);
            seen.push(listed("HttpConnectionFeature") == features.contains::<dyn HttpConnectionFeature>());
            seen.push(
                listed("HttpRequestLifetimeFeature") == features.contains::<dyn HttpRequestLifetimeFeature>(),
            );
            let request = features.iter().find_map(|entry| entry.feature::<dyn HttpRequestFeature>());
            seen.push(request.is_some_and(|request| request.path() == ctx.request().path()));
            Ok(())
        })
    });
    server.get("/path");
    assert_eq!(seen.wait(3), [true; 3]);
}

fn lifetime(stage: &Stage) {
    let seen = Journal::<bool>::new();
    let server = stage.serve(&seen, |seen, ctx| {
        Box::pin(async move {
            let lifetime = ctx.features().required::<dyn HttpRequestLifetimeFeature>()?;
            seen.push(lifetime.request_aborted().is_cancelled());
            Ok(())
        })
    });
    server.get("/");
    assert!(!seen.first());
}

fn identifiers(stage: &Stage) {
    let seen = Journal::<String>::new();
    let server = stage.serve(&seen, |seen, ctx| {
        Box::pin(async move {
            seen.push(ctx.trace_identifier());
            Ok(())
        })
    });
    let (mut one, mut other) = (server.client(), server.client());
    for _ in 0..3 {
        one.get("/");
        other.get("/");
    }
    let identifiers = seen.wait(6);
    assert!(!identifiers.contains(&String::new()), "an empty one in {identifiers:?}");
    assert_eq!(identifiers.iter().collect::<BTreeSet<_>>().len(), 6, "{identifiers:?}");
}

fn identifier_replaced(stage: &Stage) {
    let seen = Journal::<String>::new();
    let server = stage.serve(&seen, |seen, ctx| {
        Box::pin(async move {
            let feature = ctx.features_mut().required_mut::<dyn HttpRequestIdentifierFeature>()?;
            if feature.trace_identifier() != "mine" {
                feature.set_trace_identifier("mine");
            }
            seen.push(ctx.trace_identifier());
            Ok(())
        })
    });
    server.get("/");
    assert_eq!(seen.first(), "mine");
}

fn connection_identifiers(stage: &Stage) {
    let seen = Journal::<String>::new();
    let server = stage.serve(&seen, |seen, ctx| {
        Box::pin(async move {
            seen.push(ctx.features().required::<dyn HttpConnectionFeature>()?.connection_id());
            Ok(())
        })
    });
    let (mut one, mut other) = (server.client(), server.client());
    one.get("/");
    one.get("/");
    other.get("/");
    let identifiers = seen.wait(3);
    assert!(!identifiers[0].is_empty());
    assert_eq!(identifiers[0], identifiers[1], "two requests on one connection");
    assert_ne!(identifiers[0], identifiers[2], "two connections");
}

fn endpoints(stage: &Stage) {
    let seen = Journal::<String>::new();
    let server = stage.serve(&seen, |seen, ctx| {
        Box::pin(async move {
            let connection = ctx.features().required::<dyn HttpConnectionFeature>()?;
            seen.push(format!("{:?} {}", connection.remote_ip_address(), connection.remote_port()));
            seen.push(format!("{:?} {}", connection.local_ip_address(), connection.local_port()));
            Ok(())
        })
    });
    let wire = server.wire_with("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n", &["GET"]);
    let (local, remote) = wire.addresses();
    let seen = seen.wait(2);
    assert_eq!(seen[0], format!("{:?} {}", Some(local.ip()), local.port()), "the client's end");
    assert_eq!(seen[1], format!("{:?} {}", Some(remote.ip()), remote.port()), "the server's end");
}

fn connection_changed(stage: &Stage) {
    let seen = Journal::<String>::new();
    let server = stage.serve(&seen, |seen, ctx| {
        Box::pin(async move {
            let connection = ctx.features_mut().required_mut::<dyn HttpConnectionFeature>()?;
            seen.push(format!("{:?} {}", connection.remote_ip_address(), connection.remote_port()));
            connection.set_remote_ip_address("192.0.2.7".parse().ok());
            connection.set_remote_port(77);
            seen.push(format!("{:?} {}", connection.remote_ip_address(), connection.remote_port()));
            Ok(())
        })
    });
    let mut client = server.client();
    client.get("/");
    client.get("/");
    let seen = seen.wait(4);
    assert_eq!(seen[1], "Some(192.0.2.7) 77", "after the change");
    assert_ne!(seen[2], seen[1], "the next request");
}

fn detection(stage: &Stage) {
    let seen = Journal::<bool>::new();
    let server = stage.serve(&seen, |seen, ctx| {
        Box::pin(async move {
            seen.push(ctx.features().required::<dyn HttpRequestBodyDetectionFeature>()?.can_have_body());
            while ctx.request_mut().read().await?.is_some() {}
            Ok(())
        })
    });
    let mut client = server.client();
    client.get("/");
    client.exchange(&Request::new("POST", "/").length(0), b"");
    client.exchange(&Request::new("POST", "/").length(2), b"ab");
    client.exchange(&Request::post("/"), b"ab");
    assert_eq!(seen.wait(4), [false, false, true, true]);
}
