//! What stands in for the IIS worker in tests: it loads a module and hands it requests.
//!
//! ```text
//! iis-worker MODULE --objects LIBRARY --port PORT [--ports NUMBER]
//!     [--http2 | --http3] [--https] [--user NAME] [--application ID] [--folder PATH] [--express] [--old]
//! ```
//!
//! With `--ports` it listens on so many further ports, which the system chooses and `IIS_WORKER_PORTS` has for the
//! module. The other options say what the module is told: that requests came over HTTP/2, HTTP/3 or TLS, which on the
//! wire they did not, whom IIS has authenticated, where the application is, and what kind of IIS this is.
//!
//! It is no IIS: it has the native interfaces of one, made by a C++ compiler, over a small HTTP/1.1 front end. It
//! prints `Now listening on: URL`, does what its standard input says, and stops as IIS does when that ends.

mod control;
mod front;
mod host;
mod objects;
mod pool;
mod request;
mod settings;

use std::{
    env,
    net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream},
    process::ExitCode,
    sync::{Arc, OnceLock},
    thread,
};

pub(crate) use self::settings::settings;
use self::{front::Connection, objects::Objects, settings::Settings};

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
    let settings = Settings::read(env::args_os().skip(1))?;
    let ports = [settings.port].into_iter().chain(vec![0; settings.ports]);
    let listeners = ports.map(listen).collect::<Result<Vec<_>, _>>()?;
    let (listeners, addresses): (Vec<_>, Vec<_>) = listeners.into_iter().unzip();
    let more: Vec<_> = addresses.iter().skip(1).map(|address| address.port().to_string()).collect();
    // SAFETY: there is no other thread yet.
    unsafe { env::set_var("IIS_WORKER_PORTS", more.join(",")) };
    let loaded = Objects::load(&settings.objects, &settings.module, &host::HOST)?;
    let _ = OBJECTS.set(loaded);
    let front = Arc::new(front::Front::default());
    for listener in listeners {
        let front = Arc::clone(&front);
        thread::spawn(move || accept(&listener, &front));
    }
    addresses.iter().for_each(|address| println!("Now listening on: http://{address}"));
    control::follow(&front, || addresses.iter().for_each(|address| drop(TcpStream::connect(address))));
    objects().unload();
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
