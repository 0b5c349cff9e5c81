//! What the running server offers, by level.
//!
//! ```text
//! cargo run --example features
//! curl http://localhost:5000
//! ```
//!
//! Another server or protocol offers other features: try `--server NAME` and an upgrade request.

use falconry::{FeatureCollection, HostError, HttpContext, Result, WebHost};

/// The server level is known as soon as the host is built; the others need a request.
#[tokio::main]
async fn main() -> Result<(), HostError> {
    let host = WebHost::builder().args(std::env::args()).build(answer)?;
    print!("{} offers\n{}", host.server_name(), level("server", host.features()));
    host.run_until_stopped().await
}

async fn answer(ctx: &mut HttpContext) -> Result<()> {
    let text = levels(ctx.features());
    print!("{} {}\n{text}", ctx.request().method(), ctx.request().path());
    ctx.response_mut().set_header("content-type", "text/plain")?;
    ctx.response_mut().write(text).await
}

/// A request's collection lies over that of its connection, and that over the server's.
fn levels(features: &FeatureCollection) -> String {
    let chain: Vec<_> =
        std::iter::successors(Some(features), |upper| upper.defaults().map(AsRef::as_ref)).collect();
    let name = |index| match index {
        0 => "request",
        last if last + 1 == chain.len() => "server",
        _ => "connection",
    };
    chain.iter().enumerate().rev().map(|(index, features)| level(name(index), features)).collect()
}

/// The own entries of one collection, sorted.
fn level(name: &str, features: &FeatureCollection) -> String {
    let mut names: Vec<_> = features.iter().take(features.own_len()).map(|entry| entry.name()).collect();
    names.sort_unstable();
    let lines: String = names.iter().map(|feature| format!("  {feature}\n")).collect();
    format!("{name}:\n{lines}")
}
