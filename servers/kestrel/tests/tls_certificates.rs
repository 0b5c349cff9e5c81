//! Certificates: the forms they come in, which one a client gets, and what is refused at the start.
#![cfg(feature = "aws-lc-rs")]

mod support;

use falconry_features::Certificate;
use falconry_kestrel::{
    HttpProtocols, HttpsOptions, KestrelServerOptions, ServerCertificate, SniOptions, TlsVersions,
};
use rcgen::{CertificateParams, ExtendedKeyUsagePurpose, KeyPair};
use support::{
    TestServer,
    certificates::{Authority, Folder, Pair},
    client::{Client, alert},
    refusal,
};

async fn serves(root: &Authority, certificate: ServerCertificate) {
    let server = TestServer::start(|https| https.server_certificate = Some(certificate)).await;
    assert_eq!(Client::new(root).get(server.address, "a.test", "/").await.unwrap(), "Hello World!");
}

#[tokio::test]
async fn pem_files_of_a_certificate_and_a_key() {
    let (root, folder) = (Authority::new("root"), Folder::new("pem"));
    let (certificate, key) = root.server(&["a.test"]).write(&folder.0, "a");
    serves(&root, ServerCertificate::pem_files(certificate, key)).await;
}

#[tokio::test]
async fn one_pem_file_with_both() {
    let (root, folder) = (Authority::new("root"), Folder::new("both"));
    let pair = root.server(&["a.test"]);
    let path = folder.0.join("both.pem");
    std::fs::write(&path, format!("some words\n{}{}", pair.key_pem, pair.pem)).unwrap();
    serves(&root, ServerCertificate::pem_files(&path, &path)).await;
}

#[tokio::test]
async fn der() {
    let root = Authority::new("root");
    let pair = root.server(&["a.test"]);
    serves(&root, ServerCertificate::der(Certificate::from_der(pair.der), pair.key_der)).await;
}

#[tokio::test]
async fn the_chain_is_sent_after_the_certificate() {
    let root = Authority::new("root");
    let pair = root.server(&["a.test"]);
    for certificate in [
        pair.certificate().with_chain([Certificate::from_der(root.der.clone())]),
        ServerCertificate::pem(format!("{}{}", pair.pem, root.pem), pair.key_pem.as_str()),
    ] {
        let server = TestServer::start(|https| https.server_certificate = Some(certificate)).await;
        let connection = Client::new(&root).connect(server.address, "a.test").await.unwrap();
        let chain = connection.get_ref().1.peer_certificates().unwrap();
        assert_eq!(
            chain.iter().map(|one| one.to_vec()).collect::<Vec<_>>(),
            [pair.der.clone(), root.der.clone()]
        );
    }
}

#[tokio::test]
async fn https_defaults_hold_for_addresses_and_before_an_endpoints_own_options() {
    let root = Authority::new("root");
    let pair = root.server(&["a.test"]);
    let mut options = KestrelServerOptions::default();
    let certificate = pair.certificate();
    options.configure_https_defaults(move |https| {
        https.server_certificate = Some(certificate.clone());
        https.versions = TlsVersions::TLS12;
    });
    let mut of_address = options.clone();
    of_address.listen_with(([127, 0, 0, 1], 0).into(), |endpoint| endpoint.tls = true);
    let server = TestServer::start_options(of_address).await.unwrap();
    let answer = Client::new(&root).get(server.address, "a.test", "/tls").await.unwrap();
    assert!(answer.contains("version=TLS 1.2"), "{answer}");

    options.listen_with(([127, 0, 0, 1], 0).into(), |endpoint| {
        endpoint.use_https_with(|https| https.versions = TlsVersions::TLS13);
    });
    let server = TestServer::start_options(options).await.unwrap();
    let answer = Client::new(&root).get(server.address, "a.test", "/tls").await.unwrap();
    assert!(answer.contains("version=TLS 1.3"), "{answer}");
}

#[tokio::test]
async fn a_key_of_another_certificate_is_refused_at_the_start() {
    let (root, folder) = (Authority::new("root"), Folder::new("pair"));
    let (certificate, _) = root.server(&["a.test"]).write(&folder.0, "a");
    let (_, key) = root.server(&["a.test"]).write(&folder.0, "b");
    let certificate = ServerCertificate::pem_files(certificate, key);
    let error = refusal(|https| https.server_certificate = Some(certificate)).await;
    assert!(error.contains("a.pem") && error.contains("b.key"), "{error}");
    assert!(error.ends_with("the key does not belong to the certificate"), "{error}");
}

#[tokio::test]
async fn files_that_are_missing_or_hold_something_else_are_named() {
    let folder = Folder::new("broken");
    let path = folder.0.join("nothing.pem");
    let of = |path: &std::path::Path| {
        let certificate = ServerCertificate::pem_files(path, path);
        move |https: &mut HttpsOptions| https.server_certificate = Some(certificate)
    };
    let error = refusal(of(&path)).await;
    assert!(error.contains("nothing.pem") && error.contains("cannot be read"), "{error}");
    for (text, reason) in [
        ("words", "there is no PEM section with the certificate"),
        ("-----BEGIN CERTIFICATE-----\nAAAA\n", "the certificate is no PEM text"),
        (
            "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
            "there is no PEM section with the private key",
        ),
        (
            "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n-----BEGIN PRIVATE KEY-----\nAAAA\n\
             -----END PRIVATE KEY-----\n",
            "it is no X.509 certificate",
        ),
    ] {
        std::fs::write(&path, text).unwrap();
        let error = refusal(of(&path)).await;
        assert!(error.contains("nothing.pem") && error.contains(reason), "{error}");
    }
}

