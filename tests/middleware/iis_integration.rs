//! The application's side of the module beyond the recorded rows.

use std::{
    io::Write,
    sync::{Arc, Mutex},
};

use falconry::{HostError, WebHost, WebHostBuilder};
use falconry_test_host::TestClient;

use crate::app::{self, Witness};

const TOKEN: (&str, &str) = ("ms-aspnetcore-token", "a-secret-token");
const MODULE: [(&str, &str); 3] =
    [("ASPNETCORE_PORT", "5001"), ("ASPNETCORE_APPL_PATH", "/"), ("ASPNETCORE_TOKEN", TOKEN.1)];

async fn start(builder: WebHostBuilder) -> (WebHost, Witness) {
    let witness = Witness::default();
    let host = builder.build(witness.handler()).unwrap();
    host.start().await.unwrap();
    (host, witness)
}

async fn status(client: &TestClient, token: Option<&str>) -> u16 {
    let request = token.iter().fold(client.get("/"), |request, token| request.header(TOKEN.0, *token));
    request.send().await.unwrap().status().as_u16()
}

#[tokio::test]
async fn the_token_has_to_be_there_once_and_be_the_one() {
    let (builder, client) = app::builder(MODULE);
    let (_host, _) = start(builder).await;
    assert_eq!(status(&client, Some(TOKEN.1)).await, 200);
    for wrong in [None, Some(""), Some("a-secret-toke"), Some("a-secret-token1"), Some("A-secret-token")] {
        assert_eq!(status(&client, wrong).await, 400, "{wrong:?}");
    }
    let twice = client.get("/").header(TOKEN.0, TOKEN.1).header(TOKEN.0, TOKEN.1);
    twice.send().await.unwrap().assert_status(400).assert_body("").await;
    let bytes = http::HeaderValue::from_bytes(b"\xff\xfe").unwrap();
    client.get("/").header(TOKEN.0, bytes).send().await.unwrap().assert_status(400);
}

#[tokio::test]
async fn nothing_shows_the_token() {
    let log = Log::default();
    let writer = log.clone();
    let subscriber = tracing_subscriber::fmt().with_max_level(tracing::Level::TRACE);
    let subscriber = subscriber.with_writer(move || writer.clone()).finish();
    let _guard = tracing::subscriber::set_default(subscriber);
    let (builder, client) = app::builder(MODULE);
    let shown = format!("{builder:?}");
    let (host, witness) = start(builder).await;
    status(&client, None).await;
    status(&client, Some("another-token")).await;
    status(&client, Some(TOKEN.1)).await;
    assert_eq!(witness.take().unwrap().header(TOKEN.0), None);
    let log = String::from_utf8(log.0.lock().unwrap().clone()).unwrap();
    assert!(log.contains("pairing token is refused"), "{log}");
    for text in [log, shown, format!("{host:?}")] {
        assert!(!text.contains(TOKEN.1) && !text.contains("another-token"), "{text}");
    }
}

#[tokio::test]
async fn a_name_with_a_prefix_wins_over_one_without() {
    let plain = [("PORT", "1"), ("TOKEN", "of something else"), ("APPL_PATH", "/other")];
    let (builder, client) = app::builder(plain.into_iter().chain(MODULE));
    let (_host, _) = start(builder).await;
    assert_eq!(status(&client, Some(TOKEN.1)).await, 200);
    assert_eq!(status(&client, Some("of something else")).await, 400);
}

#[tokio::test]
async fn names_without_a_prefix_will_do() {
    let (builder, client) = app::builder([("PORT", "1"), ("TOKEN", "t"), ("APPL_PATH", "/")]);
    let (_host, _) = start(builder).await;
    assert_eq!((status(&client, Some("t")).await, status(&client, None).await), (200, 400));
}

#[tokio::test]
async fn a_port_alone_is_no_module() {
    let (builder, client) = app::builder([("PORT", "8080"), ("ASPNETCORE_TOKEN", "t")]);
    let (_host, _) = start(builder).await;
    assert_eq!(status(&client, None).await, 200);
}

#[tokio::test]
async fn the_integration_can_be_switched_off() {
    let (builder, client) = app::builder(MODULE);
    let (_host, _) = start(builder.iis_integration(false)).await;
    assert_eq!(status(&client, None).await, 200);
    let (builder, client) = app::builder(MODULE.into_iter().chain([("FALCONRY_IISINTEGRATION", "false")]));
    let (_host, _) = start(builder).await;
    assert_eq!(status(&client, None).await, 200);
}

#[test]
fn what_the_module_cannot_mean_is_an_error_that_names_it() {
    for (name, value) in
        [("ASPNETCORE_PORT", "abc"), ("ASPNETCORE_PORT", "65536"), ("ASPNETCORE_APPL_PATH", "app")]
    {
        let error = build(MODULE.into_iter().chain([(name, value)])).unwrap_err();
        assert!(error.is_configuration());
        let text = format!("{error:?}");
        assert!(text.contains(name) && text.contains(value) && !text.contains(TOKEN.1), "{text}");
    }
}

#[tokio::test]
async fn a_certificate_that_is_none_leaves_the_request_without_one() {
    let (builder, client) = app::builder(MODULE);
    let (_host, witness) = start(builder).await;
    let request = client.get("/").header(TOKEN.0, TOKEN.1).header("ms-aspnetcore-clientcert", "no!");
    request.send().await.unwrap().assert_status(200);
    assert_eq!(witness.take().unwrap().certificate, None);
}

#[tokio::test]
async fn two_events_are_no_message_to_stop() {
    let (builder, client) = app::builder(MODULE);
    let (host, _) = start(builder).await;
    let request = client.post("/iisintegration").header(TOKEN.0, TOKEN.1);
    let request = request.header("ms-aspnetcore-event", "shutdown").header("ms-aspnetcore-event", "shutdown");
    request.send().await.unwrap().assert_status(200);
    assert!(!host.lifetime().stop_requested().is_cancelled());
}

#[tokio::test]
async fn forwarded_fields_are_used_once_although_both_settings_ask_for_it() {
    let variables = MODULE.into_iter().chain([("ASPNETCORE_FORWARDEDHEADERS_ENABLED", "true")]);
    let (builder, client) = app::builder(variables);
    let (_host, witness) = start(builder).await;
    let request = client.get("/").header(TOKEN.0, TOKEN.1).connection(app::from("127.0.0.1", 9));
    request.header("x-forwarded-for", "1.1.1.1, 2.2.2.2").send().await.unwrap().assert_status(200);
    let seen = witness.take().unwrap();
    assert_eq!(
        (seen.remote.as_str(), seen.header("x-forwarded-for").as_deref()),
        ("2.2.2.2|0", Some("1.1.1.1"))
    );
}

fn build<'a>(variables: impl IntoIterator<Item = (&'a str, &'a str)>) -> Result<WebHost, HostError> {
    app::builder(variables).0.build(Witness::default().handler())
}

/// What was logged. Clones share it.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}
