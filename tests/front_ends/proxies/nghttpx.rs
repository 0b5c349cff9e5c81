//! nghttpx of nghttp2.

use std::{path::Path, process::Command};

use super::{Backend, Setting};
use crate::process;

pub(super) fn command(program: &Path, setting: &Setting<'_>) -> Command {
    let (listen, kestrel) = (setting.listen, setting.kestrel);
    let protocol = match setting.backend {
        Backend::Http1 => "http/1.1",
        Backend::Http2 => "h2",
    };
    let text = format!(
        "frontend={},{};no-tls
backend={},{};;proto={protocol}
workers=1
single-process=yes
backlog=1024
no-location-rewrite=yes
errorlog-file={}
accesslog-file=/dev/null
",
        listen.ip(),
        listen.port(),
        kestrel.ip(),
        kestrel.port(),
        setting.folder.join("error.log").display(),
    );
    let file = setting.folder.write("nghttpx.conf", text);
    let mut command = process::command(program);
    command.arg(format!("--conf={}", file.display()));
    command
}
