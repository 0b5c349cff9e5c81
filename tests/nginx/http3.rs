//! HTTP/3, in an nginx built from its source: Debian's has none.

use std::{
    io::{BufRead as _, BufReader},
    path::Path,
    process::{Command, Output, Stdio},
    time::Instant,
};

use crate::{
    is_skipped, skip,
    support::{
        Nginx, PATIENCE, Setup, Which, built_example,
        process::{self, Process},
    },
};

/// An nginx with `app` over HTTP/3, and in clear for who asks how it does, on its first port.
fn start(app: &Path) -> Nginx {
    let mut setup = Setup { which: Which::Vendored, ..Setup::location("") };
    setup.http = format!(
        "server {{ listen 127.0.0.1:{{port}} quic; listen 127.0.0.1:{{port}}; location / {{ falconry_app \"{}\"; }} }}",
        app.display()
    );
    setup.add_certificate();
    setup.start()
}

/// A script of `tests/suites`, with the address, the name and the certificate of an nginx.
fn python(nginx: &Nginx, script: &str) -> Command {
    let mut command = process::command(Path::new("/usr/bin/env"));
    command.args(["python3", &format!("tests/suites/{script}")]);
    command.args(["127.0.0.1", &nginx.port(0).to_string(), "localhost"]);
    command.arg(nginx.folder().join("certificate.pem"));
    command
}

/// True, and noted, if the machine lacks nginx or aioquic.
fn lacks_aioquic(test: &str) -> bool {
    if is_skipped(test) {
        return true;
    }
    let has = Command::new("python3").args(["-c", "import aioquic"]).stderr(Stdio::null()).status();
    if !has.is_ok_and(|status| status.success()) {
        skip::skip(test, "aioquic is not installed: pip install aioquic");
        return true;
    }
    false
}

/// What a script that went well has written.
fn succeeded(nginx: &Nginx, output: Output) -> String {
    let [text, errors] =
        [output.stdout, output.stderr].map(|text| String::from_utf8_lossy(&text).into_owned());
    assert!(output.status.success(), "{text}{errors}\nthe log: {}", nginx.log());
    text
}

#[test]
fn aioquic_talks_to_the_contract_app() {
    if lacks_aioquic("aioquic_talks_to_the_contract_app") {
        return;
    }
    let nginx = start(&Which::Vendored.built().contract);
    let output = python(&nginx, "h3_contract.py").output().expect("python is there");
    succeeded(&nginx, output);
    assert!(!nginx.log().contains("[alert]"), "{}", nginx.log());
}

#[test]
fn clients_of_http_3_that_leave_end_their_requests_in_the_application() {
    if lacks_aioquic("clients_of_http_3_that_leave_end_their_requests_in_the_application") {
        return;
    }
    let nginx = start(&Which::Vendored.built().contract);
    // The connection ends, the response is not wanted, the request breaks off.
    for (count, way) in [(1, "close"), (2, "stop"), (3, "reset")] {
        let mut command = python(&nginx, "h3_leave.py");
        command.args(["/wait?ms=600000", way]).stdin(Stdio::piped()).stdout(Stdio::null());
        let mut client = Process::start(&mut command).expect("python is there");
        // The client that does not close its connection ends with this.
        let input = client.child.stdin.take();
        let (until, aborted) = (Instant::now() + PATIENCE, format!("\"aborted\":{count}"));
        while !nginx.get("/info").contains(&aborted) {
            assert!(Instant::now() < until, "{way}: {}", nginx.get("/info"));
        }
        drop(input);
        assert!(client.child.wait().expect("it can be waited for").success(), "{way}");
    }
}

#[test]
fn alpn_addresses_and_trailers_beside_a_length_are_right_over_http_3() {
    if lacks_aioquic("alpn_addresses_and_trailers_beside_a_length_are_right_over_http_3") {
        return;
    }
    let nginx = start(&built_example("nginx_probe"));
    let mut command = python(&nginx, "h3_get.py");
    command.args(["GET:/alpn", "GET:/addresses", "GET:/length-and-trailers"]);
    let text = succeeded(&nginx, command.output().expect("python is there"));
    let port = nginx.port(0);
    let addresses = format!("200 https://127.0.0.1:{port} http://127.0.0.1:{port}");
    assert_eq!(text.lines().collect::<Vec<_>>(), ["200 h3", &addresses, "200 hello x-after=all"]);
}

#[test]
fn a_reload_lets_a_response_over_http_3_come_to_its_end() {
    if lacks_aioquic("a_reload_lets_a_response_over_http_3_come_to_its_end") {
        return;
    }
    let nginx = start(&Which::Vendored.built().contract);
    let mut command = python(&nginx, "h3_stay.py");
    command.arg("/stream?count=30&size=100&delay_ms=100").stdout(Stdio::piped());
    let mut client = Process::start(&mut command).expect("python is there");
    let mut output = BufReader::new(client.child.stdout.take().expect("it is piped"));
    let mut line = String::new();
    output.read_line(&mut line).expect("it can be read");
    assert_eq!(line, "begun\n");
    nginx.reload();
    line.clear();
    output.read_line(&mut line).expect("it can be read");
    assert_eq!(line, "3000\n", "the log: {}", nginx.log());
    assert_eq!(nginx.get("/"), "Hello World!");
}
