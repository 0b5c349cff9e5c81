//! Kestrel before clients that take more than their share: it runs in a process of its own, whose limits the tests set
//! and whose memory they measure.
//!
//! The test binary is the program, too: with a variable set it serves instead of testing.

#![cfg_attr(not(target_os = "linux"), allow(dead_code, unused_imports, reason = "/proc is Linux's"))]

mod descriptors;
mod idle;
mod program;
#[path = "../support/skip.rs"]
mod skip;
mod slow;

use std::process::{ExitCode, Termination};

use libtest_mimic::{Arguments, Failed, Trial};

fn main() -> ExitCode {
    if program::is_asked_for() {
        return program::serve().report();
    }
    let mut arguments = Arguments::from_args();
    // Each wants the machine, and measures time.
    arguments.test_threads = Some(1);
    libtest_mimic::run(&arguments, trials()).exit_code()
}

#[cfg(not(target_os = "linux"))]
fn trials() -> Vec<Trial> {
    Vec::new()
}

#[cfg(target_os = "linux")]
fn trials() -> Vec<Trial> {
    let trial = |name: &str, test: fn()| {
        Trial::test(name, move || {
            test();
            Ok::<(), Failed>(())
        })
    };
    vec![
        trial("without_descriptors_open_connections_go_on_and_later_ones_are_served", descriptors::run_out),
        trial("beside_10000_idle_connections_a_client_is_answered_and_memory_is_bounded", idle::ten_thousand),
        trial(
            "beside_10000_used_idle_connections_a_client_is_answered_and_memory_is_bounded",
            idle::ten_thousand_used,
        ),
        trial("heads_that_trickle_end_with_408_and_hold_nobody_up", slow::heads),
        trial("bodies_that_trickle_end_with_408_and_hold_nobody_up", slow::bodies),
        trial("clients_that_do_not_read_are_cut_off_and_hold_nobody_up", slow::readers),
    ]
}
