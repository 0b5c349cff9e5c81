//! The contract app, seen from outside: statuses, failures, limits.

use serde_json::Value;

use crate::{Capability::*, client::Outcome, connect::Request, runner::Trial, stage::Site};

const DESIGN: &str = "falconry: the contract app";

pub(super) const TRIALS: &[Trial] = &[
    Trial::of_contract(
        "every_final_status_can_be_sent",
        "Status codes from 200 to 599 are sent as they are.",
        DESIGN,
        status,
    ),
    Trial::of_contract(
        "a_status_that_is_none_is_400",
        "The contract app refuses numbers that are no status.",
        DESIGN,
        no_status,
    ),
    Trial::of_contract(
        "an_error_is_500_without_a_body",
        "An error before the response starts is answered by 500 with a Content-Length of 0.",
        "ASP.NET Core: unhandled application exceptions",
        throw,
    ),
    Trial::of_contract(
        "a_late_error_cuts_the_response",
        "After an error the client does not take a part of the body for the whole.",
        "RFC 9112 section 8",
        throw_late,
    ),
    Trial::of_contract(
        "an_abort_answers_nothing",
        "An abort ends the connection or stream without an answer.",
        DESIGN,
        abort,
    )
    .needs(&[Abort]),
    Trial::of_contract("a_wait_ends", "An application may take its time.", DESIGN, wait),
    Trial::of_contract(
        "a_client_that_leaves_is_noticed",
        "An application that waits learns that its client has gone.",
        "ASP.NET Core: IHttpRequestLifetimeFeature.RequestAborted",
        leave,
    )
    .needs(&[AbortObservation]),
    Trial::of_contract(
        "early_hints_come_ahead",
        "A 103 response comes ahead of the final one and is no answer by itself.",
        "RFC 8297 section 2",
        early_hints,
    )
    .needs(&[Informational]),
    Trial::of_contract(
        "a_body_over_the_limit_is_413",
        "A request may lower its own limit; a body over it is refused with 413.",
        "ASP.NET Core: IHttpMaxRequestBodySizeFeature",
        limits,
    )
    .needs(&[MaxRequestBodySize]),
];

fn status(site: &Site) {
    let mut client = site.client();
    for status in [200, 201, 204, 205, 299, 301, 304, 400, 404, 418, 451, 500, 503, 599] {
        let response = client.get(&format!("/status/{status}"));
        assert_eq!(response.status(), status);
        let has_body = !matches!(status, 204 | 205 | 304);
        assert_eq!(!response.body.is_empty(), has_body, "a body with {status}");
    }
}

fn no_status(site: &Site) {
    for number in ["0", "99", "1000", "abc", "-200", ""] {
        assert_eq!(site.get(&format!("/status/{number}")).status(), 400, "{number:?}");
    }
}

fn throw(site: &Site) {
    let response = site.get("/throw");
    assert_eq!((response.status(), response.field("content-length").as_str()), (500, "0"));
    assert_eq!(site.get("/").status(), 200, "the next request");
}

fn throw_late(site: &Site) {
    match site.client().attempt(&Request::get("/throw-late"), b"") {
        Outcome::Cut(..) => {}
        Outcome::Complete(response) => panic!("the client takes this for a whole response: {response:?}"),
    }
    assert_eq!(site.get("/").status(), 200, "the next request");
}

fn abort(site: &Site) {
    match site.client().attempt(&Request::get("/abort"), b"") {
        Outcome::Cut(None, _) => {}
        other => panic!("something came: {other:?}"),
    }
    assert_eq!(site.get("/").status(), 200, "the next request");
}

fn wait(site: &Site) {
    let response = site.get("/wait?ms=20");
    assert_eq!((response.status(), response.text().as_str()), (200, "waited 20 ms\n"));
}

fn leave(site: &Site) {
    let aborted = |site: &Site| {
        let info: Value = serde_json::from_slice(&site.get("/info").body).expect("the answer is JSON");
        info["aborted"].as_u64().expect("a number")
    };
    let before = aborted(site);
    let mut client = site.client();
    client.begin(&Request::get("/wait?ms=60000"));
    // Long enough for the request to arrive; how long does not matter.
    site.get("/wait?ms=50");
    client.leave();
    // Each answer takes its time, and the trial is bounded.
    while aborted(site) == before {
        site.get("/wait?ms=5");
    }
}

fn early_hints(site: &Site) {
    let response = site.get("/early-hints");
    assert_eq!((response.status(), response.text().as_str()), (200, "hinted\n"));
    let interim: Vec<_> = response.interim.iter().map(|head| head.status).collect();
    assert_eq!(interim, [103]);
    assert_eq!(response.interim[0].field("link"), "</style.css>; rel=preload; as=style");
}

fn limits(site: &Site) {
    let allowed = site.client().exchange(&Request::new("POST", "/limits?max_body=5").length(5), b"hello");
    assert_eq!((allowed.status(), &allowed.text()[..2]), (200, "5 "));
    let refused = site.client().exchange(&Request::new("POST", "/limits?max_body=4").length(5), b"hello");
    assert_eq!(refused.status(), 413);
}
