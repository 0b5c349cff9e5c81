//! nginx, as its documentation says to proxy WebSockets, with connections kept and bodies passed on as they come.

use std::{path::Path, process::Command};

use super::Setting;
use crate::process;

pub(super) fn command(program: &Path, setting: &Setting<'_>) -> Command {
    let folder = setting.folder.0.display();
    let (listen, kestrel) = (setting.listen, setting.kestrel);
    let temporary: String = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
        .map(|kind| format!("{kind}_temp_path {folder}/{kind};\n"))
        .concat();
    let text = format!(
        "daemon off;
master_process off;
pid {folder}/pid;
error_log {folder}/error.log;
events {{ worker_connections 2048; }}
http {{
    {temporary}
    access_log off;
    client_max_body_size 0;
    upstream kestrel {{ server {kestrel}; keepalive 32; }}
    map $http_upgrade $connection_upgrade {{ default upgrade; '' ''; }}
    server {{
        listen {listen} backlog=1024;
        location / {{
            proxy_pass http://kestrel;
            proxy_http_version 1.1;
            proxy_request_buffering off;
            proxy_buffering off;
            proxy_set_header Host $http_host;
            proxy_set_header Upgrade $http_upgrade;
            proxy_set_header Connection $connection_upgrade;
        }}
    }}
}}
"
    );
    let file = setting.folder.write("nginx.conf", text);
    let mut command = process::command(program);
    command.arg("-e").arg(setting.folder.join("error.log"));
    command.arg("-p").arg(&setting.folder.0).arg("-c").arg(file);
    command
}
