//! Requests that end before their time.

use falconry_features::{CancellationToken, HttpRequestLifetimeFeature};

use crate::{
    Capability::*, client::Outcome, connect::Request, journal::Journal, runner::Trial, stage::Stage,
};

const AREA: &str = "abort";

pub(super) const TRIALS: &[Trial] = &[
    Trial::new(
        AREA,
        "an_abort_before_the_start_answers_nothing",
        "Abort ends the connection or stream without a response.",
        "ASP.NET Core: IHttpRequestLifetimeFeature.Abort",
        before_start,
    )
    .needs(&[Abort]),
    Trial::new(
        AREA,
        "an_abort_after_the_start_cuts_the_response",
        "Abort does not finish the response.",
        "ASP.NET Core: IHttpRequestLifetimeFeature.Abort",
        after_start,
    )
    .needs(&[Abort]),
    Trial::new(
        AREA,
        "an_abort_cuts_even_a_handler_that_goes_on",
        "Abort does not wait for the application.",
        "ASP.NET Core: IHttpRequestLifetimeFeature.Abort",
        goes_on,
    )
    .needs(&[Abort]),
    Trial::new(
        AREA,
        "an_abort_fires_the_token",
        "RequestAborted fires when the application aborts.",
        "ASP.NET Core: RequestAborted",
        fires,
    )
    .needs(&[Abort]),
    Trial::new(
        AREA,
        "an_abort_after_the_end_changes_nothing",
        "What was handed over is delivered.",
        "ASP.NET Core: RequestAborted (measured: not fired by Abort after CompleteAsync)",
        after_end,
    )
    .needs(&[Abort, EarlyEnd, ResponseStreaming]),
    Trial::new(
        AREA,
        "what_is_written_after_an_abort_does_not_arrive",
        "Nothing of the response leaves after an abort.",
        "ASP.NET Core: IHttpRequestLifetimeFeature.Abort",
        written_later,
    )
    .needs(&[Abort]),
    Trial::new(
        AREA,
        "an_abort_touches_no_other_request",
        "Each request has a token of its own.",
        "ASP.NET Core: RequestAborted is per request",
        no_other,
    )
    .needs(&[Abort]),
    Trial::new(
        AREA,
        "the_token_does_not_fire_for_a_request_that_went_well",
        "After the last byte was handed over a client that leaves fires nothing.",
        "ASP.NET Core: RequestAborted",
        went_well,
    )
    .needs(&[Abort]),
    Trial::new(
        AREA,
        "the_token_can_be_replaced",
        "A token that middleware sets is what the rest of the pipeline gets.",
        "ASP.NET Core: IHttpRequestLifetimeFeature.RequestAborted get/set",
        replaced,
    )
    .needs(&[Abort]),
    Trial::new(
        AREA,
        "a_client_that_leaves_while_the_application_waits_is_noticed",
        "RequestAborted fires when the client disconnects.",
        "ASP.NET Core: RequestAborted",
        left_waiting,
    )
    .needs(&[Abort, AbortObservation]),
    Trial::new(
        AREA,
        "a_client_that_leaves_during_its_body_is_noticed",
        "Reading a body whose client has gone fails.",
        "ASP.NET Core: read after client abort",
        left_in_body,
    )
    .needs(&[RequestStreaming]),
    Trial::new(
        AREA,
        "a_client_that_leaves_during_the_response_ends_the_work",
        "Writing to a client that has gone fails or is given up.",
        "falconry: a server abandons a request by dropping its future",
        left_in_response,
    )
    .needs(&[AbortObservation, ResponseStreaming]),
];

/// Notes that it was dropped: the end of an application's future, however it comes.
struct Ended(Journal<String>);

impl Drop for Ended {
    fn drop(&mut self) {
        self.0.push("ended");
    }
}

#[track_caller]
fn assert_cut(outcome: Outcome) -> Vec<u8> {
    match outcome {
        Outcome::Cut(_, body) => body.to_vec(),
        Outcome::Complete(response) => panic!("the client takes this for a whole response: {response:?}"),
    }
}

fn before_start(stage: &Stage) {
    let server = stage.serve(&(), |(), ctx| {
        Box::pin(async move {
            if ctx.request().path() == "/abort" {
                ctx.response_mut().set_status(202)?;
                ctx.abort();
            }
            Ok(())
        })
    });
    match server.client().attempt(&Request::get("/abort"), b"") {
        Outcome::Cut(None, _) => {}
        other => panic!("something came: {other:?}"),
    }
    assert_eq!(server.get("/").status(), 200, "the next request");
}

fn after_start(stage: &Stage) {
    let server = stage.serve(&(), |(), ctx| {
        Box::pin(async move {
            ctx.response_mut().write("beginning").await?;
            ctx.response_mut().flush().await?;
            ctx.abort();
            Ok(())
        })
    });
    assert_cut(server.client().attempt(&Request::get("/"), b""));
}

fn goes_on(stage: &Stage) {
    let (go, seen) = (Journal::<()>::new(), Journal::<String>::new());
    let server = stage.serve(&(go.clone(), seen.clone()), |(go, seen), ctx| {
        Box::pin(async move {
            let _ended = Ended(seen);
            ctx.response_mut().write("beginning").await?;
            ctx.response_mut().flush().await?;
            ctx.abort();
            go.added(1).await;
            Ok(())
        })
    });
    assert_cut(server.client().attempt(&Request::get("/"), b""));
    go.push(());
    assert_eq!(seen.first(), "ended");
}

