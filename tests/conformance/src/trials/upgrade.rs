//! Leaving HTTP.

use std::future::poll_fn;

use falconry::HttpContext;
use falconry_features::{DuplexStream, HttpUpgradeFeature};
use http::{HeaderValue, header};

use crate::{
    Capability::*,
    connect::{Connection as _, Request},
    journal::Journal,
    runner::Trial,
    stage::{Running, Stage},
};

const AREA: &str = "upgrade";

pub(super) const TRIALS: &[Trial] = &[
    Trial::new(
        AREA,
        "an_upgrade_answers_101_with_the_applications_fields",
        "Status 101, `Connection: Upgrade` and the fields that the application set.",
        "RFC 9110 section 7.8",
        answers,
    )
    .needs(&[Upgrade]),
    Trial::new(
        AREA,
        "bytes_travel_both_ways_after_an_upgrade",
        "The stream is the raw connection.",
        "ASP.NET Core: IHttpUpgradeFeature.UpgradeAsync",
        both_ways,
    )
    .needs(&[Upgrade]),
    Trial::new(
        AREA,
        "large_data_travels_both_ways_after_an_upgrade",
        "The stream carries any amount of data.",
        "ASP.NET Core: IHttpUpgradeFeature.UpgradeAsync",
        large,
    )
    .needs(&[Upgrade]),
    Trial::new(
        AREA,
        "the_end_of_the_client_is_seen_after_an_upgrade",
        "Reading gives 0 when the peer has ended its side; the other side still works.",
        "falconry: DuplexStream",
        client_ends,
    )
    .needs(&[Upgrade]),
    Trial::new(
        AREA,
        "the_end_of_the_application_is_seen_after_an_upgrade",
        "A shutdown ends the application's side.",
        "falconry: DuplexStream",
        application_ends,
    )
    .needs(&[Upgrade]),
    Trial::new(
        AREA,
        "bytes_sent_with_the_request_are_not_lost",
        "What a client sends ahead belongs to the upgraded protocol.",
        "RFC 9110 section 7.8",
        sent_ahead,
    )
    .needs(&[Upgrade, Http1]),
    Trial::new(
        AREA,
        "starting_callbacks_run_before_an_upgrade",
        "A 101 is a response that starts.",
        "ASP.NET Core: IHttpUpgradeFeature.UpgradeAsync",
        starting,
    )
    .needs(&[Upgrade]),
    Trial::new(
        AREA,
        "a_plain_request_cannot_be_upgraded",
        "Without the upgrade option in Connection an upgrade is an error of the state.",
        "ASP.NET Core: IHttpUpgradeFeature.IsUpgradableRequest",
        plain,
    )
    .needs(&[Upgrade]),
    Trial::new(
        AREA,
        "a_request_with_a_body_cannot_be_upgraded",
        "A request with a body is processed normally with the upgrade ignored.",
        "ASP.NET Core: IHttpUpgradeFeature.IsUpgradableRequest",
        with_body,
    )
    .needs(&[Upgrade]),
    Trial::new(
        AREA,
        "an_upgrade_after_the_start_is_refused",
        "After the response has started an upgrade is an error of the state.",
        "ASP.NET Core: IHttpUpgradeFeature.UpgradeAsync",
        after_start,
    )
    .needs(&[Upgrade]),
    Trial::new(
        AREA,
        "a_second_upgrade_is_refused",
        "A connection is upgraded once.",
        "ASP.NET Core: IHttpUpgradeFeature.UpgradeAsync",
        twice,
    )
    .needs(&[Upgrade]),
    Trial::new(
        AREA,
        "the_response_cannot_be_written_after_an_upgrade",
        "Afterwards the ordinary response stream is an error of the state.",
        "ASP.NET Core: IHttpUpgradeFeature.UpgradeAsync",
        written,
    )
    .needs(&[Upgrade]),
    Trial::new(
        AREA,
        "an_upgradable_request_may_be_answered_plainly",
        "A server may ignore Upgrade, and the connection goes on.",
        "RFC 9110 section 7.8",
        ignored,
    )
    .needs(&[Upgrade]),
];

