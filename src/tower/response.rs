//! The answer of a service on its way to the client.

use std::{future::poll_fn, pin::pin, task::Poll};

use bytes::Buf;
use falconry_features::BoxError;
use http::{
    HeaderMap, Method, StatusCode,
    header::{CONTENT_LENGTH, TRANSFER_ENCODING},
};
use http_body::Body;

use super::Unsupported;
use crate::{HttpContext, Result};

/// Sends head, data and trailers.
pub(super) async fn send<B>(ctx: &mut HttpContext, response: http::Response<B>) -> Result
where
    B: Body + Send,
    B::Data: Send,
    B::Error: Into<BoxError> + Send,
{
    let (head, body) = response.into_parts();
    if head.status == StatusCode::SWITCHING_PROTOCOLS {
        return Err(
            Unsupported("a service behind falconry's tower adapter cannot upgrade the connection").into()
        );
    }
    let length = body.size_hint().exact().filter(|_| may_say_length(ctx, head.status, &head.headers));
    let mut answer = ctx.response_mut();
    answer.set_status(head.status)?;
    *answer.headers_mut()? = head.headers;
    if let Some(length) = length {
        answer.headers_mut()?.insert(CONTENT_LENGTH, length.into());
    }
    copy(ctx, body).await
}

/// A length of 0 is left to the server: it knows the cases in which there is none to say.
fn may_say_length(ctx: &HttpContext, status: StatusCode, headers: &HeaderMap) -> bool {
    let has_body = ctx.request().method() != Method::HEAD
        && !status.is_informational()
        && !matches!(status, StatusCode::NO_CONTENT | StatusCode::RESET_CONTENT | StatusCode::NOT_MODIFIED);
    has_body && !headers.contains_key(CONTENT_LENGTH) && !headers.contains_key(TRANSFER_ENCODING)
}

async fn copy<B>(ctx: &mut HttpContext, body: B) -> Result
where
    B: Body + Send,
    B::Data: Send,
    B::Error: Into<BoxError> + Send,
{
    let mut body = pin!(body);
    // The head, too, waits for a flush.
    let mut is_flushed = false;
    while !body.is_end_stream() {
        let at_hand = poll_fn(|cx| Poll::Ready(body.as_mut().poll_frame(cx))).await;
        let frame = match at_hand {
            Poll::Ready(frame) => frame,
            Poll::Pending => {
                if !std::mem::replace(&mut is_flushed, true) {
                    ctx.response_mut().flush().await?;
                }
                poll_fn(|cx| body.as_mut().poll_frame(cx)).await
            }
        };
        let Some(frame) = frame.transpose().map_err(Into::into)? else { break };
        match frame.into_data() {
            Ok(mut data) => {
                is_flushed = false;
                ctx.response_mut().write(data.copy_to_bytes(data.remaining())).await?;
            }
            Err(frame) => {
                if let Ok(trailers) = frame.into_trailers() {
                    set_trailers(ctx, trailers)?;
                }
            }
        }
    }
    Ok(())
}

/// Trailers that the client or the protocol cannot take are left out, as by every server.
fn set_trailers(ctx: &mut HttpContext, trailers: HeaderMap) -> Result {
    if let Some(feature) = ctx.response_mut().trailers() {
        feature.trailers_mut()?.extend(trailers);
    }
    Ok(())
}
