//! The conformance suite over Kestrel, HTTP/3.

#[path = "support/http3.rs"]
mod http3;

use std::{process::ExitCode, sync::Arc};

use falconry_conformance::{Capability, Subject};
use falconry_features::{Server, ServerAddressesFeature};
use falconry_kestrel::{HttpProtocols, KestrelServer, KestrelServerOptions, ServerCertificate};
use http3::{Http3, NAME};

const ADDRESS: &str = "https://127.0.0.1:0";

fn main() -> ExitCode {
    let runtime = Http3::runtime();
    let made = rcgen::generate_simple_self_signed([NAME.to_owned()]).expect("a certificate");
    let certificate = ServerCertificate::pem(made.cert.pem(), made.signing_key.serialize_pem());
    let config = Http3::config(made.cert.der());
    let subject = Subject::with_connector("kestrel, HTTP/3", move || {
        let mut options = KestrelServerOptions::default();
        options.configure_endpoint_defaults(|endpoint| endpoint.protocols = HttpProtocols::HTTP3);
        let certificate = certificate.clone();
        options.configure_https_defaults(move |https| https.server_certificate = Some(certificate.clone()));
        let server: Arc<dyn Server> = Arc::new(KestrelServer::new(options));
        let addresses = server.features().get::<dyn ServerAddressesFeature>().expect("addresses");
        addresses.add(ADDRESS).expect("the server has not started");
        let connector = Http3::to(&server, &config, &runtime);
        (server, connector)
    });
    // HTTP/3 has extended CONNECT in the place of upgrades, and a reset overtakes the data before it.
    let subject = subject.with_address(ADDRESS).with_all().without([
        Capability::Http1,
        Capability::Upgrade,
        Capability::DataBeforeReset,
    ]);
    falconry_conformance::run(subject).exit_code()
}
