//! Start and stop.

use falconry_features::{CancellationToken, Deadline};

use crate::{
    Capability::*,
    client::Outcome,
    connect::{Connection as _, Request},
    journal::Journal,
    runner::Trial,
    stage::{Running, Stage, block_on, start_contract},
};

const AREA: &str = "server";

pub(super) const TRIALS: &[Trial] = &[
    Trial::new(
        AREA,
        "it_serves_when_the_start_returns",
        "A started server is accepting.",
        "falconry: Server::start",
        serves,
    ),
    Trial::new(
        AREA,
        "a_second_start_is_an_error",
        "A server is started once.",
        "ASP.NET Core: IServer.StartAsync",
        second_start,
    )
    .needs(&[StartOnce]),
    Trial::new(
        AREA,
        "a_start_after_the_stop_is_an_error",
        "A server that was stopped does not start again.",
        "ASP.NET Core: start after stop (measured)",
        start_after_stop,
    )
    .needs(&[StartOnce]),
    Trial::new(
        AREA,
        "a_server_that_was_never_started_can_be_stopped",
        "Stop without start is nothing.",
        "ASP.NET Core: IServer.StopAsync",
        stop_without_start,
    ),
    Trial::new(
        AREA,
        "an_idle_server_stops",
        "Without requests a stop completes.",
        "ASP.NET Core: IServer.StopAsync",
        stop_idle,
    ),
    Trial::new(
        AREA,
        "a_second_stop_is_no_error",
        "Stop may be called again.",
        "falconry: Server::stop",
        second_stop,
    ),
    Trial::new(
        AREA,
        "no_connection_is_taken_after_the_stop",
        "A stopped server does not accept.",
        "ASP.NET Core: IServer.StopAsync",
        no_connections,
    )
    .needs(&[Addresses, Http1]),
    Trial::new(
        AREA,
        "idle_connections_do_not_hold_the_stop_up",
        "A stop closes connections without a request.",
        "ASP.NET Core: stop (measured: idle and request-less connections get FIN at once)",
        idle_connections,
    )
    .needs(&[KeepAlive, Http1, GracefulStop]),
    Trial::new(
        AREA,
        "a_partial_request_does_not_hold_the_stop_up",
        "A request of which only a part has come is not under way.",
        "falconry: DESIGN (ASP.NET Core holds the stop up: measured)",
        partial_request,
    )
    .needs(&[Http1, GracefulStop]),
    Trial::new(
        AREA,
        "a_stop_waits_for_the_request_under_way",
        "What is in flight finishes, and its client gets the answer.",
        "ASP.NET Core: IServer.StopAsync",
        waits,
    )
    .needs(&[GracefulStop]),
    Trial::new(
        AREA,
        "the_last_answer_closes_the_connection",
        "An answer during a stop says `Connection: close`.",
        "ASP.NET Core: stop (measured)",
        last_answer,
    )
    .needs(&[GracefulStop, Http1]),
    Trial::new(
        AREA,
        "the_deadline_aborts_what_is_left",
        "At the deadline requests under way are aborted, and the application sees it.",
        "ASP.NET Core: IServer.StopAsync (token)",
        deadline,
    )
    .needs(&[GracefulStop, StopDeadline, AbortObservation]),
    Trial::new(
        AREA,
        "a_passed_deadline_stops_at_once",
        "A deadline that has passed waits for nothing.",
        "falconry: Deadline::now",
        at_once,
    )
    .needs(&[StopDeadline]),
    Trial::new(
        AREA,
        "two_servers_run_side_by_side",
        "Servers share nothing.",
        "falconry: Server",
        side_by_side,
    ),
    Trial::new(
        AREA,
        "many_clients_are_served_at_once",
        "Connections do not wait for each other.",
        "falconry: Server",
        many_clients,
    ),
];

fn serves(stage: &Stage) {
    for _ in 0..5 {
        assert_eq!(stage.serve_contract().get("/").status(), 200);
    }
}

fn second_start(stage: &Stage) {
    let server = stage.serve_contract();
    let error = start_contract(&server.instance).expect_err("the start must fail");
    assert!(error.is_invalid_state(), "{error:?}");
    assert_eq!(server.get("/").status(), 200, "it goes on");
}

fn start_after_stop(stage: &Stage) {
    let server = stage.serve_contract();
    server.stop(Deadline::never());
    assert!(start_contract(&server.instance).expect_err("the start must fail").is_invalid_state());
}

fn stop_without_start(stage: &Stage) {
    let instance = stage.unstarted();
    block_on("the server stops", instance.server.stop(Deadline::never())).expect("a stop of nothing");
}

fn stop_idle(stage: &Stage) {
    let server = stage.serve_contract();
    server.client().get("/");
    server.stop(Deadline::never());
}

fn second_stop(stage: &Stage) {
    let server = stage.serve_contract();
    server.stop(Deadline::never());
    server.stop(Deadline::never());
    server.stop(Deadline::now());
}