#[tokio::test]
async fn a_certificate_for_clients_only_is_refused_at_the_start() {
    let client = Authority::new("root").client("a.test");
    let error = refusal(|https| https.server_certificate = Some(client.certificate())).await;
    assert!(error.contains("serverAuth"), "{error}");
}

#[tokio::test]
async fn a_certificate_for_any_use_or_without_a_word_of_it_is_taken() {
    for usages in [vec![], vec![ExtendedKeyUsagePurpose::Any]] {
        let mut params = CertificateParams::new(["a.test".to_owned()]).unwrap();
        params.extended_key_usages = usages;
        let key = KeyPair::generate().unwrap();
        let own = params.self_signed(&key).unwrap();
        let certificate = ServerCertificate::pem(own.pem(), key.serialize_pem());
        TestServer::start(|https| https.server_certificate = Some(certificate)).await;
    }
}

/// The subject of the certificate that a client gets for a name.
async fn seen(root: &Authority, server: &TestServer, name: &str) -> Vec<u8> {
    let connection = Client::new(root).connect(server.address, name).await.unwrap();
    connection.get_ref().1.peer_certificates().unwrap()[0].to_vec()
}

fn named(pair: &Pair) -> SniOptions {
    let mut options = SniOptions::default();
    options.certificate = Some(pair.certificate());
    options
}

#[tokio::test]
async fn the_exact_name_gets_its_certificate_then_the_longest_pattern_then_all() {
    let root = Authority::new("root");
    let names = ["a.test", "x.a.test", "y.x.a.test", "b.test"];
    let pairs = [root.server(&names), root.server(&names), root.server(&names), root.server(&names)];
    let server = TestServer::start(|https| {
        https.add_sni("*", named(&pairs[3])).unwrap();
        https.add_sni("*.a.test", named(&pairs[1])).unwrap();
        https.add_sni("*.x.a.test", named(&pairs[2])).unwrap();
        https.add_sni("A.test", named(&pairs[0])).unwrap();
    })
    .await;
    for (name, pair) in names.iter().zip(&pairs) {
        assert_eq!(seen(&root, &server, name).await, pair.der, "{name}");
    }
}

#[tokio::test]
async fn a_name_that_nothing_fits_is_refused_by_its_alert() {
    let root = Authority::new("root");
    let pair = root.server(&["a.test", "b.test", "127.0.0.1"]);
    let server = TestServer::start(|https| {
        https.server_certificate = Some(pair.certificate());
        https.add_sni("a.test", SniOptions::default()).unwrap();
    })
    .await;
    assert_eq!(seen(&root, &server, "a.test").await, pair.der, "the endpoint's certificate");
    for name in ["b.test", "127.0.0.1"] {
        let error = alert(Client::new(&root).connect(server.address, name).await);
        assert!(error.contains("UnrecognizedName") || error.contains("UnrecognisedName"), "{error}");
    }
}

#[tokio::test]
async fn protocols_and_versions_are_those_of_the_name() {
    let root = Authority::new("root");
    let pair = root.server(&["a.test", "b.test"]);
    let server = TestServer::start_endpoint(|endpoint| {
        endpoint.protocols = HttpProtocols::HTTP1;
        endpoint.use_https_with(|https| {
            https.server_certificate = Some(pair.certificate());
            let mut old = SniOptions::default();
            old.versions = Some(TlsVersions::TLS12);
            https.add_sni("a.test", old).unwrap();
            https.add_sni("*", SniOptions::default()).unwrap();
        });
    })
    .await;
    let client = Client::new(&root).offering(&["http/1.1"]);
    for (name, version) in [("a.test", "TLS 1.2"), ("b.test", "TLS 1.3")] {
        let answer = client.get(server.address, name, "/tls").await.unwrap();
        assert!(answer.contains(&format!("version={version}\n")), "{answer}");
    }
}

#[tokio::test]
async fn a_selector_wins_and_may_refuse() {
    let root = Authority::new("root");
    let (one, other) = (root.server(&["a.test"]), root.server(&["a.test", "b.test"]));
    let selected = other.certificate();
    let server = TestServer::start(|https| {
        https.server_certificate = Some(one.certificate());
        https.select_certificate(move |hello| {
            assert!(hello.remote_address().is_some() && hello.local_address().is_some());
            assert_eq!(hello.application_protocols(), [b"http/1.1"]);
            (hello.server_name() == Some("a.test")).then(|| selected.clone())
        });
    })
    .await;
    let client = Client::new(&root).offering(&["http/1.1"]);
    let connection = client.connect(server.address, "a.test").await.unwrap();
    assert_eq!(connection.get_ref().1.peer_certificates().unwrap()[0].to_vec(), other.der);
    let error = alert(client.connect(server.address, "b.test").await);
    assert!(error.contains("UnrecognizedName") || error.contains("UnrecognisedName"), "{error}");
}

#[tokio::test]
async fn a_selector_needs_no_other_certificate() {
    let root = Authority::new("root");
    let pair = root.server(&["a.test"]);
    let certificate = pair.certificate();
    let server = TestServer::start(|https| {
        https.select_certificate(move |_| Some(certificate.clone()));
    })
    .await;
    assert_eq!(Client::new(&root).get(server.address, "a.test", "/").await.unwrap(), "Hello World!");
}
