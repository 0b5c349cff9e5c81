//! Full-duplex echo: the answer begins at once, and each piece goes back while the client still sends.
//!
//! ```text
//! cargo run --example echo_stream
//! curl --no-buffer --http1.1 -T - http://localhost:5000     # then type
//! ```
//!
//! At no time is more than one piece held: a client that does not read makes `write` wait, which makes
//! the client wait in turn.

use falconry::{HostError, HttpContext, Result, WebHost};

#[tokio::main]
async fn main() -> Result<(), HostError> {
    WebHost::builder().args(std::env::args()).run(echo).await
}

async fn echo(ctx: &mut HttpContext) -> Result {
    ctx.response_mut().set_header("content-type", "application/octet-stream")?;
    ctx.response_mut().flush().await?;
    while let Some(piece) = ctx.request_mut().read().await? {
        let mut response = ctx.response_mut();
        response.write(piece).await?;
        response.flush().await?;
    }
    Ok(())
}
