//! When a response has started, and what can no longer be done then.

use falconry_features::HttpResponseFeature;
use http::HeaderMap;

use crate::{Capability::*, connect::Request, journal::Journal, runner::Trial, stage::Stage};

const AREA: &str = "started";

pub(super) const TRIALS: &[Trial] = &[
    Trial::new(
        AREA,
        "a_write_starts_the_response",
        "HasStarted turns true with the first write.",
        "ASP.NET Core: IHttpResponseFeature.HasStarted",
        write_starts,
    ),
    Trial::new(
        AREA,
        "a_flush_starts_the_response",
        "HasStarted turns true with a flush, before there is any data.",
        "ASP.NET Core: IHttpResponseFeature.HasStarted",
        flush_starts,
    ),
    Trial::new(
        AREA,
        "a_second_start_does_nothing",
        "StartAsync after the start is a no-op.",
        "ASP.NET Core: IHttpResponseBodyFeature.StartAsync",
        second_start,
    ),
    Trial::new(
        AREA,
        "an_untouched_response_has_not_started",
        "Setting status and fields does not start the response.",
        "ASP.NET Core: IHttpResponseFeature.HasStarted",
        untouched,
    ),
    Trial::new(
        AREA,
        "the_status_is_fixed_after_the_start",
        "Setting StatusCode after the start is an error of the state, and changes nothing.",
        "ASP.NET Core: IHttpResponseFeature.StatusCode",
        status_fixed,
    ),
    Trial::new(
        AREA,
        "the_reason_is_fixed_after_the_start",
        "Setting ReasonPhrase after the start is an error of the state.",
        "ASP.NET Core: IHttpResponseFeature.ReasonPhrase",
        reason_fixed,
    ),
    Trial::new(
        AREA,
        "the_fields_are_fixed_after_the_start",
        "The fields are read-only after the start.",
        "ASP.NET Core: IHttpResponseFeature.Headers",
        fields_fixed,
    ),
    Trial::new(
        AREA,
        "the_head_can_still_be_read_after_the_start",
        "Status and fields read back as they were sent.",
        "ASP.NET Core: IHttpResponseFeature",
        head_readable,
    ),
    Trial::new(
        AREA,
        "starting_callbacks_come_too_late_after_the_start",
        "Registering OnStarting after the start is an error of the state.",
        "ASP.NET Core: IHttpResponseFeature.OnStarting",
        starting_late,
    ),
    Trial::new(
        AREA,
        "completed_callbacks_can_be_registered_after_the_start",
        "OnCompleted may be registered until the end.",
        "ASP.NET Core: IHttpResponseFeature.OnCompleted",
        completed_late,
    ),
    Trial::new(
        AREA,
        "interim_responses_come_too_late_after_the_start",
        "No 1xx response follows the head of the final one.",
        "RFC 9110 section 15.2",
        interim_late,
    )
    .needs(&[Informational]),
    Trial::new(
        AREA,
        "a_write_after_the_end_is_refused",
        "Writing after CompleteAsync is an error of the state.",
        "ASP.NET Core: after CompleteAsync (measured)",
        write_after_end,
    ),
    Trial::new(
        AREA,
        "an_empty_write_after_the_end_is_nothing",
        "Zero-length writes, flush, start and complete succeed after CompleteAsync.",
        "ASP.NET Core: after CompleteAsync (measured)",
        nothing_after_end,
    ),
    Trial::new(
        AREA,
        "an_ended_response_arrives_before_the_handler_returns",
        "CompleteAsync finishes the response before the pipeline returns.",
        "ASP.NET Core: IHttpResponseBodyFeature.CompleteAsync",
        end_early,
    )
    .needs(&[EarlyEnd, ResponseStreaming]),
    Trial::new(
        AREA,
        "an_error_after_the_end_changes_nothing",
        "What was complete stays complete.",
        "ASP.NET Core: IHttpResponseBodyFeature.CompleteAsync",
        error_after_end,
    ),
];

fn write_starts(stage: &Stage) {
    let seen = Journal::<bool>::new();
    let server = stage.serve(&seen, |seen, ctx| {
        Box::pin(async move {
            seen.push(ctx.response().has_started());
            ctx.response_mut().write("x").await?;
            seen.push(ctx.response().has_started());
            Ok(())
        })
    });
    assert_eq!(server.get("/").text(), "x");
    assert_eq!(seen.entries(), [false, true]);
}

fn flush_starts(stage: &Stage) {
    let seen = Journal::<bool>::new();
    let server = stage.serve(&seen, |seen, ctx| {
        Box::pin(async move {
            ctx.response_mut().flush().await?;
            seen.push(ctx.response().has_started());
            ctx.response_mut().write("x").await
        })
    });
    assert_eq!(server.get("/").text(), "x");
    assert_eq!(seen.entries(), [true]);
}

fn second_start(stage: &Stage) {
    let server = stage.serve(&(), |(), ctx| {
        Box::pin(async move {
            ctx.response_mut().set_status(201)?;
            for _ in 0..3 {
                ctx.response_mut().start().await?;
            }
            ctx.response_mut().write("x").await?;
            ctx.response_mut().start().await
        })
    });
    let response = server.get("/");
    assert_eq!((response.status(), response.text().as_str()), (201, "x"));
}

fn untouched(stage: &Stage) {
    let seen = Journal::<bool>::new();
    let server = stage.serve(&seen, |seen, ctx| {
        Box::pin(async move {
            ctx.response_mut().set_status(202)?;
            ctx.response_mut().set_header("x-a", "b")?;
            while ctx.request_mut().read().await?.is_some() {}
            seen.push(ctx.response().has_started());
            Ok(())
        })
    });
    assert_eq!(server.client().exchange(&Request::post("/"), b"body").status(), 202);
    assert_eq!(seen.entries(), [false]);
}

