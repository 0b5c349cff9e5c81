//! Callbacks at the start and after the end of a response.

use falconry_features::write_response;

use super::recorder::{on_completed, on_starting, record, response};
use crate::{runner::Trial, stage::Stage};

const AREA: &str = "callbacks";

pub(super) const TRIALS: &[Trial] = &[
    Trial::new(
        AREA,
        "starting_callbacks_run_last_registered_first",
        "OnStarting callbacks run in reverse order.",
        "ASP.NET Core: IHttpResponseFeature.OnStarting",
        starting_order,
    ),
    Trial::new(
        AREA,
        "completed_callbacks_run_last_registered_first",
        "OnCompleted callbacks run in reverse order.",
        "ASP.NET Core: IHttpResponseFeature.OnCompleted",
        completed_order,
    ),
    Trial::new(
        AREA,
        "starting_callbacks_run_for_an_empty_answer",
        "If nothing was written the server runs the starting callbacks before it sends the head.",
        "ASP.NET Core: request lifecycle, step 3",
        starting_without_body,
    ),
    Trial::new(
        AREA,
        "a_starting_callback_can_change_the_head",
        "Starting callbacks are the last chance to change status and fields.",
        "ASP.NET Core: IHttpResponseFeature.OnStarting",
        starting_changes,
    ),
    Trial::new(
        AREA,
        "a_starting_callback_can_register_another",
        "A callback registered by a starting callback runs too.",
        "ASP.NET Core: callbacks registered inside callbacks (measured)",
        starting_nested,
    ),
    Trial::new(
        AREA,
        "starting_callbacks_run_once",
        "A response starts once.",
        "ASP.NET Core: IHttpResponseFeature.OnStarting",
        starting_once,
    ),
    Trial::new(
        AREA,
        "a_failed_starting_callback_is_500",
        "The answer is 500 even if the application catches the error, and no other starting callback runs.",
        "ASP.NET Core: failure of OnStarting (measured)",
        starting_fails,
    ),
    Trial::new(
        AREA,
        "starting_callbacks_do_not_run_for_an_error_answer",
        "When the application fails before the start, OnStarting callbacks do not run for the 500.",
        "ASP.NET Core: failure of the application (measured)",
        starting_after_error,
    ),
    Trial::new(
        AREA,
        "completed_callbacks_run_after_an_error",
        "OnCompleted callbacks run whatever became of the request.",
        "ASP.NET Core: IHttpResponseFeature.OnCompleted",
        completed_after_error,
    ),
    Trial::new(
        AREA,
        "a_failed_completed_callback_stops_no_other",
        "An error of an OnCompleted callback is logged; the other callbacks still run.",
        "ASP.NET Core: order of callbacks",
        completed_fails,
    ),
    Trial::new(
        AREA,
        "completed_callbacks_see_a_finished_response",
        "OnCompleted callbacks run after the response has been completed.",
        "ASP.NET Core: request lifecycle, step 4",
        completed_late,
    ),
];

fn starting_order(stage: &Stage) {
    let (seen, application) = record(|seen, features| {
        Box::pin(async move {
            for name in ["first", "second", "third"] {
                on_starting(features, &seen, name)?;
            }
            write_response(features, "x".into()).await.map_err(Into::into)
        })
    });
    stage.run(application).get("/");
    assert_eq!(seen.wait(5)[2..5], ["third", "second", "first"]);
}

fn completed_order(stage: &Stage) {
    let (seen, application) = record(|seen, features| {
        Box::pin(async move {
            for name in ["first", "second", "third"] {
                on_completed(features, &seen, name)?;
            }
            Ok(())
        })
    });
    let server = stage.run(application);
    server.get("/");
    assert_eq!(seen.wait(6)[2..], ["third", "second", "first", "dispose"]);
}

fn starting_without_body(stage: &Stage) {
    let (seen, application) =
        record(|seen, features| Box::pin(async move { on_starting(features, &seen, "starting") }));
    let server = stage.run(application);
    assert_eq!(server.get("/").status(), 200);
    assert_eq!(seen.wait(4), ["create", "process", "starting", "dispose"]);
}

