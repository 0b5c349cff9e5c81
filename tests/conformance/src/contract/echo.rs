//! Routes that send the request's body back while it comes.

use bytes::Bytes;
use falconry::{HttpContext, Result};
use falconry_features::HttpRequestTrailersFeature;
use http::{HeaderName, HeaderValue, header};
use sha2::{Digest, Sha256};

use super::{bodies::hex, plain_text};

/// `/echo`: three lines about the request, then its body.
pub(super) async fn echo(ctx: &mut HttpContext) -> Result {
    let request = ctx.request();
    let length = request.header("content-length").and_then(|length| length.parse::<u64>().ok());
    let length = length.map(|length| length.to_string()).unwrap_or_default();
    let preamble =
        format!("method={}\ntarget={}\nlength={length}\n\n", request.method(), request.raw_target());
    plain_text(ctx)?;
    ctx.response_mut().write(preamble).await?;
    send_back(ctx, |_| {}).await
}

/// `/trailers`: the body, then what it amounted to and the request's own trailers.
pub(super) async fn trailers(ctx: &mut HttpContext) -> Result {
    plain_text(ctx)?;
    announce_trailers(ctx)?;
    let mut count = 0;
    let mut digest = Sha256::new();
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

/// Writes the body piece by piece; waits for the client in both directions, so that no more than a
/// piece is ever held.
async fn send_back(ctx: &mut HttpContext, mut see: impl FnMut(&Bytes)) -> Result {
    while let Some(data) = ctx.request_mut().read().await? {
        see(&data);
        ctx.response_mut().write(data).await?;
    }
    Ok(())
}
