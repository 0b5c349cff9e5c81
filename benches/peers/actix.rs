//! actix-web, as its documentation serves it.

use std::{io, net::Ipv4Addr};

use actix_web::{
    App, Error, HttpServer,
    web::{self, Bytes, Payload},
};
use falconry_benches::{BIG, HELLO, WORKERS, announce};
use futures_util::StreamExt;

fn main() -> io::Result<()> {
    actix_web::rt::System::new().block_on(serve())
}

async fn serve() -> io::Result<()> {
    let server = HttpServer::new(|| {
        App::new()
            .route("/", web::get().to(async || HELLO))
            .route("/big", web::get().to(async || Bytes::from_static(&BIG)))
            .route("/upload", web::post().to(upload))
    })
    .workers(WORKERS)
    .bind((Ipv4Addr::LOCALHOST, 0))?;
    let address = server.addrs()[0];
    // Its listening socket is open already, so no connection is refused from now on.
    announce(address);
    server.run().await
}

async fn upload(mut body: Payload) -> Result<String, Error> {
    let mut length = 0;
    while let Some(data) = body.next().await {
        length += data?.len();
    }
    Ok(length.to_string())
}
