//! The broker of the portable HTTP.sys driver: owns the sockets, so that several processes share ports.
//!
//! ```text
//! falconry-httpsysd --socket /run/falconry-httpsysd.sock
//! app --server httpsys --HttpSys:Broker=/run/falconry-httpsysd.sock --urls http://localhost:5000/app/
//! ```

#[cfg(unix)]
mod arguments;
#[cfg(unix)]
mod log;

use std::process::ExitCode;

#[cfg(unix)]
#[tokio::main]
async fn main() -> ExitCode {
    let arguments = match arguments::Arguments::parse(std::env::args().skip(1)) {
        Ok(Some(arguments)) => arguments,
        Ok(None) => {
            println!("{}", arguments::USAGE);
            return ExitCode::SUCCESS;
        }
        Err(error) => {
            eprintln!("falconry-httpsysd: {error}; `falconry-httpsysd --help` tells the options");
            return ExitCode::from(2);
        }
    };
    log::start();
    match run(arguments).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("falconry-httpsysd: {error}");
            ExitCode::FAILURE
        }
    }
}

#[cfg(unix)]
async fn run(arguments: arguments::Arguments) -> Result<(), String> {
    use falconry_httpsys::Broker;
    use tokio::signal::unix::{SignalKind, signal};

    let driver = arguments.driver()?;
    let broker = Broker::bind(&arguments.socket, driver, arguments.options)
        .map_err(|error| format!("cannot listen on {}: {error}", arguments.socket.display()))?;
    let no_signals = |error| format!("the signals of the system cannot be had: {error}");
    let mut terminate = signal(SignalKind::terminate()).map_err(no_signals)?;
    let mut interrupt = signal(SignalKind::interrupt()).map_err(no_signals)?;
    println!("Now brokering on: {}", broker.path().display());
    tokio::select! {
        () = broker.run() => {}
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
    }
    Ok(())
}

#[cfg(not(unix))]
fn main() -> ExitCode {
    eprintln!("falconry-httpsysd is for systems with unix sockets; on Windows, HTTP.sys itself shares ports");
    ExitCode::FAILURE
}
