//! https on the portable driver.

use std::sync::Arc;

use falconry::{Handler, HostingApplication, HttpContext, Result};
use falconry_features::{BoxFuture, Server, TlsHandshakeFeature};
use falconry_kestrel::ServerCertificate;
use rustls::{ClientConfig, RootCertStore, pki_types::ServerName};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};
use tokio_rustls::TlsConnector;

use crate::support::{Site, free_port};

const NAME: &str = "falconry.test";

/// Says what it knows of the connection.
struct Handshake;

impl Handler for Handshake {
    fn handle<'a>(&'a self, ctx: &'a mut HttpContext) -> BoxFuture<'a, Result> {
        Box::pin(async move {
            let handshake = ctx.features().required::<dyn TlsHandshakeFeature>()?;
            let version = handshake.protocol();
            let text = format!("{} {} {version:?}", ctx.request().scheme(), handshake.host_name());
            ctx.response_mut().set_header("connection", "close")?;
            ctx.response_mut().write(text).await
        })
    }
}

#[test]
fn https_has_the_certificate_of_its_driver_and_tells_of_the_handshake() {
    let site = Site::new();
    let made = rcgen::generate_simple_self_signed([NAME.to_owned()]).expect("a certificate");
    let certificate = ServerCertificate::pem(made.cert.pem(), made.signing_key.serialize_pem());
    site.driver.configure_https(None, move |https| https.server_certificate = Some(certificate.clone()));
    let server = site.serve(&[&format!("https://127.0.0.1:{}/", free_port())], |_| {}, Handshake);

    let mut roots = RootCertStore::empty();
    roots.add(made.cert.der().clone()).expect("a certificate");
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .expect("versions")
        .with_root_certificates(roots)
        .with_no_client_auth();
    let answer = server.wait(async {
        let socket = TcpStream::connect(server.address()).await.expect("a connection");
        let name = ServerName::try_from(NAME).expect("a name");
        let connector = TlsConnector::from(Arc::new(config));
        let mut stream = connector.connect(name, socket).await.expect("a handshake");
        stream.write_all(b"GET / HTTP/1.1\r\nHost: falconry.test\r\n\r\n").await.expect("it can be sent");
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.expect("an answer that ends in good order");
        answer
    });
    assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");
    assert!(answer.contains("https falconry.test Some(Tls13)"), "{answer}");
}

#[test]
fn an_https_prefix_without_a_certificate_says_where_it_gets_one() {
    let site = Site::new();
    site.driver.configure_https(None, |https| {
        https.server_certificate = Some(ServerCertificate::pem_files("/no/such.pem", "/no/such.key"));
    });
    let prefix = format!("https://127.0.0.1:{}/", free_port());
    let server = site.server(&[&prefix], |_| {});
    let application = Arc::new(HostingApplication::new(Handshake));
    let error = site.runtime.block_on(server.start(application)).expect_err("there is no certificate");
    assert!(error.to_string().contains(&prefix), "{error}");
    assert!(error.to_string().contains("--certificate PEM --key PEM"), "{error}");
}
