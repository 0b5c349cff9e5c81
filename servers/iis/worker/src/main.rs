//! What stands in for the IIS worker in tests: it loads a module and hands it requests.
//!
//! ```text
//! iis-worker MODULE --objects LIBRARY --port PORT [--ports NUMBER]
//! ```
//!
//! With `--ports` it listens on so many further ports, which the system chooses and `IIS_WORKER_PORTS` has for the
//! module.
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
    net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream},
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
    let Arguments { module, objects: library, port, ports } = Arguments::parse(env::args_os().skip(1))?;
    let listeners = [port].into_iter().chain(vec![0; ports]).map(listen).collect::<Result<Vec<_>, _>>()?;
    let (listeners, addresses): (Vec<_>, Vec<_>) = listeners.into_iter().unzip();
    let more: Vec<_> = addresses.iter().skip(1).map(|address| address.port().to_string()).collect();
    // SAFETY: there is no other thread yet.
    unsafe { env::set_var("IIS_WORKER_PORTS", more.join(",")) };
    let loaded = Objects::load(&library, &module, &host::HOST)?;
    let _ = OBJECTS.set(loaded);
    let front = Arc::new(front::Front::default());
    for listener in listeners {
        let front = Arc::clone(&front);
        thread::spawn(move || accept(&listener, &front));
    }
    addresses.iter().for_each(|address| println!("Now listening on: http://{address}"));
    // The end of the input is the word to stop: it comes with the end of whoever started the worker, too.
    let _ = io::stdin().read_to_end(&mut Vec::new());
    front.stop();
    // Wakes the threads that accept.
    addresses.iter().for_each(|address| drop(TcpStream::connect(address)));
    objects().stop();
    front.drained();
    objects().terminate();
    println!("Stopped.");
    Ok(())
}

fn listen(port: u16) -> Result<(TcpListener, SocketAddr), String> {
    TcpListener::bind((Ipv4Addr::LOCALHOST, port))
        .and_then(|listener| listener.local_addr().map(|address| (listener, address)))
        .map_err(|error| format!("cannot listen on port {port}: {error}"))
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
    ports: usize,
}

impl Arguments {
    fn parse(mut arguments: impl Iterator<Item = OsString>) -> Result<Self, String> {
        const USAGE: &str = "usage: iis-worker MODULE --objects LIBRARY --port PORT [--ports NUMBER]";
        let number =
            |value: Option<OsString>| value.and_then(|value| value.to_str()?.parse().ok()).ok_or(USAGE);
        let (mut module, mut objects, mut port, mut ports) = (None, None, 0, 0);
        while let Some(argument) = arguments.next() {
            match argument.to_str() {
                Some("--objects") => objects = arguments.next(),
                Some("--port") => port = number(arguments.next())?,
                Some("--ports") => ports = number(arguments.next())?.into(),
                Some(option) if option.starts_with("--") => return Err(USAGE.to_owned()),
                _ => module = Some(argument),
            }
        }
        Ok(Self { module: module.ok_or(USAGE)?, objects: objects.ok_or(USAGE)?, port, ports })
    }
}
