//! A client of HTTP/2 for the conformance suite.

use std::{
    future::{Future, poll_fn},
    io,
    net::SocketAddr,
    sync::Arc,
    task::ready,
    time::Duration,
};

use bytes::Bytes;
use falconry_conformance::{Connection, Connector, Framing, Head, Request};
use falconry_features::{Server, ServerAddressesFeature};
use h2::{
    RecvStream, SendStream,
    client::{ResponseFuture, SendRequest},
};
use http::{
    HeaderMap, HeaderName, HeaderValue, Response, Uri,
    header::{CONNECTION, HOST},
};
use tokio::{net::TcpStream, runtime::Runtime, task::JoinHandle};

const TIMEOUT: Duration = Duration::from_secs(60);

/// Connects to a server that has started, over HTTP/2 in clear.
pub(crate) struct Http2 {
    server: Arc<dyn Server>,
    runtime: Arc<Runtime>,
}

impl Http2 {
    /// A way to `server`, which gets an address to bind.
    pub(crate) fn to(server: &Arc<dyn Server>, runtime: &Arc<Runtime>) -> Self {
        let addresses = server.features().get::<dyn ServerAddressesFeature>().expect("addresses");
        addresses.add("http://127.0.0.1:0").expect("the server has not started");
        Self { server: Arc::clone(server), runtime: Arc::clone(runtime) }
    }

    /// What its connections run on.
    pub(crate) fn runtime() -> Arc<Runtime> {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
        Arc::new(runtime.expect("a runtime"))
    }
}

/// A connection, and the last request on it.
struct Client {
    runtime: Arc<Runtime>,
    address: SocketAddr,
    requests: SendRequest<Bytes>,
    task: JoinHandle<()>,
    upload: Option<SendStream<Bytes>>,
    response: Option<ResponseFuture>,
    body: Option<RecvStream>,
    trailers: HeaderMap,
}

impl Connector for Http2 {
    fn connect(&self) -> io::Result<Box<dyn Connection>> {
        let addresses = self.server.features().get::<dyn ServerAddressesFeature>();
        let url = addresses.and_then(|addresses| addresses.addresses().into_iter().next());
        let url = url.ok_or(io::ErrorKind::NotConnected)?;
        let address: SocketAddr = url
            .trim_start_matches("http://")
            .trim_end_matches('/')
            .parse()
            .map_err(|_| io::ErrorKind::InvalidInput)?;
        let (requests, task) = wait(&self.runtime, async {
            let socket = TcpStream::connect(address).await?;
            socket.set_nodelay(true)?;
            let (requests, connection) = h2::client::handshake(socket).await.map_err(io::Error::other)?;
            Ok((requests, tokio::spawn(async move { drop(connection.await) })))
        })?;
        Ok(Box::new(Client {
            runtime: Arc::clone(&self.runtime),
            address,
            requests,
            task,
            upload: None,
            response: None,
            body: None,
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
                // What `Connection` says has no place in HTTP/2.
                fields.append(name, HeaderValue::try_from(value.as_str()).map_err(io::Error::other)?);
            }
        }
        if let Framing::Length(length) = request.framing {
            fields.insert("content-length", length.into());
        }
        let uri = Uri::builder().scheme("http").authority(authority).path_and_query(&*request.target);
        let mut built = http::Request::new(());
        *built.method_mut() = request.method.parse().map_err(io::Error::other)?;
        *built.uri_mut() = uri.build().map_err(io::Error::other)?;
        *built.version_mut() = http::Version::HTTP_2;
        *built.headers_mut() = fields;
        Ok(built)
    }
}

impl Connection for Client {
    fn send(&mut self, request: &Request) -> io::Result<()> {
        let has_body = !matches!(request.framing, Framing::None | Framing::Length(0));
        let request = self.request(request)?;
        let mut requests = self.requests.clone();
        let (response, upload) = wait(&self.runtime, async {
            poll_fn(|cx| requests.poll_ready(cx)).await.map_err(io_error)?;
            requests.send_request(request, !has_body).map_err(io_error)
        })?;
        self.upload = has_body.then_some(upload);
        self.response = Some(response);
        self.body = None;
        self.trailers = HeaderMap::new();
        Ok(())
    }

    fn send_data(&mut self, data: &[u8]) -> io::Result<()> {
        let upload = self.upload.as_mut().ok_or(io::ErrorKind::NotConnected)?;
        let mut data = Bytes::copy_from_slice(data);
        wait(&self.runtime, async {
            while !data.is_empty() {
                upload.reserve_capacity(data.len());
                let room = match upload.capacity() {
                    0 => poll_fn(|cx| upload.poll_capacity(cx)).await,
                    room => Some(Ok(room)),
                };
                let room = room.ok_or(io::ErrorKind::BrokenPipe)?.map_err(io_error)?;
                upload.send_data(data.split_to(room.min(data.len())), false).map_err(io_error)?;
            }
            Ok(())
        })
    }

    fn send_end(&mut self, trailers: &HeaderMap) -> io::Result<()> {
        let Some(mut upload) = self.upload.take() else { return Ok(()) };
        let sent = match trailers.is_empty() {
            true => upload.send_data(Bytes::new(), true),
            false => upload.send_trailers(trailers.clone()),
        };
        sent.map_err(io_error)
    }

    fn head(&mut self) -> io::Result<Head> {
        let mut response = self.response.take().ok_or(io::ErrorKind::NotConnected)?;
        let interim = wait(&self.runtime, async {
            poll_fn(|cx| response.poll_informational(cx)).await.transpose().map_err(io_error)
        })?;
        if let Some(interim) = interim {
            self.response = Some(response);
            return Ok(head(&interim));
        }
        let response = wait(&self.runtime, async { response.await.map_err(io_error) })?;
        let head = head(&response);
        self.body = Some(response.into_body());
        Ok(head)
    }

    fn data(&mut self) -> io::Result<Option<Bytes>> {
        let Some(body) = &mut self.body else { return Ok(None) };
        let data = wait(&self.runtime, async {
            poll_fn(|cx| {
                loop {
                    match ready!(body.poll_data(cx)) {
                        Some(Ok(data)) if data.is_empty() => {}
                        data => break data.transpose().into(),
                    }
                }
            })
            .await
            .map_err(io_error)
        })?;
        match data {
            Some(data) => {
                body.flow_control().release_capacity(data.len()).map_err(io_error)?;
                Ok(Some(data))
            }
            None => {
                let trailers = wait(&self.runtime, async {
                    poll_fn(|cx| body.poll_trailers(cx)).await.map_err(io_error)
                })?;
                self.trailers = trailers.unwrap_or_default();
                self.body = None;
                Ok(None)
            }
        }
    }

    fn trailers(&mut self) -> HeaderMap {
        std::mem::take(&mut self.trailers)
    }
}

impl Drop for Client {
    /// The socket goes with its task.
    fn drop(&mut self) {
        self.task.abort();
    }
}

fn head<B>(response: &Response<B>) -> Head {
    Head::new(response.status().as_u16(), "", response.headers().clone())
}

fn wait<T>(runtime: &Runtime, future: impl Future<Output = io::Result<T>>) -> io::Result<T> {
    runtime
        .block_on(async { tokio::time::timeout(TIMEOUT, future).await.map_err(|_| io::ErrorKind::TimedOut)? })
}

fn io_error(error: h2::Error) -> io::Error {
    io::Error::new(io::ErrorKind::ConnectionReset, error)
}
