//! The configuration of an nginx with the module, and the files that it writes.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use super::Module;
use crate::shell;

/// An nginx on one loopback port, with an application on all paths.
#[derive(Debug)]
pub(crate) struct Configuration {
    folder: PathBuf,
    file: PathBuf,
}

impl Configuration {
    pub(crate) fn new(module: &Module, app: &Path, port: u16) -> Result<Self, String> {
        let server = format!(
            "    server {{\n        listen 127.0.0.1:{port};\n        location / {{ falconry_app \"{}\"; }}\n    }}\n",
            app.display()
        );
        Self::with_servers(&format!("nginx-{port}"), Some(&module.path), 1, &server)
    }

    /// With what stands in `http { }`, in a folder of this name.
    pub(crate) fn with_servers(
        name: &str,
        module: Option<&Path>,
        workers: usize,
        servers: &str,
    ) -> Result<Self, String> {
        let folder = shell::root().join("target/nginx/run").join(name);
        let file = folder.join("nginx.conf");
        let load =
            module.map(|module| format!("load_module \"{}\";\n", module.display())).unwrap_or_default();
        // As root, nginx would serve as another user, who may not read the target folder.
        let text = format!(
            "daemon off;\n\
             user root root;\n\
             worker_processes {workers};\n\
             pid nginx.pid;\n\
             error_log stderr warn;\n\
             {load}\
             events {{ worker_connections 4096; }}\n\
             http {{\n    \
                 access_log off;\n    \
                 client_max_body_size 0;\n    \
                 keepalive_requests 1000000;\n    \
                 client_body_temp_path body;\n    \
                 proxy_temp_path proxy;\n    \
                 fastcgi_temp_path fastcgi;\n    \
                 uwsgi_temp_path uwsgi;\n    \
                 scgi_temp_path scgi;\n\
             {servers}}}\n"
        );
        fs::create_dir_all(&folder)
            .and_then(|()| fs::write(&file, text))
            .map_err(|error| format!("{}: {error}", file.display()))?;
        Ok(Self { folder, file })
    }

    /// The command that runs it in the foreground.
    pub(crate) fn command(&self, nginx: &Path) -> Command {
        let mut command = Command::new(nginx);
        command.arg("-p").arg(&self.folder).arg("-c").arg(&self.file).args(["-e", "stderr"]);
        command
    }
}
