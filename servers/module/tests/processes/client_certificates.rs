//! The certificate of a client, from the edge to the application.

use std::{
    io::{Read, Write},
    net::{SocketAddr, TcpStream},
    sync::Arc,
};

use data_encoding::BASE64;
use rustls::{ClientConfig, ClientConnection, StreamOwned, version::TLS12, version::TLS13};
use serde_json::Value;

use crate::{
    certificates::{Authority, Pair},
    client::FOREVER,
    encrypted::{Encrypted, NAME},
    h3_client,
    scratch::Scratch,
};

const FIELD: &str = "ms-aspnetcore-clientcert";

/// Asks for certificates of clients, which `clients.pem` has signed; the second endpoint insists.
const ENDPOINTS: &str = r#"ClientCertificateMode = "AllowCertificate"
ClientCertificateAuthorities = "clients.pem"

[Kestrel.Endpoints.TlsStrict]
Url = "https://127.0.0.1:0"
ClientCertificateMode = "RequireCertificate"
ClientCertificateAuthorities = "clients.pem"
"#;

struct Clients {
    encrypted: Encrypted,
    ada: Pair,
    /// Signed by nobody whom the module trusts.
    stranger: Pair,
}

impl Clients {
    fn new() -> Self {
        let scratch = Scratch::new();
        let authority = Authority::new("clients");
        std::fs::write(scratch.join("clients.pem"), &authority.pem).unwrap();
        let stranger = Authority::new("others").client("eve");
        Self { encrypted: Encrypted::with(scratch, ENDPOINTS), ada: authority.client("ada"), stranger }
    }

    /// What the application tells of itself and of the fields that it got.
    fn seen(&self, config: ClientConfig, fields: &str) -> (Value, String) {
        let address = self.encrypted.addresses()[0];
        let config = Arc::new(config);
        let info = get(&config, address, "/info", fields).unwrap();
        (serde_json::from_str(&info).unwrap(), get(&config, address, "/fields", fields).unwrap())
    }

    /// What a client could pass off as the module's word.
    fn forgeries(&self) -> String {
        let value = BASE64.encode(&self.stranger.der);
        format!(
            "MS-ASPNETCORE-CLIENTCERT: {value}\r\nms_aspnetcore-clientcert: {value}\r\nMS-AspNetCore-ClientCert: {value}\r\n"
        )
    }
}

/// The body of an answer of HTTP/1.0, which ends with the connection.
fn get(config: &Arc<ClientConfig>, address: SocketAddr, path: &str, fields: &str) -> std::io::Result<String> {
    let socket = TcpStream::connect(address)?;
    socket.set_read_timeout(Some(FOREVER))?;
    let tls = ClientConnection::new(Arc::clone(config), NAME.try_into().unwrap()).unwrap();
    let mut stream = StreamOwned::new(tls, socket);
    write!(stream, "GET {path} HTTP/1.0\r\nHost: {NAME}\r\n{fields}\r\n")?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    let (head, body) = answer.split_once("\r\n\r\n").ok_or(std::io::ErrorKind::UnexpectedEof)?;
    assert!(head.starts_with("HTTP/1.1 200 "), "{answer}");
    Ok(body.to_owned())
}

#[track_caller]
fn is_ada(clients: &Clients, info: &Value, fields: &str) {
    assert_eq!(info["tls"]["client_certificate"], "CN=ada", "{info}");
    let certificate = format!("{FIELD}: {}\n", BASE64.encode(&clients.ada.der));
    assert!(fields.contains(&certificate), "{fields}");
    assert_eq!(of_certificates(fields), 1, "{fields}");
}

#[track_caller]
fn is_nobody(info: &Value, fields: &str) {
    assert!(info["tls"]["client_certificate"].is_null(), "{info}");
    assert_eq!(of_certificates(fields), 0, "{fields}");
}

/// How many fields an application could take for that of the certificate.
fn of_certificates(fields: &str) -> usize {
    fields.to_lowercase().replace('_', "-").matches("clientcert").count()
}

pub(crate) fn forwarded() {
    let clients = Clients::new();
    let encrypted = &clients.encrypted;
    for version in [&TLS12, &TLS13] {
        for forged in [String::new(), clients.forgeries()] {
            let (info, fields) = clients.seen(encrypted.client(version, Some(&clients.ada)), &forged);
            is_ada(&clients, &info, &fields);
            let (info, fields) = clients.seen(encrypted.client(version, None), &forged);
            is_nobody(&info, &fields);
        }
    }
    // The one in clear knows no certificates.
    let client = crate::client::Client::connect(encrypted.module.address());
    let fields = client.unwrap().send("GET /fields", &clients.forgeries()).unwrap().body;
    assert_eq!(of_certificates(&fields), 0, "{fields}");

    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    runtime.block_on(async { tokio::time::timeout(FOREVER, http3(&clients)).await }).unwrap();
}

async fn http3(clients: &Clients) {
    for certificate in [Some(&clients.ada), None] {
        let mut client = h3_client::Client::new(clients.encrypted.quic(certificate).await).await;
        let mut seen = Vec::new();
        for path in ["/info", "/fields"] {
            let mut request = h3_client::request("GET", path);
            let forged = BASE64.encode(&clients.stranger.der);
            request.headers_mut().insert(FIELD, forged.try_into().unwrap());
            let answer = client.fetch(request, &[], None).await.unwrap();
            assert_eq!(answer.status(), 200);
            seen.push(answer.text().to_owned());
        }
        let info = serde_json::from_str(&seen[0]).unwrap();
        match certificate {
            Some(_) => is_ada(clients, &info, &seen[1]),
            None => is_nobody(&info, &seen[1]),
        }
    }
}

pub(crate) fn required() {
    let clients = Clients::new();
    let strict = clients.encrypted.addresses()[1];
    let answered = |certificate: Option<&Pair>| {
        get(&Arc::new(clients.encrypted.client(&TLS13, certificate)), strict, "/info", "")
    };
    let info: Value = serde_json::from_str(&answered(Some(&clients.ada)).unwrap()).unwrap();
    assert_eq!(info["tls"]["client_certificate"], "CN=ada", "{info}");
    for refused in [None, Some(&clients.stranger)] {
        answered(refused).unwrap_err();
    }
    // None of them has reached the application.
    assert_eq!(clients.encrypted.module.state("/")["requests"], 1);
}
