//! nginx as a peer: it answers the same paths as the others, except `/upload`.

use std::{
    fs,
    net::{SocketAddr, TcpListener},
    path::Path,
    process::Command,
};

use super::{certificate::Certificate, scenario::Listen};
use crate::shell;

/// As `falconry_benches::WORKERS`.
const WORKERS: usize = 2;

/// As `falconry_benches::HELLO` and `BIG`.
const HELLO: &str = "Hello World!";
const BIG: usize = 1024 * 1024;

/// The command that runs it, and where it will listen. Its files are in `folder`.
pub(super) fn command(
    folder: &Path,
    listen: Listen,
    certificate: &Certificate,
) -> Result<(Command, SocketAddr), String> {
    let cannot = |error| format!("{} cannot be written: {error}", folder.display());
    fs::write(folder.join("big"), vec![b'x'; BIG]).map_err(cannot)?;
    let address = free_address().map_err(|error| format!("there is no free port: {error}"))?;
    let file = folder.join("nginx.conf");
    fs::write(&file, configuration(folder, address, listen, certificate)).map_err(cannot)?;
    // It ends its workers when it is told to end, and is told so when this process is gone.
    let mut command = Command::new(shell::find("setpriv").ok_or("there is no setpriv")?);
    command.args(["--pdeathsig", "TERM"]);
    command.arg(shell::find("nginx").ok_or("there is no nginx")?);
    command.arg("-e").arg(folder.join("error.log")).arg("-p").arg(folder).arg("-c").arg(file);
    Ok((command, address))
}

fn configuration(folder: &Path, address: SocketAddr, listen: Listen, certificate: &Certificate) -> String {
    let manner = match listen {
        Listen::Http1 => "",
        Listen::Http2 => "http2",
        Listen::Tls => "ssl http2",
    };
    let folder = folder.display();
    let tls = match listen {
        Listen::Http1 | Listen::Http2 => String::new(),
        Listen::Tls => format!(
            "ssl_certificate {};\nssl_certificate_key {};\nssl_protocols TLSv1.2 TLSv1.3;",
            certificate.pem().display(),
            certificate.key().display()
        ),
    };
    let temporary: String = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
        .map(|kind| format!("{kind}_temp_path {folder}/{kind};\n"))
        .concat();
    format!(
        "daemon off;
worker_processes {WORKERS};
pid {folder}/pid;
error_log {folder}/error.log;
events {{ worker_connections 1024; }}
http {{
    {temporary}
    access_log off;
    default_type text/plain;
    sendfile on;
    tcp_nodelay on;
    open_file_cache max=10;
    keepalive_requests 1000000000;
    {tls}
    server {{
        listen {address} {manner};
        root {folder};
        location = / {{ return 200 \"{HELLO}\"; }}
        location = /big {{ }}
    }}
}}
"
    )
}

fn free_address() -> std::io::Result<SocketAddr> {
    TcpListener::bind(("127.0.0.1", 0))?.local_addr()
}