fn no_connections(stage: &Stage) {
    let server = stage.serve_contract();
    assert_eq!(server.get("/").status(), 200);
    server.stop(Deadline::never());
    // A system may take a connection that nobody will serve.
    if let Ok(mut wire) = server.try_wire() {
        let _ = wire.send(&Request::get("/"));
        assert!(wire.head().is_err(), "a stopped server answered");
    }
}

fn idle_connections(stage: &Stage) {
    let server = stage.serve_contract();
    let mut used = server.client();
    used.get("/");
    let mut unused = server.wire();
    server.get("/");
    server.stop(Deadline::never());
    assert!(unused.is_closed_by_server().expect("it is closed"));
}

fn partial_request(stage: &Stage) {
    let server = stage.serve_contract();
    let mut wire = server.wire_with("GET / HTT", &[]);
    server.get("/");
    server.stop(Deadline::never());
    assert!(wire.head().is_err() || wire.is_closed_by_server().is_ok(), "it goes on");
}

/// Serves an application that answers once it is told to, and notes what befalls it.
fn waiting(stage: &Stage) -> (Running, Journal<String>, Journal<()>) {
    let (seen, go) = (Journal::<String>::new(), Journal::<()>::new());
    let server = stage.serve(&(seen.clone(), go.clone()), |(seen, go), ctx| {
        Box::pin(async move {
            let fired = seen.clone();
            ctx.request_aborted().on_cancelled(move || fired.push("fired"));
            seen.push("waiting");
            go.added(1).await;
            ctx.response_mut().write("answered").await
        })
    });
    (server, seen, go)
}

fn waits(stage: &Stage) {
    let (server, seen, go) = waiting(stage);
    let mut client = server.client();
    client.begin(&Request::get("/"));
    seen.first();
    let stop = server.stop_in_background(Deadline::never());
    server.wait_until_refused();
    assert!(!stop.is_finished(), "the stop did not wait");
    go.push(());
    assert_eq!(client.response().text(), "answered");
    assert!(stop.join().expect("the stop does not panic"), "the stop did not complete");
    assert_eq!(seen.entries(), ["waiting"]);
}

fn last_answer(stage: &Stage) {
    let (server, seen, go) = waiting(stage);
    let mut wire = server.wire_with("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n", &["GET"]);
    seen.first();
    let mut idle = server.wire();
    let stop = server.stop_in_background(Deadline::never());
    assert!(idle.is_closed_by_server().expect("the stop reaches the connections"));
    go.push(());
    let response = crate::client::response_on(&mut wire);
    assert_eq!((response.text().as_str(), response.field("connection").as_str()), ("answered", "close"));
    assert!(wire.is_closed_by_server().expect("the server ends the connection"));
    assert!(stop.join().expect("the stop does not panic"), "the stop did not complete");
}

fn deadline(stage: &Stage) {
    let (server, seen, _go) = waiting(stage);
    let mut client = server.client();
    client.begin(&Request::get("/"));
    seen.first();
    let passed = CancellationToken::new();
    let stop = server.stop_in_background(Deadline::on(passed.clone(), None));
    server.wait_until_refused();
    assert!(!stop.is_finished(), "the stop did not wait");
    passed.cancel();
    assert!(stop.join().expect("the stop does not panic"), "the stop did not complete");
    assert_eq!(seen.wait(2), ["waiting", "fired"]);
    match client.outcome() {
        Outcome::Cut(None, _) => {}
        other => panic!("an aborted request was answered: {other:?}"),
    }
}

fn at_once(stage: &Stage) {
    let (server, seen, _go) = waiting(stage);
    let mut client = server.client();
    client.begin(&Request::get("/"));
    seen.first();
    server.stop(Deadline::now());
    assert!(matches!(client.outcome(), Outcome::Cut(None, _)));
}

fn side_by_side(stage: &Stage) {
    let servers: Vec<_> = (0..3)
        .map(|number| {
            stage.serve(&number, |number, ctx| {
                Box::pin(async move { ctx.response_mut().write(format!("server {number}")).await })
            })
        })
        .collect();
    for (number, server) in servers.iter().enumerate() {
        assert_eq!(server.get("/").text(), format!("server {number}"));
    }
}

fn many_clients(stage: &Stage) {
    let (seen, go) = (Journal::<()>::new(), Journal::<()>::new());
    let server = stage.serve(&(seen.clone(), go.clone()), |(seen, go), ctx| {
        Box::pin(async move {
            seen.push(());
            go.added(1).await;
            let path = ctx.request().path().to_owned();
            ctx.response_mut().write(path).await
        })
    });
    let mut clients: Vec<_> = (0..32)
        .map(|number| {
            let mut client = server.client();
            client.begin(&Request::get(&format!("/{number}")));
            client
        })
        .collect();
    seen.wait(32);
    go.push(());
    for (number, client) in clients.iter_mut().enumerate() {
        assert_eq!(client.response().text(), format!("/{number}"));
    }
}
