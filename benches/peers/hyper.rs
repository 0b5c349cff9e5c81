//! hyper alone: the yardstick.

use std::{convert::Infallible, io, net::Ipv4Addr};

use bytes::Bytes;
use falconry_benches::{BIG, HELLO, announce, runtime};
use http_body_util::{BodyExt, Full};
use hyper::{Request, Response, StatusCode, body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::TokioIo;
use tokio::net::TcpListener;

fn main() -> io::Result<()> {
    runtime().block_on(serve())
}

async fn serve() -> io::Result<()> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
    announce(listener.local_addr()?);
    loop {
        let (stream, _) = listener.accept().await?;
        stream.set_nodelay(true)?;
        tokio::spawn(async move {
            let service = service_fn(answer);
            // A client that goes away in the middle of a request is no failure here.
            let _ = http1::Builder::new()
                .pipeline_flush(true)
                .serve_connection(TokioIo::new(stream), service)
                .await;
        });
    }
}

async fn answer(request: Request<Incoming>) -> Result<Response<Full<Bytes>>, Infallible> {
    let body = match request.uri().path() {
        "/" => Bytes::from_static(HELLO.as_bytes()),
        "/big" => Bytes::from_static(&BIG),
        "/upload" => return Ok(upload(request.into_body()).await),
        _ => return Ok(status(StatusCode::NOT_FOUND)),
    };
    Ok(Response::new(Full::new(body)))
}

async fn upload(mut body: Incoming) -> Response<Full<Bytes>> {
    let mut length = 0;
    while let Some(frame) = body.frame().await {
        match frame {
            Ok(frame) => length += frame.data_ref().map_or(0, Bytes::len),
            Err(_) => return status(StatusCode::BAD_REQUEST),
        }
    }
    Response::new(Full::from(length.to_string()))
}

fn status(status: StatusCode) -> Response<Full<Bytes>> {
    let mut response = Response::default();
    *response.status_mut() = status;
    response
}
