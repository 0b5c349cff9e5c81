//! The program, and its file.

use std::{
    env,
    io::{BufRead, BufReader},
    net::SocketAddr,
    path::PathBuf,
    process::Stdio,
    thread,
};

use crate::{
    certificates::Authority,
    process::{self, Folder, Process},
};

const VARIABLE: &str = "FALCONRY_TEST_IS_THE_PROGRAM";

/// The name in its certificate.
pub(crate) const NAME: &str = "site.test";

/// The contract app, running with its configuration; dropped, it ends.
pub(crate) struct Program {
    pub(crate) clear: SocketAddr,
    pub(crate) secure: SocketAddr,
    pub(crate) root: Authority,
    /// The file that clients take the root from.
    pub(crate) root_file: PathBuf,
    _process: Process,
    _folder: Folder,
}

pub(crate) fn is_asked_for() -> bool {
    env::var_os(VARIABLE).is_some()
}

impl Program {
    pub(crate) fn start() -> Self {
        let folder = Folder::new("one-configuration");
        let root = Authority::new("root");
        let root_file = folder.write("root.pem", &root.pem);
        let (certificate, key) = root.server(&[NAME]).write(&folder.0, "site");
        let file = folder.write(
            "site.json",
            format!(
                r#"{{
                    // Everything that the program is told.
                    "Kestrel": {{
                        "Endpoints": {{
                            "Clear": {{ "Url": "http://127.0.0.1:0" }},
                            "Secure": {{
                                "Url": "https://127.0.0.1:0",
                                "Protocols": "Http1AndHttp2AndHttp3",
                                "Certificate": {{ "Path": "{}", "KeyPath": "{}" }}
                            }}
                        }}
                    }}
                }}"#,
                certificate.display(),
                key.display()
            ),
        );
        let mut command = process::command(&env::current_exe().expect("this program has a path"));
        command.args(["--server", "kestrel", "--config"]).arg(file);
        command.env(VARIABLE, "1").current_dir(&folder.0).stdout(Stdio::piped());
        let mut process = Process::start(&mut command).expect("the program can be started");
        let output = process.child.stdout.take().expect("its output is ours");
        let mut lines = BufReader::new(output).lines().map(|line| line.expect("lines are text"));
        let mut addresses = lines.by_ref().filter_map(|line| {
            let url = line.strip_prefix("Now listening on: ")?.to_owned();
            let address = url.rsplit('/').next()?.parse().expect("an address with a port");
            Some((url, address))
        });
        let mut next = |scheme: &str| {
            let (url, address) = addresses.next().expect("the program listens");
            assert!(url.starts_with(scheme), "{url}");
            address
        };
        let (clear, secure) = (next("http://"), next("https://"));
        // A program that cannot write does not go on.
        thread::spawn(move || lines.for_each(drop));
        Self { clear, secure, root, root_file, _process: process, _folder: folder }
    }
}
