//! The module as a program of its own, with real processes behind it.
//!
//! The test binary is the backend, too: with a variable set it serves the contract app, or fails as asked, instead of
//! testing.

#![cfg_attr(not(unix), allow(dead_code, unused_imports, reason = "what some tests need is on unix only"))]

#[cfg(unix)]
mod any_backend;
mod backend;
#[allow(dead_code, reason = "each test program uses a part")]
#[path = "../../../kestrel/tests/support/certificates.rs"]
mod certificates;
mod client;
mod client_certificates;
mod command;
mod configuration_change;
mod crashes;
mod encrypted;
#[allow(dead_code, reason = "each test program uses a part")]
#[path = "../../../kestrel/tests/support/h3/client.rs"]
mod h3_client;
mod life;
mod log;
mod module;
mod orphans;
mod protocols;
mod scratch;
#[path = "../../../../tests/support/skip.rs"]
mod skip;
mod status_page;
mod web_config;

use std::process::ExitCode;

use libtest_mimic::{Arguments, Failed, Trial};

fn main() -> ExitCode {
    if let Some(code) = falconry_module::run_keeper_if_asked() {
        return code;
    }
    if let Some(code) = backend::run_if_asked() {
        return code;
    }
    let trials = common();
    #[cfg(unix)]
    let trials = trials.into_iter().chain(unix()).collect();
    libtest_mimic::run(&Arguments::from_args(), trials).exit_code()
}

/// What holds on every system.
fn common() -> Vec<Trial> {
    vec![
        trial("the_first_request_starts_the_process_and_is_answered_by_it", life::first_request),
        trial("a_request_straight_to_the_backend_without_the_token_is_refused", life::token),
        trial("applications_are_told_apart_by_their_path", life::paths),
        trial("several_processes_take_turns", life::turns),
        trial("the_first_requests_wait_for_one_start", life::one_start),
        trial("always_running_starts_before_the_first_request_and_after_a_crash", life::always_running),
        trial("a_stop_lets_requests_finish_and_processes_end_in_order", life::stop),
        trial("each_way_to_ask_for_the_stop_stops_the_processes_too", life::ways_to_stop),
        trial("paths_of_windows_name_program_and_log", life::windows_paths),
        trial("output_goes_to_a_file_with_time_and_process_in_its_name", life::output),
        trial("app_offline_takes_the_application_away_and_brings_it_back", life::offline),
        trial("with_web_sockets_off_an_upgrade_is_an_ordinary_request", life::no_web_sockets),
        trial("the_body_limit_is_that_of_request_filtering", life::body_limit),
        trial("a_web_socket_passes_and_closes_in_order", protocols::web_socket),
        trial("a_killed_backend_costs_the_requests_under_way_at_most", crashes::killed_under_load),
        trial("requests_that_may_be_repeated_survive_a_killed_backend", crashes::repeated),
        trial("a_crash_loop_ends_in_502_5_and_recovers_after_the_window", crashes::crash_loop),
        trial("a_program_that_does_not_listen_is_502_5_after_the_limit", crashes::does_not_listen),
        trial("what_a_failed_start_wrote_is_shown_to_developers_only", crashes::details),
        trial("a_change_of_configuration_under_load_loses_no_request", configuration_change::under_load),
        trial("a_wrong_configuration_leaves_the_former_in_force", configuration_change::wrong),
        trial(
            "a_configuration_that_does_not_start_leaves_the_former_in_force",
            configuration_change::does_not_start,
        ),
        trial(
            "processes_with_one_port_hand_it_over_without_losing_a_request",
            configuration_change::fixed_port,
        ),
        trial("applications_come_and_go_with_the_file", configuration_change::come_and_go),
        trial("a_killed_module_leaves_nothing_behind", orphans::module_killed),
        trial("what_a_program_started_ends_with_it", orphans::grandchildren),
        trial("check_says_what_is_wrong_and_where", command::check),
        trial("a_wrong_command_line_ends_with_2_and_the_usage", command::usage),
        trial("the_walk_through_serves_the_contract_app", command::walk_through),
        trial("the_state_is_told_as_text_json_and_metrics", status_page::told),
        trial("the_status_page_is_for_this_machine_only", status_page::this_machine),
    ]
}

/// What only unix has: sockets with a path, keepers. And what Wine lacks: sockets that HTTP/3 can use, Chromium, Python
/// and Node, and the time for large bodies.
#[cfg(unix)]
fn unix() -> Vec<Trial> {
    vec![
        trial("a_process_may_listen_on_a_unix_socket", life::unix_socket),
        trial("http_2_and_http_3_outside_are_http_1_1_inside", protocols::versions),
        trial(
            "a_client_s_certificate_reaches_the_application_and_cannot_be_forged",
            client_certificates::forwarded,
        ),
        trial(
            "a_client_without_the_certificate_that_an_endpoint_requires_gets_nowhere",
            client_certificates::required,
        ),
        trial("three_hundred_megabytes_pass_both_ways", protocols::large_bodies),
        trial("a_killed_keeper_takes_the_program_with_it", orphans::keeper_killed),
        trial("a_program_in_python_is_served", any_backend::python),
        trial("a_program_in_node_is_served", any_backend::node),
        trial("the_status_page_shows_numbers_that_move_and_plots_in_a_browser", status_page::browser),
    ]
}

fn trial(name: &str, test: fn()) -> Trial {
    Trial::test(name, move || {
        test();
        Ok::<(), Failed>(())
    })
}
