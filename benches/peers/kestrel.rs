//! Kestrel, with its defaults: limits, timeouts and checks are on.

use std::error::Error;

use bytes::Bytes;
use falconry::{HttpContext, Result, WebHost};
use falconry_benches::{BIG, HELLO, announce, runtime};

fn main() -> Result<(), Box<dyn Error>> {
    runtime().block_on(serve())
}

async fn serve() -> Result<(), Box<dyn Error>> {
    let host = WebHost::builder()
        .server_named("kestrel")
        .urls("http://127.0.0.1:0")
        .suppress_status_messages(true)
        .build(answer)?;
    host.start().await?;
    let address = host.addresses().first().cloned().unwrap_or_default();
    announce(address.trim_start_matches("http://").parse()?);
    std::future::pending().await
}

async fn answer(ctx: &mut HttpContext) -> Result {
    match ctx.request().path() {
        "/" => ctx.response_mut().write(HELLO).await,
        "/big" => ctx.response_mut().write(Bytes::from_static(&BIG)).await,
        "/upload" => {
            let mut length = 0;
            while let Some(data) = ctx.request_mut().read().await? {
                length += data.len();
            }
            ctx.response_mut().write(length.to_string()).await
        }
        _ => ctx.response_mut().set_status(404),
    }
}
