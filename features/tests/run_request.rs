//! The order of a request's steps, and what becomes of errors.

mod support;

use std::sync::Arc;

use bytes::Bytes;
use falconry_features::{
    BadHttpRequestError, BoxError, BoxFuture, CatchPanic, FeatureCollection, HttpResponseFeature,
    HttpResponseTrailersFeature, complete_response, flush_response, run_request, write_response,
};
use http::{HeaderValue, Method, StatusCode, header::CONTENT_LENGTH};

use self::support::{Log, TestApp, features, now, serve};

const OK: [&str; 4] = ["create", "process", "head 200 Length(0) content-length=0", "end"];

fn response(features: &mut FeatureCollection) -> &mut dyn HttpResponseFeature {
    features.get_mut().unwrap()
}

fn set_length(features: &mut FeatureCollection, length: &'static str) {
    let headers = response(features).headers_mut().unwrap();
    headers.insert(CONTENT_LENGTH, HeaderValue::from_static(length));
}

async fn write(features: &mut FeatureCollection, text: &'static str) -> Result<(), BoxError> {
    Ok(write_response(features, Bytes::from_static(text.as_bytes())).await?)
}

/// Registers callbacks that note when they run.
fn on_both(features: &mut FeatureCollection, log: &Log, name: &'static str) {
    let (starting, completed) = (log.clone(), log.clone());
    response(features)
        .on_starting(Box::new(move |_| {
            starting.note(format!("starting {name}"));
            Box::pin(std::future::ready(Ok(())))
        }))
        .unwrap();
    response(features).on_completed(Box::new(move || {
        completed.note(format!("completed {name}"));
        Box::pin(std::future::ready(Ok(())))
    }));
}

#[test]
fn create_process_starting_completed_and_dispose_come_in_this_order_and_callbacks_last_first() {
    let log = Log::default();
    let seen = log.clone();
    let app = TestApp::new(&log, move |features| {
        on_both(features, &seen, "1");
        on_both(features, &seen, "2");
        Box::pin(std::future::ready(Ok(())))
    });
    let outcome = now(run_request(&app, features(&log, Method::GET)));
    assert_eq!(
        log.events(),
        [
            "create",
            "process",
            "starting 2",
            "starting 1",
            "head 200 Length(0) content-length=0",
            "end",
            "completed 2",
            "completed 1",
            "dispose",
        ]
    );
    assert!(outcome.error.is_none() && outcome.callback_errors.is_empty());
    assert!(outcome.features.unwrap().contains::<dyn HttpResponseFeature>());
}

#[test]
fn a_response_of_unknown_length_has_its_head_data_and_end() {
    let (outcome, events) = serve(|features| {
        Box::pin(async move {
            write(features, "a").await?;
            flush_response(features).await?;
            write(features, "b").await
        })
    });
    assert!(outcome.error.is_none());
    assert_eq!(events[2..], ["head 200 Unknown", "data a", "flush", "data b", "end", "dispose"]);
}

#[test]
fn an_error_before_the_start_is_answered_with_500_and_nothing_of_the_applications_head() {
    let (outcome, events) = serve(|features| {
        response(features).headers_mut().unwrap().insert("x-secret", HeaderValue::from_static("1"));
        response(features).set_status_code(StatusCode::CREATED).unwrap();
        Box::pin(std::future::ready(Err("broken".into())))
    });
    assert_eq!(outcome.error.unwrap().to_string(), "broken");
    assert_eq!(events[2..], ["head 500 Length(0) content-length=0", "end", "dispose: broken"]);
}

#[test]
fn starting_callbacks_do_not_run_for_the_answer_to_an_error_but_completed_ones_do() {
    let log = Log::default();
    let seen = log.clone();
    let app = TestApp::new(&log, move |features| {
        on_both(features, &seen, "1");
        Box::pin(std::future::ready(Err("broken".into())))
    });
    now(run_request(&app, features(&log, Method::GET)));
    assert_eq!(
        log.events()[2..],
        ["head 500 Length(0) content-length=0", "end", "completed 1", "dispose: broken"]
    );
}

#[test]
fn a_refusal_anywhere_in_the_chain_of_an_error_gives_its_status_and_closes() {
    #[derive(Debug)]
    struct Wrapped(BadHttpRequestError);

    impl std::fmt::Display for Wrapped {
        fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            f.write_str("wrapped")
        }
    }

    impl std::error::Error for Wrapped {
        fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
            Some(&self.0)
        }
    }

    let (_, events) = serve(|_| {
        let refusal = BadHttpRequestError::new(StatusCode::PAYLOAD_TOO_LARGE, "too large");
        Box::pin(std::future::ready(Err(Wrapped(refusal).into())))
    });
    assert_eq!(
        events[2..],
        ["head 413 Length(0) content-length=0 connection=close", "end", "dispose: wrapped"]
    );
}

