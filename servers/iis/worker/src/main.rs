//! What stands in for the IIS worker in tests: it loads a module and hands it requests.
//!
//! ```text
//! iis-worker MODULE --objects LIBRARY --port PORT
//! ```
//!
//! It is no IIS: it has the native interfaces of one, made by a C++ compiler, over a small HTTP/1.1 front end. It
//! prints `Now listening on: URL`, and stops as IIS does when its standard input ends.

mod front;
mod host;
mod objects;
mod pool;
mod request;

use std::{
    env,
    ffi::OsString,
    io::{self, Read as _},
    net::{Ipv4Addr, TcpListener, TcpStream},
    process::ExitCode,
    sync::{Arc, OnceLock},
    thread,
};

use self::{front::Connection, objects::Objects};

/// The module and the objects that it is handed, from the start to the end of the process.
static OBJECTS: OnceLock<Objects> = OnceLock::new();

pub(crate) fn objects() -> &'static Objects {
    OBJECTS.get().unwrap_or_else(|| unreachable!("requests come after the module has been loaded"))
}

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("iis-worker: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> Result<(), String> {
    let Arguments { module, objects: library, port } = Arguments::parse(env::args_os().skip(1))?;
    let loaded = Objects::load(&library, &module, &host::HOST)?;
    let _ = OBJECTS.set(loaded);
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port))
        .map_err(|error| format!("cannot listen on port {port}: {error}"))?;
    let address = listener.local_addr().map_err(|error| error.to_string())?;
    println!("Now listening on: http://{address}");
    let front = Arc::new(front::Front::default());
    thread::spawn({
        let front = Arc::clone(&front);
        move || accept(&listener, &front)
    });
    // The end of the input is the word to stop: it comes with the end of whoever started the worker, too.
    let _ = io::stdin().read_to_end(&mut Vec::new());
    front.stop();
    // Wakes the thread that accepts.
    let _ = TcpStream::connect(address);
    objects().stop();
    front.drained();
    objects().terminate();
    println!("Stopped.");
    Ok(())
}

fn accept(listener: &TcpListener, front: &Arc<front::Front>) {
    for stream in listener.incoming() {
        if front.is_stopping() {
            return;
        }
        let Ok(stream) = stream else { continue };
        let front = Arc::clone(front);
        thread::spawn(move || Connection::serve(stream, &front));
    }
}

struct Arguments {
    module: OsString,
    objects: OsString,
    port: u16,
}

impl Arguments {
    fn parse(mut arguments: impl Iterator<Item = OsString>) -> Result<Self, String> {
        const USAGE: &str = "usage: iis-worker MODULE --objects LIBRARY --port PORT";
        let (mut module, mut objects, mut port) = (None, None, 0);
        while let Some(argument) = arguments.next() {
            match argument.to_str() {
                Some("--objects") => objects = arguments.next(),
                Some("--port") => {
                    let value = arguments.next().unwrap_or_default();
                    port = value.to_str().and_then(|port| port.parse().ok()).ok_or(USAGE)?;
                }
                _ => module = Some(argument),
            }
        }
        Ok(Self { module: module.ok_or(USAGE)?, objects: objects.ok_or(USAGE)?, port })
    }
}
