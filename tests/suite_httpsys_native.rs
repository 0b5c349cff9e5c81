//! The conformance suite over the HTTP.sys server on the native driver: `cargo xtask windows test` runs it under Wine.

use std::process::ExitCode;

#[cfg(not(windows))]
fn main() -> ExitCode {
    // There is nothing to examine.
    ExitCode::SUCCESS
}

#[cfg(windows)]
fn main() -> ExitCode {
    use falconry_conformance::{Arguments, Capability, Subject};
    use falconry_httpsys::{HttpSysOptions, HttpSysServer};

    let mut arguments = Arguments::from_args();
    let subject = Subject::new("httpsys", || {
        HttpSysServer::new(HttpSysOptions::default()).expect("the system has HTTP.sys")
    });
    let subject = if std::env::var_os("WINEPREFIX").is_some() {
        arguments
            .skip
            .extend(NOT_IN_WINE.iter().flat_map(|(_, trials)| *trials).map(|trial| (*trial).to_owned()));
        // Closing a queue closes the ports of all.
        arguments.test_threads = Some(1);
        subject.with([Capability::KeepAlive, Capability::Addresses])
    } else {
        // The HTTP Server API has none of these on HTTP/1.1.
        let absent = [
            Capability::RequestTrailers,
            Capability::ResponseTrailers,
            Capability::Informational,
            Capability::PersistentState,
            Capability::Heartbeat,
        ];
        subject.with_all().without(absent)
    };
    falconry_conformance::run_with(&arguments, subject).exit_code()
}

/// What Wine 8 cannot do and no capability names.
#[cfg(windows)]
const NOT_IN_WINE: [(&str, &[&str]); 7] = [
    (
        "its parser never comes back from such a request",
        &["an_empty_field_is_there", "a_field_of_eight_kilobytes_arrives", "fields_arrive_in_order"],
    ),
    ("a request for another host than the registered one gets no answer", &["the_host_is_a_field"]),
    (
        "there is no HttpCancelHttpRequest, so a response cannot be cut",
        &[
            "an_error_after_the_start_cuts_the_response",
            "an_error_cuts_even_what_was_not_flushed",
            "an_error_in_a_body_with_a_length_cuts_it",
            "a_panic_after_the_start_cuts_the_response",
            "the_server_outlives_many_failures",
            "writing_more_than_the_length_is_refused",
            "writing_less_than_the_length_is_no_whole_response",
            "a_failed_create_is_the_end_of_the_request",
            "a_late_error_cuts_the_response",
            "an_abort_answers_nothing",
        ],
    ),
    (
        "it takes a body in chunks for the next request, and then answers nobody",
        &[
            "echo_sends_back_a_body_of_unknown_length",
            "a_body_in_chunks_is_read_whole",
            "the_length_of_a_body_is_known_ahead",
            "a_body_that_is_taken_leaves_an_empty_one",
            "an_unread_body_is_not_read_by_the_next",
            "secrets_of_a_request",
        ],
    ),
    (
        "it adds Content-Length to responses that have no body",
        &[
            "no_content_has_neither_body_nor_framing",
            "writing_where_no_body_may_be_is_refused",
            "every_final_status_can_be_sent",
        ],
    ),
    (
        "a response of more than a megabyte is cut, a larger request dropped",
        &[
            "two_megabytes_arrive_byte_for_byte",
            "big_has_its_length_and_its_bytes",
            "big_arrives_whole_without_a_length",
            "an_upload_is_counted_and_digested",
        ],
    ),
    ("one port may be registered by several", &["an_address_in_use_fails_the_start"]),
];
