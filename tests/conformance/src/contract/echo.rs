//! Routes that send the request's body back while it comes.

use std::{
    future::poll_fn,
    pin::Pin,
    task::{Context, Poll},
};

use bytes::Bytes;
use falconry::{HttpContext, Result};
use falconry_features::{BoxError, HttpRequestTrailersFeature};
use http::{HeaderName, HeaderValue, header};
use http_body::Body;
use sha2::{Digest, Sha256};

use super::{bodies::hex, plain_text};

/// How much of a body is read before the response starts, at most.
const READ_AHEAD: usize = 16 * 1024;

/// `/echo`: three lines about the request, then its body.
pub(super) async fn echo(ctx: &mut HttpContext) -> Result {
    let request = ctx.request();
    let length = request.header("content-length").unwrap_or_default();
    let preamble =
        format!("method={}\ntarget={}\nlength={length}\n\n", request.method(), request.raw_target());
    plain_text(ctx)?;
    let early = read_what_is_here(ctx).await?;
    ctx.response_mut().write(preamble).await?;
    for data in early {
        ctx.response_mut().write(data).await?;
    }
    send_back(ctx, |_| {}).await
}

/// `/trailers`: the body, then what it amounted to and the request's own trailers.
pub(super) async fn trailers(ctx: &mut HttpContext) -> Result {
    plain_text(ctx)?;
    announce_trailers(ctx)?;
    let mut count = 0;
    let mut digest = Sha256::new();
    let early = read_what_is_here(ctx).await?;
    for data in early {
        count += data.len();
        digest.update(&data);
        ctx.response_mut().write(data).await?;
    }
    send_back(ctx, |data| {
        count += data.len();
        digest.update(data);
    })
    .await?;
    let received = match ctx.features().get::<dyn HttpRequestTrailersFeature>() {
        Some(feature) if feature.available() => feature.trailers()?,
        _ => http::HeaderMap::new(),
    };
    let mut response = ctx.response_mut();
    let Some(feature) = response.trailers() else { return Ok(()) };
    let trailers = feature.trailers_mut()?;
    trailers.insert("x-count", HeaderValue::from(count));
    trailers.insert("x-sha256", HeaderValue::from_str(&hex(digest))?);
    for (name, value) in &received {
        trailers.append(HeaderName::try_from(format!("x-echo-{name}"))?, value.clone());
    }
    Ok(())
}

/// HTTP/1.1 wants the names of the trailers ahead of them (RFC 9110 section 6.6.2).
fn announce_trailers(ctx: &mut HttpContext) -> Result {
    let mut names = "x-count, x-sha256".to_owned();
    for value in ctx.request().headers().get_all(header::TRAILER) {
        for name in value.to_str().unwrap_or_default().split(',').map(str::trim) {
            if let Ok(name) = HeaderName::try_from(format!("x-echo-{name}")) {
                names.push_str(", ");
                names.push_str(name.as_str());
            }
        }
    }
    ctx.response_mut().set_header(header::TRAILER, names)
}

/// Writes the rest of the body piece by piece; waits for the client in both directions, so that no
/// more than a piece is ever held.
async fn send_back(ctx: &mut HttpContext, mut see: impl FnMut(&Bytes)) -> Result {
    if ctx.request_mut().body().is_end_stream() {
        return Ok(());
    }
    ctx.response_mut().flush().await?;
    while let Some(data) = ctx.request_mut().read().await? {
        see(&data);
        let mut response = ctx.response_mut();
        response.write(data).await?;
        response.flush().await?;
    }
    Ok(())
}

/// Reads what the client has already sent, before the response starts: a malformed body can then
/// still be refused, and a client that waits for `100 Continue` gets it.
async fn read_what_is_here(ctx: &mut HttpContext) -> Result<Vec<Bytes>> {
    let mut read = Vec::new();
    let mut length = 0;
    if ctx.request().headers().contains_key(header::EXPECT)
        && let Some(data) = ctx.request_mut().read().await?
    {
        length += data.len();
        read.push(data);
    }
    let mut passes = 0;
    while length < READ_AHEAD {
        match poll_fn(|cx| Poll::Ready(poll_data(ctx, cx))).await {
            Poll::Ready(None) => break,
            Poll::Ready(Some(data)) => {
                let data = data?;
                length += data.len();
                read.push(data);
                passes = 0;
            }
            // A server may need a turn to parse what lies in its buffer.
            Poll::Pending if passes < 2 => {
                passes += 1;
                give_way().await;
            }
            Poll::Pending => break,
        }
    }
    Ok(read)
}

fn poll_data(ctx: &mut HttpContext, cx: &mut Context<'_>) -> Poll<Option<Result<Bytes, BoxError>>> {
    let mut request = ctx.request_mut();
    loop {
        match Pin::new(request.body()).poll_frame(cx) {
            Poll::Ready(Some(Ok(frame))) => {
                if let Ok(data) = frame.into_data() {
                    return Poll::Ready(Some(Ok(data)));
                }
            }
            Poll::Ready(Some(Err(error))) => return Poll::Ready(Some(Err(error))),
            Poll::Ready(None) => return Poll::Ready(None),
            Poll::Pending => return Poll::Pending,
        }
    }
}

/// Lets the server work before this future goes on.
async fn give_way() {
    let mut is_first = true;
    poll_fn(|cx| {
        if std::mem::take(&mut is_first) {
            cx.waker().wake_by_ref();
            Poll::Pending
        } else {
            Poll::Ready(())
        }
    })
    .await;
}
