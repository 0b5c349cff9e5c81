//! Single frames against the rules of RFC 9113, one case for each rule, named by its section.

mod blocks;
mod fields;
mod flow;
mod frames;
mod messages;
mod streams;
#[path = "../support/h2/mod.rs"]
mod support;

use std::{process::ExitCode, sync::Arc};

use libtest_mimic::{Arguments, Trial};

use self::support::{Raw, Server, raw::Response};

/// A rule.
struct Case {
    /// Begins with its section.
    name: String,
    /// What is sent behind the settings.
    bytes: Vec<u8>,
    expect: Expect,
}

/// What must come of it.
enum Expect {
    /// The connection ends with one of these codes.
    Goaway(&'static [u32]),
    /// The stream ends with this code, and the connection serves on.
    Reset(u32, u32),
    /// One or the other: a stream error may be taken for a connection's (section 5.4.2).
    ResetOrGoaway(u32, u32),
    /// The stream is answered with this status.
    Status(u32, u16),
    /// The stream is answered with 200 and this body.
    Body(u32, &'static str),
    /// Nothing happens, and the connection serves on.
    Nothing,
    /// What it does.
    Check(fn(&mut Raw)),
}

fn case(name: impl Into<String>, bytes: Vec<u8>, expect: Expect) -> Case {
    Case { name: name.into(), bytes, expect }
}

/// A stream that no case uses.
const NEXT: u32 = 1001;

fn main() -> ExitCode {
    let server = Arc::new(Server::start());
    let cases = [
        blocks::cases(),
        streams::cases(),
        frames::cases(),
        flow::cases(),
        fields::cases(),
        messages::cases(),
    ];
    let trials = cases.into_iter().flatten().map(|case| {
        let server = Arc::clone(&server);
        Trial::test(case.name.clone(), move || {
            run(case, &server);
            Ok(())
        })
    });
    let trials = trials.collect();
    libtest_mimic::run(&Arguments::from_args(), trials).exit_code()
}

fn run(case: Case, server: &Server) {
    let mut raw = server.connect();
    raw.send(&case.bytes);
    match case.expect {
        Expect::Goaway(codes) => {
            let code = raw.goaway();
            assert!(code.is_some_and(|code| codes.contains(&code)), "{code:x?}, not one of {codes:x?}");
        }
        Expect::Reset(stream, code) => {
            assert_eq!(raw.reset_of(stream), code);
            raw.assert_serves(NEXT);
        }
        Expect::ResetOrGoaway(stream, code) => loop {
            let Some(frame) = raw.next() else { panic!("the connection has ended without a word") };
            if frame.kind == support::kind::GOAWAY || (frame.kind, frame.stream) == (3, stream) {
                return assert_eq!(frame.code(), code);
            }
        },
        Expect::Status(stream, status) => {
            assert_eq!(answer(&mut raw, stream).status(), status);
            raw.assert_serves(NEXT);
        }
        Expect::Body(stream, body) => {
            let response = answer(&mut raw, stream);
            assert_eq!((response.status(), &*response.text()), (200, body));
            raw.assert_serves(NEXT);
        }
        Expect::Nothing => raw.assert_serves(NEXT),
        Expect::Check(check) => check(&mut raw),
    }
}

fn answer(raw: &mut Raw, stream: u32) -> Response {
    raw.response(stream)
}
