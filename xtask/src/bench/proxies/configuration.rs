//! The configurations of nginx and HAProxy: two workers, kept connections, the same fields as the module, no buffering.

use std::{net::SocketAddr, path::Path};

/// As `falconry_benches::WORKERS`.
const WORKERS: usize = 2;

/// Connections that are kept to the backend: more than the client has.
const UPSTREAM: usize = 512;

pub(super) fn nginx(folder: &Path, address: SocketAddr, backend: SocketAddr) -> String {
    let folder = folder.display();
    let temporary: String = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
        .map(|kind| format!("{kind}_temp_path {folder}/{kind};\n"))
        .concat();
    format!(
        "daemon off;
worker_processes {WORKERS};
pid {folder}/proxy.pid;
error_log {folder}/error.log;
events {{ worker_connections 2048; }}
http {{
    {temporary}
    access_log off;
    tcp_nodelay on;
    keepalive_requests 1000000000;
    client_max_body_size 0;
    upstream backend {{
        server {backend};
        keepalive {UPSTREAM};
        keepalive_requests 1000000000;
    }}
    server {{
        listen {address};
        location / {{
            proxy_pass http://backend;
            proxy_http_version 1.1;
            proxy_buffering off;
            proxy_request_buffering off;
            proxy_set_header Connection \"\";
            proxy_set_header Host $http_host;
            proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
            proxy_set_header X-Forwarded-Proto $scheme;
        }}
    }}
}}
"
    )
}

pub(super) fn haproxy(address: SocketAddr, backend: SocketAddr) -> String {
    format!(
        "global
    nbthread {WORKERS}
defaults
    mode http
    timeout connect 10s
    timeout client 2m
    timeout server 2m
    option forwardfor
    http-reuse always
frontend front
    bind {address}
    http-request set-header X-Forwarded-Proto http
    default_backend back
backend back
    server one {backend} pool-max-conn {UPSTREAM}
"
    )
}
