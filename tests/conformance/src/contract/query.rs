//! Numbers in the query of a request.

use falconry::{HttpContext, Result};
use falconry_features::BadHttpRequestError;
use http::StatusCode;

/// The number called `name` in the query, or `default`; what is no number is a bad request.
pub(super) fn number(ctx: &HttpContext, name: &str, default: u64) -> Result<u64> {
    let query = ctx.request().query_string();
    let value = query
        .trim_start_matches('?')
        .split('&')
        .filter_map(|pair| pair.split_once('='))
        .find_map(|(key, value)| (key == name).then_some(value));
    match value {
        Some(value) => value.parse().map_err(|_| {
            let message = format!("{name} in the query is {value:?}; it must be a number");
            BadHttpRequestError::new(StatusCode::BAD_REQUEST, message).into()
        }),
        None => Ok(default),
    }
}
