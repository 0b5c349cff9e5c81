//! Leaving HTTP: upgrade, extended CONNECT, and interim responses on the way.

mod support;

use std::{
    future::poll_fn,
    sync::{Arc, Mutex},
};

use bytes::Bytes;
use falconry_features::{
    BoxError, DuplexStream, FeatureCollection, FeatureError, HttpExtendedConnectFeature,
    HttpInformationalResponseFeature, HttpMaxRequestBodySizeFeature, HttpRequestLifetimeFeature,
    HttpResponseFeature, HttpUpgradeFeature, upgrade, write_response,
};
use http::{HeaderMap, HeaderValue, Method, StatusCode, Version};
use support::{Log, serve};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    sync::Notify,
};

/// Sends back what it reads until the client ends its side.
async fn echo(mut stream: Box<dyn DuplexStream>) -> Result<(), BoxError> {
    let mut buffer = [0; 16];
    loop {
        let length = poll_fn(|cx| stream.poll_read(cx, &mut buffer)).await?;
        if length == 0 {
            return Ok(poll_fn(|cx| stream.poll_shutdown(cx)).await?);
        }
        let mut rest = &buffer[..length];
        while !rest.is_empty() {
            let written = poll_fn(|cx| stream.poll_write(cx, rest)).await?;
            rest = &rest[written..];
        }
        poll_fn(|cx| stream.poll_flush(cx)).await?;
    }
}

#[tokio::test]
async fn an_upgraded_connection_carries_bytes_both_ways() {
    let (_server, client) = serve(|features| {
        Box::pin(async {
            let response = features.required_mut::<dyn HttpResponseFeature>()?;
            response.headers_mut()?.insert("x-agreed", HeaderValue::from_static("echo"));
            let stream = upgrade(features).await?;
            echo(stream).await
        })
    })
    .await;
    let mut stream = client.get("/").upgrade().await.unwrap();
    assert_eq!(stream.status(), StatusCode::SWITCHING_PROTOCOLS);
    assert_eq!(stream.headers()["connection"], "Upgrade");
    assert_eq!(stream.headers()["x-agreed"], "echo");
    stream.write_all(b"a longer message than the buffer").await.unwrap();
    let mut answer = [0; 32];
    stream.read_exact(&mut answer).await.unwrap();
    assert_eq!(&answer, b"a longer message than the buffer");
    stream.shutdown().await.unwrap();
    assert_eq!(stream.read(&mut answer).await.unwrap(), 0);
    let end = stream.close().await;
    assert!(end.error.is_none(), "{:?}", end.error);
}

#[tokio::test]
async fn the_answer_to_an_upgrade_can_be_looked_at_first() {
    let (_server, client) = serve(|features| {
        Box::pin(async {
            let stream = upgrade(features).await?;
            echo(stream).await
        })
    })
    .await;
    let mut response = client.get("/").header("connection", "keep-alive, Upgrade").send().await.unwrap();
    response.assert_status(101);
    let mut stream = response.upgraded().unwrap();
    stream.write_all(b"x").await.unwrap();
    assert_eq!(stream.read_u8().await.unwrap(), b'x');
}

#[tokio::test]
async fn an_ordinary_answer_to_an_upgrade_is_an_error() {
    let (_server, client) = serve(|_| Box::pin(async { Ok(()) })).await;
    let error = client.get("/").upgrade().await.unwrap_err();
    assert!(error.is_not_upgraded());
    assert!(error.to_string().contains("200"), "{error}");
}

#[tokio::test]
async fn only_http_1_1_with_the_option_and_without_a_body_can_be_upgraded() {
    let (_server, client) = serve(|features| {
        Box::pin(async {
            let feature = features.required::<dyn HttpUpgradeFeature>()?;
            let seen = feature.is_upgradable_request();
            assert_eq!(upgrade(features).await.is_err_and(|error| error.is_invalid_state()), !seen);
            if seen { Ok(()) } else { Ok(write_response(features, "no".into()).await?) }
        })
    })
    .await;
    for request in [
        client.get("/"),
        client.get("/").header("connection", "close"),
        client.get("/").header("connection", "upgrade").version(Version::HTTP_10),
        client.post("/").header("connection", "upgrade").body("x"),
    ] {
        request.send().await.unwrap().assert_status(200).assert_body("no").await;
    }
    for request in [client.get("/"), client.post("/").body("")] {
        request.header("connection", "upgrade").send().await.unwrap().assert_status(101);
    }
}

#[tokio::test]
async fn after_an_upgrade_the_response_cannot_be_written() {
    let (_server, client) = serve(|features| {
        Box::pin(async {
            let stream = upgrade(features).await?;
            assert!(write_response(features, "x".into()).await.unwrap_err().is_invalid_state());
            assert!(upgrade(features).await.is_err_and(|error| error.is_invalid_state()));
            let limit = features.required_mut::<dyn HttpMaxRequestBodySizeFeature>()?;
            assert!(limit.is_read_only());
            echo(stream).await
        })
    })
    .await;
    let end = client.get("/").upgrade().await.unwrap().close().await;
    assert!(end.error.is_none(), "{:?}", end.error);
}

#[tokio::test]
async fn an_error_after_an_upgrade_is_told_at_the_end() {
    let (_server, client) = serve(|features| {
        Box::pin(async {
            drop(upgrade(features).await?);
            Err("too late".into())
        })
    })
    .await;
    let mut stream = client.get("/").upgrade().await.unwrap();
    assert_eq!(stream.read(&mut [0]).await.unwrap(), 0);
    assert_eq!(stream.close().await.error.unwrap().to_string(), "too late");
}

