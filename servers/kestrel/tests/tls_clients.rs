//! Clients: their certificates, and clients that come again.
#![cfg(feature = "aws-lc-rs")]

mod support;

use falconry_features::Certificate;
use falconry_kestrel::{ClientCertificateMode, HttpsOptions, SniOptions, TlsProvider};
use rustls::HandshakeKind;
use support::{
    TestServer,
    certificates::{Authority, Pair},
    client::{Client, alert, get},
    refusal,
};

const VERSIONS: [&[&rustls::SupportedProtocolVersion]; 2] =
    [&[&rustls::version::TLS12], &[&rustls::version::TLS13]];

/// A server that asks for certificates of clients.
struct Asking {
    root: Authority,
    clients: Authority,
    server: TestServer,
}

async fn asking(mode: ClientCertificateMode, configure: impl FnOnce(&mut HttpsOptions)) -> Asking {
    let (root, clients) = (Authority::new("root"), Authority::new("clients"));
    let pair = root.server(&["a.test"]);
    let server = TestServer::start(|https| {
        https.server_certificate = Some(pair.certificate());
        https.client_certificate_mode = mode;
        https.client_certificate_roots.push(Certificate::from_der(clients.der.clone()));
        configure(https);
    })
    .await;
    Asking { root, clients, server }
}

