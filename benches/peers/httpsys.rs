//! The HTTP.sys server on the portable driver, in one process.

use std::{error::Error, net::TcpListener};

use bytes::Bytes;
use falconry::{HttpContext, Result, WebHost};
use falconry_benches::{BIG, HELLO, Listen, announce, runtime};
use falconry_httpsys::PortableDriver;
use falconry_kestrel::ServerCertificate;

fn main() -> Result<(), Box<dyn Error>> {
    runtime().block_on(serve())
}

async fn serve() -> Result<(), Box<dyn Error>> {
    let url = match Listen::from_command_line() {
        // On one port the client's first bytes say which protocol it speaks.
        Listen::Http1 | Listen::Http2 => "http://127.0.0.1:0".to_owned(),
        Listen::Tls { certificate, key } => {
            let certificate = ServerCertificate::pem_files(certificate, key);
            let driver = PortableDriver::of_process();
            driver.configure_https(None, move |https| https.server_certificate = Some(certificate.clone()));
            // Prefixes of https name their port.
            let port = TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
            format!("https://127.0.0.1:{port}")
        }
    };
    let builder = WebHost::builder().server_named("httpsys").urls(url).suppress_status_messages(true);
    let host = builder.build(answer)?;
    host.start().await?;
    let address = host.addresses().first().cloned().unwrap_or_default();
    let address = address.split("://").nth(1).unwrap_or_default();
    announce(address.trim_end_matches('/').parse()?);
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
