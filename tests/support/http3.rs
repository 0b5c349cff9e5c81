//! A client of HTTP/3 for the conformance suite.

use std::{future::poll_fn, io, net::SocketAddr, sync::Arc, time::Duration};

use bytes::{Buf as _, Bytes};
use falconry_conformance::{Connection, Connector, Framing, Head, Request};
use falconry_features::{Server, ServerAddressesFeature};
use h3::{
    client::{RequestStream, SendRequest},
    error::StreamError,
};
use http::{
    HeaderMap, HeaderName, HeaderValue, Uri,
    header::{CONNECTION, HOST},
};
use quinn::crypto::rustls::QuicClientConfig;
use rustls::{RootCertStore, pki_types::CertificateDer};
use tokio::runtime::Runtime;

const TIMEOUT: Duration = Duration::from_secs(60);

/// What the server's certificate is for.
pub(crate) const NAME: &str = "localhost";

/// Connects to a server that has started.
pub(crate) struct Http3 {
    server: Arc<dyn Server>,
    config: quinn::ClientConfig,
    runtime: Arc<Runtime>,
    sends_grease: bool,
}

impl Http3 {
    /// A way to `server`, whose first address is where it listens.
    pub(crate) fn to(server: &Arc<dyn Server>, config: &quinn::ClientConfig, runtime: &Arc<Runtime>) -> Self {
        Self {
            server: Arc::clone(server),
            config: config.clone(),
            runtime: Arc::clone(runtime),
            sends_grease: true,
        }
    }

    /// Sends no frames of reserved types (RFC 9114 section 7.2.8).
    #[allow(dead_code, reason = "for servers that do not pass them over")]
    pub(crate) fn without_grease(mut self) -> Self {
        self.sends_grease = false;
        self
    }

    /// What its connections run on: one thread, so that the end of a request without a body leaves together with its
    /// head, in [`Client::send`], and no packet goes in between.
    pub(crate) fn runtime() -> Arc<Runtime> {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build();
        Arc::new(runtime.expect("a runtime"))
    }

    /// For servers that have this certificate.
    pub(crate) fn config(certificate: &CertificateDer<'static>) -> quinn::ClientConfig {
        let mut roots = RootCertStore::empty();
        roots.add(certificate.clone()).expect("it is a certificate");
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let mut tls = rustls::ClientConfig::builder_with_provider(provider)
            .with_protocol_versions(&[&rustls::version::TLS13])
            .expect("the provider has TLS 1.3")
            .with_root_certificates(roots)
            .with_no_client_auth();
        tls.alpn_protocols = vec![b"h3".to_vec()];
        let quic = QuicClientConfig::try_from(tls).expect("the provider has what QUIC needs");
        quinn::ClientConfig::new(Arc::new(quic))
    }
}

/// A connection, and the last request on it.
struct Client {
    runtime: Arc<Runtime>,
    address: SocketAddr,
    quic: quinn::Connection,
    requests: SendRequest<h3_quinn::OpenStreams, Bytes>,
    upload: Option<Upload>,
    response: Option<Download>,
    trailers: HeaderMap,
}

type Upload = RequestStream<h3_quinn::SendStream<Bytes>, Bytes>;
type Download = RequestStream<h3_quinn::RecvStream, Bytes>;

impl Connector for Http3 {
    fn connect(&self) -> io::Result<Box<dyn Connection>> {
        let addresses = self.server.features().get::<dyn ServerAddressesFeature>();
        let url = addresses.and_then(|addresses| addresses.addresses().into_iter().next());
        let url = url.ok_or(io::ErrorKind::NotConnected)?;
        // Inside a native worker it is the host's address, whatever its scheme.
        let (_, address) = url.split_once("://").ok_or(io::ErrorKind::InvalidInput)?;
        let address: SocketAddr =
            address.trim_end_matches('/').parse().map_err(|_| io::ErrorKind::InvalidInput)?;
        let (quic, requests) = wait(&self.runtime, async {
            let mut endpoint = quinn::Endpoint::client(([127, 0, 0, 1], 0).into())?;
            endpoint.set_default_client_config(self.config.clone());
            let quic = endpoint.connect(address, NAME).map_err(io::Error::other)?.await?;
            let h3 = h3_quinn::Connection::new(quic.clone());
            let mut client = h3::client::builder();
            client.send_grease(self.sends_grease);
            let (mut connection, requests) = client.build(h3).await.map_err(io::Error::other)?;
            // It ends with the connection.
            tokio::spawn(async move { poll_fn(|cx| connection.poll_close(cx)).await });
            Ok((quic, requests))
        })?;
        Ok(Box::new(Client {
            runtime: Arc::clone(&self.runtime),
            address,
            quic,
            requests,
            upload: None,
            response: None,
            trailers: HeaderMap::new(),
        }))
    }
}

