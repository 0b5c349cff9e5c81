//! From the start of a program to its first answer.

use std::{
    collections::BTreeMap,
    io::{Read, Write},
    net::TcpStream,
    time::{Duration, Instant},
};

use super::{launch::Launcher, scenario::Listen};

/// So few that the whole takes a second; the least and the median are what counts.
const TIMES: usize = 15;

/// How long each peer took, every time.
#[derive(Debug, Default)]
pub(super) struct Starts(BTreeMap<&'static str, Vec<Duration>>);

impl Starts {
    /// Starts a peer again and again.
    pub(super) fn measure(&mut self, peer: &'static str, launcher: &Launcher) -> Result<(), String> {
        for _ in 0..TIMES {
            let start = Instant::now();
            let server = launcher.start(peer, Listen::Http1)?;
            first_answer(server.port()).map_err(|error| format!("{peer} does not answer: {error}"))?;
            self.0.entry(peer).or_default().push(start.elapsed());
        }
        Ok(())
    }
}

impl std::fmt::Display for Starts {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        writeln!(f, "\nstart to first answer, {TIMES} times")?;
        writeln!(f, "{:<10} {:>10} {:>10}", "", "least ms", "median ms")?;
        for (peer, times) in &self.0 {
            let mut times = times.clone();
            times.sort_unstable();
            let milliseconds = |at: usize| times[at].as_secs_f64() * 1e3;
            writeln!(f, "{peer:<10} {:>10.1} {:>10.1}", milliseconds(0), milliseconds(times.len() / 2))?;
        }
        Ok(())
    }
}

fn first_answer(port: u16) -> std::io::Result<()> {
    let mut stream = TcpStream::connect(("127.0.0.1", port))?;
    stream.set_read_timeout(Some(Duration::from_secs(10)))?;
    stream.write_all(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")?;
    stream.read_exact(&mut [0; 12])
}
