//! Routes that end before their time, or late.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use falconry::{HttpContext, Result};
use http::StatusCode;

use super::{answer, plain_text, query};
use crate::timer;

/// `/throw-late`: part of a body, then an error.
pub(super) async fn throw_late(ctx: &mut HttpContext) -> Result {
    plain_text(ctx)?;
    ctx.response_mut().write("the beginning of an answer\n").await?;
    ctx.response_mut().flush().await?;
    Err("thrown after the response started, as asked".into())
}

/// `/abort`: the connection or stream ends without an answer.
pub(super) fn abort(ctx: &mut HttpContext) -> Result {
    ctx.abort();
    Ok(())
}

/// `/wait`: an answer that takes its time.
pub(super) async fn wait(ctx: &mut HttpContext, aborted: &Arc<AtomicU64>) -> Result {
    let time = Duration::from_millis(query::number(ctx, "ms", 0)?);
    // A server may tell of the client's leaving by the token, or by dropping this future alone.
    let mut watch = Watch { aborted: Arc::clone(aborted), is_over: false };
    let client_left = ctx.request_aborted();
    if timer::timeout(time, client_left.cancelled()).await.is_some() {
        return Err("the client left".into());
    }
    watch.is_over = true;
    answer(ctx, StatusCode::OK, format!("waited {} ms\n", time.as_millis())).await
}

struct Watch {
    aborted: Arc<AtomicU64>,
    is_over: bool,
}

impl Drop for Watch {
    fn drop(&mut self) {
        if !self.is_over {
            self.aborted.fetch_add(1, Ordering::Relaxed);
        }
    }
}