#[tokio::test]
async fn dropping_an_upgraded_stream_fires_request_aborted_and_lets_the_application_end() {
    let (log, ended) = (Log::default(), Arc::new(Notify::new()));
    let (seen, told) = (log.clone(), Arc::clone(&ended));
    let (_server, client) = serve(move |features| {
        let (log, ended) = (log.clone(), Arc::clone(&ended));
        Box::pin(async move {
            let token = features.required::<dyn HttpRequestLifetimeFeature>()?.request_aborted();
            let stream = upgrade(features).await?;
            echo(stream).await?;
            token.cancelled().await;
            log.add("ends in order");
            ended.notify_one();
            Ok(())
        })
    })
    .await;
    drop(client.get("/").upgrade().await.unwrap());
    told.notified().await;
    assert_eq!(seen.events(), ["ends in order"]);
}

/// What an application does to accept an extended CONNECT.
async fn accept(features: &mut FeatureCollection) -> Result<Box<dyn DuplexStream>, FeatureError> {
    let head = features.required_mut::<dyn HttpResponseFeature>()?.begin()?;
    features.required_mut::<dyn HttpExtendedConnectFeature>()?.accept(head)?.await
}

#[tokio::test]
async fn an_extended_connect_carries_bytes_both_ways() {
    let (_server, client) = serve(|features| {
        Box::pin(async {
            let feature = features.required::<dyn HttpExtendedConnectFeature>()?;
            assert!(feature.is_extended_connect());
            assert_eq!(feature.protocol(), Some("websocket"));
            let stream = accept(features).await?;
            echo(stream).await
        })
    })
    .await;
    for version in [Version::HTTP_2, Version::HTTP_3] {
        let request = client.request(Method::CONNECT, "/chat").version(version).protocol("websocket");
        let mut stream = request.upgrade().await.unwrap();
        assert_eq!(stream.status(), StatusCode::OK);
        stream.write_all(b"x").await.unwrap();
        assert_eq!(stream.read_u8().await.unwrap(), b'x');
        assert!(stream.close().await.error.is_none());
    }
}

#[tokio::test]
async fn an_extended_connect_is_accepted_with_a_2xx_status_only() {
    let (_server, client) = serve(|features| {
        Box::pin(async {
            let feature = features.required_mut::<dyn HttpExtendedConnectFeature>()?;
            let head = falconry_features::ResponseHead { status: StatusCode::FOUND, ..Default::default() };
            assert!(feature.accept(Arc::new(head)).is_err_and(|error| error.is_invalid_state()));
            let response = features.required_mut::<dyn HttpResponseFeature>()?;
            Ok(response.set_status_code(StatusCode::FORBIDDEN)?)
        })
    })
    .await;
    let request = client.request(Method::CONNECT, "/chat").version(Version::HTTP_2).protocol("websocket");
    assert!(request.upgrade().await.unwrap_err().is_not_upgraded());
    let get = client.get("/").version(Version::HTTP_2);
    get.send().await.unwrap().assert_status(403);
}

/// Sends an interim response.
async fn inform(features: &mut FeatureCollection, status: u16) -> Result<(), FeatureError> {
    let headers = HeaderMap::from_iter([(http::header::LINK, HeaderValue::from_static("</style.css>"))]);
    let status = StatusCode::from_u16(status).unwrap();
    let feature = features.required_mut::<dyn HttpInformationalResponseFeature>()?;
    poll_fn(|cx| feature.poll_send(cx, status, &headers)).await
}

#[tokio::test]
async fn interim_responses_come_before_the_response() {
    let gate = Arc::new(Notify::new());
    let opened = Arc::clone(&gate);
    let (_server, client) = serve(move |features| {
        let gate = Arc::clone(&gate);
        Box::pin(async move {
            inform(features, 102).await?;
            inform(features, 103).await?;
            // The response waits for the client to have seen them.
            gate.notified().await;
            Ok(write_response(features, Bytes::from("body")).await?)
        })
    })
    .await;
    let seen = Arc::new(Mutex::new(Vec::new()));
    let noted = Arc::clone(&seen);
    let request = client.get("/").on_interim(move |interim| {
        assert_eq!(interim.headers["link"], "</style.css>");
        noted.lock().unwrap().push(interim.status.as_u16());
        if interim.status == 103 {
            opened.notify_one();
        }
    });
    let mut response = request.send().await.unwrap();
    response.assert_status(200).assert_body("body").await;
    assert_eq!(*seen.lock().unwrap(), [102, 103]);
    assert_eq!(
        response.interim().iter().map(|interim| interim.status.as_u16()).collect::<Vec<_>>(),
        [102, 103]
    );
}

#[tokio::test]
async fn an_interim_response_is_1xx_without_101_and_comes_before_the_start() {
    let (_server, client) = serve(|features| {
        Box::pin(async {
            for status in [101, 200, 404] {
                assert!(inform(features, status).await.unwrap_err().is_out_of_range());
            }
            write_response(features, "x".into()).await?;
            assert!(inform(features, 103).await.unwrap_err().is_invalid_state());
            Ok(())
        })
    })
    .await;
    let mut response = client.get("/").send().await.unwrap();
    response.assert_body("x").await;
    assert!(response.interim().is_empty());
}
