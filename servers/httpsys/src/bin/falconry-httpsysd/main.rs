//! The broker of the portable HTTP.sys driver: owns the sockets, so that several processes share ports.
//!
//! ```text
//! falconry-httpsysd --socket /run/falconry/httpsysd.sock
//! app --server httpsys --HttpSys:Broker=/run/falconry/httpsysd.sock --urls http://localhost:5000/app/
//! ```

#[cfg(unix)]
mod arguments;

#[cfg(unix)]
#[tokio::main]
async fn main() -> std::process::ExitCode {
    use falconry_httpsys::Broker;
    use tokio::signal::unix::{SignalKind, signal};

    let arguments = match arguments::Arguments::parse(std::env::args().skip(1)) {
        Ok(Some(arguments)) => arguments,
        Ok(None) => {
            println!("{}", arguments::USAGE);
            return std::process::ExitCode::SUCCESS;
        }
        Err(error) => {
            eprintln!("{error}\n\n{}", arguments::USAGE);
            return std::process::ExitCode::from(2);
        }
    };
    let broker = match Broker::bind(&arguments.socket, arguments.driver(), arguments.options) {
        Ok(broker) => broker,
        Err(error) => {
            eprintln!("cannot listen on {}: {error}", arguments.socket.display());
            return std::process::ExitCode::FAILURE;
        }
    };
    let (Ok(mut terminate), Ok(mut interrupt)) =
        (signal(SignalKind::terminate()), signal(SignalKind::interrupt()))
    else {
        eprintln!("the signals of the system cannot be had");
        return std::process::ExitCode::FAILURE;
    };
    println!("Now brokering on: {}", broker.path().display());
    tokio::select! {
        () = broker.run() => {}
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
    }
    std::process::ExitCode::SUCCESS
}

#[cfg(not(unix))]
fn main() -> std::process::ExitCode {
    eprintln!("falconry-httpsysd is for systems with unix sockets; on Windows, HTTP.sys itself shares ports");
    std::process::ExitCode::FAILURE
}
