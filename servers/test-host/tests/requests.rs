//! How the client's request becomes the one that the application sees.

mod support;

use std::net::Ipv4Addr;

use falconry_features::{
    BoxError, FeatureCollection, HttpConnectionFeature, HttpExtendedConnectFeature,
    HttpInformationalResponseFeature, HttpMaxRequestBodySizeFeature, HttpRequestBodyDetectionFeature,
    HttpRequestFeature, HttpRequestIdentifierFeature, HttpRequestLifetimeFeature, HttpRequestTrailersFeature,
    HttpResetFeature, HttpResponseBodyFeature, HttpResponseFeature, HttpResponseTrailersFeature,
    HttpUpgradeFeature, PlainConnection, write_response,
};
use falconry_test_host::{TestClient, TestServer, TestServerOptions};
use http::{Method, Version};
use support::{app, serve, serve_with};

/// Answers with what it sees: one line per part of the request.
async fn describing(base_address: &str) -> (TestServer, TestClient) {
    let options = TestServerOptions { base_address: base_address.parse().unwrap(), ..Default::default() };
    let application = app(|features| {
        Box::pin(async {
            let text = describe(features)?;
            Ok(write_response(features, text.into()).await?)
        })
    });
    serve_with(options, application).await
}

fn describe(features: &FeatureCollection) -> Result<String, BoxError> {
    let request = features.required::<dyn HttpRequestFeature>()?;
    let host = request.headers().get("host").map_or("", |host| host.to_str().unwrap_or("?"));
    Ok([
        request.method().as_str(),
        request.scheme(),
        host,
        request.path_base(),
        request.path(),
        request.query_string(),
        request.raw_target(),
    ]
    .join("|"))
}

#[tokio::test]
async fn targets_are_taken_apart() {
    for (base, target, seen) in [
        ("http://localhost/", "/", "GET|http|localhost||/||/"),
        ("http://localhost/", "", "GET|http|localhost||/||/"),
        ("http://localhost/", "a/b", "GET|http|localhost||/a/b||/a/b"),
        ("http://localhost/", "?x=1", "GET|http|localhost||/|?x=1|/?x=1"),
        (
            "http://localhost/",
            "/a%20b%2Fc/d?x=1&y=%20",
            "GET|http|localhost||/a b%2Fc/d|?x=1&y=%20|/a%20b%2Fc/d?x=1&y=%20",
        ),
        ("http://localhost/", "/a/../b#part", "GET|http|localhost||/b||/a/../b"),
        ("https://example.com:443", "/x", "GET|https|example.com||/x||/x"),
        ("http://example.com:80/", "/x", "GET|http|example.com||/x||/x"),
        ("https://example.com:80/", "/x", "GET|https|example.com:80||/x||/x"),
        ("http://[::1]:8080/", "/x", "GET|http|[::1]:8080||/x||/x"),
        ("http://localhost/app/", "/app/x", "GET|http|localhost|/app|/x||/app/x"),
        ("http://localhost/app", "x", "GET|http|localhost|/app|/x||/app/x"),
        ("http://localhost/app", "", "GET|http|localhost|/app|/||/app/"),
        ("http://localhost/app", "/app", "GET|http|localhost|/app|||/app"),
        ("http://localhost/app", "/APP/x", "GET|http|localhost|/app|/x||/APP/x"),
        ("http://localhost/app", "/application", "GET|http|localhost||/application||/application"),
        ("http://localhost/", "https://other:1/x?y", "GET|https|other:1||/x|?y|/x?y"),
        ("http://localhost/", "ws://user@other/x", "GET|http|other||/x||/x"),
        ("http://localhost/", "/go?to=http://x/", "GET|http|localhost||/go|?to=http://x/|/go?to=http://x/"),
    ] {
        let (_server, client) = describing(base).await;
        client.get(target).send().await.unwrap().assert_body(seen).await;
    }
}

#[tokio::test]
async fn the_special_targets_have_no_path() {
    let (_server, client) = describing("http://localhost/app").await;
    client.options("*").send().await.unwrap().assert_body("OPTIONS|http|localhost||||*").await;
    let tunnel = client.request(Method::CONNECT, "example.com:443").features(|features| {
        let host = features.get::<dyn HttpRequestFeature>().unwrap().headers()["host"].clone();
        let response = features.get_mut::<dyn HttpResponseFeature>().unwrap();
        response.headers_mut().unwrap().insert("x-host", host);
        response.set_status_code(http::StatusCode::BAD_REQUEST).unwrap();
    });
    let mut response = tunnel.send().await.unwrap();
    response.assert_header("x-host", "example.com:443");
    response.assert_body("CONNECT|http|example.com:443||||example.com:443").await;
}

#[tokio::test]
async fn a_host_field_of_the_caller_is_kept() {
    let (_server, client) = describing("http://localhost/").await;
    let request = client.get("/").header("host", "shop.example");
    request.send().await.unwrap().assert_body("GET|http|shop.example||/||/").await;
}

#[tokio::test]
async fn a_request_that_cannot_be_sent_is_refused() {
    let (_server, client) = describing("http://localhost/").await;
    let requests = [
        client.get("/a b"),
        client.get("mailto://x/"),
        client.get("http://"),
        client.get("/").header("bad name", "x"),
        client.get("/").header("x", "bad\nvalue"),
        client.post("/").header("content-length", "x").body("x"),
        client.get("/").protocol("websocket"),
        client.request(Method::CONNECT, "/chat").protocol("websocket"),
        client.request(Method::CONNECT, "/chat"),
    ];
    for request in requests {
        let text = format!("{request:?}");
        assert!(request.send().await.unwrap_err().is_invalid_request(), "{text}");
    }
}