#[test]
fn an_error_after_the_start_aborts_the_request() {
    let (outcome, events) = serve(|features| {
        Box::pin(async move {
            write(features, "part").await?;
            Err("broken".into())
        })
    });
    assert!(outcome.error.is_some());
    assert_eq!(events[2..], ["head 200 Unknown", "data part", "abort", "dispose: broken"]);
}

#[test]
fn a_starting_callback_that_fails_makes_a_500_and_the_rest_of_them_do_not_run() {
    let log = Log::default();
    let seen = log.clone();
    let app = TestApp::new(&log, move |features| {
        on_both(features, &seen, "1");
        response(features).on_starting(Box::new(|_| Box::pin(std::future::ready(Err("no".into()))))).unwrap();
        Box::pin(std::future::ready(Ok(())))
    });
    let outcome = now(run_request(&app, features(&log, Method::GET)));
    let events = log.events();
    assert_eq!(events[2..5], ["head 500 Length(0) content-length=0", "end", "completed 1"]);
    let error = outcome.error.unwrap();
    assert_eq!(error.source().unwrap().to_string(), "no");
    assert_eq!(events[5], format!("dispose: {error}"));
}

#[test]
fn a_starting_callback_that_fails_unseen_by_the_application_makes_a_500_all_the_same() {
    let (outcome, events) = serve(|features| {
        Box::pin(async move {
            response(features)
                .on_starting(Box::new(|_| Box::pin(std::future::ready(Err("no".into())))))
                .unwrap();
            assert!(write(features, "swallowed").await.is_err());
            assert!(write(features, "swallowed").await.is_err());
            Ok(())
        })
    });
    assert!(outcome.error.is_some());
    assert_eq!(events[2..4], ["head 500 Length(0) content-length=0", "end"]);
}

#[test]
fn a_starting_callback_may_change_the_head_and_register_another() {
    let (_, events) = serve(|features| {
        let starting = response(features).on_starting(Box::new(|features| {
            response(features).set_status_code(StatusCode::ACCEPTED).unwrap();
            let inner = response(features).on_starting(Box::new(|features| {
                let headers = response(features).headers_mut().unwrap();
                headers.insert("x-inner", HeaderValue::from_static("1"));
                Box::pin(std::future::ready(Ok(())))
            }));
            Box::pin(std::future::ready(inner.map_err(Into::into)))
        }));
        Box::pin(std::future::ready(starting.map_err(Into::into)))
    });
    assert_eq!(events[2], "head 202 Length(0) x-inner=1 content-length=0");
}

#[test]
fn a_declared_body_that_was_not_written_is_a_500() {
    let (outcome, events) = serve(|features| {
        set_length(features, "5");
        Box::pin(std::future::ready(Ok(())))
    });
    let error = outcome.error.unwrap();
    assert!(error.to_string().contains("Content-Length of 5"), "{error}");
    assert_eq!(events[2..4], ["head 500 Length(0) content-length=0", "end"]);
}

#[test]
fn a_body_that_ends_too_early_aborts_the_request() {
    let (_, events) = serve(|features| {
        set_length(features, "5");
        Box::pin(write(features, "abc"))
    });
    assert_eq!(events[2..5], ["head 200 Length(5) content-length=5", "data abc", "abort"]);
}

#[test]
fn what_is_over_the_declared_length_is_not_sent() {
    let (_, events) = serve(|features| {
        set_length(features, "5");
        Box::pin(async move {
            write(features, "abcde").await?;
            assert!(write(features, "f").await.is_err());
            Ok(())
        })
    });
    assert_eq!(events[2..], ["head 200 Length(5) content-length=5", "data abcde", "end", "dispose"]);
}

#[test]
fn a_head_that_contradicts_itself_is_a_500() {
    let (_, events) = serve(|features| {
        response(features).set_status_code(StatusCode::NO_CONTENT).unwrap();
        set_length(features, "5");
        Box::pin(std::future::ready(Ok(())))
    });
    assert_eq!(events[2..4], ["head 500 Length(0) content-length=0", "end"]);
}

#[test]
fn completed_callbacks_that_fail_do_not_keep_others_from_running_and_are_told_of() {
    let log = Log::default();
    let seen = log.clone();
    let app = TestApp::new(&log, move |features| {
        on_both(features, &seen, "1");
        for error in ["first", "second"] {
            response(features)
                .on_completed(Box::new(move || Box::pin(std::future::ready(Err(error.into())))));
        }
        Box::pin(std::future::ready(Ok(())))
    });
    let outcome = now(run_request(&app, features(&log, Method::GET)));
    let errors: Vec<_> = outcome.callback_errors.iter().map(ToString::to_string).collect();
    assert_eq!(errors, ["second", "first"]);
    assert!(outcome.error.is_none());
    assert_eq!(log.events()[5..], ["completed 1", "dispose"]);
}

