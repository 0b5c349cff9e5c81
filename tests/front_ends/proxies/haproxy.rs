//! HAProxy, with connections shared by all clients.

use std::{path::Path, process::Command};

use super::{Backend, Setting};
use crate::process;

pub(super) fn command(program: &Path, setting: &Setting<'_>) -> Command {
    let (listen, kestrel) = (setting.listen, setting.kestrel);
    let protocol = match setting.backend {
        Backend::Http1 => "proto h1",
        Backend::Http2 => "proto h2",
    };
    let text = format!(
        "global
    maxconn 2000
defaults
    mode http
    timeout connect 60s
    timeout client 60s
    timeout server 60s
    timeout tunnel 60s
    option abortonclose
    option http-no-delay
    http-reuse always
frontend clients
    bind {listen} backlog 1024
    default_backend kestrel
backend kestrel
    server kestrel {kestrel} {protocol}
"
    );
    let file = setting.folder.write("haproxy.cfg", text);
    let mut command = process::command(program);
    command.arg("-db").arg("-f").arg(file);
    command
}
