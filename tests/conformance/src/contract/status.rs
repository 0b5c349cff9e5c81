//! Routes about the status line.

use falconry::{HttpContext, Result};
use http::{HeaderMap, HeaderValue, Method, StatusCode, header};

use super::answer;

/// `/status/N`: status N, with a body where it may have one.
pub(super) async fn status(ctx: &mut HttpContext, number: &str) -> Result {
    let status = number.parse().ok().and_then(|number: u16| StatusCode::from_u16(number).ok());
    let Some(status) = status else {
        return answer(ctx, StatusCode::BAD_REQUEST, "a status is a number from 100 to 999\n").await;
    };
    let has_body = !status.is_informational()
        && !matches!(status, StatusCode::NO_CONTENT | StatusCode::RESET_CONTENT | StatusCode::NOT_MODIFIED);
    if has_body {
        return answer(ctx, status, format!("status {}\n", status.as_u16())).await;
    }
    ctx.response_mut().set_status(status)
}

/// `/early-hints`: 103 ahead of the answer, where the server can.
pub(super) async fn early_hints(ctx: &mut HttpContext) -> Result {
    let link = HeaderValue::from_static("</style.css>; rel=preload; as=style");
    let mut fields = HeaderMap::new();
    fields.insert(header::LINK, link.clone());
    ctx.response_mut().send_informational(StatusCode::EARLY_HINTS, fields).await?;
    ctx.response_mut().set_header(header::LINK, link)?;
    if ctx.request().method() == Method::HEAD {
        return Ok(());
    }
    answer(ctx, StatusCode::OK, "hinted\n").await
}
