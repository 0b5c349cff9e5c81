//! What the test binary is when it is started as a backend.

use std::{
    env, fs,
    io::{Read, Write},
    net::TcpStream,
    path::Path,
    process::{Command, ExitCode},
};

use falconry::{HostError, WebHost};
use falconry_conformance::contract;

/// Says which backend.
pub(crate) const VARIABLE: &str = "FALCONRY_TEST_BACKEND";

pub(crate) fn run_if_asked() -> Option<ExitCode> {
    let kind = env::var(VARIABLE).ok()?;
    let (kind, file) = kind.split_once(':').unwrap_or((&kind, ""));
    Some(match kind {
        "contract" => serve(),
        // Crashes until there is such a file, and notes each time in another.
        "crash-without" => {
            note(&format!("{file}.crashes"));
            if Path::new(file).exists() { serve() } else { crash() }
        }
        "silent" => silent(),
        // Has started something else; both hold a connection to this address.
        "family" => family(file),
        "held" => held(file),
        other => panic!("there is no backend {other:?}"),
    })
}

#[tokio::main(worker_threads = 2)]
async fn contract_app() -> Result<(), HostError> {
    contract::run(WebHost::builder().args(env::args())).await
}

fn serve() -> ExitCode {
    use std::process::Termination;
    contract_app().report()
}

fn crash() -> ExitCode {
    eprintln!("the secret reason of the crash");
    ExitCode::from(7)
}

/// Lives and does not listen.
fn silent() -> ExitCode {
    println!("I will not listen");
    loop {
        std::thread::park();
    }
}

fn family(address: &str) -> ExitCode {
    let program = env::current_exe().unwrap();
    let mut child = Command::new(program).env(VARIABLE, format!("held:{address}")).spawn().unwrap();
    let _held = TcpStream::connect(address);
    let end = serve();
    let _ = child.kill();
    let _ = child.wait();
    end
}

/// Lives as long as the other end of its connection, and hears no signal.
#[tokio::main(flavor = "current_thread")]
async fn held(address: &str) -> ExitCode {
    #[cfg(unix)]
    let _deaf = {
        use tokio::signal::unix::{SignalKind, signal};
        [SignalKind::terminate(), SignalKind::interrupt(), SignalKind::hangup()]
            .map(|kind| signal(kind).unwrap())
    };
    if let Ok(mut stream) = TcpStream::connect(address) {
        let _ = stream.read(&mut [0]);
    }
    ExitCode::SUCCESS
}

fn note(file: &str) {
    let mut file = fs::OpenOptions::new().create(true).append(true).open(file).unwrap();
    file.write_all(b"x").unwrap();
}
