//! `hostingModel="inprocess"`: the module with applications' libraries in its workers.

#![allow(dead_code, reason = "what the other tests need as well")]

#[path = "../processes/backend.rs"]
mod backend;
#[path = "../processes/client.rs"]
mod client;
mod life;
#[path = "../processes/log.rs"]
mod log;
#[path = "../processes/module.rs"]
mod module;
mod refusals;
mod requests;
#[path = "../processes/scratch.rs"]
mod scratch;
#[path = "../../../../tests/support/skip.rs"]
mod skip;
mod support;
#[path = "../processes/web_config.rs"]
mod web_config;

use std::process::ExitCode;

use libtest_mimic::{Arguments, Failed, Trial};

fn main() -> ExitCode {
    let trial = |name: &str, test: fn()| {
        Trial::test(name, move || {
            test();
            Ok::<(), Failed>(())
        })
    };
    let trials = vec![
        trial("a_request_is_answered_by_the_library_in_the_worker", requests::first_request),
        trial("twenty_megabytes_come_back_as_they_were_sent", requests::large_echo),
        trial("trailers_pass_both_ways", requests::trailers),
        trial("an_upgraded_connection_carries_bytes_both_ways_and_closes_in_order", requests::web_socket),
        trial("a_panic_is_500_and_the_worker_goes_on", requests::panics),
        trial("an_abort_is_502_3_and_the_worker_goes_on", requests::abort),
        trial("an_application_hears_that_its_client_has_gone", requests::client_left),
        trial("timers_and_tasks_of_the_library_run_on_its_own_runtime", requests::runtime),
        trial("a_crash_is_502_3_and_a_fresh_worker_serves_the_next_request", life::crash),
        trial("a_request_without_the_token_is_refused_by_the_application", life::token),
        #[cfg(unix)]
        trial("a_worker_listens_on_a_unix_socket", life::unix_socket),
        trial(
            "a_change_of_configuration_under_load_has_another_worker_and_loses_no_request",
            life::recycling,
        ),
        trial("the_module_stops_the_worker_in_order", life::stop),
        trial("another_version_of_the_interface_is_refused_with_500_32", refusals::other_version),
        trial("a_file_for_another_kind_of_machine_is_refused_with_500_32", refusals::other_machine),
        trial("a_library_without_an_application_is_refused_with_500_33", refusals::no_table),
        trial("a_missing_library_is_500_38", refusals::missing),
        trial("an_application_that_fails_to_start_is_500_30", refusals::start_failure),
        trial("an_application_that_does_not_start_in_time_is_500_37", refusals::start_timeout),
    ];
    libtest_mimic::run(&Arguments::from_args(), trials).exit_code()
}
