//! `status`: the state of a running module, as text.

use std::{
    io::{self, Read, Write},
    net::TcpStream,
    process::ExitCode,
    time::Duration,
};

use falconry_module::status_text;

use super::{arguments::Arguments, status_url::StatusUrl};

const TIMEOUT: Duration = Duration::from_secs(10);

/// Asks the status page of a module and shows what it says.
pub(super) fn run(arguments: Arguments) -> ExitCode {
    let url = arguments.status.unwrap_or_else(StatusUrl::usual);
    let shown = fetch(&url).map_err(|error| {
        format!("{url} does not tell the state of a module: {error}. Was it started with `--status {url}`?")
    });
    match shown.and_then(|json| status_text(&json)) {
        Ok(text) => {
            print!("{text}");
            ExitCode::SUCCESS
        }
        Err(text) => {
            eprintln!("{text}");
            ExitCode::FAILURE
        }
    }
}

fn fetch(url: &StatusUrl) -> io::Result<String> {
    let authority = url.authority();
    let mut stream = TcpStream::connect(authority)?;
    stream.set_read_timeout(Some(TIMEOUT))?;
    // HTTP/1.0: the answer ends with the connection, and is not chunked.
    write!(stream, "GET /status.json HTTP/1.0\r\nHost: {authority}\r\n\r\n")?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    let (head, body) = answer.split_once("\r\n\r\n").ok_or(io::ErrorKind::InvalidData)?;
    match head.lines().next().and_then(|line| line.split(' ').nth(1)) {
        Some("200") => Ok(body.to_owned()),
        _ => Err(io::Error::other(head.lines().next().unwrap_or_default().to_owned())),
    }
}
