//! The order in which an application is called, and its callbacks.

use std::sync::Arc;

use falconry_features::{
    BoxError, BoxFuture, FeatureCollection, HostContext, HttpApplication, HttpResponseFeature, Processed,
    write_response,
};

use crate::{client::Outcome, connect::Request, journal::Journal, runner::Trial, stage::Stage};

const AREA: &str = "lifecycle";

pub(super) const TRIALS: &[Trial] = &[
    Trial::new(
        AREA,
        "a_request_is_created_processed_and_disposed",
        "CreateContext, process, starting, completed, DisposeContext: in this order.",
        "ASP.NET Core: request lifecycle (measured: order of calls)",
        order,
    ),
    Trial::new(
        AREA,
        "every_request_is_disposed_once",
        "One call of each step for every request.",
        "ASP.NET Core: IHttpApplication",
        once_each,
    ),
    Trial::new(
        AREA,
        "dispose_is_told_of_the_error",
        "DisposeContext gets the unhandled error of the application, else none.",
        "ASP.NET Core: IHttpApplication.DisposeContext",
        told,
    ),
    Trial::new(
        AREA,
        "a_failed_create_is_the_end_of_the_request",
        "If CreateContext fails nothing is processed and nothing disposed, and the server lives on.",
        "ASP.NET Core: IHttpApplication.CreateContext (measured: connection closed without an answer)",
        create_fails,
    ),
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

/// Runs `handler` over the bare contract and notes the steps.
struct Recorder<F> {
    seen: Journal<String>,
    refuses: fn(&FeatureCollection) -> bool,
    handler: F,
}

struct Context(FeatureCollection);

impl HostContext for Context {
    fn features(&self) -> &FeatureCollection {
        &self.0
    }

    fn features_mut(&mut self) -> &mut FeatureCollection {
        &mut self.0
    }
}

type Handler = for<'a> fn(Journal<String>, &'a mut FeatureCollection) -> BoxFuture<'a, Result<(), BoxError>>;

impl HttpApplication for Recorder<Handler> {
    fn create_context(&self, features: FeatureCollection) -> Result<Box<dyn HostContext>, BoxError> {
        self.seen.push("create");
        if (self.refuses)(&features) {
            return Err("no context for this one".into());
        }
        Ok(Box::new(Context(features)))
    }

    fn process(&self, mut context: Box<dyn HostContext>) -> BoxFuture<'static, Processed> {
        let (seen, handler) = (self.seen.clone(), self.handler);
        Box::pin(async move {
            seen.push("process");
            let result = handler(seen, context.features_mut()).await;
            Processed { context, result }
        })
    }

    fn dispose_context(
        &self,
        mut context: Box<dyn HostContext>,
        error: Option<&BoxError>,
    ) -> FeatureCollection {
        self.seen.push(error.map_or_else(|| "dispose".to_owned(), |error| format!("dispose: {error}")));
        std::mem::take(context.features_mut())
    }
}

fn record(handler: Handler) -> (Journal<String>, Arc<dyn HttpApplication>) {
    let seen = Journal::new();
    (seen.clone(), Arc::new(Recorder { seen, refuses: |_| false, handler }))
}

fn response(features: &mut FeatureCollection) -> Result<&mut dyn HttpResponseFeature, BoxError> {
    Ok(features.required_mut::<dyn HttpResponseFeature>()?)
}

fn on_starting(features: &mut FeatureCollection, seen: &Journal<String>, name: &str) -> Result<(), BoxError> {
    let (seen, name) = (seen.clone(), name.to_owned());
    Ok(response(features)?.on_starting(Box::new(move |_| {
        Box::pin(async move {
            seen.push(name);
            Ok(())
        })
    }))?)
}

fn on_completed(
    features: &mut FeatureCollection,
    seen: &Journal<String>,
    name: &str,
) -> Result<(), BoxError> {
    let (seen, name) = (seen.clone(), name.to_owned());
    response(features)?.on_completed(Box::new(move || {
        Box::pin(async move {
            seen.push(name);
            Ok(())
        })
    }));
    Ok(())
}

fn order(stage: &Stage) {
    let (seen, application) = record(|seen, features| {
        Box::pin(async move {
            on_starting(features, &seen, "starting")?;
            on_completed(features, &seen, "completed")?;
            write_response(features, "hello".into()).await?;
            seen.push("written");
            Ok(())
        })
    });
    let server = stage.run(application);
    assert_eq!(server.get("/").text(), "hello");
    assert_eq!(seen.wait(6), ["create", "process", "starting", "written", "completed", "dispose"]);
}

fn once_each(stage: &Stage) {
    let (seen, application) = record(|_, _| Box::pin(async { Ok(()) }));
    let server = stage.run(application);
    let mut client = server.client();
    for _ in 0..5 {
        client.get("/");
    }
    let steps = seen.wait(15);
    assert_eq!(steps, ["create", "process", "dispose"].repeat(5));
}

fn told(stage: &Stage) {
    let (seen, application) = record(|_, _| Box::pin(async { Err("it went wrong".into()) }));
    let server = stage.run(application);
    assert_eq!(server.get("/").status(), 500);
    assert_eq!(seen.wait(3), ["create", "process", "dispose: it went wrong"]);
}

fn create_fails(stage: &Stage) {
    let seen = Journal::new();
    let refuses = |features: &FeatureCollection| {
        features
            .get::<dyn falconry_features::HttpRequestFeature>()
            .is_some_and(|request| request.path() == "/no")
    };
    let handler: Handler = |_, _| Box::pin(async { Ok(()) });
    let server = stage.run(Arc::new(Recorder { seen: seen.clone(), refuses, handler }));
    // Without a context there is nothing that could answer; a server may still say 500.
    match server.client().attempt(&Request::get("/no"), b"") {
        Outcome::Cut(None, _) => {}
        Outcome::Complete(response) if response.status() >= 500 => {}
        other => panic!("an answer without an application: {other:?}"),
    }
    assert_eq!(seen.entries(), ["create"]);
    assert_eq!(server.get("/yes").status(), 200, "the next request");
    assert_eq!(seen.wait(4), ["create", "create", "process", "dispose"]);
}

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
