//! What systemd is told of a program.
//!
//! The test binary is the program, too: with a variable set it serves instead of testing.

#![cfg_attr(not(unix), allow(dead_code, unused_imports, reason = "systemd is on unix only"))]

use std::{
    env,
    process::{Child, Command, ExitCode, Stdio, Termination},
};

use falconry::{HostError, HttpContext, WebHost};
use libtest_mimic::{Arguments, Failed, Trial};

const PROGRAM: &str = "FALCONRY_TEST_IS_THE_PROGRAM";

fn main() -> ExitCode {
    if env::var_os(PROGRAM).is_some() {
        return program().report();
    }
    libtest_mimic::run(&Arguments::from_args(), trials()).exit_code()
}

#[tokio::main]
async fn program() -> Result<(), HostError> {
    WebHost::run(async |ctx: &mut HttpContext| ctx.response_mut().write("Hello World!").await).await
}

#[cfg(not(unix))]
fn trials() -> Vec<Trial> {
    Vec::new()
}

#[cfg(unix)]
fn trials() -> Vec<Trial> {
    vec![Trial::test("systemd_hears_when_the_program_is_ready_alive_and_stopping", || {
        ready_alive_stopping();
        Ok::<(), Failed>(())
    })]
}

#[cfg(unix)]
fn ready_alive_stopping() {
    use std::{os::unix::net::UnixDatagram, time::Duration};

    let path = env::temp_dir().join(format!("falconry-notify-{}.sock", std::process::id()));
    let _ = std::fs::remove_file(&path);
    let systemd = UnixDatagram::bind(&path).unwrap();
    systemd.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
    let mut program = Program(
        Command::new(env::current_exe().unwrap())
            .args(["--urls", "http://127.0.0.1:0"])
            .env_clear()
            .env(PROGRAM, "1")
            .env("NOTIFY_SOCKET", &path)
            .env("WATCHDOG_USEC", "200000")
            .current_dir(env!("CARGO_TARGET_TMPDIR"))
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .spawn()
            .unwrap(),
    );
    let next = || {
        let mut buffer = [0; 256];
        let count = systemd.recv(&mut buffer).expect("the program tells more");
        String::from_utf8_lossy(&buffer[..count]).trim_end().to_owned()
    };
    assert_eq!(next(), "READY=1");
    for _ in 0..3 {
        assert_eq!(next(), "WATCHDOG=1");
    }
    let kill = Command::new("sh").arg("-c").arg(format!("kill -TERM {}", program.0.id())).status();
    assert!(kill.unwrap().success());
    let told = std::iter::repeat_with(next).find(|told| told != "WATCHDOG=1");
    assert_eq!(told.as_deref(), Some("STOPPING=1"));
    assert_eq!(program.0.wait().unwrap().code(), Some(0));
    let _ = std::fs::remove_file(path);
}

struct Program(Child);

impl Drop for Program {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}
