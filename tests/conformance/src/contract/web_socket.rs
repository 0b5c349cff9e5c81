//! `/ws`: WebSocket echo.

use falconry::{HttpContext, Result};
use http::StatusCode;

use super::answer;

/// Echoes messages; says 501 as long as nothing here speaks the WebSocket protocol.
pub(super) async fn echo(ctx: &mut HttpContext) -> Result {
    answer(ctx, StatusCode::NOT_IMPLEMENTED, "WebSockets are not supported here\n").await
}
