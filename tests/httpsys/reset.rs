//! What HTTP/2 has beside the suite: reset, trailers that may not be, GOAWAY.

use std::future::poll_fn;

use falconry::{HttpContext, Result};
use falconry_features::{HttpResetFeature, HttpResponseTrailersFeature, request_close};
use http::HeaderValue;
use tokio::net::TcpStream;

use crate::support::{LIMIT, Site};

async fn app(ctx: &mut HttpContext) -> Result {
    match ctx.request().path() {
        "/reset" => {
            ctx.features().required::<dyn HttpResetFeature>()?.reset(8);
            Ok(())
        }
        "/trailer" => {
            ctx.response_mut().write("body").await?;
            let trailers = ctx.features_mut().required_mut::<dyn HttpResponseTrailersFeature>()?;
            trailers.trailers_mut()?.insert("content-length", HeaderValue::from_static("4"));
            Ok(())
        }
        "/close" => {
            request_close(ctx.features_mut());
            ctx.response_mut().write("last").await
        }
        _ => ctx.response_mut().write("hello").await,
    }
}

/// The status of each answer, or the code of its stream's reset.
fn outcomes(targets: &'static [&'static str]) -> Vec<Result<u16, u32>> {
    let site = Site::new();
    let server = site.serve(&["http://127.0.0.1:0/"], |_| {}, app);
    let address = server.address();
    server.wait(async move {
        let socket = TcpStream::connect(address).await.expect("a connection");
        let (mut requests, connection) = h2::client::handshake(socket).await.expect("HTTP/2");
        let connection = tokio::spawn(connection);
        let mut outcomes = Vec::new();
        for target in targets {
            let request = http::Request::get(format!("http://x{target}")).body(()).expect("a request");
            poll_fn(|cx| requests.poll_ready(cx)).await.expect("a stream");
            let (response, _) = requests.send_request(request, true).expect("it is sent");
            outcomes.push(outcome(response).await);
        }
        if targets.contains(&"/close") {
            tokio::time::timeout(LIMIT, connection)
                .await
                .expect("a GOAWAY")
                .expect("no panic")
                .expect("an end");
        }
        outcomes
    })
}

async fn outcome(response: h2::client::ResponseFuture) -> Result<u16, u32> {
    let code = |error: h2::Error| error.reason().map_or(u32::MAX, u32::from);
    let response = response.await.map_err(code)?;
    let status = response.status().as_u16();
    let mut body = response.into_body();
    while let Some(data) = body.data().await {
        let length = data.map_err(code)?.len();
        body.flow_control().release_capacity(length).map_err(code)?;
    }
    Ok(status)
}

#[test]
fn a_reset_carries_its_code_and_leaves_the_connection() {
    assert_eq!(outcomes(&["/reset", "/"]), [Err(8), Ok(200)]);
}

#[test]
fn a_trailer_that_may_not_be_is_an_error_of_the_application() {
    // Nothing has been sent by then: it can still be answered, or the stream ends by INTERNAL_ERROR.
    let outcome = outcomes(&["/trailer", "/"]);
    assert!(matches!(outcome[0], Ok(500) | Err(2)), "{outcome:?}");
    assert_eq!(outcome[1], Ok(200));
}

#[test]
fn an_application_that_closes_sends_the_client_away() {
    assert_eq!(outcomes(&["/", "/close"]), [Ok(200), Ok(200)]);
}
