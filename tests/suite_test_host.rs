//! The conformance suite over the in-memory server.

use std::{
    collections::VecDeque,
    io,
    process::ExitCode,
    sync::{Arc, OnceLock},
    time::Duration,
};

use bytes::Bytes;
use falconry_conformance::{Capability, Connection, Connector, Framing, Head, Request, Subject};
use falconry_test_host::{
    BodySender, TestClient, TestError, TestResponse, TestServer, TestServerOptions, UpgradedStream,
};
use http::{HeaderMap, Method};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    runtime::Runtime,
    task::JoinHandle,
};

fn main() -> ExitCode {
    let subject = Subject::with_connector("test host", || {
        let options = TestServerOptions { answer_errors: true, ..TestServerOptions::default() };
        let server = TestServer::with_options(options).expect("the default base address is absolute");
        let connector = InMemory(server.client());
        (Arc::new(server), connector)
    });
    // It has no connections to keep, no bytes to look at, nothing to bind, and ends nothing at a stop.
    let subject = subject.with_all().without([
        Capability::KeepAlive,
        Capability::PersistentState,
        Capability::Heartbeat,
        Capability::Http1,
        Capability::ExpectContinue,
        Capability::EndpointInfo,
        Capability::Addresses,
        Capability::StartOnce,
        Capability::GracefulStop,
        Capability::StopDeadline,
    ]);
    falconry_conformance::run(subject).exit_code()
}

struct InMemory(TestClient);

impl Connector for InMemory {
    fn connect(&self) -> io::Result<Box<dyn Connection>> {
        Ok(Box::new(Call {
            client: self.0.clone(),
            sender: None,
            sending: None,
            heads: VecDeque::new(),
            response: None,
            upgraded: None,
            trailers: HeaderMap::new(),
        }))
    }
}

/// One request, which is to this server what a connection is to others.
struct Call {
    client: TestClient,
    sender: Option<BodySender>,
    sending: Option<JoinHandle<Result<TestResponse, TestError>>>,
    heads: VecDeque<Head>,
    response: Option<TestResponse>,
    upgraded: Option<UpgradedStream>,
    trailers: HeaderMap,
}

impl Connection for Call {
    fn send(&mut self, request: &Request) -> io::Result<()> {
        let method = Method::from_bytes(request.method.as_bytes()).map_err(io::Error::other)?;
        let mut builder = self.client.request(method, request.target.clone());
        for (name, value) in &request.fields {
            builder = builder.header(name.as_str(), value.as_str());
        }
        if let Framing::Length(length) = request.framing {
            builder = builder.header("content-length", length);
        }
        if request.framing != Framing::None {
            let (with_body, sender) = builder.streaming_body();
            (builder, self.sender) = (with_body, Some(sender));
        }
        self.sending = Some(runtime().spawn(builder.send()));
        Ok(())
    }

    fn send_data(&mut self, data: &[u8]) -> io::Result<()> {
        if let Some(stream) = &mut self.upgraded {
            return wait(stream.write_all(data))?;
        }
        match &mut self.sender {
            Some(sender) => wait(sender.send(Bytes::copy_from_slice(data)))?.map_err(io::Error::other),
            None => Err(io::Error::other("the request has no body")),
        }
    }

    fn send_end(&mut self, trailers: &HeaderMap) -> io::Result<()> {
        if let Some(stream) = &mut self.upgraded {
            return wait(stream.shutdown())?;
        }
        if let Some(sender) = self.sender.take() {
            sender.finish_with_trailers(trailers.clone());
        }
        Ok(())
    }

    fn head(&mut self) -> io::Result<Head> {
        if let Some(sending) = &mut self.sending {
            let response = wait(sending)?.map_err(io::Error::other)?;
            self.sending = None;
            let response = response.map_err(cut)?;
            for interim in response.interim() {
                self.heads.push_back(Head::new(interim.status.as_u16(), "", interim.headers.clone()));
            }
            let reason = response.reason().unwrap_or_default();
            self.heads.push_back(Head::new(response.status().as_u16(), reason, response.headers().clone()));
            if response.status() == 101 {
                self.upgraded = Some(response.upgraded().map_err(io::Error::other)?);
            } else {
                self.response = Some(response);
            }
        }
        self.heads.pop_front().ok_or_else(|| io::Error::other("no request has been sent"))
    }

    fn data(&mut self) -> io::Result<Option<Bytes>> {
        if let Some(stream) = &mut self.upgraded {
            let mut bytes = vec![0; 16 * 1024];
            let length = wait(stream.read(&mut bytes))??;
            bytes.truncate(length);
            return Ok((length > 0).then(|| bytes.into()));
        }
        let response = self.response.as_mut().ok_or_else(|| io::Error::other("there is no response"))?;
        match wait(response.data())?.transpose().map_err(cut)? {
            Some(data) => Ok(Some(data)),
            None => {
                self.trailers = wait(response.trailers())?.map_err(cut)?;
                Ok(None)
            }
        }
    }

    fn trailers(&mut self) -> HeaderMap {
        std::mem::take(&mut self.trailers)
    }
}

impl Drop for Call {
    fn drop(&mut self) {
        // The request is aborted with the future that sends it.
        if let Some(sending) = &self.sending {
            sending.abort();
        }
    }
}

/// The request ended before its response did.
fn cut(error: TestError) -> io::Error {
    io::Error::new(io::ErrorKind::UnexpectedEof, error)
}

fn wait<F: Future>(future: F) -> io::Result<F::Output> {
    let limited = runtime().block_on(async { tokio::time::timeout(Duration::from_secs(4), future).await });
    limited.map_err(|_| io::Error::new(io::ErrorKind::TimedOut, "nothing came from the server in time"))
}

fn runtime() -> &'static Runtime {
    static RUNTIME: OnceLock<Runtime> = OnceLock::new();
    RUNTIME.get_or_init(|| Runtime::new().expect("the system has threads for a runtime"))
}
