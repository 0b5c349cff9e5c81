//! The contract app, with a page and a place to report to.

use std::{
    collections::BTreeSet,
    sync::{Arc, Mutex},
    time::Duration,
};

use falconry::{
    HttpContext, Middleware, Next, Pipeline, Result, WebHost,
    features::{BoxFuture, Deadline},
};
use falconry_conformance::contract;
use falconry_kestrel::HttpProtocols;
use serde_json::Value;
use tokio::{
    sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel},
    time::timeout,
};

use crate::certificates::{Authority, Pair};

/// Long enough for a browser on a busy machine; a test that needs it has failed.
const PATIENCE: Duration = Duration::from_secs(60);

const PAGE: &str = include_str!("page.html");

/// A running Kestrel.
pub(crate) struct Site {
    pub(crate) port: u16,
    pub(crate) certificate: Pair,
    witness: Witness,
    reports: tokio::sync::Mutex<UnboundedReceiver<String>>,
    host: WebHost,
}

impl Site {
    pub(crate) async fn start(protocols: HttpProtocols) -> Self {
        let certificate = Authority::new("root").server(&["localhost"]);
        let own = certificate.certificate();
        let (sender, reports) = unbounded_channel();
        let witness = Witness { seen: Arc::default(), reports: sender };
        let host = WebHost::builder()
            .server_named("kestrel")
            .suppress_status_messages(true)
            .kestrel(move |options| {
                options.listen_with(([127, 0, 0, 1], 0).into(), |endpoint| {
                    endpoint.protocols = protocols;
                    endpoint.use_https_with(|https| https.server_certificate = Some(own));
                });
            })
            .build(Pipeline::new().use_(witness.clone()).run(contract::app()))
            .unwrap();
        host.start().await.unwrap();
        let port = host.addresses()[0].rsplit(':').next().unwrap().parse().unwrap();
        Self { port, certificate, witness, reports: reports.into(), host }
    }

    /// What a page says at its end.
    pub(crate) async fn any_report(&self) -> Value {
        let mut reports = self.reports.lock().await;
        let report = timeout(PATIENCE, reports.recv()).await;
        let report = report.unwrap_or_else(|_| panic!("no report after {:?}", self.witness.seen.lock()));
        self.host.stop(Deadline::now()).await.unwrap();
        serde_json::from_str(&report.expect("the site goes on")).expect("it is JSON")
    }

    /// What the usual page says at its end.
    pub(crate) async fn report(&self) -> Value {
        let report = self.any_report().await;
        assert_eq!(report["error"], Value::Null, "{report}");
        let digest = "29927e273accc68286005017f7fa6e4f27bddb4db3083ff8b8d4c3667905b7fa";
        assert_eq!(report["uploaded"], format!("300000 {digest}"), "{report}");
        assert_eq!(report["echoed"], "hello", "{report}");
        report
    }

    /// The versions of HTTP in which a path was asked for.
    pub(crate) fn versions(&self, path: &str) -> Vec<String> {
        let seen = self.witness.seen.lock().unwrap();
        let versions: BTreeSet<String> =
            seen.iter().filter(|one| one.path == path).map(|one| one.version.clone()).collect();
        versions.into_iter().collect()
    }

    /// How many connections brought requests.
    pub(crate) fn connections(&self) -> usize {
        let seen = self.witness.seen.lock().unwrap();
        seen.iter().map(|one| one.connection.clone()).collect::<BTreeSet<_>>().len()
    }
}

/// Middleware that notes every request, and answers for the page.
#[derive(Clone)]
struct Witness {
    seen: Arc<Mutex<Vec<Seen>>>,
    reports: UnboundedSender<String>,
}

#[derive(Debug)]
struct Seen {
    path: String,
    version: String,
    connection: String,
}

impl Witness {
    async fn run(&self, ctx: &mut HttpContext, next: Next<'_>) -> Result {
        let path = ctx.request().path().to_owned();
        let connection = ctx.connection().map(|connection| connection.connection_id().to_owned());
        self.seen.lock().unwrap().push(Seen {
            path: path.clone(),
            version: format!("{:?}", ctx.request().version()),
            connection: connection.unwrap_or_default(),
        });
        match &*path {
            "/page" => {
                ctx.response_mut().set_header("content-type", "text/html; charset=utf-8")?;
                ctx.response_mut().write(PAGE).await
            }
            #[cfg(feature = "unstable")]
            "/web-transport" => {
                ctx.response_mut().set_header("content-type", "text/html; charset=utf-8")?;
                ctx.response_mut().write(include_str!("web_transport.html")).await
            }
            #[cfg(feature = "unstable")]
            "/session" => crate::session::session(ctx).await,
            "/report" => {
                let mut report = Vec::new();
                while let Some(data) = ctx.request_mut().read().await? {
                    report.extend_from_slice(&data);
                }
                // Nobody waits for a second report.
                let _ = self.reports.send(String::from_utf8(report)?);
                Ok(())
            }
            _ => next.run(ctx).await,
        }
    }
}

impl Middleware for Witness {
    fn handle<'a>(&'a self, ctx: &'a mut HttpContext, next: Next<'a>) -> BoxFuture<'a, Result> {
        Box::pin(self.run(ctx, next))
    }
}