fn upgrading() -> Request {
    Request::get("/").field("connection", "Upgrade").field("upgrade", "test")
}

async fn read(stream: &mut Box<dyn DuplexStream>, buffer: &mut [u8]) -> std::io::Result<usize> {
    poll_fn(|cx| stream.poll_read(cx, buffer)).await
}

async fn write(stream: &mut Box<dyn DuplexStream>, mut data: &[u8]) -> std::io::Result<()> {
    while !data.is_empty() {
        let length = poll_fn(|cx| stream.poll_write(cx, data)).await?;
        data = &data[length..];
    }
    poll_fn(|cx| stream.poll_flush(cx)).await
}

async fn take_over(ctx: &mut HttpContext) -> falconry::Result<Box<dyn DuplexStream>> {
    ctx.response_mut().set_header(header::UPGRADE, "test")?;
    ctx.upgrade().await
}

/// Serves an application that takes the connection over and sends back what comes until it ends.
fn echoing(stage: &Stage) -> (Running, Journal<String>) {
    let seen = Journal::<String>::new();
    let server = stage.serve(&seen, |seen, ctx| {
        Box::pin(async move {
            ctx.response_mut().set_header("x-mine", "yes")?;
            let mut stream = take_over(ctx).await?;
            let mut buffer = vec![0; 8192];
            loop {
                match read(&mut stream, &mut buffer).await? {
                    0 => break,
                    length => write(&mut stream, &buffer[..length]).await?,
                }
            }
            seen.push("the end");
            write(&mut stream, b"bye").await?;
            Ok(poll_fn(|cx| stream.poll_shutdown(cx)).await?)
        })
    });
    (server, seen)
}

fn answers(stage: &Stage) {
    let (server, _) = echoing(stage);
    let mut client = server.client();
    client.begin(&upgrading());
    let head = client.head();
    assert_eq!(
        (head.status, head.field("upgrade").as_str(), head.field("x-mine").as_str()),
        (101, "test", "yes")
    );
    assert!(head.field("connection").eq_ignore_ascii_case("upgrade"), "{head:?}");
}

fn both_ways(stage: &Stage) {
    let (server, _) = echoing(stage);
    let mut client = server.client();
    client.begin(&upgrading());
    assert_eq!(client.head().status, 101);
    for piece in ["one", "\r\n\r\n", "GET / HTTP/1.1\r\n"] {
        client.send(piece.as_bytes());
        assert_eq!(client.read(piece.len()), piece.as_bytes());
    }
}

fn large(stage: &Stage) {
    let (server, _) = echoing(stage);
    let mut client = server.client();
    client.begin(&upgrading());
    assert_eq!(client.head().status, 101);
    let piece: Vec<u8> = (0..10_000_u32).map(|n| (n % 251) as u8).collect();
    for _ in 0..100 {
        client.send(&piece);
        assert!(client.read(piece.len()) == piece, "the bytes differ");
    }
}

fn client_ends(stage: &Stage) {
    let (server, seen) = echoing(stage);
    let mut client = server.client();
    client.begin(&upgrading());
    assert_eq!(client.head().status, 101);
    client.end();
    assert_eq!(seen.first(), "the end");
    assert_eq!(client.read(3), b"bye");
}

fn application_ends(stage: &Stage) {
    let server = stage.serve(&(), |(), ctx| {
        Box::pin(async move {
            let mut stream = take_over(ctx).await?;
            write(&mut stream, b"that was it").await?;
            Ok(poll_fn(|cx| stream.poll_shutdown(cx)).await?)
        })
    });
    let mut client = server.client();
    client.begin(&upgrading());
    assert_eq!(client.head().status, 101);
    assert_eq!(client.rest(), b"that was it");
}

fn sent_ahead(stage: &Stage) {
    let (server, _) = echoing(stage);
    let bytes = "GET / HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: test\r\n\r\nahead";
    let mut wire = server.wire_with(bytes, &["GET"]);
    assert_eq!(wire.head().expect("a response").status, 101);
    assert_eq!(wire.data().expect("what was sent ahead").as_deref(), Some(&b"ahead"[..]));
}