impl Client {
    fn request(&self, request: &Request) -> io::Result<http::Request<()>> {
        let mut authority = self.address.to_string();
        let mut fields = HeaderMap::new();
        for (name, value) in &request.fields {
            let name = HeaderName::try_from(name.as_str()).map_err(io::Error::other)?;
            if name == HOST {
                authority.clone_from(value);
            } else if name != CONNECTION {
                // What `Connection` says has no place in HTTP/3.
                fields.append(name, HeaderValue::try_from(value.as_str()).map_err(io::Error::other)?);
            }
        }
        if let Framing::Length(length) = request.framing {
            fields.insert("content-length", length.into());
        }
        let uri = Uri::builder().scheme("https").authority(authority).path_and_query(&*request.target);
        let mut built = http::Request::new(());
        *built.method_mut() = request.method.parse().map_err(io::Error::other)?;
        *built.uri_mut() = uri.build().map_err(io::Error::other)?;
        *built.version_mut() = http::Version::HTTP_3;
        *built.headers_mut() = fields;
        Ok(built)
    }
}

impl Connection for Client {
    fn send(&mut self, request: &Request) -> io::Result<()> {
        let has_body = !matches!(request.framing, Framing::None | Framing::Length(0));
        let request = self.request(request)?;
        let mut requests = self.requests.clone();
        let sent = self.runtime.spawn(async move {
            let mut stream = requests.send_request(request).await.map_err(io_error)?;
            if !has_body {
                // An error means that the server has ended the stream already; how shows in what it has sent.
                let _ = stream.finish().await;
            }
            Ok(stream.split())
        });
        let (upload, response) = wait(&self.runtime, async { sent.await.map_err(io::Error::other)? })?;
        self.upload = has_body.then_some(upload);
        self.response = Some(response);
        self.trailers = HeaderMap::new();
        Ok(())
    }

    fn send_data(&mut self, data: &[u8]) -> io::Result<()> {
        let upload = self.upload.as_mut().ok_or(io::ErrorKind::NotConnected)?;
        if data.is_empty() {
            return Ok(());
        }
        let data = Bytes::copy_from_slice(data);
        wait(&self.runtime, async { upload.send_data(data).await.map_err(io_error) })
    }

    fn send_end(&mut self, trailers: &HeaderMap) -> io::Result<()> {
        let Some(mut upload) = self.upload.take() else { return Ok(()) };
        wait(&self.runtime, async {
            if !trailers.is_empty() {
                upload.send_trailers(trailers.clone()).await.map_err(io_error)?;
            }
            upload.finish().await.map_err(io_error)
        })
    }

    /// h3 takes interim responses for responses: each call reads one head.
    fn head(&mut self) -> io::Result<Head> {
        let response = self.response.as_mut().ok_or(io::ErrorKind::NotConnected)?;
        let head = wait(&self.runtime, async { response.recv_response().await.map_err(io_error) })?;
        Ok(Head::new(head.status().as_u16(), "", head.headers().clone()))
    }

    fn data(&mut self) -> io::Result<Option<Bytes>> {
        let Some(response) = &mut self.response else { return Ok(None) };
        let data = wait(&self.runtime, async {
            let data = response.recv_data().await.map_err(io_error)?;
            Ok(data.map(|mut data| data.copy_to_bytes(data.remaining())))
        })?;
        if data.is_none() {
            let trailers = wait(&self.runtime, async { response.recv_trailers().await.map_err(io_error) })?;
            self.trailers = trailers.unwrap_or_default();
            self.response = None;
        }
        Ok(data)
    }

    fn trailers(&mut self) -> HeaderMap {
        std::mem::take(&mut self.trailers)
    }
}

impl Drop for Client {
    /// Other than a socket, QUIC tells the server that its client leaves.
    fn drop(&mut self) {
        self.quic.close(h3::error::Code::H3_NO_ERROR.value().try_into().unwrap_or_default(), b"");
    }
}

fn wait<T>(runtime: &Runtime, future: impl Future<Output = io::Result<T>>) -> io::Result<T> {
    runtime
        .block_on(async { tokio::time::timeout(TIMEOUT, future).await.map_err(|_| io::ErrorKind::TimedOut)? })
}

fn io_error(error: StreamError) -> io::Error {
    io::Error::new(io::ErrorKind::ConnectionReset, error)
}
