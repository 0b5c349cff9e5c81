//! hyper alone: the yardstick.

use std::{convert::Infallible, error::Error, net::Ipv4Addr, path::Path, sync::Arc};

use bytes::Bytes;
use falconry_benches::{BIG, HELLO, Listen, announce, runtime};
use http_body_util::{BodyExt, Full};
use hyper::{
    Request, Response, StatusCode,
    body::Incoming,
    rt::{Read, Write},
    server::conn::{http1, http2},
    service::service_fn,
};
use hyper_util::rt::{TokioExecutor, TokioIo};
use rustls::{
    ServerConfig,
    pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject},
};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;

fn main() -> Result<(), Box<dyn Error>> {
    runtime().block_on(serve(Listen::from_command_line()))
}

async fn serve(listen: Listen) -> Result<(), Box<dyn Error>> {
    let tls = match &listen {
        Listen::Http1 | Listen::Http2 => None,
        Listen::Tls { certificate, key } => Some(acceptor(certificate, key)?),
    };
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
    announce(listener.local_addr()?);
    loop {
        let (stream, _) = listener.accept().await?;
        stream.set_nodelay(true)?;
        let tls = tls.clone();
        let is_http2 = listen == Listen::Http2;
        tokio::spawn(async move {
            match tls {
                None if is_http2 => serve_http2(TokioIo::new(stream)).await,
                None => serve_http1(TokioIo::new(stream)).await,
                Some(tls) => {
                    let Ok(stream) = tls.accept(stream).await else { return };
                    match stream.get_ref().1.alpn_protocol() {
                        Some(b"h2") => serve_http2(TokioIo::new(stream)).await,
                        _ => serve_http1(TokioIo::new(stream)).await,
                    }
                }
            }
        });
    }
}

/// As Kestrel sets rustls up.
fn acceptor(certificate: &Path, key: &Path) -> Result<TlsAcceptor, Box<dyn Error>> {
    let chain = CertificateDer::pem_file_iter(certificate)?.collect::<Result<Vec<_>, _>>()?;
    let key = PrivateKeyDer::from_pem_file(key)?;
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let mut config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .with_no_client_auth()
        .with_single_cert(chain, key)?;
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Ok(TlsAcceptor::from(Arc::new(config)))
}

async fn serve_http1(stream: impl Read + Write + Unpin) {
    // A client that goes away in the middle of a request is no failure here.
    let _ = http1::Builder::new().pipeline_flush(true).serve_connection(stream, service_fn(answer)).await;
}

async fn serve_http2(stream: impl Read + Write + Unpin) {
    // As above.
    let _ = http2::Builder::new(TokioExecutor::new()).serve_connection(stream, service_fn(answer)).await;
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