fn starting(stage: &Stage) {
    let server = stage.serve(&(), |(), ctx| {
        Box::pin(async move {
            ctx.response_mut().on_starting(|features| {
                Box::pin(async move {
                    let response = features.required_mut::<dyn falconry_features::HttpResponseFeature>()?;
                    response.headers_mut()?.insert("x-late", HeaderValue::from_static("yes"));
                    Ok(())
                })
            })?;
            take_over(ctx).await?;
            Ok(())
        })
    });
    let mut client = server.client();
    client.begin(&upgrading());
    let head = client.head();
    assert_eq!((head.status, head.field("x-late").as_str()), (101, "yes"));
}

/// Serves an application that notes whether `attempt` is refused as an error of the state.
fn assert_refused(stage: &Stage, request: &Request, body: &[u8]) {
    let seen = Journal::<bool>::new();
    let server = stage.serve(&seen, |seen, ctx| {
        Box::pin(async move {
            if ctx.request().path() == "/started" {
                ctx.response_mut().write("").await?;
            }
            let feature = ctx.features().required::<dyn HttpUpgradeFeature>()?;
            seen.push(ctx.request().path() == "/started" || !feature.is_upgradable_request());
            let refused = falconry_features::upgrade(ctx.features_mut()).await;
            seen.push(refused.is_err_and(|error| error.is_invalid_state()));
            let mut body = Vec::new();
            while let Some(data) = ctx.request_mut().read().await? {
                body.extend_from_slice(&data);
            }
            ctx.response_mut().write(body).await
        })
    });
    let response = server.client().exchange(request, body);
    assert_eq!(seen.wait(2), [true, true]);
    assert_eq!((response.status(), &response.body[..]), (200, body));
}

fn plain(stage: &Stage) {
    assert_refused(stage, &Request::get("/"), b"");
    assert_refused(stage, &Request::get("/").field("upgrade", "test"), b"");
}

fn with_body(stage: &Stage) {
    let request = Request { method: "POST".to_owned(), ..upgrading() };
    assert_refused(stage, &request.clone().length(5), b"hello");
    assert_refused(stage, &request.chunked(), b"hello");
}

fn after_start(stage: &Stage) {
    assert_refused(stage, &Request { target: "/started".to_owned(), ..upgrading() }, b"");
}

fn twice(stage: &Stage) {
    let seen = Journal::<bool>::new();
    let server = stage.serve(&seen, |seen, ctx| {
        Box::pin(async move {
            let _stream = take_over(ctx).await?;
            let again = falconry_features::upgrade(ctx.features_mut()).await;
            seen.push(again.is_err_and(|error| error.is_invalid_state()));
            Ok(())
        })
    });
    let mut client = server.client();
    client.begin(&upgrading());
    assert_eq!(client.head().status, 101);
    assert!(seen.first());
}

fn written(stage: &Stage) {
    let seen = Journal::<bool>::new();
    let server = stage.serve(&seen, |seen, ctx| {
        Box::pin(async move {
            let mut stream = take_over(ctx).await?;
            let written = falconry_features::write_response(ctx.features_mut(), "not HTTP".into()).await;
            seen.push(written.is_err_and(|error| error.is_invalid_state()));
            write(&mut stream, b"raw").await?;
            Ok(poll_fn(|cx| stream.poll_shutdown(cx)).await?)
        })
    });
    let mut client = server.client();
    client.begin(&upgrading());
    assert_eq!(client.head().status, 101);
    assert_eq!(client.rest(), b"raw");
    assert!(seen.first());
}

fn ignored(stage: &Stage) {
    let server =
        stage.serve(&(), |(), ctx| Box::pin(async move { ctx.response_mut().write("no, thanks").await }));
    let mut client = server.client();
    for _ in 0..2 {
        let response = client.exchange(&upgrading(), b"");
        assert_eq!((response.status(), response.text().as_str()), (200, "no, thanks"));
    }
}
