//! Certificates and the keys of TLS in a configuration, beside what code says.
#![cfg(feature = "aws-lc-rs")]

mod support;

use falconry_features::ServerAddressesFeature;
use falconry_kestrel::{KestrelConfiguration, KestrelServer, KestrelServerOptions};
use support::{
    TestServer,
    certificates::{Authority, Folder, Pair},
    client::Client,
};

/// Two certificates in a folder, `one` and `two`.
struct Certificates {
    folder: Folder,
    root: Authority,
    one: Pair,
    two: Pair,
}

impl Certificates {
    fn new(name: &str) -> Self {
        let (folder, root) = (Folder::new(name), Authority::new("root"));
        let pair = |name: &str| {
            let pair = root.server(&["a.test"]);
            pair.write(&folder.0, name);
            pair
        };
        let (one, two) = (pair("one"), pair("two"));
        Self { folder, root, one, two }
    }

    /// Options in which the certificate `one` is the default.
    fn options(&self, more: &[(&str, &str)]) -> KestrelServerOptions {
        let default = [("Certificates:Default:Path", "one.pem"), ("Certificates:Default:KeyPath", "one.key")];
        let settings = default.iter().chain(more).copied();
        let configuration = KestrelConfiguration::new(settings).with_content_root(&self.folder.0);
        let mut options = KestrelServerOptions::default();
        options.configure(configuration).unwrap();
        options
    }

    async fn shown_by(&self, server: &TestServer) -> Vec<u8> {
        let connection = Client::new(&self.root).connect(server.address, "a.test").await.unwrap();
        connection.get_ref().1.peer_certificates().unwrap()[0].to_vec()
    }
}

const LOOPBACK: ([u8; 4], u16) = ([127, 0, 0, 1], 0);

#[tokio::test]
async fn the_default_certificate_is_that_of_https_in_code_too() {
    let certificates = Certificates::new("default-code");
    let mut options = certificates.options(&[]);
    options.listen_with(LOOPBACK.into(), |endpoint| {
        endpoint.use_https_with(|_| {});
    });
    let server = TestServer::start_options(options).await.unwrap();
    assert_eq!(certificates.shown_by(&server).await, certificates.one.der);
}

#[tokio::test]
async fn the_default_certificate_is_that_of_addresses_too() {
    use falconry_features::Server;

    let certificates = Certificates::new("default-address");
    let kestrel = KestrelServer::new(certificates.options(&[]));
    let addresses = || kestrel.features().get::<dyn ServerAddressesFeature>().unwrap();
    addresses().add("https://127.0.0.1:0").unwrap();
    kestrel.start(support::app()).await.unwrap();
    let address = addresses().addresses()[0].rsplit('/').next().unwrap().parse().unwrap();
    let server = TestServer { kestrel, address };
    assert_eq!(certificates.shown_by(&server).await, certificates.one.der);
}

#[tokio::test]
async fn https_defaults_in_code_win_over_the_default_certificate_and_the_endpoints_own_over_both() {
    let certificates = Certificates::new("default-wins");
    let two = certificates.two.certificate();
    let with_own =
        [("Endpoints:A:Certificate:Path", "one.pem"), ("Endpoints:A:Certificate:KeyPath", "one.key")];
    for (own, expected) in [(&[][..], &certificates.two), (&with_own, &certificates.one)] {
        let url = [("Endpoints:A:Url", "https://127.0.0.1:0")];
        let mut options = certificates.options(&[&url, own].concat());
        let two = two.clone();
        options.configure_https_defaults(move |https| https.server_certificate = Some(two.clone()));
        let server = TestServer::start_options(options).await.unwrap();
        assert_eq!(certificates.shown_by(&server).await, expected.der);
    }
}

#[tokio::test]
async fn clients_certificates_are_judged_by_the_authorities_of_the_configuration() {
    let certificates = Certificates::new("authorities");
    std::fs::write(certificates.folder.0.join("ca.pem"), &certificates.root.pem).unwrap();
    let options = certificates.options(&[
        ("Endpoints:A:Url", "https://127.0.0.1:0"),
        ("Endpoints:A:ClientCertificateMode", "RequireCertificate"),
        ("Endpoints:A:ClientCertificateAuthorities", "ca.pem"),
    ]);
    let server = TestServer::start_options(options).await.unwrap();
    let root = &certificates.root;
    let known = Client::with_certificate(root, &root.client("client"));
    assert_eq!(known.get(server.address, "a.test", "/").await.unwrap(), "Hello World!");
    let unknown = Client::with_certificate(root, &Authority::new("other").client("client"));
    unknown.get(server.address, "a.test", "/").await.unwrap_err();
    Client::new(root).get(server.address, "a.test", "/").await.unwrap_err();
}

#[tokio::test]
async fn authorities_that_cannot_be_read_are_an_error_of_their_key() {
    let certificates = Certificates::new("no-authorities");
    let settings =
        [("Endpoints:A:Url", "https://127.0.0.1:0"), ("Endpoints:A:ClientCertificateAuthorities", "one.key")];
    let configuration = KestrelConfiguration::new(settings).with_content_root(&certificates.folder.0);
    let error = KestrelServerOptions::default().configure(configuration).unwrap_err().to_string();
    assert!(
        error.starts_with("`Kestrel:Endpoints:A:ClientCertificateAuthorities` is \"one.key\": "),
        "{error}"
    );
    assert!(error.ends_with("there is no PEM section with a certificate"), "{error}");
}
