//! Kestrel, with its defaults: limits, timeouts and checks are on.

use std::error::Error;

use bytes::Bytes;
use falconry::{HttpContext, Result, WebHost};
use falconry_benches::{BIG, HELLO, Listen, announce, runtime};

fn main() -> Result<(), Box<dyn Error>> {
    runtime().block_on(serve())
}

async fn serve() -> Result<(), Box<dyn Error>> {
    let mut builder = WebHost::builder().server_named("kestrel").suppress_status_messages(true);
    builder = match Listen::from_command_line() {
        // On one port the client's first bytes say which.
        Listen::Http1 | Listen::Http2 => builder.urls("http://127.0.0.1:0"),
        Listen::Tls { certificate, key } => builder
            .setting("Kestrel:Endpoints:Tls:Url", "https://127.0.0.1:0")
            .setting("Kestrel:Endpoints:Tls:Certificate:Path", certificate.to_string_lossy())
            .setting("Kestrel:Endpoints:Tls:Certificate:KeyPath", key.to_string_lossy()),
    };
    let host = builder.build(answer)?;
    host.start().await?;
    let address = host.addresses().first().cloned().unwrap_or_default();
    announce(address.rsplit('/').next().unwrap_or_default().parse()?);
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
