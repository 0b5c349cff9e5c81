//! Running the conformance suite inside a worker: `tests/nginx/suite.rs`, which the module loads. What it writes is
//! passed on.

use std::{fmt::Write as _, process::ExitCode};

use super::{PATIENCE, Setup, Which, built_example};

/// How the suite's clients speak with nginx.
#[derive(Clone, Copy, Debug)]
pub enum Protocol {
    Http1,
    /// In clear.
    Http2,
    Http3,
}

/// Each trial under way has a port or two.
const PORTS: usize = 32;

/// Runs it, with the arguments of this program.
pub fn main(which: Which, protocol: Protocol) -> ExitCode {
    let nginx = setup(which, protocol).start();
    let mut outcome = None;
    while outcome.is_none() {
        let Ok(line) = nginx.output.recv_timeout(2 * PATIENCE) else { break };
        match line.strip_prefix("suite: ") {
            Some(end) => outcome = Some(end == "passed"),
            None => println!("{line}"),
        }
    }
    if outcome == Some(true) {
        return ExitCode::SUCCESS;
    }
    eprintln!("the log of nginx:\n{}", nginx.log());
    ExitCode::FAILURE
}

fn setup(which: Which, protocol: Protocol) -> Setup {
    let app = built_example("nginx_suite");
    let mut setup = Setup { which, ports: PORTS, http: String::new(), ..Setup::location("") };
    let (name, listen) = match protocol {
        Protocol::Http1 => ("HTTP/1.1", ""),
        Protocol::Http2 => ("HTTP/2", " http2"),
        Protocol::Http3 => ("HTTP/3", " quic"),
    };
    if matches!(protocol, Protocol::Http3) {
        setup.add_certificate();
    }
    for number in 0..PORTS {
        let location = format!("location / {{ falconry_app \"{}\"; }}", app.display());
        writeln!(setup.http, "server {{ listen 127.0.0.1:{{port{number}}}{listen}; {location} }}")
            .expect("memory is there");
    }
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let variables = [
        ("FALCONRY_SUITE_ARGUMENTS", arguments.join(" ")),
        ("FALCONRY_SUITE_PORTS", "{ports}".to_owned()),
        ("FALCONRY_SUITE_PROTOCOL", name.to_owned()),
        ("FALCONRY_SUITE_CERTIFICATE", "{folder}/certificate.pem".to_owned()),
    ];
    setup.variables.extend(variables.map(|(name, value)| (name.to_owned(), value)));
    setup
}
