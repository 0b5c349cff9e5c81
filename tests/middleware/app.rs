//! An application that tells what it sees, in memory.

use std::{
    net::IpAddr,
    sync::{Arc, Mutex},
};

use falconry::{
    HostingApplication, HttpContext, Middleware, Pipeline, Result, WebHostBuilder,
    features::{
        HttpMaxRequestBodySizeFeature, HttpUpgradeFeature, PlainConnection, Server, TlsConnectionFeature,
    },
};
use falconry_test_host::{TestClient, TestServer, TestServerOptions};
use http::HeaderMap;

/// What the application saw of a request.
#[derive(Clone, Debug, Default)]
pub(crate) struct Seen {
    pub(crate) method: String,
    pub(crate) scheme: String,
    pub(crate) host: String,
    /// `address|port`
    pub(crate) remote: String,
    pub(crate) path_base: String,
    pub(crate) path: String,
    pub(crate) headers: HeaderMap,
    pub(crate) max_body: Option<u64>,
    pub(crate) is_tls: bool,
    pub(crate) certificate: Option<Vec<u8>>,
    pub(crate) can_upgrade: bool,
}

impl Seen {
    fn of(ctx: &HttpContext) -> Self {
        let request = ctx.request();
        let connection = ctx.connection();
        let address = connection.and_then(|connection| connection.remote_ip_address());
        let address = address.map_or_else(|| "null".to_owned(), |address| address.to_string());
        let tls = ctx.features().get::<dyn TlsConnectionFeature>();
        let limit = ctx.features().get::<dyn HttpMaxRequestBodySizeFeature>();
        Self {
            method: request.method().to_string(),
            scheme: request.scheme().to_owned(),
            host: request.host().to_owned(),
            remote: format!("{address}|{}", connection.map_or(0, |connection| connection.remote_port())),
            path_base: request.path_base().to_owned(),
            path: request.path().to_owned(),
            headers: request.headers().clone(),
            max_body: limit.and_then(HttpMaxRequestBodySizeFeature::max_request_body_size),
            is_tls: tls.is_some(),
            certificate: tls
                .and_then(TlsConnectionFeature::client_certificate)
                .map(|certificate| certificate.der().to_vec()),
            can_upgrade: ctx.features().contains::<dyn HttpUpgradeFeature>(),
        }
    }

    /// The values of a field, `||` between lines; `None` if there is none.
    pub(crate) fn header(&self, name: &str) -> Option<String> {
        let values = self.headers.get_all(name).iter();
        let values: Vec<_> = values.map(|value| String::from_utf8_lossy(value.as_bytes())).collect();
        (!values.is_empty()).then(|| values.join(" || "))
    }
}

/// Where the application leaves what it saw last. Clones share it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Witness(Arc<Mutex<Option<Seen>>>);

impl Witness {
    /// What was seen since the last call.
    pub(crate) fn take(&self) -> Option<Seen> {
        self.0.lock().unwrap().take()
    }

    /// A handler that answers 200 and leaves here what it saw.
    pub(crate) fn handler(&self) -> impl falconry::Handler + use<> {
        falconry::with_state(self.clone(), note)
    }
}

async fn note(witness: &Witness, ctx: &mut HttpContext) -> Result {
    *witness.0.lock().unwrap() = Some(Seen::of(ctx));
    ctx.response_mut().write("seen").await
}

/// The application behind one middleware.
pub(crate) async fn behind(middleware: impl Middleware) -> (TestServer, TestClient, Witness) {
    let options = TestServerOptions {
        base_address: "http://orig.example/".parse().unwrap(),
        ..TestServerOptions::default()
    };
    let server = TestServer::with_options(options).unwrap();
    let witness = Witness::default();
    let pipeline = Pipeline::new().use_(middleware).run(witness.handler());
    server.start(Arc::new(HostingApplication::new(pipeline))).await.unwrap();
    let client = server.client();
    (server, client, witness)
}

/// The application on a host with this environment and nothing of the process's own.
pub(crate) fn builder<'a>(
    variables: impl IntoIterator<Item = (&'a str, &'a str)>,
) -> (WebHostBuilder, TestClient) {
    let server = TestServer::new();
    let client = server.client();
    let builder = falconry::WebHost::builder().environment_variables(variables);
    let builder = builder.content_root(env!("CARGO_TARGET_TMPDIR")).suppress_status_messages(true);
    (builder.server(server), client)
}

/// A connection from this address.
pub(crate) fn from(address: &str, port: u16) -> PlainConnection {
    let address: IpAddr = address.parse().unwrap();
    PlainConnection { remote_ip_address: Some(address), remote_port: port, ..PlainConnection::default() }
}
