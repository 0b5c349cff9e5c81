//! Requests that end before their time: clients that leave, aborts, errors, panics, dropped tasks, stops.

mod support;

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use falconry_features::{
    BoxError, Deadline, FeatureCollection, HttpRequestFeature, HttpRequestLifetimeFeature,
    HttpUpgradeFeature, Server, flush_response, upgrade, write_response,
};
use falconry_in_process::{BodyLength, NativeRequest, OperationError, ReadResult, RequestEnd};
use http::{HeaderMap, HeaderValue, Method};
use support::{Stage, request};

fn with_body() -> NativeRequest {
    NativeRequest { body: BodyLength::Unknown, ..request(Method::POST, "/") }
}

/// Counts its drops.
struct Dropped(Arc<AtomicUsize>);

impl Drop for Dropped {
    fn drop(&mut self) {
        self.0.fetch_add(1, Ordering::SeqCst);
    }
}

/// Waits for data for ever; what it holds is dropped with it.
fn waiting(request: NativeRequest) -> (Stage, Arc<AtomicUsize>) {
    let drops = Arc::new(AtomicUsize::new(0));
    let held = Arc::clone(&drops);
    let stage = Stage::new(request, move |features| {
        let held = Dropped(Arc::clone(&held));
        Box::pin(async move {
            let _held = held;
            let body = features.required_mut::<dyn HttpRequestFeature>()?.body_mut();
            let _ = body.data().await;
            std::future::pending().await
        })
    });
    (stage, drops)
}

#[test]
fn a_client_that_leaves_fires_the_token_and_the_application_is_dropped() {
    let seen = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&seen);
    let mut stage = Stage::new(request(Method::GET, "/"), move |features| {
        let count = Arc::clone(&count);
        Box::pin(async move {
            let token = features.required::<dyn HttpRequestLifetimeFeature>()?.request_aborted();
            token.cancelled().await;
            count.fetch_add(1, Ordering::SeqCst);
            std::future::pending().await
        })
    });
    assert!(!stage.poll());
    stage.handle.disconnected();
    stage.handle.disconnected();
    // Polled once more, so that it sees the token, and then no more.
    assert!(stage.poll_if_woken());
    assert_eq!((seen.load(Ordering::SeqCst), stage.end()), (1, Some(RequestEnd::Disconnected)));
    assert!(stage.errors().is_empty(), "{:?}", stage.errors());
}

#[test]
fn the_end_waits_for_an_operation_of_a_client_that_has_gone() {
    let (mut stage, drops) = waiting(with_body());
    assert!(!stage.poll());
    stage.handle.disconnected();
    assert!(stage.poll_if_woken());
    assert_eq!((drops.load(Ordering::SeqCst), stage.end()), (1, None));
    stage.host.complete_read(b"late", Ok(ReadResult::Data));
    assert_eq!(stage.host.events(), "read finish");
    assert_eq!(stage.end(), Some(RequestEnd::Disconnected));
}

#[test]
fn an_operation_that_is_dropped_counts_as_a_client_that_has_gone() {
    let (mut stage, drops) = waiting(with_body());
    assert!(!stage.poll());
    let operation = stage.host.lock().read.take();
    drop(operation);
    assert!(stage.poll_if_woken());
    assert_eq!((drops.load(Ordering::SeqCst), stage.end()), (1, Some(RequestEnd::Disconnected)));
}

#[test]
fn a_write_that_fails_ends_the_request() {
    let mut stage = Stage::new(request(Method::GET, "/"), |features| {
        Box::pin(async move {
            loop {
                write_response(features, vec![0; 100_000].into()).await?;
            }
        })
    });
    assert!(!stage.poll());
    stage.host.complete_write(Err(OperationError::Disconnected));
    assert!(stage.poll_if_woken());
    assert_eq!(stage.end(), Some(RequestEnd::Disconnected));
}

