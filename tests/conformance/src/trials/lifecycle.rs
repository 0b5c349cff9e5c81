//! The order in which an application is called.

use std::sync::Arc;

use falconry_features::{FeatureCollection, write_response};

use super::recorder::{Handler, Recorder, on_completed, on_starting, record};
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
];

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
