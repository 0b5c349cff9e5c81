//! An echo application that tells what it sees, on Kestrel and in memory.

use std::sync::{Arc, Mutex};

use falconry::{
    Handler, HostingApplication, HttpContext, Pipeline, Result, WebHost, WebSocketOptions, WebSockets,
    features::{BoxFuture, Deadline, Server, WebSocketAcceptContext},
};
use falconry_test_host::{TestClient, TestServer};
use tokio::{net::TcpStream, sync::Notify};

/// What the application saw. Clones share it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Events(Arc<Shared>);

#[derive(Debug, Default)]
struct Shared {
    events: Mutex<Vec<String>>,
    added: Notify,
}

impl Events {
    pub(crate) fn push(&self, event: impl Into<String>) {
        self.0.events.lock().unwrap().push(event.into());
        self.0.added.notify_waiters();
    }

    pub(crate) fn all(&self) -> Vec<String> {
        self.0.events.lock().unwrap().clone()
    }

    /// The first event that starts with `start`, as soon as there is one.
    pub(crate) async fn wait(&self, start: &str) -> String {
        loop {
            let added = self.0.added.notified();
            if let Some(event) = self.all().into_iter().find(|event| event.starts_with(start)) {
                return event;
            }
            added.await;
        }
    }
}

/// Echoes messages; 426 without a handshake.
#[derive(Clone, Debug, Default)]
pub(crate) struct Echo {
    pub(crate) context: WebSocketAcceptContext,
    pub(crate) events: Events,
}

impl Echo {
    async fn run(&self, ctx: &mut HttpContext) -> Result {
        let web_sockets = ctx.web_sockets();
        let is_request = if web_sockets.is_web_socket_request() { "True" } else { "False" };
        let requested = web_sockets.requested_protocols().join(",");
        self.events.push(format!("IsWebSocketRequest={is_request} requested=[{requested}]"));
        if !web_sockets.is_web_socket_request() {
            return web_sockets.require_upgrade().await;
        }
        let mut socket = web_sockets.accept(self.context.clone()).await?;
        loop {
            match socket.receive().await {
                Ok(Some(message)) => socket.send(message).await?,
                Ok(None) => {
                    let code = socket.close_received().and_then(|close| close.code());
                    self.events.push(format!("closed {code:?}"));
                    return Ok(());
                }
                Err(error) => {
                    self.events.push(format!("failed: {error}"));
                    return Ok(());
                }
            }
        }
    }
}

impl Handler for Echo {
    fn handle<'a>(&'a self, ctx: &'a mut HttpContext) -> BoxFuture<'a, Result> {
        Box::pin(self.run(ctx))
    }
}

pub(crate) fn pipeline(options: WebSocketOptions, handler: impl Handler) -> Pipeline {
    Pipeline::new().use_(WebSockets::new(options)).run(handler)
}

/// The application on Kestrel.
pub(crate) struct Site {
    pub(crate) host: WebHost,
}

impl Site {
    pub(crate) async fn start(options: WebSocketOptions, handler: impl Handler) -> Self {
        let builder = WebHost::builder().server_named("kestrel").urls("http://127.0.0.1:0");
        let mut options = options;
        options.stopping = Some(builder.lifetime().stopping().clone());
        let host = builder.suppress_status_messages(true).build(pipeline(options, handler)).unwrap();
        host.start().await.unwrap();
        Self { host }
    }

    pub(crate) async fn echo(options: WebSocketOptions) -> (Self, Events) {
        let echo = Echo::default();
        let events = echo.events.clone();
        (Self::start(options, echo).await, events)
    }

    pub(crate) fn address(&self) -> String {
        self.host.addresses()[0].trim_start_matches("http://").to_owned()
    }

    pub(crate) async fn connect(&self) -> TcpStream {
        TcpStream::connect(self.address()).await.unwrap()
    }

    pub(crate) async fn stop(self) {
        self.host.stop(Deadline::now()).await.unwrap();
    }
}

/// The application in memory.
pub(crate) async fn in_memory(options: WebSocketOptions, handler: impl Handler) -> (TestServer, TestClient) {
    let server = TestServer::new();
    let application = HostingApplication::new(pipeline(options, handler));
    server.start(Arc::new(application)).await.unwrap();
    let client = server.client();
    (server, client)
}