#[test]
fn an_abort_cancels_what_is_outstanding_and_waits_for_it() {
    let mut stage = Stage::new(with_body(), |features| {
        Box::pin(async move {
            let mut body = features.required_mut::<dyn HttpRequestFeature>()?.take_body();
            let mut data = std::pin::pin!(body.data());
            let mut polls = 0;
            std::future::poll_fn(|cx| {
                assert!(data.as_mut().poll(cx).is_pending());
                polls += 1;
                if polls == 2 { std::task::Poll::Ready(()) } else { std::task::Poll::Pending }
            })
            .await;
            features.required::<dyn HttpRequestLifetimeFeature>()?.abort();
            // The application may go on; nothing of it arrives.
            assert!(write_response(features, "secret".into()).await.is_err());
            assert!(data.await.is_some_and(|read| read.is_err()));
            Ok(())
        })
    });
    assert!(!stage.poll());
    assert!(stage.poll());
    assert_eq!(stage.host.events(), "read cancel");
    stage.host.complete_read(b"", Err(OperationError::Cancelled));
    assert_eq!(stage.end(), Some(RequestEnd::Aborted { error_code: None }));
    assert_eq!(stage.host.events(), "finish");
    assert!(stage.errors().is_empty(), "{:?}", stage.errors());
}

#[test]
fn an_error_is_answered_while_nothing_has_left_and_cuts_the_response_afterwards() {
    for is_late in [false, true] {
        let mut stage = Stage::new(request(Method::GET, "/"), move |features| {
            Box::pin(async move {
                if is_late {
                    write_response(features, "beginning".into()).await?;
                    flush_response(features).await?;
                }
                Err("on purpose".into())
            })
        });
        stage.host.lock().is_inline = true;
        stage.poll_here();
        let (events, end) = match is_late {
            false => ("write:500:0:end finish", RequestEnd::Complete),
            true => ("write:200:9 finish", RequestEnd::Aborted { error_code: None }),
        };
        assert_eq!((stage.host.events().as_str(), stage.end()), (events, Some(end)));
        assert_eq!(stage.errors(), ["on purpose"]);
    }
}

async fn panicking(features: &mut FeatureCollection, is_late: bool) -> Result<(), BoxError> {
    if is_late {
        write_response(features, "beginning".into()).await?;
        flush_response(features).await?;
    }
    panic!("on purpose");
}

#[test]
fn a_panic_is_such_an_error_whoever_catches_it() {
    for is_late in [false, true] {
        for is_guarded in [false, true] {
            let make = |request| match (is_guarded, is_late) {
                (false, false) => Stage::unguarded(request, |features| Box::pin(panicking(features, false))),
                (false, true) => Stage::unguarded(request, |features| Box::pin(panicking(features, true))),
                (true, false) => Stage::new(request, |features| Box::pin(panicking(features, false))),
                (true, true) => Stage::new(request, |features| Box::pin(panicking(features, true))),
            };
            let mut stage = make(request(Method::GET, "/"));
            stage.host.lock().is_inline = true;
            stage.poll_here();
            let (events, end) = match is_late {
                false => ("write:500:0:end finish", RequestEnd::Complete),
                true => ("write:200:9 finish", RequestEnd::Aborted { error_code: None }),
            };
            assert_eq!((stage.host.events().as_str(), stage.end()), (events, Some(end)));
            assert_eq!(stage.errors(), ["the application panicked: on purpose"]);
        }
    }
}

#[test]
fn a_task_that_is_dropped_aborts_the_request() {
    let (mut stage, drops) = waiting(with_body());
    assert!(!stage.poll());
    stage.drop_task();
    assert_eq!(drops.load(Ordering::SeqCst), 1);
    assert_eq!(stage.host.events(), "read cancel");
    // The completion comes when everything else has gone.
    stage.host.complete_read(b"late", Ok(ReadResult::Data));
    assert_eq!(stage.end(), Some(RequestEnd::Aborted { error_code: None }));
    assert_eq!(stage.server.running_requests(), 0);
}