fn starting_changes(stage: &Stage) {
    let (_, application) = record(|_, features| {
        Box::pin(async move {
            response(features)?.on_starting(Box::new(|features| {
                Box::pin(async move {
                    let response = response(features)?;
                    response.set_status_code(http::StatusCode::ACCEPTED)?;
                    response.headers_mut()?.insert("x-late", http::HeaderValue::from_static("yes"));
                    Ok(())
                })
            }))?;
            write_response(features, "x".into()).await.map_err(Into::into)
        })
    });
    let response = stage.run(application).get("/");
    assert_eq!((response.status(), response.field("x-late").as_str()), (202, "yes"));
}

fn starting_nested(stage: &Stage) {
    let (seen, application) = record(|seen, features| {
        Box::pin(async move {
            response(features)?.on_starting(Box::new(move |features| {
                Box::pin(async move {
                    seen.push("outer");
                    on_starting(features, &seen, "inner")
                })
            }))?;
            write_response(features, "x".into()).await.map_err(Into::into)
        })
    });
    let server = stage.run(application);
    assert_eq!(server.get("/").status(), 200);
    assert_eq!(seen.wait(5)[2..4], ["outer", "inner"]);
}

fn starting_once(stage: &Stage) {
    let (seen, application) = record(|seen, features| {
        Box::pin(async move {
            on_starting(features, &seen, "starting")?;
            for _ in 0..3 {
                write_response(features, "x".into()).await?;
                falconry_features::flush_response(features).await?;
            }
            Ok(())
        })
    });
    let server = stage.run(application);
    assert_eq!(server.get("/").text(), "xxx");
    assert_eq!(seen.wait(4), ["create", "process", "starting", "dispose"]);
}

fn starting_fails(stage: &Stage) {
    let (seen, application) = record(|seen, features| {
        Box::pin(async move {
            on_starting(features, &seen, "never")?;
            response(features)?.on_starting(Box::new(|_| Box::pin(async { Err("not today".into()) })))?;
            let written = write_response(features, "x".into()).await;
            seen.push(if written.is_err() { "refused" } else { "written" });
            Ok(())
        })
    });
    let server = stage.run(application);
    let response = server.get("/");
    assert_eq!((response.status(), response.text().as_str()), (500, ""));
    assert_eq!(seen.wait(4)[..3], ["create", "process", "refused"]);
    assert!(!seen.entries().contains(&"never".to_owned()), "another starting callback ran");
}

fn starting_after_error(stage: &Stage) {
    let (seen, application) = record(|seen, features| {
        Box::pin(async move {
            on_starting(features, &seen, "starting")?;
            Err("it went wrong".into())
        })
    });
    let server = stage.run(application);
    assert_eq!(server.get("/").status(), 500);
    assert_eq!(seen.wait(3), ["create", "process", "dispose: it went wrong"]);
}

fn completed_after_error(stage: &Stage) {
    let (seen, application) = record(|seen, features| {
        Box::pin(async move {
            on_completed(features, &seen, "completed")?;
            Err("it went wrong".into())
        })
    });
    let server = stage.run(application);
    assert_eq!(server.get("/").status(), 500);
    assert_eq!(seen.wait(4)[2..], ["completed", "dispose: it went wrong"]);
}

fn completed_fails(stage: &Stage) {
    let (seen, application) = record(|seen, features| {
        Box::pin(async move {
            on_completed(features, &seen, "last")?;
            response(features)?.on_completed(Box::new(|| Box::pin(async { Err("not today".into()) })));
            on_completed(features, &seen, "first")
        })
    });
    let server = stage.run(application);
    assert_eq!(server.get("/").status(), 200);
    assert_eq!(seen.wait(5)[2..], ["first", "last", "dispose"]);
    assert_eq!(server.get("/").status(), 200, "the next request");
}

fn completed_late(stage: &Stage) {
    let (seen, application) = record(|seen, features| {
        Box::pin(async move {
            on_completed(features, &seen, "completed")?;
            write_response(features, "x".into()).await?;
            falconry_features::complete_response(features).await?;
            seen.push("complete, but still in the pipeline");
            Ok(())
        })
    });
    let server = stage.run(application);
    assert_eq!(server.get("/").text(), "x");
    assert_eq!(seen.wait(5)[2..4], ["complete, but still in the pipeline", "completed"]);
}