impl Asking {
    /// What the server sees of a client: the length of its certificate.
    async fn seen(
        &self,
        versions: &[&'static rustls::SupportedProtocolVersion],
        pair: Option<&Pair>,
    ) -> Result<usize, String> {
        let client = Client::with(&self.root, versions, pair);
        let answer =
            client.get(self.server.address, "a.test", "/tls").await.map_err(|error| error.to_string())?;
        Ok(answer.lines().find_map(|line| line.strip_prefix("client=")).unwrap().parse().unwrap())
    }
}

#[tokio::test]
async fn none_does_not_ask() {
    let asking = asking(ClientCertificateMode::None, |_| {}).await;
    let pair = asking.clients.client("me");
    for versions in VERSIONS {
        assert_eq!(asking.seen(versions, Some(&pair)).await, Ok(0));
    }
}

#[tokio::test]
async fn allow_takes_a_good_one_and_none_but_no_bad_one() {
    let asking = asking(ClientCertificateMode::Allow, |_| {}).await;
    let (good, bad) = (asking.clients.client("me"), Authority::new("others").client("me"));
    for versions in VERSIONS {
        assert_eq!(asking.seen(versions, Some(&good)).await, Ok(good.der.len()));
        assert_eq!(asking.seen(versions, None).await, Ok(0));
        assert!(asking.seen(versions, Some(&bad)).await.is_err());
    }
}

#[tokio::test]
async fn require_takes_a_good_one_only() {
    let asking = asking(ClientCertificateMode::Require, |_| {}).await;
    let (good, bad) = (asking.clients.client("me"), Authority::new("others").client("me"));
    for versions in VERSIONS {
        assert_eq!(asking.seen(versions, Some(&good)).await, Ok(good.der.len()));
        assert!(asking.seen(versions, None).await.is_err());
        assert!(asking.seen(versions, Some(&bad)).await.is_err());
    }
    let error = asking.seen(&[&rustls::version::TLS13], None).await.unwrap_err();
    assert!(error.contains("CertificateRequired"), "{error}");
}

#[tokio::test]
async fn a_certificate_of_a_server_is_none_of_a_client() {
    let asking = asking(ClientCertificateMode::Require, |_| {}).await;
    let server = asking.clients.server(&["a.test"]);
    assert!(asking.seen(&[&rustls::version::TLS13], Some(&server)).await.is_err());
}

#[tokio::test]
async fn a_validation_decides_and_is_told_what_the_roots_say() {
    let asking = asking(ClientCertificateMode::Require, |https| {
        https.validate_client_certificates(|certificate| {
            assert!(!certificate.der().is_empty());
            assert_eq!(certificate.chain().count(), 0);
            certificate.error().is_some()
        });
    })
    .await;
    let (good, bad) = (asking.clients.client("me"), Authority::new("others").client("me"));
    for versions in VERSIONS {
        assert!(asking.seen(versions, Some(&good)).await.is_err());
        assert_eq!(asking.seen(versions, Some(&bad)).await, Ok(bad.der.len()));
    }
}

#[tokio::test]
async fn any_certificate_can_be_taken() {
    let asking = asking(ClientCertificateMode::Require, |https| {
        https.client_certificate_roots.clear();
        https.allow_any_client_certificate();
    })
    .await;
    let pair = Authority::new("others").client("me");
    assert_eq!(asking.seen(&[&rustls::version::TLS13], Some(&pair)).await, Ok(pair.der.len()));
    assert!(asking.seen(&[&rustls::version::TLS13], None).await.is_err());
}

#[tokio::test]
async fn asking_without_saying_which_are_good_is_refused_at_the_start() {
    let pair = Authority::new("root").server(&["a.test"]);
    let error = refusal(|https| {
        https.server_certificate = Some(pair.certificate());
        https.client_certificate_mode = ClientCertificateMode::Allow;
    })
    .await;
    assert!(error.contains("client_certificate_roots"), "{error}");
}

#[tokio::test]
async fn one_name_may_ask_while_others_do_not() {
    let (root, clients) = (Authority::new("root"), Authority::new("clients"));
    let pair = root.server(&["a.test", "b.test"]);
    let server = TestServer::start(|https| {
        https.server_certificate = Some(pair.certificate());
        https.client_certificate_roots.push(Certificate::from_der(clients.der.clone()));
        let mut asking = SniOptions::default();
        asking.client_certificate_mode = Some(ClientCertificateMode::Require);
        https.add_sni("a.test", asking).unwrap();
        https.add_sni("*", SniOptions::default()).unwrap();
    })
    .await;
    let without = Client::new(&root);
    assert!(without.get(server.address, "a.test", "/").await.is_err());
    assert!(without.get(server.address, "b.test", "/").await.is_ok());
    let with = Client::with_certificate(&root, &clients.client("me"));
    assert!(with.get(server.address, "a.test", "/").await.is_ok());
}

/// Connects twice; how the second handshake went.
async fn second(client: &Client, server: &TestServer) -> (HandshakeKind, String) {
    client.get(server.address, "a.test", "/").await.unwrap();
    let mut connection = client.connect(server.address, "a.test").await.unwrap();
    let kind = connection.get_ref().1.handshake_kind().unwrap();
    (kind, get(&mut connection, "/tls").await.unwrap())
}

#[tokio::test]
async fn a_client_that_comes_again_resumes() {
    let root = Authority::new("root");
    let pair = root.server(&["a.test"]);
    for provider in [
        TlsProvider::aws_lc_rs(),
        // Of such a provider it is not known how it seals tickets.
        std::sync::Arc::new(rustls::crypto::aws_lc_rs::default_provider()).into(),
        #[cfg(feature = "ring")]
        TlsProvider::ring(),
    ] {
        let server = TestServer::start(|https| {
            https.server_certificate = Some(pair.certificate());
            https.provider = Some(provider);
        })
        .await;
        for versions in VERSIONS {
            let (kind, answer) = second(&Client::with_versions(&root, versions), &server).await;
            assert_eq!(kind, HandshakeKind::Resumed);
            assert!(answer.contains("name=a.test"), "{answer}");
        }
    }
}

#[tokio::test]
async fn a_resumed_connection_has_the_certificate_of_the_client() {
    let asking = asking(ClientCertificateMode::Require, |_| {}).await;
    let pair = asking.clients.client("me");
    for versions in VERSIONS {
        let (kind, answer) = second(&Client::with(&asking.root, versions, Some(&pair)), &asking.server).await;
        assert_eq!(kind, HandshakeKind::Resumed);
        assert!(answer.contains(&format!("client={}", pair.der.len())), "{answer}");
    }
}

#[tokio::test]
async fn a_refused_client_hears_why() {
    let asking = asking(ClientCertificateMode::Require, |_| {}).await;
    let pair = Authority::new("others").client("me");
    let client = Client::with_certificate(&asking.root, &pair);
    let error = alert(client.get(asking.server.address, "a.test", "/").await);
    assert!(error.contains("received fatal alert"), "{error}");
}