/// Serves an application that starts its response, notes whether `late` is refused as an error of
/// the state, and goes on.
fn refused_after_start(
    stage: &Stage,
    late: fn(&mut dyn HttpResponseFeature) -> Result<(), falconry_features::FeatureError>,
) {
    let seen = Journal::<bool>::new();
    let server = stage.serve(&(seen.clone(), late), |(seen, late), ctx| {
        Box::pin(async move {
            ctx.response_mut().set_header("x-a", "before")?;
            ctx.response_mut().write("x").await?;
            let response = ctx.features_mut().required_mut::<dyn HttpResponseFeature>()?;
            seen.push(late(response).is_err_and(|error| error.is_invalid_state()));
            ctx.response_mut().write("y").await
        })
    });
    let response = server.get("/");
    assert!(seen.first(), "it was accepted, or refused for another reason");
    assert_eq!((response.status(), response.text().as_str()), (200, "xy"));
    assert_eq!(response.field("x-a"), "before");
    assert_eq!(response.field("x-late"), "");
}

fn status_fixed(stage: &Stage) {
    refused_after_start(stage, |response| response.set_status_code(http::StatusCode::IM_A_TEAPOT));
}

fn reason_fixed(stage: &Stage) {
    refused_after_start(stage, |response| response.set_reason_phrase(Some("Late")));
}

fn fields_fixed(stage: &Stage) {
    refused_after_start(stage, |response| {
        response.headers_mut()?.insert("x-late", http::HeaderValue::from_static("yes"));
        Ok(())
    });
}

fn starting_late(stage: &Stage) {
    refused_after_start(stage, |response| response.on_starting(Box::new(|_| Box::pin(async { Ok(()) }))));
}

fn head_readable(stage: &Stage) {
    let seen = Journal::<String>::new();
    let server = stage.serve(&seen, |seen, ctx| {
        Box::pin(async move {
            ctx.response_mut().set_status(203)?;
            ctx.response_mut().set_header("x-a", "b")?;
            ctx.response_mut().write("x").await?;
            let value = ctx.response().headers().get("x-a").cloned();
            seen.push(format!("{} {value:?}", ctx.response().status().as_u16()));
            Ok(())
        })
    });
    server.get("/");
    assert_eq!(seen.first(), "203 Some(\"b\")");
}

fn completed_late(stage: &Stage) {
    let seen = Journal::<String>::new();
    let server = stage.serve(&seen, |seen, ctx| {
        Box::pin(async move {
            ctx.response_mut().complete().await?;
            ctx.response_mut().on_completed(move || async move {
                seen.push("completed");
                Ok(())
            });
            Ok(())
        })
    });
    server.get("/");
    assert_eq!(seen.first(), "completed");
}

fn interim_late(stage: &Stage) {
    let seen = Journal::<bool>::new();
    let server = stage.serve(&seen, |seen, ctx| {
        Box::pin(async move {
            ctx.response_mut().write("x").await?;
            let late =
                ctx.response_mut().send_informational(http::StatusCode::EARLY_HINTS, HeaderMap::new()).await;
            seen.push(late.is_err());
            Ok(())
        })
    });
    let response = server.get("/");
    assert_eq!((response.text().as_str(), response.interim.len()), ("x", 0));
    assert!(seen.first());
}

fn write_after_end(stage: &Stage) {
    let seen = Journal::<bool>::new();
    let server = stage.serve(&seen, |seen, ctx| {
        Box::pin(async move {
            ctx.response_mut().write("x").await?;
            ctx.response_mut().complete().await?;
            let late = falconry_features::write_response(ctx.features_mut(), "y".into()).await;
            seen.push(late.is_err_and(|error| error.is_invalid_state()));
            Ok(())
        })
    });
    assert_eq!(server.get("/").text(), "x");
    assert!(seen.first());
}

fn nothing_after_end(stage: &Stage) {
    let seen = Journal::<String>::new();
    let server = stage.serve(&seen, |seen, ctx| {
        Box::pin(async move {
            ctx.response_mut().write("x").await?;
            ctx.response_mut().complete().await?;
            ctx.response_mut().write("").await?;
            ctx.response_mut().flush().await?;
            ctx.response_mut().start().await?;
            ctx.response_mut().complete().await?;
            seen.push("all went well");
            Ok(())
        })
    });
    assert_eq!(server.get("/").text(), "x");
    assert_eq!(seen.first(), "all went well");
}

fn end_early(stage: &Stage) {
    let (seen, go) = (Journal::<String>::new(), Journal::<()>::new());
    let server = stage.serve(&(seen.clone(), go.clone()), |(seen, go), ctx| {
        Box::pin(async move {
            ctx.response_mut().write("x").await?;
            ctx.response_mut().complete().await?;
            go.added(1).await;
            seen.push("returned");
            Ok(())
        })
    });
    let mut client = server.client();
    client.begin(&Request::get("/"));
    assert_eq!(client.response().text(), "x");
    assert!(seen.entries().is_empty(), "the handler returned by itself");
    go.push(());
    assert_eq!(seen.first(), "returned");
}

fn error_after_end(stage: &Stage) {
    let server = stage.serve(&(), |(), ctx| {
        Box::pin(async move {
            ctx.response_mut().write("whole").await?;
            ctx.response_mut().complete().await?;
            Err("too late to matter".into())
        })
    });
    let response = server.get("/");
    assert_eq!((response.status(), response.text().as_str()), (200, "whole"));
}