#[test]
fn a_context_that_cannot_be_made_ends_the_request_without_process_and_dispose() {
    let log = Log::default();
    let mut app = TestApp::new(&log, |_| Box::pin(std::future::ready(Ok(()))));
    app.creation_error = Some("no context");
    let outcome = now(run_request(&app, features(&log, Method::GET)));
    assert!(outcome.features.is_none());
    assert_eq!(outcome.error.unwrap().to_string(), "no context");
    assert_eq!(log.events(), ["create"]);
}

#[test]
fn a_response_completed_early_takes_no_more_data_and_is_not_completed_twice() {
    let (outcome, events) = serve(|features| {
        Box::pin(async move {
            complete_response(features).await?;
            complete_response(features).await?;
            write(features, "").await?;
            flush_response(features).await?;
            assert!(write(features, "late").await.is_err());
            Ok(())
        })
    });
    assert!(outcome.error.is_none());
    assert_eq!(events[..4], OK);
    assert_eq!(events[4..], ["dispose"]);
}

#[test]
fn trailers_leave_with_the_end_and_are_read_only_then() {
    let (_, events) = serve(|features| {
        Box::pin(async move {
            write(features, "a").await?;
            let trailers = features.get_mut::<dyn HttpResponseTrailersFeature>().unwrap();
            trailers.trailers_mut()?.insert("x-count", HeaderValue::from_static("1"));
            complete_response(features).await?;
            let trailers = features.get_mut::<dyn HttpResponseTrailersFeature>().unwrap();
            assert!(trailers.trailers_mut().unwrap_err().is_invalid_state());
            Ok(())
        })
    });
    assert_eq!(events[2..5], ["head 200 Unknown", "data a", r#"end {"x-count": "1"}"#]);
}

#[test]
fn the_answer_to_an_error_has_none_of_the_applications_trailers() {
    let (_, events) = serve(|features| {
        let trailers = features.get_mut::<dyn HttpResponseTrailersFeature>().unwrap();
        trailers.trailers_mut().unwrap().insert("x-secret", HeaderValue::from_static("1"));
        Box::pin(std::future::ready(Err("broken".into())))
    });
    assert_eq!(events[2..4], ["head 500 Length(0) content-length=0", "end"]);
}

#[test]
fn the_answer_to_head_keeps_its_length_and_drops_its_data() {
    let log = Log::default();
    let app = TestApp::new(&log, |features| {
        set_length(features, "5");
        Box::pin(write(features, "abcde"))
    });
    let outcome = now(run_request(&app, features(&log, Method::HEAD)));
    assert!(outcome.error.is_none());
    assert_eq!(log.events()[2..], ["head 200 None content-length=5", "end", "dispose"]);
}

#[test]
fn a_panic_is_an_error_like_any_other() {
    let (outcome, events) = serve(|_| {
        let panicking: BoxFuture<'_, Result<(), BoxError>> = Box::pin(async { panic!("at the disco") });
        Box::pin(CatchPanic::new(panicking))
    });
    let error = outcome.error.unwrap();
    assert_eq!(error.to_string(), "the application panicked: at the disco");
    assert_eq!(events[2], "head 500 Length(0) content-length=0");
}

#[test]
fn a_panic_has_the_message_it_was_raised_with_whatever_its_kind() {
    fn message(panicking: impl Future<Output = Result<(), BoxError>> + Send) -> String {
        now(CatchPanic::new(Box::pin(panicking))).unwrap_err().to_string()
    }
    let text = "formatted";
    assert!(message(async move { panic!("{text}") }).ends_with(": formatted"));
    assert!(message(async { std::panic::panic_any(7_u8) }).ends_with(": a panic without a message"));
}

#[test]
fn dropping_the_request_drops_the_application() {
    let log = Log::default();
    let held = Arc::new(());
    let watch = Arc::downgrade(&held);
    let app = TestApp::new(&log, move |_| {
        let held = Arc::clone(&held);
        Box::pin(async move {
            std::future::pending::<()>().await;
            drop(held);
            Ok(())
        })
    });
    let mut request = Box::pin(run_request(&app, features(&log, Method::GET)));
    let mut cx = std::task::Context::from_waker(std::task::Waker::noop());
    assert!(request.as_mut().poll(&mut cx).is_pending());
    assert_eq!(watch.strong_count(), 2);
    drop(request);
    assert_eq!(watch.strong_count(), 1);
    assert_eq!(log.events(), ["create", "process"]);
}