fn fires(stage: &Stage) {
    let seen = Journal::<String>::new();
    let server = stage.serve(&seen, |seen, ctx| {
        Box::pin(async move {
            ctx.request_aborted().on_cancelled(move || seen.push("fired"));
            ctx.abort();
            Ok(())
        })
    });
    assert_cut(server.client().attempt(&Request::get("/"), b""));
    assert_eq!(seen.first(), "fired");
}

fn after_end(stage: &Stage) {
    let (go, seen) = (Journal::<()>::new(), Journal::<String>::new());
    let server = stage.serve(&(go.clone(), seen.clone()), |(go, seen), ctx| {
        Box::pin(async move {
            ctx.response_mut().write("whole").await?;
            ctx.response_mut().complete().await?;
            go.added(1).await;
            ctx.abort();
            seen.push("aborted");
            Ok(())
        })
    });
    let mut client = server.client();
    client.begin(&Request::get("/"));
    assert_eq!(client.response().text(), "whole");
    go.push(());
    seen.first();
    assert_eq!(server.get("/").text(), "whole", "the next request");
}

fn written_later(stage: &Stage) {
    let server = stage.serve(&(), |(), ctx| {
        Box::pin(async move {
            ctx.response_mut().write("beginning").await?;
            ctx.response_mut().flush().await?;
            ctx.abort();
            // Whether this is refused or swallowed, it must not arrive.
            ctx.response_mut().write("secret").await?;
            ctx.response_mut().flush().await
        })
    });
    let body = assert_cut(server.client().attempt(&Request::get("/"), b""));
    assert!(!body.windows(6).any(|window| window == b"secret"), "it arrived");
}

fn no_other(stage: &Stage) {
    let tokens = Journal::<CancellationToken>::new();
    let server = stage.serve(&tokens, |tokens, ctx| {
        Box::pin(async move {
            tokens.push(ctx.request_aborted());
            if ctx.request().path() == "/abort" {
                ctx.abort();
            }
            Ok(())
        })
    });
    let mut client = server.client();
    client.get("/before");
    assert_cut(client.attempt(&Request::get("/abort"), b""));
    client.get("/after");
    let fired: Vec<_> = tokens.wait(3).iter().map(CancellationToken::is_cancelled).collect();
    assert_eq!(fired, [false, true, false]);
}

fn went_well(stage: &Stage) {
    let (tokens, seen) = (Journal::<CancellationToken>::new(), Journal::<String>::new());
    let server = stage.serve(&(tokens.clone(), seen.clone()), |(tokens, seen), ctx| {
        Box::pin(async move {
            tokens.push(ctx.request_aborted());
            ctx.response_mut().on_completed(move || async move {
                seen.push("completed");
                Ok(())
            });
            ctx.response_mut().write("x").await
        })
    });
    let mut client = server.client();
    assert_eq!(client.get("/").text(), "x");
    seen.first();
    client.leave();
    // Another request gives the server the time to see that the first client has left.
    server.get("/");
    assert!(!tokens.first().is_cancelled());
}

fn replaced(stage: &Stage) {
    let seen = Journal::<bool>::new();
    let server = stage.serve(&seen, |seen, ctx| {
        Box::pin(async move {
            seen.push(ctx.request_aborted().is_cancelled());
            let token = CancellationToken::new();
            token.cancel();
            ctx.features_mut().required_mut::<dyn HttpRequestLifetimeFeature>()?.set_request_aborted(token);
            seen.push(ctx.request_aborted().is_cancelled());
            Ok(())
        })
    });
    let mut client = server.client();
    assert_eq!(client.get("/").status(), 200);
    assert_eq!(client.get("/").status(), 200);
    assert_eq!(seen.wait(4), [false, true, false, true], "the second pair is the next request's");
}

fn left_waiting(stage: &Stage) {
    let seen = Journal::<String>::new();
    let server = stage.serve(&seen, |seen, ctx| {
        Box::pin(async move {
            let _ended = Ended(seen.clone());
            let fired = seen.clone();
            ctx.request_aborted().on_cancelled(move || fired.push("fired"));
            seen.push("waiting");
            std::future::pending().await
        })
    });
    let mut client = server.client();
    client.begin(&Request::get("/"));
    seen.first();
    client.leave();
    assert_eq!(seen.wait(3), ["waiting", "fired", "ended"]);
}

fn left_in_body(stage: &Stage) {
    let seen = Journal::<String>::new();
    let server = stage.serve(&seen, |seen, ctx| {
        Box::pin(async move {
            let _ended = Ended(seen.clone());
            while let Some(data) = ctx.request_mut().read().await? {
                seen.push(format!("{} bytes", data.len()));
            }
            seen.push("taken for whole");
            Ok(())
        })
    });
    let mut client = server.client();
    client.begin(&Request::new("POST", "/").length(10));
    client.send(b"hello");
    seen.first();
    client.leave();
    assert_eq!(seen.wait(2), ["5 bytes", "ended"]);
}

fn left_in_response(stage: &Stage) {
    let seen = Journal::<String>::new();
    let server = stage.serve(&seen, |seen, ctx| {
        Box::pin(async move {
            let _ended = Ended(seen.clone());
            let piece = bytes::Bytes::from(vec![b'x'; 64 * 1024]);
            seen.push("writing");
            loop {
                ctx.response_mut().write(piece.clone()).await?;
                ctx.response_mut().flush().await?;
            }
        })
    });
    let mut client = server.client();
    client.begin(&Request::get("/"));
    assert_eq!(client.head().status, 200);
    client.leave();
    assert_eq!(seen.wait(2), ["writing", "ended"]);
    drop(server);
}
