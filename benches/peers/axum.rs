//! axum, as its documentation serves it.

use std::{io, net::Ipv4Addr};

use axum::{
    Router,
    body::{Body, Bytes},
    http::StatusCode,
    routing::{get, post},
    serve::ListenerExt,
};
use falconry_benches::{BIG, HELLO, announce, runtime};
use http_body_util::BodyExt;
use tokio::net::TcpListener;

fn main() -> io::Result<()> {
    runtime().block_on(serve())
}

async fn serve() -> io::Result<()> {
    let routes = Router::new()
        .route("/", get(async || HELLO))
        .route("/big", get(async || Bytes::from_static(&BIG)))
        .route("/upload", post(upload));
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
    announce(listener.local_addr()?);
    let listener = listener.tap_io(|stream| {
        // A stream that cannot be set up still serves.
        let _ = stream.set_nodelay(true);
    });
    axum::serve(listener, routes).await
}

async fn upload(mut body: Body) -> Result<String, StatusCode> {
    let mut length = 0;
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|_| StatusCode::BAD_REQUEST)?;
        length += frame.data_ref().map_or(0, Bytes::len);
    }
    Ok(length.to_string())
}
