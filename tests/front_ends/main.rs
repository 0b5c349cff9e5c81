//! Kestrel behind the proxies that people put before it: nginx, Apache httpd, HAProxy and nghttpx, each with HTTP/1.1 to
//! Kestrel and, where it can, HTTP/2 in clear.
//!
//! Every behaviour is a trial for every front end. Each trial starts a Kestrel of its own with the contract app, and a
//! proxy before it, on free ports of loopback and with a configuration made for it.

mod aborts;
mod app;
mod bodies;
mod client;
mod connections;
mod front;
#[path = "../support/process.rs"]
mod process;
mod proxies;
#[path = "../support/skip.rs"]
mod skip;
mod traffic;
mod web_sockets;

use std::process::ExitCode;

use libtest_mimic::{Arguments, Failed, Trial};

use self::{
    front::Front,
    proxies::{FrontEnd, front_ends},
};

/// What is shown behind each front end.
const BEHAVIOURS: [(&str, fn(&Front)); 17] = [
    ("answers_come_as_kestrel_gave_them", traffic::answers),
    ("the_request_arrives_as_it_was_sent", traffic::requests),
    ("errors_of_the_application_reach_the_client", traffic::errors),
    ("posts_of_300_kb_come_back_intact", bodies::echoes),
    ("requests_in_chunks_arrive_whole", bodies::chunked_requests),
    ("answers_in_chunks_arrive_whole", bodies::chunked_answers),
    ("a_client_of_http_1_0_gets_no_chunks", bodies::without_chunks),
    ("an_answer_streams_while_it_is_made", bodies::streams),
    ("a_post_waits_for_100_continue", bodies::expects),
    ("200_parallel_requests_are_all_answered", connections::parallel),
    ("connections_to_kestrel_are_used_again", connections::reuse),
    ("one_connection_of_a_client_takes_many_requests", connections::keep_alive),
    ("kestrel_sees_a_body_that_the_client_broke_off", aborts::bodies),
    ("kestrel_sees_a_chunk_that_the_client_broke_off", aborts::chunks),
    ("kestrel_sees_a_client_that_left_an_answer", aborts::answers),
    ("an_answer_that_breaks_off_is_not_passed_on_as_whole", aborts::broken_answers),
    ("web_socket_messages_come_back", web_sockets::echo),
];

fn main() -> ExitCode {
    let arguments = Arguments::from_args();
    let trials = front_ends().flat_map(|front_end| {
        let is_known = |name: &&&str| BEHAVIOURS.iter().any(|(known, _)| known == *name);
        assert_eq!(front_end.lacks.iter().find(|name| !is_known(name)), None, "no behaviour has this name");
        let behaviours = BEHAVIOURS.into_iter().filter(move |(name, _)| !front_end.lacks.contains(name));
        behaviours.map(move |(name, test)| trial(front_end, name, test))
    });
    libtest_mimic::run(&arguments, trials.collect()).exit_code()
}

fn trial(front_end: FrontEnd, behaviour: &'static str, test: fn(&Front)) -> Trial {
    let name = format!("{}::{behaviour}", front_end.name);
    Trial::test(name.clone(), move || {
        let Some(program) = process::find(front_end.program) else {
            skip::skip(&name, &format!("{} is not installed", front_end.program));
            return Ok(());
        };
        test(&Front::start(front_end, &program, behaviour));
        Ok::<(), Failed>(())
    })
}
