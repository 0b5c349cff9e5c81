//! An application whose requests end in every way, and its clients.

use std::{net::SocketAddr, sync::Arc};

use falconry::{
    DuplexIo, HttpContext, RequestObserver, Result, WebHost,
    features::{HttpMaxRequestBodySizeFeature, HttpMetricsTagsFeature},
};
use http::StatusCode;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
};

async fn app(ctx: &mut HttpContext) -> Result<()> {
    match ctx.request().path() {
        "/ok" => ctx.response_mut().write("ok").await,
        "/status/503" => ctx.response_mut().set_status(StatusCode::SERVICE_UNAVAILABLE),
        "/fail" => Err("it failed".into()),
        "/panic" => panic!("a panic on purpose"),
        "/read" => {
            let limit = ctx.features_mut().required_mut::<dyn HttpMaxRequestBodySizeFeature>()?;
            limit.set_max_request_body_size(Some(3))?;
            while ctx.request_mut().read().await?.is_some() {}
            Ok(())
        }
        "/late" => {
            ctx.response_mut().write("begun").await?;
            ctx.response_mut().flush().await?;
            Err("it failed late".into())
        }
        "/tagged" => {
            let metrics = ctx.features_mut().required_mut::<dyn HttpMetricsTagsFeature>()?;
            metrics.tags_mut().set("http.route", "/tagged");
            metrics.tags_mut().set("cached", true);
            Ok(())
        }
        "/uncounted" => {
            ctx.features_mut().required_mut::<dyn HttpMetricsTagsFeature>()?.set_metrics_disabled(true);
            Ok(())
        }
        "/upgrade" => {
            let mut stream = DuplexIo::new(ctx.upgrade().await?);
            stream.read_to_end(&mut Vec::new()).await?;
            Ok(())
        }
        "/silent" => std::future::pending().await,
        _ => ctx.response_mut().set_status(StatusCode::NOT_FOUND),
    }
}

/// A host that runs, on a port of its own.
pub(crate) struct Running {
    _host: WebHost,
    address: SocketAddr,
}

impl Running {
    pub(crate) async fn start(observer: Arc<dyn RequestObserver>) -> Self {
        let host = WebHost::builder()
            .environment_variables([("FALCONRY_URLS", "http://127.0.0.1:0")])
            .suppress_status_messages(true)
            .request_observer(observer)
            .build(app)
            .unwrap();
        host.start().await.unwrap();
        let address = host.addresses()[0].trim_start_matches("http://").parse().unwrap();
        Self { _host: host, address }
    }

    /// The status of the answer to a request with this line.
    pub(crate) async fn status(&self, line: &str) -> u16 {
        let answer = self.exchange(&format!("{line} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")).await;
        answer.get(9..12).and_then(|digits| digits.parse().ok()).unwrap_or_else(|| panic!("{answer:?}"))
    }

    /// All that comes for these bytes.
    pub(crate) async fn exchange(&self, bytes: &str) -> String {
        let mut answer = Vec::new();
        // A response that is cut off may end with a reset.
        let _ = self.send(bytes).await.read_to_end(&mut answer).await;
        String::from_utf8(answer).unwrap()
    }

    pub(crate) async fn send(&self, bytes: &str) -> TcpStream {
        let mut client = TcpStream::connect(self.address).await.unwrap();
        client.write_all(bytes.as_bytes()).await.unwrap();
        client
    }

    /// A connection that has left HTTP.
    pub(crate) async fn upgrade(&self) -> TcpStream {
        let request = "GET /upgrade HTTP/1.1\r\nHost: a\r\nConnection: upgrade\r\nUpgrade: raw\r\n\r\n";
        let mut client = self.send(request).await;
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            head.push(client.read_u8().await.unwrap());
        }
        assert!(head.starts_with(b"HTTP/1.1 101"), "{}", String::from_utf8_lossy(&head));
        client
    }
}
