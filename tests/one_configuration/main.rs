//! One configuration file, and nothing else, makes the contract app serve HTTP/1.1, HTTP/2, HTTP/3 and WebSockets, in clear
//! and over TLS; a client of each gets its answer.
//!
//! The test binary is the program, too: with a variable set it is the example `contract`.

#[expect(dead_code, reason = "only a part is used here")]
#[path = "../../servers/kestrel/tests/support/certificates.rs"]
mod certificates;
mod clients;
#[path = "../../examples/contract.rs"]
mod contract;
#[path = "../support/process.rs"]
mod process;
mod program;
#[path = "../support/skip.rs"]
mod skip;
mod web_sockets;

use std::{
    process::{ExitCode, Termination},
    sync::Arc,
};

use libtest_mimic::{Arguments, Failed, Trial};

use self::program::Program;

const TESTS: [(&str, fn(&Program)); 7] = [
    ("curl_gets_http_1_1_in_clear", clients::http1),
    ("curl_gets_http_1_1_over_tls", clients::http1_over_tls),
    ("curl_gets_http_2_by_prior_knowledge", clients::http2),
    ("curl_gets_http_2_over_tls_and_hears_of_http_3", clients::http2_over_tls),
    ("aioquic_gets_http_3", clients::http3),
    ("a_web_socket_echoes_in_clear", web_sockets::in_clear),
    ("a_web_socket_echoes_over_tls", web_sockets::over_tls),
];

fn main() -> ExitCode {
    if program::is_asked_for() {
        return contract::main().report();
    }
    let arguments = Arguments::from_args();
    // It must be started by a thread that lives on: the system ends it with that.
    let program = (!arguments.list).then(|| Arc::new(Program::start()));
    let trials = TESTS.map(|(name, test)| {
        let program = program.clone();
        Trial::test(name, move || {
            test(program.as_deref().expect("tests are not only listed"));
            Ok::<(), Failed>(())
        })
    });
    libtest_mimic::run(&arguments, trials.into()).exit_code()
}