#[tokio::test]
async fn every_method_and_version_arrives() {
    let (_server, client) = serve(|features| {
        Box::pin(async {
            let request = features.required::<dyn HttpRequestFeature>()?;
            let seen = format!("{} {:?}", request.method(), request.version());
            let response = features.required_mut::<dyn HttpResponseFeature>()?;
            response.headers_mut()?.insert("x-seen", seen.parse()?);
            Ok(())
        })
    })
    .await;
    for version in [Version::HTTP_09, Version::HTTP_10, Version::HTTP_11, Version::HTTP_2, Version::HTTP_3] {
        for (request, method) in [
            (client.get("/"), "GET"),
            (client.post("/"), "POST"),
            (client.put("/"), "PUT"),
            (client.delete("/"), "DELETE"),
            (client.patch("/"), "PATCH"),
            (client.head("/"), "HEAD"),
            (client.options("/"), "OPTIONS"),
            (client.request(Method::TRACE, "/"), "TRACE"),
        ] {
            let mut response = request.version(version).send().await.unwrap();
            response.assert_header("x-seen", format!("{method} {version:?}"));
            assert_eq!(response.version(), version);
        }
    }
}

#[tokio::test]
async fn the_connection_is_the_clients_unless_the_request_brings_one() {
    let (server, client) = serve(|features| {
        Box::pin(async {
            let connection = features.required::<dyn HttpConnectionFeature>()?;
            let identifier = features.required::<dyn HttpRequestIdentifierFeature>()?.trace_identifier();
            let seen = format!(
                "{} {identifier} {:?} {}",
                connection.connection_id(),
                connection.remote_ip_address(),
                connection.local_port()
            );
            Ok(write_response(features, seen.into()).await?)
        })
    })
    .await;
    let seen = ["TEST00000001 TEST00000001:00000001 None 0", "TEST00000001 TEST00000001:00000002 None 0"];
    client.get("/").send().await.unwrap().assert_body(seen[0]).await;
    client.clone().get("/").send().await.unwrap().assert_body(seen[1]).await;
    let other = server.client();
    other.get("/").send().await.unwrap().assert_body("TEST00000002 TEST00000002:00000001 None 0").await;
    let connection = PlainConnection {
        connection_id: "mine".into(),
        remote_ip_address: Some(Ipv4Addr::LOCALHOST.into()),
        local_port: 5000,
        ..PlainConnection::default()
    };
    let request = other.get("/").connection(connection);
    request.send().await.unwrap().assert_body("mine mine:00000002 Some(127.0.0.1) 5000").await;
}

#[tokio::test]
async fn the_caller_can_change_the_features() {
    trait Clock: Send + Sync {
        fn now(&self) -> u32;
    }
    struct Fixed(u32);
    impl Clock for Fixed {
        fn now(&self) -> u32 {
            self.0
        }
    }
    let (_server, client) = serve(|features| {
        Box::pin(async {
            assert!(!features.contains::<dyn HttpMaxRequestBodySizeFeature>());
            let now = features.required::<dyn Clock>()?.now();
            Ok(write_response(features, now.to_string().into()).await?)
        })
    })
    .await;
    let request = client.get("/").features(|features| {
        features.set::<dyn Clock>(Box::new(Fixed(42)));
    });
    let request = request.features(|features| drop(features.take::<dyn HttpMaxRequestBodySizeFeature>()));
    request.send().await.unwrap().assert_body("42").await;
}

#[tokio::test]
async fn each_version_has_the_features_that_it_can_have() {
    let (_server, client) = serve(|features| {
        Box::pin(async {
            macro_rules! names {
                ($($feature:ident),+) => {
                    [$((stringify!($feature), features.contains_own::<dyn $feature>())),+]
                };
            }
            for (name, is_present) in names!(
                HttpRequestFeature,
                HttpResponseFeature,
                HttpResponseBodyFeature,
                HttpRequestLifetimeFeature,
                HttpConnectionFeature,
                HttpRequestIdentifierFeature,
                HttpRequestBodyDetectionFeature,
                HttpRequestTrailersFeature,
                HttpMaxRequestBodySizeFeature
            ) {
                assert!(is_present, "{name}");
            }
            let flags = [
                ("informational", features.contains::<dyn HttpInformationalResponseFeature>()),
                ("trailers", features.contains::<dyn HttpResponseTrailersFeature>()),
                ("upgrade", features.contains::<dyn HttpUpgradeFeature>()),
                ("reset", features.contains::<dyn HttpResetFeature>()),
                ("connect", features.contains::<dyn HttpExtendedConnectFeature>()),
            ];
            let seen: Vec<_> =
                flags.iter().filter(|(_, is_present)| *is_present).map(|(name, _)| *name).collect();
            Ok(write_response(features, seen.join(" ").into()).await?)
        })
    })
    .await;

    for (request, seen) in [
        (client.get("/").version(Version::HTTP_10), "upgrade"),
        (client.get("/").version(Version::HTTP_10).header("te", "trailers"), "upgrade"),
        (client.get("/"), "informational upgrade"),
        (client.get("/").header("te", "gzip, trailers"), "informational trailers upgrade"),
        (client.get("/").version(Version::HTTP_2), "informational trailers reset connect"),
        (client.get("/").version(Version::HTTP_3), "informational trailers reset connect"),
    ] {
        request.send().await.unwrap().assert_body(seen).await;
    }
}
