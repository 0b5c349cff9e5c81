//! Apache httpd with mod_proxy_http or mod_proxy_http2.

use std::{path::Path, process::Command};

use super::{Backend, Setting};
use crate::process;

const MODULES: &str = "/usr/lib/apache2/modules";

pub(super) fn command(program: &Path, setting: &Setting<'_>) -> Command {
    let folder = setting.folder.0.display();
    let modules: String = ["mpm_event", "authn_core", "authz_core", "proxy", "proxy_http", "proxy_http2"]
        .map(|name| format!("LoadModule {name}_module {MODULES}/mod_{name}.so\n"))
        .concat();
    let (listen, kestrel) = (setting.listen, setting.kestrel);
    let pass = match setting.backend {
        Backend::Http1 => format!("http://{kestrel}/ upgrade=websocket"),
        Backend::Http2 => format!("h2c://{kestrel}/"),
    };
    let text = format!(
        "ServerRoot {folder}
DefaultRuntimeDir {folder}
PidFile {folder}/pid
ErrorLog {folder}/error.log
ServerName localhost
{modules}
# Taken by root alone.
User www-data
Group www-data
Listen {listen}
ListenBackLog 1024
ServerLimit 1
ThreadLimit 256
ThreadsPerChild 256
MaxRequestWorkers 256
MaxKeepAliveRequests 0
ProxyPreserveHost On
ProxyPass / {pass} flushpackets=on
"
    );
    let file = setting.folder.write("apache.conf", text);
    let mut command = process::command(program);
    // One process that stays in the foreground.
    command.args(["-X", "-f"]).arg(file);
    command
}