#[test]
fn the_token_does_not_fire_after_the_end_of_the_response() {
    let fired = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&fired);
    let mut stage = Stage::new(request(Method::GET, "/"), move |features| {
        let count = Arc::clone(&count);
        Box::pin(async move {
            let token = features.required::<dyn HttpRequestLifetimeFeature>()?.request_aborted();
            token.on_cancelled(move || {
                count.fetch_add(1, Ordering::SeqCst);
            });
            Ok(())
        })
    });
    stage.host.lock().is_inline = true;
    assert!(stage.poll());
    stage.handle.disconnected();
    assert_eq!((fired.load(Ordering::SeqCst), stage.end()), (0, Some(RequestEnd::Complete)));
}

fn upgrading() -> NativeRequest {
    let mut request = request(Method::GET, "/");
    request.request.headers = HeaderMap::from_iter([(http::header::UPGRADE, HeaderValue::from_static("x"))]);
    NativeRequest { can_upgrade: true, ..request }
}

#[test]
fn both_directions_of_an_upgraded_connection_are_independent() {
    let mut stage = Stage::new(upgrading(), |features| {
        Box::pin(async move {
            assert!(features.required::<dyn HttpUpgradeFeature>()?.is_upgradable_request());
            let mut stream = upgrade(features).await?;
            let mut buffer = [0; 8];
            let mut is_written = false;
            let length = std::future::poll_fn(|cx| {
                let read = stream.poll_read(cx, &mut buffer);
                if !is_written {
                    is_written = stream.poll_write(cx, b"out").is_ready();
                }
                read
            })
            .await?;
            std::future::poll_fn(|cx| stream.poll_flush(cx)).await?;
            std::future::poll_fn(|cx| stream.poll_write(cx, &buffer[..length])).await?;
            Ok(std::future::poll_fn(|cx| stream.poll_shutdown(cx)).await?)
        })
    });
    assert!(!stage.poll());
    assert_eq!(stage.host.events(), "write:101:0");
    stage.host.complete_write(Ok(()));
    assert!(!stage.poll_if_woken());
    assert_eq!(stage.host.events(), "write:3 read");
    stage.host.complete_read(b"in", Ok(ReadResult::Data));
    assert!(!stage.poll_if_woken());
    stage.host.complete_write(Ok(()));
    assert!(!stage.poll_if_woken());
    assert_eq!(stage.host.events(), "write:2:end");
    stage.host.complete_write(Ok(()));
    assert!(stage.poll_if_woken());
    assert_eq!((stage.end(), stage.host.sent()), (Some(RequestEnd::Complete), "outin".to_owned()));
}

#[test]
fn a_stream_that_outlives_its_request_holds_the_end_up() {
    let kept = Arc::new(std::sync::Mutex::new(None));
    let place = Arc::clone(&kept);
    let mut stage = Stage::new(upgrading(), move |features| {
        let place = Arc::clone(&place);
        Box::pin(async move {
            *place.lock().unwrap() = Some(upgrade(features).await?);
            Ok(())
        })
    });
    stage.host.lock().is_inline = true;
    stage.poll_here();
    assert_eq!((stage.host.events().as_str(), stage.end()), ("write:101:0", None));
    drop(kept.lock().unwrap().take());
    assert_eq!(stage.end(), Some(RequestEnd::Complete));
}

#[test]
fn a_stop_waits_and_aborts_at_its_deadline() {
    let (mut stage, drops) = waiting(with_body());
    stage.host.lock().cancels_inline = true;
    assert!(!stage.poll());
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    runtime.block_on(async {
        let token = falconry_features::CancellationToken::new();
        let stopping = Deadline::on(token.clone(), None);
        let server = stage.server.clone();
        let mut stopping = std::pin::pin!(async move { Server::stop(&server, stopping).await });
        let first = std::future::poll_fn(|cx| std::task::Poll::Ready(stopping.as_mut().poll(cx))).await;
        assert!(first.is_pending(), "a request is under way");
        token.cancel();
        stopping.await.unwrap();
        assert_eq!(stage.server.running_requests(), 0);
    });
    assert_eq!(stage.end(), Some(RequestEnd::Aborted { error_code: None }));
    assert!(stage.poll_if_woken());
    assert_eq!(drops.load(Ordering::SeqCst), 1);
}
