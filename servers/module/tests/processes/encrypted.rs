//! The module with endpoints of TLS, and what clients need for them.

use std::{net::SocketAddr, sync::Arc};

use rustls::{ClientConfig, RootCertStore, SupportedProtocolVersion};

use crate::{
    certificates::{Authority, Pair},
    module::Module,
    scratch::Scratch,
};

/// What the module's certificate is for.
pub(crate) const NAME: &str = "a.test";

/// A module before the contract app, in clear and on an https endpoint for all versions.
pub(crate) struct Encrypted {
    pub(crate) module: Module,
    /// Who has signed the certificate of the module.
    pub(crate) root: Authority,
}

impl Encrypted {
    pub(crate) fn start() -> Self {
        Self::with(Scratch::new(), "")
    }

    /// A module in this folder, with more keys of the https endpoint, or more endpoints.
    pub(crate) fn with(scratch: Scratch, keys: &str) -> Self {
        let root = Authority::new("root");
        root.server(&[NAME]).write(scratch.path(), "site");
        std::fs::write(scratch.join("root.pem"), &root.pem).unwrap();
        let program = std::env::current_exe().unwrap();
        let text = format!(
            r#"[[applications]]
processPath = {program:?}
environmentVariables = {{ FALCONRY_TEST_BACKEND = "contract" }}

[Kestrel.Certificates.Default]
Path = "site.pem"
KeyPath = "site.key"

[Kestrel.Endpoints.Clear]
Url = "http://127.0.0.1:0"

[Kestrel.Endpoints.Tls]
Url = "https://127.0.0.1:0"
Protocols = "Http1AndHttp2AndHttp3"
{keys}
"#
        );
        scratch.write("module.toml", &text);
        Self { module: Module::in_folder(scratch, &["--config", "module.toml"]), root }
    }

    /// Where the https endpoints listen, in the order of their names.
    pub(crate) fn addresses(&self) -> Vec<SocketAddr> {
        let addresses = self.module.addresses().iter();
        let addresses = addresses.filter_map(|address| address.strip_prefix("https://"));
        addresses.map(|address| address.parse().unwrap()).collect()
    }

    /// A client that trusts the module and may have a certificate of its own.
    pub(crate) fn client(
        &self,
        version: &'static SupportedProtocolVersion,
        certificate: Option<&Pair>,
    ) -> ClientConfig {
        let mut roots = RootCertStore::empty();
        roots.add(self.root.der.clone().into()).unwrap();
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let builder = ClientConfig::builder_with_provider(provider).with_protocol_versions(&[version]);
        let builder = builder.unwrap().with_root_certificates(roots);
        match certificate {
            None => builder.with_no_client_auth(),
            Some(pair) => {
                let key = pair.key_der.clone().try_into().unwrap();
                builder.with_client_auth_cert(vec![pair.der.clone().into()], key).unwrap()
            }
        }
    }

    /// A connection for HTTP/3.
    pub(crate) async fn quic(&self, certificate: Option<&Pair>) -> quinn::Connection {
        let mut tls = self.client(&rustls::version::TLS13, certificate);
        tls.alpn_protocols = vec![b"h3".to_vec()];
        let quic = quinn::crypto::rustls::QuicClientConfig::try_from(tls).unwrap();
        let mut endpoint = quinn::Endpoint::client("127.0.0.1:0".parse().unwrap()).unwrap();
        endpoint.set_default_client_config(quinn::ClientConfig::new(Arc::new(quic)));
        endpoint.connect(self.addresses()[0], NAME).unwrap().await.unwrap()
    }
}
