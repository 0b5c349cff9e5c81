//! The smallest program: `cargo run --example hello`, then `curl http://localhost:5000`.

use falconry::{HostError, HttpContext, Result, WebHost};

async fn hello(ctx: &mut HttpContext) -> Result<()> {
    ctx.response_mut().write("Hello World!").await
}

#[tokio::main]
async fn main() -> Result<(), HostError> {
    WebHost::run(hello).await
}
